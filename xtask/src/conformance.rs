//! The conformance corpus on another processor: everything is built for aarch64, run under QEMU in many small
//! processes, and compared byte for byte with what this machine writes and what is committed.
//!
//! QEMU emulates the processor and nothing else: system calls go to this machine's kernel. So this shows that what
//! policies compute, and what the library makes of it, depends on neither the processor nor the code generator.

mod options;
mod programs;
mod steps;
mod tools;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};

pub use options::Options;
use programs::Programs;
use steps::{Step, Totals};
use tools::{Found, Toolchain};

use crate::outcome::Outcome;

/// Builds, runs and compares; skipped where a tool is missing.
///
/// # Errors
///
/// If something does not build, or an outcome differs.
pub fn run(options: &Options) -> Result<Outcome> {
    let root = crate::workspace::root()?;
    let toolchain = match tools::find(&root, options.missing)? {
        Found::Toolchain(toolchain) => toolchain,
        Found::Missing(reason) => {
            return Ok(Outcome::Skipped(format!("conformance on aarch64, because {reason}")));
        }
    };
    let programs = Programs::build(&root, &toolchain)?;
    let folder = programs.target_folder()?.join("conformance-aarch64");
    let all = steps::all(&folder, &programs, &toolchain)?;
    let chosen: Vec<&Step> = all.iter().filter(|step| options.chooses(&step.name)).collect();
    if chosen.is_empty() {
        bail!("no step has such a name: the steps are\n{}", names(&all));
    }
    let corpus = match chosen.iter().any(|step| step.reads_corpus()) {
        true => Some(Corpus::write(&folder)?),
        false => None,
    };
    let totals = perform(&chosen, &toolchain, options.jobs);
    report(corpus, &totals, chosen.len(), all.len())?;
    Ok(Outcome::Done)
}

/// How large the corpus is that this machine wrote.
#[derive(Clone, Copy)]
struct Corpus {
    cases: usize,
    runs: usize,
}

impl Corpus {
    /// Writes the corpus into a folder, in place of one that is there.
    fn write(folder: &Path) -> Result<Corpus> {
        let program = crate::programs::conformance()?;
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot replace {}", folder.display()))?;
        }
        println!("writing the corpus to {}", folder.display());
        let written = Command::new(&program).arg("write").arg(folder).output()?;
        let text = String::from_utf8_lossy(&written.stdout);
        if !written.status.success() {
            bail!("the corpus cannot be written:\n{text}{}", String::from_utf8_lossy(&written.stderr));
        }
        let (cases, runs) = steps::corpus_counts(&text).context("`conformance write` printed no counts")?;
        Ok(Corpus { cases, runs })
    }
}

/// Performs the steps, several at once, printing each as it ends.
fn perform(steps: &[&Step], toolchain: &Toolchain, jobs: usize) -> Totals {
    let (queue, totals) = (Mutex::new(steps.iter()), Mutex::new(Totals::default()));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let step = locked(&queue).next();
                    let Some(step) = step else { break };
                    let outcome = step.perform(toolchain);
                    let mut totals = locked(&totals);
                    println!("{}: {outcome}", step.name);
                    totals.add(step, &outcome);
                }
            });
        }
    });
    totals.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Prints the counts and the verdict.
fn report(corpus: Option<Corpus>, totals: &Totals, chosen: usize, all: usize) -> Result<()> {
    println!();
    if let Some(corpus) = corpus {
        for (backend, (cases, runs)) in &totals.corpus {
            println!(
                "corpus by {backend}: {cases} of {} cases, {runs} of {} runs",
                corpus.cases, corpus.runs
            );
        }
    }
    for (program, passed) in &totals.tests {
        println!("tests of {program}: {passed} passed");
    }
    for (name, reason) in &totals.skipped {
        println!("skipped: {name}: {reason}");
    }
    if !totals.different.is_empty() {
        bail!(
            "aarch64 DIFFERS from {}, or failed, in: {}",
            std::env::consts::ARCH,
            totals.different.join(", ")
        );
    }
    if chosen < all {
        println!("aarch64: identical bytes in {chosen} of {all} steps; the others were not asked for");
        return Ok(());
    }
    let whole = corpus.context("every step includes the corpus")?;
    for backend in steps::BACKENDS {
        if totals.corpus.get(backend) != Some(&(whole.cases, whole.runs)) {
            bail!("the slices by {backend} are not the whole corpus");
        }
    }
    let (cases, runs, backends) = (whole.cases, whole.runs, steps::BACKENDS.join(", "));
    println!("aarch64: identical bytes: {cases} cases, {runs} runs by each of {backends}");
    Ok(())
}

fn names(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("  {}\n", step.name)).collect()
}
