//! Repositories that are empty, cut off, broken or made to harm: a sentence or a note, never a panic.

use apportion_import::git::{Detail, Options};
use apportion_tests::git::{Commit, Repository};
use gix_hash::ObjectId;
use gix_object::Kind;

use super::histories::{MONDAY, options, read, refused};

fn fresh() -> (tempfile::TempDir, Repository) {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    (folder, repository)
}

fn by(author: &str, tree: ObjectId, parents: &[ObjectId]) -> String {
    let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    format!("tree {tree}\n{parents}author {author}\ncommitter {author}\n\nA message\n")
}

fn commit(repository: &Repository, tree: ObjectId, parents: &[ObjectId], seconds: i64) -> ObjectId {
    let text = by(&format!("Ann Lee <ann@work> {seconds} +0000"), tree, parents);
    let id = repository.object(Kind::Commit, text.as_bytes());
    repository.branch("main", id);
    id
}

#[test]
fn what_is_no_repository_or_has_no_commit_is_said() {
    let nothing = tempfile::tempdir().unwrap();
    let said = refused(nothing.path(), &options());
    assert!(said.starts_with("there is no git repository in `"), "{said}");
    let said = refused(&nothing.path().join("not-there"), &options());
    assert!(said.starts_with("there is no git repository in `"), "{said}");
    let (folder, repository) = fresh();
    let empty = "`HEAD` points to `refs/heads/main`, which has no commit yet";
    assert_eq!(refused(folder.path(), &options()), empty);
    repository.file("HEAD", "ref: refs/heads/.invalid\n");
    let said = refused(folder.path(), &options());
    assert!(said.contains("reftable") || said.contains("cannot be read"), "{said}");
    repository.file("HEAD", "rubbish\n");
    assert!(
        refused(folder.path(), &options()).contains("no git repository in")
            || refused(folder.path(), &options()).starts_with("`HEAD` ")
    );
}

#[test]
fn revisions_that_lead_to_no_commit_are_said() {
    let (folder, repository) = fresh();
    let tree = repository.files(&[("a", "1\n")]);
    let id = commit(&repository, tree, &[], MONDAY);
    repository.file("refs/heads/tree", &format!("{tree}\n"));
    repository.file("refs/heads/loop", "ref: refs/heads/loop\n");
    repository.file("refs/heads/gone", "0123456789012345678901234567890123456789\n");
    let said =
        |revision: &str| refused(folder.path(), &Options { revision: revision.to_owned(), ..options() });
    assert_eq!(said("tree"), "`tree` is no commit");
    assert_eq!(said("loop"), "`loop` points from reference to reference without end");
    assert!(
        said("gone").starts_with("commit 0123456789012345678901234567890123456789 is not in the repository")
    );
    let unknown = "names no branch, tag or commit here; give one of those, or a commit's id";
    assert_eq!(said("main~3"), format!("`main~3` {unknown}"));
    assert_eq!(said("\u{1b}[2J"), format!("` [2J` {unknown}"));
    assert_eq!(said("abcdef12"), format!("`abcdef12` {unknown}"));
    assert_eq!(
        said(&"a".repeat(64)),
        format!("`{}` is an id of SHA-256; only repositories of SHA-1 are read yet", "a".repeat(64))
    );
    let begun = Options { revision: id.to_string()[..12].to_owned(), ..options() };
    assert_eq!(read(&repository, &begun).epoch.payees().len(), 1);
    let tag = repository.object(Kind::Tag, format!("object {id}\ntype commit\ntag v1\n").as_bytes());
    repository.file("refs/tags/v1", &format!("{tag}\n"));
    assert_eq!(
        read(&repository, &Options { revision: "v1".to_owned(), ..options() }).epoch.payees().len(),
        1
    );
}

#[test]
fn a_shallow_clone_is_read_and_told() {
    let (folder, repository) = fresh();
    let trees = ["1\n", "2\n", "3\n"].map(|text| repository.files(&[("a", text)]));
    let one = commit(&repository, trees[0], &[], MONDAY);
    let two = commit(&repository, trees[1], &[one], MONDAY + 1);
    commit(&repository, trees[2], &[two], MONDAY + 2);
    repository.remove(one);
    let said = refused(folder.path(), &options());
    assert!(
        said.starts_with(&format!("commit {one} is not in the repository, though others name it")),
        "{said}"
    );
    repository.file("shallow", &format!("{two}\n"));
    let imported = read(&repository, &options());
    assert_eq!(imported.authors[0].commits, 2);
    assert_eq!(imported.epoch.node_metric("files").unwrap().iter().sum::<f64>(), 1.0);
    let notes = imported.notes.join("\n");
    assert!(notes.contains("the clone is shallow: the history before 1 commits is not here"), "{notes}");
    assert!(notes.contains("what 1 commits changed cannot be told"), "{notes}");
    repository.file("shallow", "rubbish\n");
    assert_eq!(
        refused(folder.path(), &options()),
        "the repository's `shallow` cannot be read: a line of it is no commit's id"
    );
}

#[test]
fn objects_that_were_not_fetched_are_told_and_damaged_ones_refused() {
    let (folder, repository) = fresh();
    let trees = ["1\n", "2\n"].map(|text| repository.files(&[("src/a", text)]));
    let one = commit(&repository, trees[0], &[], MONDAY);
    let two = commit(&repository, trees[1], &[one], MONDAY + 1);
    repository.remove(trees[1]);
    let imported = read(&repository, &options());
    assert!(imported.notes[0].starts_with("what 1 commits changed cannot be told"), "{:?}", imported.notes);
    std::fs::write(repository.path_of(two), b"not zlib at all").unwrap();
    let said = refused(folder.path(), &options());
    assert!(said.contains(&two.to_string()), "{said}");
}

