#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use apportion_core::epoch::Window;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::draft::Relation;
use super::super::samples::{
    damaged, drafted, expect, lines, lines_without_rows, problems, sample, shuffled,
};
use super::*;

/// July 2025.
const WINDOW: Window = Window { start: 1_751_328_000, end: 1_754_006_400 };

fn options() -> Options {
    Options {
        columns: BTreeSet::from(["app.tenant", "service.name"].map(str::to_owned)),
        earned: Some("app.price".to_owned()),
        generated: BTreeMap::from([("app.report.id".to_owned(), Some("report".to_owned()))]),
        used: BTreeMap::from([("app.cites".to_owned(), Some("report".to_owned()))]),
    }
}

fn read_into(draft: &mut Draft, files: &[&str], options: &Options, problems: &mut Collector) {
    let mut traces = Traces::default();
    for (file, text) in files.iter().enumerate() {
        traces.read(Input::of_test(&mut text.as_bytes(), file), options, draft, problems);
    }
    traces.close(WINDOW, draft);
}

fn read(files: &[&str]) -> Draft {
    drafted(|draft, problems| read_into(draft, files, &options(), problems))
}

fn wrong(request: &Value) -> String {
    let text = format!("\n{request}");
    problems(|problems| read_into(&mut Draft::default(), &[&text], &options(), problems))
}

/// A request with one root span of July, with what is said of it.
fn request(more: &Value) -> Value {
    let mut span = json!({
        "traceId": "0000000000000000000000000000000A", "spanId": "00000000000000B1", "name": "s",
        "startTimeUnixNano": "1751500000000000000", "endTimeUnixNano": 1_751_500_000_999_999_999_u64
    });
    for (key, value) in more.as_object().unwrap() {
        span[key] = value.clone();
    }
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
}

/// Attributes of plain texts, and whatever else their values are.
fn attributes(pairs: &[(&str, Value)]) -> Value {
    pairs
        .iter()
        .map(|(key, value)| {
            let value = if value.is_string() { json!({"stringValue": value}) } else { value.clone() };
            json!({"key": key, "value": value})
        })
        .collect()
}

/// What the only span of a request is and relies on.
fn only(pairs: &[(&str, Value)]) -> Vec<String> {
    let draft = read(&[&request(&json!({"attributes": attributes(pairs)})).to_string()]);
    let about_span = |line: &String| line.starts_with("span:");
    let short = |line: String| line.replace("span:0000000000000000000000000000000a/00000000000000b1", "span");
    lines(&draft)
        .into_iter()
        .filter(about_span)
        .map(|line| short(line).replace(" at 2025-07-02T23:46:40Z", ""))
        .collect()
}

fn has(draft: &Draft, source: &str, kind: &str, target: &str) -> bool {
    let is_it = |relation: &&Relation| {
        relation.source.ends_with(source) && relation.kind == kind && relation.target.ends_with(target)
    };
    draft.relations.iter().any(|relation| is_it(&relation))
}

#[test]
fn the_sample_of_the_specification_is_read() {
    let text = sample("otlp/trace.json");
    let mut draft = Draft::default();
    let mut traces = Traces::default();
    assert_eq!(
        problems(|problems| traces.read(
            Input::of_test(&mut text.as_bytes(), 0),
            &Options::default(),
            &mut draft,
            problems
        )),
        ""
    );
    traces.close(Window { start: 1_544_712_661, end: 1_544_712_662 }, &mut draft);
    expect("otlp/trace.txt", &lines(&draft));
}

/// An agent's run of June, with a sub-agent, is reused by two of July: by a link, by a report and by a memory.
#[test]
fn agents_reuse_what_agents_did() {
    let draft = read(&[&sample("otlp/june.jsonl"), &sample("otlp/july.jsonl")]);
    expect("otlp/july.txt", &lines(&draft));
    let (writer, search) = ("b000000000000001", "a000000000000003");
    assert!(has(&draft, writer, "wasInformedBy", search));
    assert!(has(&draft, "c000000000000001", "used", "report:r-17"));
    assert!(has(&draft, "report:r-17", "wasGeneratedBy", "a000000000000001"));
    assert!(has(&draft, "memory:facts/m-1", "wasGeneratedBy", "a000000000000008"));
    let outcomes: Vec<_> = draft.nodes.keys().filter(|id| id.starts_with("trace:")).collect();
    assert_eq!(
        outcomes,
        ["trace:7f2c9d0e4a6b4c81a1d0e5b3c2f49a10", "trace:c0ffee254729296a45a3885639ac41bb"]
    );
}

