//! Columns in give the same bytes, and the same errors, as row by row.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![cfg(not(target_family = "wasm"))] // proptest

use apportion_core::epoch::{
    BuildError, Edge, EdgeColumns, Epoch, EpochBuilder, EpochColumns, Header, NO_PAYEE, Node, NodeColumns,
    PayeeColumns, References, TextColumn, Window,
};
use apportion_core::money::{Asset, Pool};
use proptest::prelude::*;

const WORDS: [&str; 5] = ["", "b", "a", "\u{202e}", "c"];
const NUMBERS: [f64; 5] = [1.0, -0.0, 0.5, f64::NAN, -3.0];

/// Everything of an epoch, as positions in lists of ids, words and numbers.
#[derive(Clone, Debug)]
struct Input {
    payees: Vec<usize>,
    /// Id, kind, owner, weight, label.
    nodes: Vec<(usize, usize, Option<usize>, usize, usize)>,
    /// Source, target, kind, weight, label, time.
    edges: Vec<(usize, usize, usize, usize, usize, i64)>,
}

/// Inputs that are valid up to `wrong` possible mistakes.
fn inputs(wrong: bool) -> impl Strategy<Value = Input> {
    let (words, numbers) = if wrong { (0..5_usize, 0..5_usize) } else { (1..3_usize, 0..3_usize) };
    let label = if wrong { 0..5_usize } else { 0..3_usize };
    let ids = |count: usize| Just((0..count).collect::<Vec<usize>>()).prop_shuffle();
    (1..6_usize, 1..8_usize).prop_flat_map(move |(payees, nodes)| {
        let beyond = usize::from(wrong);
        let node = (words.clone(), prop::option::of(0..payees + beyond), numbers.clone(), label.clone());
        let end = 0..nodes + beyond;
        let edge = (end.clone(), end, words.clone(), numbers.clone(), label.clone(), 0..3_i64);
        (ids(payees), ids(nodes), prop::collection::vec(node, nodes), prop::collection::vec(edge, 0..24))
            .prop_map(|(payees, ids, nodes, edges)| {
                let nodes = ids.into_iter().zip(nodes);
                let nodes = nodes
                    .map(|(id, (kind, owner, weight, label))| (id, kind, owner, weight, label))
                    .collect();
                Input { payees, nodes, edges }
            })
    })
}

fn header() -> Header {
    let pool = Pool { asset: Asset::new("X", 0).unwrap(), amount: 10 };
    Header { number: 1, window: Window { start: -5, end: 9 }, pool }
}

fn ids(prefix: &str) -> Vec<String> {
    (0..9).map(|id| format!("{prefix}{id}")).collect()
}

fn by_rows(input: &Input) -> Result<Epoch, BuildError> {
    let (payee_ids, node_ids) = (ids("p"), ids("n"));
    let mut epoch = EpochBuilder::new(header()).unwrap();
    for &payee in &input.payees {
        epoch.payee(&payee_ids[payee]);
    }
    for &(id, kind, owner, weight, label) in &input.nodes {
        let node = Node::new(&node_ids[id], WORDS[kind]).payee(owner.map(|owner| payee_ids[owner].as_str()));
        epoch.node(node.weight(NUMBERS[weight].abs()).metric("m", NUMBERS[weight]).label("l", WORDS[label]));
    }
    for &(source, target, kind, weight, label, time) in &input.edges {
        let edge = Edge::new(&node_ids[source], &node_ids[target], WORDS[kind]).weight(NUMBERS[weight]);
        epoch.edge(edge.time(time).metric("w", NUMBERS[weight]).label("k", WORDS[label]).label("a", "a"));
    }
    epoch.build()
}

/// How texts are handed over.
#[derive(Clone, Copy, Debug)]
enum Encoding {
    Plain,
    Dictionary,
}

