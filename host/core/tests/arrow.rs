//! Record batches out and in give the same bytes, and wrong ones are refused by name.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![cfg(all(feature = "arrow", not(target_family = "wasm")))]

use std::slice::from_ref;
use std::sync::Arc;

use apportion_core::arrow::{build_epoch, edges_batch, nodes_batch, payees_batch, payouts_batch};
use apportion_core::epoch::{Edge, Epoch, EpochBuilder, Header, Node, Payee, Window};
use apportion_core::money::{Asset, Pool};
use apportion_core::payouts::Payouts;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal256Type, Float64Type, Int32Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float32Array, Int64Array, LargeStringArray, RecordBatch, StringArray,
    StringViewArray, TimestampMillisecondArray, UInt32Array,
};
use arrow_buffer::i256;
use proptest::prelude::*;

const WORDS: [&str; 4] = ["", "b", "Ünï", "c"];

fn header() -> Header {
    let pool = Pool { asset: Asset::new("X", 0).unwrap(), amount: 10 };
    Header { number: 1, window: Window { start: 5, end: 9 }, pool }
}

/// An epoch of nodes (owner, word) and edges (source, target, word).
fn epoch(nodes: &[(usize, usize)], edges: &[(usize, usize, usize)]) -> Epoch {
    let mut epoch = EpochBuilder::new(header()).unwrap();
    epoch.payee(Payee::new("p").name("Ann")).payee("q");
    let id = |node: usize| format!("n{node}");
    for (row, &(owner, word)) in nodes.iter().enumerate() {
        let id = id(row);
        let node = Node::new(&id, WORDS[1 + word % 3]).payee([Some("p"), Some("q"), None][owner]);
        epoch.node(node.weight(word as f64).metric("m", -0.5 * word as f64).label("l", WORDS[word]));
    }
    for &(source, target, word) in edges.iter().filter(|_| !nodes.is_empty()) {
        let (source, target) = (id(source % nodes.len()), id(target % nodes.len()));
        let edge = Edge::new(&source, &target, WORDS[1 + word % 3]).time(i64::try_from(word).unwrap());
        epoch.edge(edge.metric("weight", 0.25).label("l", WORDS[word]).label("k", WORDS[3 - word]));
    }
    epoch.build().unwrap()
}

fn batches(epoch: &Epoch) -> [RecordBatch; 3] {
    [payees_batch(epoch), nodes_batch(epoch), edges_batch(epoch)].map(Result::unwrap)
}

/// A batch as several, which are views into it.
fn in_pieces(batch: &RecordBatch, at: usize) -> Vec<RecordBatch> {
    let at = at % (batch.num_rows() + 1);
    vec![batch.slice(0, at), batch.slice(at, batch.num_rows() - at)]
}

proptest! {
    #[test]
    fn batches_out_and_in_give_the_same_bytes(
        nodes in prop::collection::vec((0..3_usize, 0..4_usize), 0..9),
        edges in prop::collection::vec((0..9_usize, 0..9_usize, 0..4_usize), 0..20),
        at: [u8; 3],
    ) {
        let epoch = epoch(&nodes, &edges);
        let [payees, nodes, edges] = batches(&epoch);
        let header = epoch.header().clone();
        let whole = build_epoch(header.clone(), from_ref(&payees), from_ref(&nodes), from_ref(&edges)).unwrap();
        prop_assert_eq!(whole.as_bytes(), epoch.as_bytes());
        let [payees, nodes, edges] = [(&payees, at[0]), (&nodes, at[1]), (&edges, at[2])]
            .map(|(batch, at)| in_pieces(batch, at.into()));
        let pieces = build_epoch(header, &payees, &nodes, &edges).unwrap();
        prop_assert_eq!(pieces.as_bytes(), epoch.as_bytes());
    }
}

#[test]
fn columns_are_the_epochs_own_memory() {
    let epoch = epoch(&[(0, 1), (2, 2)], &[(0, 1, 1), (1, 0, 2)]);
    let inside = epoch.as_bytes().as_ptr_range();
    let [payees, nodes, edges] = batches(&epoch);
    drop(epoch); // the batches keep what they need
    for batch in [&payees, &nodes, &edges] {
        for (column, field) in batch.columns().iter().zip(batch.schema().fields()) {
            for buffer in column.to_data().buffers() {
                assert!(inside.contains(&buffer.as_ptr()), "{field}");
            }
        }
    }
    assert_eq!(nodes.column_by_name("weight").unwrap().as_primitive::<Float64Type>().values(), &[1.0, 2.0]);
    let owners = nodes.column_by_name("payee").unwrap().as_dictionary::<UInt32Type>();
    assert_eq!((owners.is_null(0), owners.is_null(1)), (false, true));
    let names = payees.column_by_name("name").unwrap().as_string::<i32>();
    assert_eq!(names.iter().collect::<Vec<_>>(), [Some("Ann"), Some("")]);
}

fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter(columns.iter().map(|(name, column)| (*name, column.clone()))).unwrap()
}

fn texts(texts: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

#[test]
fn usual_types_of_other_programs_are_read() {
    let nodes = batch(&[
        ("id", Arc::new(LargeStringArray::from(vec!["b", "a"]))),
        ("kind", Arc::new(DictionaryArray::<Int32Type>::from_iter(["k", "k"]))),
        ("payee", Arc::new(UInt32Array::from(vec![None, Some(0)]))),
        ("weight", Arc::new(Int64Array::from(vec![Some(3), None]))),
        ("time", Arc::new(TimestampMillisecondArray::from(vec![Some(7_000), None]))),
        ("metric.m", Arc::new(Float32Array::from(vec![None, Some(0.5)]))),
        ("label.l", Arc::new(DictionaryArray::<Int32Type>::from_iter([None, Some("w")]))),
    ]);
    let edges = batch(&[
        ("source", Arc::new(UInt32Array::from(vec![0]))),
        ("target", Arc::new(StringViewArray::from(vec!["a"]))),
        ("kind", texts(&["e"])),
    ]);
    let built = build_epoch(header(), &[batch(&[("id", texts(&["p"]))])], &[nodes], &[edges]).unwrap();
    let mut rows = EpochBuilder::new(header()).unwrap();
    rows.payee("p").node(Node::new("b", "k").weight(3.0).time(7));
    rows.node(Node::new("a", "k").payee("p").metric("m", 0.5).label("l", "w"));
    rows.edge(Edge::new("b", "a", "e"));
    assert_eq!(built.as_bytes(), rows.build().unwrap().as_bytes());
    // No batch is no row.
    assert_eq!(build_epoch(header(), &[], &[], &[]).unwrap().node_count(), 0);
}

#[test]
fn wrong_batches_are_refused_by_name() {
    let error = |nodes: &[RecordBatch]| build_epoch(header(), &[], nodes, &[]).unwrap_err().to_string();
    let (id, kind) = (("id", texts(&["a", "b"])), ("kind", texts(&["k", "k"])));
    assert_eq!(error(&[batch(from_ref(&id))]), "a batch of nodes has no column `kind`");
    let with = |name, column: ArrayRef| batch(&[id.clone(), kind.clone(), (name, column)]);
    assert_eq!(
        error(&[with("stars", texts(&["", ""]))]),
        "a batch of nodes has the column `stars`, which is none of the table's, and neither `metric.` nor `label.` begins its name"
    );
    assert_eq!(
        error(&[with("metric.m", texts(&["", ""]))]),
        "column `metric.m` of nodes has the type Utf8; expected float64, float32, int64, int32 or uint32"
    );
    assert_eq!(
        error(&[with("weight", Arc::new(Int64Array::from(vec![1, i64::MAX])))]),
        "row 1 of nodes, column `weight`: the number would have to be rounded"
    );
    assert_eq!(
        error(&[with("time", Arc::new(TimestampMillisecondArray::from(vec![1_000, 1_001])))]),
        "row 1 of nodes, column `time`: the number would have to be rounded"
    );
    let null_kind =
        batch(&[("id", texts(&["c"])), ("kind", Arc::new(StringArray::from(vec![None::<&str>])))]);
    let valid = batch(&[id.clone(), kind.clone()]);
    assert_eq!(error(&[valid.clone(), null_kind]), "row 2 of nodes, column `kind`: there must be a value");
    let more = with("label.l", texts(&["", ""]));
    assert_eq!(
        error(&[valid, more.clone()]),
        "a batch of nodes has the column `label.l`, which not all batches have"
    );
    assert_eq!(
        error(&[more.clone(), more]),
        "2 rows cannot be kept; the first: node 2, column `id`: `a` is there twice: an earlier row has the same id"
    );
}

#[test]
fn payouts_are_exact_decimals() {
    let payouts = Payouts::from_bytes(&std::fs::read("../../tests/golden/payouts.json").unwrap()).unwrap();
    let batch = payouts_batch(&payouts).unwrap();
    assert_eq!(batch.num_rows(), payouts.rows().len());
    let amounts = batch.column_by_name("amount").unwrap().as_primitive::<Decimal256Type>();
    for (row, payout) in payouts.rows().iter().enumerate() {
        assert_eq!(amounts.value(row), i256::from_parts(payout.amount, 0));
        assert_eq!(amounts.value_as_string(row), payout.amount.to_string());
    }
    let field = batch.schema().field_with_name("amount.0").unwrap().clone();
    assert_eq!(field.metadata().get("policy"), Some(&payouts.policies()[0].policy.to_string()));
    for name in &payouts.policies()[0].measures {
        assert!(batch.column_by_name(&format!("measure.0.{name}")).is_some());
    }
    // The largest amount has 39 digits.
    assert_eq!(u128::MAX.to_string().len(), 39);
}
