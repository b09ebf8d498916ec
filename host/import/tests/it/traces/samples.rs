//! The samples of specifications and of other programs' tests, each imported alone, and what comes of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;

use super::sample::{sample, sample_path, told_with_notes};
use crate::folder::Folder;

/// All samples: what they are called, which list of `[traces]` they are for, and their text.
fn samples() -> Vec<(String, &'static str, String)> {
    let text = |name: &str| String::from_utf8(sample(name)).unwrap();
    let mut samples: Vec<_> = [
        ("prov/every-form.json", "prov"),
        ("openlineage/events.jsonl", "openlineage"),
        ("openlineage/training.jsonl", "openlineage"),
        ("otlp/trace.json", "otlp"),
        ("otlp/june.jsonl", "otlp"),
        ("otlp/july.jsonl", "otlp"),
    ]
    .map(|(name, list)| (name.to_owned(), list, text(name)))
    .into();
    let mut lines = String::new();
    flate2::read::GzDecoder::new(&*sample("prov/python-prov.jsonl.gz")).read_to_string(&mut lines).unwrap();
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        samples.push((format!("python-prov/{}", text("name")), "prov", text("text")));
    }
    samples
}

#[test]
fn samples_become_the_known_graphs_and_notes() {
    let mut told = String::new();
    let mut first = BTreeMap::new();
    for (name, list, text) in samples() {
        let folder = Folder::new().with("sample", text);
        let body = format!(
            "[traces]\n{list} = [\"sample\"]\n[nodes]\nfiles = []\n[payees]\nfiles = [\"payees.csv\"]"
        );
        let folder = folder.with("payees.csv", "payee,node\nsomebody,\n");
        let said = match folder.import_as(crate::folder::AGES, &body) {
            Ok(imported) => told_with_notes(&imported),
            Err(error) => format!("error: {error}\n"),
        };
        match first.get(&said) {
            None => writeln!(told, "\n== {name}\n{said}").unwrap(),
            Some(first) => writeln!(told, "== {name}: as {first}").unwrap(),
        }
        first.entry(said).or_insert(name);
    }
    let path = sample_path("imported.txt");
    if std::env::var_os("APPORTION_BLESS").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let first = known.lines().zip(told.lines()).find(|(known, now)| known != now);
    assert!(known == told, "imported.txt differs: if that is meant, bless it; the first line: {first:?}");
}
