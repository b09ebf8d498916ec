//! The worked example of `examples/attribution/`: its charters as they are written, its months as they are imported, and
//! what they pay.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use apportion::charter::{CharterDraft, resolve};
use apportion::{Charter, Engine, Epoch, History, Payouts, Policy, settle};

use crate::{Files, Month, Owners, Paid, WITHDRAWN};

/// A charter of the example, and the policies that it names.
///
/// # Errors
///
/// If it is not a charter of standard policies.
pub fn charter(engine: &Engine, written: &str) -> Result<(Charter, Vec<Policy>)> {
    Ok(resolve(engine, CharterDraft::from_toml(written)?, None, &[])?)
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
        letters: earned_by_set(month, WITHDRAWN, charter, policies)?,
    })
}
