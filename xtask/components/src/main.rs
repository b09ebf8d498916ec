//! Files that are generated and committed. Run through `cargo xtask bindings` and `cargo xtask policies`; a package of
//! its own, so that the other tasks do not wait until the generators are compiled.

mod bindings;
mod policies;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// Whether files are written or compared with what is committed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Write,
    Check,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["bindings"] => bindings::run(Mode::Write),
        ["bindings", "--check"] => bindings::run(Mode::Check),
        ["policies"] => policies::run(Mode::Write),
        ["policies", "--check"] => policies::run(Mode::Check),
        _ => {
            eprintln!("error: `{}` is not a task: see `cargo xtask --help`", words.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The cargo that runs this program.
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// The workspace's root folder.
fn workspace_root() -> Result<PathBuf> {
    let this = Path::new(env!("CARGO_MANIFEST_DIR"));
    this.ancestors().nth(2).map(Path::to_path_buf).context("this crate does not lie in a workspace")
}

/// Writes `bytes` to `path`, or in check mode leaves the file alone. Returns whether it had other bytes.
fn write_or_compare(path: &Path, bytes: &[u8], mode: Mode) -> Result<bool> {
    let committed = std::fs::read(path).ok();
    let differs = committed.as_deref() != Some(bytes);
    if differs && mode == Mode::Write {
        std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(differs)
}
