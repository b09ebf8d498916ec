//! A policy that panics in the way its parameters name, as a careless author's would.
//!
//! `cargo xtask policies` builds it to `tests/hostile/panics.wasm`, beside the standard policies and from the same SDK.

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Policy, Refusal};

/// The policy `panics`.
#[derive(Clone, Copy, Debug)]
pub struct Panics;

apportion_guest::export!(Panics);

/// How it fails.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum How {
    /// By saying so.
    Saying,
    /// By a row that is not there.
    Index,
    /// By a sum that is too large.
    Overflow,
    /// By taking what is not there for something.
    Unwrap,
    /// By asking for more memory than there is.
    Memory,
}

/// How it fails.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// How it fails.
    pub how: How,
}

impl Policy for Panics {
    type Parameters = Parameters;
    const NAME: &'static str = "panics";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Nobody gets anything, because it panics.";

    #[expect(clippy::panic, clippy::unwrap_used, reason = "what it is for")]
    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        let payees = epoch.payees();
        let share = match parameters.how {
            How::Saying => panic!("the author's own words,\nover two lines \u{1b}[2J"),
            How::Index => payees[payees.len()].len(),
            How::Overflow => {
                payees.iter().map(|payee| payee.len()).fold(usize::MAX, |sum, length| sum + length)
            }
            How::Unwrap => payees.iter().position(|payee| payee.is_empty()).unwrap(),
            How::Memory => vec![1_u64; payees.len() << 27].len(),
        };
        Ok(Allocation::by_weight(vec![share as u64; payees.len()]))
    }
}
