//! What becomes of an import: a charter beside the epoch, and a report of both.

use std::path::Path;

use anyhow::{Context, Result};
use apportion::settle::SettleError;
use apportion::{Charter, Epoch, Policy};

use crate::engine::Engines;
use crate::figures::{amount, count};
use crate::names;
use crate::objects;
use crate::outcome::Refused;
use crate::print::{note, status};

/// A policy that the program carries with it.
pub fn standard(name: &str, engines: &Engines) -> Result<Policy> {
    let standard =
        apportion_standard::find(name).context("the program lacks a standard policy, which is a bug")?;
    objects::standard_policy(&engines.make()?, standard)
}

/// A charter of one policy, whose parameters are as it wants them.
pub fn charter(name: &str, policy: &Policy, parameters: serde_json::Value) -> Result<Charter> {
    policy.check_parameters(&parameters).map_err(SettleError::from)?;
    Ok(Charter::single(name, policy, parameters).map_err(|error| Refused(error.to_string()))?)
}

/// Says what was made and what to know about it.
pub fn report(epoch: &Epoch, notes: &[String], path: &Path) {
    for note in notes {
        note!("{note}");
    }
    names::warn(epoch);
    status!(
        "wrote epoch {} ({}) to `{}`: {}, {}, {}, {} to divide",
        epoch.number(),
        epoch.digest(),
        path.display(),
        count(epoch.payees().len(), "payee"),
        count(epoch.node_count(), "node"),
        count(epoch.edge_count(), "edge"),
        amount(&epoch.pool().asset, epoch.pool().amount)
    );
}

/// Says which charter was written.
pub fn report_charter(charter: &Charter, path: &Path) {
    status!("wrote charter {} to `{}`", charter.digest(), path.display());
}
