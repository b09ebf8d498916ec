//! Compiled policies in a folder, from one process to the next.
//!
//! A file is machine code that is run in this process, outside the sandbox. What is trusted is that nobody else can write
//! to the folder, which is checked by its owner and mode when it is opened; all access then goes through that handle. A
//! key beside the files would protect from nobody: who can write them can read it. So each file has a plain digest,
//! which finds what a disk or an interrupted copy did, and its name holds what the code was made from and for.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use wasmtime::Engine;
use wasmtime::component::Component;

use apportion_core::canonical::{Digest, StructureHasher};

const FORMAT: &[u8] = b"apportion compiled policy 1\n";
/// The most that is read of a file: beyond what the largest component that is admitted can become.
const MAX_FILE: u64 = 4 << 30;

/// Why a folder is not used for compiled policies.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The system refuses.
    #[error("the folder for compiled policies `{folder}` cannot be {done}: {error}")]
    Io {
        /// Which.
        folder: String,
        /// What was tried.
        done: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is another user's, who could put any code there.
    #[error("the folder for compiled policies `{0}` belongs to another user; what lies there would be run")]
    Owner(String),
    /// Others may look into it or write to it.
    #[error(
        "the folder for compiled policies `{folder}` is open to others (mode {mode:o}); what lies there would be run: \
         `chmod 700` it if all of it is your own, or name another"
    )]
    Open {
        /// Which.
        folder: String,
        /// Its permissions.
        mode: u32,
    },
    /// A system on which owner and permissions cannot be checked here.
    #[error(
        "compiled policies are kept only where a folder's owner and permissions can be checked, as on Unix"
    )]
    System,
}

pub(super) struct Folder {
    dir: Dir,
    /// What hardened it, the engine's version, its settings, and what the processor can do.
    made_for: Digest,
}

impl Folder {
    pub(super) fn open(path: &Path, engine: &Engine) -> Result<Folder, CacheError> {
        let folder = || path.display().to_string();
        let io = |done| move |error| CacheError::Io { folder: path.display().to_string(), done, error };
        make_private(path).map_err(io("made"))?;
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(io("opened"))?;
        check_private(&dir, folder)?;
        let made_for =
            StructureHasher::digest(&(apportion_harden::RELEASE, engine.precompile_compatibility_hash()));
        Ok(Folder { dir, made_for })
    }

    /// The policy's code, if it lies here whole.
    pub(super) fn load(&self, engine: &Engine, policy: &Digest) -> Option<Component> {
        let mut bytes = Vec::new();
        let file = self.dir.open(self.name(policy)).ok()?;
        file.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
        let (digest, code) = bytes.strip_prefix(FORMAT)?.split_at_checked(32)?;
        if digest != self.checksum(policy, code).as_bytes() {
            return None;
        }
        own_code(engine, code)
    }

    /// Keeps it, whole or not at all. A policy runs as well without, so that a full disk is nobody's error.
    pub(super) fn keep(&self, policy: &Digest, component: &Component) {
        let Ok(code) = component.serialize() else { return };
        let (name, aside) = (self.name(policy), aside());
        let written = (|| {
            let mut file = self.dir.open_with(&aside, OpenOptions::new().write(true).create_new(true))?;
            file.write_all(FORMAT)?;
            file.write_all(self.checksum(policy, &code).as_bytes())?;
            file.write_all(&code)?;
            drop(file);
            self.dir.rename(&aside, &self.dir, &name)
        })();
        if written.is_err() {
            let _ = self.dir.remove_file(&aside);
        }
    }

    fn name(&self, policy: &Digest) -> String {
        Digest::of(&[&policy.as_bytes()[..], self.made_for.as_bytes()].concat()).to_string()
    }

    /// Covers what the code was made from and for, so that no file can be taken for another.
    fn checksum(&self, policy: &Digest, code: &[u8]) -> Digest {
        let code = Digest::of(code);
        Digest::of(&[&policy.as_bytes()[..], self.made_for.as_bytes(), code.as_bytes()].concat())
    }
}

/// Takes bytes for machine code of this engine's own making.
#[allow(unsafe_code, reason = "the one place where code is taken as compiled")]
fn own_code(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the bytes must be what `Component::serialize` gave, unchanged. They were written by `Folder::keep` and are
    // what it wrote, by their digest, unless someone forged both; and the folder was found to be this user's and closed
    // to all others, so that only who can do anything in this user's name could have. wasmtime itself refuses what
    // another version made, or the same with other settings or for another processor.
    unsafe { Component::deserialize(engine, code) }.ok()
}

/// A name of this process's and this moment's own.
fn aside() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("unfinished-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(unix)]
fn check_private(dir: &Dir, folder: impl Fn() -> String) -> Result<(), CacheError> {
    use cap_std::fs::MetadataExt;
    let metadata =
        dir.dir_metadata().map_err(|error| CacheError::Io { folder: folder(), done: "looked at", error })?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(CacheError::Owner(folder()));
    }
    match metadata.mode() & 0o777 {
        mode if mode & 0o077 == 0 => Ok(()),
        mode => Err(CacheError::Open { folder: folder(), mode }),
    }
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &Dir, _: impl Fn() -> String) -> Result<(), CacheError> {
    Err(CacheError::System)
}
