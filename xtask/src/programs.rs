//! The workspace's own programs, built by cargo and found by what cargo reports to have built.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::command::{cargo, describe};

/// The program `apportion`.
pub fn apportion() -> Result<PathBuf> {
    native(["--bin", "apportion"])
}

/// `xtask/components`.
pub fn components() -> Result<PathBuf> {
    native(["--bin", "xtask-components"])
}

/// `tests/examples/conformance.rs`.
pub fn conformance() -> Result<PathBuf> {
    native(["--example", "conformance"])
}

/// A program or an example of any package, of which all are built.
pub fn any(name: &str) -> Result<PathBuf> {
    built(&mut cargo(["build", "--workspace", "--bins", "--examples"])?, name)
}

/// A program for this machine. Features are those of `cargo test --workspace`, so that nothing is compiled twice: naming
/// an example counts the dependencies of tests in.
fn native(target: [&str; 2]) -> Result<PathBuf> {
    let [_, name] = target;
    let words = ["build", "--workspace", "--example", "conformance"].into_iter().chain(target);
    built(&mut cargo(words)?, name)
}

/// Runs a build, and returns where it put the program.
pub fn built(command: &mut Command, name: &str) -> Result<PathBuf> {
    let command = command.arg("--message-format=json-render-diagnostics");
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "`{name}` does not build");
    let messages = String::from_utf8(output.stdout)?;
    let program = messages.lines().find_map(|line| executable(line, name));
    program.with_context(|| format!("{} built no program `{name}`", describe(command)))
}

/// The program that a message of cargo's is about, if it has that name.
fn executable(message: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["target"]["name"] != name {
        return None;
    }
    message["executable"].as_str().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_the_name_of_its_target() {
        let artifact =
            r#"{"reason":"compiler-artifact","target":{"name":"system"},"executable":"/t/system-1"}"#;
        assert_eq!(executable(artifact, "system"), Some(PathBuf::from("/t/system-1")));
        assert_eq!(executable(artifact, "harden"), None);
        let library = r#"{"reason":"compiler-artifact","target":{"name":"system"},"executable":null}"#;
        assert_eq!(executable(library, "system"), None);
        assert_eq!(executable("Compiling", "system"), None);
    }
}
