//! A store in a folder.
//!
//! Objects are written under another name, synced, then renamed, and the head is replaced the same way after everything
//! that it leads to: a crash at any moment leaves the old state or the new one. What is left over is in `unfinished/`
//! and is removed by the next append: everyone who writes holds the lock, so under the lock it belongs to nobody.

use std::fmt;
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::{File, OpenOptions};

use super::files::{Files, Kind, irregular, make_lasting_folder};
use super::pending::Pending;
use super::{Inventory, Store, StoreError, io};
use crate::canonical::Digest;
use crate::text::escape;

const FORMAT: &str = "format";
const FORMAT_TEXT: &[u8] = b"apportion ledger 1\n";
const HEAD: &str = "head";
const LOCK: &str = "lock";
const OBJECTS: &str = "objects";
const ASIDE: &str = "unfinished";
const PENDING: &str = "unfinished/pending";
/// More bytes than any of the store's own files has.
const MAX_OWN_FILE: u64 = 4096;
/// An object of more bytes is hashed before it is read into memory, so that a file that is not the ledger's takes none.
const HASHED_FIRST: u64 = 16 << 20;

/// A store in a folder.
pub struct DirectoryStore {
    files: Files,
}

impl fmt::Debug for DirectoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirectoryStore")
    }
}

impl DirectoryStore {
    /// Makes an empty store in a folder that is empty or not there yet.
    pub fn create(path: &Path) -> Result<DirectoryStore, StoreError> {
        make_lasting_folder(path).map_err(io("folder", "made"))?;
        let store = DirectoryStore { files: Files::open(path).map_err(io("folder", "opened"))? };
        // What a crash in the middle of this function can leave is taken over; anything else is somebody's.
        let own = [ASIDE, OBJECTS, LOCK];
        for (name, _) in store.files.names(".")? {
            if name == FORMAT {
                return Err(StoreError::Exists(path.display().to_string()));
            }
            if !own.contains(&&*name) {
                return Err(StoreError::NotEmpty(path.display().to_string()));
            }
        }
        for folder in [ASIDE, OBJECTS] {
            store.files.make_folder(folder)?;
        }
        let lock = store.lock_shared()?;
        store.write_whole(FORMAT, FORMAT_TEXT)?;
        drop(lock);
        Ok(store)
    }

    /// Opens a store that is there.
    pub fn open(path: &Path) -> Result<DirectoryStore, StoreError> {
        let no_ledger = || StoreError::NoLedger(path.display().to_string());
        let files = match Files::open(path) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(no_ledger()),
            Err(error) => return Err(io("folder", "opened")(error)),
        };
        match files.read_small(FORMAT, MAX_OWN_FILE)? {
            None => Err(no_ledger()),
            Some(text) if text == FORMAT_TEXT => Ok(DirectoryStore { files }),
            Some(_) => {
                Err(StoreError::File { file: FORMAT, problem: "it does not say `apportion ledger 1`" })
            }
        }
    }

    /// Writes a file aside, syncs it, and renames it to its name: whole or not at all. The lock is held.
    fn write_whole(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        // Whoever copied the ledger may have left the empty folder behind.
        self.files.make_folder(ASIDE)?;
        let (aside, mut file) = self.open_aside().map_err(io(ASIDE, "written"))?;
        let written = (|| {
            file.write_all(bytes)?;
            file.sync_all()?;
            drop(file);
            self.files.dir.rename(&aside, &self.files.dir, name)?;
            self.files.sync_folders(name)
        })();
        if written.is_err() {
            let _ = self.files.dir.remove_file(&aside); // the first error is the one to report
        }
        written.map_err(io(name, "written"))
    }

    /// A new file of this writer alone: another machine or container may have the same process number.
    fn open_aside(&self) -> std::io::Result<(String, File)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let aside = format!("{ASIDE}/{}-{number}", std::process::id());
            match self.files.dir.open_with(&aside, OpenOptions::new().write(true).create_new(true)) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                opened => return opened.map(|file| (aside, file)),
            }
        }
    }

    /// Removes what interrupted writers left. The lock is held alone, so no other writer is at work.
    fn remove_unfinished(&self) -> Result<(), StoreError> {
        self.end_pending()?;
        for (name, kind) in self.files.names(ASIDE)? {
            let own = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            if own && kind == Kind::File {
                let _ = self.files.dir.remove_file(format!("{ASIDE}/{name}")); // it is in nobody's way
            }
        }
        Ok(())
    }

    /// Removes what an append has added to the chain whose entry did not become the newest. The lock is held alone.
    fn end_pending(&self) -> Result<(), StoreError> {
        let Some(text) = self.files.read_small(PENDING, MAX_OWN_FILE)? else { return Ok(()) };
        let pending = Pending::from_text(&text)
            .ok_or(StoreError::File { file: PENDING, problem: "this program did not write it" })?;
        if self.head()? == pending.follows {
            for digest in &pending.adds {
                let name = object_name(digest);
                match self.files.dir.remove_file(&name) {
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    // The list of what to remove must not be gone before what it lists.
                    removed => {
                        removed.and_then(|()| self.files.sync_folders(&name)).map_err(io(name, "removed"))?
                    }
                }
            }
        }
        self.files.dir.remove_file(PENDING).map_err(io(PENDING, "removed"))
    }

    /// Held alone until dropped; the system releases it if the process dies.
    fn lock(&self) -> Result<Held, StoreError> {
        let file = self.files.open_or_make(LOCK)?.into_std();
        locked(file.try_lock()).map(|()| Held(file))
    }

    /// Held together with others who keep objects, and not while someone appends.
    fn lock_shared(&self) -> Result<Held, StoreError> {
        let file = self.files.open_or_make(LOCK)?.into_std();
        locked(file.try_lock_shared()).map(|()| Held(file))
    }

    /// Keeps an object while the lock is held.
    fn put_locked(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        let name = object_name(&digest);
        if self.get(&digest)?.is_some() {
            // Its writer may have died before it was sure to last.
            self.files.sync_folders(&name).map_err(io(OBJECTS, "synced"))?;
            return Ok(digest);
        }
        self.files.make_folder(OBJECTS)?;
        if let Some((folder, _)) = name.rsplit_once('/') {
            self.files.make_folder(folder)?;
        }
        self.write_whole(&name, bytes)?;
        Ok(digest)
    }

    /// Writes down what the append adds, adds it and makes the entry the newest. The lock is held alone.
    fn append_locked(
        &self,
        follows: Option<Digest>,
        attached: &[&[u8]],
        entry: &[u8],
    ) -> Result<Digest, StoreError> {
        let mut adds = Vec::new();
        for bytes in attached.iter().chain([&entry]) {
            let digest = Digest::of(bytes);
            if self.files.kind(&object_name(&digest))?.is_none() {
                adds.push(digest);
            }
        }
        self.write_whole(PENDING, Pending { follows, adds }.to_text().as_bytes())?;
        for bytes in attached {
            self.put_locked(bytes)?;
        }
        let digest = self.put_locked(entry)?;
        self.write_whole(HEAD, format!("{digest}\n").as_bytes())?;
        Ok(digest)
    }

    /// The objects below `objects/`, into an inventory.
    fn list_objects(&self, inventory: &mut Inventory) -> Result<(), StoreError> {
        for (folder, kind) in self.files.names(OBJECTS)? {
            let path = format!("{OBJECTS}/{folder}");
            match kind {
                Kind::Folder => {}
                Kind::File => {
                    inventory.unknown.push(escape(&path).to_string());
                    continue;
                }
                other => {
                    inventory.irregular.push(irregular(&path, other));
                    continue;
                }
            }
            for (name, kind) in self.files.names(&path)? {
                let path = format!("{path}/{name}");
                match (kind, name.parse::<Digest>()) {
                    (Kind::File, Ok(digest)) if name.starts_with(&folder) && folder.len() == 2 => {
                        inventory.objects.push(digest);
                    }
                    (Kind::File, _) => inventory.unknown.push(escape(&path).to_string()),
                    (other, _) => inventory.irregular.push(irregular(&path, other)),
                }
            }
        }
        inventory.objects.sort();
        Ok(())
    }
}