fn by_columns(input: &Input, encoding: Encoding) -> Result<Epoch, BuildError> {
    let (payee_ids, node_ids) = (ids("p"), ids("n"));
    let texts = |ids: &'_ [String]| -> Vec<String> { ids.to_vec() };
    let (payee_words, node_words) = (texts(&payee_ids), texts(&node_ids));
    let payee_words: Vec<&str> = payee_words.iter().map(String::as_str).collect();
    let node_words: Vec<&str> = node_words.iter().map(String::as_str).collect();
    let payees: Vec<&str> = input.payees.iter().map(|&id| payee_words[id]).collect();
    let nodes: Vec<&str> = input.nodes.iter().map(|node| node_words[node.0]).collect();

    let rows = |column: &dyn Fn(usize) -> usize, count: usize| -> Vec<u32> {
        (0..count).map(|row| u32::try_from(column(row)).unwrap()).collect()
    };
    let (node_count, edge_count) = (input.nodes.len(), input.edges.len());
    let node_kinds = rows(&|row| input.nodes[row].1, node_count);
    let node_labels = rows(&|row| input.nodes[row].4, node_count);
    let owners = rows(&|row| input.nodes[row].2.unwrap_or(NO_PAYEE as usize), node_count);
    let sources = rows(&|row| input.edges[row].0, edge_count);
    let targets = rows(&|row| input.edges[row].1, edge_count);
    let edge_kinds = rows(&|row| input.edges[row].2, edge_count);
    let edge_labels = rows(&|row| input.edges[row].4, edge_count);
    let constant = vec![0_u32; edge_count];

    let plain = |rows: &[u32], words: &[&'static str]| -> Vec<&str> {
        rows.iter().map(|&row| words[row as usize]).collect()
    };
    let id_text = |rows: &[u32], words: &[&'_ str]| -> Vec<String> {
        rows.iter().map(|&row| words.get(row as usize).map_or(String::new(), ToString::to_string)).collect()
    };
    let plain_words = [&node_kinds, &node_labels, &edge_kinds, &edge_labels].map(|rows| plain(rows, &WORDS));
    let plain_ids =
        [id_text(&owners, &payee_words), id_text(&sources, &node_words), id_text(&targets, &node_words)];
    let plain_ids: Vec<Vec<&str>> =
        plain_ids.iter().map(|ids| ids.iter().map(String::as_str).collect()).collect();
    let column = |at: usize, rows: &'_ [u32]| -> (usize, Vec<u32>) { (at, rows.to_vec()) };
    let coded =
        [column(0, &node_kinds), column(1, &node_labels), column(2, &edge_kinds), column(3, &edge_labels)];
    let words = |at: usize| match encoding {
        Encoding::Plain => TextColumn::Plain(&plain_words[at]),
        Encoding::Dictionary => TextColumn::Dictionary { words: &WORDS, rows: &coded[at].1 },
    };
    let references = |at: usize, words, rows| match encoding {
        Encoding::Plain => References::Ids(TextColumn::Plain(&plain_ids[at])),
        Encoding::Dictionary => References::Ids(TextColumn::Dictionary { words, rows }),
    };
    let node_weights: Vec<f64> = input.nodes.iter().map(|node| NUMBERS[node.3].abs()).collect();
    let node_metric: Vec<f64> = input.nodes.iter().map(|node| NUMBERS[node.3]).collect();
    let edge_weights: Vec<f64> = input.edges.iter().map(|edge| NUMBERS[edge.3]).collect();
    let times: Vec<i64> = input.edges.iter().map(|edge| edge.5).collect();
    // A column that no row names does not exist.
    let (metrics, labels) = match edge_count {
        0 => (vec![], vec![]),
        _ => (
            vec![("w", edge_weights.as_slice())],
            vec![("k", words(3)), ("a", TextColumn::Dictionary { words: &["a"], rows: &constant })],
        ),
    };
    EpochColumns {
        header: header(),
        payees: PayeeColumns { ids: &payees, names: None },
        nodes: NodeColumns {
            ids: &nodes,
            kinds: words(0),
            payees: Some(references(0, &payee_words, &owners)),
            weights: Some(&node_weights),
            times: None,
            metrics: vec![("m", &node_metric)],
            labels: vec![("l", words(1))],
        },
        edges: EdgeColumns {
            sources: references(1, &node_words, &sources),
            targets: references(2, &node_words, &targets),
            kinds: words(2),
            weights: Some(&edge_weights),
            times: Some(&times),
            metrics,
            labels,
        },
    }
    .build()
}

