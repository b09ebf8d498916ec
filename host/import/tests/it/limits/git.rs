//! Git histories that are small and would be large.

use apportion::money::{Asset, Pool};
use apportion_import::Bound;
use apportion_import::git::{Detail, Options, import};
use apportion_tests::git::Repository;
use gix_hash::ObjectId;
use gix_object::Kind;

use crate::within;

fn refused(repository: &Repository, bound: Bound, value: u64) -> String {
    let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100 };
    let options = Options { limits: within(bound, value), ..Options::new(pool) };
    import(repository.folder(), &options, &mut |_| {}).unwrap_err().to_string()
}

fn commit(repository: &Repository, tree: ObjectId, parents: &[ObjectId], message: &str) -> ObjectId {
    let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    let author = "Ann Lee <ann@x> 1751241600 +0000";
    let text = format!("tree {tree}\n{parents}author {author}\ncommitter {author}\n\n{message}");
    let id = repository.object(Kind::Commit, text.as_bytes());
    repository.branch("main", id);
    id
}

/// Five trees in each other with ten entries each: 100,000 files in a few hundred bytes.
fn unfolding(repository: &Repository) -> ObjectId {
    let mut tree = repository.object(Kind::Blob, b"1\n");
    for level in 0..5 {
        let mode = if level == 0 { "100644" } else { "40000" };
        let names: Vec<String> = (0..10).map(|number| format!("d{number}")).collect();
        let entries: Vec<_> = names.iter().map(|name| (mode, name.as_bytes(), tree)).collect();
        tree = repository.tree(&entries);
    }
    tree
}

#[test]
fn histories_stop_at_every_bound() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    let many =
        "the import has more than the 50000 rows that are allowed; if you trust it, raise the limit `rows`";
    // Every commit brings all files, and the next takes them away.
    let (full, empty) = (unfolding(&repository), repository.tree(&[]));
    let first = commit(&repository, full, &[], "One");
    assert_eq!(refused(&repository, Bound::Rows, 50_000), many);
    let much = "the import unpacks to more than the 50000 bytes that are allowed; if you trust it, raise the limit `unpacked`";
    assert_eq!(refused(&repository, Bound::Unpacked, 50_000), much);
    commit(&repository, empty, &[first], "Two");
    assert!(refused(&repository, Bound::Rows, 150_000).contains("raise the limit `rows`"));

    // One commit of very many trailers, and one that is long.
    let trailers: String = (0..200).map(|number| format!("Reviewed-by: r{number}@x\n")).collect();
    let long = commit(&repository, empty, &[], &format!("Title\n\n{trailers}"));
    assert!(refused(&repository, Bound::Rows, 100).contains("raise the limit `rows`"));
    let error = refused(&repository, Bound::Document, 1_000);
    assert!(
        error.starts_with(&format!(
            "object {long}: a document, page or object in it is longer than the 1000 bytes"
        )),
        "{error}"
    );
    let parents = vec![long; 300];
    commit(&repository, empty, &parents, "Octopus");
    assert!(refused(&repository, Bound::Rows, 400).contains("raise the limit `rows`"));
}

/// A repository of some kilobytes that would be fifty million changed files: the sum over all commits counts.
#[test]
fn a_history_that_unfolds_without_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    let (full, empty) = (unfolding(&repository), repository.tree(&[]));
    let mut last = commit(&repository, empty, &[], "Begin");
    for number in 0..500 {
        let tree = if number % 2 == 0 { full } else { empty };
        last = commit(&repository, tree, &[last], &format!("{number}"));
    }
    let error = refused(&repository, Bound::Rows, 1 << 20);
    assert!(error.contains("raise the limit `rows`"), "{error}");
}

#[test]
fn what_is_given_beside_a_repository_stops_too() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    commit(&repository, repository.files(&[("a", "1\n")]), &[], "One");
    let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100 };
    let options = |bound, value| Options { limits: within(bound, value), ..Options::new(pool.clone()) };
    let path = folder.path().join("table.csv");
    std::fs::write(&path, format!("address,payee\n{}", "ann@x,ann\n".repeat(300))).unwrap();
    let refused = |options: &Options| import(folder.path(), options, &mut |_| {}).unwrap_err().to_string();
    let payees = Options { payees: Some(path.clone()), ..options(Bound::Rows, 200) };
    assert!(refused(&payees).contains("raise the limit `rows`"));
    let mailmap = Options { mailmap: Some(path), ..options(Bound::Record, 1_000) };
    assert!(refused(&mailmap).contains("raise the limit `record`"));
}

/// A file that is too large to compare has no lines, and is not even read.
#[test]
fn a_large_file_has_no_lines() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    let large = repository.object(Kind::Blob, &vec![b'\n'; 33 << 20]);
    commit(&repository, repository.tree(&[("100644", b"large", large)]), &[], "One");
    let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100 };
    let options =
        Options { detail: Detail::Lines, limits: within(Bound::Document, 1 << 20), ..Options::new(pool) };
    let imported = import(folder.path(), &options, &mut |_| {}).unwrap();
    assert_eq!(imported.epoch.node_metric("lines-added").unwrap().iter().sum::<f64>(), 0.0);
}
