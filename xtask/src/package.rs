//! The crates that others use, packaged and built from nothing but their packages.
//!
//! `cargo package` would verify each by itself, compiling the engine once for every crate that links it. Here the
//! packages are unpacked beside one another and linted there, with the folder in which everything else is built.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::command::{cargo, command, run};
use crate::outcome::Outcome;

/// A crate that is packaged.
pub struct Package {
    pub name: &'static str,
    /// Where it lies in the workspace.
    pub folder: &'static str,
}

/// The crates that others use, each below those that it depends on.
pub const PACKAGES: [Package; 8] = [
    Package { name: "apportion-core", folder: "host/core" },
    Package { name: "apportion-harden", folder: "host/harden" },
    Package { name: "apportion", folder: "host/apportion" },
    Package { name: "apportion-standard", folder: "policies/dist" },
    Package { name: "apportion-import", folder: "host/import" },
    Package { name: "apportion-report", folder: "host/report" },
    Package { name: "apportion-cli", folder: "host/cli" },
    Package { name: "apportion-guest", folder: "guest-sdk" },
];
/// Everything that a package must have beside its code.
const NEEDED: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Packages all crates and lints them from their packages alone, each with its own features.
///
/// # Errors
///
/// If a crate cannot be packaged, lacks a file, or has a warning.
pub fn check() -> Result<Outcome> {
    let root = crate::workspace::root()?;
    let target = target_folder()?;
    let unpacked = root.join("target/package-check");
    if unpacked.exists() {
        fs::remove_dir_all(&unpacked).with_context(|| format!("cannot replace {}", unpacked.display()))?;
    }
    fs::create_dir_all(&unpacked)?;

    let selected = PACKAGES.iter().flat_map(|package| ["--package", package.name]);
    // What is not committed is packaged too: this is a check and not a release.
    run(&mut cargo(["package", "--no-verify", "--locked", "--allow-dirty"].into_iter().chain(selected))?)?;
    let version = env!("CARGO_PKG_VERSION");
    for package in PACKAGES {
        let archive = target.join("package").join(format!("{}-{version}.crate", package.name));
        run(command("tar", ["-xzf"])?.arg(&archive).arg("-C").arg(&unpacked))?;
        let folder = unpacked.join(format!("{}-{version}", package.name));
        for file in NEEDED {
            ensure!(folder.join(file).exists(), "the package of {} has no {file}", package.name);
        }
    }
    write_workspace(&root, &unpacked, version)?;
    for package in PACKAGES {
        // Each alone: together they would be given each other's features.
        let words = ["clippy", "--quiet", "--offline", "--package", package.name, "--target-dir"];
        let mut clippy = cargo(words)?;
        run(clippy.arg(&target).args(["--", "-D", "warnings"]).current_dir(&unpacked))?;
        println!("{}: builds from its package", package.name);
    }
    fs::remove_dir_all(&unpacked)?;
    Ok(Outcome::Done)
}

fn target_folder() -> Result<PathBuf> {
    let given = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    Ok(crate::workspace::root()?.join(given.unwrap_or_else(|| PathBuf::from("target"))))
}

/// A workspace of the unpacked crates, in which each stands for the one of its name in the registry. Profiles and
/// versions are this workspace's, so that dependencies are those that are compiled already.
fn write_workspace(root: &Path, folder: &Path, version: &str) -> Result<()> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let profiles = manifest.find("[profile.dev]").context("the workspace's manifest has a profile `dev`")?;
    let names = PACKAGES.map(|package| (package.name, format!("{}-{version}", package.name)));
    let members: Vec<&str> = names.iter().map(|(_, folder)| folder.as_str()).collect();
    let patches: String =
        names.iter().map(|(name, folder)| format!("{name} = {{ path = {folder:?} }}\n")).collect();
    let text = format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[patch.crates-io]\n{patches}\n{}",
        &manifest[profiles..]
    );
    fs::write(folder.join("Cargo.toml"), text)?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}
