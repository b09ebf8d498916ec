//! The same data is the same epoch, whatever carries it and in whatever order it comes.

use std::sync::Arc;

use apportion::Digest;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use crate::folder::{Folder, gzip};

/// One node as every format can write it. `None` is an empty cell.
#[derive(Clone, Debug)]
struct Row {
    id: String,
    weight: Option<f64>,
    day: Option<i32>,
    payee: Option<String>,
    stars: Option<i64>,
    team: Option<String>,
    is_core: Option<bool>,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        proptest::option::of(0.0..1e6_f64),
        proptest::option::of(0..20_000_i32),
        proptest::option::of("[a-z]{1,3}"),
        proptest::option::of(
            prop_oneof![8 => -9_007_199_254_740_992..9_007_199_254_740_992_i64, 1 => any::<i64>()],
        ),
        proptest::option::of("[a-zé \"\\\\,;-]{0,6}[a-z]"),
        proptest::option::of(any::<bool>()),
    );
    proptest::collection::vec(row, 1..30).prop_map(|rows| {
        let row = |(index, (weight, day, payee, stars, team, is_core))| Row {
            id: format!("node {index}"),
            weight,
            day,
            payee: if index == 0 { Some("ada".to_owned()) } else { payee },
            stars,
            team,
            is_core,
        };
        rows.into_iter().enumerate().map(row).collect()
    })
}

const NAMES: [&str; 7] = ["id", "weight", "time", "payee", "stars", "team", "core"];

fn cells(row: &Row) -> [Option<String>; 7] {
    let date = |day: i32| {
        jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap().to_string()
    };
    [
        Some(row.id.clone()),
        row.weight.map(|weight| weight.to_string()),
        row.day.map(date),
        row.payee.clone(),
        row.stars.map(|stars| stars.to_string()),
        row.team.clone(),
        row.is_core.map(|is_core| is_core.to_string()),
    ]
}

fn csv(rows: &[Row]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(NAMES).unwrap();
    for row in rows {
        writer.write_record(cells(row).map(Option::unwrap_or_default)).unwrap();
    }
    writer.into_inner().unwrap()
}

fn json_lines(rows: &[Row]) -> Vec<u8> {
    let mut lines = String::new();
    for row in rows {
        let mut object = serde_json::Map::new();
        for (name, cell) in NAMES.iter().zip(cells(row)).rev() {
            let Some(cell) = cell else { continue };
            let value = match *name {
                "weight" | "stars" | "core" => serde_json::from_str(&cell).unwrap(),
                _ => cell.into(),
            };
            object.insert((*name).to_owned(), value);
        }
        lines += &serde_json::to_string(&object).unwrap();
        lines += "\r\n";
    }
    lines.into_bytes()
}

