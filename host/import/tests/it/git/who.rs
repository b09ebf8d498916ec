//! Who is who: only what authors and committers write about themselves joins, and whatever joins is shown.

use apportion::Epoch;
use apportion_import::git::{Evidence, Options};
use apportion_tests::git::{Commit, Repository};

use super::histories::{MONDAY, drawn, options, read, shortlog, shortlog_by_git};

/// A history of one commit for each line: an author, and trailers.
fn written(commits: &[(&str, &str)], mailmap: &str) -> (tempfile::TempDir, Repository) {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    let mut parents = Vec::new();
    for (number, (author, trailers)) in (0..).zip(commits) {
        let text = format!("{number}\n");
        let commit = repository.commit(&Commit {
            tree: repository.files(&[(".mailmap", mailmap), ("a", &text)]),
            parents: &parents,
            author: &format!("{author} {} +0000", MONDAY + number),
            committer: "",
            header: "",
            message: &format!("Change\n\n{trailers}"),
        });
        parents = vec![commit];
    }
    repository.branch("main", parents[0]);
    (folder, repository)
}

/// Whom each commit's edges of a kind lead to.
fn credited(epoch: &Epoch, kind: &str) -> Vec<String> {
    let drawn = drawn(epoch);
    let marked = format!(" {kind} ");
    drawn
        .iter()
        .filter_map(|line| line.split_once(&marked))
        .map(|(commit, to)| format!("{commit} {to}"))
        .collect()
}

const BOB: &str = "Bob Roe <bob@x>";

/// The attack of the review: one trailer moved all of Bob's pay to Ann.
#[test]
fn one_trailer_moves_nobodys_pay() {
    let without = written(&[("Ann Lee <ann@x>", ""), (BOB, ""), (BOB, "")], "");
    let with = written(
        &[
            ("Ann Lee <ann@x>", "Reviewed-by: Ann Lee <bob@x>\nReviewed-by: Bob Roe <ann@x>\n"),
            (BOB, "Signed-off-by: Ann Lee <bob@x>\n"),
            (BOB, ""),
        ],
        "",
    );
    let (without, with) = (read(&without.1, &options()), read(&with.1, &options()));
    let expected = ["commit 0 person:Ann Lee", "commit 1 person:Bob Roe", "commit 2 person:Bob Roe"];
    assert_eq!(credited(&without.epoch, "authored-by"), expected);
    assert_eq!(credited(&with.epoch, "authored-by"), expected);
    assert!(with.epoch.payees().iter().eq(without.epoch.payees().iter()));
    // A trailer names whoever its address is.
    assert_eq!(credited(&with.epoch, "reviewed-by"), ["commit 0 person:Ann Lee", "commit 0 person:Bob Roe"]);
    assert_eq!(credited(&with.epoch, "signed-off-by"), ["commit 1 person:Bob Roe"]);
}

/// However often a trailer says it, nobody is called something else by that.
#[test]
fn trailers_rename_nobody() {
    let many = "Reviewed-by: Ann Lee <bob@x>\nReviewed-by: Ann Lee <ann@elsewhere>\n";
    let (_folder, repository) =
        written(&[("Ann Lee <ann@x>", many), (BOB, many), ("Cyd Poe <cyd@x>", many)], "");
    let imported = read(&repository, &options());
    let payees: Vec<&str> = imported.epoch.payees().iter().collect();
    assert_eq!((payees[0], payees[2], payees[3]), ("Ann Lee", "Bob Roe", "Cyd Poe"));
    assert!(payees[1].starts_with("Ann Lee ("), "{payees:?}");
}

/// One forged commit joins an address to no other, and takes no payee's name.
#[test]
fn a_forged_author_line_moves_no_other_commits() {
    let (_folder, repository) =
        written(&[("Mal Ice <mal@x>", ""), (BOB, ""), (BOB, ""), ("Mal Ice <bob@x>", "")], "");
    let imported = read(&repository, &options());
    let expected = [
        "commit 0 person:Mal Ice",
        "commit 1 person:Bob Roe",
        "commit 2 person:Bob Roe",
        "commit 3 person:Bob Roe",
    ];
    assert_eq!(credited(&imported.epoch, "authored-by"), expected);
    assert_eq!(imported.joins.len(), 1);
    assert_eq!(
        imported.joins[0].to_string(),
        "person:Bob Roe: Bob Roe <bob@x>, Mal Ice <bob@x> (by address)"
    );
    let note = "these names are used with several addresses that contradict each other, and join nothing: `mal ice`; a `.mailmap` or a table of payees can say who is who";
    assert!(imported.notes.iter().any(|found| found == note), "{:?}", imported.notes);
}