proptest! {
    #[test]
    fn columns_give_the_bytes_of_rows(input in inputs(false)) {
        let rows = by_rows(&input).unwrap();
        for encoding in [Encoding::Plain, Encoding::Dictionary] {
            let columns = by_columns(&input, encoding).unwrap();
            prop_assert_eq!(columns.as_bytes(), rows.as_bytes());
        }
    }

    #[test]
    fn columns_give_the_errors_of_rows(input in inputs(true)) {
        let describe = |built: Result<Epoch, BuildError>| match built {
            Ok(epoch) => epoch.digest().to_string(),
            Err(BuildError::Rows { errors, more }) => format!("{errors:#?} {more}"),
            Err(other) => other.to_string(),
        };
        let rows = describe(by_rows(&input));
        for encoding in [Encoding::Plain, Encoding::Dictionary] {
            prop_assert_eq!(&describe(by_columns(&input, encoding)), &rows);
        }
    }
}

/// Two nodes, of which the second owns the edge's target, as positions.
fn two_nodes<'a>(owners: &'a [u32], targets: &'a [u32], weights: &'a [f64]) -> EpochColumns<'a> {
    EpochColumns {
        header: header(),
        payees: PayeeColumns { ids: &["q", "p"], names: Some(&["", "Ann"]) },
        nodes: NodeColumns {
            ids: &["n1", "n0"],
            kinds: TextColumn::Dictionary { words: &["unused", "k", "k"], rows: &[1, 2] },
            payees: Some(References::Positions(owners)),
            ..NodeColumns::default()
        },
        edges: EdgeColumns {
            sources: References::Positions(&[0]),
            targets: References::Positions(targets),
            kinds: TextColumn::Plain(&["e"]),
            weights: Some(weights),
            ..EdgeColumns::default()
        },
    }
}

#[test]
fn positions_refer_to_rows_as_they_are_given() {
    let epoch = two_nodes(&[NO_PAYEE, 0], &[1], &[2.0]).build().unwrap();
    let mut rows = EpochBuilder::new(header()).unwrap();
    rows.payee("q").payee(apportion_core::epoch::Payee::new("p").name("Ann"));
    rows.node(Node::new("n0", "k").payee("q")).node(Node::new("n1", "k"));
    rows.edge(Edge::new("n1", "n0", "e").weight(2.0));
    assert_eq!(epoch.as_bytes(), rows.build().unwrap().as_bytes());
}

#[test]
fn wrong_positions_and_lengths_are_named() {
    let error = |columns: EpochColumns<'_>| columns.build().unwrap_err().to_string();
    assert_eq!(
        error(two_nodes(&[2, 0], &[7], &[2.0])),
        "2 rows cannot be kept; the first: node 0, column `payee`: there is no payee at position 2"
    );
    assert_eq!(
        error(two_nodes(&[0, 0], &[NO_PAYEE], &[2.0])),
        "1 rows cannot be kept; the first: edge 0, column `target`: there is no node at position 4294967295"
    );
    assert_eq!(
        error(two_nodes(&[0, 0], &[0], &[])),
        "column `weight` of the edges has 0 values where there are 1 rows"
    );
    let mut wrong_word = two_nodes(&[0, 0], &[0], &[1.0]);
    wrong_word.edges.kinds = TextColumn::Dictionary { words: &["e"], rows: &[1] };
    assert_eq!(
        error(wrong_word),
        "1 rows cannot be kept; the first: edge 0, column `kind`: there is no word at position 1"
    );
    let mut twice = two_nodes(&[0, 0], &[0], &[1.0]);
    twice.nodes.metrics = vec![("m", &[1.0, 2.0]), ("m", &[1.0, 2.0])];
    assert_eq!(error(twice), "column `m` is there twice");
    let mut window = two_nodes(&[0, 0], &[0], &[1.0]);
    window.header.window.end = window.header.window.start;
    assert_eq!(error(window), "the window ends at -5, which is not after its start -5");
}
