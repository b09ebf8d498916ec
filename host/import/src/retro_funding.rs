//! A month of Optimism's Retro Funding, as its repository lays it out -> an epoch, and the rule's parameters.
//!
//! A month is a folder with `data/*.csv` or `data/*.csv.gz` and `weights/*.yaml`. Column order varies from month to
//! month, and so does which columns there are: numbers that are not needed become metrics, texts are left out.
//!
//! Both tracks of a month have the same number and window: those of the month that the on-chain track measures,
//! `periods.current` in `weights/onchain__*.yaml`. The number counts months from January 2025, which is 0, so that
//! the months M1 to M6 of season 7 (February to July 2025) are 1 to 6. Without that entry the newest month of the
//! track's own data takes its place, and a note says so.

mod assembly;
mod devtooling;
mod month;
mod onchain;
mod sheet;
mod track;
mod weights;
mod yaml;

use std::path::Path;

use apportion_core::epoch::Epoch;
use apportion_core::money::{Asset, Pool};

use crate::limits::{Limits, Quota};
use crate::problem::{Collector, Fault, ImportError};

use assembly::{Assembly, WEIGHTS};
use month::Month;
use sheet::Sheet;
pub use track::{Track, UnknownTrack};
use weights::Weights;

/// The asset that is paid, with the 18 decimals of its base unit.
const ASSET: (&str, u32) = ("OP", 18);

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
    let number = options.number;
    let mut assembly = Assembly { number, pool, measured, quota, problems, notes };
    let epoch = match track {
        Track::Devtooling => devtooling::epoch(&sheets, &mut assembly)?,
        Track::Onchain => onchain::epoch(&sheets, &mut assembly)?,
    };
    Ok(Imported { epoch, policy: track.policy(), parameters, notes: assembly.notes })
}

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
