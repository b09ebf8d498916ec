use std::collections::BTreeMap;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Factor, Positive, Share};

/// The rule's parameters: the published YAML of a month without `data_snapshot` and `budget` (the pool is the
/// budget). Files that have one `alpha` mean it for both.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// How tools are scored.
    pub simulation: Simulation,
    /// How scores become amounts.
    pub allocation: Limits,
}

/// How tools are scored.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Simulation {
    /// Damping of the ranking over package dependencies: the part of its credit that a project passes on. Near 1 the
    /// ranking may not settle in its 100 iterations, and is then refused.
    pub alpha_onchain: Share,
    /// Damping of the ranking over developers.
    pub alpha_devtooling: Share,
    /// Weight of each metric of on-chain projects, by its column; a column that the epoch does not have is ignored.
    pub onchain_project_pretrust_weights: BTreeMap<String, Factor>,
    /// Weight of each metric of tools, by its column. Two are counted from the graph: `num_package_connections`
    /// and `num_developer_connections`. A column that the epoch does not have is ignored.
    pub devtooling_project_pretrust_weights: BTreeMap<String, Factor>,
    /// Half-life of each type of link, in years of 365 days before the newest link.
    pub link_type_time_decays: LinkTypes<Positive>,
    /// Weight of each of the two rankings: `package_dependency` and `developer_to_devtooling_project`. The third
    /// type has no ranking of its own, and its weight changes nothing.
    pub link_type_weights: LinkTypes<Factor>,
    /// Weight of a link by its event type, in upper or lower case. A link whose event type is not listed has
    /// weight 0: it passes no credit on, but counts as a connection, like one that is listed with 0.
    pub event_type_weights: BTreeMap<String, Factor>,
    /// Factor of the links into a tool by the tool's utility label; 1 for a tool without a label, or with one that
    /// is not listed.
    #[serde(default)]
    pub utility_weights: BTreeMap<String, Factor>,
    /// What makes a tool eligible: one of the two is enough.
    pub eligibility_thresholds: Thresholds,
}

/// One value for each type of link.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct LinkTypes<T> {
    /// An on-chain project depends on a package of a tool.
    pub package_dependency: T,
    /// A developer committed code to an on-chain project.
    pub onchain_project_to_developer: T,
    /// The same developer took part in a tool.
    pub developer_to_devtooling_project: T,
}

/// What makes a tool eligible.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Thresholds {
    /// At least so many distinct on-chain projects depend on its packages.
    pub num_projects_with_package_links: u32,
    /// At least so many distinct on-chain developers took part in it.
    pub num_onchain_developers_with_links: u32,
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
