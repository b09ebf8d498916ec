//! The files that this version writes, kept so that every later one is seen to read them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command::{command, output, run_logged};
use crate::outcome::Outcome;
use crate::programs;

/// What is done if the folder of this version exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    Keep,
    Replace,
}

const FOLDER: &str = "tests/data/written-by";
/// Three epochs of one asset, in order.
const EPOCHS: &str = "guest-sdk/same-shares/arrears";
const KEY: &str = "host/core/tests/data/ssh/ed25519";
/// Whom the explanation and the proof are about.
const PAYEE: &str = "ann";
const CHARTER: &str = "\
name = \"Kept\"
signers = { required = 1, file = \"allowed_signers\" }

[[policies]]
policy = \"policy.wasm\"
portion = 1
";
/// No policy can do anything with so few instructions.
const STRICT: &str = "\
name = \"Strict\"
on_fault = \"retain\"
limits = { instructions = 10 }

[[policies]]
policy = \"policy.wasm\"
portion = 1
";

/// Writes the folder of this version.
///
/// # Errors
///
/// If it exists and is to be kept, or the program cannot write something.
pub fn run(existing: Existing) -> Result<Outcome> {
    let root = crate::workspace::root()?;
    let kept = root.join(FOLDER);
    let folder = kept.join(env!("CARGO_PKG_VERSION"));
    if folder.exists() {
        ensure!(
            existing == Existing::Replace,
            "{} exists: --replace writes it again, unless that version is released",
            folder.display()
        );
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let drafts = root.join("target/written-by");
    if drafts.exists() {
        fs::remove_dir_all(&drafts)?;
    }
    fs::create_dir_all(&drafts)?;
    Writer { apportion: programs::apportion()?, policy: kept.join("policy.wasm"), folder, drafts }
        .write(&root)
}

struct Writer {
    apportion: PathBuf,
    policy: PathBuf,
    /// Where the files are kept.
    folder: PathBuf,
    /// Where those are that only the program's commands need.
    drafts: PathBuf,
}

impl Writer {
    fn write(&self, root: &Path) -> Result<Outcome> {
        for number in 1..=3 {
            let description = root.join(EPOCHS).join(number.to_string()).join("epoch.toml");
            self.run(&["import", "tables"], &[&description], &[("-o", self.epoch(number))])?;
        }
        let key = fs::read_to_string(root.join(KEY).with_extension("pub"))?;
        fs::write(self.draft("allowed_signers"), format!("ada {key}"))?;
        fs::copy(&self.policy, self.draft("policy.wasm"))?;
        let (charter, strict) = (self.charter("kept", CHARTER)?, self.charter("strict", STRICT)?);
        self.settled(&charter, &strict)?;
        self.ledger(&charter, &strict, &root.join(KEY))?;
        println!("wrote {}", self.folder.display());
        Ok(Outcome::Done)
    }

    /// An epoch settled outside of a ledger, and what the program makes of it.
    fn settled(&self, charter: &Path, strict: &Path) -> Result<()> {
        let settled = self.folder.join("settled");
        let outcome =
            [("--epoch", self.epoch(1)), ("--charter", charter.to_path_buf()), ("-o", settled.clone())];
        self.run(&["settle"], &[], &[&outcome[..], &[self.policy()]].concat())?;
        let [receipt, payouts] = ["receipt.json", "payouts.json"].map(|name| settled.join(name));
        let proof = [("--receipt", receipt), ("--payouts", payouts), ("-o", self.folder.join("proof.json"))];
        self.run(&["prove", "--payee", PAYEE], &[], &proof)?;

        let from = ("--settled", settled);
        let replay = [from.clone(), ("--charter", strict.to_path_buf()), self.policy()];
        self.print("replay.json", &["replay", "--format", "json"], &replay)?;
        let explain = ["explain", "--payee", PAYEE, "--format", "json"];
        self.print("explanation.json", &explain, &[from, self.policy()])?;
        let card = [("-o", self.folder.join("card.json"))];
        self.run(&["audit", "equal", "--trials", "3", "--seed", "1"], &[], &card)
    }

    /// A ledger of three epochs, with a second charter that was signed for.
    fn ledger(&self, charter: &Path, strict: &Path, key: &Path) -> Result<()> {
        let path = self.folder.join("ledger");
        let ledger = ("--ledger", path.clone());
        let identity = "07".repeat(32);
        let adopt = ["charter", "adopt", "--from", "1", "--identity", &identity];
        self.run(&adopt, &[charter], &[ledger.clone(), self.policy()])?;
        let settle = |number| self.run(&["settle"], &[], &[ledger.clone(), ("--epoch", self.epoch(number))]);
        settle(1)?;
        settle(2)?;
        let [change, signature] = ["change", "change.sig"].map(|name| self.folder.join(name));
        let propose = ["charter", "propose", "--from", "3"];
        self.run(&propose, &[strict], &[ledger.clone(), ("-o", change.clone())])?;
        let sign = [("--key", key.to_path_buf()), ("-o", signature.clone())];
        self.run(&["charter", "sign"], &[&change], &sign)?;
        let adopt = ["charter", "adopt", "--from", "3"];
        self.run(&adopt, &[strict], &[ledger.clone(), ("--signature", signature)])?;
        settle(3)?;
        // What the system holds while somebody writes; git keeps no empty folder.
        fs::remove_dir_all(path.join("unfinished"))?;
        self.run(&["verify"], &[], &[ledger])
    }

    fn charter(&self, name: &str, draft: &str) -> Result<PathBuf> {
        let (toml, json) = (self.draft(&format!("{name}.toml")), self.draft(&format!("{name}.json")));
        fs::write(&toml, draft)?;
        self.run(&["charter", "new"], &[&toml], &[("-o", json.clone())])?;
        Ok(json)
    }

    fn policy(&self) -> (&'static str, PathBuf) {
        ("--policy", self.policy.clone())
    }

    fn epoch(&self, number: u32) -> PathBuf {
        self.draft(&format!("epoch-{number}"))
    }

    fn draft(&self, name: &str) -> PathBuf {
        self.drafts.join(name)
    }

    /// Runs the program, whose words are shown only if it fails.
    fn run(&self, words: &[&str], paths: &[&Path], options: &[(&str, PathBuf)]) -> Result<()> {
        let log = self.draft("log");
        run_logged(&mut self.program(words, paths, options)?, &log)
            .with_context(|| fs::read_to_string(&log).unwrap_or_default())
    }

    /// Runs the program, and keeps what it prints.
    fn print(&self, name: &str, words: &[&str], options: &[(&str, PathBuf)]) -> Result<()> {
        let printed = output(&mut self.program(words, &[], options)?)?;
        fs::write(self.folder.join(name), format!("{printed}\n"))?;
        Ok(())
    }

    fn program(&self, words: &[&str], paths: &[&Path], options: &[(&str, PathBuf)]) -> Result<Command> {
        let mut program = command(&self.apportion, words)?;
        program.args(paths);
        for (option, path) in options {
            program.arg(option).arg(path);
        }
        Ok(program)
    }
}
