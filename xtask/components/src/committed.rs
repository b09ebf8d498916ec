//! Files that are committed, and where they are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Whether files are written or compared with what is committed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Write,
    Check,
}

/// The cargo that runs this program.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// The workspace's root folder.
pub fn workspace_root() -> Result<PathBuf> {
    let this = Path::new(env!("CARGO_MANIFEST_DIR"));
    this.ancestors().nth(2).map(Path::to_path_buf).context("this crate does not lie in a workspace")
}

/// Writes `bytes` to `path`, or in check mode leaves the file alone. Returns whether it had other bytes.
pub fn write_or_compare(path: &Path, bytes: &[u8], mode: Mode) -> Result<bool> {
    let committed = std::fs::read(path).ok();
    let differs = committed.as_deref() != Some(bytes);
    if differs && mode == Mode::Write {
        std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(differs)
}
