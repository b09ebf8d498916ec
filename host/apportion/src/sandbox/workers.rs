//! Threads with a stack that is large enough for any policy, kept for the next run: starting one costs more than running
//! a small policy.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::host_error::HostError;

use super::RUN_STACK;

/// How often work that is late is signalled to end, in case it missed the signal.
const SIGNAL_STEP: Duration = Duration::from_millis(100);

type Job = Box<dyn FnOnce() + Send>;

/// Cloning shares the threads; they end with the last clone.
#[derive(Clone, Default)]
pub(crate) struct Workers(Arc<Mutex<Vec<SyncSender<Job>>>>);

impl Workers {
    /// Does `work` on a thread of ours and waits for it, so that how much stack the caller has left changes no verdict.
    pub(super) fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, HostError> {
        self.run_with(work, |result| result.recv().ok())
    }

    /// The same, and calls `late` if it takes longer than `time`: that must make the work end, which is then waited for.
    pub(super) fn run_within<R: Send + 'static>(
        &self,
        time: Duration,
        work: impl FnOnce() -> R + Send + 'static,
        late: impl Fn(),
    ) -> Result<R, HostError> {
        self.run_with(work, |result| {
            let mut left = time;
            loop {
                match result.recv_timeout(left) {
                    Ok(result) => return Some(result),
                    Err(RecvTimeoutError::Disconnected) => return None,
                    Err(RecvTimeoutError::Timeout) => late(),
                }
                left = SIGNAL_STEP;
            }
        })
    }

    fn run_with<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
        wait: impl FnOnce(&Receiver<R>) -> Option<R>,
    ) -> Result<R, HostError> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let worker = idle.map_or_else(start, Ok)?;
        let (done, result) = sync_channel(1);
        let job: Job = Box::new(move || {
            let _ = done.send(work()); // whoever asked is waiting
        });
        worker.send(job).map_err(|_| HostError::Broken("a thread for runs has ended".to_owned()))?;
        let result = wait(&result).ok_or_else(|| HostError::Broken("a run panicked".to_owned()))?;
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // More than one a core are never busy for long, and each may hold on to a whole stack.
        if idle.len() < thread::available_parallelism().map_or(1, usize::from) {
            idle.push(worker);
        }
        Ok(result)
    }
}

fn start() -> Result<SyncSender<Job>, HostError> {
    let (worker, jobs) = sync_channel::<Job>(1);
    let thread = thread::Builder::new().name("policy".to_owned()).stack_size(RUN_STACK);
    let work = move || jobs.into_iter().for_each(|job| job());
    thread.spawn(work).map_err(HostError::Thread)?;
    Ok(worker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_and_the_next_run_has_a_thread() {
        let workers = Workers::default();
        let panicked = workers.run(|| -> u8 { std::panic::resume_unwind(Box::new("a bug")) });
        assert!(matches!(panicked, Err(HostError::Broken(_))));
        assert_eq!(workers.run(|| 7).unwrap(), 7);
        let first = workers.run(|| thread::current().id()).unwrap();
        assert_eq!(workers.run(|| thread::current().id()).unwrap(), first);
    }
}
