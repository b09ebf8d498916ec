//! Objects from files: what each is, told by how it begins, and read with the library's own checks.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, bail};
use apportion::audit::Card;
use apportion::engine::MAX_COMPONENT;
use apportion::number::not_held_in_json;
use apportion::replay::SettledEpoch;
use apportion::settle::SettleError;
use apportion::source::{self, PoliciesError, PolicySource};
use apportion::{Charter, Engine, Epoch, Payouts, Policy, Receipt};
use apportion_standard::StandardPolicy;

use crate::outcome::Refused;
use crate::progress::Spinner;

/// The largest text object that is read: far beyond any real one, so that a wrong file cannot fill the memory.
const MAX_TEXT: u64 = 4 << 30;

/// Reads an epoch; large ones are read once, straight into place.
pub fn epoch(path: &Path) -> Result<Epoch> {
    let spinner = Spinner::new(format!("reading {}", path.display()));
    let read = epoch_unseen(path);
    spinner.done();
    read
}

/// Reads an epoch without a word, where something else shows how far the work is.
pub fn epoch_unseen(path: &Path) -> Result<Epoch> {
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let length = file.metadata().with_context(|| format!("cannot read `{}`", path.display()))?.len();
    let read = Epoch::read(file, length);
    read.map_err(|error| match error {
        apportion::epoch::EpochError::Read(error) => Error::from(error),
        refused => Refused(refused.to_string()).into(),
    })
    .with_context(|| format!("`{}`", path.display()))
}

/// Reads a charter.
pub fn charter(path: &Path) -> Result<Charter> {
    let bytes = bytes(path, MAX_TEXT)?;
    Charter::from_bytes(&bytes).map_err(|error| Refused(error.to_string())).with_context(|| {
        format!("`{}` (a draft is made into a charter by `apportion charter new`)", path.display())
    })
}

/// Reads a receipt.
pub fn receipt(path: &Path) -> Result<Receipt> {
    let read = Receipt::from_bytes(&bytes(path, MAX_TEXT)?);
    read.map_err(|error| Refused(error.to_string())).with_context(|| format!("`{}`", path.display()))
}

/// Reads payouts.
pub fn payouts(path: &Path) -> Result<Payouts> {
    let read = Payouts::from_bytes(&bytes(path, MAX_TEXT)?);
    read.map_err(|error| Refused(error.to_string())).with_context(|| format!("`{}`", path.display()))
}

/// Reads a folder that `apportion settle -o` wrote, without a word.
pub fn settled(folder: &Path) -> Result<SettledEpoch> {
    let settled = SettledEpoch::new(
        epoch_unseen(&folder.join("epoch"))?,
        charter(&folder.join("charter.json"))?,
        receipt(&folder.join("receipt.json"))?,
        payouts(&folder.join("payouts.json"))?,
    );
    settled.map_err(|error| Refused(error.to_string())).with_context(|| format!("`{}`", folder.display()))
}

/// Reads the card of an audit.
pub fn card(path: &Path) -> Result<Card> {
    let read = Card::from_bytes(&bytes(path, MAX_TEXT)?);
    read.map_err(|error| Refused(error.to_string())).with_context(|| format!("`{}`", path.display()))
}

/// The policies that charters name: those in files, the standard ones, and those that `others` has.
pub fn policies_of(
    engine: &Engine,
    charters: &[Charter],
    files: &[PathBuf],
    others: &dyn PolicySource,
) -> Result<Vec<Policy>> {
    // Admitted here, so that waiting shows their names; the engine keeps what it admitted.
    let given: Vec<Policy> = files.iter().map(|path| policy_file(engine, path)).collect::<Result<_>>()?;
    let named = |digest: &str| {
        let mut appointments = charters.iter().flat_map(|charter| &charter.terms().policies);
        appointments.any(|appointment| appointment.policy.to_string() == digest)
    };
    for standard in apportion_standard::all().iter().filter(|standard| named(standard.digest)) {
        standard_policy(engine, standard)?;
    }
    let policies = source::policies_of(engine, charters, others).map_err(|error| match error {
        PoliciesError::Admission { digest, error } => {
            Error::from(error).context(format!("policy `{digest}`"))
        }
        PoliciesError::Missing(missing) => SettleError::MissingPolicies(missing).into(),
        other => other.into(),
    });
    drop(given);
    policies
}

/// Admits a component from a file, or the standard policy of that name.
pub fn policy(engine: &Engine, name_or_file: &str) -> Result<Policy> {
    admit(engine, &component(name_or_file)?, name_or_file)
}

