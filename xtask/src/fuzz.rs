//! The fuzzer's targets under libFuzzer, one after another, with a line on what each did.
//!
//! The committed corpora are replayed by `cargo test --workspace fuzz` everywhere. Building takes about ten minutes of
//! processor time, once.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::command::{cargo, command, is_installed, output, run, succeeds};
use crate::outcome::Outcome;

/// How the task is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    time: Time,
    /// Names of targets; all if there are none.
    targets: Vec<String>,
}

/// How long the targets run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    /// Each of them, in seconds.
    Each(u64),
    /// All together, in seconds.
    Together(u64),
}

impl Default for Options {
    fn default() -> Options {
        Options { time: Time::Each(10), targets: Vec::new() }
    }
}

impl Options {
    /// Reads the words behind `fuzz`; `None` if the task has no such options.
    pub fn parse(words: &[&str]) -> Option<Options> {
        let mut options = Options::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--seconds" => options.time = Time::Each(words.next()?.parse().ok()?),
                "--hours" => {
                    options.time = Time::Together(words.next()?.parse::<u64>().ok()?.checked_mul(3600)?);
                }
                _ if word.starts_with('-') => return None,
                target => options.targets.push(target.to_owned()),
            }
        }
        Some(options)
    }
}

/// Builds and runs the targets. What a run finds is in `tests/fuzz/artifacts/TARGET`, new inputs are in
/// `tests/fuzz/work/TARGET`.
///
/// # Errors
///
/// If a target finds something, does not build or does not exist.
pub fn run_targets(options: &Options) -> Result<Outcome> {
    if !succeeds(&mut cargo(["fuzz", "--version"])?) {
        return skipped("cargo-fuzz is not installed (cargo install cargo-fuzz)");
    }
    if !is_installed(&env::var("CXX").unwrap_or_else(|_| "c++".to_owned())) {
        return skipped("there is no C++ compiler");
    }
    let root = crate::workspace::root()?;
    let folder = root.join("tests/fuzz");
    let targets = match options.targets.as_slice() {
        [] => all_targets(&folder)?,
        targets => targets.to_vec(),
    };
    let programs = build(&root, &folder)?;
    let seconds = match options.time {
        Time::Each(seconds) => seconds,
        Time::Together(seconds) => seconds / u64::try_from(targets.len())?,
    };
    let mut failed = Vec::new();
    for target in &targets {
        ensure!(programs.join(target).exists(), "`{target}` is not a target of tests/fuzz");
        if !run_target(&folder, &programs, target, seconds)? {
            failed.push(target.as_str());
        }
    }
    match failed.as_slice() {
        [] => Ok(Outcome::Done),
        failed => bail!("the fuzzer found something in {}", failed.join(", ")),
    }
}

fn skipped(reason: &str) -> Result<Outcome> {
    Ok(Outcome::Skipped(format!("fuzzing, because {reason}")))
}

fn all_targets(folder: &Path) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(folder.join("fuzz_targets"))? {
        let path = entry?.path();
        targets.push(path.file_stem().context("a file has a name")?.to_string_lossy().into_owned());
    }
    targets.sort();
    Ok(targets)
}

/// Builds all targets, and returns the folder of the programs.
fn build(root: &Path, folder: &Path) -> Result<PathBuf> {
    // The versions of everything are the project's own; only libFuzzer comes in addition.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    // Without a sanitizer, because no code of ours is unsafe; so it builds with the stable compiler.
    let build = ["fuzz", "build", "--fuzz-dir", ".", "--sanitizer", "none"];
    run(cargo(build)?.current_dir(folder))?;
    let version = output(&mut command("rustc", ["-vV"])?)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(folder.join("target").join(host.context("rustc names no host")?).join("release"))
}

/// Runs a target and prints what it did. Returns whether it ended well.
fn run_target(folder: &Path, programs: &Path, target: &str, seconds: u64) -> Result<bool> {
    let (work, artifacts) = (folder.join("work").join(target), folder.join("artifacts").join(target));
    fs::create_dir_all(&work)?;
    fs::create_dir_all(&artifacts)?;
    let log = work.with_extension("log");
    let file = File::create(&log)?;
    // New inputs go to the first folder. One that takes 20 seconds or 3 GiB is a finding too.
    let mut fuzzer = command(programs.join(target), [&work, &folder.join("corpus").join(target)])?;
    fuzzer
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .args(["-max_len=16384", "-timeout=20", "-rss_limit_mb=3072", "-print_final_stats=1"])
        .stderr(file.try_clone()?)
        .stdout(file);
    let ends_well = fuzzer.status()?.success();
    let printed = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let executions = last_number(&printed, "stat::number_of_executed_units:");
    let coverage = last_number(&printed, "cov:");
    let verdict = match ends_well {
        true => "ended well".to_owned(),
        false => format!("FAILED, see {} and {}", artifacts.display(), log.display()),
    };
    println!("{target:<12} {seconds} s, {executions} executions, {coverage} edges covered: {verdict}");
    Ok(ends_well)
}

/// The word behind the last occurrence of a label; `?` if there is none.
fn last_number<'a>(printed: &'a str, label: &str) -> &'a str {
    printed.rsplit_once(label).and_then(|(_, rest)| rest.split_whitespace().next()).unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_choose_time_and_targets() {
        assert_eq!(Options::parse(&[]), Some(Options::default()));
        let options = Options::parse(&["--hours", "2", "epoch", "git"]).unwrap();
        assert_eq!((options.time, options.targets.len()), (Time::Together(7200), 2));
        assert_eq!(Options::parse(&["--seconds", "ten"]), None);
        assert_eq!(Options::parse(&["--minutes", "2"]), None);
    }

    #[test]
    fn the_last_of_libfuzzers_numbers_counts() {
        let printed = "#2 INITED cov: 7 ft: 9\n#9 DONE cov: 12 ft: 9\nstat::number_of_executed_units: 34\n";
        assert_eq!(last_number(printed, "cov:"), "12");
        assert_eq!(last_number(printed, "stat::number_of_executed_units:"), "34");
        assert_eq!(last_number("", "cov:"), "?");
    }
}
