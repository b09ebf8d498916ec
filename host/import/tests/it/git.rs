//! Histories made object by object, and this project's own: what becomes of them, and what git itself says of them.

use std::collections::BTreeMap;
use std::path::Path;

use apportion::Epoch;
use apportion::epoch::NO_PAYEE;
use apportion::money::{Asset, Pool};
use apportion_import::git::{
    Author, Detail, Evidence, Imported, Options, Outside, PayeeIds, import, month, time,
};
use apportion_tests::git::{Commit, Repository, git};

mod outside;
mod who;
mod wrong;

const MONDAY: i64 = 1_751_241_600;

fn options() -> Options {
    Options::new(Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100_000 })
}

fn read(repository: &Repository, options: &Options) -> Imported {
    import(repository.folder(), options, &mut |_| {}).unwrap()
}

fn refused(folder: &Path, options: &Options) -> String {
    import(folder, options, &mut |_| {}).unwrap_err().to_string()
}

/// A history with a bit of everything, its objects written in one of two orders.
fn history(folder: &Path, is_reversed: bool) -> Repository {
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
fn drawn(epoch: &Epoch) -> Vec<String> {
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
fn shortlog(authors: &[Author]) -> Vec<String> {
    let mut lines: Vec<String> = authors
        .iter()
        .map(|Author { name, address, commits }| format!("{commits:6}\t{name} <{address}>"))
        .collect();
    lines.sort();
    lines
}

/// The same by git; none where there is no git, or no history.
fn shortlog_by_git(folder: &Path) -> Option<Vec<String>> {
    let said = git(
        folder,
        &["-c", "mailmap.blob=HEAD:.mailmap", "-c", "mailmap.file=", "shortlog", "-sne", "HEAD"],
    )?;
    let mut lines: Vec<String> = said.lines().map(ToOwned::to_owned).collect();
    lines.sort();
    Some(lines)
}

#[test]
fn authors_of_this_project_are_those_of_git_shortlog() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let Some(by_git) = shortlog_by_git(&root) else {
        println!("skipped: no git program, or no history of this project here");
        return;
    };
    // A worktree of it, or a clone that shares objects, is read as well.
    let following = Options { outside: Outside::Follow, ..options() };
    let imported = import(&root, &following, &mut |_| {}).unwrap();
    // Counted, and never printed: people's names belong in no log.
    assert!(shortlog(&imported.authors) == by_git, "{} authors", by_git.len());
    let shallow = imported.notes.iter().any(|note| note.contains("shallow"));
    println!("{} authors are the same{}", by_git.len(), if shallow { ", in a shallow clone" } else { "" });
}

#[test]
fn authors_are_those_of_git_shortlog_with_mailmap_and_encodings() {
    let folder = tempfile::tempdir().unwrap();
    let repository = history(folder.path(), false);
    let authors = shortlog(&read(&repository, &options()).authors);
    let expected = [
        "     1\tBob Roe <bob@work>",
        "     1\tJörg <j@work>",
        "     1\trenovate[bot] <29+renovate[bot]@users.noreply.github.com>",
        "     2\tAnn Lee <ann@work>",
    ];
    assert_eq!(authors, expected);
    match shortlog_by_git(folder.path()) {
        Some(by_git) => assert_eq!(authors, by_git),
        None => println!("skipped: no git program"),
    }
}

#[test]
fn a_history_becomes_commits_people_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let imported = read(&history(folder.path(), false), &options());
    let epoch = &imported.epoch;
    // Commits by their dates: the first, the program's, Ann's second, the merge, Jörg's.
    let expected = "\
bot bot:Claude -> 
bot bot:GitHub -> 
bot bot:renovate[bot] -> 
commit 0 authored-by person:Ann Lee
commit 0 committed-by person:Bob Roe
commit 0 reviewed-by person:Cyd Poe
commit 0 signed-off-by person:Ann Lee
commit 1 authored-by bot:renovate[bot]
commit 1 parent commit 0
commit 2 authored-by person:Ann Lee
commit 2 co-authored-by bot:Claude
commit 2 co-authored-by person:Bob Roe
commit 2 parent commit 0
commit 3 authored-by person:Bob Roe
commit 3 committed-by bot:GitHub
commit 3 parent commit 1
commit 3 parent commit 2
commit 4 authored-by person:Jörg
commit 4 parent commit 3
commit commit 0 -> 
commit commit 1 -> 
commit commit 2 -> 
commit commit 4 -> 
directory directory: -> 
directory directory:src -> 
directory directory:src/deep -> 
directory: contains directory:src
directory: contains file:.mailmap
directory: contains file:README
directory:src contains directory:src/deep
directory:src contains file:src/a.rs
directory:src/deep contains file:src/deep/b.rs
file file:.mailmap -> 
file file:README -> 
file file:src/a.rs -> 
file file:src/deep/b.rs -> 
file:.mailmap changed-by commit 0
file:README changed-by commit 0
file:README changed-by commit 2
file:README changed-by commit 4
file:src/a.rs changed-by commit 0
file:src/deep/b.rs changed-by commit 2
file:src/deep/b.rs changed-by commit 4
merge commit 3 -> 
person person:Ann Lee -> Ann Lee
person person:Bob Roe -> Bob Roe
person person:Cyd Poe -> Cyd Poe
person person:Jörg -> Jörg";
    assert_eq!(drawn(epoch).join("\n"), expected);
    assert_eq!((epoch.window().start, epoch.window().end), (MONDAY + 10, MONDAY + 40 * 86_400 + 1));
    assert_eq!(
        imported.notes,
        [
            "bots are not paid; these wrote commits: renovate[bot] (1); a table of payees can say otherwise",
            "1 trailers of the whole history name somebody without an address and are left out",
        ]
    );
    // The author's date on edges to authors, the committer's on the rest.
    let times: Vec<i64> = (0..epoch.edge_count())
        .filter(|row| epoch.edge_kinds().get(epoch.edge_kind()[*row] as usize) == Some("authored-by"))
        .map(|row| epoch.edge_time()[row])
        .collect();
    assert!(times.contains(&MONDAY) && !times.contains(&(MONDAY + 10)));
}

