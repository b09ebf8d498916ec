//! The project's own tasks, run as `cargo xtask TASK`.
//!
//! `ci` runs all of them that check something. A task whose tools are missing prints `skipped: ` with the reason, and
//! ends well.

mod browser;
mod ci;
mod command;
mod components;
mod conformance;
mod debian;
mod fuzz;
mod house;
mod kits;
mod outcome;
mod package;
mod packages;
mod programs;
mod v8;
mod vendor;
mod wasm;
mod wasm_std;
mod workspace;
mod written_by;

use std::process::ExitCode;

use anyhow::Result;

use outcome::Outcome;

use debian::Missing;

const HELP: &str = "\
Tasks of the apportion workspace

Usage: cargo xtask <TASK> [OPTIONS]

Tasks:
  ci --fast  Check the format, then lint and test the crates without an engine: no WebAssembly compiler is built
  ci --full  Run everything that a change has to pass, and print how long each step took

  bindings   Generate the guests' bindings from the newest folder of wit/: guest-sdk/src/bindings.rs for Rust,
             guest-sdk/c/kit/bindings/ for C and Zig
  policies   Build the standard policies and write policies/dist/*.wasm and index.json
  house      Print the layers of every crate's modules, lowest first, and fail on circles and on whatever else breaks a rule
             about structure: which module or crate may use which, and who may hash, print or name the engine
  packages   Count the packages that the program is built from, and fail if there are too many
  wasm       Build the tests of apportion-core for wasm32-unknown-unknown, without features, and run them under Wasmtime

  vendor     Copy files from elsewhere into the crates whose packages need them: the contract, the kits, the licences
  package    Package every crate that others use, and build each from its package

  written-by Write the files that this version writes to tests/data/written-by/VERSION, before it is released; with
             --replace again

  kits [LANGUAGE]...
             Build and run policies in every language, as their authors do: guest-sdk/README.md
  browser    Open the pages of a comparison and of an explanation in Chromium; SCREENSHOTS=FOLDER keeps pictures
  v8         Run the conformance corpus in V8: tests/conformance/README.md
  fuzz [TARGET]...
             Run the fuzzer's targets: tests/fuzz/README.md
  conformance --target aarch64
             Build everything for aarch64, run the conformance corpus and the tests that compare bytes under QEMU, and
             report whether all bytes are the same as on this machine

Options of bindings, policies and vendor:
  --check    Change nothing: compare with what is committed, and fail with what differs

Options of kits:
  --install  Install missing tools from npm, PyPI and apt, which needs root
  --speed    Measure the examples and the standard policies too
  --bless    Make what the first language's rule with a memory gives the expected output of all languages

Options of browser:
  --install  Install missing tools by apt, which needs root; so does CI=true

Options of fuzz:
  --seconds N
             Run each target for N seconds, by default 10
  --hours N  Run all targets together for N hours, in equal parts

Options of conformance:
  --install  Install missing tools by apt, which needs root
  --jobs N   Run N processes at once, by default one for each core
  --only TEXT
             Perform only the steps whose names contain TEXT, such as \"corpus winch 3/\" or \"system golden\"

  -h, --help Print this text

`policies` and the kit of Rust need the standard library of wasm32-unknown-unknown: rustup target add
wasm32-unknown-unknown. Flags for that target are taken from CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS, and paths
are remapped in addition, so that the components do not depend on the folder or the machine they are built on.
Leave RUSTFLAGS unset: it would replace them.
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if matches!(words.as_slice(), [] | ["-h" | "--help" | "help"] | [_, "-h" | "--help"]) {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let Some(done) = perform(&words) else {
        eprintln!("error: `{}` is not a task\n\n{HELP}", words.join(" "));
        return ExitCode::from(2);
    };
    match done {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Skipped(reason)) => {
            println!("skipped: {reason}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Performs the task of a command line; `None` if there is no such task, or the task has no such option.
fn perform(words: &[&str]) -> Option<Result<Outcome>> {
    Some(match words {
        ["ci", "--fast"] => ci::run(ci::Extent::Fast),
        ["ci", "--full"] => ci::run(ci::Extent::Full),
        ["bindings" | "policies"] | ["bindings" | "policies", "--check"] => components::run(words),
        ["vendor"] => vendor::run(vendor::Mode::Write),
        ["vendor", "--check"] => vendor::run(vendor::Mode::Check),
        ["package"] => package::check(),
        ["written-by"] => written_by::run(written_by::Existing::Keep),
        ["written-by", "--replace"] => written_by::run(written_by::Existing::Replace),
        ["browser"] => browser::run_pages(Missing::by_environment()),
        ["browser", "--install"] => browser::run_pages(Missing::Install),
        ["v8"] => v8::run_corpus(),
        ["kits", options @ ..] => kits::run_check(&kits::Options::parse(options)?),
        ["fuzz", options @ ..] => fuzz::run_targets(&fuzz::Options::parse(options)?),
        ["house"] => house::run(),
        ["packages"] => packages::run(),
        ["wasm"] => wasm::run(),
        ["conformance", options @ ..] => conformance::run(&conformance::Options::parse(options)?),
        _ => return None,
    })
}