/// Without a use in July, June is not in the graph.
#[test]
fn what_no_outcome_leads_to_is_left_out() {
    let draft = read(&[&sample("otlp/june.jsonl")]);
    assert_eq!((draft.nodes.len(), draft.relations.len()), (0, 0));
    assert_eq!(
        draft.left_out.get("a span that no outcome of the window leads to").map(|left| left.count),
        Some(9)
    );
}

/// What other documents lead to is there, and what was made later is not.
#[test]
fn what_other_documents_cite_is_in_the_graph() {
    let cite = |id: &str, file: &str| {
        drafted(|draft, problems| {
            draft.mention(id, "entity");
            read_into(draft, &[&sample(file)], &options(), problems);
        })
    };
    assert!(has(
        &cite("report:r-17", "otlp/june.jsonl"),
        "report:r-17",
        "wasGeneratedBy",
        "a000000000000001"
    ));
    let span = "span:0af7651916cd43dd8448eb211c80319c/e000000000000001";
    assert_eq!(cite(span, "otlp/june.jsonl").nodes[span].name.as_deref(), Some("nightly"));
    let later = sample("otlp/june.jsonl").replace("\"175041", "\"175441");
    let draft = drafted(|draft, problems| {
        draft.mention("report:r-17", "entity");
        read_into(draft, &[&later], &options(), problems);
    });
    assert_eq!(draft.relations.len(), 0);
}

/// Prompts, answers and what tools were called with stay where they are.
#[test]
fn content_never_enters() {
    let pairs: Vec<(&str, Value)> = vec![
        ("gen_ai.operation.name", json!("chat")),
        ("gen_ai.input.messages", json!("secret")),
        ("gen_ai.prompt.0.content", json!("secret")),
        ("gen_ai.tool.call.result", json!({"kvlistValue": {"values": [{"key": "secret", "value": {}}]}})),
        ("gen_ai.retrieval.documents", json!("[{\"id\": \"d\", \"secret\": \"secret\"}]")),
    ];
    let events = json!([{"name": "gen_ai.choice", "attributes": attributes(&[("secret", json!("secret"))])}]);
    let text = request(&json!({"attributes": attributes(&pairs), "events": events})).to_string();
    let mut options = options();
    options.columns.extend(pairs.iter().map(|(key, _)| (*key).to_owned()));
    let draft = drafted(|draft, problems| read_into(draft, &[&text], &options, problems));
    let all = lines(&draft).join("\n");
    assert!(!all.contains("secret") && all.contains(genai::CONTENT) && all.contains("document:d"), "{all}");
}

