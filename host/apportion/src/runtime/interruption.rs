//! What may end a run that is under way: its caller's token, and the host's own limit on how long it may take.
//!
//! No clock is read: the thread that waits for a run waits for that long, and then signals it to end. A run that is ended
//! in one of these ways has no result, so that neither decides anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::Duration;

use wasmtime::{Engine, Store, UpdateDeadline};

use super::cancel::Cancel;
use crate::host_error::HostError;

/// Shared by a run and the thread that waits for it.
#[derive(Clone)]
pub(crate) struct Interruption {
    cancel: Option<Cancel>,
    run_time: Option<Duration>,
    is_late: Arc<AtomicBool>,
}

impl Interruption {
    pub(super) fn new(cancel: Option<Cancel>, run_time: Option<Duration>) -> Interruption {
        Interruption { cancel, run_time, is_late: Arc::default() }
    }

    /// Ends the run because its time is over, wherever it is. Other runs of the engine notice the signal and go on.
    pub(super) fn time_is_over(&self, engine: &Engine) {
        self.is_late.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst); // the run that sees the signal sees this as well
        engine.increment_epoch();
    }

    /// Whether the run is to end.
    fn check(&self) -> Result<(), HostError> {
        if self.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            return Err(HostError::Cancelled);
        }
        fence(Ordering::SeqCst);
        match self.run_time {
            Some(time) if self.is_late.load(Ordering::SeqCst) => Err(HostError::RunTime(time)),
            _ => Ok(()),
        }
    }

    /// Makes what runs in this store check, at every signal, whether it is to end. There is one signal for all runs of an
    /// engine; those that it is not meant for go on.
    pub(crate) fn listen<T>(&self, store: &mut Store<T>) -> Result<(), HostError> {
        if self.cancel.is_none() && self.run_time.is_none() {
            store.set_epoch_deadline(u64::MAX / 2); // never
            return Ok(());
        }
        store.set_epoch_deadline(1);
        let listening = self.clone();
        store.epoch_deadline_callback(move |_| {
            listening.check().map_err(wasmtime::Error::new)?;
            Ok(UpdateDeadline::Continue(1))
        });
        self.check() // a signal before the callback was set was not heard
    }
}
