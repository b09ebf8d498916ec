//! Nearest neighbours, held against every coalition of points.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

mod common;

use apportion_guest::{Edge, Epoch, EpochBuilder, Node};
use common::{by_definition, close, refusal, value};
use proptest::prelude::*;

const CLASSES: [&str; 3] = ["bird", "cat", "dog"];

/// A point: its class and two features.
type Point = (usize, u8, u8);

fn points() -> impl Strategy<Value = Vec<Point>> {
    prop::collection::vec((0..3_usize, 0..12_u8, 0..12_u8), 1..9)
}

fn node(id: String, kind: &str, (class, x, y): Point) -> Node {
    Node::new(id, kind).label("class", CLASSES[class]).metric("x", x.into()).metric("y", y.into())
}

fn epoch(points: &[Point], tests: &[Point]) -> EpochBuilder {
    let mut epoch = Epoch::builder();
    for (row, point) in points.iter().enumerate() {
        epoch = epoch.node(node(format!("point:{row}"), "point", *point).payee(format!("p{row}")));
    }
    for (row, test) in tests.iter().enumerate() {
        epoch = epoch.node(node(format!("test:{row}"), "test", *test).weight(row as f64 + 1.0));
    }
    epoch
}

fn parameters(neighbours: u32, distance: &str) -> String {
    format!(
        r#"{{"negative": "retained", "game": {{"nearest_neighbours": {{"points": ["point"], "tests": ["test"],
            "label": "class", "neighbours": {neighbours}, "distance": {distance}}}}}}}"#
    )
}

const FEATURES: &str = r#"{"features": ["x", "y"]}"#;

fn squared(a: Point, b: Point) -> f64 {
    let (x, y) = (f64::from(a.1) - f64::from(b.1), f64::from(a.2) - f64::from(b.2));
    x * x + y * y
}

/// The part of right votes among the K points of a coalition that are nearest, in the weighted mean over the tests.
fn worth(points: &[Point], tests: &[Point], neighbours: u32, members: u32) -> f64 {
    let of_test = |test: &Point| {
        let mut near: Vec<usize> = (0..points.len()).filter(|point| members >> point & 1 == 1).collect();
        near.sort_by(|a, b| squared(points[*a], *test).total_cmp(&squared(points[*b], *test)));
        let right = near.iter().take(neighbours as usize).filter(|point| points[**point].0 == test.0);
        right.count() as f64 / f64::from(neighbours)
    };
    let weighted = tests.iter().enumerate().map(|(row, test)| (row as f64 + 1.0) * of_test(test));
    weighted.sum::<f64>() / (1..=tests.len()).map(|row| row as f64).sum::<f64>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Also with fewer points than neighbours, and with points that are equally far.
    #[test]
    fn values_are_those_of_every_coalition(
        points in points(),
        tests in prop::collection::vec((0..3_usize, 0..12_u8, 0..12_u8), 1..4),
        neighbours in 1..11_u32,
    ) {
        let count = u32::try_from(points.len()).unwrap();
        let expected = by_definition(count, |members| worth(&points, &tests, neighbours, members));
        prop_assume!(expected.iter().any(|value| *value > 1e-9));
        let plain = epoch(&points, &tests);
        close(&value(&plain.clone().build().unwrap(), &parameters(neighbours, FEATURES)), &expected);
        // The same distances by edges; of two edges the nearer counts.
        let mut linked = plain;
        for (row, test) in tests.iter().enumerate() {
            for (to, point) in points.iter().enumerate() {
                for further in [0.0, f64::from(u8::from((row + to) % 2 == 0)) * 1000.0] {
                    let edge = Edge::new(format!("test:{row}"), format!("point:{to}"), "near");
                    linked = linked.edge(edge.metric("distance", squared(*point, *test) + further));
                }
            }
        }
        let by_edges = parameters(neighbours, r#"{"edges": "distance"}"#);
        close(&value(&linked.build().unwrap(), &by_edges), &expected);
    }
}

/// Only the points that a test point found play for it.
#[test]
fn who_is_not_linked_is_no_neighbour() {
    let (points, tests) = ([(0, 1, 0), (0, 2, 0), (1, 0, 0)], [(0, 0, 0)]);
    let mut linked = epoch(&points, &tests);
    for point in 0..2 {
        let edge = Edge::new("test:0", format!("point:{point}"), "near");
        linked = linked.edge(edge.metric("distance", f64::from(point)));
    }
    let linked = linked.build().unwrap();
    close(&value(&linked, &parameters(1, r#"{"edges": "distance"}"#)), &[0.5, 0.5, 0.0]);
    // With features the dog beside the test point is asked before both.
    let all = value(&linked, &parameters(1, FEATURES));
    assert!(all[2] < 0.0 && all[0] > 0.0, "{all:?}");
}

#[test]
fn what_cannot_be_answered_is_said() {
    let epoch = || epoch(&[(0, 1, 0)], &[(0, 0, 0)]);
    let refused =
        |epoch: EpochBuilder, distance: &str| refusal(&epoch.build().unwrap(), &parameters(1, distance));
    let unlabelled = epoch().node(Node::new("point:9", "point"));
    assert_eq!(refused(unlabelled, FEATURES), "no answer: the point `point:9` has no `class`");
    assert_eq!(refused(epoch(), r#"{"features": ["z"]}"#), "no answer: the epoch has no node metric `z`");
    assert_eq!(refused(epoch(), r#"{"features": []}"#), "bad parameters: `features` names no metric");
    assert_eq!(refused(epoch(), r#"{"edges": "far"}"#), "no answer: the epoch has no edge metric `far`");
    let many = (0..4000).fold(epoch(), |epoch, row| {
        let point = node(format!("point:{row:04}"), "point", (0, 1, 1));
        epoch.node(point).node(node(format!("test:{row:04}"), "test", (0, 1, 1)))
    });
    let for_each_point = 4001 * 4001 * (70 + 11);
    let expected = format!(
        "no answer: 4001 test points among 4001 data points take {for_each_point} steps, and at most 1073741824 are \
         made: take fewer test points, or give edges to the nearest points alone and their distances as `edges`"
    );
    let features = format!(r#"{{"features": {:?}}}"#, ["x"; 70]);
    assert_eq!(refused(many, &features), expected);
    let below = epoch().edge(Edge::new("test:0", "point:0", "near").metric("far", -1.0));
    let expected = "no answer: the distance of `point:0` from `test:0` is `-1`, below 0";
    assert_eq!(refused(below, r#"{"edges": "far"}"#), expected);
}