#[test]
fn the_same_history_gives_the_same_epoch_however_it_is_kept() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let plain = history(folders[0].path(), false);
    let digest = read(&plain, &options()).epoch.digest();
    let other = history(folders[1].path(), true);
    assert_eq!(read(&other, &options()).epoch.digest(), digest);

    // Objects in another repository, as `git clone --shared` leaves them.
    let borrowing = Repository::new(folders[2].path());
    let objects = plain.folder().join(".git/objects");
    std::fs::create_dir_all(borrowing.folder().join(".git/objects/info")).unwrap();
    borrowing.file("objects/info/alternates", &format!("{}\n", objects.display()));
    let head = std::fs::read_to_string(plain.folder().join(".git/refs/heads/main")).unwrap();
    borrowing.file(
        "packed-refs",
        &format!("# pack-refs with: peeled fully-peeled sorted \n{} refs/heads/main\n", head.trim()),
    );
    let said = refused(borrowing.folder(), &options());
    assert!(
        said.starts_with("the repository's objects/info/alternates leads out of its folder, to `"),
        "{said}"
    );
    let following = Options { outside: Outside::Follow, ..options() };
    assert_eq!(read(&borrowing, &following).epoch.digest(), digest);

    // From a folder inside, and what the configuration says makes no difference.
    std::fs::create_dir_all(plain.folder().join("src")).unwrap();
    plain.file(
        "config",
        "[core]\n\tfsmonitor = exit 1\n[diff]\n\texternal = exit 1\n[include]\n\tpath = /no/such\n[broken",
    );
    let inside = import(&plain.folder().join("src"), &options(), &mut |_| {}).unwrap();
    assert_eq!(inside.epoch.digest(), digest);

    if git(other.folder(), &["repack", "-adfq", "--depth=50"]).is_none() {
        println!("skipped: packs, because there is no git program");
        return;
    }
    git(other.folder(), &["prune-packed", "-q"]).unwrap();
    git(other.folder(), &["pack-refs", "--all"]).unwrap();
    assert_eq!(read(&other, &options()).epoch.digest(), digest);
}

#[test]
fn lines_are_those_of_git_numstat() {
    let folder = tempfile::tempdir().unwrap();
    let repository = history(folder.path(), false);
    let imported = read(&repository, &Options { detail: Detail::Lines, ..options() });
    let epoch = &imported.epoch;
    let sum = |name: &str| epoch.node_metric(name).unwrap().iter().sum::<f64>();
    // .mailmap 3, README 1 + 1, a.rs 1, b.rs 1; then README 1 and b.rs 1 go.
    assert_eq!((sum("files"), sum("lines-added"), sum("lines-removed")), (7.0, 7.0, 2.0));
    let Some(said) = git(folder.path(), &["log", "--numstat", "--format=", "HEAD"]) else { return };
    let counts: Vec<Vec<u32>> = said
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.split('\t').filter_map(|cell| cell.parse().ok()).collect())
        .collect();
    let by_git = |column: usize| f64::from(counts.iter().map(|row| row[column]).sum::<u32>());
    assert_eq!((by_git(0), by_git(1)), (7.0, 2.0));

    let without = read(&repository, &Options { detail: Detail::Commits, ..options() }).epoch;
    assert!(without.node_metric("files").is_none());
    assert_eq!(without.edge_kinds().iter().find(|kind| *kind == "changed-by"), None);
}

