//! The rule on a handful of projects: each test is one line of the README.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use apportion_guest::{Allocation, Edge, Epoch, EpochBuilder, Node, Refusal, run};
use optimism_devtooling::OptimismDevtooling;
use serde_json::{Value, json};

const JULY_2025: i64 = 1_751_328_000;
const YEAR: i64 = 365 * 86_400;

/// A large project that depends on `hammer`, a small one that depends on both tools.
fn example() -> EpochBuilder {
    Epoch::builder()
        .pool(1000)
        .node(project("large", 90.0))
        .node(project("small", 10.0))
        .node(tool("hammer"))
        .node(tool("saw"))
        .edge(package("large", "hammer"))
        .edge(package("small", "hammer"))
        .edge(package("small", "saw"))
}

fn project(id: &str, transactions: f64) -> Node {
    Node::new(id, "project").label("listed", "onchain").metric("onchain.transactions", transactions)
}

fn tool(id: &str) -> Node {
    Node::new(id, "project").label("listed", "devtooling").payee(id)
}

fn package(project: &str, tool: &str) -> Edge {
    Edge::new(project, tool, "package-dependency").label("event", "NPM").time(JULY_2025)
}

fn commit(project: &str, developer: &str) -> Edge {
    let edge = Edge::new(project, developer, "onchain-project-to-developer");
    edge.label("event", "COMMIT_CODE").time(JULY_2025)
}

fn star(developer: &str, tool: &str) -> Edge {
    let edge = Edge::new(developer, tool, "developer-to-devtooling-project");
    edge.label("event", "STARRED").time(JULY_2025)
}

/// `ann` commits to the large project, `bob` to the small one; `ann` stars the saw.
fn with_developers() -> EpochBuilder {
    example()
        .node(Node::new("ann", "developer"))
        .node(Node::new("bob", "developer"))
        .edge(commit("large", "ann"))
        .edge(commit("small", "bob"))
        .edge(star("ann", "saw"))
}

