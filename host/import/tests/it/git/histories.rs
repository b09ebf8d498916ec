//! Histories made object by object, and what becomes of them in lines.

use std::collections::BTreeMap;
use std::path::Path;

use apportion::Epoch;
use apportion::epoch::NO_PAYEE;
use apportion::money::{Asset, Pool};
use apportion_import::git::{Author, Imported, Options, import};
use apportion_tests::git::{Commit, Repository, git};

pub const MONDAY: i64 = 1_751_241_600;

pub fn options() -> Options {
    Options::new(Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100_000 })
}

pub fn read(repository: &Repository, options: &Options) -> Imported {
    import(repository.folder(), options, &mut |_| {}).unwrap()
}

pub fn refused(folder: &Path, options: &Options) -> String {
    import(folder, options, &mut |_| {}).unwrap_err().to_string()
}

/// A history with a bit of everything, its objects written in one of two orders.
pub fn history(folder: &Path, is_reversed: bool) -> Repository {
    let repository = Repository::new(folder);
    if is_reversed {
        // Objects that come first this way come last the other way; none is written twice.
        for text in ["nine\n", "fn a() {}\n", "one\ntwo\n", "one\n"] {
            repository.object(gix_object::Kind::Blob, text.as_bytes());
        }
    }
    let mailmap =
        "Ann Lee <ann@work> <ann@home>\nAnn Lee <ann@work> Annie <Shared@host>\n<bob@work> <bob@old>\n";
    let first = repository.files(&[(".mailmap", mailmap), ("README", "one\n"), ("src/a.rs", "fn a() {}\n")]);
    let one = repository.commit(&Commit {
        tree: first,
        parents: &[],
        author: &format!("Ann <ann@home> {MONDAY} +0200"),
        committer: &format!("Bob Roe <bob@old> {} +0000", MONDAY + 10),
        header: "",
        message: "Begin\n\nSigned-off-by: Ann <ann@home>\nReviewed-by: Cyd Poe <cyd@work>\nReviewed-by: cyd poe <CYD@work>\nTested-by: somebody\n",
    });
    let second = repository.files(&[
        (".mailmap", mailmap),
        ("README", "one\ntwo\n"),
        ("src/a.rs", "fn a() {}\n"),
        ("src/deep/b.rs", "nine\n"),
    ]);
    let two = repository.commit(&Commit {
        tree: second,
        parents: &[one],
        author: &format!("annie <shared@HOST> {} +0000", MONDAY + 86_400),
        committer: "",
        header: "",
        message: "More\n\nCo-authored-by: Bob Roe <bob@work>\nCo-authored-by: Claude <noreply@anthropic.com>\n",
    });
    let side = repository.commit(&Commit {
        tree: first,
        parents: &[one],
        author: &format!("renovate[bot] <29+renovate[bot]@users.noreply.github.com> {} +0000", MONDAY + 20),
        committer: "",
        header: "",
        message: "Nothing changes\n",
    });
    let merge = repository.commit(&Commit {
        tree: second,
        parents: &[two, side],
        author: &format!("Bob Roe <bob@work> {} +0000", MONDAY + 86_500),
        committer: "GitHub <noreply@github.com> 1751328200 +0000",
        header: "",
        message: "Merge the side\n",
    });
    // A name in Latin-1, which a string cannot hold.
    let mut text = format!("tree {first}\nparent {merge}\nauthor J").into_bytes();
    text.push(0xf6);
    text.extend(format!("rg <j@work> {} +0000\ncommitter J", MONDAY + 40 * 86_400).bytes());
    text.push(0xf6);
    text.extend(format!("rg <j@work> {} +0000\nencoding ISO-8859-1\n\nUndo\n", MONDAY + 40 * 86_400).bytes());
    let last = repository.object(gix_object::Kind::Commit, &text);
    repository.branch("main", last);
    repository.file("refs/tags/v1", &format!("{two}\n"));
    repository
}

/// Nodes with their kinds and payees, and edges, as lines; commits by the order of their dates.
pub fn drawn(epoch: &Epoch) -> Vec<String> {
    let mut commits: Vec<(i64, &str)> = epoch
        .node_ids()
        .iter()
        .enumerate()
        .filter(|(_, id)| id.starts_with("commit:"))
        .map(|(row, id)| (epoch.node_time()[row], id))
        .collect();
    commits.sort_unstable();
    let short: BTreeMap<&str, String> =
        commits.iter().enumerate().map(|(number, (_, id))| (*id, format!("commit {number}"))).collect();
    let called = |id: &str| short.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let mut lines = Vec::new();
    for (row, id) in epoch.node_ids().iter().enumerate() {
        let kind = epoch.node_kinds().get(epoch.node_kind()[row] as usize).unwrap();
        let payee = epoch.node_payee()[row];
        let owner = if payee == NO_PAYEE { "" } else { epoch.payees().get(payee as usize).unwrap() };
        lines.push(format!("{kind} {} -> {owner}", called(id)));
    }
    for row in 0..epoch.edge_count() {
        let id = |node: u32| called(epoch.node_ids().get(node as usize).unwrap());
        let kind = epoch.edge_kinds().get(epoch.edge_kind()[row] as usize).unwrap();
        lines.push(format!("{} {kind} {}", id(epoch.edge_source()[row]), id(epoch.edge_target()[row])));
    }
    lines.sort();
    lines
}

/// Author lines as `git shortlog -sne` prints them, sorted.
pub fn shortlog(authors: &[Author]) -> Vec<String> {
    let mut lines: Vec<String> = authors
        .iter()
        .map(|Author { name, address, commits }| format!("{commits:6}\t{name} <{address}>"))
        .collect();
    lines.sort();
    lines
}

/// The same by git; none where there is no git, or no history.
pub fn shortlog_by_git(folder: &Path) -> Option<Vec<String>> {
    let said = git(
        folder,
        &["-c", "mailmap.blob=HEAD:.mailmap", "-c", "mailmap.file=", "shortlog", "-sne", "HEAD"],
    )?;
    let mut lines: Vec<String> = said.lines().map(ToOwned::to_owned).collect();
    lines.sort();
    Some(lines)
}
