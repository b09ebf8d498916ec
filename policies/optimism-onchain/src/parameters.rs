use std::collections::BTreeMap;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Factor, Share};

/// The rule's parameters: the published YAML of a month without `data_snapshot` and `budget` (the pool is the
/// budget).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// How projects are scored.
    pub simulation: Simulation,
    /// How scores become amounts.
    pub allocation: Limits,
}

/// How projects are scored.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Simulation {
    /// The two periods that are compared. Left out: the newest period of the epoch and the one before it, which is
    /// what a replay over many epochs wants.
    #[serde(default)]
    pub periods: Option<Periods>,
    /// Whether only projects marked as eligible are paid.
    #[serde(default)]
    pub eligibility_filter: bool,
    /// Factor of each chain's amounts, by its name in upper or lower case; 1 for a chain that is not listed.
    #[serde(default)]
    pub chains: BTreeMap<String, Factor>,
    /// Total value locked, over all chains, below which a period's value counts as missing; 0 for no minimum.
    #[serde(default)]
    pub tvl_minimum: Factor,
    /// Total value locked, over all chains in the current period, above which a project is not paid; 0 for no maximum.
    #[serde(default)]
    pub tvl_maximum: Factor,
    /// Weight of each metric. The total value locked is the first of them, by name, that has `tvl` in it.
    pub metrics: BTreeMap<String, Factor>,
    /// Weight of each way to read a metric.
    pub metric_variants: Variants,
    /// Percentile that higher values are brought down to before they are scaled, 0 to 100; 100 for no cap.
    #[schemars(range(min = 0, max = 100))]
    #[serde(default = "no_cap")]
    pub percentile_cap: f64,
}

fn no_cap() -> f64 {
    100.0
}

/// The two periods that are compared, as the metrics name them: `Feb 2025`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Periods {
    /// The earlier one. If the epoch has no metrics for it, it counts as 0.
    pub previous: String,
    /// The later one. If the epoch has no metrics for it, the rule has no answer.
    pub current: String,
}

/// Weight of each way to read a metric.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Variants {
    /// The current period's value.
    pub adoption: Factor,
    /// What the current period has above the previous one; 0 if less.
    pub growth: Factor,
    /// The smaller of the two periods' values.
    pub retention: Factor,
}

/// How scores become amounts.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Limits {
    /// Smaller amounts are not paid, in whole units of the asset.
    pub min_amount_per_project: Factor,
    /// No project gets more than this part of the pool.
    pub max_share_per_project: Share,
}
