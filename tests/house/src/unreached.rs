//! Rust files that no crate of the workspace reaches. The rules that are about everything hold for them too.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cargo::Workspace;
use crate::reader;
use crate::rules::{Belongs, Rules};
use crate::source::Source;

/// Applies the rules to unreached files, and finds those that lie where a package's own code lies.
pub(crate) fn check(workspace: &Workspace, sources: &[Source], rules: &mut Rules) -> Result<Vec<String>> {
    let reached = sources.iter().flat_map(|source| &source.files).map(|file| file.path.clone());
    let reached: BTreeSet<PathBuf> = reached.collect();
    let mut findings = Vec::new();
    for path in rust_files(&workspace.root, &workspace.target)? {
        let in_workspace = path.strip_prefix(&workspace.root).unwrap_or(&path);
        if reached.contains(in_workspace) {
            continue;
        }
        let source = reader::read_alone(&workspace.root, &path)?;
        rules.apply(&source, Belongs { package: "", is_product: false });
        if workspace.packages.iter().any(|package| path.starts_with(package.folder().join("src"))) {
            findings.push(format!("no `mod` reaches {}", in_workspace.display()));
        }
    }
    Ok(findings)
}

/// All Rust files in a folder, without what is built and what is hidden.
fn rust_files(folder: &Path, target: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name == "node_modules" || path == target {
            continue;
        }
        if path.is_dir() {
            files.extend(rust_files(&path, target)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
