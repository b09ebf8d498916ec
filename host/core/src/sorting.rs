//! Sorting on all cores, or on one without the feature `threads`: the order is the same.

use std::cmp::Ordering;

#[cfg(feature = "threads")]
use rayon::slice::ParallelSliceMut;

/// Sorts; rows that compare equal keep their order.
pub(crate) fn sort<T: Send>(rows: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync) {
    #[cfg(feature = "threads")]
    rows.par_sort_by(compare);
    #[cfg(not(feature = "threads"))]
    rows.sort_by(compare);
}

/// Sorts; the order of rows that compare equal is open.
pub(crate) fn sort_unstable<T: Send>(rows: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync) {
    #[cfg(feature = "threads")]
    rows.par_sort_unstable_by(compare);
    #[cfg(not(feature = "threads"))]
    rows.sort_unstable_by(compare);
}
