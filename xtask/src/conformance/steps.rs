//! What is run, one process a step: slices of the corpus by each backend, and tests by their modules.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::programs::{Programs, TestProgram};
use super::tools::{Addresses, Toolchain};

/// What makes policies run, by the names that `conformance check` knows.
pub const BACKENDS: [&str; 3] = ["cranelift", "pulley", "winch"];
/// So many processes by each backend, with eight components each: far from the number that finds no more addresses.
const SLICES: usize = 24;
/// The most tests in one process, for the same reason.
const TESTS_AT_ONCE: usize = 4;
/// The modules of the whole-system tests that compare bytes, counts or verdicts. `conformance` is not among them, because
/// the corpus is run in slices; neither are those about files, threads and crashes, which do not depend on the processor.
const SYSTEM_MODULES: [&str; 5] = ["golden", "hostile", "retro_funding", "sandbox", "wasi"];
/// Tests that are skipped, and why.
const SKIPPED: [(&str, Skip); 3] = [
    ("hostile::every_case_ends_as_it_says", Skip::StartsItself),
    ("components::the_standard_policies_answer_the_same", Skip::Compiles),
    ("components::what_functions_are_charged_is_what_is_counted", Skip::Compiles),
];

/// Why a test is skipped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Skip {
    /// Unless the kernel runs the target's programs by itself.
    StartsItself,
    /// Always.
    Compiles,
}

impl Skip {
    fn reason(self, toolchain: &Toolchain) -> Option<&'static str> {
        match self {
            Skip::StartsItself if toolchain.can_start_programs => None,
            Skip::StartsItself => {
                Some("it starts its own program, and binfmt_misc does not know qemu-aarch64")
            }
            Skip::Compiles => {
                Some("it compiles the standard policies many times over, and the corpus runs them too")
            }
        }
    }
}

/// One process.
pub struct Step {
    /// What people call it: `corpus winch 3/24`, `system golden 1`.
    pub name: String,
    kind: Kind,
    program: PathBuf,
    /// Where it is run.
    folder: PathBuf,
    addresses: Addresses,
    arguments: Vec<OsString>,
    skipped: Option<&'static str>,
}

#[derive(Clone, Copy)]
enum Kind {
    Corpus { backend: &'static str },
    Tests { program: &'static str },
}

/// How a step ended.
pub enum Outcome {
    /// All bytes were the same.
    Corpus {
        cases: usize,
        runs: usize,
    },
    Passed {
        tests: usize,
    },
    Skipped(&'static str),
    /// What it printed.
    Different(String),
}

/// What all steps did.
#[derive(Default)]
pub struct Totals {
    /// Cases and runs, by backend.
    pub corpus: BTreeMap<&'static str, (usize, usize)>,
    /// Tests, by program.
    pub tests: BTreeMap<&'static str, usize>,
    pub skipped: Vec<(String, &'static str)>,
    /// Names of the steps that did not end well.
    pub different: Vec<String>,
}

/// Every step, in order.
pub fn all(corpus: &Path, programs: &Programs, toolchain: &Toolchain) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for backend in BACKENDS {
        steps.extend((1..=SLICES).map(|slice| slice_of_corpus(corpus, programs, backend, slice)));
    }
    for program in &programs.tests {
        let listed = toolchain
            .emulate(&program.path, program.addresses)
            .args(["--list", "--format", "terse"])
            .output();
        let listed = listed.with_context(|| format!("cannot run {}", program.path.display()))?;
        ensure!(listed.status.success(), "{}: {}", program.name, String::from_utf8_lossy(&listed.stderr));
        let listed = String::from_utf8(listed.stdout)?;
        for (module, tests) in by_module(&listed, program.name) {
            steps.extend(tests_of_module(program, module, &tests, toolchain));
        }
    }
    Ok(steps)
}

fn slice_of_corpus(corpus: &Path, programs: &Programs, backend: &'static str, slice: usize) -> Step {
    let slice = format!("{slice}/{SLICES}");
    Step {
        name: format!("corpus {backend} {slice}"),
        kind: Kind::Corpus { backend },
        program: programs.conformance.clone(),
        folder: corpus.to_owned(),
        addresses: Addresses::FEW,
        arguments: vec!["check".into(), corpus.into(), backend.into(), slice.into()],
        skipped: None,
    }
}

/// The tests of a program that are run, by module.
fn by_module<'a>(listed: &'a str, program: &str) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut modules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for test in listed.lines().filter_map(|line| line.strip_suffix(": test")) {
        let (module, _) = test.split_once("::").unwrap_or((test, ""));
        if program != "system" || SYSTEM_MODULES.contains(&module) {
            modules.entry(module).or_default().push(test);
        }
    }
    modules
}

/// A module's tests, few to a process; those that may be skipped, each by itself.
fn tests_of_module(program: &TestProgram, module: &str, tests: &[&str], toolchain: &Toolchain) -> Vec<Step> {
    let step = |name: String, tests: &[&str], skipped: Option<&'static str>| Step {
        name,
        kind: Kind::Tests { program: program.name },
        program: program.path.clone(),
        folder: program.folder.clone(),
        addresses: program.addresses,
        arguments: ["--exact", "--test-threads=1"].iter().chain(tests).map(OsString::from).collect(),
        skipped,
    };
    let skip = |test: &str| SKIPPED.into_iter().find(|(name, _)| *name == test).map(|(_, skip)| skip);
    let (alone, together): (Vec<&str>, Vec<&str>) = tests.iter().partition(|test| skip(test).is_some());
    let chunks = together.chunks(TESTS_AT_ONCE).enumerate();
    let together =
        chunks.map(|(number, tests)| step(format!("{} {module} {}", program.name, number + 1), tests, None));
    let alone = alone.iter().map(|test| {
        let skipped = skip(test).and_then(|skip| skip.reason(toolchain));
        step(format!("{} {test}", program.name), &[test], skipped)
    });
    together.chain(alone).collect()
}

