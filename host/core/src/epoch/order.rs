//! The order of edges, by which they are sorted and by which the sorting is checked.

use std::cmp::Ordering;

use crate::sorting;

/// Edges in columns, ordered by source, target, kind, time, weight, then metrics and labels in the order of their
/// columns. Ends, kinds and labels are indexes into sorted ids and words; numbers compare by IEEE 754's total order.
///
/// Edges that compare equal are equal in every column, so that any sorting gives the same bytes.
pub(super) struct EdgeOrder<'a> {
    pub(super) source: &'a [u32],
    pub(super) target: &'a [u32],
    pub(super) kind: &'a [u32],
    pub(super) time: &'a [i64],
    pub(super) weight: &'a [f64],
    pub(super) metrics: Vec<&'a [f64]>,
    pub(super) labels: Vec<&'a [u32]>,
}

impl EdgeOrder<'_> {
    /// Compares the edges of rows `a` and `b`.
    pub(super) fn compare(&self, a: usize, b: usize) -> Ordering {
        self.ends(a).cmp(&self.ends(b)).then_with(|| self.compare_between(a, b))
    }

    /// The rows in order.
    pub(super) fn sorted_rows(&self) -> Vec<usize> {
        // The ends beside the row: most comparisons then touch no other memory.
        let mut rows: Vec<(u64, usize)> = (0..self.source.len()).map(|row| (self.ends(row), row)).collect();
        sorting::sort_unstable(&mut rows, |a, b| a.0.cmp(&b.0).then_with(|| self.compare_between(a.1, b.1)));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// Source and target in one number of the same order.
    fn ends(&self, row: usize) -> u64 {
        u64::from(self.source[row]) << 32 | u64::from(self.target[row])
    }

    /// Compares two edges between the same nodes.
    fn compare_between(&self, a: usize, b: usize) -> Ordering {
        let metrics = self.metrics.iter().map(|column| column[a].total_cmp(&column[b]));
        let labels = self.labels.iter().map(|column| column[a].cmp(&column[b]));
        let further = || metrics.chain(labels).find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
        (self.kind[a], self.time[a])
            .cmp(&(self.kind[b], self.time[b]))
            .then_with(|| self.weight[a].total_cmp(&self.weight[b]))
            .then_with(further)
    }
}
