//! Compiling within a time, and a bound on how many compilers run at once, including those that were left behind.
//!
//! A compiler cannot be interrupted. One that takes too long is left to end by itself, and until then it takes a core
//! and memory. A stranger who sends slow components must not be able to pile up such compilers.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::cancel::Cancel;
use super::capacity::{Capacity, Waiting};
use crate::host_error::{HostError, Shortage};

/// The compiler recurses over its input, and so does the checking of parameters against a schema.
const COMPILE_STACK: usize = 16 << 20;
/// How often a caller that waits for a compiler checks whether it was cancelled.
const COMPILE_STEP: Duration = Duration::from_millis(50);
/// How many at once, for each core.
const EACH_CORE: usize = 2;

pub(super) struct Compilers {
    running: Arc<Capacity>,
    /// How long one may take, and how long another one may wait for its turn at most.
    time: Duration,
}

impl Compilers {
    pub(super) fn new(time: Duration, waiting: Waiting) -> Compilers {
        let most = EACH_CORE * thread::available_parallelism().map_or(1, usize::from);
        let waiting = Waiting { time: waiting.time.min(time), ..waiting };
        Compilers { running: Arc::new(Capacity::new(Shortage::Compilers, most as u64, waiting)), time }
    }

    /// Does `work` within the time for compiling, on a thread of its own: compiling needs more stack than an embedder may
    /// have left. Compiling schemas and checking parameters against them is such work too.
    ///
    /// If it takes too long or is cancelled, it is left to finish by itself and its result is dropped. The largest
    /// component, and the limits of schemas, bound how long that is; [`Compilers`] bounds how many there are.
    pub(super) fn compile<R: Send + 'static>(
        &self,
        cancel: Option<&Cancel>,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, HostError> {
        let place = self.running.take(1, cancel)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().name("compile".to_owned()).stack_size(COMPILE_STACK);
        let work = move || {
            let done = work();
            drop(place);
            sender.send(done)
        };
        thread.spawn(work).map_err(HostError::Thread)?;
        let mut left = self.time;
        loop {
            if cancel.is_some_and(Cancel::is_cancelled) {
                return Err(HostError::Cancelled);
            }
            let step = left.min(COMPILE_STEP);
            match receiver.recv_timeout(step) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Timeout) if left > step => left -= step,
                Err(RecvTimeoutError::Timeout) => return Err(HostError::CompileTime(self.time)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(HostError::Broken("the compiler panicked".to_owned()));
                }
            }
        }
    }

    /// Makes all who wait for their turn check whether they were cancelled.
    pub(super) fn wake(&self) {
        self.running.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: Waiting = Waiting { most: usize::MAX, time: Duration::MAX };

    fn compilers(time: Duration, waiting: Waiting) -> (Compilers, u64) {
        let compilers = Compilers::new(time, waiting);
        let most = compilers.running.total();
        (compilers, most)
    }

    #[test]
    fn only_so_many_run_and_one_that_ends_makes_room() {
        let (compilers, most) = compilers(Duration::from_secs(60), Waiting { most: 0, ..PATIENT });
        assert_eq!(most, (EACH_CORE * thread::available_parallelism().map_or(1, usize::from)) as u64);
        let mut running: Vec<_> = (0..most).map(|_| compilers.running.take(1, None).unwrap()).collect();
        let busy = compilers.compile(None, || ());
        assert!(matches!(busy, Err(HostError::Busy(Shortage::Compilers))), "{busy:?}");
        running.pop();
        compilers.compile(None, || ()).unwrap();
    }

    /// A caller waits for its turn as long as compiling may take and no longer, and is let go when cancelled.
    #[test]
    fn waiting_for_a_compiler_ends() {
        let (compilers, most) = compilers(Duration::from_millis(1), PATIENT);
        let _running: Vec<_> = (0..most).map(|_| compilers.running.take(1, None).unwrap()).collect();
        let late = compilers.compile(None, || ());
        assert!(matches!(late, Err(HostError::Busy(Shortage::Compilers))), "{late:?}");

        let (compilers, most) = self::compilers(Duration::MAX, PATIENT);
        let _running: Vec<_> = (0..most).map(|_| compilers.running.take(1, None).unwrap()).collect();
        let cancel = Cancel::new();
        thread::scope(|scope| {
            let waits = scope.spawn(|| compilers.compile(Some(&cancel), || ()));
            cancel.cancel();
            compilers.wake();
            assert!(matches!(waits.join().unwrap(), Err(HostError::Cancelled)));
        });
    }

    #[test]
    fn a_compiler_that_takes_too_long_or_panics_is_the_hosts_affair() {
        let (compilers, _) = compilers(Duration::from_millis(1), PATIENT);
        let (finish, finished) = mpsc::channel::<()>();
        let late = compilers.compile(None, move || finished.recv().is_ok());
        assert!(matches!(late, Err(HostError::CompileTime(_))), "{late:?}");
        drop(finish);
        let (compilers, _) = self::compilers(Duration::from_secs(60), PATIENT);
        let panicked = compilers.compile(None, || -> u8 { std::panic::resume_unwind(Box::new("a bug")) });
        assert!(matches!(panicked, Err(HostError::Broken(_))), "{panicked:?}");
    }
}