impl Step {
    /// Whether the corpus must have been written before.
    pub fn reads_corpus(&self) -> bool {
        matches!(self.kind, Kind::Corpus { .. })
    }

    /// Runs the process and reads what came of it.
    pub fn perform(&self, toolchain: &Toolchain) -> Outcome {
        if let Some(reason) = self.skipped {
            return Outcome::Skipped(reason);
        }
        let output = match toolchain
            .emulate(&self.program, self.addresses)
            .current_dir(&self.folder)
            .args(&self.arguments)
            .output()
        {
            Ok(output) => output,
            Err(error) => return Outcome::Different(error.to_string()),
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let read = match self.kind {
            Kind::Corpus { .. } => corpus_counts(&text).map(|(cases, runs)| Outcome::Corpus { cases, runs }),
            Kind::Tests { .. } => tests_passed(&text).map(|tests| Outcome::Passed { tests }),
        };
        match read {
            Some(outcome) if output.status.success() => outcome,
            _ => {
                let error = String::from_utf8_lossy(&output.stderr);
                Outcome::Different(format!("{}\n{text}{error}", output.status))
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Corpus { cases, runs } => write!(f, "{cases} cases, {runs} runs, identical"),
            Outcome::Passed { tests } => write!(f, "{tests} tests passed"),
            Outcome::Skipped(reason) => write!(f, "skipped: {reason}"),
            Outcome::Different(printed) => write!(f, "DIFFERENT or failed: {printed}"),
        }
    }
}

impl Totals {
    /// Adds what came of a step.
    pub fn add(&mut self, step: &Step, outcome: &Outcome) {
        match (outcome, step.kind) {
            (Outcome::Corpus { cases, runs }, Kind::Corpus { backend }) => {
                let total = self.corpus.entry(backend).or_default();
                *total = (total.0 + cases, total.1 + runs);
            }
            (Outcome::Passed { tests }, Kind::Tests { program }) => {
                *self.tests.entry(program).or_default() += tests;
            }
            (Outcome::Skipped(reason), _) => self.skipped.push((step.name.clone(), reason)),
            _ => self.different.push(step.name.clone()),
        }
    }
}

/// Reads `508 cases, 1594 runs`, the last line that `conformance` prints.
pub fn corpus_counts(printed: &str) -> Option<(usize, usize)> {
    let (cases, runs) = printed.trim_end().lines().last()?.split_once(" cases, ")?;
    Some((cases.parse().ok()?, runs.strip_suffix(" runs")?.parse().ok()?))
}

/// Reads how many tests passed, of what Rust's test harness prints.
fn tests_passed(printed: &str) -> Option<usize> {
    let result = printed.lines().find_map(|line| line.strip_prefix("test result: ok. "))?;
    result.split_once(" passed")?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_what_programs_print() {
        assert_eq!(corpus_counts("508 cases, 1594 runs\n"), Some((508, 1594)));
        assert_eq!(corpus_counts("thread panicked\n"), None);
        let printed = "\nrunning 2 tests\n..\ntest result: ok. 2 passed; 0 failed; 0 ignored\n";
        assert_eq!(tests_passed(printed), Some(2));
        assert_eq!(tests_passed("test result: FAILED. 1 passed; 1 failed"), None);
    }

    #[test]
    fn only_modules_that_compare_bytes_are_run() {
        let listed =
            "golden::golden_epoch: test\ncache::a_test: test\ngolden::golden_months: test\nx: benchmark\n";
        let modules = by_module(listed, "system");
        assert_eq!(
            modules,
            BTreeMap::from([("golden", vec!["golden::golden_epoch", "golden::golden_months"])])
        );
        assert_eq!(by_module(listed, "harden").len(), 2);
    }
}
