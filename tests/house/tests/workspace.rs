//! The structure of this workspace is as it was decided: what `cargo xtask house` says, as tests.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use house::{House, Topic};

#[expect(clippy::unwrap_used, reason = "a test reads its own workspace")]
static HOUSE: LazyLock<House> =
    LazyLock::new(|| House::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap());

fn assert_no_finding_about(topic: Topic) {
    let findings = HOUSE.findings().iter().filter(|finding| finding.about == topic);
    let texts: Vec<&str> = findings.map(|finding| finding.text.as_str()).collect();
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
}

#[test]
fn files_use_each_other_in_no_circle() {
    assert_no_finding_about(Topic::Layers);
}

#[test]
fn packages_depend_in_one_direction() {
    assert_no_finding_about(Topic::Dependencies);
}

/// Who may hash, print, name the engine, read without a bound, and so on: `src/tables/rules.rs` lists the rules.
#[test]
fn names_stand_only_where_they_are_allowed() {
    assert_no_finding_about(Topic::Names);
}

#[test]
fn every_file_is_part_of_a_crate() {
    assert_no_finding_about(Topic::Unreached);
}

/// Exit codes, HTTP statuses and exceptions follow from `kind()`, so no public error is without it.
#[test]
fn every_public_error_has_a_kind() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut without = Vec::new();
    for folder in ["host/core/src", "host/apportion/src", "host/import/src"] {
        for path in rust_files(&root.join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let has_kind = |name: &str| {
                text.split("\nimpl").skip(1).any(|block| {
                    let head = block.split('{').next().unwrap_or_default();
                    head.contains(name)
                        && !head.contains(" for ")
                        && block.contains("pub fn kind(&self) -> ErrorKind")
                })
            };
            for line in text.lines() {
                let item = line.strip_prefix("pub enum ").or(line.strip_prefix("pub struct "));
                let name = item
                    .and_then(|item| item.split(|c: char| !c.is_alphanumeric()).next())
                    .unwrap_or_default();
                if name.ends_with("Error") && !has_kind(name) {
                    without.push(format!("{}: {name}", path.display()));
                }
            }
        }
    }
    assert!(without.is_empty(), "public errors without `kind()`:\n{}", without.join("\n"));
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
