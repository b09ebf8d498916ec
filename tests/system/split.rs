//! Lists in the sandbox and natively, over the tables that the policy's page shows: the same units.

use apportion::Engine;
use serde_json::json;

use crate::jury::{imported, refused, settled};

#[test]
fn component_and_native_rule_divide_the_example_alike() {
    let engine = Engine::new().unwrap();
    let epoch = imported("split", "epoch.toml");
    let parameters = json!({"payees": {"treasurer": 100_000}, "lists": {"app": 900_000}});
    let paid = settled::<split::Split>(&engine, &epoch, &parameters);
    let expected =
        [("app-team", 557), ("designer", 93), ("librarian", 111), ("parser-team", 139), ("treasurer", 100)];
    assert_eq!(paid, expected.map(|(payee, amount): (&str, u128)| (payee.to_owned(), amount)));
}

#[test]
fn hostile_parameters_are_refused() {
    let engine = Engine::new().unwrap();
    let epoch = imported("split", "epoch.toml");
    for parameters in [
        json!({}),
        json!({"payees": {"treasurer": 0}}),
        json!({"payees": {"treasurer": -1}}),
        json!({"payees": {"treasurer": 1_000_001}}),
        json!({"payees": {"treasurer": 0.5}}),
        json!({"payees": {"treasurer": 600_000}, "lists": {"app": 400_001}}),
        json!({"payees": {"nobody": 1}}),
        json!({"lists": {"nowhere": 1}}),
        json!({"list": {"app": 1}}),
    ] {
        refused(&engine, "split", &epoch, &parameters);
    }
}
