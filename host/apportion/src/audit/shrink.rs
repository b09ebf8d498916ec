//! A breach made small: fewer payees, nodes and edges, simpler numbers, as long as it stays half as large.
//!
//! Rows are taken away in chunks that get smaller (A. Zeller, R. Hildebrandt, *Simplifying and Isolating
//! Failure-Inducing Input*, 2002).

use apportion_core::epoch::EpochRows;

use super::change::{Answer, Breach, Change, Check, Settled, Settler};
use super::edit::{Edit, Ids};
use super::error::AuditError;

/// The most tries, so that a large epoch ends.
const MOST_TRIES: usize = 2_000;

/// A breach, the epoch that it began with, and those that it was found by.
pub(super) struct Case {
    pub(super) change: Box<dyn Change>,
    pub(super) before: Settled,
    pub(super) after: Vec<Settled>,
    pub(super) breach: Breach,
}

/// Makes a case of a change that breaks something, and makes it small. None if it breaks nothing.
pub(super) fn shrunk(
    change: Box<dyn Change>,
    before: Settled,
    settler: &Settler<'_>,
) -> Result<Option<Case>, AuditError> {
    let Check::Broken { breach, after } = change.check(&before, settler)? else { return Ok(None) };
    let floor = breach.millionths() / 2;
    let case = Case { change, before, after, breach };
    let mut shrinking = Shrinking { case, floor, settler, tries: 0 };
    while shrinking.round()? {}
    Ok(Some(shrinking.case))
}

struct Shrinking<'a> {
    case: Case,
    /// What the breach must be at least, in millionths of the pool.
    floor: u64,
    settler: &'a Settler<'a>,
    tries: usize,
}

impl Shrinking<'_> {
    /// Tries everything once, and says whether anything became smaller.
    fn round(&mut self) -> Result<bool, AuditError> {
        let mut smaller = false;
        smaller |= self.without(|rows| rows.payees.len(), without_payees)?;
        smaller |= self.without(|rows| rows.nodes.len(), without_nodes)?;
        smaller |= self.without(|rows| rows.edges.len(), without_edges)?;
        smaller |= self.simpler_change()?;
        smaller |= self.simpler_numbers()?;
        Ok(smaller)
    }

    /// Takes chunks of rows away, halves first and single rows last.
    fn without(
        &mut self,
        count: impl Fn(&EpochRows) -> usize,
        without: impl Fn(&EpochRows, usize, usize) -> EpochRows,
    ) -> Result<bool, AuditError> {
        let mut smaller = false;
        let mut chunk = count(&self.case.before.rows).div_ceil(2);
        while chunk > 0 {
            let mut start = 0;
            while start < count(&self.case.before.rows) {
                let rows = without(&self.case.before.rows, start, start + chunk);
                if self.holds_with(rows)? { smaller = true } else { start += chunk }
            }
            chunk /= 2;
        }
        Ok(smaller)
    }

    fn simpler_change(&mut self) -> Result<bool, AuditError> {
        for change in self.case.change.simpler() {
            if self.try_change(change)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Numbers become 1 or 0, words none, times the window's start: all at once, or else row by row.
    fn simpler_numbers(&mut self) -> Result<bool, AuditError> {
        let mut all = self.case.before.rows.clone();
        let (nodes, edges) = (all.nodes.len(), all.edges.len());
        (0..nodes + edges).for_each(|row| STEPS.iter().for_each(|step| step(&mut all, row)));
        if all != self.case.before.rows && self.holds_with(all)? {
            return Ok(true);
        }
        let mut smaller = false;
        for row in 0..nodes + edges {
            for step in STEPS {
                let mut rows = self.case.before.rows.clone();
                step(&mut rows, row);
                smaller |= rows != self.case.before.rows && self.holds_with(rows)?;
            }
        }
        Ok(smaller)
    }

    /// Whether the same change breaks the same in these rows; they are the case then.
    fn holds_with(&mut self, rows: EpochRows) -> Result<bool, AuditError> {
        if self.tries == MOST_TRIES {
            return Ok(false);
        }
        self.tries += 1;
        let Answer::Settled(before) = self.settler.settle("before", rows)? else { return Ok(false) };
        match self.case.change.check(&before, self.settler)? {
            Check::Broken { breach, after } if self.enough(&breach) => {
                (self.case.before, self.case.after, self.case.breach) = (*before, after, breach);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn try_change(&mut self, change: Box<dyn Change>) -> Result<bool, AuditError> {
        if self.tries == MOST_TRIES {
            return Ok(false);
        }
        self.tries += 1;
        match change.check(&self.case.before, self.settler)? {
            Check::Broken { breach, after } if self.enough(&breach) => {
                (self.case.change, self.case.after, self.case.breach) = (change, after, breach);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn enough(&self, breach: &Breach) -> bool {
        breach.millionths() >= self.floor
    }
}

fn without_payees(rows: &EpochRows, start: usize, end: usize) -> EpochRows {
    let gone = rows.payees.iter().skip(start).take(end - start).map(|payee| payee.id.clone());
    let gone: Ids = gone.collect();
    let mut rows = rows.clone();
    rows.remove_payees(&gone);
    rows
}

fn without_nodes(rows: &EpochRows, start: usize, end: usize) -> EpochRows {
    let gone: Ids = rows.nodes.iter().skip(start).take(end - start).map(|node| node.id.clone()).collect();
    let mut rows = rows.clone();
    rows.remove_nodes(&gone);
    rows
}

fn without_edges(rows: &EpochRows, start: usize, end: usize) -> EpochRows {
    let mut rows = rows.clone();
    rows.edges.drain(start..end.min(rows.edges.len()));
    rows
}

/// What makes one row simpler; rows are counted over nodes, then edges.
const STEPS: [fn(&mut EpochRows, usize); 4] = [plain_weight, no_metrics, no_labels, first_second];

fn plain_weight(rows: &mut EpochRows, row: usize) {
    let nodes = rows.nodes.len();
    match rows.nodes.get_mut(row) {
        Some(node) => node.weight = 1.0,
        None => rows.edges.iter_mut().skip(row - nodes).take(1).for_each(|edge| edge.weight = 1.0),
    }
}

fn no_metrics(rows: &mut EpochRows, row: usize) {
    let nodes = rows.nodes.len();
    match rows.nodes.get_mut(row) {
        Some(node) => node.metrics.fill(0.0),
        None => rows.edges.iter_mut().skip(row - nodes).take(1).for_each(|edge| edge.metrics.fill(0.0)),
    }
}

fn no_labels(rows: &mut EpochRows, row: usize) {
    let nodes = rows.nodes.len();
    match rows.nodes.get_mut(row) {
        Some(node) => node.labels.fill("".into()),
        None => rows.edges.iter_mut().skip(row - nodes).take(1).for_each(|edge| edge.labels.fill("".into())),
    }
}

fn first_second(rows: &mut EpochRows, row: usize) {
    let (nodes, first) = (rows.nodes.len(), rows.header.window.start);
    match rows.nodes.get_mut(row) {
        Some(node) => node.time = first,
        None => rows.edges.iter_mut().skip(row - nodes).take(1).for_each(|edge| edge.time = first),
    }
}
