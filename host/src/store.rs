//! Where objects are kept: each a file whose name is its BLAKE3 hash, and a head that names the newest entry.
//!
//! [`Store`] is small, so that a database or an object store can take the directory's place. [`DirectoryStore`] is the
//! default: `objects/ab/abcd...` for every object, `head`, and `lock`, all through one handle to the folder.
//!
//! Objects are written under another name, synced, then renamed, and the head is replaced the same way after
//! everything that it leads to: a crash at any moment leaves the old state or the new one. What it leaves aside, in
//! `unfinished/`, is removed by the next append: whoever writes shares the lock, so under the lock it is nobody's.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions};

use crate::canonical::Digest;

/// Keeps objects by their digests and knows the newest entry of a log.
pub trait Store: Send + Sync {
    /// An object's bytes, which are held against the digest; none if there is no such object.
    fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps an object, whole or not at all. Keeping it again is no change.
    fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError>;

    /// The newest entry; none in an empty store.
    fn head(&self) -> Result<Option<Digest>, StoreError>;

    /// Makes `entry` the newest if the newest is still `expected`; else nothing changes.
    fn append(&self, expected: Option<Digest>, entry: &[u8]) -> Result<Digest, StoreError>;

    /// The digests of all objects, sorted, and everything else that lies there and does not belong.
    fn inventory(&self) -> Result<Inventory, StoreError>;
}

/// What lies in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The objects, by name; whether their bytes are theirs shows when they are got.
    pub objects: Vec<Digest>,
    /// What an interrupted writer left: files that were never renamed. They are no part of the ledger.
    pub unfinished: Vec<String>,
    /// Files that nothing of this program writes.
    pub unknown: Vec<String>,
}

/// Why a store could not do what it was asked. The ledger is as before.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no ledger here.
    #[error("there is no ledger in `{0}`")]
    NoLedger(String),
    /// A ledger was to be made where there is one.
    #[error("there is a ledger in `{0}` already")]
    Exists(String),
    /// A folder that holds something else.
    #[error("`{0}` is not empty and holds no ledger")]
    NotEmpty(String),
    /// An object whose bytes are not those of its name.
    #[error("object `{0}` is damaged: its bytes have another digest")]
    Damaged(Digest),
    /// A file of the store's own that says nothing valid.
    #[error("`{file}` is damaged: {problem}")]
    File {
        /// Which.
        file: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Another writer was faster, or is at work.
    #[error("another writer has appended to the ledger in the meantime: try again")]
    Moved,
    /// Another writer is at work.
    #[error("another writer is at work on this ledger: try again")]
    Locked,
    /// The system refuses.
    #[error("the ledger's {what} cannot be {done}: {error}")]
    Io {
        /// Which part of the store.
        what: String,
        /// What was tried.
        done: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
}

fn io(what: impl Into<String>, done: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    let what = what.into();
    move |error| StoreError::Io { what, done, error }
}

const FORMAT: &str = "format";
const FORMAT_TEXT: &[u8] = b"apportion ledger 1\n";
const HEAD: &str = "head";
const LOCK: &str = "lock";
const OBJECTS: &str = "objects";
const ASIDE: &str = "unfinished";

/// A store in a folder.
pub struct DirectoryStore {
    dir: Dir,
}

impl fmt::Debug for DirectoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirectoryStore")
    }
}

impl DirectoryStore {
    /// Makes an empty store in a folder that is empty or not there yet.
    pub fn create(path: &Path) -> Result<DirectoryStore, StoreError> {
        std::fs::create_dir_all(path).map_err(io("folder", "made"))?;
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(io("folder", "opened"))?;
        if dir.exists(FORMAT) {
            return Err(StoreError::Exists(path.display().to_string()));
        }
        // What a crash in the middle of this function can leave is taken over; anything else is somebody's.
        let own = [ASIDE, OBJECTS, LOCK];
        let entries = dir.entries().map_err(io("folder", "read"))?;
        for entry in entries {
            let name = entry.map_err(io("folder", "read"))?.file_name();
            if !own.iter().any(|own| name == *own) {
                return Err(StoreError::NotEmpty(path.display().to_string()));
            }
        }
        for folder in [ASIDE, OBJECTS] {
            dir.create_dir_all(folder).map_err(io(folder, "made"))?;
        }
        let store = DirectoryStore { dir };
        let lock = store.lock_shared()?;
        store.write_whole(FORMAT, FORMAT_TEXT)?;
        drop(lock);
        Ok(store)
    }