fn parameters() -> Value {
    let each = |value: f64| {
        json!({
            "package_dependency": value,
            "onchain_project_to_developer": value,
            "developer_to_devtooling_project": value
        })
    };
    json!({
        "simulation": {
            "alpha_onchain": 0.5,
            "alpha_devtooling": 0.5,
            "onchain_project_pretrust_weights": {"transactions": 1, "no_such_column": 7},
            "devtooling_project_pretrust_weights": {},
            "link_type_time_decays": each(1.0),
            "link_type_weights": each(1.0),
            "event_type_weights": {"npm": 1, "starred": 1, "commit_code": 1},
            "eligibility_thresholds": {
                "num_projects_with_package_links": 1,
                "num_onchain_developers_with_links": 1
            }
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
    run::<OptimismDevtooling>(&epoch.build().unwrap(), &parameters.to_string())
}

/// What the two tools get: hammer, saw.
fn shares(epoch: EpochBuilder, parameters: &Value) -> Vec<f64> {
    settle(epoch, parameters).unwrap().shares()
}

fn measure(allocation: &Allocation, name: &str) -> Vec<f64> {
    allocation.measures.iter().find(|measure| measure.name == name).unwrap().values.clone()
}

#[test]
fn credit_starts_with_the_projects_on_which_most_happens() {
    // All credit starts with the large project (min-max of two: 1 and 0), and it depends on the hammer alone.
    assert_eq!(shares(example(), &parameters()), [1.0, 0.0]);
    let third = example().node(project("third", 5.0));
    assert!(shares(third, &parameters())[1] > 0.0, "the small one is no longer the smallest");
}

#[test]
fn developers_pass_credit_on_to_the_tools_they_take_part_in() {
    let allocation = settle(with_developers(), &parameters()).unwrap();
    assert_eq!(measure(&allocation, "developer-score"), [0.0, 1.0]);
    assert_eq!(measure(&allocation, "package-score"), [1.0, 0.0]);
    assert_eq!(measure(&allocation, "package-connections"), [2.0, 1.0]);
    assert_eq!(measure(&allocation, "developer-connections"), [0.0, 1.0]);
    assert_eq!(allocation.shares(), [0.5, 0.5]);
    let packages_only = with("/simulation/link_type_weights/developer_to_devtooling_project", 0.into());
    assert_eq!(shares(with_developers(), &packages_only), [1.0, 0.0]);
}

#[test]
fn a_developer_who_stars_their_own_project_gives_it_nothing() {
    let own = |epoch: EpochBuilder| {
        epoch
            .node(Node::new("both", "project").label("listed", "both").payee("both"))
            .edge(star("ann", "both"))
    };
    let connections = |epoch| measure(&settle(epoch, &parameters()).unwrap(), "developer-connections");
    // Rows tell which commit is the last one.
    let last_is = |project, row| own(with_developers()).edge(commit(project, "ann").metric("row", row));
    assert_eq!(connections(last_is("both", 5.0)), [0.0, 0.0, 1.0]);
    assert_eq!(connections(last_is("both", -5.0)), [1.0, 0.0, 1.0]);
}

#[test]
fn only_commits_lead_from_a_project_to_a_developer() {
    let issue = Edge::new("small", "bob", "onchain-project-to-developer").label("event", "ISSUE_OPENED");
    let without = settle(with_developers().edge(star("bob", "hammer")), &parameters()).unwrap();
    let with = settle(with_developers().edge(star("bob", "hammer")).edge(issue), &parameters()).unwrap();
    assert_eq!(without, with);
}

#[test]
fn the_example_of_the_readme() {
    // The older dependency has half the weight of the newer.
    let epoch = Epoch::builder()
        .pool(900)
        .node(project("large", 1.0))
        .node(tool("hammer"))
        .node(tool("saw"))
        .edge(package("large", "hammer").time(JULY_2025 - YEAR))
        .edge(package("large", "saw"));
    let shares = shares(epoch, &parameters());
    assert!((shares[0] - 1.0 / 3.0).abs() < 1e-9, "{shares:?}");
}

#[test]
fn utility_and_event_types_weigh_links() {
    let epoch = || {
        Epoch::builder()
            .pool(900)
            .node(project("large", 1.0))
            .node(tool("hammer").label("utility", "Compilers"))
            .node(tool("saw"))
            .edge(package("large", "hammer"))
            .edge(package("large", "saw").label("event", "pip"))
    };
    let near = |actual: Vec<f64>, hammer: f64| assert!((actual[0] - hammer).abs() < 1e-9, "{actual:?}");
    // PIP is not listed: weight 0, and the log says so.
    near(shares(epoch(), &parameters()), 1.0);
    let built = epoch().build().unwrap();
    run::<OptimismDevtooling>(&built, &parameters().to_string()).unwrap();
    assert_eq!(built.logged(), ["event type PIP is not in the parameters: weight 0"]);
    let mut weighed = with("/simulation/event_type_weights", json!({"NPM": 1, "pip": 2}));
    near(shares(epoch(), &weighed), 1.0 / 3.0);
    weighed["simulation"]["utility_weights"] = json!({"Compilers": 6});
    near(shares(epoch(), &weighed), 0.75);
}

#[test]
fn of_parallel_links_the_last_row_counts() {
    let epoch = |npm_row, pip_row| {
        example()
            .edge(package("large", "saw").metric("row", npm_row))
            .edge(package("large", "saw").label("event", "PIP").metric("row", pip_row))
    };
    let weighed = with("/simulation/event_type_weights", json!({"npm": 1, "pip": 3}));
    let near = |actual: Vec<f64>, saw: f64| assert!((actual[1] - saw).abs() < 1e-9, "{actual:?}");
    near(shares(epoch(1.0, 2.0), &weighed), 0.75);
    near(shares(epoch(2.0, 1.0), &weighed), 0.5);
}

#[test]
fn a_tool_needs_enough_projects_or_enough_developers() {
    let mut strict = with("/simulation/eligibility_thresholds/num_projects_with_package_links", 2.into());
    let allocation = settle(with_developers(), &strict).unwrap();
    assert_eq!(measure(&allocation, "eligible"), [1.0, 1.0]);
    strict["simulation"]["eligibility_thresholds"]["num_onchain_developers_with_links"] = 2.into();
    let allocation = settle(with_developers(), &strict).unwrap();
    assert_eq!((measure(&allocation, "eligible"), allocation.shares()), (vec![1.0, 0.0], vec![1.0, 0.0]));
}

#[test]
fn limits_leave_the_rest_to_the_treasury() {
    let capped = with("/allocation/max_share_per_project", 0.25.into());
    assert_eq!(shares(with_developers(), &capped), [0.25, 0.25]);
    let dropped = with("/allocation/min_amount_per_project", 501.into());
    assert_eq!(shares(with_developers(), &dropped), [0.0, 0.0]);
}

#[test]
fn what_cannot_be_answered_is_said() {
    let refusal = |epoch, parameters: &Value| settle(epoch, parameters).unwrap_err().to_string();
    assert!(refusal(Epoch::builder(), &parameters()).contains("no node is labelled `listed`"));
    let alone = Epoch::builder().node(project("large", 1.0));
    assert!(refusal(alone, &parameters()).contains("as `devtooling` or `both`"));
    let unlinked = Epoch::builder().node(tool("hammer"));
    assert!(refusal(unlinked, &parameters()).contains("no edge leads to a developer tool"));
    let nothing = with("/simulation/event_type_weights", json!({}));
    assert!(refusal(with_developers(), &nothing).contains("no eligible developer tool has any credit"));
    let circle = with("/simulation/alpha_devtooling", 1.into());
    let epoch = example()
        .node(Node::new("ann", "developer"))
        .node(Node::new("both", "project").label("listed", "both").payee("both"))
        .edge(commit("both", "ann").metric("row", 1.0))
        .edge(commit("large", "ann").metric("row", 2.0))
        .edge(star("ann", "both"));
    assert!(refusal(epoch, &circle).contains("a ranking of damping 1 did not settle in 100 iterations"));
    let twice = with("/simulation/event_type_weights", json!({"npm": 1, "NPM": 2}));
    assert!(refusal(example(), &twice).contains("twice"));
    let zero = with("/simulation/link_type_time_decays/package_dependency", 0.into());
    assert!(refusal(example(), &zero).contains("expected a number above 0"));
    let unknown = with("/simulation/alpha", 0.5.into());
    assert!(refusal(example(), &unknown).contains("unknown field `alpha`"));
}
