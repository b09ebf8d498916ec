//! How fast a git history of 30,000 commits is imported, as ratios against git itself over the same repository in the
//! same run: machines differ and are noisy, ratios hold. Needs a git program, which also makes the repository.
//!
//! `cargo bench --package apportion-tests --bench git`, or with `-- REPOSITORY` over one that is there.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use apportion::money::{Asset, Pool};
use apportion_import::git::{Detail, Options, import};
use apportion_tests::git::git;

const COMMITS: u64 = 30_000;
const ROUNDS: usize = 5;

fn main() {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let made = tempfile::tempdir().unwrap();
    let folder = match given {
        Some(folder) => PathBuf::from(folder),
        None => {
            if git(made.path(), &["init", "-q", "--bare", "-b", "main"]).is_none() {
                println!("skipped: there is no git program to make a history and to compare with");
                return;
            }
            make(made.path());
            made.path().to_owned()
        }
    };
    let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100_000 };
    let options = |detail| Options { detail, ..Options::new(pool.clone()) };
    let imported = import(&folder, &options(Detail::Files), &mut |_| {}).unwrap();
    let (epoch, commits) =
        (&imported.epoch, imported.authors.iter().map(|author| author.commits).sum::<usize>());
    println!(
        "{commits} commits: {} payees, {} nodes, {} edges; median of {ROUNDS} rounds each",
        epoch.payees().len(),
        epoch.node_count(),
        epoch.edge_count()
    );
    for (detail, what, arguments) in [
        (Detail::Commits, "commits, people, trailers", &["shortlog", "-sne", "HEAD"][..]),
        (
            Detail::Commits,
            "commits, people, trailers",
            &["log", "--format=%H %P %aN %aE %cN %cE %ct%n%(trailers)", "HEAD"],
        ),
        (
            Detail::Files,
            "files as well",
            &["log", "--name-only", "--format=%H %P %aN %aE %cN %cE %ct%n%(trailers)", "HEAD"],
        ),
        (
            Detail::Lines,
            "lines as well",
            &["log", "--numstat", "--format=%H %P %aN %aE %cN %cE %ct%n%(trailers)", "HEAD"],
        ),
    ] {
        let ours = median(|| {
            black_box(import(&folder, &options(detail), &mut |_| {}).unwrap());
        });
        let gits = median(|| {
            black_box(git(&folder, arguments).unwrap());
        });
        println!(
            "  {what}: {:.2} s; `git {}`: {:.2} s; ratio {:.2}",
            ours.as_secs_f64(),
            arguments[..arguments.len() - 1].join(" "),
            gits.as_secs_f64(),
            ours.as_secs_f64() / gits.as_secs_f64()
        );
    }
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

/// A history that never was: 200 people, 4,000 files in 200 folders, every twentieth commit a merge.
fn make(folder: &Path) {
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let person = |number: u64| format!("Person Number{number} <person-{number}@example.org>");
    let mut stream = String::new();
    for commit in 1..=COMMITS {
        let time = 1_500_000_000 + commit * 9_000;
        let mut message = format!("Change number {commit}\n\nWhat it does and why.\n\n");
        for key in ["Reviewed-by", "Co-authored-by", "Signed-off-by"] {
            if draw(3) == 0 {
                let _ = writeln!(message, "{key}: {}", person(draw(200)));
            }
        }
        let author = person(draw(15) * draw(14));
        let _ = write!(
            stream,
            "commit refs/heads/main\nmark :{commit}\nauthor {author} {time} +0100\ncommitter {} {time} +0000\ndata {}\n{message}\n",
            person(draw(5)),
            message.len()
        );
        if commit % 20 == 0 {
            let _ = writeln!(stream, "merge :{}", commit - 1 - draw(15));
        }
        for _ in 0..=draw(5) {
            let file = draw(4_000);
            let text: String =
                (0..20).map(|line| format!("line {line} of {}\n", draw(1 + line * 50))).collect();
            let _ = write!(
                stream,
                "M 100644 inline src/part{}/module{}/file{file}.rs\ndata {}\n{text}\n",
                file % 20,
                file % 200,
                text.len()
            );
        }
        stream.push('\n');
    }
    let mut importing = Command::new("git")
        .current_dir(folder)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    importing.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(importing.wait().unwrap().success());
    git(folder, &["repack", "-adfq"]).unwrap();
}
