//! What building for aarch64 and running it needs: a linker, a C library, QEMU and Rust's standard library.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::command::{cargo, command, is_installed, output};
use crate::debian::{self, Missing};

/// The target's name in Rust.
pub const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const QEMU: &str = "qemu-aarch64";
/// Where Debian installs the target's C library.
const LIBC: &str = "/usr/aarch64-linux-gnu";
/// Builds the standard library where it cannot be installed.
const STD_SCRIPT: &str = "../shared/toolchain/aarch64-std.sh";
/// Says whether the kernel runs the target's programs by itself, through QEMU.
const BINFMT: &str = "/proc/sys/fs/binfmt_misc/qemu-aarch64";

/// How many addresses a program under QEMU may take, as its option `-R` writes it.
#[derive(Clone, Copy)]
pub struct Addresses(&'static str);

impl Addresses {
    /// For runs one after another. Without a bound QEMU 7.2 keeps 30 MB for every run of a policy, as each reserves 4 GiB;
    /// with 64 GiB a process finds no 4 GiB in one piece after 14 components.
    pub const FEW: Addresses = Addresses("128G");
    /// For a process that keeps hundreds of memories at once, as WebAssembly's official test suite does.
    pub const MANY: Addresses = Addresses("4096G");
}

/// What is needed was found, or not.
pub enum Found {
    Toolchain(Toolchain),
    /// Why not, and what would help.
    Missing(String),
}

/// Builds for aarch64, and runs what was built.
pub struct Toolchain {
    sysroot: PathBuf,
    /// Whether a program can start a program of the same target.
    pub can_start_programs: bool,
}

/// Looks for everything; installs Debian's packages if that is wanted.
pub fn find(root: &Path, missing: Missing) -> Result<Found> {
    if !cfg!(target_os = "linux") {
        return Ok(Found::Missing("QEMU emulates single programs on Linux only".to_owned()));
    }
    let mut packages = missing_packages();
    if missing == Missing::Install && !packages.is_empty() {
        fs::create_dir_all(root.join("target"))?;
        debian::install(&packages, &root.join("target/apt.log"))?;
        packages = missing_packages();
    }
    if !packages.is_empty() {
        let packages = packages.join(" ");
        return Ok(Found::Missing(format!(
            "{packages} is not installed: apt install {packages}, or --install"
        )));
    }
    let Some(sysroot) = sysroot(root)? else {
        return Ok(Found::Missing(format!(
            "the target {TARGET} is not installed: rustup target add {TARGET}"
        )));
    };
    let binfmt = fs::read_to_string(BINFMT).unwrap_or_default();
    Ok(Found::Toolchain(Toolchain { sysroot, can_start_programs: binfmt.starts_with("enabled") }))
}

impl Toolchain {
    /// A command of cargo that builds for the target, with what `arguments` say besides.
    pub fn cargo(&self, arguments: &[&str]) -> Result<Command> {
        ensure!(
            env::var_os("RUSTFLAGS").is_none(),
            "RUSTFLAGS is set, which would replace the target's: unset it"
        );
        let mut command = cargo(arguments)?;
        command
            .args(["--release", "--locked", "--target", TARGET])
            .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER)
            .env(
                "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
                format!("--sysroot {}", self.sysroot.display()),
            );
        Ok(command)
    }

    /// A command that runs a program of the target, and whatever programs that starts, with so many addresses for each.
    pub fn emulate(&self, program: &Path, addresses: Addresses) -> Command {
        let mut command = Command::new(QEMU);
        command
            .arg(program)
            .env("QEMU_RESERVED_VA", addresses.0)
            .env("QEMU_LD_PREFIX", LIBC)
            .stdin(Stdio::null());
        command
    }
}

/// Debian's names of the packages that are not there.
fn missing_packages() -> Vec<&'static str> {
    let needed = [
        ("gcc-aarch64-linux-gnu", is_installed(LINKER)),
        ("libc6-dev-arm64-cross", Path::new(LIBC).join("include/stdio.h").exists()),
        ("qemu-user", is_installed(QEMU)),
    ];
    needed.into_iter().filter(|(_, is_there)| !is_there).map(|(package, _)| package).collect()
}

/// The folder of a toolchain that has the target's standard library; none where it is neither installed nor can be built.
fn sysroot(root: &Path) -> Result<Option<PathBuf>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let own = PathBuf::from(output(&mut command(rustc, ["--print", "sysroot"])?)?);
    if own.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(Some(own));
    }
    let script = root.join(STD_SCRIPT);
    if !script.exists() {
        return Ok(None);
    }
    Ok(Some(PathBuf::from(output(&mut command(script, [""; 0])?)?)))
}