    /// Opens a store that is there.
    pub fn open(path: &Path) -> Result<DirectoryStore, StoreError> {
        let no_ledger = || StoreError::NoLedger(path.display().to_string());
        let dir = match Dir::open_ambient_dir(path, ambient_authority()) {
            Ok(dir) => dir,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(no_ledger()),
            Err(error) => return Err(io("folder", "opened")(error)),
        };
        let store = DirectoryStore { dir };
        match store.read(FORMAT)? {
            None => Err(no_ledger()),
            Some(text) if text == FORMAT_TEXT => Ok(store),
            Some(_) => {
                Err(StoreError::File { file: FORMAT, problem: "it does not say `apportion ledger 1`" })
            }
        }
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.dir.open(name) {
            Ok(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).map_err(io(name, "read"))?;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(name, "opened")(error)),
        }
    }

    /// Writes a file aside, syncs it, and renames it to its name: whole or not at all. The lock is held.
    fn write_whole(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        // Whoever copied the ledger may have left the empty folder behind.
        self.dir.create_dir_all(ASIDE).map_err(io(ASIDE, "made"))?;
        let (aside, mut file) = self.open_aside().map_err(io(ASIDE, "written"))?;
        let written = (|| {
            file.write_all(bytes)?;
            file.sync_all()?;
            drop(file);
            self.dir.rename(&aside, &self.dir, name)?;
            self.sync_folders(name)
        })();
        if written.is_err() {
            let _ = self.dir.remove_file(&aside); // the first error is the one to tell
        }
        written.map_err(io(name, "written"))
    }

    /// A new file of this writer alone: another machine or container may have the same process number.
    fn open_aside(&self) -> std::io::Result<(String, File)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let aside = format!("{ASIDE}/{}-{number}", std::process::id());
            match self.dir.open_with(&aside, OpenOptions::new().write(true).create_new(true)) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                opened => return opened.map(|file| (aside, file)),
            }
        }
    }

    /// Removes what interrupted writers left. With the lock held alone no other writer is at work, so it is nobody's.
    fn remove_unfinished(&self) -> Result<(), StoreError> {
        for (name, is_folder) in self.names(ASIDE)? {
            let own = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            if own && !is_folder {
                let _ = self.dir.remove_file(format!("{ASIDE}/{name}")); // it is in nobody's way
            }
        }
        Ok(())
    }

    /// Syncs every folder above a file, the innermost first: each may be as new as the file.
    fn sync_folders(&self, name: &str) -> std::io::Result<()> {
        let above = Path::new(name).ancestors().skip(1);
        above
            .map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
            .try_for_each(|folder| self.sync(folder))
    }

    /// A rename lasts through a power cut only once its folder is on the disk.
    fn sync(&self, folder: &Path) -> std::io::Result<()> {
        if cfg!(unix) { self.dir.open(folder)?.sync_all() } else { Ok(()) }
    }

    fn open_lock(&self) -> Result<File, StoreError> {
        let mut options = OpenOptions::new();
        self.dir.open_with(LOCK, options.write(true).create(true)).map_err(io(LOCK, "opened"))
    }

    /// Held alone until dropped; the system lets go of it if the process dies.
    fn lock(&self) -> Result<Held, StoreError> {
        let file = self.open_lock()?.into_std();
        locked(file.try_lock()).map(|()| Held(file))
    }

    /// Held together with others who keep objects, and not while someone appends.
    fn lock_shared(&self) -> Result<Held, StoreError> {
        let file = self.open_lock()?.into_std();
        locked(file.try_lock_shared()).map(|()| Held(file))
    }

    /// Keeps an object while the lock is held.
    fn put_locked(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        let name = object_name(&digest);
        if self.get(&digest)?.is_some() {
            // Its writer may have died before it was sure to last.
            self.sync_folders(&name).map_err(io(OBJECTS, "synced"))?;
            return Ok(digest);
        }
        if let Some(folder) = Path::new(&name).parent() {
            self.dir.create_dir_all(folder).map_err(io(OBJECTS, "written"))?;
        }
        self.write_whole(&name, bytes)?;
        Ok(digest)
    }

    fn names(&self, folder: &str) -> Result<Vec<(String, bool)>, StoreError> {
        let mut names = Vec::new();
        let entries = match self.dir.read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
            entries => entries.map_err(io(folder, "read"))?,
        };
        for entry in entries {
            let entry = entry.map_err(io(folder, "read"))?;
            let is_folder = entry.file_type().map_err(io(folder, "read"))?.is_dir();
            names.push((entry.file_name().to_string_lossy().into_owned(), is_folder));
        }
        names.sort();
        Ok(names)
    }
}

