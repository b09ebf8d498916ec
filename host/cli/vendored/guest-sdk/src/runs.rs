//! The edges' columns in runs of rows, for rules whose epochs have more edges than are to be held at once.

use alloc::borrow::Cow;
use core::ops::Range;

use crate::{Epoch, component};

impl Epoch {
    /// The nodes in runs, in their order, and with each the rows of the edges that leave it: at most `most` rows, or
    /// those of one node. A run can then be read by [`edge_target_in`](Self::edge_target_in) and the others, one after
    /// another, and no column of all edges is ever held.
    ///
    /// ```
    /// use apportion_guest::{Edge, Epoch, Node};
    ///
    /// let mut epoch = Epoch::builder();
    /// for (source, target) in [("a", "b"), ("a", "c"), ("b", "c"), ("c", "a")] {
    ///     epoch = epoch.edge(Edge::new(source, target, "cites"));
    /// }
    /// let epoch = ["a", "b", "c"].into_iter().fold(epoch, |epoch, id| epoch.node(Node::new(id, "paper"))).build()?;
    /// let runs: Vec<_> = epoch.runs(3).collect();
    /// assert_eq!(runs, [(0..2, 0..3), (2..3, 3..4)]);
    /// let cited: Vec<u32> = runs.into_iter().flat_map(|(_, rows)| epoch.edge_target_in(rows).into_owned()).collect();
    /// assert_eq!(cited, epoch.edge_target());
    /// # Ok::<(), apportion_guest::InvalidEpoch>(())
    /// ```
    pub fn runs(&self, most: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let offsets = self.edge_offsets();
        let mut first = 0;
        core::iter::from_fn(move || {
            let start = *offsets.get(first)? as usize;
            let fits = |end: &u32| *end as usize <= start.saturating_add(most);
            // The first offset that is too far ends the node before it; one node is taken whatever its size.
            let fitting = offsets.get(first + 1..)?.partition_point(fits).max(1);
            let next = first + fitting;
            let end = *offsets.get(next)? as usize;
            let nodes = first..next;
            first = next;
            Some((nodes, start..end))
        })
    }

    /// [`edge_target`](Self::edge_target) of some rows. Rows that are not there end a component's run; natively they
    /// are none.
    pub fn edge_target_in(&self, rows: Range<usize>) -> Cow<'_, [u32]> {
        read(rows, || self.edge_target(), component::edge_target_in)
    }

    /// [`edge_kind`](Self::edge_kind) of some rows. Rows that are not there end a component's run; natively they are
    /// none.
    pub fn edge_kind_in(&self, rows: Range<usize>) -> Cow<'_, [u32]> {
        read(rows, || self.edge_kind(), component::edge_kind_in)
    }

    /// [`edge_weight`](Self::edge_weight) of some rows. Rows that are not there end a component's run; natively they
    /// are none.
    pub fn edge_weight_in(&self, rows: Range<usize>) -> Cow<'_, [f64]> {
        read(rows, || self.edge_weight(), component::edge_weight_in)
    }

    /// [`edge_metric`](Self::edge_metric) of some rows; no rows if the epoch has no such column. Rows that are not
    /// there end a component's run; natively they are none.
    pub fn edge_metric_in(&self, name: &str, rows: Range<usize>) -> Cow<'_, [f64]> {
        let whole = || self.edge_metric(name).unwrap_or_default();
        read(rows, whole, |rows| component::edge_metric_in(name, rows))
    }

    /// Whether the epoch has an edge metric of this name. Nothing of the column is read.
    pub fn has_edge_metric(&self, name: &str) -> bool {
        if cfg!(target_arch = "wasm32") {
            component::edge_metrics().iter().any(|metric| metric == name)
        } else {
            self.edge_metric(name).is_some()
        }
    }
}

/// From the columns that are there natively, or from the engine.
fn read<'a, T: Clone>(
    rows: Range<usize>,
    whole: impl FnOnce() -> &'a [T],
    from_engine: impl FnOnce(Range<usize>) -> alloc::vec::Vec<T>,
) -> Cow<'a, [T]> {
    if cfg!(target_arch = "wasm32") {
        Cow::Owned(from_engine(rows))
    } else {
        Cow::Borrowed(whole().get(rows).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Edge, Node};

    proptest! {
        #[test]
        fn runs_are_all_nodes_and_all_edges_in_order(
            degrees in proptest::collection::vec(0_usize..6, 0..12),
            most in 0_usize..9,
        ) {
            let mut epoch = Epoch::builder();
            for (node, degree) in degrees.iter().enumerate() {
                epoch = epoch.node(Node::new(alloc::format!("{node:02}"), "node"));
                for _ in 0..*degree {
                    epoch = epoch.edge(Edge::new(alloc::format!("{node:02}"), "00", "edge"));
                }
            }
            let epoch = epoch.build().unwrap();
            let (mut next_node, mut next_row) = (0, 0);
            for (nodes, rows) in epoch.runs(most) {
                prop_assert_eq!((nodes.start, rows.start), (next_node, next_row));
                prop_assert!(nodes.len() == 1 || nodes.len() > 1 && rows.len() <= most);
                prop_assert_eq!(degrees[nodes.clone()].iter().sum::<usize>(), rows.len());
                // The next node would not have fitted.
                if let Some(degree) = degrees.get(nodes.end) {
                    prop_assert!(rows.len() + degree > most);
                }
                (next_node, next_row) = (nodes.end, rows.end);
            }
            prop_assert_eq!((next_node, next_row), (degrees.len(), degrees.iter().sum()));
        }
    }

    #[test]
    fn rows_that_are_not_there_are_none() {
        let epoch = Epoch::builder().node(Node::new("a", "node")).build().unwrap();
        assert!(epoch.edge_target_in(0..1).is_empty());
        assert!(epoch.edge_metric_in("score", 0..0).is_empty());
        assert!(!epoch.has_edge_metric("score"));
    }
}
