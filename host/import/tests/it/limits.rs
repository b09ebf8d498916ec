//! Files that unpack or unfold to more than an import may take in: for every reader an error that names the file and
//! the bound, and the same file is read where the bound allows it.

use std::sync::Arc;

use apportion_import::{Bound, retro_funding, sourcecred};
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::folder::{Folder, gzip, within};

mod git;

const NODES: &str = "nodes = { files = [\"FILE\"] }";

/// A table of so many nodes, the first of which has a payee, as CSV.
fn csv(rows: usize) -> String {
    (0..rows).fold("id,payee\n".to_owned(), |text, row| text + &format!("n{row},ada\n"))
}

fn json_lines(rows: usize) -> String {
    (0..rows).map(|row| format!("{{\"id\": \"n{row}\", \"payee\": \"ada\"}}\n")).collect()
}

/// A Parquet file of one column `id`, packed and encoded as said; its only page is not a dictionary.
fn ids(ids: &[String], compression: Compression, encoding: Encoding) -> Vec<u8> {
    let schema = Arc::new(parse_message_type("message m { required binary id (UTF8); }").unwrap());
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_dictionary_enabled(false)
        .set_encoding(encoding)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let values: Vec<ByteArray> = ids.iter().map(|id| ByteArray::from(id.as_str())).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("node {number}")).collect()
}

#[test]
fn tables_of_every_format_stop_at_every_bound() {
    let long = format!("id,payee,note\na,ada,{}\n", "x".repeat(2_000));
    let long_line = format!("{{\"id\": \"a\", \"payee\": \"ada\", \"note\": \"{}\"}}\n", "x".repeat(2_000));
    let many =
        "the import has more than the 40 rows that are allowed; if you trust it, raise the limit `rows`";
    let much = "the import unpacks to more than the 500 bytes that are allowed; if you trust it, raise the limit `unpacked`";
    let wide = "a row, line or description in it is longer than the 1000 bytes that are allowed; if you trust it, raise the limit `record`";
    let cells = "the rows of the import have more than the 40 cells that are allowed; if you trust it, raise the limit `cells`";
    let plain = |text: &str| text.as_bytes().to_vec();
    for (file, content, bound, value, expected) in [
        ("a.csv", plain(&csv(41)), Bound::Rows, 40, many),
        ("a.csv", plain(&csv(100)), Bound::Unpacked, 500, much),
        ("a.csv.gz", gzip(csv(100).as_bytes()), Bound::Unpacked, 500, much),
        ("a.csv", plain(&long), Bound::Record, 1_000, wide),
        ("a.csv.gz", gzip(long.as_bytes()), Bound::Record, 1_000, wide),
        (
            "a.csv",
            plain(&csv(41).replace('\n', ",1\n").replace("payee,1", "payee,stars")),
            Bound::Cells,
            40,
            cells,
        ),
        ("a.jsonl", plain(&json_lines(41)), Bound::Rows, 40, many),
        ("a.jsonl.gz", gzip(json_lines(100).as_bytes()), Bound::Unpacked, 500, much),
        ("a.jsonl", plain(&long_line), Bound::Record, 1_000, wide),
    ] {
        let error =
            Folder::new().with(file, &content).refused_within(bound, value, &NODES.replace("FILE", file));
        assert_eq!(error, format!("{file}: {expected}"));
        Folder::new().with(file, content).import(&NODES.replace("FILE", file)).unwrap();
    }
}

/// A row that never ends costs no more than the bound, at the usual limits.
#[test]
fn a_row_without_end_is_refused() {
    let mut endless = b"id,payee\n\"".to_vec();
    endless.resize(20 << 20, b'x');
    let error = Folder::new().with("a.csv.gz", gzip(&endless)).refused(&NODES.replace("FILE", "a.csv.gz"));
    assert!(
        error.starts_with("a.csv.gz: a row, line or description in it is longer than the 16777216 bytes"),
        "{error}"
    );
    endless.fill(b',');
    let error = Folder::new().with("a.csv.gz", gzip(&endless)).refused(&NODES.replace("FILE", "a.csv.gz"));
    assert!(error.starts_with("a.csv.gz: a row, line or description in it is longer"), "{error}");
}