/// The lock, released by saying so and not by closing the file: a process that another thread is just starting has a
/// copy of the open file for a moment, and would hold the lock that much longer.
struct Held(std::fs::File);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.unlock(); // the system releases it in any case once the file is closed everywhere
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
    fn read(&self, digest: &Digest, at_most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let name = object_name(digest);
        let Some((mut file, length)) = self.files.open_file(&name)? else { return Ok(None) };
        if length > at_most {
            return Err(StoreError::TooLarge { digest: *digest, length, at_most });
        }
        let mut read = || {
            if length > HASHED_FIRST {
                if Digest::of_reader((&mut file).take(length))? != *digest {
                    return Ok(None);
                }
                file.rewind()?;
            }
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
            // One byte more, so that a file that grew since is not cut off without notice.
            (&mut file).take(length.saturating_add(1)).read_to_end(&mut bytes)?;
            Ok::<_, std::io::Error>(Some(bytes))
        };
        match read().map_err(io(name, "read"))? {
            Some(bytes) if Digest::of(&bytes) == *digest => Ok(Some(bytes)),
            _ => Err(StoreError::Damaged(*digest)),
        }
    }

    fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let _lock = self.lock_shared()?;
        self.put_locked(bytes)
    }

    fn head(&self) -> Result<Option<Digest>, StoreError> {
        let Some(bytes) = self.files.read_small(HEAD, MAX_OWN_FILE)? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix('\n'));
        let digest = text.and_then(|text| text.parse().ok());
        digest
            .map(Some)
            .ok_or(StoreError::File { file: HEAD, problem: "it is not one digest and a line feed" })
    }

    fn append(
        &self,
        expected: Option<Digest>,
        attached: &[&[u8]],
        entry: &[u8],
    ) -> Result<Digest, StoreError> {
        let _lock = self.lock()?;
        if self.head()? != expected {
            return Err(StoreError::Moved);
        }
        self.remove_unfinished()?;
        let appended = self.append_locked(expected, attached, entry);
        // After an error this undoes the append, after success there is nothing to undo. What it cannot do here the next
        // append does.
        let _ = self.end_pending();
        appended
    }

    fn inventory(&self) -> Result<Inventory, StoreError> {
        let mut inventory = Inventory::default();
        for (name, kind) in self.files.names(".")? {
            let belongs = match &*name {
                OBJECTS | ASIDE => kind == Kind::Folder,
                FORMAT | HEAD | LOCK => kind == Kind::File,
                _ if matches!(kind, Kind::Other(_)) => false,
                _ => {
                    inventory.unknown.push(escape(&name).to_string());
                    true
                }
            };
            if !belongs {
                inventory.irregular.push(irregular(&name, kind));
            }
        }
        for (name, kind) in self.files.names(ASIDE)? {
            let path = format!("{ASIDE}/{name}");
            match kind {
                Kind::File => inventory.unfinished.push(escape(&path).to_string()),
                other => inventory.irregular.push(irregular(&path, other)),
            }
        }
        self.list_objects(&mut inventory)?;
        Ok(inventory)
    }
}
