//! The tests of `apportion-core` on `wasm32-unknown-unknown`, where it has no threads, files or processes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{cargo, workspace_root};

const TARGET: &str = "wasm32-unknown-unknown";
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// A line of `cargo --message-format json`.
#[derive(Deserialize)]
struct Message {
    executable: Option<String>,
}

/// Builds the crate's tests without features and runs each binary under Wasmtime; or prints `skipped` where the target is
/// not installed.
pub fn run() -> Result<()> {
    let root = workspace_root()?;
    if !has_target()? {
        println!(
            "skipped: the tests of apportion-core on {TARGET}, because the target is not installed: \
            rustup target add {TARGET}, or name a sysroot that has it in {FLAGS}=\"--sysroot DIR\""
        );
        return Ok(());
    }
    let binaries = build(&root)?;
    ensure!(!binaries.is_empty(), "cargo built no test binary");
    // Called from anywhere in the workspace, with the features of all its members as they are built already.
    let status = cargo()
        .args([
            "run",
            "--quiet",
            "--locked",
            "--package",
            "apportion-tests",
            "--example",
            "run_wasm_tests",
            "--",
        ])
        .args(&binaries)
        .current_dir(&root)
        .status()
        .context("cargo could not be run")?;
    ensure!(status.success(), "a test of apportion-core fails on {TARGET}");
    Ok(())
}

fn build(root: &Path) -> Result<Vec<String>> {
    let output = cargo()
        .args([
            "test",
            "--locked",
            "--package",
            "apportion-core",
            "--no-default-features",
            "--lib",
            "--tests",
        ])
        .args(["--target", TARGET, "--no-run", "--message-format", "json-render-diagnostics"])
        // Features of other members would bring threads in.
        .env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION")
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cargo could not be run")?;
    ensure!(output.status.success(), "the tests of apportion-core do not build for {TARGET}");
    let mut binaries = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let message: Message = serde_json::from_str(line).context("cargo's messages")?;
        binaries.extend(message.executable);
    }
    Ok(binaries)
}

/// Whether the target's standard library is in the sysroot that is named, or in the compiler's own.
fn has_target() -> Result<bool> {
    if std::env::var(FLAGS).is_ok_and(|flags| flags.contains("--sysroot")) {
        return Ok(true);
    }
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "sysroot"])
        .output()
        .context("rustc could not be run")?;
    let sysroot = String::from_utf8(output.stdout)?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir())
}
