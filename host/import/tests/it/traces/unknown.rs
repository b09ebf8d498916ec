//! Everything that is not understood is named, with where it stands first; nothing of it is dropped in silence.

use crate::folder::Folder;

/// A document with one unknown thing of each sort, a line each.
const DOCUMENT: &str = r#"{
  "prefix": {"ex": "http://example.org/", "prov": "http://example.org/not-prov#"},
  "entity": {
    "ex:a": {"ex:score": {"$": "1", "type": "ex:points"}, "prov:type": "Answer"},
    "ex:b": {"ex:text": {"$": "hallo", "lang": "de", "unit": "words"}},
    "other:c": {"ex:many": [3, 2]},
    "d": {"ex:far": {"$": "INF", "type": "xsd:double"}},
    "ex:e": {"ex:lines": "first\nsecond"}
  },
  "activity": {"ex:run": {"prov:startTime": ["2025-07-02T00:00:00Z", "2025-07-03T00:00:00Z"]}},
  "agent": {"ex:ann": {"prov:label": "Ann"}},
  "wasGeneratedBy": {"_:1": {"prov:entity": "ex:a"}, "_:2": {"prov:entity": "ex:a", "prov:activity": "ex:run"}},
  "used": {"_:3": {"prov:entity": "ex:a"}},
  "wasInvalidatedBy": {"_:4": {"prov:entity": "ex:b", "prov:activity": "ex:run", "ex:why": "old"}},
  "wasEndedBy": {"_:5": {"prov:activity": "ex:run", "prov:trigger": "ex:a"}},
  "alternateOf": {"_:6": {"prov:alternate1": "ex:a", "prov:alternate2": "ex:b"}},
  "wasDerivedFrom": {"_:7": {"prov:generatedEntity": "ex:a", "prov:usedEntity": "ex:gone"},
                     "_:8": {"prov:generatedEntity": "ex:a", "prov:usedEntity": "ex:gone"}},
  "hadDictionaryMember": {"_:9": {}},
  "bundle": {"ex:bundle": {"bundle": {"ex:inner": {}}}}
}"#;

#[test]
fn one_unknown_thing_of_each_sort_is_named() {
    let folder = Folder::new().with("a.json", DOCUMENT).with(
        "b.json",
        r#"{"prefix": {"ex": "http://example.org/"}, "agent": {"ex:ann": {"prov:label": "Anna"}}}"#,
    );
    let imported = folder.import("[traces]\nprov = [\"a.json\", \"b.json\"]").unwrap();
    let expected = [
        "not in the graph: another meaning of the prefix `prov` (in a.json, row 2)",
        "not in the graph: attribute `ex:why` of `wasInvalidatedBy` (in a.json, row 14)",
        "not in the graph: attribute `prov:activity` of `wasInvalidatedBy` (in a.json, row 14)",
        "not in the graph: bundle: what stands in it is read, and not that it stands there (in a.json, row 20)",
        "not in the graph: in which language a text is (in a.json, row 5)",
        "not in the graph: member `unit` of a value (in a.json, row 5)",
        "not in the graph: names without a prefix, which are kept as they are (in a.json, row 7)",
        "not in the graph: prefix `other`, which is not declared: names with it are kept as they are (in a.json, row 6)",
        "not in the graph: relation `alternateOf`: neither of two alternates relied on the other (in a.json, row 16)",
        "not in the graph: relation `used` without `prov:activity` (in a.json, row 13)",
        "not in the graph: relation `wasEndedBy`: an activity did not rely on what ended it (in a.json, row 15)",
        "not in the graph: relation `wasGeneratedBy` without `prov:activity` (in a.json, row 12)",
        "not in the graph: relation `wasInvalidatedBy` without `prov:time` (in a.json, row 14)",
        "not in the graph: section `bundle` (in a.json, row 20)",
        "not in the graph: section `hadDictionaryMember` (in a.json, row 19)",
        "not in the graph: several `prov:startTime`, of which the first is kept (in a.json, row 10)",
        "not in the graph: several numbers of `ex:many`, of which the least is kept (in a.json, row 6)",
        "not in the graph: type `ex:points`, whose values are taken for text (in a.json, row 4)",
        "not in the graph: values of `ex:far` that are no finite number (in a.json, row 7)",
        "several values of `name` are given for 1 node (`http://example.org/ann`); the least is kept",
        "said again, alike in everything, and counted once: 1 relation",
        "referred to, described nowhere and nobody's: 1 node (`http://example.org/gone`) of kind `entity`",
        "column `ex:lines` of the nodes: 1 text with line breaks or other invisible characters, or too long, shown without them",
    ];
    assert_eq!(imported.notes, expected);
}

#[test]
fn what_is_named_is_bounded_and_the_rest_is_counted() {
    let sections: String = (0..250).map(|n| format!(", \"section-{n:03}\": {{}}")).collect();
    let folder = Folder::new().with("a.json", format!("{{\"agent\": {{\"a\": {{}}}}{sections}}}"));
    let imported = folder.import("[traces]\nprov = [\"a.json\"]").unwrap();
    assert_eq!(imported.notes.len(), 101);
    assert_eq!(
        imported.notes.last().map(String::as_str),
        Some("not in the graph: 151 things more of other sorts (151 times in all)")
    );
}
