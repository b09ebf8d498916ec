//! Documents that are no documents, or made to do harm: an error that says where, or an epoch; never a panic. And what
//! stands where in them makes no difference.

use super::sample::sample;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::folder::{Folder, gzip};

const PROV: &str = "traces = { prov = [\"a.json\"] }";

#[test]
fn what_is_malformed_is_an_error_with_file_line_and_path() {
    let mut deep = "{\"entity\": {\"ex:a\": {\"ex:b\": ".to_owned();
    deep.push_str(&"[".repeat(1 << 20));
    deep.push_str(&"]".repeat(1 << 20));
    deep.push_str("}}}");
    for (document, expected) in [
        ("", "a.json, row 1: is not JSON: EOF while parsing a value"),
        ("{}\n}", "a.json, row 2: is not JSON: trailing characters"),
        ("[1]", "a.json, row 1: the document is a list, where an object is expected"),
        ("7", "a.json, row 1: the document is a number, where an object is expected"),
        ("{\"entity\": {\"a\": {}, \"a\": {}}}", "a.json, row 1: `entity` the key `a` is there twice"),
        (
            "{\n\"entity\": {\"a\": {\n \"b\": 1, \"b\": 2}}}",
            "a.json, row 2: `entity/a` the key `b` is there twice",
        ),
        ("{\"entity\": []}", "a.json, row 1: `entity` is a list, where an object is expected"),
        ("{\"entity\": {\"a\": null}}", "a.json, row 1: `entity/a` is null, where an object is expected"),
        ("{\"entity\": {\"a\": [7]}}", "a.json, row 1: `entity/a` is a number, where an object is expected"),
        (
            "{\"prefix\": {\"ex\": 1}}",
            "a.json, row 1: `prefix/ex` is a number, where a namespace is expected",
        ),
        ("{\"bundle\": \"b\"}", "a.json, row 1: `bundle` is a text, where an object is expected"),
        (
            "{\"entity\": {\"a\":\n {\"b\": {\"type\": \"xsd:int\"}}}}",
            "a.json, row 2: `entity/a/b` is an object without `$`, where a value is expected",
        ),
        (
            "{\"entity\": {\"a\": {\"b\": {\"$\": \"x\", \"type\": \"xsd:int\"}}}}",
            "a.json, row 1: `entity/a/b` is `x`, which is no `xsd:int`",
        ),
        (
            "{\"entity\": {\"a\": {\"b\": {\"$\": \"ja\", \"type\": \"xsd:boolean\"}}}}",
            "a.json, row 1: `entity/a/b` is `ja`, which is neither true nor false",
        ),
        (
            "{\"entity\": {\"a\": {\"b\": {\"$\": {}}}}}",
            "a.json, row 1: `entity/a/b` has a `$` that is neither text nor number",
        ),
        (
            "{\"entity\": {\"a\": {\"b\": {\"$\": 1, \"type\": 2}}}}",
            "a.json, row 1: `entity/a/b` has a `type` that is a number",
        ),
        (
            "{\"activity\": {\"a\": {\"prov:endTime\": \"soon\"}}}",
            "a.json, row 1: `activity/a` has a `prov:endTime` that cannot be: `soon` is not a time: write",
        ),
        (
            "{\"used\": {\"_:1\": {\"prov:activity\": 7, \"prov:entity\": \"e\"}}}",
            "a.json, row 1: `used/_:1/prov:activity` is no id",
        ),
        (
            "{\"used\": {\"_:1\": {\"prov:activity\": \"\", \"prov:entity\": \"e\"}}}",
            "a.json, row 1: `used/_:1/prov:activity` is no id",
        ),
        ("{\"entity\": {\"\": {}}}", "a.json, row 1, column `id`: `` is empty"),
        (
            "{\"entity\": {\"a\\u202e\": {}}}",
            "a.json, row 1, column `id`: `a\\u{202e}` holds the invisible character U+202E",
        ),
        (&deep, "a.json, row 1: `entity/ex:a/ex:b` is a list in a list, where a value is expected"),
        ("{\"entity\": {\"a\": {\"b\": \"\\ud800\"}}}", "a.json, row 1: "),
    ] {
        let error = Folder::new().with("a.json", document).with("p.csv", "payee,node\np,\n");
        let error = error.refused(&format!("{PROV}\npayees = {{ files = [\"p.csv\"] }}"));
        assert!(error.starts_with(expected), "{}: {error}", document.chars().take(80).collect::<String>());
    }
}

#[test]
fn weights_are_numbers_of_0_or_more() {
    for weight in ["-1", "\"many\"", "[1, 2]", "1e400", "250000000000000000000001"] {
        let document = format!(
            "{{\"used\": {{\"_:1\": {{\"prov:activity\": \"urn:a\", \"prov:entity\": \"urn:b\", \"w\": {weight}}}}}}}"
        );
        let folder = Folder::new().with("a.json", document);
        let error = folder.refused("traces = { prov = [\"a.json\"], attributes = { weight = \"w\" } }");
        assert!(
            error.starts_with("a.json, row 1: `used/_:1` has a `w` that is not one finite number"),
            "{weight}: {error}"
        );
    }
}

