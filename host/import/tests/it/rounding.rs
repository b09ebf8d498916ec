//! Numbers that a 64-bit float would round: refused, or reported, wherever they stand.

use apportion_import::{retro_funding, sourcecred};
use serde_json::json;

use crate::folder::Folder;

const NODES: &str = "nodes = { files = [\"FILE\"] }";
/// A double skips this one, and would make 16054077974334920 of it.
const LONG: &str = "16054077974334921";

#[test]
fn weights_of_every_table_are_refused() {
    for (file, content) in [
        ("a.csv", format!("id,payee,weight\na,ada,{LONG}\n")),
        ("a.csv", format!("id,payee,weight\na,ada,{LONG}.0\n")),
        ("a.csv", "id,payee,weight\na,ada,1.6054077974334921e16\n".to_owned()),
        ("a.jsonl", format!("{{\"id\": \"a\", \"payee\": \"ada\", \"weight\": {LONG}}}\n")),
        ("a.jsonl", format!("{{\"id\": \"a\", \"payee\": \"ada\", \"weight\": \"{LONG}\"}}\n")),
    ] {
        let error = Folder::new().with(file, content).refused(&NODES.replace("FILE", file));
        assert!(
            error.contains(", column `weight`: `1") && error.contains("cannot be held exactly"),
            "{error}"
        );
    }
    let edges = format!("source,target,weight\na,a,{LONG}\n");
    let folder = Folder::new().with("a.csv", "id,payee\na,ada\n").with("e.csv", edges);
    let error = folder.refused("nodes = { files = [\"a.csv\"] }\nedges = { files = [\"e.csv\"] }");
    assert!(
        error.starts_with("e.csv, row 2, column `weight`: `16054077974334921` cannot be held exactly"),
        "{error}"
    );
}

#[test]
fn metrics_become_labels_or_are_reported() {
    let folder = Folder::new().with("a.csv", format!("id,payee,wei\na,ada,{LONG}\nb,ada,5\nc,ada,{LONG}\n"));
    let imported = folder.import("nodes = { files = [\"a.csv\"] }").unwrap();
    assert_eq!(imported.epoch.node_label("wei").unwrap().word(0), LONG);
    assert!(imported.notes[0].contains("holds integers beyond 2^53 (`16054077974334921` in a.csv, row 2)"));
    let imported = folder.import("nodes = { files = [\"a.csv\"], columns = { wei = \"metric\" } }").unwrap();
    assert_eq!(imported.epoch.node_metric("wei").unwrap()[0], 16_054_077_974_334_920.0);
    let note = "column `wei` of the nodes holds numbers beyond 2^53 that are rounded to 64-bit floats: 2, the first of them `16054077974334921` in a.csv, row 2";
    assert!(imported.notes.iter().any(|found| found == note), "{:?}", imported.notes);
}

#[test]
fn numbers_of_documents_keep_their_digits_or_are_refused() {
    let prov = |number: &str| format!("{{\"agent\": {{\"urn:a\": {{\"ex:n\": {number}}}}}}}");
    let import = |number: &str, body: &str| Folder::new().with("a", prov(number)).import(body);
    for number in [LONG, "18446744073709551617", "\"16054077974334921\"", "1.6054077974334921e16"] {
        let imported = import(number, "traces = { prov = [\"a\"] }").unwrap();
        assert!(imported.epoch.node_metric("ex:n").is_none());
        assert_eq!(imported.epoch.node_label("ex:n").unwrap().word(0), number.trim_matches('"'));
    }
    let metric = "traces = { prov = [\"a\"] }\nnodes = { columns = { \"ex:n\" = \"metric\" } }";
    let imported = import(LONG, metric).unwrap();
    assert!(
        imported.notes.iter().any(|note| note.contains("rounded to 64-bit floats: 1")),
        "{:?}",
        imported.notes
    );

    let span = |value: &str| {
        format!(
            "{{\"resourceSpans\": [{{\"scopeSpans\": [{{\"spans\": [{{\"traceId\": \"{:032x}\", \"spanId\": \"{:016x}\", \"endTimeUnixNano\": \"1751500000000000000\", \"attributes\": [{{\"key\": \"n\", \"value\": {value}}}]}}]}}]}}]}}",
            1, 1
        )
    };
    let body =
        "traces = { otlp = [\"a\"], attributes = { columns = [\"n\"] } }\npayees = { files = [\"p.csv\"] }";
    let import =
        |value: &str| Folder::new().with("a", span(value)).with("p.csv", "payee,node\nada,\n").import(body);
    for value in [
        "{\"doubleValue\": 16054077974334921}",
        "{\"doubleValue\": \"16054077974334921\"}",
        "{\"doubleValue\": 18446744073709551617}",
        "{\"doubleValue\": 1.6054077974334921e16}",
    ] {
        let error = import(value).unwrap_err().to_string();
        assert!(error.contains("no 64-bit float"), "{error}");
    }
    // As programs write the float 2^60 and 2^64.
    for value in ["{\"doubleValue\": 1152921504606847000}", "{\"doubleValue\": 18446744073709552000}"] {
        assert!(import(value).unwrap().epoch.node_metric("n").is_some());
    }
    let imported = import("{\"intValue\": \"16054077974334921\"}").unwrap();
    assert!(imported.epoch.node_label("n").is_some_and(|label| (0..2).any(|row| label.word(row) == LONG)));
}