#[test]
fn payees_and_descriptions_stop_too() {
    let folder = Folder::new().with("nodes.csv", "id\na\n").with(
        "payees.csv",
        (0..50).fold("payee,node\n".to_owned(), |text, row| text + &format!("p{row},\n")),
    );
    let body = "nodes = { files = [\"nodes.csv\"] }\npayees = { files = [\"payees.csv\"] }";
    let error = folder.refused_within(Bound::Rows, 40, body);
    assert_eq!(
        error,
        "payees.csv: the import has more than the 40 rows that are allowed; if you trust it, raise the limit `rows`"
    );
    let error = folder.refused_within(Bound::Record, 100, &format!("{body}\n#{}", "x".repeat(200)));
    assert!(
        error.contains("epoch.toml` cannot be read: a row, line or description in it is longer than the 100"),
        "{error}"
    );
}

#[test]
fn parquet_stops_at_every_bound() {
    let body = format!("{}\npayees = {{ files = [\"p.csv\"] }}", NODES.replace("FILE", "a.parquet"));
    let folder =
        |content: Vec<u8>| Folder::new().with("a.parquet", content).with("p.csv", "payee,node\nada,node 1\n");
    let file = |encoding| ids(&numbered(200), Compression::SNAPPY, encoding);
    for (bound, value, expected) in [
        (Bound::Rows, 199, "the import has more than the 199 rows"),
        (Bound::Unpacked, 1_000, "the import unpacks to more than the 1000 bytes"),
        (Bound::Document, 1_000, "a document, page or object in it is longer than the 1000 bytes"),
        (Bound::Record, 120, "a row, line or description in it is longer than the 120 bytes"),
    ] {
        let error = folder(file(Encoding::PLAIN)).refused_within(bound, value, &body.replace("amount", ""));
        // The description is a record as well.
        assert!(error.contains(expected), "{error}");
        if bound != Bound::Record {
            assert!(error.starts_with("a.parquet: "), "{error}");
        }
    }
    for encoding in [Encoding::PLAIN, Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
        for compression in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(Default::default()),
            Compression::ZSTD(Default::default()),
            Compression::LZ4,
            Compression::LZ4_RAW,
        ] {
            let imported = folder(ids(&numbered(200), compression, encoding)).import(&body).unwrap();
            assert_eq!(imported.epoch.node_count(), 200, "{compression:?} {encoding:?}");
        }
    }
}

/// Finds the first number of two bytes after `before` and halves it, or makes it as large as two bytes can say.
fn lie(file: &mut [u8], before: &[u8], is_half: bool) {
    let at = file.windows(before.len()).position(|window| window == before).unwrap() + before.len();
    let value = u16::from(file[at] & 0x7f) | u16::from(file[at + 1] & 0x7f) << 7;
    assert!(file[at] >= 0x80 && file[at + 1] < 0x80, "a number of two bytes");
    let lie = if is_half { value / 2 } else { 0x3fff };
    file[at] = u8::try_from(lie & 0x7f).unwrap() | 0x80;
    file[at + 1] = u8::try_from(lie >> 7).unwrap();
}

/// What pages say of themselves is checked before anything is made of it.
#[test]
fn parquet_pages_that_lie_about_their_size_are_refused() {
    let body = NODES.replace("FILE", "a.parquet");
    let mut file = ids(&numbered(200), Compression::GZIP(Default::default()), Encoding::PLAIN);
    lie(&mut file, &[0x15, 0, 0x15], true); // the size of the first page, unpacked
    let error = Folder::new().with("a.parquet", &file).refused(&body);
    assert!(error.ends_with("a page unpacks to more than its header says"), "{error}");
    for encoding in [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
        let mut file = ids(&numbered(200), Compression::UNCOMPRESSED, encoding);
        lie(&mut file, &[0x80, 0x01, 4], false); // blocks of 128 in 4 parts, then how many there are
        let error = Folder::new().with("a.parquet", &file).refused(&body);
        assert!(error.ends_with("a page of 200 values says that it has 16383 texts"), "{error}");
    }
}

