//! The tests of `apportion-core` on `wasm32-unknown-unknown`, where it has no threads, files or processes.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::command::{cargo, output, run as run_command};
use crate::outcome::Outcome;
use crate::wasm_std::{self, WasmStd};

/// Builds the crate's tests without features and runs each binary under Wasmtime.
///
/// # Errors
///
/// If they do not build, or one fails.
pub fn run() -> Result<Outcome> {
    let flags = match wasm_std::find()? {
        WasmStd::Found(flags) => flags,
        WasmStd::Missing(reason) => {
            return Ok(Outcome::Skipped(format!(
                "the tests of apportion-core on WebAssembly, because {reason}"
            )));
        }
    };
    let binaries = build(&flags)?;
    ensure!(!binaries.is_empty(), "cargo built no test binary");
    let runner =
        ["run", "--quiet", "--locked", "--package", "apportion-tests", "--example", "run_wasm_tests", "--"];
    run_command(&mut cargo(runner.into_iter().map(str::to_owned).chain(binaries))?)?;
    Ok(Outcome::Done)
}

fn build(flags: &str) -> Result<Vec<String>> {
    let package =
        ["test", "--locked", "--package", "apportion-core", "--no-default-features", "--lib", "--tests"];
    let target =
        ["--target", "wasm32-unknown-unknown", "--no-run", "--message-format", "json-render-diagnostics"];
    let mut command = cargo(package.into_iter().chain(target))?;
    // Features of other members would bring threads in.
    command.env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION").env(wasm_std::FLAGS, flags);
    let mut binaries = Vec::new();
    for line in output(&mut command)?.lines() {
        let message: Value = serde_json::from_str(line).context("cargo's messages")?;
        binaries.extend(message["executable"].as_str().map(str::to_owned));
    }
    Ok(binaries)
}
