//! `apportion explain`: why a payee got what it got.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use apportion::engine::HostError;
use apportion::explain::{ExplainError, Explainer, Explanation, Question};
use apportion::receipt::Agreement;
use apportion::settle::SettleError;
use apportion::{Charter, Digest, Engine, Epoch, History, Payouts, Policy, Receipt};
use apportion_report::explained::{Most, WAYS, Words, side_by_side};

use crate::arguments::{ExplainArguments, TextFormat};
use crate::engine::Engines;
use crate::ledger;
use crate::objects;
use crate::outcome::{Incomplete, Refused};
use crate::output::{Existing, write_file};
use crate::print::{self, Lines, say, status};
use crate::progress::{Bar, Spinner};
use crate::table;

/// How much of a list is shown, unless all is asked for.
const SHOWN: Most = Most { lines: 12, inner: 5 };
const ALL: Most = Most { lines: usize::MAX, inner: usize::MAX };
/// How wide sentences run.
const WIDTH: usize = 100;

pub fn explain(arguments: &ExplainArguments, engines: &Engines) -> Result<()> {
    let engine = engines.make()?;
    let case = Case::read(arguments, &engine)?;
    let explaining = Explainer::new(Question {
        epoch: &case.epoch,
        charter: &case.charter,
        policies: &case.policies,
        history: &case.history,
        before: case.before.as_ref().map(|(epoch, payouts)| (epoch, payouts)),
        runs: arguments.runs,
    })?;
    if case.receipt.compare(&explaining.settlement().receipt) == Agreement::Different {
        bail!(Refused(format!(
            "settling epoch {} again gives another receipt than `{}`: {}",
            case.epoch.number(),
            case.receipt.digest(),
            if arguments.ledger.is_some() {
                "`apportion verify` tells what is wrong with the ledger"
            } else {
                "its rule reads what was settled before, which only a ledger holds"
            }
        )));
    }
    let (mut explanations, mut missing, mut unexplained) = (Vec::new(), 0, BTreeSet::new());
    for payee in &arguments.payees {
        let bar = Bar::new("settling again");
        let payee = meant(payee, &case.epoch);
        let explained = explaining.explain(payee, |progress| bar.at(progress.done, progress.total));
        bar.done();
        match explained {
            Ok(explanation) => explanations.push(explanation),
            Err(ExplainError::Settle(SettleError::Host(error))) if !matches!(error, HostError::Cancelled) => {
                status!("not explained: `{payee}`: {error}");
                unexplained.extend(error.limit());
                missing += 1;
            }
            Err(error) => return Err(told(error, &case.epoch)),
        }
    }
    if !explanations.is_empty() {
        give(&explanations, arguments)?;
    }
    if missing > 0 {
        let what = format!("payees not explained: {missing} of {}", arguments.payees.len());
        bail!(Incomplete { what, limits: unexplained });
    }
    Ok(())
}

/// Writes the page that was asked for, and prints.
fn give(explanations: &[Explanation], arguments: &ExplainArguments) -> Result<()> {
    if let Some(path) = &arguments.html {
        let page = apportion_report::explanation_page(explanations);
        write_file(path, page.as_bytes(), Existing::from_force(arguments.force))?;
        status!("wrote `{}`", path.display());
    }
    match arguments.format {
        TextFormat::Text => text(explanations, arguments.all).print(),
        TextFormat::Json => {
            let mut out = print::data();
            writeln!(out, "{}", serde_json::to_string(explanations)?)
                .and_then(|()| out.flush())
                .context("cannot print the explanation")
        }
    }
}

/// A settled epoch with all that it takes to settle it again.
struct Case {
    epoch: Epoch,
    charter: Charter,
    policies: Vec<Policy>,
    history: History,
    before: Option<(Epoch, Payouts)>,
    receipt: Receipt,
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
        let settled = receipt.terms();
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
                let before = before.terms();
                Some((ledger.epoch(&before.epoch)?, ledger.payouts(&before.payouts)?))
            }
        };
        let history = ledger.history(&earlier, &policies)?;
        let epoch = ledger.epoch(&settled.epoch)?;
        spinner.done();
        Ok(Case { epoch, charter, policies, history, before, receipt })
    }

    fn in_folder(arguments: &ExplainArguments, folder: &Path, engine: &Engine) -> Result<Case> {
        let settled = objects::settled(folder)?;
        let charter = settled.charter().clone();
        let policies =
            objects::policies_of(engine, std::slice::from_ref(&charter), &arguments.policies, &())?;
        let before = arguments.before.as_deref().map(objects::settled).transpose()?;
        if let Some(before) = &before {
            comes_before(before.epoch(), settled.epoch())?;
        }
        let previous = settled.receipt().terms().previous;
        Ok(Case {
            epoch: settled.epoch().clone(),
            charter,
            policies,
            history: History { previous, ..History::default() },
            before: before.map(|before| (before.epoch().clone(), before.payouts().clone())),
            receipt: settled.receipt().clone(),
        })
    }
}

