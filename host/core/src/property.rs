//! The properties by name: what each says, and where it comes from.

use serde::{Deserialize, Serialize};

/// What a rule is tested for. The names are stable: cards carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// Nothing is left over.
    Efficiency,
    /// Equal contributions get equal amounts.
    Symmetry,
    /// Who contributes nothing gets nothing.
    NullPlayer,
    /// Names do not matter.
    Anonymity,
    /// Who contributes more does not get less.
    Monotonicity,
    /// Units do not matter.
    ScaleInvariance,
    /// Two epochs together give what they give apart.
    Additivity,
    /// From a larger pool nobody gets less.
    ResourceMonotonicity,
    /// When somebody joins, nobody else gets more.
    PopulationMonotonicity,
    /// A tiny change moves amounts by little.
    Continuity,
    /// One more unit in a small pool takes nothing from anyone: of the engine's rounding, not of the rule.
    HouseMonotonicity,
    /// Nobody gains by several identities.
    Splitting,
    /// Nobody gains by supporters with several identities.
    SupporterSplitting,
    /// No two gain by appearing as one.
    Merging,
    /// No ring gains by made-up edges to one another.
    CollusionRing,
    /// Nobody gains by made-up edges between its own nodes.
    SelfDealing,
    /// Nobody gains by nodes that nobody relies on.
    Spam,
    /// Nobody gains by other dates.
    Backdating,
    /// Nobody gains by keeping something back.
    Withholding,
}

impl Property {
    /// All of them: the axioms, what is the rounding's, then the attacks.
    pub const ALL: [Property; 19] = [
        Property::Efficiency,
        Property::Symmetry,
        Property::NullPlayer,
        Property::Anonymity,
        Property::Monotonicity,
        Property::ScaleInvariance,
        Property::Additivity,
        Property::ResourceMonotonicity,
        Property::PopulationMonotonicity,
        Property::Continuity,
        Property::HouseMonotonicity,
        Property::Splitting,
        Property::SupporterSplitting,
        Property::Merging,
        Property::CollusionRing,
        Property::SelfDealing,
        Property::Spam,
        Property::Backdating,
        Property::Withholding,
    ];

