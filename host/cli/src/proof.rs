//! `apportion prove` and `apportion check-proof`.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use apportion::money::Asset;
use apportion::proof::ProvenPayout;
use apportion::text::escape_name;
use apportion::{Digest, Payouts, Proof, Receipt};
use serde_json::{Value, json};

use crate::arguments::{CheckProofArguments, ProveArguments, TextFormat};
use crate::inspect::shown;
use crate::ledger;
use crate::objects;
use crate::outcome::Refused;
use crate::print::{self, Lines, say, status};
use crate::progress::Spinner;
use crate::standing;
use crate::table::amount;

pub fn prove(arguments: &ProveArguments) -> Result<()> {
    let (receipt, payouts) = settled(arguments)?;
    let proof =
        Proof::new(&receipt, &payouts, &arguments.payee).map_err(|error| Refused(error.to_string()))?;
    arguments.output.write(proof.as_bytes())?;
    status!("wrote a proof of {} bytes to `{}`", proof.as_bytes().len(), arguments.output.display());
    status!("anyone who has the receipt's digest checks it with");
    status!("  apportion check-proof {} --receipt {}", arguments.output.display(), receipt.digest());
    Ok(())
}

/// What was settled: from the ledger, or from the files given.
fn settled(arguments: &ProveArguments) -> Result<(Receipt, Payouts)> {
    let spinner = Spinner::new("reading the payouts".to_owned());
    let read = match (&arguments.ledger, arguments.epoch, &arguments.receipt, &arguments.payouts) {
        (Some(ledger), Some(number), ..) => in_ledger(ledger, number),
        (_, _, Some(receipt), Some(payouts)) => {
            objects::receipt(receipt).and_then(|receipt| Ok((receipt, objects::payouts(payouts)?)))
        }
        _ => Err(anyhow!("neither a ledger with an epoch nor a receipt with payouts was given")),
    };
    spinner.done();
    read
}

fn in_ledger(path: &Path, number: u64) -> Result<(Receipt, Payouts)> {
    let ledger = ledger::open(path)?;
    let receipt = ledger::receipt_of(&ledger, path, number)?;
    let payouts = ledger.payouts(&receipt.terms().payouts)?;
    Ok((receipt, payouts))
}

pub fn check_proof(arguments: &CheckProofArguments) -> Result<()> {
    let digest: Digest = arguments
        .receipt
        .parse()
        .map_err(|error: apportion::canonical::DigestError| Refused(error.to_string()))
        .context("--receipt")?;
    let proven = checked(&arguments.proof, Some(digest))?;
    match arguments.format {
        TextFormat::Text => words(&proven).print(),
        TextFormat::Json => Ok(writeln!(print::data(), "{}", object(&proven))?),
    }
}

/// Reads a proof and checks it, against its own receipt if no digest is given.
pub fn checked(path: &Path, digest: Option<Digest>) -> Result<ProvenPayout> {
    let bytes = objects::bytes(path, apportion::proof::MAX_PROOF as u64)?;
    Proof::from_bytes(&bytes)
        .and_then(|proof| proof.check(digest.unwrap_or_else(|| proof.receipt_digest())))
        .map_err(|error| Refused(error.to_string()))
        .with_context(|| format!("`{}`", path.display()))
}

/// What is proven, for people.
pub fn words(proven: &ProvenPayout) -> Lines {
    let settled = &proven.settlement;
    let mut text = Lines::default();
    say!(
        text,
        "{} is paid {} in epoch {}",
        escape_name(&proven.payout.payee),
        amount(&proven.asset, proven.payout.amount),
        settled.number
    );
    let mut line = |line: String| say!(text, "  {line}");
    for ((run, part), columns) in settled.runs.iter().zip(&proven.payout.parts).zip(&proven.policies) {
        let of_pool = of(&proven.asset, part.amount, run.pool);
        line(format!("by {}: {of_pool}", standing::of_run(run)));
        for (name, value) in columns.measures.iter().zip(&part.measures) {
            line(format!("  {} = {value}", shown(name)));
        }
    }
    line(format!("receipt  {}", proven.receipt));
    line(format!("epoch    {}", settled.epoch));
    line(format!("charter  {}", settled.charter));
    line(format!("payouts  {}", settled.payouts));
    text
}

fn of(asset: &Asset, part: u128, pool: u128) -> String {
    format!("{} of {}", amount(asset, part), amount(asset, pool))
}

/// What is proven, for programs: amounts are strings in base units.
fn object(proven: &ProvenPayout) -> Value {
    let settled = &proven.settlement;
    let runs = settled.runs.iter().zip(&proven.payout.parts).zip(&proven.policies);
    let parts = runs.map(|((run, part), columns)| {
        let measures: serde_json::Map<String, Value> =
            columns.measures.iter().cloned().zip(part.measures.iter().map(|value| json!(value))).collect();
        json!({
            "policy": run.policy,
            "name": run.name,
            "version": run.version,
            "amount": part.amount.to_string(),
            "share": part.share.map(|share| share.to_string()),
            "measures": measures,
        })
    });
    json!({
        "payee": proven.payout.payee,
        "amount": proven.payout.amount.to_string(),
        "asset": proven.asset.symbol(),
        "decimals": proven.asset.decimals(),
        "number": settled.number,
        "epoch": settled.epoch,
        "charter": settled.charter,
        "payouts": settled.payouts,
        "receipt": proven.receipt,
        "parts": parts.collect::<Vec<Value>>(),
    })
}
