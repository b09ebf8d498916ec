use std::collections::BTreeMap;
use std::num::NonZeroU32;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Refusal, Share};

/// The most players whose coalitions are enumerated: 2^20 of them.
pub const MOST_PLAYERS: u32 = 20;

/// The most steps of enumerating (nodes and edges, times coalitions), of sampling (nodes, edges and players, times orders) and of
/// sorting neighbours. They fit into the instructions that a charter grants by default.
pub const MOST_STEPS: u64 = 1 << 30;

/// Which game is played, by whom, and how its values are found.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// What a coalition is worth.
    pub game: Game,
    /// Who joins a coalition: a payee with all its nodes, or each node alone, whose value goes to its payee. The games
    /// `improvements` and `nearest_neighbours` are always played by nodes.
    #[serde(default)]
    pub players: Players,
    /// What becomes of a value below 0.
    #[serde(default)]
    pub negative: Negative,
    /// Coalitions of up to so many players are enumerated. In `reachability` that counts, for each outcome alone, the
    /// players that it depends on.
    #[schemars(range(max = 20))]
    #[serde(default = "most_players")]
    pub exact_up_to: u32,
    /// How values are estimated where there are more players than that; without it there is no answer then.
    #[serde(default)]
    pub sampling: Option<Sampling>,
}

impl Parameters {
    /// The ranges that the schema says, for who runs the policy without it.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.exact_up_to > MOST_PLAYERS {
            let sentence = format!("`exact_up_to` is {}: at most {MOST_PLAYERS}", self.exact_up_to);
            return Err(Refusal::BadParameters(sentence));
        }
        match self.sampling {
            Some(Sampling { permutations, .. }) if !(2..=1_000_000).contains(&permutations) => {
                Err(Refusal::BadParameters(format!("`permutations` is {permutations}: from 2 to 1000000")))
            }
            _ => Ok(()),
        }
    }
}

const fn most_players() -> u32 {
    MOST_PLAYERS
}

/// What a coalition is worth.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Game {
    /// The outcomes that at least one of its nodes covers.
    Coverage(Coverage),
    /// The outcomes that its nodes fulfil, from what they rely on upwards.
    Reachability(Reachability),
    /// What was measured of it: a node for each evaluated coalition.
    Evaluations(Evaluations),
    /// What its contributions improved when they were added, measured before and after.
    Improvements(Improvements),
    /// How well its labelled points classify test points by their nearest neighbours.
    NearestNeighbours(NearestNeighbours),
}

/// Outcomes that are covered by what they rely on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Coverage {
    /// The kinds of nodes that are outcomes.
    pub outcomes: Vec<String>,
    /// The node metric that says what an outcome is worth; without it the node's weight does.
    #[serde(default)]
    pub worth: Option<String>,
    /// The kinds of edges that lead from an outcome to what covers it; without the list all kinds.
    #[serde(default)]
    pub edge_kinds: Option<Vec<String>>,
}

/// Outcomes that are fulfilled by what they rely on, directly or along a path.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Reachability {
    /// The kinds of nodes that are outcomes.
    pub outcomes: Vec<String>,
    /// The node metric that says what an outcome is worth; without it the node's weight does.
    #[serde(default)]
    pub worth: Option<String>,
    /// The kinds of edges along which a node relies on others; without the list all kinds.
    #[serde(default)]
    pub edge_kinds: Option<Vec<String>>,
    /// How much of what a node relies on it needs, by kind of node; `any` for a kind that is not listed.
    #[serde(default)]
    pub needs: BTreeMap<String, Need>,
}

/// How much of what a node relies on it needs. A node that relies on nothing needs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "snake_case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Need {
    /// At least one.
    #[default]
    Any,
    /// Every one.
    All,
    /// More than this part of the weight of its edges, from 0 to less than 1.
    MoreThan(Share),
}

/// Coalitions that were evaluated: an edge leads from each evaluation to every member's node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Evaluations {
    /// The kinds of nodes that are evaluations.
    pub kinds: Vec<String>,
    /// The node metric that says how well the coalition did. Higher is better.
    pub score: String,
    /// The node metric that says the score's standard error.
    #[serde(default)]
    pub standard_error: Option<String>,
    /// The kinds of edges that lead to members; without the list all kinds.
    #[serde(default)]
    pub edge_kinds: Option<Vec<String>>,
    /// What a coalition is worth that was not evaluated.
    #[serde(default)]
    pub missing: Missing,
    /// What several evaluations of one coalition mean.
    #[serde(default)]
    pub repeated: Repeated,
}

/// What a coalition is worth that was not evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "snake_case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Missing {
    /// Nobody knows: there is no answer.
    #[default]
    Refused,
    /// As much as the best of its evaluated parts, the empty one among them.
    BestPart,
}

/// What several evaluations of one coalition mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "snake_case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Repeated {
    /// A mistake: there is no answer.
    #[default]
    Refused,
    /// Repeated measurements, of which the mean counts.
    Mean,
}

/// Contributions measured one after the other, as they were added.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Improvements {
    /// The kinds of nodes that are measured contributions.
    pub kinds: Vec<String>,
    /// The node metric that says how well the model did with the contribution. Higher is better.
    pub after: String,
    /// The node metric that says how well it did just before. Without it that is what it did after the contribution
    /// before, by the nodes' times.
    #[serde(default)]
    pub before: Option<String>,
    /// How well the model did before the first contribution, where there is no metric `before`.
    #[serde(default)]
    pub start: f64,
    /// The node label that says in which run a contribution was measured. Every run adds the same payees'
    /// contributions, each in an order of its own, and the mean over the runs counts.
    #[serde(default)]
    pub run: Option<String>,
    /// The node metric that says the standard error of the improvement, or of the score `after` where there is no metric
    /// `before`. With several runs their scatter says it instead.
    #[serde(default)]
    pub standard_error: Option<String>,
}

/// Labelled points that classify test points.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct NearestNeighbours {
    /// The kinds of nodes that are data points.
    pub points: Vec<String>,
    /// The kinds of nodes that are test points; the node's weight says how much one counts.
    pub tests: Vec<String>,
    /// The node label that says a point's class.
    pub label: String,
    /// How many neighbours vote.
    pub neighbours: NonZeroU32,
    /// How far a data point is from a test point.
    pub distance: Distance,
}

/// How far a data point is from a test point.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Distance {
    /// Euclidean, over these node metrics.
    Features(Vec<String>),
    /// This edge metric of the edges from a test point to data points. A point without an edge is no neighbour.
    Edges(String),
}

/// Who joins a coalition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "snake_case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Players {
    /// A payee, with all its nodes at once.
    #[default]
    Payees,
    /// A node, alone.
    Nodes,
}

/// What becomes of a value below 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "snake_case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Negative {
    /// It counts as 0, and the others share the pool in proportion to their values.
    #[default]
    Nothing,
    /// It counts as 0, and the treasury keeps a share as large as the harm.
    Retained,
    /// There is no answer.
    Refused,
}

/// How values are estimated: in the mean over random orders in which the players join.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Sampling {
    /// How many orders are drawn.
    #[schemars(range(min = 2, max = 1_000_000))]
    #[serde(default = "permutations")]
    pub permutations: u32,
    /// An order is left once what its players still could add is at most this part of what all are worth.
    #[serde(default)]
    pub truncation: Share,
    /// How probable it is, over the seeds, that all payees' true values lie in their intervals; below 1.
    #[serde(default = "confidence")]
    pub confidence: Share,
}

const fn permutations() -> u32 {
    1_000
}

fn confidence() -> Share {
    Share::new(0.95).unwrap_or_default()
}
