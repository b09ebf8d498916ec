//! `cargo xtask bindings` and `cargo xtask policies`, which the package `xtask-components` performs.

use anyhow::Result;

use crate::command::{self, cargo, command};
use crate::outcome::Outcome;
use crate::programs;
use crate::wasm_std::{self, WasmStd};

/// Runs one of the two tasks, with its options.
///
/// # Errors
///
/// If something differs from what is committed, cannot be written or does not build.
pub fn run(words: &[&str]) -> Result<Outcome> {
    let package = ["run", "--quiet", "--package", "xtask-components", "--"];
    let mut task = cargo(package.iter().chain(words))?;
    if let WasmStd::Found(flags) = wasm_std::find()? {
        task.env(wasm_std::FLAGS, flags);
    }
    command::run(&mut task)?;
    Ok(Outcome::Done)
}

/// Compares what the generators give with what is committed, by the program that is built with the workspace's tests.
///
/// # Errors
///
/// If something differs, or does not build.
pub fn check() -> Result<Outcome> {
    let program = programs::components()?;
    command::run(&mut command(&program, ["bindings", "--check"])?)?;
    let flags = match wasm_std::find()? {
        WasmStd::Found(flags) => flags,
        WasmStd::Missing(reason) => {
            return Ok(Outcome::Skipped(format!("the policies' bytes, because {reason}")));
        }
    };
    command::run(command(&program, ["policies", "--check"])?.env(wasm_std::FLAGS, flags))?;
    Ok(Outcome::Done)
}