/// Holds that what is given as the epoch before can be one.
fn comes_before(before: &Epoch, epoch: &Epoch) -> Result<()> {
    if before.number() >= epoch.number() {
        bail!(Refused(format!(
            "epoch {} does not come before epoch {}; give an earlier one with --before",
            before.number(),
            epoch.number()
        )));
    }
    let (then, now) = (&before.pool().asset, &epoch.pool().asset);
    if then != now {
        bail!(Refused(format!(
            "epoch {} paid {} and epoch {} pays {}, so that amounts cannot be compared",
            before.number(),
            then.symbol(),
            epoch.number(),
            now.symbol()
        )));
    }
    Ok(())
}

/// The id of the payee that is meant: one of that id, or the only one of that name.
fn meant<'a>(payee: &'a str, epoch: &'a Epoch) -> &'a str {
    if epoch.payees().position(payee).is_some() {
        return payee;
    }
    let named = epoch.payees().iter().zip(epoch.payee_names().iter()).filter(|(_, name)| *name == payee);
    let mut ids = named.map(|(id, _)| id);
    match (ids.next(), ids.next()) {
        (Some(id), None) => id,
        _ => payee,
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
        other => other.into(),
    }
}

/// All of it in words.
fn text(explanations: &[Explanation], all: bool) -> Lines {
    let words: Vec<Words<'_>> = explanations.iter().map(Words::of).collect();
    let mut text = Lines::default();
    for (index, words) in words.iter().enumerate() {
        if index > 0 {
            say!(text);
        }
        payee(words, all, &mut text);
    }
    if let [first, second] = &words[..] {
        let rows = side_by_side(first, second).into_iter().map(Vec::from).collect();
        heading("Side by side", &mut text);
        let titles = [first, second].map(Words::called);
        text.append(table::plain(&["", &titles[0], &titles[1]], rows, &[1, 2]));
    }
    text
}

fn payee(words: &Words<'_>, all: bool, text: &mut Lines) {
    let explanation = words.explanation;
    wrapped("", &words.headline(), text);
    let most = if all { ALL } else { SHOWN };
    for part in &explanation.parts {
        say!(text);
        wrapped("", &words.part(part), text);
        if !part.measures.is_empty() {
            let rows = part.measures.iter().map(|measure| words.measure(measure).to_vec()).collect();
            text.append(table::plain(&["measure", "value", "place"], rows, &[1]));
        }
    }

    heading("What it would get without what it contributed", text);
    let rows: Vec<Vec<String>> = words.contributions("  ", most).into_iter().map(Vec::from).collect();
    if !rows.is_empty() {
        text.append(table::plain(&["without", "it would get", "that is"], rows, &[1, 2]));
    }
    wrapped("", &words.without_contributions(), text);

    if explanation.relied > 0 {
        heading("What it would get if others had not relied on it", text);
        let rows: Vec<Vec<String>> = words.reliances("  ", most).into_iter().map(Vec::from).collect();
        if !rows.is_empty() {
            text.append(table::plain(&["without", "by", "it would get", "that is"], rows, &[1, 2, 3]));
        }
        if let Some(together) = words.without_reliances() {
            wrapped("", &together, text);
        }
    }
    if !explanation.paths.is_empty() {
        heading("The strongest ways on which credit comes to it", text);
        wrapped("", WAYS, text);
        for (number, path) in (1..).zip(&explanation.paths) {
            say!(text);
            for (index, step) in words.path(path).iter().enumerate() {
                if index == 0 {
                    say!(text, " {number}. {step}");
                } else {
                    say!(text, "    {step}");
                }
            }
        }
    }
    if let Some(change) = &explanation.change {
        heading("What changed", text);
        for sentence in words.change(change) {
            wrapped("- ", &sentence, text);
        }
    }
    say!(text);
    say!(text, "The epoch was settled again {} for this.", table::count(explanation.runs, "time"));
}

fn heading(title: &str, text: &mut Lines) {
    say!(text);
    say!(text, "{title}");
    say!(text);
}

/// A sentence in lines: the first after a mark, the others further in by its width.
fn wrapped(mark: &str, sentence: &str, text: &mut Lines) {
    let (mut line, mut width) = (mark.to_owned(), 0);
    for word in sentence.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            say!(text, "{line}");
            line = " ".repeat(mark.len());
            width = mark.len();
        } else if width > 0 {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += length;
    }
    say!(text, "{line}");
}
