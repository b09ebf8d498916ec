//! `apportion explain`: why a payee got what it got.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use apportion::explain::{ExplainError, Explanation, Question};
use apportion::{Charter, Digest, Engine, Epoch, History, Payouts, Policy, Receipt};
use apportion_report::explained::{Words, side_by_side};

use crate::arguments::{ExplainArguments, TextFormat};
use crate::engine::Engines;
use crate::ledger;
use crate::objects;
use crate::outcome::Refused;
use crate::output::{Existing, write_file};
use crate::progress::{Bar, Spinner};
use crate::table;

/// The most contributions that are shown, unless all are asked for.
const SHOWN: usize = 12;

pub fn explain(arguments: &ExplainArguments, engines: &Engines) -> Result<()> {
    let engine = engines.make()?;
    let case = Case::read(arguments, &engine)?;
    let question = Question {
        epoch: &case.epoch,
        charter: &case.charter,
        policies: &case.policies,
        history: &case.history,
        before: case.before.as_ref().map(|(epoch, payouts)| (epoch, payouts)),
        runs: arguments.runs.max(1),
    };
    let mut explanations = Vec::new();
    for payee in &arguments.payees {
        let bar = Bar::new("settling again");
        let explained = apportion::explain::explain(&question, payee, |done, all| bar.at(done, all));
        bar.done();
        explanations.push(explained.map_err(|error| told(error, &case.epoch))?);
    }
    if explanations.iter().any(|explanation| explanation.receipt != case.receipt) {
        bail!(Refused(format!(
            "settling epoch {} again gives another receipt than `{}`: {}",
            case.epoch.number(),
            case.receipt,
            if arguments.ledger.is_some() {
                "`apportion verify` tells what is wrong with the ledger"
            } else {
                "its rule reads what was settled before, which only a ledger holds"
            }
        )));
    }

    if let Some(path) = &arguments.html {
        let page = apportion_report::explanation_page(&explanations);
        write_file(path, page.as_bytes(), Existing::from_force(arguments.force))?;
        eprintln!("wrote `{}`", path.display());
    }
    let text = match arguments.format {
        TextFormat::Text => text(&explanations, arguments.all),
        TextFormat::Json => serde_json::to_string(&explanations)? + "\n",
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot print the explanation")
}

/// A settled epoch with all that it takes to settle it again.
struct Case {
    epoch: Epoch,
    charter: Charter,
    policies: Vec<Policy>,
    history: History,
    before: Option<(Epoch, Payouts)>,
    receipt: Digest,
}

impl Case {
    fn read(arguments: &ExplainArguments, engine: &Engine) -> Result<Case> {
        match (&arguments.ledger, arguments.epoch, &arguments.settled) {
            (Some(ledger), Some(number), _) => Case::in_ledger(ledger, number, engine),
            (_, _, Some(folder)) => Case::in_folder(arguments, folder, engine),
            _ => Err(anyhow!("neither a ledger with an epoch nor a settled epoch was given")),
        }
    }

    fn in_ledger(path: &Path, number: u64, engine: &Engine) -> Result<Case> {
        let ledger = ledger::open(path)?;
        let spinner = Spinner::new(format!("reading epoch {number}"));
        let receipt = ledger::receipt_of(&ledger, path, number)?;
        let settled = receipt.settlement();
        let earlier: Vec<Digest> = ledger
            .settled()
            .take_while(|(settled, _)| *settled != number)
            .map(|(_, receipt)| receipt)
            .collect();
        let charter = ledger.charter(&settled.charter)?;
        let policies = ledger.policies_of(engine, &charter)?;
        let before = match earlier.last() {
            None => None,
            Some(before) => {
                let before = ledger.receipt(before)?;
                let before = before.settlement();
                Some((ledger.epoch(&before.epoch)?, ledger.payouts(&before.payouts)?))
            }
        };
        let history = ledger.history(&earlier, &policies)?;
        let epoch = ledger.epoch(&settled.epoch)?;
        spinner.done();
        Ok(Case { epoch, charter, policies, history, before, receipt: receipt.digest() })
    }

    fn in_folder(arguments: &ExplainArguments, folder: &Path, engine: &Engine) -> Result<Case> {
        let settled = objects::settled(folder)?;
        let charter = settled.charter().clone();
        let policies = objects::policies_of(engine, std::slice::from_ref(&charter), &arguments.policies)?;
        let before = arguments.before.as_deref().map(objects::settled).transpose()?;
        let previous = settled.receipt().settlement().previous;
        Ok(Case {
            epoch: settled.epoch().clone(),
            charter,
            policies,
            history: History { previous, ..History::default() },
            before: before.map(|before| (before.epoch().clone(), before.payouts().clone())),
            receipt: Receipt::digest(settled.receipt()),
        })
    }
}

/// An unknown payee with some that are known.
fn told(error: ExplainError, epoch: &Epoch) -> anyhow::Error {
    match error {
        ExplainError::UnknownPayee { payee, .. } => {
            let alike = |(id, name): &(&str, &str)| {
                let wanted = payee.to_lowercase();
                id.to_lowercase().contains(&wanted) || name.to_lowercase().contains(&wanted)
            };
            let known: Vec<(&str, &str)> = epoch.payees().iter().zip(epoch.payee_names().iter()).collect();
            let some = |which: &mut dyn Iterator<Item = &(&str, &str)>| {
                let ids: Vec<String> =
                    which.take(3).map(|(id, _)| format!("`{}`", id.escape_debug())).collect();
                ids.join(", ")
            };
            let close = some(&mut known.iter().filter(|known| alike(known)));
            let hint = match (close.is_empty(), known.is_empty()) {
                (false, _) => format!("did you mean {close}?"),
                (true, false) => format!("ids look like {}", some(&mut known.iter())),
                (true, true) => "it has none".to_owned(),
            };
            let (payee, number) = (payee.escape_debug(), epoch.number());
            Refused(format!("there is no payee `{payee}` in epoch {number}; {hint}")).into()
        }
        ExplainError::Settle(error) => error.into(),
        ExplainError::Build(error) => error.into(),
    }
}

/// All of it in words.
fn text(explanations: &[Explanation], all: bool) -> String {
    let words: Vec<Words<'_>> = explanations.iter().map(Words::of).collect();
    let mut text = String::new();
    for (index, words) in words.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        payee(words, all, &mut text);
    }
    if let [first, second] = &words[..] {
        let rows = side_by_side(first, second).into_iter().map(Vec::from).collect();
        text.push_str("\nSide by side\n\n");
        text.push_str(&table::plain(&["", first.who(), second.who()], rows, &[1, 2]));
    }
    text
}

