//! Threads with a stack that is large enough for any policy, kept for the next run: starting one costs more than running
//! a small policy.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::fault::HostError;

use super::RUN_STACK;

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
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let worker = idle.map_or_else(start, Ok)?;
        let (done, result) = sync_channel(1);
        let job: Job = Box::new(move || {
            let _ = done.send(work()); // whoever asked is waiting
        });
        let panicked = |_| HostError::Broken("a run panicked".to_owned());
        worker.send(job).map_err(|_| HostError::Broken("a thread for runs has ended".to_owned()))?;
        let result = result.recv().map_err(panicked)?;
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
