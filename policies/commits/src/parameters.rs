//! What counts, and how much.

use std::collections::BTreeMap;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::{Deserialize, Serialize};
use apportion_guest::{Factor, Share};

/// What a commit counts, for whom, and the limits of what it is worth. Without any, everything has its default.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", default, deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Parameters {
    /// What a commit's size is: the files it changes, the lines it adds and removes, or 1 for every commit.
    pub size: Size,
    /// A commit counts as no larger than this, so that moved folders and generated files do not count in full.
    pub max_size: Factor,
    /// The size of a merge. What it brings was counted with the commits that it brings.
    pub merge_size: Factor,
    /// What somebody's part in a commit counts, by kind of edge. The sizes are shared among `authored-by` and
    /// `co-authored-by` in proportion to these factors; for every other kind the factor times the size is added for
    /// that person. Kinds given here replace or join the usual ones, and 0 takes one away: authors 1, `reviewed-by` 0.5,
    /// `acked-by`, `committed-by`, `helped-by`, `mentored-by`, `reported-by`, `suggested-by` and `tested-by` 0.25.
    pub roles: BTreeMap<String, Factor>,
    /// What is put together before it is scaled: all that a person does in a day (UTC), or every commit by itself.
    pub period: Period,
    /// What the sizes that were put together are worth.
    pub scale: Scale,
    /// No payee gets more than this part of the pool; what is above goes to the others in proportion to their points.
    pub max_share: Option<Share>,
    /// Payees that would get less are not paid, in whole units of the asset; what they leave goes to the others.
    pub min_amount: Factor,
}

/// What a commit's size is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Size {
    /// The files it changes.
    #[default]
    Files,
    /// The lines it adds and removes.
    Lines,
    /// 1.
    Commits,
}

/// What is put together before it is scaled.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Period {
    /// All that a person does in a day.
    #[default]
    Day,
    /// Every commit by itself.
    Commit,
}

/// What sizes are worth.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Scale {
    /// 1 for 1, 2 for 3, 3 for 7, 10 for 1023: the logarithm of 1 more, to the base 2.
    #[default]
    Logarithm,
    /// 1 for 1, 2 for 4, 3 for 9.
    SquareRoot,
    /// The sizes themselves.
    Linear,
}

/// The usual roles: who wrote shares the whole; who looked, tried or helped gets a part beside.
const ROLES: [(&str, f64); 11] = [
    ("acked-by", 0.25),
    ("authored-by", 1.0),
    ("co-authored-by", 1.0),
    ("co-developed-by", 1.0),
    ("committed-by", 0.25),
    ("helped-by", 0.25),
    ("mentored-by", 0.25),
    ("reported-by", 0.25),
    ("reviewed-by", 0.5),
    ("suggested-by", 0.25),
    ("tested-by", 0.25),
];

impl Default for Parameters {
    fn default() -> Self {
        let factor = |number| Factor::new(number).unwrap_or_default();
        Self {
            size: Size::default(),
            max_size: factor(100.0),
            merge_size: factor(1.0),
            roles: BTreeMap::new(),
            period: Period::default(),
            scale: Scale::default(),
            max_share: None,
            min_amount: Factor::default(),
        }
    }
}

impl Parameters {
    /// What a kind of edge counts; 0 for one that is no role.
    pub(crate) fn role(&self, kind: &str) -> f64 {
        let usual = || ROLES.iter().find(|(role, _)| *role == kind).map_or(0.0, |(_, factor)| *factor);
        self.roles.get(kind).map_or_else(usual, |factor| factor.get())
    }
}
