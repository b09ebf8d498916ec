//! The project's own tasks, run as `cargo xtask TASK`.
//!
//! Each task writes files that are committed, and with `--check` compares instead of writing: that is what
//! continuous integration runs.

mod bindings;
mod policies;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const HELP: &str = "\
Tasks of the apportion workspace

Usage: cargo xtask <TASK> [--check]

Tasks:
  bindings   Generate the guests' bindings from the newest folder of wit/: guest-sdk/src/bindings.rs for Rust,
             guest-sdk/c/kit/bindings/ for C and Zig
  policies   Build the standard policies and write policies/dist/*.wasm and index.json

Options:
  --check    Change nothing: compare with what is committed, and fail with what differs
  -h, --help Print this text

`policies` needs the standard library of wasm32-unknown-unknown: rustup target add wasm32-unknown-unknown.
Flags for that target are taken from CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS, and paths are remapped in
addition, so that the components do not depend on the folder or the machine they are built on.
Leave RUSTFLAGS unset: it would replace them.
";

/// Whether a task writes its files or compares them with what is committed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Write,
    Check,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] | ["-h" | "--help" | "help"] | [_, "-h" | "--help"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        ["bindings"] => bindings::run(Mode::Write),
        ["bindings", "--check"] => bindings::run(Mode::Check),
        ["policies"] => policies::run(Mode::Write),
        ["policies", "--check"] => policies::run(Mode::Check),
        _ => {
            eprintln!("error: no task is called `{}`\n\n{HELP}", words.join(" "));
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

/// The workspace's root folder: the parent of this crate's.
fn workspace_root() -> Result<PathBuf> {
    let this = Path::new(env!("CARGO_MANIFEST_DIR"));
    this.parent().map(Path::to_path_buf).context("the xtask crate has no parent folder")
}

/// Writes `bytes` to `path`, or in check mode says whether the file there has other bytes.
fn settle(path: &Path, bytes: &[u8], mode: Mode) -> Result<bool> {
    let committed = std::fs::read(path).ok();
    let differs = committed.as_deref() != Some(bytes);
    if differs && mode == Mode::Write {
        std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(differs)
}
