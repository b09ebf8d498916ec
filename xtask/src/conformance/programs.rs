//! The programs that are run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::tools::{Addresses, Toolchain};
use crate::programs::built;

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
        let conformance = built(&mut toolchain.cargo(&example)?, CONFORMANCE)?;
        let tests = TESTS.map(|(name, folder, addresses)| {
            let test = [&["test", "--no-run", "--test", name], &PACKAGES[..]].concat();
            let path = built(&mut toolchain.cargo(&test)?, name)?;
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
