//! Ending runs from outside.

use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Ends runs from another thread: because a service shuts down, a caller left, or a deadline passed.
///
/// Give it to an [`Engine`](crate::Engine::with_cancel) or a [`Policy`](crate::Policy::with_cancel), keep a clone, and
/// call [`Cancel::cancel`]. Everything that runs or waits under it then ends with
/// [`HostError::Cancelled`](crate::engine::HostError::Cancelled), which says nothing about the policy, makes no receipt, and
/// leaves a ledger as it was. A token that was cancelled stays cancelled.
///
/// To limit each run on its own, use [`Engine::with_run_time`](crate::Engine::with_run_time). The library reads no
/// clock, so a deadline for several runs together is a thread, or a timer of the service, that cancels:
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
    /// Where work under this token may run or wait.
    places: Mutex<Vec<Weak<dyn Interrupt>>>,
}

/// A place where work runs or waits, of one token or of several.
pub(crate) trait Interrupt: Send + Sync {
    /// Makes all work in this place check whether it was cancelled. The rest of it goes on.
    fn interrupt(&self);
}

impl Cancel {
    /// A token that is not cancelled yet.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Ends all work under this token or a clone of it, now and in future.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst); // work that sees the interrupt below sees this as well
        for place in self.0.places.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(place) = place.upgrade() {
                place.interrupt();
            }
        }
    }

    /// Whether [`Cancel::cancel`] was called on this token or a clone of it.
    pub fn is_cancelled(&self) -> bool {
        fence(Ordering::SeqCst);
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// From now on work under this token may run or wait in this place.
    pub(crate) fn watch<P: Interrupt + 'static>(&self, place: &Arc<P>) {
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|known| known.strong_count() > 0);
        if !places.iter().any(|known| ptr::addr_eq(known.as_ptr(), Arc::as_ptr(place))) {
            let place: Weak<P> = Arc::downgrade(place);
            places.push(place);
        }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_cancelled() { "Cancel(cancelled)" } else { "Cancel" })
    }
}
