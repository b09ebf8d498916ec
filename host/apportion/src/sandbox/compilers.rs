//! A bound on how many compilers run at once, those that were left behind among them.
//!
//! A compiler cannot be interrupted. One that takes too long is left to end by itself, and until then it takes a core
//! and memory: whoever sends slow components must not be able to heap such compilers up.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Runtime;
use crate::host_error::HostError;

/// The compiler recurses over its input, and so does the checking of parameters against a schema.
const COMPILE_STACK: usize = 16 << 20;
/// How often it is checked whether compiling was cancelled.
const COMPILE_STEP: Duration = Duration::from_millis(50);

/// How many at once, for each core.
const EACH_CORE: usize = 2;

#[derive(Clone, Default)]
pub(crate) struct Compilers(Arc<Running>);

#[derive(Default)]
struct Running {
    count: Mutex<usize>,
    ended: Condvar,
}

/// Leave to run one compiler, for as long as this is kept.
pub(super) struct Leave(Arc<Running>);

/// Does `work` within the engine's time for compiling, on a thread of its own: compiling needs more stack than an
/// embedder may have left. Compiling schemas and checking parameters against them is such work too.
///
/// Such work cannot be interrupted. If it takes too long or is cancelled, it is left to finish by itself and its result
/// is dropped. The largest component, and the limits of schemas, bound how long that is; [`Compilers`] bounds how many.
pub(crate) fn compile<R: Send + 'static>(
    runtime: &Runtime,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, HostError> {
    let time = runtime.compile_time;
    let leave = leave_to_compile(runtime)?;
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("compile".to_owned()).stack_size(COMPILE_STACK);
    let work = move || {
        let done = work();
        drop(leave);
        sender.send(done)
    };
    thread.spawn(work).map_err(HostError::Thread)?;
    let mut left = time;
    loop {
        runtime.check_cancelled()?;
        let step = left.min(COMPILE_STEP);
        match receiver.recv_timeout(step) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) if left > step => left -= step,
            Err(RecvTimeoutError::Timeout) => return Err(HostError::CompileTime(time)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(HostError::Broken("the compiler panicked".to_owned()));
            }
        }
    }
}

/// Waits until one more compiler may run, for as long as compiling may take.
fn leave_to_compile(runtime: &Runtime) -> Result<Leave, HostError> {
    let mut left = runtime.compile_time;
    loop {
        runtime.check_cancelled()?;
        let step = left.min(COMPILE_STEP);
        match runtime.compilers.begin(step) {
            Some(leave) => return Ok(leave),
            None if left > step => left -= step,
            None => return Err(HostError::CompileTime(runtime.compile_time)),
        }
    }
}

impl Compilers {
    /// Waits up to a time for leave to run one more.
    pub(super) fn begin(&self, time: Duration) -> Option<Leave> {
        let most = EACH_CORE * thread::available_parallelism().map_or(1, usize::from);
        let count = self.0.count.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.ended.wait_timeout_while(count, time, |count| *count >= most);
        let (mut count, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (*count < most).then(|| {
            *count += 1;
            Leave(Arc::clone(&self.0))
        })
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        *self.0.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_run_and_one_that_ends_makes_room() {
        let compilers = Compilers::default();
        let mut running = Vec::new();
        while let Some(leave) = compilers.begin(Duration::ZERO) {
            running.push(leave);
        }
        assert_eq!(running.len(), EACH_CORE * thread::available_parallelism().map_or(1, usize::from));
        running.pop();
        assert!(compilers.begin(Duration::ZERO).is_some());
    }
}
