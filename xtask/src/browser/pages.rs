//! The pages that are opened: real months under another rule, an explanation of two payees, and hostile names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{command, output};

const MONTHS: [&str; 4] = ["M3", "M4", "M5", "M6"];
const HOSTILE: &str = "tests/browser/hostile";

/// Writes the pages into a folder, and beside each comparison its JSON.
pub fn write(apportion: &Path, folder: &Path) -> Result<()> {
    let pages = Pages { apportion, folder };
    pages.months()?;
    pages.hostile()
}

struct Pages<'a> {
    apportion: &'a Path,
    folder: &'a Path,
}

impl Pages<'_> {
    /// `months.html`: real months under the last one's rule. `explanation.html`: of two payees of the last month.
    fn months(&self) -> Result<()> {
        let mut replay = self.program(["replay"])?;
        for month in MONTHS {
            let (data, month) = (format!("tests/data/retro-funding/{month}"), self.path(month));
            let track = ["import", "retro-funding", "--track", "onchain", &data, "-o"];
            self.run(self.program(track)?.arg(&month))?;
            let settled = month.join("settled");
            self.settle(&month.join("epoch"), &month.join("charter.json"), &settled)?;
            replay.arg("--settled").arg(settled);
        }
        let last = self.path("M6");
        fs::write(self.path("new.json"), without_periods(&read(&last.join("charter.json"))?)?)?;
        replay.arg("--charter").arg(self.path("new.json"));
        self.compare(&mut replay, "months")?;

        let mut explain = self.program(["explain", "--runs", "30", "--settled"])?;
        explain.arg(last.join("settled")).arg("--html").arg(self.path("explanation.html"));
        for payee in first_and_last_paid(&read(&last.join("settled/payouts.json"))?)? {
            explain.arg("--payee").arg(payee);
        }
        self.run(&mut explain)
    }

    /// `hostile.html`: payees whose names try to get out of the page.
    fn hostile(&self) -> Result<()> {
        let epoch = self.path("epoch");
        let description = format!("{HOSTILE}/epoch.toml");
        self.run(self.program(["import", "tables", &description, "-o"])?.arg(&epoch))?;
        let charter = |name: &str| -> Result<PathBuf> {
            let (draft, charter) = (format!("{HOSTILE}/{name}.toml"), self.path(&format!("{name}.json")));
            self.run(self.program(["charter", "new", &draft, "-o"])?.arg(&charter))?;
            Ok(charter)
        };
        let (old, new, settled) = (charter("equal")?, charter("proportional")?, self.path("settled"));
        self.settle(&epoch, &old, &settled)?;
        let mut replay = self.program(["replay", "--settled"])?;
        self.compare(replay.arg(settled).arg("--charter").arg(new), "hostile")
    }

    fn settle(&self, epoch: &Path, charter: &Path, to: &Path) -> Result<()> {
        let mut settle = self.program(["settle", "--epoch"])?;
        self.run(settle.arg(epoch).arg("--charter").arg(charter).arg("-o").arg(to))
    }

    /// Runs a replay, which writes a page and prints JSON.
    fn compare(&self, replay: &mut Command, name: &str) -> Result<()> {
        replay.arg("--html").arg(self.path(&format!("{name}.html"))).args(["--format", "json"]);
        fs::write(self.path(&format!("{name}.json")), output(replay)?)?;
        Ok(())
    }

    fn program<const N: usize>(&self, words: [&str; N]) -> Result<Command> {
        command(self.apportion, words)
    }

    /// Runs the program, whose words are shown only if it fails.
    fn run(&self, program: &mut Command) -> Result<()> {
        let log = self.path("log");
        crate::command::run_logged(program, &log)
            .with_context(|| fs::read_to_string(&log).unwrap_or_default())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn read(path: &Path) -> Result<Value> {
    serde_json::from_slice(&fs::read(path)?).with_context(|| path.display().to_string())
}

/// A charter that serves every month: without the periods that it names, the newest are taken.
fn without_periods(charter: &Value) -> Result<Vec<u8>> {
    let mut charter = charter.clone();
    let simulation = charter.pointer_mut("/policies/0/parameters/simulation").and_then(Value::as_object_mut);
    simulation.context("the charter has no `simulation`")?.remove("periods");
    Ok(serde_json::to_vec(&charter)?)
}

/// The ids of two payees that get something.
fn first_and_last_paid(payouts: &Value) -> Result<[String; 2]> {
    let payouts = payouts["payouts"].as_array().context("payouts are a list")?;
    let mut paid = payouts.iter().filter(|payout| payout["amount"] != "0");
    let (first, last) = (paid.next(), paid.next_back());
    let id = |payout: Option<&Value>| payout.and_then(|payout| payout["payee"].as_str()).map(str::to_owned);
    id(first).zip(id(last)).map(|(first, last)| [first, last]).context("fewer than two payees are paid")
}