#[test]
fn broken_commits_are_refused_by_their_id() {
    let (folder, repository) = fresh();
    for text in ["", "tree 12\n\n", "author A <a@x> 1 +0\n\n", "parent 0\n"] {
        let id = repository.object(Kind::Commit, text.as_bytes());
        repository.branch("main", id);
        let said = refused(folder.path(), &options());
        assert_eq!(
            said,
            format!("{id} is no commit that can be read: it has no tree, or a parent that is no id")
        );
    }
}

#[test]
fn odd_dates_count_as_they_stand_and_are_told() {
    let (_folder, repository) = fresh();
    let tree = repository.files(&[("a", "1\n")]);
    let mut last = commit(&repository, tree, &[], -86_400);
    for date in ["99999999999 +0000", "+0000", "9223372036854775807 +0000", "-9223372036854775808 +9999", "x"]
    {
        let text = by(&format!("Ann Lee <ann@work> {date}"), tree, &[last]);
        last = repository.object(Kind::Commit, text.as_bytes());
    }
    repository.branch("main", last);
    let imported = read(&repository, &options());
    let window = imported.epoch.window();
    assert_eq!((window.start, window.end), (i64::MIN, i64::MAX));
    let notes = imported.notes.join("\n");
    assert!(notes.contains("1 commits have no date and count as made in 1970"), "{notes}");
    assert!(notes.contains("4 commits are dated before 1970 or after 2100"), "{notes}");
}

#[test]
fn trees_that_git_would_not_write_are_read_or_told() {
    let (_folder, repository) = fresh();
    let blob = repository.object(Kind::Blob, b"1\n");
    let empty = repository.tree(&[]);
    let odd: [(&str, &[u8], ObjectId); 10] = [
        ("100644", b"z", blob),
        ("100644", b"a", blob),
        ("100644", b"a", blob),
        ("40000", b".", repository.tree(&[("100644", b"..", blob)])),
        ("100644", b"x/y", blob),
        ("120000", b"link", blob),
        ("160000", b"module", blob),
        ("100644", b"\xff\x1b[2J\"\\", blob),
        ("100644", "\u{202e}right".as_bytes(), blob),
        ("40000", b"empty", empty),
    ];
    let tree = repository.tree(&odd);
    commit(&repository, tree, &[], MONDAY);
    let epoch = read(&repository, &Options { detail: Detail::Lines, ..options() }).epoch;
    let files: Vec<&str> = epoch.node_ids().iter().filter(|id| id.starts_with("file:")).collect();
    let expected = [
        "file:\"\\342\\200\\256right\"",
        "file:\"\\377\\033[2J\\\"\\\\\"",
        "file:./..",
        "file:a",
        "file:link",
        "file:module",
        "file:x/y",
        "file:z",
    ];
    assert_eq!(files, expected);

    let cut = repository.object(Kind::Tree, b"100644 a\0short");
    commit(&repository, cut, &[], MONDAY);
    let notes = read(&repository, &options()).notes;
    assert!(notes[0].starts_with("what 1 commits changed cannot be told"), "{notes:?}");
}

/// Nine trees, each with ten times the one below: a thousand million files in some hundred bytes.
#[test]
fn a_tree_that_unfolds_without_end_is_told() {
    let (_folder, repository) = fresh();
    let mut tree = repository.object(Kind::Blob, b"1\n");
    for level in 0..9 {
        let mode = if level == 0 { "100644" } else { "40000" };
        let names: Vec<String> = (0..10).map(|number| format!("d{number}")).collect();
        let entries: Vec<_> = names.iter().map(|name| (mode, name.as_bytes(), tree)).collect();
        tree = repository.tree(&entries);
    }
    let long = vec![b'x'; 5_000];
    let blob = repository.object(Kind::Blob, b"1\n");
    let first = commit(&repository, tree, &[], MONDAY);
    let long = repository.tree(&[("100644", &long, blob)]);
    commit(&repository, long, &[first], MONDAY);
    let notes = read(&repository, &options()).notes;
    assert_eq!(notes, ["2 commits change more than is followed and count as changing no file"]);
}

#[test]
fn long_names_and_messages_are_cut_and_people_without_any_are_payees() {
    let (_folder, repository) = fresh();
    let tree = repository.files(&[("a", "1\n")]);
    let long = "N".repeat(100_000);
    let trailers = format!("{}: Bob Roe <bob@work>\n", "reviewed-by-".repeat(2_000) + "by").repeat(3);
    let message = format!("T\n\n{}\n\nReviewed-by: {long} <l@x>\n{trailers}", "text\n".repeat(100_000));
    let id = repository.commit(&Commit {
        tree,
        parents: &[],
        author: &format!("{long} <{long}@work> {MONDAY} +0000"),
        committer: &format!("<> {MONDAY} +0000"),
        header: &format!("gpgsig {long}\n {long}\n"),
        message: &message,
    });
    repository.branch("main", id);
    let epoch = read(&repository, &options()).epoch;
    let payees: Vec<usize> = epoch.payees().iter().map(str::len).collect();
    assert_eq!(payees.len(), 3, "{payees:?}");
    assert!(epoch.payees().iter().any(|payee| payee == "nameless"));
    assert!(payees.iter().all(|length| *length <= 220));
}

#[test]
fn only_programs_are_nobody_to_pay() {
    let (folder, repository) = fresh();
    let tree = repository.files(&[("a", "1\n")]);
    let text = by(&format!("some[bot] <some@x> {MONDAY} +0000"), tree, &[]);
    repository.branch("main", repository.object(Kind::Commit, text.as_bytes()));
    assert_eq!(refused(folder.path(), &options()), "there is nobody to pay: bots wrote all of the 1 commits");
}