/// The lock, let go of by saying so and not by closing the file: a process that another thread is just starting has a
/// copy of the open file for a moment, and would hold the lock that much longer.
struct Held(std::fs::File);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.unlock(); // the system lets go of it in any case once the file is closed everywhere
    }
}

fn locked(locked: Result<(), std::fs::TryLockError>) -> Result<(), StoreError> {
    locked.map_err(|error| match error {
        std::fs::TryLockError::WouldBlock => StoreError::Locked,
        std::fs::TryLockError::Error(error) => io(LOCK, "locked")(error),
    })
}

fn object_name(digest: &Digest) -> String {
    let name = digest.to_string();
    format!("{OBJECTS}/{}/{name}", name.get(..2).unwrap_or_default())
}

impl Store for DirectoryStore {
    fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        match self.read(&object_name(digest))? {
            Some(bytes) if Digest::of(&bytes) == *digest => Ok(Some(bytes)),
            Some(_) => Err(StoreError::Damaged(*digest)),
            None => Ok(None),
        }
    }

    fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let _lock = self.lock_shared()?;
        self.put_locked(bytes)
    }

    fn head(&self) -> Result<Option<Digest>, StoreError> {
        let Some(bytes) = self.read(HEAD)? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix('\n'));
        let digest = text.and_then(|text| text.parse().ok());
        digest
            .map(Some)
            .ok_or(StoreError::File { file: HEAD, problem: "it is not one digest and a line feed" })
    }

    fn append(&self, expected: Option<Digest>, entry: &[u8]) -> Result<Digest, StoreError> {
        let _lock = self.lock()?;
        if self.head()? != expected {
            return Err(StoreError::Moved);
        }
        self.remove_unfinished()?;
        let digest = self.put_locked(entry)?;
        self.write_whole(HEAD, format!("{digest}\n").as_bytes())?;
        Ok(digest)
    }

    fn inventory(&self) -> Result<Inventory, StoreError> {
        let mut inventory = Inventory::default();
        for (name, is_folder) in self.names(".")? {
            let own = if is_folder {
                [OBJECTS, ASIDE].contains(&&*name)
            } else {
                [FORMAT, HEAD, LOCK].contains(&&*name)
            };
            if !own {
                inventory.unknown.push(name);
            }
        }
        for (name, _) in self.names(ASIDE)? {
            inventory.unfinished.push(format!("{ASIDE}/{name}"));
        }
        for (folder, is_folder) in self.names(OBJECTS)? {
            if !is_folder {
                inventory.unknown.push(format!("{OBJECTS}/{folder}"));
                continue;
            }
            for (name, _) in self.names(&format!("{OBJECTS}/{folder}"))? {
                match name.parse::<Digest>() {
                    Ok(digest) if name.starts_with(&folder) && folder.len() == 2 => {
                        inventory.objects.push(digest)
                    }
                    _ => inventory.unknown.push(format!("{OBJECTS}/{folder}/{name}")),
                }
            }
        }
        inventory.objects.sort();
        Ok(inventory)
    }
}
