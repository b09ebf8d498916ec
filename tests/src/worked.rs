//! The worked example of `examples/attribution/`: its charters as they are written, its months as they are imported, and
//! what they pay.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use apportion::charter::{Appointment, CharterTerms, OnFault};
use apportion::{Charter, Engine, Epoch, History, Limits, Payouts, Policy, settle};
use attribution::{Files, Month, Owners, Paid};

/// A charter of the example, and the policies that it names: of these, all that `apportion charter new` reads.
///
/// # Errors
///
/// If it is no charter of standard policies.
pub fn charter(engine: &Engine, written: &str) -> Result<(Charter, Vec<Policy>)> {
    let written: toml::Table = written.parse()?;
    let name = written.get("name").and_then(toml::Value::as_str).context("the charter has no name")?;
    let drafts = written.get("policies").and_then(toml::Value::as_array).context("it names no policies")?;
    let (mut appointments, mut policies) = (Vec::new(), Vec::<Policy>::new());
    for draft in drafts {
        let name = draft.get("policy").and_then(toml::Value::as_str).context("a policy has no name")?;
        let standard =
            apportion_standard::find(name).with_context(|| format!("`{name}` is no standard policy"))?;
        let policy = engine.admit(standard.bytes)?;
        let portion = draft.get("portion").and_then(toml::Value::as_integer).unwrap_or(1);
        let parameters = draft.get("parameters").map(serde_json::to_value).transpose()?;
        let parameters = parameters.unwrap_or_else(|| serde_json::json!({}));
        appointments.push(Appointment::new(&policy, u32::try_from(portion)?, parameters));
        if policies.iter().all(|known| known.digest() != policy.digest()) {
            policies.push(policy);
        }
    }
    let terms = CharterTerms {
        name: name.to_owned(),
        policies: appointments,
        limits: Limits::default(),
        on_fault: OnFault::Stop,
        signers: None,
        asset: None,
    };
    Ok((Charter::new(terms)?, policies))
}

/// Writes a month into a folder, and imports it from there as anyone would.
///
/// # Errors
///
/// If the folder cannot be written, or what was written is not read.
pub fn imported(files: &Files, folder: &Path) -> Result<Epoch> {
    fs::create_dir_all(folder)?;
    for (name, text) in files {
        fs::write(folder.join(name), text)?;
    }
    Ok(apportion_import::tables::import(&folder.join("epoch.toml"), &Default::default(), &mut |_| {})?.epoch)
}

/// What a data set earns as a whole in a month: the same month, in which everything given to it belongs to its keeper.
///
/// # Errors
///
/// Those of importing and settling.
pub fn earned_by_set(month: &Month, keeper: &str, charter: &Charter, policies: &[Policy]) -> Result<u128> {
    let folder = tempfile::tempdir()?;
    let epoch = imported(&month.tables(Owners::Keepers), folder.path())?;
    let settlement = settle(&epoch, charter, policies, &History::default())?;
    let mut payouts = settlement.payouts.iter();
    Ok(payouts.find(|payout| payout.payee == keeper).context("nobody keeps the set")?.amount)
}

/// A month's row in the tables of the page.
///
/// # Errors
///
/// Those of [`earned_by_set`].
pub fn paid(
    month: &Month,
    epoch: &Epoch,
    payouts: &Payouts,
    charter: &Charter,
    policies: &[Policy],
) -> Result<Paid> {
    let payees = payouts.iter().map(|payout| (payout.payee.clone(), payout.amount));
    Ok(Paid {
        month: month.number(),
        answers: month.answers(),
        pool: epoch.pool().amount,
        payees: payees.collect(),
        letters: earned_by_set(month, attribution::WITHDRAWN, charter, policies)?,
    })
}
