//! `apportion try git` and `apportion import git` as a user runs them, over a small history that the test makes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use apportion_tests::git::{Commit, Repository};

const JULY: i64 = 1_751_328_000;

/// July 2025 of three people and a program: day, author, how many files, trailers.
const COMMITS: [(i64, &str, usize, &str); 9] = [
    (0, "Ann Lee <ann@example.org>", 12, ""),
    (1, "Ann Lee <ann@home.example.org>", 3, "Reviewed-by: Bob Roe <bob@example.org>\n"),
    (1, "Bob Roe <bob@example.org>", 2, "Co-authored-by: Cyd Poe <cyd@example.org>\n"),
    (6, "renovate[bot] <29+renovate[bot]@users.noreply.github.com>", 1, ""),
    (7, "Ann Lee <ann@example.org>", 1, ""),
    (13, "Cyd Poe <cyd@example.org>", 7, "Reviewed-by: Ann Lee <ann@example.org>\n"),
    (14, "Bob Roe <bob@example.org>", 4, "Tested-by: Cyd Poe <cyd@example.org>\n"),
    (20, "Ann Lee <ann@example.org>", 2, "Co-authored-by: Claude <noreply@anthropic.com>\n"),
    (31, "Bob Roe <bob@example.org>", 1, ""),
];

fn history(folder: &Path) -> Repository {
    let repository = Repository::new(folder);
    let mut versions = [0; 12];
    let mut parents = Vec::new();
    for (day, author, files, trailers) in COMMITS {
        versions.iter_mut().take(files).for_each(|version| *version += 1);
        let texts: Vec<(String, String)> = versions
            .iter()
            .enumerate()
            .map(|(file, version)| (format!("src/{file}.rs"), format!("{version}\n")))
            .collect();
        let texts: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let commit = repository.commit(&Commit {
            tree: repository.files(&texts),
            parents: &parents,
            author: &format!("{author} {} +0000", JULY + day * 86_400),
            committer: "",
            header: "",
            message: &format!("Change it\n\n{trailers}"),
        });
        parents = vec![commit];
    }
    repository.branch("main", parents[0]);
    repository
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_apportion"));
    program.env("APPORTION_CACHE", "").env("APPORTION_BACKEND", "winch").current_dir(folder);
    program.args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn done(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn one_command_prints_what_the_readme_shows() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path());
    let (printed, said) =
        done(folder.path(), &["try", "git", ".", "--month", "2025-07", "--pool", "1000 EUR"]);
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    // The receipt's digest is that of the policy's and the epoch's bytes; everything above it is shown.
    let table = printed.split("\nreceipt ").next().unwrap();
    assert!(readme.contains(table.trim_end()), "the README does not show\n{table}");
    assert!(said.contains("note: bots are not paid; these wrote commits: renovate[bot] (1)"), "{said}");
    let joined =
        "joined: person:Ann Lee: Ann Lee <ann@example.org>, Ann Lee <ann@home.example.org> (by name)\n";
    assert!(said.contains(joined), "{said}");
    assert!(said.contains("9 commits of the whole history were read"), "{said}");
}

#[test]
fn what_was_imported_settles_as_what_was_tried() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path());
    let (tried, _) = done(folder.path(), &["try", "git", "--format", "json", "-o", "tried"]);
    let (printed, said) = done(folder.path(), &["import", "git", ".", "-o", "imported"]);
    assert_eq!(printed, "");
    let command = said.lines().find_map(|line| line.strip_prefix("settle it: apportion ")).unwrap();
    let arguments: Vec<&str> = command.split(' ').chain(["--format", "json"]).collect();
    assert_eq!(done(folder.path(), &arguments).0, tried);
    for file in ["epoch", "charter.json"] {
        let bytes = |of: &str| fs::read(folder.path().join(of).join(file)).unwrap();
        assert_eq!(bytes("tried"), bytes("imported"), "{file}");
    }
    // Other rules settle it too.
    let (ranked, _) = done(folder.path(), &["try", "git", ".", "--rule", "pagerank", "--top", "1"]);
    assert!(ranked.contains("2 more, --all shows them"), "{ranked}");
}

