//! Rust's standard library for the target that policies in Rust are built for.

use std::env;
use std::path::PathBuf;

use anyhow::Result;

use crate::command::{command, output};

const TARGET: &str = "wasm32-unknown-unknown";
/// The variable by which cargo is told flags for the target.
pub const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";
/// Builds the standard library where it cannot be installed, and prints the folder.
const SCRIPT: &str = "../shared/toolchain/wasm-std.sh";

/// Where the library is.
pub enum WasmStd {
    /// The compiler finds it with these flags in [`FLAGS`], which may be none.
    Found(String),
    /// Why there is none, and what would help.
    Missing(String),
}

/// Looks for the library: in the caller's own flags, in the toolchain, and by the script.
pub fn find() -> Result<WasmStd> {
    let given = env::var(FLAGS).unwrap_or_default();
    let script = crate::workspace::root()?.join(SCRIPT);
    if given.contains("--sysroot") || is_installed()? {
        return Ok(WasmStd::Found(given));
    }
    if !script.exists() {
        return Ok(WasmStd::Missing(format!(
            "the target {TARGET} is not installed: rustup target add {TARGET}"
        )));
    }
    let sysroot = output(&mut command(script, [""; 0])?)?;
    Ok(WasmStd::Found(format!("{given} --sysroot {sysroot}")))
}

fn is_installed() -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let folder = output(&mut command(rustc, ["--print", "target-libdir", "--target", TARGET])?)?;
    Ok(PathBuf::from(folder).is_dir())
}
