//! The programs that are run: built by cargo, found by what cargo says that it built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::tools::{Addresses, Toolchain};

const CONFORMANCE: &str = "conformance";
/// Integration tests, by the names of their programs, each with the folder that it is run in.
const TESTS: [(&str, &str, Addresses); 2] =
    [("system", "tests", Addresses::FEW), ("harden", "host/harden", Addresses::MANY)];
/// Both builds name both packages, so that what both need is built once.
const PACKAGES: [&str; 4] = ["--package", "apportion-tests", "--package", "apportion-harden"];

/// Programs for aarch64.
pub struct Programs {
    /// `tests/examples/conformance.rs`.
    pub conformance: PathBuf,
    pub tests: Vec<TestProgram>,
}

/// A program that contains tests.
pub struct TestProgram {
    pub name: &'static str,
    pub path: PathBuf,
    /// Where it is run, as cargo would run it.
    pub folder: PathBuf,
    pub addresses: Addresses,
}

impl Programs {
    /// Builds all of them: about 20 minutes of processor time from nothing.
    pub fn build(root: &Path, toolchain: &Toolchain) -> Result<Programs> {
        println!("building for aarch64");
        let example = [&["build", "--example", CONFORMANCE], &PACKAGES[..]].concat();
        let conformance = built(&mut toolchain.cargo(root, &example)?, CONFORMANCE)?;
        let tests = TESTS.map(|(name, folder, addresses)| {
            let test = [&["test", "--no-run", "--test", name], &PACKAGES[..]].concat();
            let path = built(&mut toolchain.cargo(root, &test)?, name)?;
            Ok(TestProgram { name, path, folder: root.join(folder), addresses })
        });
        Ok(Programs { conformance, tests: tests.into_iter().collect::<Result<_>>()? })
    }

    /// The folder that cargo builds everything into.
    pub fn target_folder(&self) -> Result<&Path> {
        // TARGET/aarch64-unknown-linux-gnu/release/examples/conformance
        self.conformance.ancestors().nth(4).context("cargo built a program outside of its folders")
    }
}

/// `tests/examples/conformance.rs` for this machine, as the tests build it.
pub fn native_conformance(root: &Path) -> Result<PathBuf> {
    // With all examples, so that features are those of the tests and nothing is compiled twice.
    let mut command = crate::cargo();
    command.current_dir(root).args(["build", "--workspace", "--examples"]);
    built(&mut command, CONFORMANCE)
}

/// Runs a build, and tells where it put the program.
fn built(command: &mut Command, name: &str) -> Result<PathBuf> {
    let command = command.arg("--message-format=json-render-diagnostics");
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "`{name}` does not build");
    let messages = String::from_utf8(output.stdout)?;
    let program = messages.lines().find_map(|line| executable(line, name));
    program.with_context(|| format!("cargo built no program `{name}`"))
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
