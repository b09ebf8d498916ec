//! An epoch in memory is in the contract's order and holds what was put in; a policy on it runs as in a component.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{
    Allocation, Columns, Edge, Epoch, EpochBuilder, Factor, InvalidEpoch, LabelColumn, NO_PAYEE, Node,
    Policy, Refusal, Share, describe, run,
};

fn rows() -> (Vec<Node>, Vec<Edge>) {
    let nodes = vec![
        Node::new("b", "repository").payee("ann").weight(2.0).time(50).metric("stars", 7.0),
        Node::new("a", "person").label("team", "red"),
        Node::new("c", "repository").payee("bob").label("team", "blue"),
    ];
    let edges = vec![
        Edge::new("c", "b", "uses"),
        Edge::new("a", "c", "uses").time(20).weight(5.0),
        Edge::new("a", "c", "uses").time(20).weight(0.5),
        Edge::new("a", "c", "uses").time(20).weight(0.5).metric("lines", -3.0),
        Edge::new("a", "c", "uses").time(20).weight(0.5).label("event", "star"),
        Edge::new("a", "c", "uses").time(20).weight(0.5).label("event", "fork"),
        Edge::new("a", "c", "knows").time(90),
        Edge::new("a", "b", "uses"),
    ];
    (nodes, edges)
}

fn builder(nodes: Vec<Node>, edges: Vec<Edge>) -> EpochBuilder {
    let start = Epoch::builder().number(3).window(10, 99).pool(1_500_000).asset("TEA").decimals(6).seed(8);
    let start = start.payee("zed").paid("bob", 12).carry(*b"last");
    let with_nodes = nodes.into_iter().fold(start, EpochBuilder::node);
    edges.into_iter().fold(with_nodes, EpochBuilder::edge)
}

fn epoch() -> Epoch {
    let (nodes, edges) = rows();
    builder(nodes, edges).build().unwrap()
}

#[test]
fn everything_that_was_put_in_is_there() {
    let epoch = epoch();
    assert_eq!((epoch.number(), epoch.window(), epoch.seed()), (3, (10, 99), 8));
    assert_eq!((epoch.pool(), epoch.asset(), epoch.decimals()), (1_500_000, "TEA", 6));
    assert_eq!(epoch.pool_in_units(), 1.5);
    assert_eq!(epoch.payees(), ["ann", "bob", "zed"]);
    assert_eq!((epoch.paid(), epoch.carry()), (&[0, 12, 0][..], &b"last"[..]));

    assert_eq!(epoch.node_ids(), ["a", "b", "c"]);
    assert_eq!(epoch.node_kinds(), ["person", "repository"]);
    assert_eq!(epoch.node_kind(), [0, 1, 1]);
    assert_eq!(epoch.node_payee(), [NO_PAYEE, 0, 1]);
    assert_eq!((epoch.node_weight(), epoch.node_time()), (&[1.0, 2.0, 1.0][..], &[10, 50, 10][..]));
    assert_eq!(epoch.node_metric("stars"), Some(&[0.0, 7.0, 0.0][..]));
    assert_eq!(epoch.node_metric("forks"), None);
    let team = epoch.node_label("team").unwrap();
    assert_eq!((team.words(), team.rows()), (&["", "blue", "red"].map(String::from)[..], &[2, 0, 1][..]));
    assert_eq!((team.word(0), team.word(1), team.word(9)), ("red", "", ""));
    assert_eq!((team.index_of("blue"), team.index_of("green")), (Some(1), None));
}

#[test]
fn edges_are_sorted_by_source_target_kind_time_weight_metrics_labels() {
    let epoch = epoch();
    assert_eq!(epoch.edge_kinds(), ["knows", "uses"]);
    assert_eq!(epoch.edge_source(), [0, 0, 0, 0, 0, 0, 0, 2]);
    assert_eq!(epoch.edge_target(), [1, 2, 2, 2, 2, 2, 2, 1]);
    assert_eq!(epoch.edge_kind(), [1, 0, 1, 1, 1, 1, 1, 1]);
    assert_eq!(epoch.edge_time(), [10, 90, 20, 20, 20, 20, 20, 10]);
    assert_eq!(epoch.edge_weight(), [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 5.0, 1.0]);
    assert_eq!(epoch.edge_metric("lines"), Some(&[0.0, 0.0, -3.0, 0.0, 0.0, 0.0, 0.0, 0.0][..]));
    let event = epoch.edge_label("event").unwrap();
    let words: Vec<_> = (0..8).map(|edge| event.word(edge)).collect();
    assert_eq!(words, ["", "", "", "", "fork", "star", "", ""]);
}

#[test]
fn edges_are_found_by_either_end() {
    let epoch = epoch();
    assert_eq!(epoch.edge_offsets(), [0, 7, 7, 8]);
    assert_eq!((epoch.out_edges(0), epoch.out_edges(1), epoch.out_edges(9)), (0..7, 7..7, 0..0));
    assert_eq!(epoch.in_edges(1), [0, 7]);
    assert_eq!(epoch.in_edges(2), [1, 2, 3, 4, 5, 6]);
    assert_eq!((epoch.in_edges(0).len(), epoch.in_edges(9).len()), (0, 0));
}

