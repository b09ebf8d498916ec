//! A month of Optimism's Retro Funding, as its repository lays it out -> an epoch, and the rule's parameters.
//!
//! A month is a folder with `data/*.csv` or `data/*.csv.gz` and `weights/*.yaml`. Column order varies from month to
//! month, and so does which columns there are: numbers that are not needed become metrics, texts are left out.
//!
//! Both tracks of a month have the same number and window: those of the month that the on-chain track measures,
//! `periods.current` in `weights/onchain__*.yaml`. The number counts months from January 2025, which is 0, so that
//! the months M1 to M6 of season 7 (February to July 2025) are 1 to 6. Without that entry the newest month of the
//! track's own data takes its place, and a note says so.

mod devtooling;
mod month;
mod onchain;
mod sheet;
mod weights;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use apportion_core::epoch::{BuildError, Epoch, Header, Row, RowError, Window};
use apportion_core::money::{Asset, Pool};

use crate::intake::{Intake, IntakeError};
use crate::limits::{Limits, Quota};
use crate::problem::{Collector, Fault, ImportError, Place};

use month::Month;
use sheet::Sheet;
use weights::Weights;

/// The asset that is paid, with the 18 decimals of its base unit.
const ASSET: (&str, u32) = ("OP", 18);

/// The two programmes that run every month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Developer tools: a graph of projects, developers and tools.
    Devtooling,
    /// On-chain builders: metrics per project, chain and month.
    Onchain,
}

/// A text that names no track.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a track: `devtooling` or `onchain`", .0.escape_debug())]
pub struct UnknownTrack(String);

/// What a caller may set instead of what the month says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The epoch's number.
    pub number: Option<u64>,
    /// The pool in whole OP, as in `1300000.5`, instead of `allocation.budget`.
    pub pool: Option<String>,
    /// How much may be read and kept.
    pub limits: Limits,
}

/// What an import of a month gives.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The epoch.
    pub epoch: Epoch,
    /// The standard policy that is this track's rule.
    pub policy: &'static str,
    /// The month's parameters for that policy.
    pub parameters: serde_json::Value,
    /// What a person should know about how the month was read, a sentence each.
    pub notes: Vec<String>,
}

/// Reads one track of the month in the folder `month`.
///
/// # Errors
///
/// Files and columns that are missing, and cells that are wrong, all at once in [`ImportError::Input`].
///
/// ```no_run
/// use apportion_import::retro_funding::{Options, Track, import};
///
/// let month = import("results/S7/M6".as_ref(), Track::Onchain, &Options::default())?;
/// assert_eq!(month.policy, "optimism-onchain");
/// # Ok::<(), apportion_import::ImportError>(())
/// ```
pub fn import(month: &Path, track: Track, options: &Options) -> Result<Imported, ImportError> {
    let tables: &[sheet::Expected] = match track {
        Track::Devtooling => &devtooling::TABLES,
        Track::Onchain => &onchain::TABLES,
    };
    let quota = Quota::new(&options.limits);
    let (weights_file, weights) = Weights::find(month, track, &quota);
    let files = tables.iter().map(|table| format!("data/{}", table.default_name));
    let mut problems = Collector::new(std::iter::once(weights_file).chain(files).collect());
    let mut notes = Vec::new();
    let weights = weights.unwrap_or_else(|fault| {
        problems.add_file(WEIGHTS, fault);
        Weights::default()
    });
    let sheets = Sheet::load(&month.join("data"), tables, &weights.files, &quota, &mut problems, &mut notes);
    problems.none()?;

    let (parameters, more) = weights.parameters(track);
    notes.extend(more);
    let pool = pool(&weights, options, &mut problems)?;
    let measured = measured_month(month, track, &weights, &quota);
    let mut make = Making { options, pool, measured, quota, problems, notes };
    let epoch = match track {
        Track::Devtooling => devtooling::epoch(&sheets, &mut make)?,
        Track::Onchain => onchain::epoch(&sheets, &mut make)?,
    };
    Ok(Imported { epoch, policy: track.policy(), parameters, notes: make.notes })
}

impl Track {
    /// The standard policy that is this track's rule.
    pub fn policy(self) -> &'static str {
        match self {
            Track::Devtooling => "optimism-devtooling",
            Track::Onchain => "optimism-onchain",
        }
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Track::Devtooling => "devtooling",
            Track::Onchain => "onchain",
        })
    }
}

impl FromStr for Track {
    type Err = UnknownTrack;

    fn from_str(text: &str) -> Result<Track, UnknownTrack> {
        match text {
            "devtooling" => Ok(Track::Devtooling),
            "onchain" => Ok(Track::Onchain),
            other => Err(UnknownTrack(other.chars().take(80).collect())),
        }
    }
}

/// The number of the YAML among the files of an import; the tables follow.
const WEIGHTS: usize = 0;

fn pool(weights: &Weights, options: &Options, problems: &mut Collector) -> Result<Pool, ImportError> {
    let asset = Asset::new(ASSET.0, ASSET.1)?;
    let amount = match (&options.pool, &weights.budget) {
        (Some(text), _) => asset.parse(text)?,
        (None, Some(text)) => weights::amount(&asset, text).unwrap_or_else(|error| {
            problems.add_column(WEIGHTS, "allocation.budget", Fault::Parameters(error.to_string()));
            0
        }),
        (None, None) => {
            let missing = "is missing, and no other pool was given".to_owned();
            problems.add_column(WEIGHTS, "allocation.budget", Fault::Parameters(missing));
            0
        }
    };
    Ok(Pool { asset, amount })
}

/// The month that the on-chain track measures, which is the month that both tracks pay for.
fn measured_month(month: &Path, track: Track, weights: &Weights, quota: &Quota) -> Option<Month> {
    let current = match track {
        Track::Onchain => weights.current_period.clone(),
        Track::Devtooling => Weights::find(month, Track::Onchain, quota).1.ok()?.current_period,
    };
    Month::of_name(&current?)
}

/// What making an epoch of either track needs and adds to.
struct Making<'a> {
    options: &'a Options,
    pool: Pool,
    measured: Option<Month>,
    quota: Quota,
    problems: Collector,
    notes: Vec<String>,
}

impl Making<'_> {
    /// The epoch's number and window. `newest` is the newest month in the track's own data.
    fn header(&mut self, newest: Option<Month>) -> Result<Header, ImportError> {
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
        let Some(number) = self.options.number.or_else(|| month.number()) else {
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
    fn finish(&mut self, builder: Intake, places: &Places) -> Result<Epoch, ImportError> {
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
                for RowError { row, column, problem } in errors {
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
struct Places {
    payees: Vec<Place>,
    nodes: Vec<Place>,
    edges: Vec<Place>,
}
