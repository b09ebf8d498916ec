//! The host's own limit on how long one run may take.
//!
//! No clock is read: whoever waits for a run waits for so long, and then signals it to end. A run that is ended this way
//! has no result, so that time decides nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::Duration;

use wasmtime::Engine;

/// A run's time limit, shared by the run and whoever waits for it.
#[derive(Clone)]
pub(super) struct Deadline {
    time: Duration,
    passed: Arc<AtomicBool>,
}

/// What ends a run that is over its time.
#[derive(Debug, thiserror::Error)]
#[error("the run took longer than {} seconds", .0.as_secs_f32())]
pub(super) struct Late(pub(super) Duration);

impl Deadline {
    pub(super) fn new(time: Duration) -> Deadline {
        Deadline { time, passed: Arc::default() }
    }

    pub(super) fn time(&self) -> Duration {
        self.time
    }

    /// Ends the run, wherever it is. Other runs of the engine notice the signal and go on.
    pub(super) fn pass(&self, engine: &Engine) {
        self.passed.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst); // the run that sees the signal sees this as well
        engine.increment_epoch();
    }

    /// Whether the time is over.
    pub(super) fn check(&self) -> Result<(), Late> {
        fence(Ordering::SeqCst);
        if self.passed.load(Ordering::SeqCst) { Err(Late(self.time)) } else { Ok(()) }
    }
}