#[test]
fn a_window_is_by_the_committers_date_or_from_commit_to_commit() {
    let folder = tempfile::tempdir().unwrap();
    let repository = history(folder.path(), false);
    let commits = |options: &Options| {
        let epoch = read(&repository, options).epoch;
        let ids: Vec<String> = epoch.node_ids().iter().map(ToOwned::to_owned).collect();
        ids.iter().filter(|id| id.starts_with("commit:")).count()
    };
    let (start, end, number) = month("2025-06").unwrap();
    assert_eq!((start, end, number), (1_748_736_000, 1_751_328_000, 202_506));
    // The 30th of June: the first and the program's.
    let june = Options { from: Some(start), to: Some(end), number, ..options() };
    assert_eq!(commits(&june), 2);
    let epoch = read(&repository, &june).epoch;
    assert_eq!((epoch.window().start, epoch.window().end, epoch.number()), (start, end, number));
    assert_eq!(commits(&Options { from: Some(MONDAY + 10), ..options() }), 5);
    assert_eq!(commits(&Options { from: Some(MONDAY + 11), ..options() }), 4);
    assert_eq!(commits(&Options { to: Some(MONDAY + 10 + 1), ..options() }), 1);
    // What `git rev-list --count v1..main` counts: the program's, the merge, Jörg's.
    assert_eq!(commits(&Options { after: Some("v1".to_owned()), ..options() }), 3);
    assert_eq!(commits(&Options { revision: "refs/tags/v1".to_owned(), ..options() }), 2);

    let none = Options { from: Some(0), to: Some(1), ..options() };
    assert_eq!(refused(folder.path(), &none), "no commit of `HEAD` is dated within the window");
    let none = Options { after: Some("main".to_owned()), ..options() };
    assert_eq!(refused(folder.path(), &none), "no commit of `HEAD` is after `main`");
    assert_eq!(month("2025-13").unwrap_err().to_string(), "`2025-13` is no month, such as `2025-07`");
    assert_eq!(time("2025-07-01").unwrap(), 1_751_328_000);
    assert_eq!(time("07/01").unwrap_err().to_string(), "`07/01` is no date, such as `2025-07-01`");
}

#[test]
fn a_table_of_payees_comes_back_as_it_was_written_and_says_who_is_paid() {
    let folder = tempfile::tempdir().unwrap();
    let repository = history(folder.path(), false);
    let imported = read(&repository, &options());
    let table = String::from_utf8(imported.payees.clone()).unwrap();
    assert!(table.starts_with("address,name,payee,commits,joined\nann@work,Ann Lee,Ann Lee,2,\n"), "{table}");
    assert!(table.contains("29+renovate[bot]@users.noreply.github.com,renovate[bot],,1,\n"));
    let file = folder.path().join("payees.csv");
    let with = |text: &str| {
        std::fs::write(&file, text).unwrap();
        Options { payees: Some(file.clone()), ..options() }
    };
    let again = read(&repository, &with(&table)).epoch;
    assert_eq!(again.digest(), imported.epoch.digest());

    let named = read(&repository, &with("address,payee\nANN@work,lee.eth\nbob@work,lee.eth\ncyd@work,\n"));
    let payees: Vec<&str> = named.epoch.payees().iter().collect();
    assert_eq!(payees, ["Jörg", "lee.eth"]);
    assert!(named.notes.iter().any(|note| note.starts_with("1 of the whole history stand in no row")));

    let wrong = |text: &str| refused(folder.path(), &with(text));
    assert!(wrong("mail,payee\n").ends_with("needs the columns `address` and `payee`"));
    assert!(
        wrong("address,payee\na@x,1\nA@x,2\n").contains("line 3: an earlier line gives the same address")
    );
    assert!(wrong("address,payee\na@x,\u{202e}1\n").contains("line 2: the payee is longer"));
    assert!(wrong("address,payee\na@x\n").contains("payees.csv`: "));
}

#[test]
fn payees_are_called_as_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let repository = history(folder.path(), false);
    let called = |payee_ids| {
        let epoch = read(&repository, &Options { payee_ids, ..options() }).epoch;
        let bytes = epoch.as_bytes().to_vec();
        (epoch.payees().iter().map(ToOwned::to_owned).collect::<Vec<_>>(), bytes)
    };
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let (names, bytes) = called(PayeeIds::Names);
    assert_eq!(names, ["Ann Lee", "Bob Roe", "Cyd Poe", "Jörg"]);
    assert!(!holds(&bytes, "@work"));
    let (addresses, _) = called(PayeeIds::Addresses);
    assert_eq!(addresses, ["ann@work", "bob@work", "cyd@work", "j@work"]);
    let (digests, bytes) = called(PayeeIds::Digests);
    let ann = apportion::Digest::of(b"ann@work").to_string();
    assert!(digests.contains(&ann[..16].to_owned()));
    assert!(!holds(&bytes, "@work") && !holds(&bytes, "Lee"));
}