#[test]
fn detail_window_and_people_are_chosen() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path());
    let csv = |arguments: &[&str]| {
        let all = [&["try", "git", ".", "--format", "csv"], arguments].concat();
        done(folder.path(), &all).0
    };
    assert_eq!(csv(&["--no-files", "--from", "2025-08-01"]).lines().count(), 2);
    assert!(csv(&["--lines"]).contains("\nCyd Poe,"));
    assert!(!csv(&["--payee-ids", "digests"]).contains("Lee"));
    done(folder.path(), &["try", "git", ".", "--write-payees", "people.csv"]);
    let table = fs::read_to_string(folder.path().join("people.csv")).unwrap();
    assert!(table.contains("ann@home.example.org,Ann Lee,Ann Lee,1,name\n"), "{table}");
    fs::write(
        folder.path().join("people.csv"),
        table.replace("ann@example.org,Ann Lee,Ann Lee,", "ann@example.org,Ann Lee,lee.eth,"),
    )
    .unwrap();
    assert!(csv(&["--payees", "people.csv"]).contains("\nlee.eth,"));
}

#[test]
fn a_repository_that_leads_elsewhere_is_read_only_if_that_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    history(&inside);
    let worktree = folder.path().join("worktree");
    fs::create_dir(&worktree).unwrap();
    fs::write(worktree.join(".git"), format!("gitdir: {}\n", inside.join(".git").display())).unwrap();
    let output = run(&worktree, &["try", "git", "."]);
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(3) && said.contains("leads out of its folder"), "{said}");
    assert!(said.contains("--allow-outside"), "{said}");
    done(&worktree, &["try", "git", ".", "--allow-outside"]);
}

#[test]
fn what_cannot_be_read_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path());
    let empty = tempfile::tempdir().unwrap();
    let elsewhere = empty.path().display().to_string();
    for (arguments, code, sentence) in [
        (&["try", "git", &elsewhere][..], 3, "there is no git repository in `"),
        (&["try", "git", ".", "--revision", "v9"], 3, "`v9` names no branch, tag or commit here"),
        (&["try", "git", ".", "--month", "July"], 3, "`July` is no month, such as `2025-07`"),
        (&["try", "git", ".", "--from", "tomorrow"], 3, "`tomorrow` is no date, such as `2025-07-01`"),
        (&["try", "git", ".", "--month", "2024-01"], 3, "no commit of `HEAD` is dated within the window"),
        (&["try", "git", ".", "--pool", "much"], 3, "write an amount and an asset, as in '5000 EUR'"),
        (&["try", "git", ".", "--pool", "1.001 EUR"], 3, "has more decimals than the asset's 2"),
        (&["try", "git", ".", "--payees", "nobody.csv"], 3, "the table of payees `nobody.csv`: "),
        (&["try", "git", ".", "--mailmap", "nobody"], 3, "`nobody` cannot be read: "),
        (&["try", "git", ".", "--month", "2025-07", "--to", "2025-08-01"], 2, "cannot be used with"),
        (&["try", "git", ".", "--lines", "--no-files"], 2, "cannot be used with"),
        (&["try", "git", ".", "--limit", "rows=10"], 3, "more than the 10 rows that are allowed"),
        (&["try", "git", ".", "--limit", "memory=10"], 2, "`memory` is not a bound"),
        (&["try", "git", ".", "--limit", "rows=many"], 2, "write a number, as in `unpacked=4GiB`"),
        (&["import", "git", "."], 2, "--output <DIR>"),
    ] {
        let output = run(folder.path(), arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(sentence) && said.starts_with("error: "), "{arguments:?}: {said}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
}
