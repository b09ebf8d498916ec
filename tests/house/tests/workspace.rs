//! The structure of this workspace is as it was decided: what `cargo xtask house` says, as tests.

use std::path::Path;
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
