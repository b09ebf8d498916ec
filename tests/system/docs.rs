//! What the documents name exists: files and headings that are linked, and tests that are said to show something.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use apportion_tests::hostile;

/// Folders without documents of this project's own. What is in a `template` is read in the project that is made of it.
const LEFT_OUT: [&str; 6] = [".git", "node_modules", "target", "template", "tests/data", "vendored"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !LEFT_OUT.iter().any(|name| path.ends_with(name)) {
                found.extend(documents(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// The lines of a document outside its blocks of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Where the links of a document lead, apart from the web and from what rustdoc resolves.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        for rest in line.split("](").skip(1) {
            let link = rest.split(')').next().unwrap_or("");
            if !link.contains("://") && !link.contains("::") && !link.starts_with("mailto:") {
                found.push(link.to_owned());
            }
        }
    }
    found
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_of_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for document in documents(&root()) {
        for link in links(&fs::read_to_string(&document).unwrap()) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => document.clone(),
                path => document.parent().unwrap().join(path),
            };
            let is_there = match anchor {
                "" => target.exists(),
                anchor => fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor)),
            };
            if !is_there {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

/// The names of all test functions of the project.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in ["host", "guest-sdk", "policies", "tests", "xtask"] {
        for path in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            for after in text.split("#[test]").skip(1) {
                let function = after.split("fn ").nth(1).unwrap_or("");
                let name = function.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
                found.insert(name.to_owned());
            }
        }
    }
    found
}

/// The rows of a document's tables, by their cells, without their headings.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    prose(text)
        .filter(|line| line.starts_with('|') && !line.starts_with("|---"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// A table of holes whose tests are gone would show nothing.
#[test]
fn tests_that_the_table_of_holes_names_exist() {
    let text = fs::read_to_string(root().join("docs/sandbox.md")).unwrap();
    let hostile: BTreeSet<String> = hostile::all().into_iter().map(|case| case.name).collect();
    let tests = tests();
    let mut holes = 0;
    for row in rows(&text).filter(|row| row.last() != Some(&"shown by")) {
        let [hole, _, _, shown_by] = row.as_slice() else { panic!("a row of four cells: {row:?}") };
        let names: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing shows that this hole is closed: {hole}");
        for name in names {
            assert!(tests.contains(name) || hostile.contains(name), "`{name}` does not exist: {hole}");
        }
        holes += 1;
    }
    assert!(holes >= 27, "only {holes} holes");
}

/// The names of formats in the library's sources: `apportion receipt 2`.
fn formats() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in rust_files(&root().join("host/core/src")) {
        for text in fs::read_to_string(&path).unwrap().split('"').skip(1) {
            let words: Vec<&str> = text.split(' ').collect();
            let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
            if matches!(words.as_slice(), ["apportion", _, number] if is_number(number)) {
                found.insert(text.to_owned());
            }
        }
    }
    found
}

/// A new number of a format or of metering, or a new contract, is noted where its users look.
#[test]
fn changelog_lists_every_version() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let versions = changelog.lines().find(|line| line.starts_with("| 0.")).unwrap();
    let formats = formats();
    assert!(formats.len() >= 12, "only {formats:?}");
    for format in &formats {
        assert!(changelog.contains(&format!("`{format}`")), "CHANGELOG.md does not mention `{format}`");
        // The newest of its name is in the table.
        let (name, number) = format.trim_start_matches("apportion ").rsplit_once(' ').unwrap();
        let next = format!("apportion {name} {}", number.parse::<u32>().unwrap() + 1);
        let is_listed = versions.split([',', '|']).any(|cell| cell.trim() == format!("{name} {number}"));
        assert!(formats.contains(&next) || is_listed, "the versions of CHANGELOG.md lack `{name} {number}`");
    }
    for entry in fs::read_dir(root().join("wit")).unwrap() {
        let contract = entry.unwrap().file_name().into_string().unwrap();
        assert!(changelog.contains(&format!("- {contract}: ")), "CHANGELOG.md lacks contract {contract}");
    }
    let cells: Vec<&str> = versions.split('|').map(str::trim).collect();
    let metering = apportion_harden::VERSION.to_string();
    assert_eq!(cells[1..4], [env!("CARGO_PKG_VERSION"), "0.1.0", &metering], "crates, contract, metering");
}
