//! `apportion replay`: what another rule would have paid.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result};
use apportion::audit::Card;
use apportion::compare::{CandidateSide, CompareError, ComparedPayee, Comparison, UnknownEpoch};
use apportion::limits::HostLimit;
use apportion::money::Asset;
use apportion::receipt::ReceiptTerms;
use apportion::replay::{ReplayError, ReplayedEpoch, SettledEpoch, SettledEpochs};
use apportion::{Charter, Digest, History, Policy};

use crate::arguments::{Cells, Format, ReplayArguments};
use crate::engine::Engines;
use crate::ledger;
use crate::objects;
use crate::outcome::{Incomplete, Refused};
use crate::output::{Existing, write_file};
use crate::print::{self, note, status};
use crate::progress::Bar;
use crate::table;

pub fn replay(arguments: &ReplayArguments, engines: &Engines) -> Result<()> {
    let candidates: Vec<Charter> =
        arguments.charters.iter().map(|path| objects::charter(path)).collect::<Result<_>>()?;
    let engine = engines.make()?;
    let cards: Vec<Card> = arguments.cards.iter().map(|path| objects::card(path)).collect::<Result<_>>()?;
    let shown = Shown::of(arguments, &cards);
    let Some(path) = &arguments.ledger else {
        let policies = objects::policies_of(&engine, &candidates, &arguments.policies, &())?;
        return compared(
            &Folders::new(&arguments.settled)?,
            &candidates,
            &policies,
            &History::default(),
            &shown,
        );
    };
    let ledger = ledger::open(path)?;
    // What the ledger itself holds need not be given.
    let policies = objects::policies_of(&engine, &candidates, &arguments.policies, &ledger)?;
    let numbers = arguments.epochs.clone().unwrap_or(0..=u64::MAX);
    // A rule that is tried from a later epoch on finds what was really paid before; it has handed nothing over yet.
    let before: Vec<Digest> =
        ledger.settled().filter(|(number, _)| number < numbers.start()).map(|(_, receipt)| receipt).collect();
    let history = History { carry: BTreeMap::new(), previous: None, ..ledger.history(&before, &policies)? };
    let past = ledger.past(numbers);
    if past.count() == 0 {
        return Err(Refused(format!("no epoch of these numbers is settled in `{}`", path.display())).into());
    }
    compared(&past, &candidates, &policies, &history, &shown)
}

/// How a replay is told.
pub struct Shown<'a> {
    pub format: Format,
    pub all: bool,
    pub html: Option<&'a Path>,
    pub cards: &'a [Card],
    pub existing: Existing,
}

impl<'a> Shown<'a> {
    fn of(arguments: &'a ReplayArguments, cards: &'a [Card]) -> Shown<'a> {
        Shown {
            format: arguments.format,
            all: arguments.all,
            html: arguments.html.as_deref(),
            cards,
            existing: Existing::from_force(arguments.force),
        }
    }
}

/// Replays past epochs from anywhere under each candidate, and prints and writes the comparisons.
pub fn compared<P: SettledEpochs<Error: Into<Error>>>(
    past: &P,
    candidates: &[Charter],
    policies: &[Policy],
    before: &History,
    shown: &Shown<'_>,
) -> Result<()> {
    let files = candidates.iter().map(|charter| Rows::new(charter, shown.format));
    let mut files: Vec<Rows> = files.collect::<Result<_>>()?;
    let bar = Bar::new("replaying");
    bar.at(0, past.count());
    let compared = apportion::compare(past, candidates, policies, before, |compared| -> Result<(), Ended> {
        for (file, payees) in files.iter_mut().zip(compared.payees) {
            if let Some(payees) = payees {
                file.add(compared.epoch, payees).map_err(Ended)?;
            }
        }
        bar.at(compared.done, compared.total);
        Ok(())
    });
    bar.done();
    let compared = compared.map_err(|Ended(error)| error)?;

    let (mut comparisons, mut unknown) = (Vec::new(), Vec::new());
    for ((compared, file), charter) in compared.into_iter().zip(files).zip(candidates) {
        comparisons.extend(compared.comparison.map(|comparison| (comparison, file)));
        unknown.extend(compared.unknown.into_iter().map(|epoch| (charter, epoch)));
    }
    if !comparisons.is_empty() {
        check_cards(shown.cards, &comparisons)?;
        print(comparisons, shown)?;
    }
    report_unknown(&unknown)
}

