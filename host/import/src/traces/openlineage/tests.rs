#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::samples::{
    damaged, drafted, expect, lines, lines_without_rows, problems, sample, shuffled,
};
use super::facets::Holder;
use super::*;

fn read(files: &[&str]) -> Draft {
    drafted(|draft, problems| {
        let mut lineage = Lineage::default();
        for (file, text) in files.iter().enumerate() {
            lineage.read(Input::of_test(&mut text.as_bytes(), file), draft, problems);
        }
        lineage.close(draft);
    })
}

fn wrong(text: &str) -> String {
    problems(|problems| {
        Lineage::default().read(Input::of_test(&mut text.as_bytes(), 0), &mut Draft::default(), problems)
    })
}

/// An event of the run 1 of the job j, with what is said of it.
fn event(time: &str, more: &Value) -> Value {
    let mut event = json!({
        "eventTime": time, "run": {"runId": "1"}, "job": {"namespace": "n", "name": "j"}, "producer": "p", "schemaURL": "s"
    });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

fn relations(draft: &Draft) -> Vec<String> {
    let is_relation =
        |line: &String| ["used", "was", "had", "spec"].iter().any(|kind| line.contains(&format!(" {kind}")));
    lines(draft).into_iter().filter(is_relation).filter(|line| !line.starts_with("left out")).collect()
}

#[test]
fn the_samples_of_the_specification_are_read() {
    expect("openlineage/events.txt", &lines(&read(&[&sample("openlineage/events.jsonl")])));
}

/// Each facet of the specification either says something or is named.
#[test]
fn the_facets_of_the_specification_are_read_or_named() {
    for line in sample("openlineage/facets.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let facets = &line["facets"];
        let dataset = |key: &str| json!([{"namespace": "n", "name": "d", key: facets}]);
        let (more, holder) = match line["holder"].as_str().unwrap() {
            "run" => (json!({"run": {"runId": "1", "facets": facets}}), Holder::Run),
            "job" => (json!({"job": {"namespace": "n", "name": "j", "facets": facets}}), Holder::Job),
            "dataset" => (json!({"outputs": dataset("facets")}), Holder::Dataset),
            "input" => (json!({"inputs": dataset("inputFacets")}), Holder::Input),
            _ => (json!({"outputs": dataset("outputFacets")}), Holder::Output),
        };
        let bare = match holder {
            Holder::Input => json!({"inputs": [{"namespace": "n", "name": "d"}]}),
            Holder::Dataset | Holder::Output => json!({"outputs": [{"namespace": "n", "name": "d"}]}),
            _ => json!({}),
        };
        let [draft, bare] =
            [more, bare].map(|more| read(&[&event("2025-07-01T00:00:00Z", &more).to_string()]));
        let name = facets.as_object().unwrap().keys().next().unwrap();
        let named = format!("the {} `{name}`", holder.words());
        match holder.known(name) {
            Some(_) => assert_ne!(lines(&draft), lines(&bare), "{line}"),
            None => assert_eq!(draft.left_out.keys().collect::<Vec<_>>(), [&named], "{line}"),
        }
        let has_inner = line["facets"].to_string().contains("\"transformations\"");
        if has_inner && name == "columnLineage" {
            assert!(draft.left_out.contains_key("the key `transformations` of the facet `columnLineage`"));
        }
    }
}

/// A pipeline that cleans data, fails, trains and evaluates.
#[test]
fn a_training_pipeline_becomes_its_lineage() {
    let draft = read(&[&sample("openlineage/training.jsonl")]);
    expect("openlineage/training.txt", &lines(&draft));
    let failed = draft.relations.iter().filter(|relation| relation.target.ends_with("0003"));
    assert_eq!(failed.count(), 0, "nothing relies on the run that failed");
}

#[test]
fn of_a_facet_the_latest_counts_and_it_can_be_deleted() {
    let owner = |time: &str, facet: Value| {
        let outputs = json!([{"namespace": "n", "name": "d", "facets": {"ownership": facet}}]);
        event(time, &json!({"outputs": outputs})).to_string()
    };
    let (early, late) = ("2025-07-01T00:00:00.000001Z", "2025-07-01T00:00:00.000002Z");
    let (a, b) = (json!({"owners": [{"name": "a"}]}), json!({"owners": [{"name": "b"}]}));
    let owned = |files: [&str; 2]| {
        let all = relations(&read(&files));
        all.into_iter().filter(|line| line.contains("wasAttributedTo")).collect::<Vec<_>>()
    };
    let (first, last) = (owner(early, a.clone()), owner(late, b.clone()));
    assert_eq!(owned([&first, &last]), ["dataset:n/d wasAttributedTo agent:b"]);
    assert_eq!(owned([&last, &first]), ["dataset:n/d wasAttributedTo agent:b"]);
    let (one, other) = (owner(early, a), owner(early, b));
    assert_eq!(owned([&one, &other]), owned([&other, &one]));
    for deleted in [json!({"_deleted": true}), json!(null)] {
        assert_eq!(owned([&owner(late, deleted), &one]), Vec::<String>::new());
    }
}

#[test]
fn symlinks_make_several_names_one_dataset() {
    let symlink =
        |to: &str| json!({"symlinks": {"identifiers": [{"namespace": "n", "name": to, "type": "T"}]}});
    let first = event(
        "2025-07-01T00:00:00Z",
        &json!({
            "outputs": [{"namespace": "n", "name": "b", "facets": symlink("a")}]
        }),
    );
    let mut second = event(
        "2025-07-02T00:00:00Z",
        &json!({
            "inputs": [{"namespace": "n", "name": "c", "facets": symlink("a")}, {"namespace": "n", "name": "b"}]
        }),
    );
    second["run"]["runId"] = json!("2");
    let draft = read(&[&first.to_string(), &second.to_string()]);
    // `a` stands in no event itself.
    assert_eq!(
        relations(&draft),
        [
            "dataset:n/b wasGeneratedBy run:1 at 2025-07-01T00:00:00Z",
            "run:1 hadPlan job:n/j",
            "run:2 used dataset:n/b at 2025-07-02T00:00:00Z",
            "run:2 hadPlan job:n/j",
        ]
    );
    let named: Vec<_> = draft.left_out.keys().collect();
    assert_eq!(
        named,
        [
            "the name `dataset:n/a`, another of `dataset:n/b`",
            "the name `dataset:n/c`, another of `dataset:n/b`"
        ]
    );
}

#[test]
fn of_two_ends_at_one_moment_the_worse_counts_and_a_later_one_before_it() {
    let ends = |ends: &[(&str, &str)]| {
        let outputs = json!([{"namespace": "n", "name": "d"}]);
        let event = |(time, end): &(&str, &str)| {
            event(time, &json!({"eventType": end, "outputs": outputs})).to_string()
        };
        let events: Vec<String> = ends.iter().map(event).collect();
        relations(&read(&[&events.join("\n")])).iter().any(|line| line.contains("wasGeneratedBy"))
    };
    let (early, late) = ("2025-07-01T00:00:00Z", "2025-07-01T00:00:00.5Z");
    assert!(ends(&[(early, "START")]));
    assert!(!ends(&[(early, "ABORT")]));
    assert!(!ends(&[(early, "FAIL"), (early, "COMPLETE")]));
    assert!(!ends(&[(early, "COMPLETE"), (early, "FAIL")]));
    assert!(ends(&[(late, "COMPLETE"), (early, "FAIL")]));
}

/// A dataset is there since it was first generated, by a run that did not fail, and that when the run ended.
#[test]
fn a_dataset_is_as_old_as_its_first_generation() {
    let made = |run: &str, end: &str, time: &str| {
        let mut event = event(time, &json!({"eventType": end, "outputs": [{"namespace": "n", "name": "d"}]}));
        event["run"]["runId"] = json!(run);
        event.to_string()
    };
    let failed = [made("0", "START", "2025-07-01T00:00:00Z"), made("0", "FAIL", "2025-07-02T00:00:00Z")];
    let first = [made("1", "START", "2025-07-03T00:00:00Z"), made("1", "COMPLETE", "2025-07-04T00:00:00Z")];
    let second = [made("2", "START", "2025-07-05T00:00:00Z")];
    let draft = read(&[&[&failed[..], &first, &second].concat().join("\n")]);
    let times: Vec<String> = lines(&draft).into_iter().filter(|line| line.starts_with("dataset")).collect();
    assert_eq!(
        times,
        [
            "dataset:n/d [dataset] at 2025-07-04T00:00:00Z",
            "dataset:n/d wasGeneratedBy run:1 at 2025-07-04T00:00:00Z",
            "dataset:n/d wasGeneratedBy run:2 at 2025-07-05T00:00:00Z",
        ]
    );
    assert_eq!(draft.nodes["run:0"].kind, "failed-run");
    assert_eq!((draft.nodes["run:2"].time, draft.nodes["run:2"].start), (None, Some(1_751_673_600)));
}

#[test]
fn what_is_not_understood_is_named() {
    let more = json!({
        "eventType": "PAUSE", "mood": 1, "dataset": {"namespace": "n", "name": "d"},
        "run": {"runId": "1", "facets": {"spark_properties": {}, "jobDependencies": {"trigger_rule": "ALL_DONE"}}, "x": 1},
        "inputs": [{"namespace": "n", "name": "d", "outputFacets": {}, "inputFacets": {"icebergScanReport": {}}}],
    });
    let draft = read(&[&event("2025-07-01T00:00:00Z", &more).to_string()]);
    assert_eq!(
        draft.left_out.keys().collect::<Vec<_>>(),
        [
            "the eventType `PAUSE`",
            "the input facet `icebergScanReport`",
            "the key `dataset` of an event that has a run",
            "the key `mood` of an event",
            "the key `outputFacets` of a dataset",
            "the key `trigger_rule` of the facet `jobDependencies`",
            "the key `x` of a run",
            "the run facet `spark_properties`",
        ]
    );
}

#[test]
fn what_is_malformed_is_told_with_its_line() {
    let dataset = |facets: Value| json!({"outputs": [{"namespace": "n", "name": "d", "facets": facets}]});
    for (more, expected) in [
        (json!({"eventTime": null}), "`eventTime` is missing"),
        (json!({"eventTime": "yesterday"}), "`eventTime`: `yesterday` is not a time"),
        (json!({"run": {}}), "`run`: `runId` is missing"),
        (json!({"run": []}), "`run` is a list where an object is expected"),
        (json!({"job": null}), "has a run but no `job`"),
        (json!({"run": null, "job": null}), "is no OpenLineage event"),
        (json!({"job": {"namespace": "", "name": "j"}}), "`job`: `namespace` is empty"),
        (json!({"inputs": [{"namespace": "n"}]}), "`inputs[0]`: `name` is missing"),
        (json!({"inputs": {}}), "`inputs` is an object where a list is expected"),
        (
            dataset(json!({"ownership": {"owners": [{}]}})),
            "`outputs[0]`: the dataset facet `ownership`: `name` is missing",
        ),
        (
            dataset(json!({"version": {"datasetVersion": 3}})),
            "`datasetVersion` is a number where text is expected",
        ),
        (
            dataset(json!({"version": "3"})),
            "the dataset facet `version`: is text where an object is expected",
        ),
        (
            dataset(json!({"columnLineage": {"fields": {"a": {"inputFields": [3]}}}})),
            "in `inputFields`, one is a number",
        ),
    ] {
        let text = format!("\n{}", event("2025-07-01T00:00:00Z", &more));
        let wrong = wrong(&text);
        assert!(wrong.starts_with("f, row 2: ") && wrong.contains(expected), "{more}: {wrong}");
    }
    assert!(wrong("{\"run\": {}, \"run\": {}}").contains("the key `run` is there twice"));
}

proptest! {
    #[test]
    fn the_order_of_lines_and_files_makes_no_difference(
        lines in shuffled(&sample("openlineage/training.jsonl")),
        cut in any::<prop::sample::Index>(),
    ) {
        let (one, other) = lines.split_at(cut.index(lines.len()));
        let draft = read(&[&one.join("\n"), &other.join("\n")]);
        let plain = read(&[&sample("openlineage/training.jsonl")]);
        prop_assert_eq!(lines_without_rows(&draft), lines_without_rows(&plain));
    }

    #[test]
    fn nothing_panics(
        text in prop_oneof![damaged(&sample("openlineage/training.jsonl")), damaged(&sample("openlineage/events.jsonl"))]
    ) {
        let (mut draft, mut lineage) = (Draft::default(), Lineage::default());
        problems(|problems| lineage.read(Input::of_test(&mut &text[..], 0), &mut draft, problems));
        lineage.close(&mut draft);
    }
}
