//! A bound on how many compilers run at once, those that were left behind among them.
//!
//! A compiler cannot be interrupted. One that takes too long is left to end by itself, and until then it takes a core
//! and memory: whoever sends slow components must not be able to heap such compilers up.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

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
