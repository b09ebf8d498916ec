//! An epoch without some of its nodes or edges: what there would have been.
//!
//! Its rows stand in order already and were checked, so its columns are written anew from those of the epoch, row after
//! row: an explanation makes hundreds of these of one epoch.

use super::builder::{count, in_order};
use super::format::{Aligned, ColumnSet, Counts, TooMuchText, Writer};
use super::{BuildError, Epoch};
use crate::graph::Texts;

impl Epoch {
    /// The same epoch without the nodes and edges for which the functions say so; an edge goes with either of its
    /// nodes. Payees stay, also those that own nothing any more.
    ///
    /// Rows are told by their numbers in this epoch's columns. The new epoch's seed is another, so that a rule that
    /// draws lots draws others.
    ///
    /// # Errors
    ///
    /// None that this epoch does not have itself: it was built of these rows.
    pub fn without(
        &self,
        node: impl Fn(usize) -> bool,
        edge: impl Fn(usize) -> bool,
    ) -> Result<Epoch, BuildError> {
        let nodes: Vec<usize> = (0..self.node_count()).filter(|row| !node(*row)).collect();
        // The new number of each node that stays.
        let mut place = vec![None; self.node_count()];
        for (new, &row) in (0..).zip(&nodes) {
            place[row] = Some(new);
        }
        let stays = |end: u32| place[end as usize].is_some();
        let edges: Vec<usize> = (0..self.edge_count())
            .filter(|&row| stays(self.edge_source()[row]) && stays(self.edge_target()[row]) && !edge(row))
            .collect();
        let bytes = self.write_rows(&nodes, &edges, &place)?;
        Ok(Epoch::checked(Aligned::copied(&bytes))?)
    }

    /// The canonical bytes of these nodes and edges, in the order of the format.
    fn write_rows(
        &self,
        nodes: &[usize],
        edges: &[usize],
        place: &[Option<u32>],
    ) -> Result<Vec<u8>, TooMuchText> {
        let (of_nodes, of_edges) = (&self.0.layout.node_columns, &self.0.layout.edge_columns);
        let counts = Counts {
            payees: count(self.payees().len()),
            nodes: count(nodes.len()),
            edges: count(edges.len()),
            node_metrics: count(of_nodes.metrics.len()),
            node_labels: count(of_nodes.labels.len()),
            edge_metrics: count(of_edges.metrics.len()),
            edge_labels: count(of_edges.labels.len()),
        };
        let mut writer = Writer::new(self.header(), &counts);
        writer.texts(self.payees().iter())?;
        writer.texts(self.payee_names().iter())?;
        let (node_kinds, node_kind) = in_use(self.node_kinds(), &in_order(self.node_kind(), nodes), None);
        let (edge_kinds, edge_kind) = in_use(self.edge_kinds(), &in_order(self.edge_kind(), edges), None);
        writer.texts(node_kinds.into_iter())?;
        writer.texts(edge_kinds.into_iter())?;

        writer.texts(nodes.iter().map(|&row| self.node_ids().get(row).unwrap_or_default()))?;
        writer.column(&node_kind);
        writer.column(&in_order(self.node_weight(), nodes));
        writer.column(&in_order(self.node_time(), nodes));
        writer.column(&in_order(self.node_payee(), nodes));

        let ends = |column: &[u32]| -> Vec<u32> {
            edges.iter().filter_map(|&row| place[column[row] as usize]).collect()
        };
        writer.column(&ends(self.edge_source()));
        writer.column(&ends(self.edge_target()));
        writer.column(&edge_kind);
        writer.column(&in_order(self.edge_weight(), edges));
        writer.column(&in_order(self.edge_time(), edges));
        self.write_further(of_nodes, nodes, &mut writer)?;
        self.write_further(of_edges, edges, &mut writer)?;
        Ok(writer.finish())
    }

    fn write_further(
        &self,
        columns: &ColumnSet,
        of: &[usize],
        writer: &mut Writer,
    ) -> Result<(), TooMuchText> {
        writer.texts(self.texts(&columns.metric_names).iter())?;
        for metric in &columns.metrics {
            writer.column(&in_order(self.column::<f64>(metric), of));
        }
        writer.texts(self.texts(&columns.label_names).iter())?;
        for (dictionary, words) in &columns.labels {
            let (dictionary, words) =
                in_use(self.texts(dictionary), &in_order(self.column(words), of), Some(0));
            writer.texts(dictionary.into_iter())?;
            writer.column(&words);
        }
        Ok(())
    }
}

