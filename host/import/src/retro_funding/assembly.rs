//! The parts that the epochs of both tracks are assembled from: number, window, pool, and where rows came from.

use apportion_core::epoch::{BuildError, Epoch, Header, Row, RowError, Window};
use apportion_core::money::Pool;

use super::month::Month;
use crate::intake::{Intake, IntakeError};
use crate::limits::Quota;
use crate::problem::{Collector, Fault, ImportError, Place};

/// The number of the YAML among the files of an import; the tables follow.
pub(super) const WEIGHTS: usize = 0;

/// What assembling an epoch of either track needs and adds to.
pub(super) struct Assembly {
    /// The epoch's number, if the caller gave one.
    pub(super) number: Option<u64>,
    pub(super) pool: Pool,
    pub(super) measured: Option<Month>,
    pub(super) quota: Quota,
    pub(super) problems: Collector,
    pub(super) notes: Vec<String>,
}

impl Assembly {
    /// The epoch's number and window. `newest` is the newest month in the track's own data.
    pub(super) fn header(&mut self, newest: Option<Month>) -> Result<Header, ImportError> {
        let month = match (self.measured, newest) {
            (Some(month), _) => month,
            (None, Some(month)) => {
                self.notes.push(format!("no month is named under `periods.current`, so the epoch is that of the newest data, {month}"));
                month
            }
            (None, None) => {
                let fault =
                    Fault::Parameters("names no month such as `Jul 2025`, and the data has none".to_owned());
                self.problems.add_column(WEIGHTS, "periods.current", fault);
                self.problems.none()?;
                return Err(ImportError::NobodyToPay);
            }
        };
        if let Some(newest) = newest.filter(|newest| *newest > month) {
            self.notes
                .push(format!("the data reaches into {newest}, after the month that is paid for, {month}"));
        }
        let Some(number) = self.number.or_else(|| month.number()) else {
            let fault = Fault::Parameters(format!(
                "{month} is before January 2025, so the epoch's number must be given"
            ));
            self.problems.add_column(WEIGHTS, "periods.current", fault);
            self.problems.none()?;
            return Err(ImportError::NobodyToPay);
        };
        let Window { start, end } = month.window();
        Ok(Header { number, window: Window { start, end }, pool: self.pool.clone() })
    }

    /// The epoch, or everything that was wrong, with the places that the rows came from.
    pub(super) fn finish(&mut self, builder: Intake, places: &Places) -> Result<Epoch, ImportError> {
        if places.payees.is_empty() {
            self.problems.none()?;
            let fault = Fault::Parameters("has no project, so there is nobody to pay".to_owned());
            self.problems.add_file(1, fault);
        }
        let finished = match builder.finish() {
            Err(IntakeError::Limit(exceeded)) => {
                self.problems.add_file(1, Fault::Limit(exceeded));
                None
            }
            Err(IntakeError::Build(BuildError::Rows { errors, more })) => {
                for RowError { row, column, problem, .. } in errors {
                    let place = match row {
                        Row::Payee(row) => places.payees.get(row),
                        Row::Node(row) => places.nodes.get(row),
                        Row::Edge(row) => places.edges.get(row),
                    };
                    let place = place.copied().unwrap_or(Place { file: WEIGHTS, row: 0 });
                    self.problems.add(place, Some(&column), Fault::Row(problem));
                }
                self.problems.add_uncounted(more);
                None
            }
            Err(IntakeError::Build(error)) => Some(Err(error)),
            Ok(epoch) => Some(Ok(epoch)),
        };
        self.problems.none()?;
        finished.map_or(Err(ImportError::NobodyToPay), |epoch| epoch.map_err(ImportError::Epoch))
    }
}

/// Where the epoch's rows came from, in the order in which they were given.
#[derive(Default)]
pub(super) struct Places {
    pub(super) payees: Vec<Place>,
    pub(super) nodes: Vec<Place>,
    pub(super) edges: Vec<Place>,
}
