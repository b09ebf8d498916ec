//! The project's own tasks, run as `cargo xtask TASK`.
//!
//! `bindings` and `policies` write files that are committed, and with `--check` compare instead of writing: that is what
//! continuous integration runs. `conformance` and `packages` write nothing that is committed.

mod bindings;
mod conformance;
mod house;
mod packages;
mod policies;
mod wasm;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

const HELP: &str = "\
Tasks of the apportion workspace

Usage: cargo xtask <TASK> [--check]
       cargo xtask conformance --target aarch64 [--install] [--jobs N] [--only TEXT]...

Tasks:
  bindings   Generate the guests' bindings from the newest folder of wit/: guest-sdk/src/bindings.rs for Rust,
             guest-sdk/c/kit/bindings/ for C and Zig
  policies   Build the standard policies and write policies/dist/*.wasm and index.json
  packages   Count the packages that the program is built from, and fail if there are too many
  conformance
             Build everything for aarch64, run the conformance corpus and the tests that compare bytes under QEMU, and
             say whether all bytes are the same as on this machine. Prints \"skipped\" where a tool is missing
  house      Print the layers of every crate's modules, lowest first, and fail on circles and on whatever else breaks a rule
             about structure: which module or crate may use which, and who may hash, print or name the engine
  wasm       Build the tests of apportion-core for wasm32-unknown-unknown, without features, and run them under Wasmtime.
             Prints \"skipped\" where the target is missing

Options:
  --check    Change nothing: compare with what is committed, and fail with what differs
  --install  Install missing tools by apt, which needs root
  --jobs N   Run N processes at once, by default one for each core
  --only TEXT
             Perform only the steps whose names contain TEXT, such as \"corpus winch 3/\" or \"system golden\"
  -h, --help Print this text

`policies` and `wasm` need the standard library of wasm32-unknown-unknown: rustup target add wasm32-unknown-unknown.
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
        ["packages"] => packages::run(),
        ["policies"] => policies::run(Mode::Write),
        ["policies", "--check"] => policies::run(Mode::Check),
        ["house"] => house::run(),
        ["wasm"] => wasm::run(),
        ["conformance", options @ ..] => match conformance::Options::parse(options) {
            Some(options) => conformance::run(&options),
            None => return wrong_command_line(&words),
        },
        _ => return wrong_command_line(&words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn wrong_command_line(words: &[&str]) -> ExitCode {
    eprintln!("error: `{}` is not a task\n\n{HELP}", words.join(" "));
    ExitCode::from(2)
}

/// The cargo that runs this program.
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
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
