//! Whose a node is, and that documents and tables that say the same make the same epoch and the same payouts.

use apportion::{Charter, Engine, History, settle};
use apportion_import::tables::Imported;

use super::told;
use crate::Folder;

const DOCUMENT: &str = r#"{
  "prefix": {"ex": "http://example.org/"},
  "entity": {
    "ex:answer": {"prov:type": {"$": "ex:Answer", "type": "prov:QUALIFIED_NAME"}},
    "ex:model": {"prov:type": "ex:Model", "ex:parameters": 7000000000},
    "ex:letters": {"prov:type": "ex:DataSet", "prov:label": "Old letters"},
    "ex:maps": {"prov:type": "ex:DataSet", "ex:licence": "CC0"}
  },
  "activity": {
    "ex:run": {"prov:type": "ex:Run", "prov:startTime": "2025-07-10T09:00:00Z", "prov:endTime": "2025-07-10T10:00:00Z"}
  },
  "agent": {"ex:ann": {}, "ex:bot": {"prov:type": "prov:SoftwareAgent"}, "ex:ben": {}, "ex:cyd": {}},
  "wasGeneratedBy": {"_:1": {"prov:entity": "ex:answer", "prov:activity": "ex:run", "prov:time": "2025-07-10T10:00:00Z"}},
  "used": {
    "_:2": {"prov:activity": "ex:run", "prov:entity": "ex:model", "ex:share": 2},
    "_:3": {"prov:activity": "ex:run", "prov:entity": "ex:maps", "ex:confidence": 0.5}
  },
  "wasDerivedFrom": {"_:4": {"prov:generatedEntity": "ex:model", "prov:usedEntity": "ex:letters"}},
  "wasAssociatedWith": {"_:5": {"prov:activity": "ex:run", "prov:agent": "ex:bot"}},
  "actedOnBehalfOf": {"_:6": {"prov:delegate": "ex:bot", "prov:responsible": "ex:ann"}},
  "wasAttributedTo": {
    "_:7": {"prov:entity": "ex:model", "prov:agent": "ex:ben"},
    "_:8": {"prov:entity": "ex:letters", "prov:agent": "ex:cyd"},
    "_:9": {"prov:entity": "ex:maps", "prov:agent": "ex:ben"},
    "_:10": {"prov:entity": "ex:maps", "prov:agent": "ex:cyd"}
  }
}"#;

/// The same in tables, owners included. The maps are nobody's, as two answer for them.
const NODES: &str = "id,kind,time,payee,ex:parameters,ex:licence,name
http://example.org/answer,Answer,2025-07-10T10:00:00Z,,,,
http://example.org/model,Model,,ben,7000000000,,
http://example.org/letters,DataSet,,cyd,,,Old letters
http://example.org/maps,DataSet,,,,CC0,
http://example.org/run,Run,2025-07-10T10:00:00Z,ann,,,
http://example.org/ann,agent,,ann,,,
http://example.org/bot,SoftwareAgent,,ann,,,
http://example.org/ben,agent,,ben,,,
http://example.org/cyd,agent,,cyd,,,
";
const EDGES: &str = "source,target,kind,weight,time,ex:confidence
http://example.org/answer,http://example.org/run,wasGeneratedBy,,2025-07-10T10:00:00Z,
http://example.org/run,http://example.org/model,used,2,,
http://example.org/run,http://example.org/maps,used,,,0.5
http://example.org/model,http://example.org/letters,wasDerivedFrom,,,
http://example.org/run,http://example.org/bot,wasAssociatedWith,,,
http://example.org/bot,http://example.org/ann,actedOnBehalfOf,,,
http://example.org/model,http://example.org/ben,wasAttributedTo,,,
http://example.org/letters,http://example.org/cyd,wasAttributedTo,,,
http://example.org/maps,http://example.org/ben,wasAttributedTo,,,
http://example.org/maps,http://example.org/cyd,wasAttributedTo,,,
";
const PAYEES: &str = "payee,node,name
ann,http://example.org/ann,Ann
ben,http://example.org/ben,
cyd,http://example.org/cyd,
";

