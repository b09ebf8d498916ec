//! The rule on a handful of projects: each test is one line of the README.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::{Allocation, Edge, Epoch, EpochBuilder, Node, Refusal, run};
use optimism_onchain::OptimismOnchain;
use serde_json::{Value, json};

const JANUARY: i64 = 1_735_689_600;
const FEBRUARY: i64 = 1_738_368_000;

/// The README's example: A from 10 to 20, B from 20 to 10, C from 0 to 0.
fn example() -> EpochBuilder {
    [("a", 10.0, 20.0), ("b", 20.0, 10.0), ("c", 0.0, 0.0)].into_iter().fold(
        epoch(),
        |epoch, (id, before, now)| {
            row(row(project(epoch, id, "True"), id, "fees", "Jan 2025", before), id, "fees", "Feb 2025", now)
        },
    )
}

fn epoch() -> EpochBuilder {
    Epoch::builder().pool(1000).node(Node::new("chain:BASE", "chain"))
}

fn project(epoch: EpochBuilder, id: &str, eligible: &str) -> EpochBuilder {
    epoch.node(Node::new(id, "project").payee(id).label("eligible", eligible))
}

fn row(epoch: EpochBuilder, project: &str, metric: &str, period: &str, amount: f64) -> EpochBuilder {
    let time = if period == "Jan 2025" { JANUARY } else { FEBRUARY };
    let edge = Edge::new("chain:BASE", project, metric).time(time);
    epoch.edge(edge.label("period", period).metric("amount", amount))
}

fn parameters() -> Value {
    json!({
        "simulation": {
            "periods": {"previous": "Jan 2025", "current": "Feb 2025"},
            "eligibility_filter": true,
            "metrics": {"fees": 1, "tvl": 0},
            "metric_variants": {"adoption": 0.2, "growth": 0.2, "retention": 0.6}
        },
        "allocation": {"min_amount_per_project": 0, "max_share_per_project": 1}
    })
}

fn with(path: &str, value: Value) -> Value {
    let mut parameters = parameters();
    let (object, name) = path.rsplit_once('/').unwrap();
    parameters.pointer_mut(object).unwrap()[name] = value;
    parameters
}

fn settle(epoch: EpochBuilder, parameters: &Value) -> Result<Allocation, Refusal> {
    run::<OptimismOnchain>(&epoch.build().unwrap(), &parameters.to_string())
}

fn shares(epoch: EpochBuilder, parameters: &Value) -> Vec<f64> {
    settle(epoch, parameters).unwrap().shares()
}

fn near(actual: &[f64], expected: &[f64]) {
    let close = actual.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(close && actual.len() == expected.len(), "{actual:?} is not {expected:?}");
}

fn of_example() -> [f64; 3] {
    in_proportion_to_roots([0.44, 0.37, 0.0])
}

fn in_proportion_to_roots(squares: [f64; 3]) -> [f64; 3] {
    let scores = squares.map(f64::sqrt);
    scores.map(|score| score / scores.iter().sum::<f64>())
}

#[test]
fn the_example_of_the_readme() {
    near(&shares(example(), &parameters()), &of_example());
    assert!((of_example()[0] - 0.522).abs() < 5e-4);
}

#[test]
fn without_periods_the_newest_two_are_compared() {
    let named = settle(example(), &parameters());
    let newest = settle(example(), &with("/simulation/periods", Value::Null));
    assert_eq!(named, newest);
}

#[test]
fn a_period_without_metrics_is_no_answer_if_it_is_the_current_one() {
    let later = with("/simulation/periods", json!({"previous": "Feb 2025", "current": "Mar 2025"}));
    let refusal = settle(example(), &later).unwrap_err().to_string();
    assert!(
        refusal.contains("no metrics for the period `Mar 2025`, only for `Feb 2025`, `Jan 2025`"),
        "{refusal}"
    );
    let first = with("/simulation/periods", json!({"previous": "Dec 2024", "current": "Jan 2025"}));
    // Nothing is retained, so retention tells nobody apart.
    near(&shares(example(), &first), &in_proportion_to_roots([0.38, 0.44, 0.36]));
}