fn payee(words: &Words<'_>, all: bool, text: &mut String) {
    let explanation = words.explanation;
    text.push_str(&format!("{}\n", words.headline()));
    for part in &explanation.parts {
        text.push_str(&format!("\n{} {} gave {}\n", part.policy, part.version, words.amount(part.amount)));
        if !part.measures.is_empty() {
            let rows = part.measures.iter().map(|measure| words.measure(measure).to_vec()).collect();
            text.push('\n');
            text.push_str(&table::plain(&["measure", "value", "place"], rows, &[1, 2]));
        }
    }

    text.push_str("\nWhat it would get without each of its contributions\n\n");
    let mut rows: Vec<Vec<String>> = words.contributions("  ").into_iter().map(Vec::from).collect();
    let hidden = if all { 0 } else { rows.len().saturating_sub(SHOWN) };
    rows.truncate(rows.len() - hidden);
    if !rows.is_empty() {
        text.push_str(&table::plain(&["without", "it would get", "that is"], rows, &[1, 2]));
    }
    if hidden > 0 {
        text.push_str(&format!(
            "{} more that matter less; --all shows them\n",
            table::grouped(&hidden.to_string())
        ));
    }
    text.push_str(&format!("{}\n", words.together()));

    if !explanation.reliances.is_empty() {
        text.push_str("\nWhat it would get if they had not relied on it\n\n");
        let rows = explanation.reliances.iter().map(|reliance| words.reliance(reliance).to_vec()).collect();
        text.push_str(&table::plain(&["without", "by", "it would get", "that is"], rows, &[1, 2, 3]));
        text.push_str(&words.further().map(|further| format!("{further}\n")).unwrap_or_default());
    }
    if !explanation.paths.is_empty() {
        text.push_str("\nThe strongest ways on which credit comes to it, by the graph alone\n\n");
        for path in &explanation.paths {
            text.push_str(&format!("{}\n", words.path(path)));
        }
    }
    if let Some(change) = &explanation.change {
        text.push_str("\nWhat changed\n\n");
        for sentence in words.change(change) {
            text.push_str(&format!("{sentence}\n"));
        }
    }
    text.push_str(&format!(
        "\nThe epoch was settled again {} for this.\n",
        table::count(explanation.runs, "time")
    ));
}