#[test]
fn every_join_is_shown_with_its_evidence_and_comes_back_from_the_table() {
    let mailmap = "Cyd Poe <cyd@work> <cyd@old>\n";
    let (folder, repository) = written(
        &[
            ("Ann Lee <ann@work>", ""),
            ("Ann Lee <ann@work>", ""),
            ("Ann Lee <ann@home>", ""),
            ("ann <ann@home>", ""),
            ("Cyd Poe <cyd@old>", ""),
            (BOB, ""),
        ],
        mailmap,
    );
    let imported = read(&repository, &options());
    let shown: Vec<String> = imported.joins.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "person:Ann Lee: Ann Lee <ann@work>, Ann Lee <ann@home> (by name), ann <ann@home> (by address)",
            "person:Cyd Poe: Cyd Poe <cyd@work>, Cyd Poe <cyd@old> (by mailmap)",
        ]
    );
    let table = String::from_utf8(imported.payees.clone()).unwrap();
    let expected = "address,name,payee,commits,joined\n\
        ann@work,Ann Lee,Ann Lee,2,\n\
        ann@home,Ann Lee,Ann Lee,1,name\n\
        ann@home,ann,Ann Lee,1,address\n\
        bob@x,Bob Roe,Bob Roe,1,\n\
        cyd@work,Cyd Poe,Cyd Poe,1,\n";
    assert_eq!(table, expected);
    let file = folder.path().join("payees.csv");
    let with = |text: &str| {
        std::fs::write(&file, text).unwrap();
        read(&repository, &Options { payees: Some(file.clone()), ..options() })
    };
    assert_eq!(with(&table).epoch.digest(), imported.epoch.digest());
    // Corrected: what the name joined is taken apart, and two others are one.
    let corrected = table
        .replace("ann@work,Ann Lee,Ann Lee", "ann@work,Ann Lee,ann.eth")
        .replace("Bob Roe,1", "ann.eth,1");
    let imported = with(&corrected);
    assert!(imported.epoch.payees().iter().eq(["Ann Lee", "Cyd Poe", "ann.eth"]));
    let by_table = imported.joins.iter().find(|join| join.node == "person:ann.eth").unwrap();
    assert_eq!(by_table.identities[1].evidence, Some(Evidence::Table));
}

/// Joins come after what git counts: authors are those of `git shortlog -sne` whatever is joined.
#[test]
fn joins_change_no_count_of_authors() {
    let (folder, repository) = written(
        &[
            ("Ann Lee <ann@work>", ""),
            ("ann <ann@work>", ""),
            ("Ann Lee <ann@home>", "Reviewed-by: Ann Lee <bob@x>\n"),
        ],
        "",
    );
    let imported = read(&repository, &options());
    assert_eq!((imported.joins.len(), imported.authors.len()), (1, 3));
    match shortlog_by_git(folder.path()) {
        Some(by_git) => assert_eq!(shortlog(&imported.authors), by_git),
        None => println!("skipped: no git program"),
    }
}

/// A surname is no account.
#[test]
fn a_person_called_bot_is_paid_and_reported() {
    let (_folder, repository) = written(
        &[("Ann Bot <ann.bot@x>", ""), ("dependabot[bot] <4+dependabot[bot]@users.noreply.github.com>", "")],
        "",
    );
    let imported = read(&repository, &options());
    assert!(imported.epoch.payees().iter().eq(["Ann Bot"]));
    assert_eq!(
        imported.notes,
        [
            "bots are not paid; these wrote commits: dependabot[bot] (1); a table of payees can say otherwise",
            "these are paid, though a name or an address has the word `bot`: Ann Bot (1); in a table of payees, an empty payee is not paid",
        ]
    );
}