fn parquet(rows: &[Row]) -> Vec<u8> {
    let schema = "message nodes { required binary id (UTF8); optional double weight; optional int32 time (DATE);
        optional binary payee (UTF8); optional int64 stars; optional binary team (UTF8); optional boolean core; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    // Several row groups, as large files have.
    for rows in rows.chunks(7) {
        let mut group = writer.next_row_group().unwrap();
        macro_rules! column {
            ($kind:ty, $cell:expr) => {
                let cells: Vec<Option<_>> = rows.iter().map($cell).collect();
                let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
                let values: Vec<_> = cells.into_iter().flatten().collect();
                let mut column = group.next_column().unwrap().unwrap();
                column.typed::<$kind>().write_batch(&values, Some(&levels), None).unwrap();
                column.close().unwrap();
            };
        }
        let bytes = |text: &String| ByteArray::from(text.as_str());
        column!(ByteArrayType, |row| Some(bytes(&row.id)));
        column!(DoubleType, |row| row.weight);
        column!(Int32Type, |row| row.day);
        column!(ByteArrayType, |row| row.payee.as_ref().map(bytes));
        column!(Int64Type, |row| row.stars);
        column!(ByteArrayType, |row| row.team.as_ref().map(bytes));
        column!(BoolType, |row| row.is_core);
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

fn digest(files: &[(&str, Vec<u8>)]) -> Digest {
    let folder = files.iter().fold(Folder::new(), |folder, (name, content)| folder.with(name, content));
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    folder.import(&format!("nodes = {{ files = {names:?} }}")).unwrap().epoch.digest()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_format_and_order_gives_the_same_epoch((rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))) {
        let expected = digest(&[("a.csv", csv(&rows))]);
        prop_assert_eq!(digest(&[("a.csv.gz", gzip(&csv(&shuffled)))]), expected);
        prop_assert_eq!(digest(&[("a.jsonl", json_lines(&shuffled))]), expected);
        prop_assert_eq!(digest(&[("a.jsonl.gz", gzip(&json_lines(&rows)))]), expected);
        prop_assert_eq!(digest(&[("a.parquet", parquet(&shuffled))]), expected);
        let (some, others) = shuffled.split_at(shuffled.len() / 2);
        if !some.is_empty() {
            prop_assert_eq!(digest(&[("a.parquet", parquet(some)), ("b.ndjson", json_lines(others))]), expected);
        }
    }

    /// Whatever is done to a file, the answer is an epoch or an error.
    #[test]
    fn damaged_parquet_is_an_error(rows in rows(), damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<bool>()) {
        let mut bytes = parquet(&rows);
        for (place, byte) in &damage {
            *place.get_mut(&mut bytes) = *byte;
        }
        if cut {
            let length = damage[0].0.index(bytes.len());
            bytes.truncate(length);
        }
        let _ = Folder::new().with("a.parquet", bytes).import("nodes = { files = [\"a.parquet\"] }");
    }
}

#[test]
fn further_columns_are_what_they_hold_or_what_one_says() {
    let nodes = "id,payee,n,mixed,big,flag,empty,zip,old\na,p,1,2,9007199254740993,True,,01234,1\nb,p,-2.5e0,n/a,1,FALSE,,99999,x\n";
    let folder = Folder::new().with("nodes.csv", nodes);
    let imported = folder
        .import("[nodes]\nfiles = [\"nodes.csv\"]\ncolumns = { zip = \"label\", old = \"ignore\" }")
        .unwrap();
    let epoch = &imported.epoch;
    assert_eq!(epoch.node_metrics().iter().collect::<Vec<_>>(), ["n"]);
    assert_eq!(epoch.node_metric("n"), Some(&[1.0, -2.5][..]));
    assert_eq!(epoch.node_labels().iter().collect::<Vec<_>>(), ["big", "flag", "mixed", "zip"]);
    assert_eq!(epoch.node_label("big").unwrap().word(0), "9007199254740993");
    assert_eq!(epoch.node_label("flag").unwrap().word(1), "false");
    assert_eq!(epoch.node_label("zip").unwrap().word(0), "01234");
    assert_eq!(
        imported.notes,
        [
            "column `big` of the nodes holds integers beyond 2^53 (`9007199254740993` in nodes.csv, row 2) that a metric would round, so it is a label; to round them, list it in `columns` as \"metric\"",
            "column `empty` of the nodes has no value in any row and is left out",
            "column `mixed` of the nodes holds numbers and text (`n/a` in nodes.csv, row 3), so it is a label",
            "nodes.csv has no column `kind`, so that its nodes are of kind `node`",
        ]
    );
}

#[test]
fn known_columns_may_have_other_names_and_separators() {
    let folder = Folder::new()
        .with("n.csv", "\u{feff}project;who;id\r\na;p;7\r\n\r\nb;;8\r\n")
        .with("e.csv", "to,from,what\nb,a,cites\n")
        .with("p.csv", "owner,thing,name\nq,b,\"Q, the \"\"second\"\"\"\nr,,R\n");
    let imported = folder.import(
        "[nodes]\nfiles = [\"n.csv\"]\ndelimiter = \";\"\nid = \"project\"\npayee = \"who\"\n
         [edges]\nfiles = [\"e.csv\"]\nsource = \"from\"\ntarget = \"to\"\nkind = \"what\"\n
         [payees]\nfiles = [\"p.csv\"]\npayee = \"owner\"\nnode = \"thing\"",
    );
    let epoch = imported.unwrap().epoch;
    assert_eq!(epoch.node_metric("id"), Some(&[7.0, 8.0][..]));
    assert_eq!(epoch.payees().iter().collect::<Vec<_>>(), ["p", "q", "r"]);
    assert_eq!(epoch.payee_names().get(1), Some("Q, the \"second\""));
    assert_eq!(
        (epoch.node_payee(), epoch.edge_source(), epoch.edge_target()),
        (&[0, 1][..], &[0][..], &[1][..])
    );
    assert_eq!(epoch.edge_kinds().get(0), Some("cites"));
}

#[test]
fn progress_ends_at_the_whole() {
    let nodes: String =
        (0..10_000).fold("id,payee,n\n".to_owned(), |text, n| text + &format!("n{n},p,{n}\n"));
    let folder = Folder::new().with("nodes.csv", &nodes);
    folder.import("nodes = { files = [\"nodes.csv\"] }").unwrap();
    let mut reports = Vec::new();
    let description = folder.path().join("epoch.toml");
    apportion_import::tables::import(&description, &Default::default(), &mut |at| {
        reports.push((at.rows, at.bytes, at.total_bytes))
    })
    .unwrap();
    let total = u64::try_from(nodes.len()).unwrap() * 2;
    assert_eq!(reports.last(), Some(&(10_000, total, total)));
    assert!(reports.len() > 4 && reports.is_sorted_by_key(|report| report.1), "{reports:?}");
}
