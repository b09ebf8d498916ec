//! Tools that Debian packages.

use std::env;
use std::path::Path;

use anyhow::Result;

use crate::command::{command, run_logged};

/// What is done about a tool that is not installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The task is skipped, and reports it.
    Skip,
    /// It is installed by apt, which needs root.
    Install,
}

impl Missing {
    /// Continuous integration installs, and is known by `CI=true`.
    pub fn by_environment() -> Missing {
        match env::var_os("CI") {
            Some(value) if value == "true" => Missing::Install,
            _ => Missing::Skip,
        }
    }
}

/// Installs packages; what apt prints is in the log.
///
/// # Errors
///
/// If apt cannot be run, or cannot install one of them.
pub fn install(packages: &[&str], log: &Path) -> Result<()> {
    println!("installing {}", packages.join(", "));
    run_logged(&mut command("apt-get", ["update"])?, log)?;
    let install = ["install", "--yes", "--no-install-recommends"];
    let mut install = command("apt-get", install.iter().chain(packages))?;
    run_logged(install.env("DEBIAN_FRONTEND", "noninteractive"), log)
}
