//! Mistakes that authors make, for ../../check: how each is told.

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Allocation, Epoch, Policy, Refusal};

pub struct Rule;

apportion_guest::export!(Rule);

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    how: How,
}

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "lowercase")]
#[schemars(crate = "apportion_guest::schemars")]
enum How {
    Throws,
    Returns,
    Loops,
}

impl Policy for Rule {
    type Parameters = Parameters;
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Nobody gets anything, because it breaks off.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        epoch.log("it is about to fail");
        match parameters.how {
            How::Throws => Allocation::from_scores(&[epoch.node_weight()[epoch.node_ids().len()]]),
            How::Returns => Allocation::from_scores(&vec![1.0; epoch.payees().len() + 1]),
            How::Loops => loop {
                core::hint::black_box(parameters);
            },
        }
    }
}