#[test]
fn sourcecreds_numbers_are_refused() {
    let refused = |name: &str, content: serde_json::Value| {
        // What JSON cannot hold is written by hand.
        let text = content.to_string().replace("\"LONG\"", LONG);
        let folder = super::sourcecred::instance().with(name, text);
        sourcecred::import(folder.path(), &Default::default(), &mut |_| {}).unwrap_err().to_string()
    };
    let weights = json!([
        {"type": "sourcecred/weights", "version": "0.2.0"},
        {"nodeWeights": {"N\0s\0": "LONG"}, "edgeWeights": {}},
    ]);
    let dependencies = json!([{"id": "zoe", "periods": [{"startTime": "1970-01-11", "weight": "LONG"}]}]);
    let grain = json!({"allocationPolicies": [{"policyType": "RECENT", "budget": "1", "discount": "LONG"}]});
    for (name, content) in [
        ("config/weights.json", weights),
        ("config/dependencies.json", dependencies),
        ("config/grain.json", grain),
    ] {
        let error = refused(name, content);
        assert!(
            error.starts_with(name) && error.contains("16054077974334921 cannot be held exactly"),
            "{error}"
        );
    }
}

#[test]
fn retro_fundings_numbers_are_reported_and_its_parameters_refused() {
    let import = |folder: &Folder, track| retro_funding::import(folder.path(), track, &Default::default());
    let month = super::retro_funding::month;
    let folder = month().with(
        "data/onchain__metrics_by_project.csv",
        format!("amount,metric_name,chain,project_id,sample_date\n{LONG},gas,BASE,a,2026-03-01\n"),
    );
    let imported = import(&folder, retro_funding::Track::Onchain).unwrap();
    assert!(
        imported
            .notes
            .iter()
            .any(|note| note.contains("`amount`") && note.contains("rounded to 64-bit floats: 1")),
        "{:?}",
        imported.notes
    );
    let yaml = |text: &str| month().with("weights/onchain__goldilocks.yaml", text);
    let folder = yaml(&format!(
        "simulation: {{ periods: {{ current: 'Mar 2026' }}, tvl_maximum: {LONG} }}\nallocation: {{ budget: 1 }}\n"
    ));
    let error = import(&folder, retro_funding::Track::Onchain).unwrap_err().to_string();
    assert!(
        error.ends_with("has a number that no 64-bit float can hold in `simulation.tvl_maximum`"),
        "{error}"
    );
    // The pool is no float: all its digits count.
    for (budget, amount) in [
        ("16054077974334921", 16_054_077_974_334_921_000_000_000_000_000_000),
        ("1.3e6", 1_300_000_000_000_000_000_000_000),
        ("16054077974334921e-1", 1_605_407_797_433_492_100_000_000_000_000_000),
        ("1.5e-3", 1_500_000_000_000_000),
    ] {
        let folder = yaml(&format!(
            "simulation: {{ periods: {{ current: 'Mar 2026' }} }}\nallocation: {{ budget: {budget} }}\n"
        ));
        let imported = import(&folder, retro_funding::Track::Onchain).unwrap();
        assert_eq!(imported.epoch.pool().amount, amount, "{budget}");
    }
}
