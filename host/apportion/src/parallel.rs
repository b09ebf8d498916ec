//! Work on all cores, its results taken in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Does `work` for 0 to `count` on all cores and hands the results to `each`, in order and on the calling thread,
/// until one is an error: always the first in order, whatever the number of cores.
///
/// At most two results a core wait for their turn, so that memory does not grow with `count`.
///
/// These are threads of their own and not rayon's: a rayon worker that waits inside one epoch (for a hash) may begin
/// another, so that any number of epochs could be in memory at once.
pub(crate) fn in_order<T: Send, W: Send, E: From<W>>(
    count: usize,
    work: impl Fn(usize) -> Result<T, W> + Sync,
    mut each: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let queue = Queue::new(count, 2 * cores);
    thread::scope(|scope| {
        // However this ends, nobody goes on working for it.
        let _end = Closing(&queue);
        for _ in 0..cores.min(count) {
            scope.spawn(|| {
                let closing = Closing(&queue);
                while let Some(index) = queue.begin() {
                    queue.done(index, work(index));
                }
                // Only a worker that panics ends the others.
                std::mem::forget(closing);
            });
        }
        for index in 0..count {
            // Without a result a worker has panicked, and the scope panics with it.
            let Some(result) = queue.take(index) else { break };
            each(result?)?;
        }
        Ok(())
    })
}

struct Queue<T> {
    count: usize,
    ahead: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    begun: usize,
    taken: usize,
    closed: bool,
    results: BTreeMap<usize, T>,
}

impl<T> Queue<T> {
    fn new(count: usize, ahead: usize) -> Queue<T> {
        let state = State { begun: 0, taken: 0, closed: false, results: BTreeMap::new() };
        Queue { count, ahead, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next index to work on; waits while too many results wait to be taken.
    fn begin(&self) -> Option<usize> {
        let full = |state: &mut State<T>| {
            !state.closed && state.begun < self.count && state.begun - state.taken >= self.ahead
        };
        let mut state = self.changed.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        if state.closed || state.begun == self.count {
            return None;
        }
        state.begun += 1;
        Some(state.begun - 1)
    }

    fn done(&self, index: usize, result: T) {
        self.lock().results.insert(index, result);
        self.changed.notify_all();
    }

    /// Waits for the result of `index`; none if it will never come.
    fn take(&self, index: usize) -> Option<T> {
        let missing = |state: &mut State<T>| !state.closed && !state.results.contains_key(&index);
        let mut state = self.changed.wait_while(self.lock(), missing).unwrap_or_else(PoisonError::into_inner);
        let result = state.results.remove(&index)?;
        state.taken += 1;
        self.changed.notify_all();
        Some(result)
    }
}

/// Closes the queue when dropped.
struct Closing<'a, T>(&'a Queue<T>);

impl<T> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_are_in_order_and_the_first_error_is_told() {
        let mut seen = Vec::new();
        let mut collect = |result| {
            seen.push(result);
            Ok::<(), usize>(())
        };
        in_order(100, Ok::<usize, usize>, &mut collect).unwrap();
        in_order(0, Ok::<usize, usize>, &mut collect).unwrap();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        let seven = |index| if index % 10 == 7 { Err(index) } else { Ok(index) };
        assert_eq!(in_order(100, seven, |_| Ok::<(), usize>(())), Err(7));
        assert_eq!(in_order(100, seven, |index| if index == 3 { Err(1_000) } else { Ok(()) }), Err(1_000));
    }

    #[test]
    fn nobody_works_far_ahead() {
        let ahead = 2 * thread::available_parallelism().map_or(1, usize::from);
        let (begun, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |index| {
            begun.fetch_add(1, Ordering::SeqCst);
            // One may be taken and still looked at.
            assert!(index <= taken.load(Ordering::SeqCst) + ahead);
            Ok::<_, ()>(index)
        };
        let look = |index| {
            assert!(begun.load(Ordering::SeqCst) <= index + 1 + ahead);
            taken.store(index + 1, Ordering::SeqCst);
            Ok::<(), ()>(())
        };
        in_order(1_000, work, look).unwrap();
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_passed_on_and_nobody_waits_for_ever() {
        let work = |index| if index == 5 { panic!("a bug") } else { Ok::<_, ()>(()) };
        let _ = in_order(100, work, |()| Ok::<(), ()>(()));
    }
}
