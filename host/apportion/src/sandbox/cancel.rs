//! Ending runs from outside.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wasmtime::{Engine, EngineWeak};

use super::budget::Budget;

/// Ends runs from another thread: for a service that shuts down, a caller who left, a deadline.
///
/// Give it to an [`Engine`](crate::Engine::with_cancel) or a [`Policy`](crate::Policy::with_cancel), keep a clone, and
/// call [`Cancel::cancel`]. What runs under it then ends with [`HostError::Cancelled`](crate::HostError::Cancelled),
/// which says nothing about the policy, makes no receipt, and leaves a ledger as it was. It stays cancelled.
///
/// Where each run has its own limit there is [`Engine::with_run_time`](crate::Engine::with_run_time). The library reads no
/// clock: a deadline for several runs together is a thread, or a timer of the service's own, that cancels:
///
/// ```
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// use apportion::{Cancel, Charter, Engine, Epoch, History, settle};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let bytes = std::fs::read("../../policies/dist/equal.wasm")?;
/// # let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
/// let deadline = Cancel::new();
/// let engine = Engine::new()?.with_cancel(&deadline);
/// let (finished, timer) = mpsc::channel::<()>();
/// let late = deadline.clone();
/// std::thread::spawn(move || {
///     // Dropping `finished` ends the wait as well; then there is nothing left to cancel.
///     if timer.recv_timeout(Duration::from_secs(60)) == Err(mpsc::RecvTimeoutError::Timeout) {
///         late.cancel();
///     }
/// });
///
/// let policy = engine.admit(&bytes)?;
/// let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
/// let settlement = settle(&epoch, &charter, &[policy], &History::default())?;
/// drop(finished);
/// # assert_eq!(settlement.receipt.terms().retained, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Cancel(Arc<State>);

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    /// Where runs under this token may be. They are told by a signal to all of an engine's runs; the others go on.
    places: Mutex<Vec<(EngineWeak, Weak<Budget>)>>,
}

impl Cancel {
    /// Nothing is cancelled yet.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Ends every run under this token or a clone of it, and every one to come.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst); // whoever sees the signal below sees this as well
        for (engine, budget) in self.0.places.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
            }
            if let Some(budget) = budget.upgrade() {
                budget.wake();
            }
        }
    }

    /// Whether it was called.
    pub fn is_cancelled(&self) -> bool {
        fence(Ordering::SeqCst);
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// A run begins there.
    pub(super) fn reaches(&self, engine: &Engine, budget: &Arc<Budget>) {
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|(_, budget)| budget.strong_count() > 0);
        let known = places.iter().any(|(known, its)| {
            its.as_ptr() == Arc::as_ptr(budget)
                && known.upgrade().is_some_and(|known| Engine::same(&known, engine))
        });
        if !known {
            places.push((engine.weak(), Arc::downgrade(budget)));
        }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_cancelled() { "Cancel(cancelled)" } else { "Cancel" })
    }
}
