//! What of documents belongs to an epoch's window.

use super::sample::told_with_notes;
use crate::folder::Folder;

/// Answers of three months; that of July cites that of June, which was made with old data; nobody cites that of May.
const DOCUMENT: &str = r#"{
  "entity": {"urn:old-data": {}, "urn:lost-data": {}, "urn:withdrawn-later": {}},
  "activity": {
    "urn:may": {"prov:endTime": "2025-05-10T00:00:00Z"},
    "urn:june": {"prov:endTime": "2025-06-10T00:00:00Z"},
    "urn:july": {"prov:endTime": "2025-07-10T00:00:00Z"},
    "urn:august": {"prov:startTime": "2025-07-31T23:00:00Z", "prov:endTime": "2025-08-01T00:00:00Z"}
  },
  "agent": {"urn:ann": {}},
  "wasGeneratedBy": {
    "_:1": {"prov:entity": "urn:answer-may", "prov:activity": "urn:may", "prov:time": "2025-05-10T00:00:00Z"},
    "_:2": {"prov:entity": "urn:answer-june", "prov:activity": "urn:june", "prov:time": "2025-06-10T00:00:00Z"},
    "_:3": {"prov:entity": "urn:answer-july", "prov:activity": "urn:july", "prov:time": "2025-07-10T00:00:00Z"},
    "_:4": {"prov:entity": "urn:answer-august", "prov:activity": "urn:august", "prov:time": "2025-08-01T00:00:00Z"}
  },
  "used": {
    "_:5": {"prov:activity": "urn:may", "prov:entity": "urn:lost-data"},
    "_:6": {"prov:activity": "urn:june", "prov:entity": "urn:old-data"},
    "_:7": {"prov:activity": "urn:july", "prov:entity": "urn:answer-june"},
    "_:8": {"prov:activity": "urn:august", "prov:entity": "urn:answer-july"},
    "_:9": {"prov:activity": "urn:july", "prov:entity": "urn:withdrawn-later", "prov:time": "2025-09-01T00:00:00Z"}
  },
  "wasInvalidatedBy": {
    "_:10": {"prov:entity": "urn:withdrawn-later", "prov:time": "2025-08-15T00:00:00Z"},
    "_:11": {"prov:entity": "urn:old-data", "prov:time": "2025-07-15T00:00:00Z"}
  }
}"#;

#[test]
fn nothing_of_after_the_window_and_of_before_only_what_something_in_it_leads_to() {
    let folder = Folder::new().with("a.json", DOCUMENT);
    let imported = folder.import("traces = { prov = [\"a.json\"] }").unwrap();
    let expected = r#"payee "urn:ann" ""
node "urn:ann": "agent" of "urn:ann"
node "urn:answer-july": "entity" at 1752105600
node "urn:answer-june": "entity" at 1749513600
node "urn:july": "activity" at 1752105600
node "urn:june": "activity" at 1749513600
node "urn:old-data": "entity", invalidated 1752537600
node "urn:withdrawn-later": "entity"
edge "urn:answer-july" wasGeneratedBy "urn:july" at 1752105600
edge "urn:answer-june" wasGeneratedBy "urn:june" at 1749513600
edge "urn:july" used "urn:answer-june"
edge "urn:june" used "urn:old-data"
note: left out: 2 nodes of after the window, with all that leads to and from them
note: left out: 1 relation of after the window
note: left out: 3 nodes of before the window to which nothing in it leads
note: referred to, described nowhere and nobody's: 2 nodes (`urn:answer-july`, `urn:answer-june`) of kind `entity`
"#;
    assert_eq!(told_with_notes(&imported), expected);
}

#[test]
fn what_a_table_names_is_in_the_epoch_whenever_it_was() {
    let folder = Folder::new()
        .with("a.json", DOCUMENT)
        .with("nodes.csv", "id,kind,payee\nurn:answer-august,Answer,ann\nnews,Page,ann\n")
        .with("edges.csv", "source,target\nnews,urn:answer-may\n");
    let tables = "nodes = { files = [\"nodes.csv\"] }\nedges = { files = [\"edges.csv\"] }";
    let imported = folder.import(&format!("{tables}\ntraces = {{ prov = [\"a.json\"] }}")).unwrap();
    let told = told_with_notes(&imported);
    for line in [
        "node \"urn:answer-august\": \"Answer\" of \"ann\" at 1754006400\n",
        "node \"urn:answer-may\": \"entity\" at",
        "node \"urn:lost-data\": \"entity\"\n",
        "note: left out: 1 node of after the window",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    assert!(!told.contains("of before the window"), "{told}");
}

#[test]
fn an_outcome_earns_in_the_window_in_which_it_is_dated() {
    let typed = |id: &str| format!("\"urn:{id}\": {{\"prov:type\": \"Answer\"}}");
    let answers = ["answer-june", "answer-july", "undated"].map(typed).join(", ");
    let folder = Folder::new()
        .with("a.json", DOCUMENT.replacen("{\"urn:old-data\"", &format!("{{{answers}, \"urn:old-data\""), 1));
    let imported = folder.import("traces = { prov = [\"a.json\"], outcomes = [\"Answer\"] }").unwrap();
    let told = told_with_notes(&imported);
    for line in [
        "node \"urn:answer-july\": \"Answer\" at",
        "node \"urn:answer-june\": \"earlier-Answer\" at",
        "note: without a date, so that they would earn in every period: 1 outcome (`urn:undated`)\n",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
}