/// A comparison without some of the epochs must not be taken for a whole one.
fn report_unknown(unknown: &[(&Charter, UnknownEpoch)]) -> Result<()> {
    for (charter, UnknownEpoch { number, reason, .. }) in unknown {
        status!("not replayed: epoch {number} under `{}`: {reason}", charter.terms().name);
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let limits: BTreeSet<HostLimit> = unknown.iter().filter_map(|(_, epoch)| epoch.limit).collect();
    let epochs: BTreeSet<u64> = unknown.iter().map(|(_, epoch)| epoch.number).collect();
    let what = format!("the comparison is incomplete: {} left out", table::count(epochs.len(), "epoch"));
    Err(Incomplete { what, limits }.into())
}

fn print(comparisons: Vec<(Comparison, Rows)>, shown: &Shown<'_>) -> Result<()> {
    let mut out = print::data();
    if shown.format.cells().is_some() {
        out.write_all(CSV_HEADER.as_bytes())?;
    }
    for (index, (comparison, rows)) in comparisons.into_iter().enumerate() {
        if let Some(path) = shown.html {
            let path = numbered(path, index);
            let cards: Vec<Card> =
                shown.cards.iter().filter(|card| is_of(card, &comparison)).cloned().collect();
            let page = apportion_report::page_with_cards(&comparison, &cards);
            write_file(&path, page.as_bytes(), shown.existing)?;
            status!("wrote `{}`", path.display());
        }
        match shown.format {
            Format::Table => table::comparison(&comparison, shown.all).print()?,
            Format::Json | Format::Csv | Format::CsvRaw => {
                warn(&comparison);
                rows.print(&comparison, &mut out)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// Whether a card is of one of the rules compared: of the same policy with the same parameters.
fn is_of(card: &Card, comparison: &Comparison) -> bool {
    let charters = comparison.terms().charters.iter();
    let mut appointed = charters.flat_map(|charter| &charter.terms.policies);
    appointed.any(|a| a.policy == card.terms().policy && a.parameters == card.terms().parameters)
}

/// A card of another rule, or of the same with other parameters, would say what is not so.
fn check_cards(cards: &[Card], comparisons: &[(Comparison, Rows)]) -> Result<()> {
    for card in cards {
        if !comparisons.iter().any(|(comparison, _)| is_of(card, comparison)) {
            let terms = card.terms();
            let text = format!(
                "card {} is of `{}` with parameters that no charter here gives it",
                card.digest(),
                terms.name
            );
            return Err(Refused(text).into());
        }
    }
    Ok(())
}

/// What ends a replay, for a person.
struct Ended(Error);

impl From<CompareError> for Ended {
    fn from(error: CompareError) -> Ended {
        Ended(Refused(error.to_string()).into())
    }
}

impl<E: Into<Error>> From<ReplayError<E>> for Ended {
    /// Whose fault it was stays in the chain, for the exit code.
    fn from(error: ReplayError<E>) -> Ended {
        Ended(match error {
            ReplayError::Past { error, .. } => error.into(),
            ReplayError::Candidate { name, error, .. } => {
                Error::from(*error).context(format!("charter `{name}`"))
            }
            ReplayError::Host(error) => error.into(),
            other => anyhow::anyhow!("the replay failed: {}", other.kind()),
        })
    }
}

/// The first candidate's page is where it was asked for, the second's beside it: `page.html`, `page-2.html`.
fn numbered(path: &Path, index: usize) -> PathBuf {
    if index == 0 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{}", index + 1));
    let mut numbered = path.with_file_name(name);
    if let Some(extension) = path.extension() {
        numbered.set_extension(extension);
    }
    numbered
}

/// Epochs without payouts have no rows, so it is said beside them.
fn warn(comparison: &Comparison) {
    for epoch in &comparison.terms().epochs {
        if let CandidateSide::Fault(fault) = &epoch.candidate {
            note!(
                "epoch {} has no payouts under the new rule: {} said {}",
                epoch.number,
                fault.policy,
                fault.fault.to_string().escape_debug()
            );
        }
    }
}

const CSV_HEADER: &str = "candidate,epoch,payee,name,asset,original,replayed,original_base_units,replayed_base_units,\
                          difference_base_units\n";

/// Every payee of every epoch under one candidate, in a file without a name: they may be more than memory holds, and
/// nothing is printed before all is done.
struct Rows {
    candidate: String,
    format: Format,
    file: BufWriter<File>,
    any: bool,
}

impl Rows {
    fn new(candidate: &Charter, format: Format) -> Result<Rows> {
        let file = tempfile::tempfile().context("no temporary file could be made")?;
        Ok(Rows { candidate: candidate.digest().to_string(), format, file: BufWriter::new(file), any: false })
    }

    fn add(&mut self, epoch: &ReplayedEpoch, payees: &[ComparedPayee]) -> Result<()> {
        let said = epoch.receipt.terms();
        match self.format {
            Format::Table => {}
            Format::Json => {
                let comma = if std::mem::replace(&mut self.any, true) { "," } else { "" };
                let epoch = serde_json::json!({"number": said.number, "payees": payees});
                write!(self.file, "{comma}{epoch}")?;
            }
            Format::Csv => self.add_records(said, payees, Cells::Guarded)?,
            Format::CsvRaw => self.add_records(said, payees, Cells::Raw)?,
        }
        Ok(())
    }

    fn add_records(&mut self, said: &ReceiptTerms, payees: &[ComparedPayee], cells: Cells) -> Result<()> {
        let asset = Asset::new(&said.asset, said.decimals)?;
        let mut writer = csv::Writer::from_writer(&mut self.file);
        for payee in payees {
            writer.write_record([
                self.candidate.as_str(),
                &said.number.to_string(),
                &*cells.text(&payee.payee),
                &*cells.text(&payee.name),
                &*cells.text(asset.symbol()),
                &asset.format(payee.original),
                &asset.format(payee.candidate),
                &payee.original.to_string(),
                &payee.candidate.to_string(),
                &payee.difference.to_string(),
            ])?;
        }
        writer.flush()?;
        Ok(())
    }

    fn print(self, comparison: &Comparison, out: &mut impl Write) -> Result<()> {
        let mut file = self.file.into_inner().map_err(|error| error.into_error())?;
        file.rewind()?;
        if self.format.cells().is_some() {
            io::copy(&mut file, out)?;
            return Ok(());
        }
        out.write_all(b"{\"comparison\":")?;
        out.write_all(comparison.as_bytes())?;
        out.write_all(b",\"epochs\":[")?;
        io::copy(&mut file, out)?;
        out.write_all(b"]}\n")?;
        Ok(())
    }
}

/// Settled epochs in folders, as `apportion settle -o` writes them, by their numbers.
struct Folders(Vec<PathBuf>);

impl Folders {
    fn new(folders: &[PathBuf]) -> Result<Folders> {
        let mut numbered = Vec::new();
        for folder in folders {
            let receipt = objects::receipt(&folder.join("receipt.json"))?;
            numbered.push((receipt.terms().number, folder.clone()));
        }
        numbered.sort();
        if let Some(pair) = numbered.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let (first, second) = (pair[0].1.display(), pair[1].1.display());
            let text = format!("epoch {} is in `{first}` and in `{second}`: give each epoch once", pair[0].0);
            return Err(Refused(text).into());
        }
        Ok(Folders(numbered.into_iter().map(|(_, folder)| folder).collect()))
    }
}

impl SettledEpochs for Folders {
    type Error = Error;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn load(&self, index: usize) -> Result<SettledEpoch> {
        objects::settled(self.0.get(index).context("no such epoch")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_candidate_has_a_page_of_its_own() {
        assert_eq!(numbered(Path::new("a/page.html"), 0), Path::new("a/page.html"));
        assert_eq!(numbered(Path::new("a/page.html"), 1), Path::new("a/page-2.html"));
        assert_eq!(numbered(Path::new("page"), 2), Path::new("page-3"));
    }
}