#[test]
fn the_order_of_rows_makes_no_difference() {
    let (nodes, edges) = rows();
    let sorted = builder(nodes.clone(), edges.clone()).into_columns().unwrap();
    for turn in 0..edges.len() {
        let (mut nodes, mut edges) = (nodes.clone(), edges.clone());
        nodes.rotate_left(turn % 3);
        edges.rotate_left(turn);
        edges.swap(0, 3);
        assert_eq!(builder(nodes, edges).into_columns().unwrap(), sorted);
    }
}

#[test]
fn what_is_no_epoch_is_refused() {
    let refused = |nodes: Vec<Node>, edges: Vec<Edge>| builder(nodes, edges).build().unwrap_err().to_string();
    let node = || Node::new("a", "person");
    assert_eq!(refused(vec![node(), node()], vec![]), "two nodes have the id `a`");
    let edge = Edge::new("a", "ghost", "knows");
    assert_eq!(refused(vec![node()], vec![edge]), "an edge names the node `ghost`, which is not there");
    for weight in [f64::NAN, f64::INFINITY, -1.0] {
        assert!(refused(vec![node().weight(weight)], vec![]).contains("`node_weight` cannot hold"));
    }
    assert!(refused(vec![node().metric("stars", f64::NAN)], vec![]).contains("`stars` cannot hold"));

    let (nodes, edges) = rows();
    let good = builder(nodes, edges).into_columns().unwrap();
    let broken = |damage: fn(&mut Columns)| {
        let mut columns = good.clone();
        damage(&mut columns);
        Epoch::from_columns(columns).map(|_| ())
    };
    assert_eq!(broken(|_| ()), Ok(()));
    assert!(matches!(broken(|of| of.edge_target[0] = 3), Err(InvalidEpoch::Number { row: 0, .. })));
    assert!(matches!(broken(|of| of.node_payee[0] = 3), Err(InvalidEpoch::Number { row: 0, .. })));
    assert!(matches!(broken(|of| of.node_ids.swap(0, 1)), Err(InvalidEpoch::Order { row: 1, .. })));
    assert!(matches!(broken(|of| of.edge_source.swap(0, 7)), Err(InvalidEpoch::Order { row: 1, .. })));
    assert!(matches!(broken(|of| of.node_labels[0].rows[0] = 3), Err(InvalidEpoch::Number { row: 0, .. })));
    assert!(matches!(
        broken(|of| of.edge_weight.truncate(1)),
        Err(InvalidEpoch::Length { is: 1, wanted: 8, .. })
    ));
    let no_empty_word = |of: &mut Columns| {
        let rows = vec![0; 3];
        of.node_labels = vec![LabelColumn { name: "x".into(), words: vec!["word".into()], rows }];
    };
    assert!(matches!(broken(no_empty_word), Err(InvalidEpoch::Order { row: 0, .. })));
}

/// What a programme may set.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
struct Parameters {
    /// Points a star.
    #[serde(default)]
    per_star: Factor,
    /// The treasury's part.
    retained: Share,
}

struct Stars;

impl Policy for Stars {
    type Parameters = Parameters;
    const NAME: &'static str = "stars";
    const VERSION: &'static str = "1.0.0";
    const SUMMARY: &'static str = "By stars.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        epoch.log("stars");
        let points = vec![parameters.per_star.get(); epoch.payees().len()];
        let retained = if parameters.retained.get() > 0.0 { 1 << 60 } else { 0 };
        Ok(Allocation::from_scores(&points)?.retain(retained))
    }
}

apportion_guest::export!(Stars);

#[test]
fn a_description_tells_parameters_with_their_defaults_and_ranges() {
    let description = describe::<Stars>();
    assert_eq!((description.name, description.version, description.stateful), ("stars", "1.0.0", false));
    let schema: serde_json::Value = serde_json::from_str(&description.parameters).unwrap();
    let expected = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Parameters",
        "description": "What a programme may set.",
        "type": "object",
        "properties": {
            "per_star": {"description": "Points a star.", "type": "number", "minimum": 0, "default": 0.0},
            "retained": {"description": "The treasury's part.", "type": "number", "minimum": 0, "maximum": 1},
        },
        "required": ["retained"],
        "additionalProperties": false,
    });
    assert_eq!(schema, expected);
}

#[test]
fn parameters_that_cannot_be_read_are_refused_in_words() {
    let refusal = |parameters| run::<Stars>(&epoch(), parameters).unwrap_err().to_string();
    let start = "bad parameters: the parameters cannot be read: ";
    assert_eq!(refusal("{}"), format!("{start}missing field `retained`"));
    assert_eq!(
        refusal(r#"{"retained": 2}"#),
        format!("{start}invalid value: floating point `2.0`, expected a number from 0 to 1")
    );
    assert!(
        refusal(r#"{"retained": 0, "star": 1}"#).contains("unknown field `star`, expected `per_star` or")
    );
    assert!(refusal("{").starts_with(start));
}

#[test]
fn lines_of_the_log_can_be_tested() {
    let epoch = epoch();
    run::<Stars>(&epoch, r#"{"retained": 0}"#).unwrap();
    assert_eq!(epoch.logged(), ["stars"]);
}
