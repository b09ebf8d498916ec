//! What defines the Shapley value, on graphs and tables that nobody chose: efficiency, symmetry, null players, additivity.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

mod common;

use apportion_guest::{Edge, Epoch, Node, run};
use common::{Graph, KINDS, by_definition, close, divided, parameters, shares, value};
use proptest::prelude::*;
use shapley::Shapley;

/// The values, or zeros where nobody has one.
fn values(epoch: &Epoch, parameters: &str) -> Vec<f64> {
    match run::<Shapley>(epoch, parameters) {
        Ok(allocation) => allocation.measures[0].values.clone(),
        Err(refusal) => {
            let nothing = ["no payee has a value above 0", "no outcome is worth", "no node is of a kind"];
            assert!(nothing.iter().any(|text| refusal.to_string().contains(text)), "{refusal}");
            vec![0.0; epoch.payees().len()]
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_are_those_of_the_definition(graph in Graph::any(5, 12, 30)) {
        let values = values(&graph.epoch().build().unwrap(), &parameters(&KINDS, ""));
        close(&values, &graph.values());
        // Efficiency: together what all are worth, less what there is without anybody.
        let everyone = graph.worth(|_| true) - graph.worth(|node| graph.nodes[node].1.is_none());
        prop_assert!((values.iter().sum::<f64>() - everyone).abs() < 1e-9);
    }

    /// Nodes as players are the game in which everybody owns one node.
    #[test]
    fn nodes_play_for_their_payees(graph in Graph::any(3, 7, 16)) {
        let owned: Vec<usize> = (0..graph.nodes.len()).filter(|node| graph.nodes[*node].1.is_some()).collect();
        let by_node = by_definition(u32::try_from(owned.len()).unwrap(), |members| {
            graph.worth(|node| owned.iter().position(|owned| *owned == node).is_none_or(|bit| members >> bit & 1 == 1))
        });
        let mut expected = vec![0.0; 3];
        for (node, value) in owned.iter().zip(by_node) {
            expected[graph.nodes[*node].1.unwrap() as usize] += value;
        }
        let parameters = parameters(&KINDS, r#", "players": "nodes""#);
        close(&values(&graph.epoch().build().unwrap(), &parameters), &expected);
    }

    /// A payee beside another with the same node gets the same, and one whose nodes nobody relies on gets nothing.
    #[test]
    fn equals_get_the_same_and_a_null_player_nothing(graph in Graph::any(4, 10, 24)) {
        let twin = graph.nodes.iter().position(|node| node.1 == Some(0));
        prop_assume!(twin.is_some_and(|twin| !graph.edges.iter().any(|edge| edge.0 == edge.1 && edge.0 == twin)));
        let mut graph = graph;
        // Of payee 0 one node is left, and payee 1 has its twin.
        let twin = twin.unwrap();
        for (node, (_, payee, _)) in graph.nodes.iter_mut().enumerate() {
            if *payee == Some(1) || *payee == Some(0) && node != twin {
                *payee = Some(2);
            }
        }
        let (kind, _, worth) = graph.nodes[twin];
        let copy = graph.nodes.len();
        graph.nodes.push((kind, Some(1), worth));
        for (source, target, weight) in graph.edges.clone() {
            if source == twin {
                graph.edges.push((copy, target, weight));
            } else if target == twin {
                graph.edges.push((source, copy, weight));
            }
        }
        // And payee 3 relies on many and nobody on it, nor is it worth anything.
        for (node, (_, payee, worth)) in graph.nodes.iter_mut().enumerate() {
            if *payee == Some(3) {
                *worth = 0;
                graph.edges.retain(|edge| edge.1 != node);
            }
        }
        let epoch = graph.epoch().build().unwrap();
        prop_assume!(values(&epoch, &parameters(&KINDS, "")).iter().any(|value| *value > 0.0));
        let shares = shares(&epoch, &parameters(&KINDS, ""));
        prop_assert_eq!(shares[0], shares[1]);
        prop_assert_eq!(shares[3], 0);
    }

    /// The game of all outcomes is the sum of the games of some and of the others.
    #[test]
    fn values_of_a_sum_of_games_add_up(graph in Graph::any(6, 14, 34)) {
        let epoch = graph.epoch().build().unwrap();
        let [all, some, others] =
            [&KINDS[..], &KINDS[..1], &KINDS[1..]].map(|outcomes| values(&epoch, &parameters(outcomes, "")));
        let sum: Vec<f64> = some.iter().zip(&others).map(|(some, other)| some + other).collect();
        close(&all, &sum);
    }

    /// The closed form of coverage is what enumeration gives, to the bit, and what sampling tends to.
    #[test]
    fn coverage_is_enumerated_reachability(
        edges in prop::collection::vec((0..6_u32, 0..7_u32), 1..30),
        worth in prop::collection::vec(1..100_u32, 6),
    ) {
        let mut epoch = Epoch::builder();
        for (topic, worth) in worth.iter().enumerate() {
            epoch = epoch.node(Node::new(format!("topic:{topic}"), "topic").weight(f64::from(*worth) / 7.0));
        }
        for page in 0..7 {
            let node = Node::new(format!("page:{page}"), "page");
            // The last is nobody's.
            epoch = epoch.node(if page < 6 { node.payee(format!("p{}", page / 2 * 2 % 5)) } else { node });
        }
        for (topic, page) in edges {
            epoch = epoch.edge(Edge::new(format!("topic:{topic}"), format!("page:{page}"), "covers"));
        }
        let epoch = epoch.build().unwrap();
        // A topic without pages is worth something without anybody, if it need not be covered.
        let covered = r#"{"game": {"coverage": {"outcomes": ["topic"]}}}"#;
        let reached = r#"{"game": {"reachability": {"outcomes": ["topic"]}}}"#;
        match run::<Shapley>(&epoch, covered) {
            Ok(allocation) => prop_assert_eq!(allocation, run::<Shapley>(&epoch, reached).unwrap()),
            Err(refusal) => prop_assert_eq!(refusal, run::<Shapley>(&epoch, reached).unwrap_err()),
        }
    }

    /// Any worth of any coalition, below 0 too: the definition, and what is paid then.
    #[test]
    fn evaluations_are_any_game(worth in prop::collection::vec(-50..50_i32, 16)) {
        let mut epoch = Epoch::builder();
        for player in 0..4 {
            epoch = epoch.node(Node::new(format!("d{player}"), "data").payee(format!("p{player}")));
        }
        for (members, worth) in worth.iter().enumerate() {
            let id = format!("e{members:02}");
            epoch = epoch.node(Node::new(&id, "evaluation").metric("score", f64::from(*worth) / 8.0));
            for player in (0..4).filter(|player| members >> player & 1 == 1) {
                epoch = epoch.edge(Edge::new(&id, format!("d{player}"), "used"));
            }
        }
        let epoch = epoch.build().unwrap();
        let expected = by_definition(4, |members| f64::from(worth[members as usize]) / 8.0);
        let game = r#"{"game": {"evaluations": {"kinds": ["evaluation"], "score": "score"}}"#;
        // 24 times a value is whole.
        prop_assume!(expected.iter().any(|value| *value > 0.01));
        close(&value(&epoch, &format!("{game}}}")), &expected);
        let (shares, retained) = divided(&epoch, &format!(r#"{game}, "negative": "retained"}}"#));
        let whole = (shares.iter().sum::<u64>() + retained) as f64;
        let size: f64 = expected.iter().map(|value| value.abs()).sum();
        for (share, value) in shares.iter().zip(&expected) {
            prop_assert!((*share as f64 / whole - value.max(0.0) / size).abs() < 1e-12);
        }
        let (shares, retained) = divided(&epoch, &format!("{game}}}"));
        prop_assert_eq!(retained, 0);
        prop_assert!(shares.iter().zip(&expected).all(|(share, value)| (*share > 0) == (*value > 1e-9)));
    }
}