/// The bytes of a component in a file, or of the standard policy of that name.
pub fn component(name_or_file: &str) -> Result<Vec<u8>> {
    if let Some(standard) = apportion_standard::find(name_or_file) {
        return Ok(standard.bytes.to_vec());
    }
    let path = Path::new(name_or_file);
    if !path.exists() {
        let names: Vec<&str> = apportion_standard::all().iter().map(|standard| standard.name).collect();
        bail!(Refused(format!(
            "there is no file `{name_or_file}` and no standard policy of that name; those are {}",
            names.join(", ")
        )));
    }
    bytes(path, MAX_COMPONENT as u64 + 1)
}

/// Admits a component from a file.
pub fn policy_file(engine: &Engine, path: &Path) -> Result<Policy> {
    let bytes = bytes(path, MAX_COMPONENT as u64 + 1)?;
    admit(engine, &bytes, &path.display().to_string())
}

/// A rule's parameters; without a file its defaults.
pub fn parameters(path: Option<&Path>) -> Result<serde_json::Value> {
    let Some(path) = path else { return Ok(serde_json::json!({})) };
    let bytes = bytes(path, apportion::charter::MAX_PARAMETERS as u64)?;
    check_numbers(&bytes).with_context(|| format!("`{}`", path.display()))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Refused(format!("not JSON: {error}")))
        .with_context(|| format!("`{}`", path.display()))
}

/// Refuses JSON with a number that would be rounded, since parameters are 64-bit floats.
pub fn check_numbers(json: &[u8]) -> Result<()> {
    match not_held_in_json(&String::from_utf8_lossy(json)).next() {
        None => Ok(()),
        Some(number) => bail!(Refused(rounded(number))),
    }
}

/// Why a number is not taken.
pub fn rounded(number: &str) -> String {
    let number: String = number.chars().take(80).collect();
    format!(
        "{number} cannot be held exactly: from 2^53 on, 64-bit floats skip integers; write it as a string"
    )
}

/// Admits a policy that the program carries with it.
pub fn standard_policy(engine: &Engine, standard: &StandardPolicy) -> Result<Policy> {
    admit(engine, standard.bytes, standard.name)
}

/// Admits a component; `name` is for who waits.
pub fn admit(engine: &Engine, bytes: &[u8], name: &str) -> Result<Policy> {
    let spinner = Spinner::new(format!("compiling {name}"));
    let admitted = engine.admit(bytes);
    spinner.done();
    admitted.with_context(|| format!("`{name}`"))
}

/// A file's bytes, if they are at most `most`.
pub fn bytes(path: &Path, most: u64) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    if bytes.len() as u64 > most {
        bail!(Refused(format!("`{}` has more than {most} bytes", path.display())));
    }
    Ok(bytes)
}

/// A text file of at most 16 MiB.
pub fn text(path: &Path) -> Result<String> {
    let refused = |_| Refused("not UTF-8".to_owned());
    String::from_utf8(bytes(path, 16 << 20)?)
        .map_err(refused)
        .with_context(|| format!("`{}`", path.display()))
}

/// What a file holds, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Epoch,
    Component,
    Charter,
    Receipt,
    Payouts,
    Proof,
    Card,
}

/// Tells objects apart by how they begin; text objects by their member `format`.
pub fn kind(path: &Path) -> Result<ObjectKind> {
    let mut start = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    file.take(16).read_to_end(&mut start).with_context(|| format!("cannot read `{}`", path.display()))?;
    if start.starts_with(b"apportion epoch\n") {
        return Ok(ObjectKind::Epoch);
    }
    if start.starts_with(b"\0asm") {
        return Ok(ObjectKind::Component);
    }
    #[derive(serde::Deserialize)]
    struct Head {
        format: String,
    }
    let format = match serde_json::from_slice::<Head>(&bytes(path, MAX_TEXT)?) {
        Ok(head) => head.format,
        Err(_) => String::new(),
    };
    match format.strip_prefix("apportion ").and_then(|format| format.split(' ').next()) {
        Some("charter") => Ok(ObjectKind::Charter),
        Some("receipt") => Ok(ObjectKind::Receipt),
        Some("payouts") => Ok(ObjectKind::Payouts),
        Some("proof") => Ok(ObjectKind::Proof),
        Some("card") => Ok(ObjectKind::Card),
        _ => bail!(Refused(format!(
            "`{}` is no object of this program: not an epoch, a policy, a charter, a receipt, payouts, a proof or a card",
            path.display()
        ))),
    }
}