/// The texts of a dictionary that rows use, and one that stays in any case; and the rows by these.
fn in_use<'a>(dictionary: Texts<'a>, rows: &[u32], always: Option<usize>) -> (Vec<&'a str>, Vec<u32>) {
    let mut is_used = vec![false; dictionary.len()];
    for used in rows.iter().map(|row| *row as usize).chain(always) {
        is_used[used] = true;
    }
    let mut place = vec![0; dictionary.len()];
    let mut texts = Vec::new();
    for (row, text) in dictionary.iter().enumerate().filter(|(row, _)| is_used[*row]) {
        place[row] = count(texts.len());
        texts.push(text);
    }
    (texts, rows.iter().map(|row| place[*row as usize]).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::epoch::{ColumnNames, EpochBuilder, EpochRows, Header, Window};
    use crate::graph::{Edge, Node};
    use crate::money::{Asset, Pool};

    const WORDS: [&str; 4] = ["", "a", "b", "c"];

    fn epoch(nodes: &[(usize, usize)], edges: &[(usize, usize, usize, usize)]) -> Epoch {
        let pool = Pool { asset: Asset::new("X", 0).unwrap(), amount: 10 };
        let header = Header { number: 1, window: Window { start: 0, end: 9 }, pool };
        let columns = ColumnNames {
            node_metrics: vec!["m".to_owned()],
            node_labels: vec!["l".to_owned()],
            edge_metrics: vec!["n".to_owned()],
            edge_labels: vec!["k".to_owned(), "l".to_owned()],
        };
        let mut builder = EpochBuilder::new(header, columns).unwrap();
        ["p", "q"].iter().for_each(|payee| builder.payee(payee, ""));
        let id = |row: usize| format!("n{row}");
        for (row, (kind, word)) in nodes.iter().enumerate() {
            builder.node(Node {
                id: &id(row),
                kind: WORDS[kind + 1],
                weight: *word as f64,
                time: None,
                payee: [Some("p"), Some("q"), None][*kind],
                metrics: &[*kind as f64],
                labels: &[WORDS[*word]],
            });
        }
        for (source, target, kind, word) in edges {
            builder.edge(Edge {
                source: &id(source % nodes.len()),
                target: &id(target % nodes.len()),
                kind: WORDS[kind + 1],
                weight: 1.0,
                time: i64::try_from(*word).ok(),
                metrics: &[*kind as f64],
                labels: &[WORDS[*word], WORDS[3 - *word]],
            });
        }
        builder.finish().unwrap()
    }

    proptest! {
        /// It is the epoch that is built of the rows that stay.
        #[test]
        fn it_is_what_is_built_of_the_rows_that_stay(
            nodes in prop::collection::vec((0..3_usize, 0..4_usize), 1..9),
            edges in prop::collection::vec((0..9_usize, 0..9_usize, 0..3_usize, 0..4_usize), 0..20),
            gone: (u16, u32),
        ) {
            let epoch = epoch(&nodes, &edges);
            let node_gone = |row: usize| gone.0 >> row & 1 == 1;
            let edge_gone = |row: usize| gone.1 >> row & 1 == 1;
            let reduced = epoch.without(node_gone, edge_gone).unwrap();

            let mut rows = EpochRows::of(&epoch);
            let mut row = 0..;
            rows.edges.retain(|_| row.next().is_some_and(|row| !edge_gone(row)));
            let ids: Vec<_> = (0..).zip(&rows.nodes).filter(|(row, _)| node_gone(*row)).map(|(_, node)| node.id.clone()).collect();
            rows.nodes.retain(|node| !ids.contains(&node.id));
            rows.edges.retain(|edge| !ids.contains(&edge.source) && !ids.contains(&edge.target));
            let built = rows.build().unwrap();
            prop_assert_eq!(reduced.as_bytes(), built.as_bytes());
        }
    }
}
