//! The workspace as `cargo metadata` describes it: packages, what they depend on, and the crates they are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// What `cargo metadata` prints, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

/// A workspace: its packages, sorted by name.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) packages: Vec<Package>,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
    /// What each feature turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Nothing for an ordinary one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    optional: bool,
}

/// One crate of a package.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

impl Workspace {
    /// Asks cargo about the workspace in a folder.
    ///
    /// # Errors
    ///
    /// If cargo cannot be run, or finds no workspace there.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let root = root.canonicalize().with_context(|| format!("there is no folder {}", root.display()))?;
        let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
        let output =
            Command::new(cargo).current_dir(&root).args(arguments).output().context("cannot run cargo")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let Metadata { mut packages, target_directory } = serde_json::from_slice(&output.stdout)?;
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { root, packages, target: target_directory })
    }
}

impl Package {
    /// The folder of its manifest.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// What it cannot be built without; tests may need more.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"))
    }

    /// Whether it has a dependency though no feature was asked for.
    pub(crate) fn has_by_default(&self, dependency: &Dependency) -> bool {
        let mut on: BTreeSet<&str> = BTreeSet::new();
        let mut waiting = vec!["default"];
        while let Some(feature) = waiting.pop() {
            if on.insert(feature) {
                waiting.extend(self.features.get(feature).into_iter().flatten().map(String::as_str));
            }
        }
        let name = dependency.name.as_str();
        let turns_on = |feature: &&str| {
            let feature = feature.trim_start_matches("dep:");
            feature == name || feature.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
        };
        !dependency.optional || on.iter().any(turns_on)
    }
}

impl Target {
    /// Whether it is a library or a program, and no test, benchmark or example.
    pub(crate) fn is_product(&self) -> bool {
        self.kind.iter().all(|kind| !["bench", "custom-build", "example", "test"].contains(&kind.as_str()))
    }
}