#[test]
fn only_projects_marked_as_eligible_are_paid_if_that_is_asked_for() {
    let outsider = |epoch| row(project(epoch, "z", ""), "z", "fees", "Feb 2025", 900.0);
    near(&shares(outsider(example()), &parameters())[..3], &of_example());
    let all = shares(outsider(example()), &with("/simulation/eligibility_filter", false.into()));
    assert!(all[3] > 0.1, "{all:?}");
}

#[test]
fn chains_are_weighed_and_those_not_listed_count_in_full() {
    let half = with("/simulation/chains", json!({"base": 0.5}));
    // One chain: every amount is halved, and the scale does not see it.
    near(&shares(example(), &half), &of_example());
    let other = example().node(Node::new("chain:MODE", "chain")).edge(
        Edge::new("chain:MODE", "c", "fees")
            .time(FEBRUARY)
            .label("period", "Feb 2025")
            .metric("amount", 10.0),
    );
    // In January and February: a 5 and 10, b 10 and 5, c 0 and 10.
    near(&shares(other, &half), &in_proportion_to_roots([0.04 + 0.01 + 0.36, 0.36, 0.04 + 0.04]));
}

#[test]
fn value_locked_has_a_minimum_and_a_maximum_over_all_chains() {
    let locked = |epoch, amount| row(epoch, "b", "tvl", "Feb 2025", amount);
    let maximum = with("/simulation/tvl_maximum", 100.into());
    near(&shares(locked(example(), 100.0), &maximum), &of_example());
    near(&shares(locked(example(), 101.0), &maximum), &[1.0, 0.0, 0.0]);

    let mut minimum = with("/simulation/metrics", json!({"fees": 1, "tvl": 1}));
    minimum["simulation"]["tvl_minimum"] = 50.into();
    // Below the minimum the column is all 0, hence all 1 once scaled: nobody is ahead by it.
    let below = shares(locked(example(), 49.0), &minimum);
    let above = shares(locked(example(), 50.0), &minimum);
    assert!(below[2] > 0.1 && below[0] > below[1], "{below:?}");
    assert!(above[1] > below[1], "{above:?}");
}

#[test]
fn a_percentile_caps_the_giants() {
    let mut epoch = epoch();
    for (id, now) in [("a", 1000.0), ("b", 10.0), ("c", 0.0)] {
        epoch = row(project(epoch, id, "True"), id, "fees", "Feb 2025", now);
    }
    let capped = shares(epoch, &with("/simulation/percentile_cap", 50.into()));
    near(&capped, &in_proportion_to_roots([0.44, 0.44, 0.36]));
}

#[test]
fn limits_cap_and_drop_and_the_treasury_keeps_what_nobody_may_have() {
    let capped = with("/allocation/max_share_per_project", 0.25.into());
    near(&shares(example(), &capped), &[0.25, 0.25, 0.0]);
    let dropped = with("/allocation/min_amount_per_project", 500.into());
    near(&shares(example(), &dropped), &[1.0, 0.0, 0.0]);
}

#[test]
fn what_cannot_be_answered_is_said() {
    let refusal = |epoch, parameters: &Value| settle(epoch, parameters).unwrap_err().to_string();
    assert_eq!(
        refusal(epoch(), &parameters()),
        "no answer: no node is labelled `eligible`, which `eligibility_filter` needs"
    );
    assert!(refusal(project(epoch(), "a", "True"), &parameters()).contains("no metric `amount`"));
    let other = with("/simulation/metrics", json!({"users": 1}));
    assert!(refusal(example(), &other).contains("no eligible project has a weighted metric"));
    let unweighted = with("/simulation/metric_variants", json!({"adoption": 0, "growth": 0, "retention": 0}));
    assert!(refusal(example(), &unweighted).contains("no eligible project has a score above 0"));
    let twice = with("/simulation/chains", json!({"base": 1, "BASE": 0.5}));
    assert!(refusal(example(), &twice).contains("twice"));
}