/// Every value repeats the one before and adds a byte, so that a short page is long texts.
#[test]
fn parquet_texts_that_repeat_each_other_are_read_in_small_parts() {
    let long = "x".repeat(900);
    let names: Vec<String> = (0..500).map(|number| format!("{long}{number:03}")).collect();
    let file = ids(&names, Compression::SNAPPY, Encoding::DELTA_BYTE_ARRAY);
    let folder = Folder::new().with("a.parquet", file).with("p.csv", format!("payee,node\nada,{long}000\n"));
    let body = format!("{}\npayees = {{ files = [\"p.csv\"] }}", NODES.replace("FILE", "a.parquet"));
    assert_eq!(folder.import(&body).unwrap().epoch.node_count(), 500);
    let error = folder.refused_within(Bound::Unpacked, 100_000, &body);
    assert!(error.starts_with("a.parquet: the import unpacks to more than the 100000 bytes"), "{error}");
}

#[test]
fn documents_and_traces_stop_at_every_bound() {
    let entities: Vec<String> = (0..60).map(|number| format!("\"urn:{number}\": {{}}")).collect();
    let prov = format!("{{\"agent\": {{\"urn:a\": {{}}}}, \"entity\": {{{}}}}}", entities.join(", "));
    let members: Vec<String> = (0..60).map(|number| format!("\"m{number}\"")).collect();
    let collection = format!(
        "{{\"agent\": {{\"urn:a\": {{}}}}, \"hadMember\": {{\"_:1\": {{\"prov:collection\": \"{}\", \"prov:entity\": [{}]}}}}}}",
        "c".repeat(1_000),
        members.join(", ")
    );
    let event = |number: usize| {
        format!(
            "{{\"eventTime\": \"2025-07-02T00:00:00Z\", \"run\": {{\"runId\": \"r{number}\"}}, \"job\": {{\"namespace\": \"n\", \"name\": \"j\"}}}}"
        )
    };
    let events: Vec<String> = (0..60).map(event).collect();
    let span = |number: usize| {
        format!(
            "{{\"traceId\": \"{number:032x}\", \"spanId\": \"{number:016x}\", \"endTimeUnixNano\": \"1751500000000000000\"}}"
        )
    };
    let request = |spans: &[String]| {
        format!("{{\"resourceSpans\": [{{\"scopeSpans\": [{{\"spans\": [{}]}}]}}]}}", spans.join(", "))
    };
    let spans: Vec<String> = (1..=60).map(span).collect();
    let lines = |values: &[String]| values.join("\n");
    let pretty = |text: &str| text.replacen('{', "{\n", 1);
    for (list, content, bound, value) in [
        ("prov", prov.clone(), Bound::Rows, 40),
        ("prov", prov.clone(), Bound::Document, 500),
        ("prov", prov, Bound::Unpacked, 500),
        ("prov", collection, Bound::Unpacked, 10_000),
        ("openlineage", lines(&events), Bound::Rows, 40),
        ("openlineage", lines(&events), Bound::Unpacked, 500),
        ("openlineage", format!("[{}]", events.join(", ")), Bound::Record, 1_000),
        ("openlineage", pretty(&format!("[{}]", events.join(", "))), Bound::Document, 500),
        ("otlp", request(&spans), Bound::Rows, 40),
        ("otlp", request(&spans), Bound::Unpacked, 500),
        ("otlp", request(&spans), Bound::Record, 1_000),
        ("otlp", pretty(&request(&spans)), Bound::Document, 500),
    ] {
        let body = format!("traces = {{ {list} = [\"a.gz\"] }}\npayees = {{ files = [\"p.csv\"] }}");
        let folder = Folder::new().with("a.gz", gzip(content.as_bytes())).with("p.csv", "payee,node\nada,\n");
        let error = folder.refused_within(bound, value, &body);
        let raise = format!(
            "the {value} {} that are allowed; if you trust it, raise the limit `{bound}`",
            match bound {
                Bound::Rows => "rows",
                _ => "bytes",
            }
        );
        assert!(error.starts_with("a.gz") && error.ends_with(&raise), "{list}, {bound}: {error}");
        folder.import(&body).unwrap();
    }
}

