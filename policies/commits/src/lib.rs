#![doc = include_str!("../README.md")]

mod parameters;
mod work;

use apportion_guest::{Allocation, Epoch, Policy, Refusal, limits, scale};

pub use parameters::{Parameters, Period, Scale, Size};
use work::Work;

/// The policy `commits`.
#[derive(Clone, Copy, Debug)]
pub struct Commits;

apportion_guest::export!(Commits);

impl Policy for Commits {
    type Parameters = Parameters;
    const NAME: &'static str = "commits";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Everybody who had a part in a git history, by the logarithm of what they did each \
        day: files changed, shared with co-authors, and a part of it for who reviewed, tested or applied.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let work = Work::of(epoch, parameters)?;
        if scale::normalise(&work.points).is_none() {
            return Err(Refusal::no_answer(
                "nobody has a point: the epoch has no commit that changes something and is by a payee",
            ));
        }
        let pool = epoch.pool_in_units();
        let kept = limits::without_dust(&work.points, pool, parameters.min_amount.get());
        let allocation = match parameters.max_share {
            None => Allocation::from_scores(&kept)?,
            Some(most) => Allocation::from_amounts(&limits::capped(&kept, pool, most.get()), pool)?,
        };
        Ok(allocation
            .measure("points", work.points)
            .measure("days", work.days)
            .measure("commits", work.commits)
            .measure("merges", work.merges)
            .measure("helped", work.helped))
    }
}