#[test]
fn packed_documents_are_read_and_cut_off_ones_refused() {
    let document = sample("prov/every-form.json");
    let packed = gzip(&document);
    let import = |name: &str, bytes: &[u8]| {
        Folder::new().with(name, bytes).import(&format!("traces = {{ prov = [\"{name}\"] }}"))
    };
    // A name that begins with `_:` is local to its file, so the two are called alike but for `.gz`.
    let node_count = |name: &str, bytes: &[u8]| import(name, bytes).unwrap().epoch.node_count();
    assert_eq!(node_count("a.json", &document), node_count("a.json.gz", &packed));
    let error = import("a.json.gz", &packed[..packed.len() - 9]).unwrap_err().to_string();
    assert_eq!(error, "a.json.gz: is cut off: it ends in the middle of its compressed data");
    let error = import("a.json.gz", &document).unwrap_err().to_string();
    assert_eq!(error, "a.json.gz: is damaged: its gzip data is invalid");
    for (list, name) in [("openlineage", "openlineage/training.jsonl"), ("otlp", "otlp/june.jsonl")] {
        let packed = gzip(&sample(name));
        let folder = Folder::new().with("a.gz", &packed[..packed.len() - 9]);
        let error = folder.refused(&format!("traces = {{ {list} = [\"a.gz\"] }}"));
        assert!(
            error.ends_with("is cut off: it ends in the middle of its compressed data"),
            "{list}: {error}"
        );
    }
    let error = import("a.json", &packed).unwrap_err().to_string();
    assert_eq!(error, "a.json: is not UTF-8 text: save it as UTF-8");
}

#[test]
fn files_of_all_formats_and_their_lines_in_any_order_are_the_same_epoch() {
    let lines = |name: &str, is_reversed: bool| {
        let text = String::from_utf8(sample(name)).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        if is_reversed {
            lines.reverse();
        }
        lines.join("\n")
    };
    let import = |is_reversed: bool| {
        let mut folder = Folder::new().with("every-form.json", sample("prov/every-form.json"));
        folder = folder
            .with("more.json", "{\"agent\": {\"agent:asst-writer\": {\"prov:label\": \"The writer\"}}}");
        for name in
            ["openlineage/events.jsonl", "openlineage/training.jsonl", "otlp/june.jsonl", "otlp/july.jsonl"]
        {
            folder = folder.with(name, lines(name, is_reversed));
        }
        let listed = |mut names: Vec<&str>| {
            if is_reversed {
                names.reverse();
            }
            format!("{names:?}")
        };
        let prov = listed(vec!["every-form.json", "more.json"]);
        let openlineage = listed(vec!["openlineage/events.jsonl", "openlineage/training.jsonl"]);
        let otlp = listed(vec!["otlp/june.jsonl", "otlp/july.jsonl"]);
        folder
            .import(&format!("traces = {{ prov = {prov}, openlineage = {openlineage}, otlp = {otlp} }}"))
            .unwrap()
    };
    let (one, other) = (import(false), import(true));
    assert!(one.epoch.as_bytes() == other.epoch.as_bytes());
    let label = one.epoch.node_label("name").unwrap();
    let writer = one.epoch.node_ids().position("agent:asst-writer").unwrap();
    assert_eq!(
        label.word(writer),
        "The writer",
        "an agent of a trace that a document names too, first in order"
    );
}

/// The statements of a document in another order, in one file or in two.
fn statements() -> Vec<(&'static str, String)> {
    let mut statements = Vec::new();
    for n in 0..4 {
        statements.push(("entity", format!("\"ex:e{n}\": {{\"ex:n\": {n}, \"ex:m\": {}}}", 9 - n)));
        statements.push(("entity", format!("\"ex:e{n}\": {{\"prov:type\": \"T{n}\", \"ex:n\": {}}}", n + 1)));
        statements.push((
            "activity",
            format!("\"ex:a{n}\": {{\"prov:endTime\": \"2025-07-0{}T00:00:00Z\"}}", n + 1),
        ));
        statements.push(("agent", format!("\"ex:p{n}\": {{\"prov:label\": \"P{n}\"}}")));
        let next = (n + 1) % 4;
        statements.push((
            "used",
            format!("\"_:u{n}\": {{\"prov:activity\": \"ex:a{n}\", \"prov:entity\": \"ex:e{n}\"}}"),
        ));
        statements.push((
            "used",
            format!("\"ex:u{n}\": {{\"prov:activity\": \"ex:a{n}\", \"prov:entity\": \"ex:e{n}\"}}"),
        ));
        statements.push(("wasGeneratedBy", format!("\"_:g{n}\": {{\"prov:entity\": \"ex:e{n}\", \"prov:activity\": \"ex:a{next}\", \"prov:time\": \"2025-07-1{n}T00:00:00Z\"}}")));
        statements.push((
            "wasGeneratedBy",
            format!(
                "\"_:h{n}\": {{\"prov:entity\": \"ex:e{n}\", \"prov:activity\": \"ex:a{n}\", \"prov:time\": \"2025-07-2{n}T00:00:00Z\"}}"
            ),
        ));
        statements.push((
            "wasAttributedTo",
            format!("\"_:t{n}\": {{\"prov:entity\": \"ex:e{n}\", \"prov:agent\": \"ex:p{n}\"}}"),
        ));
        statements.push((
            "wasAttributedTo",
            format!("\"_:s{n}\": {{\"prov:entity\": \"ex:e{n}\", \"prov:agent\": \"ex:p{next}\"}}"),
        ));
        statements.push((
            "wasAssociatedWith",
            format!("\"_:w{n}\": {{\"prov:activity\": \"ex:a{n}\", \"prov:agent\": \"ex:p{n}\"}}"),
        ));
        statements
            .push(("entity", format!("\"ex:p{n}\": {{\"prov:type\": \"Q{n}\", \"prov:label\": \"N{n}\"}}")));
    }
    statements
}

