//! `apportion settle`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use apportion::{Charter, Engine, Epoch, History, Policy, Settlement};

use crate::arguments::{Cells, Format, SettleArguments};
use crate::engine::Engines;
use crate::ledger;
use crate::names;
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_files};
use crate::print::{self, Lines, status};
use crate::progress::Spinner;
use crate::table::{self, Shown};

pub fn settle(arguments: &SettleArguments, engines: &Engines) -> Result<()> {
    let epoch = objects::epoch(&arguments.epoch)?;
    let engine = engines.make()?;
    let (charter, settlement) = match &arguments.ledger {
        Some(ledger) => settle_into(ledger, &engine, &epoch)?,
        None => settle_alone(arguments, &engine, &epoch)?,
    };

    let output = arguments.output.as_deref().map(|folder| (folder, Existing::from_force(arguments.force)));
    let shown = if arguments.all { Shown::All } else { Shown::Paid };
    give(&epoch, &charter, &settlement, arguments.format, shown, output)
}

/// Prints a settlement, and writes it into a folder if one is given.
pub fn give(
    epoch: &Epoch,
    charter: &Charter,
    settlement: &Settlement,
    format: Format,
    shown: Shown,
    output: Option<(&Path, Existing)>,
) -> Result<()> {
    names::warn(epoch);
    // Made before anything is written: if that fails nothing was said to be settled.
    let (mut text, mut data) = (Lines::default(), Vec::new());
    match format {
        Format::Table => text = table::payouts(epoch, settlement, shown),
        Format::Json => print_json(settlement, &mut data)?,
        Format::Csv => print_csv(epoch, settlement, Cells::Guarded, &mut data)?,
        Format::CsvRaw => print_csv(epoch, settlement, Cells::Raw, &mut data)?,
    }
    if let Some((folder, existing)) = output {
        let files = [
            ("charter.json", charter.as_bytes()),
            ("epoch", epoch.as_bytes()),
            ("payouts.json", settlement.payouts.as_bytes()),
            ("receipt.json", settlement.receipt.as_bytes()),
        ];
        write_files(folder, &files, existing)?;
        status!("wrote charter.json, epoch, payouts.json and receipt.json to `{}`", folder.display());
    }
    text.print()?;
    let mut out = print::data();
    out.write_all(&data).and_then(|()| out.flush()).context("cannot print the result")
}

/// Settles by a charter of the caller's.
fn settle_alone(
    arguments: &SettleArguments,
    engine: &Engine,
    epoch: &Epoch,
) -> Result<(Charter, Settlement)> {
    let (charter, policies) = charter_and_policies(arguments, engine)?;
    let settlement = settled(epoch, &charter, &policies)?;
    Ok((charter, settlement))
}

/// Settles an epoch as a first one; nothing remembers it.
pub fn settled(epoch: &Epoch, charter: &Charter, policies: &[Policy]) -> Result<Settlement> {
    let names: Vec<&str> =
        charter.terms().policies.iter().map(|appointment| appointment.name.as_str()).collect();
    let spinner = Spinner::new(format!("settling epoch {} by {}", epoch.number(), names.join(", ")));
    let settled = apportion::settle(epoch, charter, policies, &History::default());
    spinner.done();
    Ok(settled?)
}

/// Settles by the charter in force and appends to the ledger.
fn settle_into(path: &Path, engine: &Engine, epoch: &Epoch) -> Result<(Charter, Settlement)> {
    let mut ledger = ledger::open(path)?;
    let spinner = Spinner::new(format!("settling epoch {} into the ledger", epoch.number()));
    let settled = ledger.settle(engine, epoch);
    spinner.done();
    let settlement = settled?;
    let charter = ledger.charter(&settlement.receipt.terms().charter)?;
    status!("appended receipt {} to `{}`", settlement.receipt.digest(), path.display());
    Ok((charter, settlement))
}

/// The charter with the policies it names: given ones, and of the standard ones those that it needs.
fn charter_and_policies(arguments: &SettleArguments, engine: &Engine) -> Result<(Charter, Vec<Policy>)> {
    if let Some(rule) = &arguments.rule {
        let policy = objects::policy(engine, rule)?;
        let parameters = objects::parameters(arguments.parameters.as_deref())?;
        let name = format!("{} alone", policy.name());
        let charter =
            Charter::single(&name, &policy, parameters).map_err(|error| Refused(error.to_string()))?;
        return Ok((charter, vec![policy]));
    }
    let path = arguments.charter.as_ref().context("neither a charter nor a rule was given")?;
    let charter = objects::charter(path)?;
    let policies = objects::policies_of(engine, std::slice::from_ref(&charter), &arguments.policies, &())?;
    Ok((charter, policies))
}

/// One object with both: their canonical bytes are JSON already.
fn print_json(settlement: &Settlement, out: &mut Vec<u8>) -> Result<()> {
    out.write_all(b"{\"payouts\":")?;
    out.write_all(settlement.payouts.as_bytes())?;
    out.write_all(b",\"receipt\":")?;
    out.write_all(settlement.receipt.as_bytes())?;
    out.write_all(b"}\n")?;
    Ok(())
}

fn print_csv(epoch: &Epoch, settlement: &Settlement, cells: Cells, out: &mut Vec<u8>) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let columns = table::measure_columns(settlement);
    let asset = &epoch.pool().asset;
    let mut header = vec!["payee", "name", "asset", "amount", "base_units"];
    header.extend(columns.iter().map(|column| column.title.as_str()));
    writer.write_record(header.into_iter().map(|title| cells.text(title).into_owned()))?;
    for (payout, name) in settlement.payouts.iter().zip(epoch.payee_names().iter()) {
        let mut row = vec![
            cells.text(&payout.payee).into_owned(),
            cells.text(name).into_owned(),
            cells.text(asset.symbol()).into_owned(),
            asset.format(payout.amount),
            payout.amount.to_string(),
        ];
        row.extend(columns.iter().map(|column| column.value(payout).to_string()));
        writer.write_record(&row)?;
    }
    writer.flush()?;
    Ok(())
}