/// A few events in which all that use a dataset rely on all that made it.
#[test]
fn relations_that_multiply_stop_at_the_bound() {
    let event = |number: usize, side: &str, facets: &str| {
        format!(
            "{{\"eventTime\": \"2025-07-02T00:00:00Z\", \"eventType\": \"COMPLETE\", \"run\": {{\"runId\": \"{side}{number}\"}}, \"job\": {{\"namespace\": \"n\", \"name\": \"j\"}}, \"{side}\": [{{\"namespace\": \"n\", \"name\": \"d\"{facets}}}]}}\n"
        )
    };
    let version =
        |number: usize| format!(", \"facets\": {{\"version\": {{\"datasetVersion\": \"{number}\"}}}}");
    let made: String = (0..300).map(|number| event(number, "outputs", &version(number))).collect();
    let used: String = (0..300).map(|number| event(number, "inputs", "")).collect();
    let folder = Folder::new().with("a", made + &used).with("p.csv", "payee,node\nada,\n");
    let body = "traces = { openlineage = [\"a\"] }\npayees = { files = [\"p.csv\"] }";
    let imported = folder.import(body).unwrap();
    let rows = imported.epoch.node_count() + imported.epoch.edge_count();
    let error = folder.refused_within(Bound::Rows, u64::try_from(rows).unwrap(), body);
    assert!(error.starts_with("a: the import has more than"), "{error}");
}

#[test]
fn sourcecred_stops_at_every_bound() {
    let folder = super::sourcecred::instance();
    let stopped = |bound, value| {
        let options = sourcecred::Options { limits: within(bound, value), ..Default::default() };
        sourcecred::import(folder.path(), &options, &mut |_| {}).unwrap_err().to_string()
    };
    for (bound, value, file) in [
        (Bound::Record, 300, "data/ledger.json"),
        (Bound::Rows, 10, "data/ledger.json"),
        (Bound::Rows, 16, "output/graphs/s/p/graph"),
        (Bound::Document, 500, "output/graphs/s/p/graph"),
        (Bound::Unpacked, 1_000, "data/ledger.json"),
        (Bound::Cells, 3, "output/graphs/s/p/graph"),
    ] {
        let error = stopped(bound, value);
        assert!(
            error.contains(&format!("raise the limit `{bound}`")) && error.contains(file),
            "{bound}: {error}"
        );
    }
}

#[test]
fn retro_funding_stops_at_every_bound() {
    let folder = super::retro_funding::month();
    let import = |folder: &Folder, limits| {
        let options = retro_funding::Options { limits, ..Default::default() };
        retro_funding::import(folder.path(), retro_funding::Track::Devtooling, &options)
    };
    for (bound, value, file) in [
        (Bound::Record, 100, "weights/devtooling__arcturus.yaml"),
        (Bound::Rows, 3, "data/devtooling__onchain_metadata.csv"),
        (Bound::Cells, 8, "data/devtooling__project_metadata.csv"),
        (Bound::Unpacked, 250, "data/devtooling__developer_graph.csv"),
    ] {
        let error = import(&folder, within(bound, value)).unwrap_err().to_string();
        assert!(
            error.contains(&format!("raise the limit `{bound}`")) && error.contains(file),
            "{bound}: {error}"
        );
    }
    assert!(import(&folder, Default::default()).is_ok());
    // Twenty lines that stand for a million lists, and lists in lists.
    let laughs: String = (1..20).fold("a0: &a0 [1]\n".to_owned(), |text, number| {
        let before = number - 1;
        text + &format!("a{number}: &a{number} [*a{before}, *a{before}, *a{before}]\n")
    });
    for (yaml, expected) in [
        (
            format!("simulation:\n{}", laughs.replace("\na", "\n  a").replacen("a0", "  a0", 1)),
            "uses an alias (`*name`), which is not read",
        ),
        (
            format!("simulation: {{ a: {}{} }}", "[".repeat(200), "]".repeat(200)),
            "is nested more than 64 deep",
        ),
    ] {
        let folder = super::retro_funding::month().with("weights/devtooling__arcturus.yaml", yaml);
        let error = import(&folder, Default::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
