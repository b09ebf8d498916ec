//! How far long work is, for people who wait.

/// How far a verification, an audit or an explanation is. It never becomes part of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// How much of it is done: settlements, trials or examples.
    pub done: usize,
    /// How much there is, as far as that is known; it can change.
    pub total: usize,
    /// How many epochs were settled for it so far.
    pub settled: usize,
}

/// A step of long work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The settlements of a ledger are checked.
    Verifying,
    /// The trials of an audit are made.
    Trying,
    /// The worst example of each property that an audit found broken is made small.
    Shrinking,
    /// An epoch is settled again without what a payee contributed.
    Explaining,
}

impl Progress {
    pub(crate) fn new(step: Step, done: usize, total: usize, settled: usize) -> Progress {
        Progress { step, done, total, settled }
    }
}
