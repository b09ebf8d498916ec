//! Compiled policies in a folder, from one process to the next.
//!
//! A file is machine code that is run in this process, outside the sandbox. What is trusted is that nobody else can write
//! to the folder, which is checked by its owner and mode when it is opened; all access then goes through that handle. A
//! key alongside the files would protect from nobody: anyone who can write them can read it. So each file has a plain
//! digest, which finds what a disk or an interrupted copy did, and its name follows from what the code was made from and
//! for.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use wasmtime::Engine;
use wasmtime::component::Component;

use apportion_core::canonical::{Digest, StructureHasher};
use apportion_core::error::ErrorKind;

const FORMAT: &[u8] = b"apportion compiled policy 1\n";
/// The most that is read of a file: beyond what the largest component that is admitted can become.
const MAX_FILE: u64 = 4 << 30;

/// Why a folder is not used for compiled policies.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The system refused something.
    #[error("the folder for compiled policies `{folder}` cannot be {action}", folder = .folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What was tried: `made`, `opened` or `looked at`.
        action: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// It belongs to another user, who could have put any code there.
    #[error(
        "the folder for compiled policies `{folder}` belongs to another user; its contents would be executed as native code",
        folder = .0.display()
    )]
    Owner(PathBuf),
    /// Other users may look into it or write to it.
    #[error(
        "the folder for compiled policies `{folder}` is open to other users (mode {mode:o}); its contents would be executed \
         as native code",
        folder = .folder.display()
    )]
    Open {
        /// The folder.
        folder: PathBuf,
        /// Its permissions, as in `chmod`: `0o755` for example.
        mode: u32,
    },
    /// A system on which the owner and the permissions of a folder cannot be checked.
    #[error(
        "compiled policies are kept only on systems where a folder's owner and permissions can be checked"
    )]
    System,
}

impl CacheError {
    /// Whose fault it is: [`ErrorKind::Host`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Host
    }
}

pub(super) struct Folder {
    dir: Dir,
    /// What hardened it, the engine's version, its settings, and what the processor can do.
    made_for: Digest,
}

impl Folder {
    pub(super) fn open(path: &Path, engine: &Engine) -> Result<Folder, CacheError> {
        let io = |action| move |source| CacheError::Io { folder: path.to_owned(), action, source };
        make_private(path).map_err(io("made"))?;
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(io("opened"))?;
        check_private(&dir, path)?;
        let made_for =
            StructureHasher::digest(&(apportion_harden::RELEASE, engine.precompile_compatibility_hash()));
        Ok(Folder { dir, made_for })
    }

    /// The policy's code, if it is here and undamaged.
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

/// Takes bytes as machine code that this engine made.
#[allow(unsafe_code, reason = "the one place where code is taken as compiled")]
fn own_code(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the bytes must be what `Component::serialize` gave, unchanged. They were written by `Folder::keep` and are
    // what it wrote, by their digest, unless someone forged both; and the folder was found to be this user's and closed
    // to all others, so that only someone who can already do anything in this user's name could have. wasmtime itself
    // refuses what another version made, or the same version with other settings or for another processor.
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
fn check_private(dir: &Dir, path: &Path) -> Result<(), CacheError> {
    use cap_std::fs::MetadataExt;
    let folder = path.to_owned();
    let metadata = match dir.dir_metadata() {
        Ok(metadata) => metadata,
        Err(source) => return Err(CacheError::Io { folder, action: "looked at", source }),
    };
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(CacheError::Owner(folder));
    }
    match metadata.mode() & 0o777 {
        mode if mode & 0o077 == 0 => Ok(()),
        mode => Err(CacheError::Open { folder, mode }),
    }
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &Dir, _: &Path) -> Result<(), CacheError> {
    Err(CacheError::System)
}
