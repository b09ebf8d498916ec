//! What WASI keeps during one run.

use apportion_core::canonical::Randomness;

/// What WASI keeps during a run. Nothing is allocated before the policy asks for something.
#[derive(Default)]
pub(crate) struct Wasi {
    /// Nanoseconds since the run began. Only waiting moves it, and waiting takes no time.
    pub(crate) clock: u64,
    /// For each stream and pollable that was handed out, by its number: when it is ready. Streams always are.
    pub(crate) ready_at: Vec<u64>,
    /// Numbers that were handed back, to be used again.
    pub(crate) free: Vec<u32>,
    pub(crate) random: Option<Randomness>,
    pub(crate) insecure: Option<Randomness>,
    pub(crate) seeds: Option<Randomness>,
}
