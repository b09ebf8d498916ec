//! Files from elsewhere in the workspace that a package has to contain: copied into the crate's folder and committed.
//!
//! What a package leaves out cannot be built by those who only have the package, and a package holds nothing from outside
//! of its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::outcome::Outcome;
use crate::package::PACKAGES;

/// Folders that are copied whole: the contract, which the engine's bindings are generated from, and the kits, which
/// the program writes into new projects.
const FOLDERS: [(&str, &str); 15] = [
    ("wit", "host/apportion/wit"),
    ("wit", "host/cli/vendored/wit"),
    ("guest-sdk/src", "host/cli/vendored/guest-sdk/src"),
    ("guest-sdk/template", "host/cli/vendored/guest-sdk/template"),
    ("guest-sdk/c/kit", "host/cli/vendored/guest-sdk/c/kit"),
    ("guest-sdk/c/template", "host/cli/vendored/guest-sdk/c/template"),
    ("guest-sdk/javascript/kit", "host/cli/vendored/guest-sdk/javascript/kit"),
    ("guest-sdk/javascript/template", "host/cli/vendored/guest-sdk/javascript/template"),
    ("guest-sdk/python/kit", "host/cli/vendored/guest-sdk/python/kit"),
    ("guest-sdk/python/template", "host/cli/vendored/guest-sdk/python/template"),
    ("guest-sdk/rust/kit", "host/cli/vendored/guest-sdk/rust/kit"),
    ("guest-sdk/rust/template", "host/cli/vendored/guest-sdk/rust/template"),
    ("guest-sdk/typescript/template", "host/cli/vendored/guest-sdk/typescript/template"),
    ("guest-sdk/zig/kit", "host/cli/vendored/guest-sdk/zig/kit"),
    ("guest-sdk/zig/template", "host/cli/vendored/guest-sdk/zig/template"),
];
/// Single files.
const FILES: [(&str, &str); 1] = [("guest-sdk/CONTRACT.md", "host/cli/vendored/guest-sdk/CONTRACT.md")];
/// Folders in which nothing else may lie.
const OWNED: [&str; 2] = ["host/apportion/wit", "host/cli/vendored"];
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Whether files are copied, or compared with the copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Write,
    Check,
}

/// Copies or compares everything.
///
/// # Errors
///
/// If a copy is missing, differs or is superfluous when checking; if a file cannot be read or written.
pub fn run(mode: Mode) -> Result<Outcome> {
    let root = crate::workspace::root()?;
    let copies = copies(&root)?;
    let mut differing = Vec::new();
    for (to, from) in &copies {
        let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        if fs::read(root.join(to)).is_ok_and(|copy| copy == bytes) {
            continue;
        }
        differing.push(to.clone());
        if mode == Mode::Write {
            let to = root.join(to);
            fs::create_dir_all(to.parent().context("a copy lies in a folder")?)?;
            fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))?;
        }
    }
    for path in superfluous(&root, &copies)? {
        if mode == Mode::Write {
            fs::remove_file(root.join(&path))?;
        }
        differing.push(path);
    }
    let list = differing.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    match mode {
        _ if differing.is_empty() => println!("{} vendored files are up to date", copies.len()),
        Mode::Write => println!("updated {list}"),
        Mode::Check => bail!("vendored files are out of date: {list}. Run `cargo xtask vendor`"),
    }
    Ok(Outcome::Done)
}

/// Every copy, by its path within the workspace, with the file that it is a copy of.
fn copies(root: &Path) -> Result<BTreeMap<PathBuf, PathBuf>> {
    let mut copies = BTreeMap::new();
    for (from, to) in FOLDERS {
        for path in files(&root.join(from))? {
            let inside = path.strip_prefix(root.join(from))?;
            copies.insert(Path::new(to).join(vendored_name(inside)), path.clone());
        }
    }
    for (from, to) in FILES {
        copies.insert(PathBuf::from(to), root.join(from));
    }
    for package in PACKAGES {
        for licence in LICENCES {
            copies.insert(Path::new(package.folder).join(licence), root.join(licence));
        }
    }
    Ok(copies)
}

/// Cargo leaves every folder out of a package that has a `Cargo.toml`, so a copy of one gets another name.
fn vendored_name(path: &Path) -> PathBuf {
    match path.file_name() {
        Some(name) if name == "Cargo.toml" => path.with_file_name("Cargo.toml.in"),
        _ => path.to_path_buf(),
    }
}

/// What lies in folders of copies and is no copy.
fn superfluous(root: &Path, copies: &BTreeMap<PathBuf, PathBuf>) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for folder in OWNED.map(|folder| root.join(folder)).iter().filter(|folder| folder.exists()) {
        for path in files(folder)? {
            let inside = path.strip_prefix(root)?.to_path_buf();
            if !copies.contains_key(&inside) {
                found.insert(inside);
            }
        }
    }
    Ok(found)
}

/// All files in a folder and below.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendored_files_are_up_to_date() {
        run(Mode::Check).unwrap();
    }

    #[test]
    fn manifest_gets_another_name() {
        assert_eq!(vendored_name(Path::new("a/Cargo.toml")), Path::new("a/Cargo.toml.in"));
        assert_eq!(vendored_name(Path::new("src/lib.rs")), Path::new("src/lib.rs"));
    }
}