    /// The name as cards spell it: `null-player`.
    pub fn as_str(self) -> &'static str {
        match self {
            Property::Efficiency => "efficiency",
            Property::Symmetry => "symmetry",
            Property::NullPlayer => "null-player",
            Property::Anonymity => "anonymity",
            Property::Monotonicity => "monotonicity",
            Property::ScaleInvariance => "scale-invariance",
            Property::Additivity => "additivity",
            Property::ResourceMonotonicity => "resource-monotonicity",
            Property::PopulationMonotonicity => "population-monotonicity",
            Property::Continuity => "continuity",
            Property::HouseMonotonicity => "house-monotonicity",
            Property::Splitting => "splitting",
            Property::SupporterSplitting => "supporter-splitting",
            Property::Merging => "merging",
            Property::CollusionRing => "collusion-ring",
            Property::SelfDealing => "self-dealing",
            Property::Spam => "spam",
            Property::Backdating => "backdating",
            Property::Withholding => "withholding",
        }
    }

    /// What holds where it holds, in a few plain words.
    pub fn claim(self) -> &'static str {
        match self {
            Property::Efficiency => "nothing of the pool is left over",
            Property::Symmetry => "equal contributions get equal amounts",
            Property::NullPlayer => "who contributes nothing gets nothing",
            Property::Anonymity => "names do not matter",
            Property::Monotonicity => "who contributes more does not get less",
            Property::ScaleInvariance => "units do not matter",
            Property::Additivity => "two epochs together give what they give apart",
            Property::ResourceMonotonicity => "from a larger pool nobody gets less",
            Property::PopulationMonotonicity => "when somebody joins, nobody else gets more",
            Property::Continuity => "a tiny change makes no jump",
            Property::HouseMonotonicity => {
                "rounding: one more unit in a small pool takes nothing from anyone"
            }
            Property::Splitting => "nobody gains by several identities",
            Property::SupporterSplitting => "nobody gains by supporters with several identities",
            Property::Merging => "no two gain by appearing as one",
            Property::CollusionRing => "no ring gains by made-up edges to one another",
            Property::SelfDealing => "nobody gains by made-up edges of its own",
            Property::Spam => "nobody gains by nodes that nobody relies on",
            Property::Backdating => "nobody gains by other dates",
            Property::Withholding => "nobody gains by keeping something back",
        }
    }

    /// What is so where it fails, in a few plain words.
    pub fn breach(self) -> &'static str {
        match self {
            Property::Efficiency => "a part of the pool is left over",
            Property::Symmetry => "equal contributions get different amounts",
            Property::NullPlayer => "who contributes nothing is paid",
            Property::Anonymity => "names matter",
            Property::Monotonicity => "who contributes more gets less",
            Property::ScaleInvariance => "units matter",
            Property::Additivity => "two epochs together do not give what they give apart",
            Property::ResourceMonotonicity => "from a larger pool somebody gets less",
            Property::PopulationMonotonicity => "when somebody joins, somebody else gets more",
            Property::Continuity => "a tiny change makes a jump",
            Property::HouseMonotonicity => {
                "of a small pool with one more unit somebody gets a unit less, by the rounding and not by the rule"
            }
            Property::Splitting => "a payee gains by several identities",
            Property::SupporterSplitting => "a payee gains by supporters with several identities",
            Property::Merging => "two gain by appearing as one",
            Property::CollusionRing => "a ring gains by made-up edges to one another",
            Property::SelfDealing => "a payee gains by made-up edges of its own",
            Property::Spam => "a payee gains by nodes that nobody relies on",
            Property::Backdating => "a payee gains by other dates",
            Property::Withholding => "a payee gains by keeping something back",
        }
    }

    /// Whether a breach is somebody's gain, who can bring it about.
    pub fn is_attack(self) -> bool {
        self >= Property::Splitting
    }

    /// Whether it is a property of how the engine rounds a rule's weights to whole base units, and not of the rule.
    pub fn is_of_rounding(self) -> bool {
        self == Property::HouseMonotonicity
    }

    /// Where the property comes from; empty where it is a matter of course.
    pub fn source(self) -> &'static str {
        match self {
            Property::Efficiency | Property::Symmetry | Property::NullPlayer | Property::Additivity => {
                "L. Shapley, A Value for n-Person Games, 1953"
            }
            Property::Anonymity => "H. Moulin, Axioms of Cooperative Decision Making, 1988",
            Property::Monotonicity => "H. P. Young, Monotonic Solutions of Cooperative Games, 1985",
            Property::ScaleInvariance | Property::Continuity => {
                "W. Thomson, Axiomatic and Game-Theoretic Analysis of Bankruptcy and Taxation Problems, 2003"
            }
            Property::HouseMonotonicity => {
                "M. L. Balinski, H. P. Young, Fair Representation, 1982: house monotonicity and the Alabama paradox"
            }
            Property::ResourceMonotonicity => {
                "H. Moulin, W. Thomson, Can Everyone Benefit from Growth?, 1988"
            }
            Property::PopulationMonotonicity => {
                "W. Thomson, The Fair Division of a Fixed Supply Among a Growing Population, 1983"
            }
            Property::Splitting | Property::Merging => {
                "B. O'Neill, A Problem of Rights Arbitration from the Talmud, 1982; J. Douceur, The Sybil Attack, 2002"
            }
            Property::SupporterSplitting => {
                "V. Buterin, Z. Hitzig, E. G. Weyl, A Flexible Design for Funding Public Goods, 2019, section 5"
            }
            Property::CollusionRing | Property::SelfDealing => {
                "Z. Gyongyi, H. Garcia-Molina, Link Spam Alliances, 2005"
            }
            Property::Withholding => {
                "K. Avrachenkov, N. Litvak, The Effect of New Links on Google PageRank, 2006"
            }
            Property::Spam | Property::Backdating => "",
        }
    }
}

impl std::fmt::Display for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
