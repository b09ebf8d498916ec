//! What a programme may set.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::{Deserialize, Serialize};
use apportion_guest::{Factor, Positive, Refusal, Share};

/// Who is a participant, how cred flows, and how the pool is divided by it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// The kinds of nodes that are people. All such nodes of one payee are one participant; one that nobody owns is a
    /// participant that cannot be paid. Payees without such a node are participants too.
    #[serde(default)]
    pub participant_kinds: Vec<String>,
    /// What the weight of a node is multiplied by to give the cred it mints, by kind; 1 for kinds that are not listed.
    #[serde(default)]
    pub node_kinds: BTreeMap<String, Factor>,
    /// What the weights of an edge are multiplied by, by kind; 1 and 1 for kinds that are not listed. The weight
    /// backwards is the edge metric `backwards`, or the edge's weight if the epoch has no such metric.
    #[serde(default)]
    pub edge_kinds: BTreeMap<String, Flow>,
    /// The weights between an owner and each node it owns that is no person: forwards from the owner to the node.
    #[serde(default = "authorship")]
    pub authorship: Flow,
    /// The part of every node's cred that goes back to where cred is minted.
    #[serde(default = "tenth")]
    pub alpha: Share,
    /// The part of a participant's cred that is its score of the week.
    #[serde(default = "two_fifths")]
    pub beta: Share,
    /// The part of a participant's cred that goes to its next week.
    #[serde(default = "tenth")]
    pub gamma_forward: Share,
    /// The part of a participant's cred that goes to its week before.
    #[serde(default = "tenth")]
    pub gamma_backward: Share,
    /// A step that changes no score by this much is the last; scores of one step sum to 1.
    #[serde(default = "tolerance")]
    pub tolerance: Positive,
    /// The most steps: without settling by then there is no answer.
    #[serde(default = "max_iterations")]
    pub max_iterations: u32,
    /// Take cred as given instead of computing it: each node of this kind is cred, its weight, of its payee in the
    /// week of its time. Nothing that is said above is used then.
    #[serde(default)]
    pub given_cred: Option<String>,
    /// The node metric that orders the payees, each by the smallest value above 0 among its nodes; without it they stand
    /// in the order of their ids. Divisions depend on the order by some base units.
    #[serde(default)]
    pub order: Option<String>,
    /// How the pool is divided: each policy divides its portion.
    #[serde(default = "balanced")]
    #[schemars(length(min = 1, max = 16))]
    pub allocations: Vec<Rule>,
}

/// What flows along an edge in either direction.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Flow {
    /// From source to target.
    pub forwards: Factor,
    /// From target to source.
    pub backwards: Factor,
}

/// A grain policy with its portion of the pool, in relation to the others'.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(crate = "apportion_guest::serde", tag = "policy", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Rule {
    /// In proportion to the cred of the last complete weeks.
    Immediate {
        /// In relation to the others'.
        #[serde(default = "one")]
        portion: NonZeroU64,
        /// How many.
        #[serde(default = "one_week")]
        #[schemars(range(min = 1))]
        weeks: u32,
    },
    /// In proportion to the cred of all complete weeks, which counts for less the older it is.
    Recent {
        /// In relation to the others'.
        #[serde(default = "one")]
        portion: NonZeroU64,
        /// The part of cred that is lost with every week.
        discount: Share,
        /// Payees who get nothing of it.
        #[serde(default)]
        exclude: Vec<String>,
    },
    /// To those who earned less so far than their cred would give them, in proportion to what they are underpaid.
    Balanced {
        /// In relation to the others'.
        #[serde(default = "one")]
        portion: NonZeroU64,
        /// Of how many of the last complete weeks both cred and earnings count; 0: of all.
        #[serde(default)]
        #[schemars(range(max = 104))]
        weeks: u32,
    },
    /// Everything to one.
    Special {
        /// In relation to the others'.
        #[serde(default = "one")]
        portion: NonZeroU64,
        /// The payee.
        recipient: String,
    },
    /// What was paid in the past, as the epoch records it.
    Recorded {
        /// In relation to the others'.
        #[serde(default = "one")]
        portion: NonZeroU64,
        /// The node label that holds what the node's payee was paid, in base units.
        label: String,
    },
}

/// The parameters of the iteration, held against one another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rank {
    pub(crate) alpha: f64,
    pub(crate) beta: f64,
    pub(crate) gamma_forward: f64,
    pub(crate) gamma_backward: f64,
    /// What a participant spreads along edges.
    pub(crate) remainder: f64,
    pub(crate) tolerance: f64,
    pub(crate) max_iterations: u32,
}

impl Parameters {
    pub(crate) fn rank(&self) -> Result<Rank, Refusal> {
        let [alpha, beta, gamma_forward, gamma_backward] =
            [self.alpha, self.beta, self.gamma_forward, self.gamma_backward].map(Share::get);
        let remainder = 1.0 - (alpha + beta + gamma_forward + gamma_backward);
        if remainder < 0.0 {
            return Err(Refusal::BadParameters(format!(
                "`alpha`, `beta`, `gamma_forward` and `gamma_backward` sum to {}: more than 1",
                1.0 - remainder
            )));
        }
        let (tolerance, max_iterations) = (self.tolerance.get(), self.max_iterations);
        Ok(Rank { alpha, beta, gamma_forward, gamma_backward, remainder, tolerance, max_iterations })
    }

    /// The factor of what a node of a kind mints.
    pub(crate) fn minting(&self, kind: &str) -> f64 {
        self.node_kinds.get(kind).map_or(1.0, |factor| factor.get())
    }

    /// The factors of an edge's weights, forwards and backwards.
    pub(crate) fn flowing(&self, kind: &str) -> (f64, f64) {
        self.edge_kinds.get(kind).map_or((1.0, 1.0), |flow| (flow.forwards.get(), flow.backwards.get()))
    }
}

impl Rule {
    pub(crate) fn portion(&self) -> NonZeroU64 {
        match self {
            Self::Immediate { portion, .. }
            | Self::Recent { portion, .. }
            | Self::Balanced { portion, .. }
            | Self::Special { portion, .. }
            | Self::Recorded { portion, .. } => *portion,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Immediate { .. } => "immediate",
            Self::Recent { .. } => "recent",
            Self::Balanced { .. } => "balanced",
            Self::Special { .. } => "special",
            Self::Recorded { .. } => "recorded",
        }
    }

    pub(crate) fn needs_cred(&self) -> bool {
        matches!(self, Self::Immediate { .. } | Self::Recent { .. } | Self::Balanced { .. })
    }
}

fn tenth() -> Share {
    Share::new(0.1).unwrap_or_default()
}

fn two_fifths() -> Share {
    Share::new(0.4).unwrap_or_default()
}

#[expect(clippy::expect_used, reason = "a constant above 0")]
fn tolerance() -> Positive {
    Positive::new(1e-7).expect("above 0")
}

fn authorship() -> Flow {
    let factor = |number| Factor::new(number).unwrap_or_default();
    Flow { forwards: factor(0.5), backwards: factor(1.0) }
}

fn max_iterations() -> u32 {
    255
}

fn one() -> NonZeroU64 {
    NonZeroU64::MIN
}

fn one_week() -> u32 {
    1
}

fn balanced() -> Vec<Rule> {
    vec![Rule::Balanced { portion: one(), weeks: 0 }]
}