fn payouts(imported: &Imported) -> Vec<(String, u128)> {
    let engine = Engine::new().unwrap();
    let policy = engine.admit(apportion_standard::find("lineage").unwrap().bytes).unwrap();
    let relations = ["wasGeneratedBy", "used", "wasDerivedFrom", "wasAttributedTo"].map(|kind| (kind, 1.0));
    let parameters = serde_json::json!({
        "outcomes": {"Answer": 1.0},
        "kept": {"Run": 0.25, "Model": 0.5},
        "relations": std::collections::BTreeMap::from(relations),
    });
    let charter = Charter::single("Lineage", &policy, parameters).unwrap();
    let settlement = settle(&imported.epoch, &charter, &[policy], &History::default()).unwrap();
    settlement.payouts.iter().map(|payout| (payout.payee.clone(), payout.amount)).collect()
}

#[test]
fn a_document_and_tables_of_the_same_lineage_are_the_same_epoch_and_pay_the_same() {
    let folder = Folder::new()
        .with("a.json", DOCUMENT)
        .with("nodes.csv", NODES)
        .with("edges.csv", EDGES)
        .with("payees.csv", PAYEES);
    let of_document = folder
        .import("[traces]\nprov = [\"a.json\"]\nattributes = { weight = \"ex:share\" }\n[payees]\nfiles = [\"payees.csv\"]")
        .unwrap();
    let of_tables = folder
        .import("[nodes]\nfiles = [\"nodes.csv\"]\n[edges]\nfiles = [\"edges.csv\"]\n[payees]\nfiles = [\"payees.csv\"]")
        .unwrap();
    assert_eq!(told(&of_document.epoch), told(&of_tables.epoch));
    assert!(of_document.epoch.as_bytes() == of_tables.epoch.as_bytes());
    let paid = payouts(&of_document);
    assert_eq!(paid, payouts(&of_tables));
    // Of 10.00 a quarter stays with the run's owner. Of the rest two thirds reach the model, whose owner keeps half and
    // has half of what goes on, beside the letters; a third reaches the maps, which are two people's.
    let paid: Vec<(&str, u128)> = paid.iter().map(|(payee, amount)| (payee.as_str(), *amount)).collect();
    assert_eq!(paid, [("ann", 250), ("ben", 500), ("cyd", 250)]);
}

#[test]
fn without_a_table_agents_that_act_for_no_other_are_the_payees() {
    let folder = Folder::new().with("a.json", DOCUMENT);
    let imported = folder.import("traces = { prov = [\"a.json\"] }").unwrap();
    let (epoch, ids) = (&imported.epoch, ["ann", "ben", "cyd"].map(|id| format!("http://example.org/{id}")));
    assert_eq!(epoch.payees().iter().collect::<Vec<_>>(), ids);
    let lines = told(epoch);
    for line in [
        "node \"http://example.org/run\": \"Run\" of \"http://example.org/ann\"",
        "node \"http://example.org/maps\": \"DataSet\", ",
        "node \"http://example.org/answer\": \"Answer\" at",
    ] {
        assert!(lines.contains(line), "{line} in {lines}");
    }
}

#[test]
fn an_agent_that_no_table_knows_is_named_and_what_it_answers_for_is_nobodys() {
    let folder = Folder::new()
        .with("a.json", DOCUMENT)
        .with("payees.csv", "payee,node\nann,http://example.org/ann\nann,http://example.org/nothing\n");
    let imported =
        folder.import("traces = { prov = [\"a.json\"] }\npayees = { files = [\"payees.csv\"] }").unwrap();
    assert_eq!(
        imported.notes,
        [
            "no table says whose these are, so that they and what they answer for are nobody's: 2 agents (`http://example.org/ben`, `http://example.org/cyd`)",
            "the tables of payees list 1 node (`http://example.org/nothing`) that nothing names in this period",
        ]
    );
    let lines = told(&imported.epoch);
    assert!(lines.contains("node \"http://example.org/model\": \"Model\", "), "{lines}");
    assert!(lines.contains("node \"http://example.org/bot\": \"SoftwareAgent\" of \"ann\""), "{lines}");
}

