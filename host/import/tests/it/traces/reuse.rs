//! A step that a later trace reuses is linked to it, so that who owns it is paid again; and the example that is shipped.

use std::path::Path;

use apportion::{Charter, Engine, Epoch, History, settle};
use apportion_import::tables;

use super::{sample, told};
use crate::Folder;

/// What `lineage` pays, to whom it pays anything.
fn payouts(epoch: &Epoch, parameters: serde_json::Value) -> Vec<(String, u128)> {
    let engine = Engine::new().unwrap();
    let policy = engine.admit(apportion_standard::find("lineage").unwrap().bytes).unwrap();
    let charter = Charter::single("Lineage", &policy, parameters).unwrap();
    let settlement = settle(epoch, &charter, &[policy], &History::default()).unwrap();
    let payouts = settlement.payouts.iter();
    payouts.filter(|payout| payout.amount > 0).map(|payout| (payout.payee.clone(), payout.amount)).collect()
}

#[test]
fn a_later_epoch_pays_the_owner_of_an_earlier_step_that_it_reuses() {
    let folder = Folder::new()
        .with("june.jsonl", sample("otlp/june.jsonl"))
        .with("july.jsonl", sample("otlp/july.jsonl"))
        .with("payees.csv", "payee,node\nann,agent:asst-researcher\nben,agent:asst-writer\n");
    let parameters = || {
        serde_json::json!({
            "outcomes": {"trace": 1},
            "kept": {"agent-run": 0.5, "tool-call": 1},
            "relations": {"wasGeneratedBy": 1, "wasInformedBy": 1, "used": 1},
        })
    };
    let epoch = |head: &str, files: &str| {
        let body = format!("payees = {{ files = [\"payees.csv\"] }}\ntraces = {{ otlp = [{files}] }}");
        folder.import_as(head, &body).unwrap().epoch
    };
    let of = |epoch: &Epoch, payee: &str| {
        let paid = payouts(epoch, parameters());
        paid.iter().find(|(id, _)| id == payee).map_or(0, |(_, amount)| *amount)
    };
    let june = crate::HEAD.replace("2025-08-01", "2025-07-01").replace("2025-07-01, end", "2025-06-01, end");
    assert!(of(&epoch(&june, "\"june.jsonl\""), "ann") > 0, "in June for what she did in June");
    let both = epoch(crate::HEAD, "\"july.jsonl\", \"june.jsonl\"");
    assert!(of(&both, "ann") > 0 && of(&both, "ben") > 0, "in July for what July reuses");
    // June's outcomes have earned in June: they are no outcomes of July.
    let lines = told(&both);
    assert_eq!(lines.matches(": \"trace\"").count(), 2, "{lines}");
    let alone = epoch(crate::HEAD, "\"july.jsonl\"");
    assert_eq!(of(&alone, "ann"), 0, "what is reused is in no file, so it is nobody's");
    assert!(told(&alone).contains("\"missing-step\""));
}

#[test]
fn the_example_pays_all_on_whose_work_the_answers_rest() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/agents");
    let imported =
        tables::import(&folder.join("epoch.toml"), &tables::Options::default(), &mut |_| {}).unwrap();
    assert_eq!(
        imported.notes,
        [
            "not in the graph: a span that no outcome of the window leads to (2 times, first in june.jsonl, row 1)"
        ]
    );
    let parameters = serde_json::from_slice(&std::fs::read(folder.join("lineage.json")).unwrap()).unwrap();
    let paid = payouts(&imported.epoch, parameters);
    // In cents, of the 300 that the writer's answer earned the writer keeps 60; half of the rest goes to the search of June that
    // it reuses (the scout 24, the tool 48, the rangers' report 48), half to the model (60) and its data (30 each). Of the
    // 200 of the scout's own answer the scout keeps 40, the model 80, its data 40 each.
    let expected = [
        ("ann", 6_400),
        ("archive", 7_000),
        ("ben", 6_000),
        ("lab", 14_000),
        ("rangers", 11_800),
        ("toolsmith", 4_800),
    ];
    assert_eq!(paid, expected.map(|(payee, amount)| (payee.to_owned(), amount)));
}
