//! A component of Rust that says nothing of the machine it was built on: the places of panics would, and with them the
//! policy's digest would depend on where cargo keeps what it fetched.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::outcome::Refused;

/// Has cargo call the folders by names that are the same everywhere. Flags of the target that are set elsewhere stay.
pub fn keep_paths_out(cargo: &mut Command, project: &Path) -> Result<()> {
    let flags: Result<Vec<String>> =
        folders(project)?.iter().map(|(folder, name)| flag(folder, name)).collect();
    let flags = toml::Value::from(flags?);
    cargo.arg("--config").arg(format!("target.wasm32-unknown-unknown.rustflags={flags}"));
    // Where these are set cargo looks at no flags of the target.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    Ok(())
}

/// Folders, and what they are called instead; of several that hold a file rustc takes the last.
fn folders(project: &Path) -> Result<Vec<(PathBuf, &'static str)>> {
    let home = cargo_home()?;
    let registries = home.join("registry/src");
    let mut folders = vec![(sysroot()?, "/rust/sysroot"), (home, "/rust/cargo")];
    // Each is named after a registry's host, and after how this version of cargo spells it.
    if let Ok(entries) = fs::read_dir(&registries) {
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read `{}`", registries.display()))?;
            folders.push((entry.path(), "/rust/deps"));
        }
    }
    folders.sort();
    let place = || format!("cannot find `{}`", project.display());
    folders.push((fs::canonicalize(project).with_context(place)?, "/policy"));
    Ok(folders)
}

fn flag(folder: &Path, name: &str) -> Result<String> {
    let Some(folder) = folder.to_str() else {
        bail!(Refused(format!("`{}` is no text that cargo takes: use another folder", folder.display())));
    };
    Ok(format!("--remap-path-prefix={folder}={name}"))
}

fn cargo_home() -> Result<PathBuf> {
    let own = || env::home_dir().map(|home| home.join(".cargo"));
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(own);
    home.context("neither CARGO_HOME nor a home folder is known")
}

fn sysroot() -> Result<PathBuf> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let printed = Command::new(rustc).args(["--print", "sysroot"]).output().context("cannot run rustc")?;
    Ok(PathBuf::from(String::from_utf8_lossy(&printed.stdout).trim()))
}
