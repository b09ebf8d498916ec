//! `apportion prove` and `apportion check-proof`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use apportion::{Asset, Digest, Proof, Proven};
use serde_json::{Value, json};

use crate::arguments::{CheckProofArguments, ProofFormat, ProveArguments};
use crate::inspect::shown;
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_file};
use crate::progress::Spinner;
use crate::table::amount;

pub fn prove(arguments: &ProveArguments) -> Result<()> {
    let receipt = objects::receipt(&arguments.receipt)?;
    let spinner = Spinner::new(format!("reading {}", arguments.payouts.display()));
    let payouts = objects::payouts(&arguments.payouts);
    spinner.done();
    let proof = Proof::new(&receipt, &payouts?, &arguments.payee)
        .map_err(|error| Refused(error.to_string()))
        .with_context(|| format!("`{}`", arguments.payouts.display()))?;
    write_file(&arguments.output, proof.as_bytes(), Existing::from_force(arguments.force))?;
    eprintln!("wrote a proof of {} bytes to `{}`", proof.as_bytes().len(), arguments.output.display());
    eprintln!(
        "who knows the receipt's digest checks it by\n  apportion check-proof {} --receipt {}",
        arguments.output.display(),
        receipt.digest()
    );
    Ok(())
}

pub fn check_proof(arguments: &CheckProofArguments) -> Result<()> {
    let digest: Digest = arguments
        .receipt
        .parse()
        .map_err(|error: apportion::DigestError| Refused(error.to_string()))
        .context("--receipt")?;
    let proven = checked(&arguments.proof, Some(digest))?;
    let text = match arguments.format {
        ProofFormat::Text => words(&proven),
        ProofFormat::Json => format!("{}\n", object(&proven)),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

/// Reads a proof and checks it, against its own receipt if no digest is given.
pub fn checked(path: &Path, digest: Option<Digest>) -> Result<Proven> {
    let bytes = objects::bytes(path, apportion::MAX_PROOF as u64)?;
    Proof::from_bytes(&bytes)
        .and_then(|proof| proof.check(digest.unwrap_or_else(|| proof.receipt_digest())))
        .map_err(|error| Refused(error.to_string()))
        .with_context(|| format!("`{}`", path.display()))
}

/// What is proven, for people. The library lets through no payee or asset that a terminal would obey.
pub fn words(proven: &Proven) -> String {
    let settled = &proven.settlement;
    let mut text = format!(
        "{} is paid {} in epoch {}\n",
        proven.payout.payee,
        amount(&proven.asset, proven.payout.amount),
        settled.number
    );
    let mut line = |line: String| {
        let _ = writeln!(text, "  {line}"); // writing into memory cannot fail
    };
    for ((run, part), columns) in settled.runs.iter().zip(&proven.payout.parts).zip(&proven.policies) {
        let of_pool = of(&proven.asset, part.amount, run.pool);
        line(format!("by {} {}: {of_pool}", shown(&run.name), shown(&run.version)));
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
fn object(proven: &Proven) -> Value {
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
