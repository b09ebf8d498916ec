//! How a task ended.

/// How a task ended that did not fail.
pub enum Outcome {
    /// What it checks holds, and what it writes is written.
    Done,
    /// Why it could not be run.
    Skipped(String),
}
