//! How far the import of a history is.

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// How many commits are done.
    pub done: usize,
    /// Of how many, where that is known.
    pub total: Option<usize>,
}

/// The parts of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading commits.
    Commits,
    /// Comparing trees.
    Changes,
}
