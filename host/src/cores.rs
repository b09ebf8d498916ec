//! Work that is done in any order on all cores, and whose results are in order.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Does `work` for 0 to `count` and gives the results in order, or the first error among those made.
///
/// These are threads of their own and not rayon's: a rayon worker that waits inside one epoch (for a hash) may begin
/// another, so that any number of epochs could be in memory at once. Here it is one a core.
pub(crate) fn on_all_cores<T: Send, E: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let results = Mutex::new(BTreeMap::new());
    let worker = || {
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            let result = work(index);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            results.lock().unwrap_or_else(|broken| broken.into_inner()).insert(index, result);
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from).min(count);
    thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(worker);
        }
        worker();
    });
    results.into_inner().unwrap_or_else(|broken| broken.into_inner()).into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_error_is_told() {
        assert_eq!(on_all_cores(100, Ok::<usize, ()>).unwrap(), (0..100).collect::<Vec<_>>());
        assert_eq!(on_all_cores(0, Ok::<usize, ()>), Ok(Vec::new()));
        let error = on_all_cores(100, |index| if index % 10 == 7 { Err(index) } else { Ok(()) });
        assert_eq!(error, Err(7));
    }
}
