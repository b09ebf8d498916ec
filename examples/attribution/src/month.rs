//! The months of the year, in the forms that people have.

use crate::graph::{Graph, Owners};
use crate::tables::{self, Files};
use crate::year::{self, Happened};

/// The seed of the year that is shown on the page.
pub const SEED: u64 = 8;

/// The charter of those who hold that what was used earns.
pub const LINEAGE: &str = include_str!("../lineage.toml");
/// The charter of those who hold that what moved an answer earns.
pub const INFLUENCE: &str = include_str!("../influence.toml");

/// The payee that stands for the data set that is withdrawn when month 7 begins.
pub const WITHDRAWN: &str = "harbour-archive";

/// One of the twelve months.
#[derive(Clone)]
pub struct Month(Happened);

/// The twelve months of a seed.
pub fn year(seed: u64) -> Vec<Month> {
    year::year(seed).into_iter().map(Month).collect()
}

impl Month {
    /// From 1.
    pub fn number(&self) -> u32 {
        self.0.month
    }

    /// How many answers were given.
    pub fn answers(&self) -> usize {
        self.0.answers.len()
    }

    /// How many answers reused a search that was made for another.
    pub fn reused(&self) -> usize {
        self.0.answers.iter().filter(|answer| matches!(answer.search, year::Search::Of { .. })).count()
    }

    /// The month in the forms that people have: a document of provenance, traces, small tables.
    pub fn forms(&self) -> Files {
        tables::forms(&self.0, &Graph::of(&self.0, Owners::People))
    }

    /// The month as three tables and their description.
    pub fn tables(&self, owners: Owners) -> Files {
        tables::flat(&self.0, &Graph::of(&self.0, owners))
    }
}
