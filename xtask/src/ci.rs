//! What a change has to pass, in steps that are timed: cheap ones first, lints before tests.

mod steps;
mod time;

use anyhow::{Result, bail};

use crate::outcome::Outcome;
use time::{Stopwatch, Time};

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The format, and lints and tests of the packages that need no engine.
    Fast,
    /// Everything.
    Full,
}

/// Runs the steps, the first that fails being the last, and prints how long each took.
///
/// # Errors
///
/// If a step fails.
pub fn run(extent: Extent) -> Result<Outcome> {
    let steps = match extent {
        Extent::Fast => steps::fast()?,
        Extent::Full => steps::full()?,
    };
    let mut table = Table::default();
    for step in &steps {
        println!("\n== {}", step.name);
        let watch = Stopwatch::start();
        let outcome = step.perform();
        let time = watch.elapsed();
        match outcome {
            Ok(Outcome::Done) => table.add(&step.name, time, ""),
            Ok(Outcome::Skipped(reason)) => {
                println!("skipped: {reason}");
                table.add(&step.name, time, "skipped");
            }
            Err(error) => {
                table.add(&step.name, time, "FAILED");
                table.print();
                bail!(error.context(format!("CI fails at its step `{}`", step.name)));
            }
        }
    }
    table.print();
    Ok(Outcome::Done)
}

/// How long the steps took, and how they ended.
#[derive(Default)]
struct Table {
    rows: Vec<(String, Time, &'static str)>,
    total: Time,
}

impl Table {
    fn add(&mut self, name: &str, time: Time, end: &'static str) {
        self.rows.push((name.to_owned(), time, end));
        self.total = self.total + time;
    }

    fn print(&self) {
        let total = [("total".to_owned(), self.total, "")];
        println!("\n{:<64} {:>8} {:>10}", "step", "time", "processor");
        for (name, time, end) in self.rows.iter().chain(&total) {
            println!("{name:<64} {:>8} {:>10} {end}", time.passed(), time.processor());
        }
    }
}