#[test]
fn the_conventions_say_what_a_span_is_and_uses() {
    let operation = |name: &str| ("gen_ai.operation.name", json!(name));
    for (name, kind) in [
        ("chat", "model-call"),
        ("generate_content", "model-call"),
        ("text_completion", "model-call"),
        ("embeddings", "model-call"),
        ("retrieval", "retrieval"),
        ("search_memory", "retrieval"),
        ("execute_tool", "tool-call"),
        ("invoke_agent", "agent-run"),
        ("invoke_workflow", "agent-run"),
        ("create_agent", "span"),
        ("plan", "span"),
        ("hum", "span"),
    ] {
        assert_eq!(
            only(&[operation(name)]),
            [format!("span [{kind}] \"s\" gen_ai.operation.name=\"{name}\"")]
        );
    }
    let uses = |pairs: &[(&str, Value)]| only(pairs).into_iter().skip(1).collect::<Vec<_>>();
    let text = |key: &'static str, value: &str| (key, json!(value));
    for (pairs, expected) in [
        (vec![text("gen_ai.request.model", "m")], vec!["span used model:m"]),
        (
            vec![
                text("gen_ai.request.model", "m"),
                text("gen_ai.response.model", "m-1"),
                text("gen_ai.provider.name", "openai"),
                text("gen_ai.system", "vertex_ai"),
            ],
            vec!["span used model:openai/m-1"],
        ),
        (
            vec![text("gen_ai.system", "gemini"), text("gen_ai.request.model", "m")],
            vec!["span used model:gcp.gemini/m"],
        ),
        (
            vec![text("gen_ai.agent.id", "7"), text("gen_ai.agent.name", "a")],
            vec!["span wasAssociatedWith agent:7"],
        ),
        (vec![text("gen_ai.agent.name", "a")], vec!["span wasAssociatedWith agent:a"]),
        (vec![text("gen_ai.workflow.name", "w")], vec!["span wasAssociatedWith agent:w"]),
        (vec![text("gen_ai.tool.name", "t")], vec!["span used tool:t"]),
        (vec![text("gen_ai.data_source.id", "s")], vec!["span used data-source:s"]),
        (
            vec![text("mcp.method.name", "resources/read"), text("mcp.resource.uri", "file:///a")],
            vec!["span used document:file:///a"],
        ),
        (vec![text("mcp.method.name", "resources/list"), text("mcp.resource.uri", "file:///a")], vec![]),
        (
            vec![("app.cites", json!({"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "7"}]}}))],
            vec!["span used report:7", "span used report:a"],
        ),
    ] {
        assert_eq!(uses(&pairs), expected);
    }
    let tokens = |key: &'static str, count: u32| (key, json!({"intValue": count.to_string()}));
    let old = ("gen_ai.usage.prompt_tokens", 5);
    let new = ("gen_ai.usage.input_tokens", 7);
    assert_eq!(only(&[tokens(old.0, old.1)]), ["span [span] \"s\" gen_ai.usage.input_tokens=5"]);
    assert_eq!(
        only(&[tokens(old.0, old.1), tokens(new.0, new.1)]),
        ["span [span] \"s\" gen_ai.usage.input_tokens=7"]
    );
    let cost = ("gen_ai.usage.cost", json!({"doubleValue": 0.25}));
    assert_eq!(only(&[cost]), ["span [span] \"s\" gen_ai.usage.cost=0.25"]);
}

#[test]
fn a_failed_step_was_not_relied_on() {
    for (code, has_failed) in [
        (json!(2), true),
        (json!("STATUS_CODE_ERROR"), true),
        (json!(1), false),
        (json!("STATUS_CODE_OK"), false),
        (json!(null), false),
    ] {
        let root = request(&json!({}));
        let child = request(&json!({
            "spanId": "00000000000000b2", "parentSpanId": "00000000000000b1", "status": {"code": code}
        }));
        let draft = read(&[&child.to_string(), &root.to_string()]);
        assert_eq!(has(&draft, "b1", "wasInformedBy", "b2"), !has_failed, "{code}");
        let failed_root = request(&json!({"status": {"code": code}}));
        let outcomes = read(&[&failed_root.to_string()]).nodes.len();
        assert_eq!(outcomes, if has_failed { 0 } else { 2 });
    }
}

#[test]
fn a_trace_is_an_outcome_of_the_window_in_which_its_roots_end() {
    for (end, is_outcome) in [
        ("1751327999999999999", false),
        ("1751328000000000000", true),
        ("1754006399999999999", true),
        ("1754006400000000000", false),
    ] {
        let draft = read(&[&request(&json!({"endTimeUnixNano": end})).to_string()]);
        assert_eq!(draft.nodes.contains_key("trace:0000000000000000000000000000000a"), is_outcome, "{end}");
    }
    // A parent that no file has does not hide its child, and the roots' earnings add up.
    let price = |price: Value| attributes(&[("app.price", price)]);
    let one = request(&json!({"attributes": price(json!({"intValue": 2}))}));
    let other = request(&json!({
        "spanId": "b2", "attributes": price(json!("0.5")), "parentSpanId": "00000000000000ff"
    }))
    .to_string()
    .replace("\"b2\"", "\"00000000000000b2\"");
    let draft = read(&[&one.to_string(), &other]);
    let trace = &draft.nodes["trace:0000000000000000000000000000000a"];
    assert_eq!(trace.columns.get("earned"), Some(&super::super::draft::Value::Number(2.5)));
    assert!(has(&draft, "trace:0000000000000000000000000000000a", "wasGeneratedBy", "b2"));
    assert!(draft.left_out.keys().any(|what| what.starts_with("the parent of a span, which is in no file")));
}

#[test]
fn a_file_may_be_a_list_over_several_lines() {
    let text = sample("otlp/june.jsonl") + &sample("otlp/july.jsonl");
    let requests: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let list = serde_json::to_string_pretty(&requests).unwrap();
    assert_eq!(lines_without_rows(&read(&[&list])), lines_without_rows(&read(&[&text])));
}

#[test]
fn copies_of_a_span_are_one() {
    let text = request(&json!({})).to_string();
    let later = request(&json!({"endTimeUnixNano": "1751500009000000000", "name": "later"})).to_string();
    let [one, other] = [[&*text, &later, &text], [&*later, &text, &text]].map(|files| read(&files));
    assert_eq!(lines_without_rows(&one), lines_without_rows(&other));
    assert_eq!(
        one.nodes["span:0000000000000000000000000000000a/00000000000000b1"].name.as_deref(),
        Some("later")
    );
    assert_eq!(one.relations.len(), 1);
}

#[test]
fn what_is_not_understood_is_named() {
    let span = json!({
        "mood": 1, "droppedEventsCount": 3, "attributes": attributes(&[("http.route", json!("/")), ("gen_ai.operation.name", json!("hum"))]),
        "events": [{"name": "retry"}], "links": [], "status": {"deprecatedCode": 1}
    });
    let mut request = request(&span);
    request["resourceLogs"] = json!([]);
    request["resourceSpans"][0]["resource"] = json!({"attributes": attributes(&[("host.name", json!("h"))])});
    request["resourceSpans"][0]["scopeSpans"][0]["scope"] =
        json!({"attributes": attributes(&[("a", json!("b"))])});
    let draft = read(&[&request.to_string()]);
    assert_eq!(
        draft.left_out.keys().collect::<Vec<_>>(),
        [
            "the attribute `http.route`",
            "the event `retry`",
            "the key `deprecatedCode` of a status",
            "the key `mood` of a span",
            "the key `resourceLogs` of a request",
            "the meaning of the operation `hum`: its spans are spans",
            "the resource attribute `host.name`",
            "the scope attribute `a`",
            "what was dropped before it was written, as `droppedEventsCount` says",
        ]
    );
}

/// What a sender wrote otherwise than the conventions say does not keep the rest from being read.
#[test]
fn what_the_conventions_do_not_have_is_named() {
    for (pairs, named) in [
        (
            vec![("gen_ai.usage.input_tokens", json!("many"))],
            "the attribute `gen_ai.usage.input_tokens`, where it is no number",
        ),
        (
            vec![("gen_ai.usage.cost", json!({"doubleValue": "NaN"}))],
            "the attribute `gen_ai.usage.cost`, where it is no number",
        ),
        (
            vec![
                ("gen_ai.usage.prompt_tokens", json!({"intValue": 1})),
                ("gen_ai.usage.input_tokens", json!({"intValue": 2})),
            ],
            "the attribute `gen_ai.usage.prompt_tokens` of a span that has `gen_ai.usage.input_tokens`",
        ),
        (
            vec![("gen_ai.retrieval.documents", json!("[{\"id\": \"d"))],
            "what `gen_ai.retrieval.documents` holds where it is no list",
        ),
        (
            vec![("gen_ai.retrieval.documents", json!("[3]"))],
            "an item of `gen_ai.retrieval.documents` without an id",
        ),
        (
            vec![("gen_ai.retrieval.documents", json!("[{\"score\": 1}]"))],
            "an item of `gen_ai.retrieval.documents` without an id",
        ),
        (
            vec![("gen_ai.retrieval.documents", json!("[{\"id\": \"d\", \"score\": \"high\"}]"))],
            "a score in `gen_ai.retrieval.documents` that is no number",
        ),
        (
            vec![("gen_ai.memory.record.id", json!("m"))],
            "a memory of a span that neither wrote nor searched it",
        ),
        (vec![("app.tenant", json!({"bytesValue": "AA=="}))], "the attribute `app.tenant`, where it is null"),
    ] {
        let draft = read(&[&request(&json!({"attributes": attributes(&pairs)})).to_string()]);
        assert_eq!(draft.left_out.keys().collect::<Vec<_>>(), [named]);
    }
}

#[test]
fn what_is_malformed_is_told_with_its_line_and_path() {
    let attribute = |key: &str, value: Value| json!({"attributes": [{"key": key, "value": value}]});
    for (more, expected) in [
        (json!({"traceId": null}), "`traceId` is missing"),
        (json!({"traceId": "W47/95gDgQPSabYzgT/GDA=="}), "where 32 hexadecimal digits are expected"),
        (json!({"traceId": "+000000000000000000000000000000a"}), "where 32 hexadecimal digits are expected"),
        (json!({"spanId": "0000000000000000"}), "`spanId` is all zeros"),
        (json!({"parentSpanId": "b1"}), "`parentSpanId` is `b1` where 16 hexadecimal digits"),
        (json!({"endTimeUnixNano": "soon"}), "`endTimeUnixNano` is `soon` where an integer"),
        (json!({"endTimeUnixNano": -1}), "`endTimeUnixNano` is -1, which is no time"),
        (json!({"endTimeUnixNano": 1.5e18}), "`endTimeUnixNano` is a number where an integer"),
        (json!({"attributes": {}}), "`attributes` is an object where a list"),
        (json!({"links": [{"spanId": "00000000000000b1"}]}), "`links[0]`: `traceId` is missing"),
        (json!({"status": {"code": "x1"}, "kind": 1, "attributes": [3]}), "in `attributes`, one is a number"),
        (
            attribute("gen_ai.tool.name", json!({"intValue": "3"})),
            "the attribute `gen_ai.tool.name` is a number where text",
        ),
        (
            attribute("app.price", json!({"stringValue": "much"})),
            "the attribute `app.price` is text where a number",
        ),
        (
            attribute("app.price", json!({"doubleValue": "NaN"})),
            "the attribute `app.price` is not a finite number",
        ),
        (
            attribute("app.price", json!({"intValue": "1", "doubleValue": 1})),
            "`app.price` has several values",
        ),
        (attribute("app.cites", json!({"boolValue": true})), "`app.cites` is true or false where an id"),
        (
            attribute("app.tenant", json!({"wordValue": "x"})),
            "`app.tenant` has a value of the unknown type `wordValue`",
        ),
        (
            json!({"attributes": attributes(&[("a", json!("1")), ("a", json!("2"))])}),
            "the attribute `a` is there twice",
        ),
    ] {
        let wrong = wrong(&request(&more));
        let path = "f, row 2: `resourceSpans[0].scopeSpans[0].spans[0]`: ";
        assert!(wrong.starts_with(path) && wrong.contains(expected), "{more}: {wrong}");
    }
    assert_eq!(
        wrong(&json!({"resourceSpans": 3})),
        "f, row 2: `resourceSpans` is a number where a list is expected"
    );
}

/// Spans that are one another's parents are no trace, and no circle is followed for ever.
#[test]
fn circles_come_to_an_end() {
    let ids = ["00000000000000b1", "00000000000000b2"];
    let span = |id: &str, parent: &str, link: &str| {
        let links = json!([{"traceId": "0000000000000000000000000000000a", "spanId": link}]);
        request(&json!({"spanId": id, "parentSpanId": parent, "links": links})).to_string()
    };
    let circle = read(&[&span(ids[0], ids[1], ids[1]), &span(ids[1], ids[0], ids[0])]);
    assert_eq!(circle.nodes.len(), 0);
    let linked = read(&[&span(ids[0], "", ids[1]), &span(ids[1], "", ids[0])]);
    assert_eq!((linked.nodes.len(), linked.relations.len()), (3, 4));
    let own = read(&[&span(ids[0], ids[0], ids[0])]);
    assert_eq!((own.nodes.len(), own.relations.len()), (2, 1));
}

proptest! {
    #[test]
    fn the_order_of_lines_and_files_makes_no_difference(
        lines in shuffled(&(sample("otlp/june.jsonl") + &sample("otlp/july.jsonl"))),
        cut in any::<prop::sample::Index>(),
    ) {
        let (one, other) = lines.split_at(cut.index(lines.len()));
        let draft = read(&[&one.join("\n"), &other.join("\n")]);
        let plain = read(&[&sample("otlp/june.jsonl"), &sample("otlp/july.jsonl")]);
        prop_assert_eq!(lines_without_rows(&draft), lines_without_rows(&plain));
    }

    #[test]
    fn nothing_panics(
        text in prop_oneof![damaged(&sample("otlp/june.jsonl")), damaged(&sample("otlp/july.jsonl"))]
    ) {
        let (mut draft, mut traces) = (Draft::default(), Traces::default());
        problems(|problems| traces.read(Input::of_test(&mut &text[..], 0), &options(), &mut draft, problems));
        traces.close(WINDOW, &mut draft);
    }
}
