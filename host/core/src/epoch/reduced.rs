//! An epoch without some of its nodes or edges: what there would have been.
//!
//! Its rows are in order already and were checked, so its columns are copied from those of the epoch, row after row: an
//! explanation makes hundreds of these from one epoch.

use super::error::BuildError;
use super::graph::{Label, Texts};
use super::stored::Epoch;
use super::writer::{Counts, Writer, count, in_order};

/// The same epoch without the nodes and edges for which the functions return `true`; an edge goes with either of its
/// nodes. Payees stay, also those that own nothing any more.
///
/// Rows are named by their positions in `epoch`. The new epoch has another seed, so that a rule that draws lots draws
/// others.
///
/// ```
/// use apportion_core::epoch::{Epoch, without};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
/// let first_node_removed = without(&epoch, |node| node == 0, |_| false)?;
/// assert_eq!(first_node_removed.node_ids().get(0), epoch.node_ids().get(1));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// None in practice: the rows of an epoch make an epoch.
pub fn without(
    epoch: &Epoch,
    node: impl Fn(usize) -> bool,
    edge: impl Fn(usize) -> bool,
) -> Result<Epoch, BuildError> {
    let nodes: Vec<usize> = (0..epoch.node_count()).filter(|row| !node(*row)).collect();
    // The new position of each node that stays.
    let mut place = vec![None; epoch.node_count()];
    for (new, &row) in (0..).zip(&nodes) {
        place[row] = Some(new);
    }
    let stays = |end: u32| place[end as usize].is_some();
    let edges: Vec<usize> = (0..epoch.edge_count())
        .filter(|&row| stays(epoch.edge_source()[row]) && stays(epoch.edge_target()[row]) && !edge(row))
        .collect();
    write_rows(epoch, &nodes, &edges, &place)
}

/// The epoch of these nodes and edges.
fn write_rows(
    epoch: &Epoch,
    nodes: &[usize],
    edges: &[usize],
    place: &[Option<u32>],
) -> Result<Epoch, BuildError> {
    let counts = Counts {
        payees: count(epoch.payees().len()),
        nodes: count(nodes.len()),
        edges: count(edges.len()),
        node_metrics: count(epoch.node_metrics().len()),
        node_labels: count(epoch.node_labels().len()),
        edge_metrics: count(epoch.edge_metrics().len()),
        edge_labels: count(epoch.edge_labels().len()),
    };
    let mut writer = Writer::new(epoch.header(), &counts);
    writer.texts(epoch.payees().iter())?;
    writer.texts(epoch.payee_names().iter())?;
    let (node_kinds, node_kind) = in_use(epoch.node_kinds(), &in_order(epoch.node_kind(), nodes), None);
    let (edge_kinds, edge_kind) = in_use(epoch.edge_kinds(), &in_order(epoch.edge_kind(), edges), None);
    writer.texts(node_kinds.into_iter())?;
    writer.texts(edge_kinds.into_iter())?;

    writer.texts(nodes.iter().map(|&row| epoch.node_ids().get(row).unwrap_or_default()))?;
    writer.column(&node_kind);
    writer.column(&in_order(epoch.node_weight(), nodes));
    writer.column(&in_order(epoch.node_time(), nodes));
    writer.column(&in_order(epoch.node_payee(), nodes));

    let ends = |column: &[u32]| -> Vec<u32> {
        edges.iter().filter_map(|&row| place[column[row] as usize]).collect()
    };
    writer.column(&ends(epoch.edge_source()));
    writer.column(&ends(epoch.edge_target()));
    writer.column(&edge_kind);
    writer.column(&in_order(epoch.edge_weight(), edges));
    writer.column(&in_order(epoch.edge_time(), edges));

    write_metrics(epoch.node_metrics(), |name| epoch.node_metric(name), nodes, &mut writer)?;
    write_labels(epoch.node_labels(), |name| epoch.node_label(name), nodes, &mut writer)?;
    write_metrics(epoch.edge_metrics(), |name| epoch.edge_metric(name), edges, &mut writer)?;
    write_labels(epoch.edge_labels(), |name| epoch.edge_label(name), edges, &mut writer)?;
    Ok(Epoch::checked(writer.finish())?)
}

fn write_metrics<'a>(
    names: Texts<'a>,
    column: impl Fn(&str) -> Option<&'a [f64]>,
    rows: &[usize],
    writer: &mut Writer,
) -> Result<(), BuildError> {
    writer.texts(names.iter())?;
    for metric in names.iter().filter_map(column) {
        writer.column(&in_order(metric, rows));
    }
    Ok(())
}

fn write_labels<'a>(
    names: Texts<'a>,
    column: impl Fn(&str) -> Option<Label<'a>>,
    rows: &[usize],
    writer: &mut Writer,
) -> Result<(), BuildError> {
    writer.texts(names.iter())?;
    for label in names.iter().filter_map(column) {
        let (dictionary, words) = in_use(label.dictionary, &in_order(label.rows, rows), Some(0));
        writer.texts(dictionary.into_iter())?;
        writer.column(&words);
    }
    Ok(())
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
    use crate::epoch::{Edge, EpochBuilder, EpochRows, Header, Node, Window};
    use crate::money::{Asset, Pool};

    const WORDS: [&str; 4] = ["", "a", "b", "c"];

    fn epoch(nodes: &[(usize, usize)], edges: &[(usize, usize, usize, usize)]) -> Epoch {
        let pool = Pool { asset: Asset::new("X", 0).unwrap(), amount: 10 };
        let header = Header { number: 1, window: Window { start: 0, end: 9 }, pool };
        let mut builder = EpochBuilder::new(header).unwrap();
        builder.payee("p").payee("q");
        let id = |row: usize| format!("n{row}");
        for (row, &(kind, word)) in nodes.iter().enumerate() {
            let id = id(row);
            let node = Node::new(&id, WORDS[kind + 1]).payee([Some("p"), Some("q"), None][kind]);
            builder.node(node.weight(word as f64).metric("m", kind as f64).label("l", WORDS[word]));
        }
        for &(source, target, kind, word) in edges {
            let (source, target) = (id(source % nodes.len()), id(target % nodes.len()));
            let edge = Edge::new(&source, &target, WORDS[kind + 1]).time(i64::try_from(word).ok());
            let edge = edge.metric("n", kind as f64).label("l", WORDS[3 - word]).label("k", WORDS[word]);
            builder.edge(edge);
        }
        builder.build().unwrap()
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
            let reduced = without(&epoch, node_gone, edge_gone).unwrap();

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
