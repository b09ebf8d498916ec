//! Where the workspace is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The workspace's root folder: the parent of this crate's.
pub fn root() -> Result<PathBuf> {
    let this = Path::new(env!("CARGO_MANIFEST_DIR"));
    this.parent().map(Path::to_path_buf).context("the xtask crate has no parent folder")
}