/// A document of some of the statements. A key stands once, so statements of one id go to different documents.
fn document(statements: &[(&str, String)]) -> String {
    let section = |(name, statement): &(&str, String)| {
        format!("{{\"prefix\": {{\"ex\": \"http://e.org/\"}}, \"{name}\": {{{statement}}}}}")
    };
    statements.iter().map(section).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Each statement in a file of its own, the files in any order: the same bytes.
    #[test]
    fn the_order_of_statements_and_files_is_gone(order in Just((0..48_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let statements = statements();
        let import = |order: &[usize]| {
            let name = |n: &usize| format!("{n}.json");
            let folder = order.iter().fold(Folder::new(), |folder, n| {
                folder.with(&name(n), document(&statements[*n..=*n]))
            });
            let names: Vec<String> = order.iter().map(name).collect();
            folder.import(&format!("traces = {{ prov = {names:?} }}")).unwrap()
        };
        let sorted: Vec<usize> = (0..48).collect();
        let (one, other) = (import(&sorted), import(&order));
        prop_assert!(one.epoch.as_bytes() == other.epoch.as_bytes());
        prop_assert_eq!(one.notes.len(), other.notes.len());
    }

    /// Whatever is done to a document, the answer is an epoch or an error.
    #[test]
    fn damaged_documents_are_an_error_or_an_epoch(damage in proptest::collection::vec((any::<Index>(), any::<Index>(), 0..4_u8), 1..8)) {
        const PIECES: [&str; 16] = [
            "{", "}", "[", "]", "\"", ",", ":", "null", "1e999", "-0", "\"_:\"", "\"prov:entity\": ", "{\"$\": 1}", "\\u0000",
            "99999999999999999999999", "\"2025-13-01\"",
        ];
        let mut document = String::from_utf8(sample("prov/every-form.json")).unwrap();
        for (place, other, how) in &damage {
            let cut: Vec<usize> = document.char_indices().map(|(at, _)| at).collect();
            if cut.is_empty() { break }
            let (mut from, mut to) = (cut[place.index(cut.len())], cut[other.index(cut.len())]);
            if from > to { std::mem::swap(&mut from, &mut to) }
            to = to.min(from + 40);
            while !document.is_char_boundary(to) { to -= 1 }
            match how {
                0 => document.replace_range(from..to, ""),
                1 => document.insert_str(from, PIECES[other.index(PIECES.len())]),
                2 => document.replace_range(from..to, PIECES[other.index(PIECES.len())]),
                _ => { let piece = document[from..to].to_owned(); document.insert_str(to, &piece) }
            }
        }
        match Folder::new().with("a.json", document).import(PROV) {
            Ok(imported) => prop_assert!(imported.epoch.node_count() > 0),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// What is small in a file could be copied into very many nodes and relations.
#[test]
fn what_would_grow_without_bound_is_refused() {
    let long = "x".repeat(2000);
    let several = "[\"urn:a\", \"urn:b\"]";
    for (document, expected) in [
        (
            format!(
                "{{\"used\": {{\"_:1\": {{\"prov:activity\": {several}, \"prov:entity\": {several}}}}}}}"
            ),
            "a.json, row 1: `used/_:1` lists several things, where one is expected",
        ),
        (
            format!("{{\"prefix\": {{\"ex\": \"{long}\"}}}}"),
            "a.json, row 1: `prefix/ex` is longer than 1024 bytes",
        ),
        (format!("{{\"entity\": {{\"{long}\": {{}}}}}}"), "has an id of 2000 bytes; 1024 are allowed"),
    ] {
        let error = Folder::new().with("a.json", document).refused(PROV);
        assert!(error.contains(expected), "{error}");
    }
    // 70,000 nodes with one of 4,000 attributes each.
    let node = |n: usize| format!("\"urn:{n}\": {{\"a{}\": 1}}", n % 4000);
    let nodes: Vec<String> = (0..70_000).map(node).collect();
    let document = format!("{{\"agent\": {{\"urn:a\": {{}}}}, \"entity\": {{{}}}}}", nodes.join(", "));
    let error = Folder::new().with("a.json", document).refused(PROV);
    assert!(error.starts_with("a.json: and the other documents fill a table of 280004000 cells"), "{error}");
}