#[test]
fn agents_that_act_for_one_another_in_a_circle_are_nobodys() {
    let document = r#"{
      "actedOnBehalfOf": {
        "_:1": {"prov:delegate": "urn:a", "prov:responsible": "urn:b"},
        "_:2": {"prov:delegate": "urn:b", "prov:responsible": "urn:a"},
        "_:3": {"prov:delegate": "urn:c", "prov:responsible": "urn:c"}
      },
      "wasAttributedTo": {"_:4": {"prov:entity": "urn:x", "prov:agent": "urn:a"}, "_:5": {"prov:entity": "urn:y", "prov:agent": "urn:c"}}
    }"#;
    let imported = Folder::new().with("a.json", document).import("traces = { prov = [\"a.json\"] }").unwrap();
    let lines = told(&imported.epoch);
    assert!(
        lines.contains("node \"urn:x\": \"entity\"\n")
            && lines.contains("node \"urn:y\": \"entity\" of \"urn:c\""),
        "{lines}"
    );
}

#[test]
fn a_table_says_more_of_a_node_than_a_document() {
    let folder = Folder::new()
        .with("a.json", DOCUMENT)
        .with(
            "nodes.csv",
            "id,kind,weight,time,payee,ex:parameters,stars\nhttp://example.org/model,Adapter,3,2025-07-05,dora,,4\nelsewhere,Page,,,dora,1,\n",
        )
        .with("edges.csv", "source,target,kind\nelsewhere,http://example.org/maps,cites\n");
    let imported = folder
        .import("traces = { prov = [\"a.json\"] }\nnodes = { files = [\"nodes.csv\"] }\nedges = { files = [\"edges.csv\"] }")
        .unwrap();
    let lines = told(&imported.epoch);
    for line in [
        "node \"http://example.org/model\": \"Adapter\" of \"dora\" weight 3 at 1751673600, ex:parameters 7000000000, stars 4\n",
        "node \"elsewhere\": \"Page\" of \"dora\", ex:parameters 1\n",
        "edge \"elsewhere\" cites \"http://example.org/maps\"\n",
    ] {
        assert!(lines.contains(line), "{line} in {lines}");
    }
    let twice = folder
        .with("more.csv", "id,payee\nhttp://example.org/model,dora\n")
        .refused("traces = { prov = [\"a.json\"] }\nnodes = { files = [\"nodes.csv\", \"more.csv\"] }");
    assert_eq!(
        twice,
        "more.csv, row 2, column `id`: `http://example.org/model` is there twice: an earlier row has the same id"
    );
}

#[test]
fn the_description_says_what_attributes_are() {
    let folder = Folder::new().with("a.json", DOCUMENT);
    let columns =
        "columns = { \"ex:parameters\" = \"label\", \"ex:licence\" = \"ignore\", \"ex:votes\" = \"metric\" }";
    let imported = folder.import(&format!("traces = {{ prov = [\"a.json\"] }}\n[nodes]\n{columns}")).unwrap();
    let epoch = &imported.epoch;
    assert_eq!(epoch.node_labels().iter().collect::<Vec<_>>(), ["ex:parameters", "name"]);
    assert_eq!(epoch.node_metrics().iter().collect::<Vec<_>>(), ["ex:votes"]);
    assert_eq!(
        imported.notes,
        ["column `ex:votes` of the nodes, which the description lists, has no value anywhere"]
    );
}

#[test]
fn what_does_not_say_how_certain_it_is_is_certain() {
    let folder = Folder::new()
        .with("a.json", DOCUMENT)
        .with("edges.csv", "source,target,confidence\nhttp://example.org/maps,http://example.org/letters,\n");
    let body = "edges = { files = [\"edges.csv\"] }\ntraces = { prov = [\"a.json\"], attributes = { confidence = \"ex:confidence\" } }";
    let epoch = folder.import(body).unwrap().epoch;
    let mut certain = epoch.edge_metric("confidence").unwrap().to_vec();
    certain.sort_by(f64::total_cmp);
    assert_eq!((certain.len(), certain[0], certain[1]), (11, 0.5, 1.0));
    let wrong = folder.with("b.json", DOCUMENT.replace("\"ex:confidence\": 0.5", "\"ex:confidence\": 1.5"));
    assert_eq!(
        wrong.refused("traces = { prov = [\"b.json\"], attributes = { confidence = \"ex:confidence\" } }"),
        "b.json, row 16: `used/_:3` has a `ex:confidence` that is not one finite number from 0 to 1, as a confidence must be"
    );
}
