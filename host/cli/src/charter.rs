//! `apportion charter`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use apportion::Charter;
use apportion::charter::{CharterDraft, PolicyId};
use apportion::settle::SettleError;
use apportion::signature::CHARTER_NAMESPACE;

use crate::arguments::{
    AdoptArguments, CharterAction, CharterArguments, NewCharterArguments, ProposeArguments, ShowArguments,
    SignArguments,
};
use crate::engine::Engines;
use crate::inspect;
use crate::ledger;
use crate::objects;
use crate::outcome::Refused;
use crate::print::{Lines, say, status, warning};
use crate::standing;

pub fn charter(arguments: &CharterArguments, engines: &Engines) -> Result<()> {
    match &arguments.action {
        CharterAction::New(arguments) => new(arguments, engines),
        CharterAction::Propose(arguments) => propose(arguments),
        CharterAction::Sign(arguments) => sign(arguments),
        CharterAction::Adopt(arguments) => adopt(arguments, engines),
        CharterAction::Show(arguments) => show(arguments),
    }
}

fn propose(arguments: &ProposeArguments) -> Result<()> {
    let charter = objects::charter(&arguments.charter)?;
    let ledger = ledger::open_or_create(&arguments.ledger, arguments.identity)?;
    let change = ledger.change(&charter, arguments.from)?;
    arguments.output.write(&change)?;
    let path = arguments.output.display();
    status!("wrote the change to `{path}`: charter {} from epoch {}", charter.digest(), arguments.from);
    standing::warn(&charter);
    match ledger.latest_charter()?.and_then(|charter| charter.terms().signers.clone()) {
        Some(signers) => {
            status!(
                "{} of its signers must sign it: apportion charter sign {path} --key KEY -o SIGNATURE, or \
                 ssh-keygen -Y sign -n {CHARTER_NAMESPACE} -f KEY {path}",
                signers.required
            );
            status!(
                "it can be adopted in this ledger until an epoch is settled or another charter adopted; then it must be \
                 proposed and signed again"
            );
        }
        None => status!("nobody has to sign it: {UNSIGNED}"),
    }
    Ok(())
}

const UNSIGNED: &str =
    "the charter in force names no signers, so whoever can write to the ledger can change the rule";

fn sign(arguments: &SignArguments) -> Result<()> {
    let change = objects::bytes(&arguments.change, 1 << 20)?;
    let key = objects::text(&arguments.key)?;
    let signature = apportion::signature::sign(&key, CHARTER_NAMESPACE, &change)
        .map_err(|error| Refused(error.to_string()))
        .with_context(|| format!("`{}`", arguments.key.display()))?;
    arguments.output.write(signature.as_bytes())?;
    status!("wrote the signature to `{}`", arguments.output.display());
    Ok(())
}

fn adopt(arguments: &AdoptArguments, engines: &Engines) -> Result<()> {
    let charter = objects::charter(&arguments.charter)?;
    let mut ledger = ledger::open_or_create(&arguments.ledger, arguments.identity)?;
    let mut components = Vec::new();
    for path in &arguments.policies {
        components.push(objects::bytes(path, apportion::policy::MAX_COMPONENT as u64)?);
    }
    components.extend(apportion_standard::all().iter().map(|standard| standard.bytes.to_vec()));
    let signatures =
        arguments.signatures.iter().map(|path| objects::text(path)).collect::<Result<Vec<_>>>()?;
    let signers = ledger.adopt(&engines.make()?, &charter, arguments.from, &components, &signatures)?;
    status!("adopted charter {} from epoch {}", charter.digest(), arguments.from);
    for signer in &signers {
        status!("signed by {}", ledger::who(signer));
    }
    for appointment in &charter.terms().policies {
        status!("divided by {}", standing::of_appointment(appointment));
    }
    standing::warn(&charter);
    if charter.terms().signers.is_none() {
        warning!("{UNSIGNED}");
    }
    Ok(())
}

fn show(arguments: &ShowArguments) -> Result<()> {
    let ledger = ledger::open(&arguments.ledger)?;
    let mut text = Lines::default();
    if let Some(identity) = ledger.identity() {
        say!(text, "ledger {identity}");
    }
    let adoptions: Vec<_> = ledger.adoptions().collect();
    let number = arguments.epoch.or(adoptions.last().map(|(_, _, effective)| *effective));
    let in_force = number.map(|number| ledger.charter_for(number)).transpose()?.flatten();
    match (in_force, number) {
        (Some(charter), Some(number)) => {
            say!(text, "in force for epoch {number}");
            inspect::charter(&charter, &mut text);
        }
        _ => say!(text, "no charter is in force"),
    }
    say!(text, "adopted, oldest first");
    for (_, charter, effective) in adoptions {
        say!(text, "  {charter} from epoch {effective}");
    }
    text.print()
}

fn new(arguments: &NewCharterArguments, engines: &Engines) -> Result<()> {
    let place = || format!("`{}`", arguments.draft.display());
    let refused = |error: &dyn std::error::Error| Refused(error.to_string());
    let draft = CharterDraft::from_toml(&objects::text(&arguments.draft)?);
    let draft = draft.map_err(|error| refused(&error)).with_context(place)?;
    let engine = engines.make()?;
    let mut policies = Vec::new();
    for drafted in draft.policies() {
        // A component's file is named as seen from the draft.
        let beside = beside(&arguments.draft, &drafted.policy);
        let standard = apportion_standard::find(&drafted.policy).is_some() || !beside.exists();
        let policy = if standard {
            objects::policy(&engine, &drafted.policy)?
        } else {
            objects::policy_file(&engine, &beside)?
        };
        policy.check_parameters(&drafted.parameters).map_err(SettleError::from).with_context(place)?;
        policies.push(PolicyId::from(&policy));
    }
    let signers =
        draft.signers_file().map(|file| objects::text(&beside(&arguments.draft, file))).transpose()?;
    let terms = draft.into_terms(policies, signers).map_err(|error| refused(&error)).with_context(place)?;
    let charter = Charter::new(terms).map_err(|error| refused(&error)).with_context(place)?;
    arguments.output.write(charter.as_bytes())?;
    status!("wrote charter {} to `{}`", charter.digest(), arguments.output.display());
    standing::warn(&charter);
    Ok(())
}

fn beside(draft: &Path, file: &str) -> PathBuf {
    draft.parent().map_or_else(|| PathBuf::from(file), |folder| folder.join(file))
}
