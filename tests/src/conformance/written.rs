//! The corpus in a folder, for engines that are not in this process: every case asked and answered as JSON, beside the
//! hardened components and the epochs by their digests.

use std::fs;
use std::path::Path;

use apportion::fault::Fault;
use apportion::limits::Usage;
use apportion::{Digest, Engine, Epoch};
use apportion_harden::harden;
use serde_json::{Map, Value, json};

use super::{Answer, Came, Case, Division};
use crate::small_epoch;

/// How much was written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Cases.
    pub cases: usize,
    /// Runs: a case with a count has four.
    pub runs: usize,
}

/// Writes every case into a folder, with what came of it under `engine`:
///
/// ```text
/// components/DIGEST.wasm    the hardened component; the digest is that of the author's
/// published/DIGEST          the component as its author published it
/// epochs/DIGEST
/// cases/NAME/request.json   what is asked
/// cases/NAME/expected.json  runs, each with a limit of instructions and which outcome it has; outcomes
/// damage.json               of a small epoch, which changes of one bit leave it one: another reader must refuse all others
/// ```
///
/// # Panics
///
/// If a file cannot be written, or a component not be hardened.
pub fn write(cases: &[Case], engine: &Engine, folder: &Path) -> Written {
    let [components, published, epochs] = ["components", "published", "epochs"].map(|name| folder.join(name));
    for folder in [&components, &published, &epochs] {
        fs::create_dir_all(folder).unwrap();
    }
    let mut written = Written::default();
    for case in cases {
        let (component, epoch) = (Digest::of(&case.component), case.epoch.digest());
        let hardened = components.join(format!("{component}.wasm"));
        if !hardened.exists() {
            let bytes = harden(&case.component);
            fs::write(hardened, bytes.unwrap_or_else(|error| panic!("{}: {error}", case.name))).unwrap();
            fs::write(published.join(component.to_string()), case.component.as_slice()).unwrap();
        }
        let stored = epochs.join(epoch.to_string());
        if !stored.exists() {
            fs::write(stored, case.epoch.as_bytes()).unwrap();
        }
        let runs = case.runs(engine);
        (written.cases, written.runs) = (written.cases + 1, written.runs + runs.len());
        let folder = folder.join("cases").join(&case.name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("request.json"), request(case, engine).to_string()).unwrap();
        fs::write(folder.join("expected.json"), expected(&runs).to_string()).unwrap();
    }
    fs::write(folder.join("damage.json"), damage(&small_epoch()).to_string()).unwrap();
    written
}

pub(super) fn damage(epoch: &Epoch) -> Value {
    let mut bytes = epoch.as_bytes().to_vec();
    let mut harmless = Vec::new();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        if Epoch::from_bytes(&bytes).is_ok() {
            harmless.push(bit);
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    json!({ "epoch": epoch.digest().to_string(), "harmless": harmless })
}

/// Numbers of 64 bits and more are texts: JSON's readers hold them as doubles.
pub(super) fn request(case: &Case, engine: &Engine) -> Value {
    let paid = case.epoch.payees().iter().map(|payee| case.paid.get(payee).copied().unwrap_or(0).to_string());
    let history = case
        .policy(engine)
        .is_stateful()
        .then(|| json!({ "paid": paid.collect::<Vec<_>>(), "carry": hex(&case.carry) }));
    let limits = &case.limits;
    json!({
        "component": Digest::of(&case.component).to_string(),
        "epoch": case.epoch.digest().to_string(),
        "parameters": serde_jcs::to_string(&case.parameters).unwrap(), // as policies are given them
        "history": history,
        "limits": {
            "memory": limits.memory.to_string(),
            "table": limits.table.to_string(),
            "transfer": limits.transfer.to_string(),
            "output": limits.output.to_string(),
        },
    })
}

pub(super) fn expected(runs: &[(u64, Came)]) -> Value {
    let mut outcomes: Vec<&Came> = Vec::new();
    let mut named = Vec::new();
    for (instructions, came) in runs {
        let outcome = outcomes.iter().position(|known| *known == came).unwrap_or_else(|| {
            outcomes.push(came);
            outcomes.len() - 1
        });
        named.push(json!({ "instructions": instructions.to_string(), "outcome": outcome }));
    }
    json!({ "runs": named, "outcomes": outcomes.into_iter().map(outcome).collect::<Vec<_>>() })
}

fn outcome(came: &Came) -> Value {
    let used = came.used.map(|Usage { instructions, memory, table, transfer }| {
        json!({
            "instructions": instructions.to_string(),
            "memory": memory.to_string(),
            "table": table.to_string(),
            "transfer": transfer.to_string(),
        })
    });
    match &came.answer {
        Ok(Answer { division, measures, carry }) => {
            let measures = measures.iter().map(|(name, bits)| {
                json!({ "name": name, "values": bits.iter().map(|bits| format!("{bits:016x}")).collect::<Vec<_>>() })
            });
            let measures: Vec<Value> = measures.collect();
            json!({ "division": shares(division), "measures": measures, "carry": hex(carry), "used": used })
        }
        Err(Fault { code, sentence }) => {
            json!({ "fault": { "code": code.as_str(), "sentence": sentence }, "used": used })
        }
    }
}

fn shares(division: &Division) -> Value {
    let texts = |numbers: Vec<String>| Value::from(numbers);
    let mut members = Map::new();
    match division {
        Division::ByWeight { shares, retained } => {
            members.insert("shares".to_owned(), texts(shares.iter().map(u64::to_string).collect()));
            members.insert("retained".to_owned(), json!(retained.to_string()));
        }
        Division::ByAmount(amounts) => {
            members.insert("amounts".to_owned(), texts(amounts.iter().map(u128::to_string).collect()));
        }
    }
    members.into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
