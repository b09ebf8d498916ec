//! A store in a folder.
//!
//! Objects are written under another name, synced, then renamed, and the head is replaced the same way after everything
//! that it leads to: a crash at any moment leaves the old state or the new one. What is left over is in `unfinished/`
//! and is removed by the next commit: every writer holds the lock, so under the lock it belongs to nobody.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::{File, OpenOptions};

use super::backend::{Commit, Committed, ForeignFiles, Object, Part, Store};
use super::error::{StoreError, io};
use super::files::{Files, Kind, irregular, make_lasting_folder};
use super::log::{self, ENTRIES};
use super::pending::Pending;
use crate::canonical::Digest;
use crate::text::escape;

const FORMAT: &str = "format";
const FORMAT_TEXT: &[u8] = b"apportion ledger 1\n";
const HEAD: &str = "head";
const LOCK: &str = "lock";
const OBJECTS: &str = "objects";
const ASIDE: &str = "unfinished";
const PENDING: &str = "unfinished/pending";
/// More bytes than any of the store's own small files has.
const MAX_OWN_FILE: u64 = 4096;
/// The most bytes of `unfinished/pending`: more than 200,000 objects in one commit.
const MAX_PENDING: u64 = 16 << 20;

/// A store in a folder.
///
/// ```
/// use apportion_core::store::{DirectoryStore, Objects};
///
/// let folder = std::env::temp_dir().join(format!("apportion-doc-store-{}", std::process::id()));
/// let digest = Objects::new(DirectoryStore::create(&folder)?).put(b"an object")?;
/// // A file like any other: `b3sum` prints its name.
/// let name = digest.to_string();
/// assert_eq!(std::fs::read(folder.join("objects").join(&name[..2]).join(&name))?, b"an object");
///
/// let opened = Objects::new(DirectoryStore::open(&folder)?);
/// assert_eq!(opened.get(&digest)?.unwrap(), b"an object");
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The folder's files are specified in `host/docs/objects.md`. Only regular files are ever opened: a link, a pipe or a device
/// in their place is an error. Objects, entry and head are written so that a crash at any moment leaves the old state or the
/// new one. While another process writes, a writer gets [`StoreError::Locked`]; readers never wait.
pub struct DirectoryStore {
    files: Files,
    /// Where the cache of entries was read last.
    place: log::Place,
}

impl fmt::Debug for DirectoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirectoryStore")
    }
}

impl DirectoryStore {
    /// Creates an empty store in a folder that is empty or does not exist yet.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`] or [`StoreError::NotEmpty`] if the folder holds a ledger or something else.
    pub fn create(path: &Path) -> Result<DirectoryStore, StoreError> {
        make_lasting_folder(path).map_err(io("folder", "made"))?;
        let store = DirectoryStore::new(Files::open(path).map_err(io("folder", "opened"))?);
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

    fn new(files: Files) -> DirectoryStore {
        DirectoryStore { files, place: log::Place::default() }
    }

    /// Opens a store that exists.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoLedger`] if the folder does not exist or has no file `format`.
    pub fn open(path: &Path) -> Result<DirectoryStore, StoreError> {
        let no_ledger = || StoreError::NoLedger(path.display().to_string());
        let files = match Files::open(path) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(no_ledger()),
            Err(error) => return Err(io("folder", "opened")(error)),
        };
        match files.read_small(FORMAT, MAX_OWN_FILE)? {
            None => Err(no_ledger()),
            Some(text) if text == FORMAT_TEXT => Ok(DirectoryStore::new(files)),
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

    /// Removes what a commit added whose entry did not become the newest. The lock is held alone.
    fn end_pending(&self) -> Result<(), StoreError> {
        let Some(text) = self.files.read_small(PENDING, MAX_PENDING)? else { return Ok(()) };
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
    fn write_locked(&self, object: &Object<'_>) -> Result<(), StoreError> {
        let name = object_name(&object.digest);
        if self.has(object)? {
            // Its writer may have died before it was sure to last.
            return self.files.sync_folders(&name).map_err(io(OBJECTS, "synced"));
        }
        self.files.make_folder(OBJECTS)?;
        if let Some((folder, _)) = name.rsplit_once('/') {
            self.files.make_folder(folder)?;
        }
        self.write_whole(&name, object.bytes)
    }

    /// Whether an object is there; an error if what is there in its place has other bytes.
    fn has(&self, object: &Object<'_>) -> Result<bool, StoreError> {
        let name = object_name(&object.digest);
        let Some((mut file, length)) = self.files.open_file(&name)? else { return Ok(false) };
        let mut same = length == object.bytes.len() as u64;
        let (mut rest, mut buffer) = (object.bytes, vec![0; rest_buffer(object.bytes)]);
        while same && !rest.is_empty() {
            let count = file.read(&mut buffer).map_err(io(&*name, "read"))?;
            let (read, expected) = (buffer.get(..count).unwrap_or_default(), rest.get(..count));
            same = count > 0 && expected == Some(read);
            rest = rest.get(count..).unwrap_or_default();
        }
        if same { Ok(true) } else { Err(StoreError::Damaged(object.digest)) }
    }

    /// Writes down what the commit adds, adds it and makes the entry the newest. The lock is held alone.
    fn commit_locked(&self, commit: &Commit<'_>) -> Result<(), StoreError> {
        let mut adds = BTreeSet::new();
        for object in commit.objects.iter().chain([&commit.entry]) {
            if self.files.kind(&object_name(&object.digest))?.is_none() {
                adds.insert(object.digest);
            }
        }
        let pending = Pending { follows: commit.expected, adds: adds.into_iter().collect() }.to_text();
        if pending.len() as u64 > MAX_PENDING {
            return Err(StoreError::backend("a commit with too many objects"));
        }
        self.write_whole(PENDING, pending.as_bytes())?;
        for object in commit.objects.iter().chain([&commit.entry]) {
            self.write_locked(object)?;
        }
        self.write_whole(HEAD, format!("{}\n", commit.entry.digest).as_bytes())
    }

    /// What is in a folder below `objects/`, sorted: objects have a digest, anything else has none.
    fn names_in(&self, folder: &str) -> Result<Vec<(Option<Digest>, String, Kind)>, StoreError> {
        let names = self.files.names(&format!("{OBJECTS}/{folder}"))?.into_iter();
        let names = names.map(|(name, kind)| {
            let belongs = kind == Kind::File && folder.len() == 2 && name.starts_with(folder);
            let digest = if belongs { name.parse().ok() } else { None };
            (digest, name, kind)
        });
        Ok(names.collect())
    }

    /// What is below `objects/` and is not an object.
    fn foreign_objects(&self, foreign: &mut ForeignFiles) -> Result<(), StoreError> {
        let mut report = |path: &str, kind| match kind {
            Kind::File => foreign.unknown.push(escape(path).to_string()),
            other => foreign.irregular.push(irregular(path, other)),
        };
        for (folder, kind) in self.files.names(OBJECTS)? {
            if kind != Kind::Folder {
                report(&format!("{OBJECTS}/{folder}"), kind);
                continue;
            }
            for (digest, name, kind) in self.names_in(&folder)? {
                if digest.is_none() {
                    report(&format!("{OBJECTS}/{folder}/{name}"), kind);
                }
            }
        }
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

/// How much of an object is compared at once.
fn rest_buffer(bytes: &[u8]) -> usize {
    bytes.len().clamp(1, 1 << 16)
}

impl Store for DirectoryStore {
    fn read(&self, digest: &Digest, offset: u64, at_most: usize) -> Result<Option<Part>, StoreError> {
        let name = object_name(digest);
        let Some((mut file, length)) = self.files.open_file(&name)? else { return Ok(None) };
        let size = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX).min(at_most);
        let read = || {
            let mut bytes = Vec::new();
            if size > 0 {
                bytes.try_reserve_exact(size)?;
                file.seek(SeekFrom::Start(offset))?;
                file.take(size as u64).read_to_end(&mut bytes)?;
            }
            Ok::<_, std::io::Error>(bytes)
        };
        let bytes = read().map_err(io(name, "read"))?;
        Ok(Some(Part { bytes, length }))
    }

    fn write(&self, object: Object<'_>) -> Result<(), StoreError> {
        let lock = self.lock_shared()?;
        // What an interrupted commit left is about to be removed, and must not be taken for this object.
        if self.files.kind(PENDING)?.is_none() {
            return self.write_locked(&object);
        }
        drop(lock);
        let _lock = self.lock()?;
        self.remove_unfinished()?;
        self.write_locked(&object)
    }

    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        let after_name = after.map(Digest::to_string).unwrap_or_default();
        let first = after_name.get(..2).unwrap_or_default();
        let mut page = Vec::new();
        for (folder, kind) in self.files.names(OBJECTS)? {
            if kind != Kind::Folder || folder.as_str() < first {
                continue;
            }
            let digests = self.names_in(&folder)?.into_iter().filter_map(|(digest, ..)| digest);
            page.extend(digests.filter(|digest| after < Some(digest)));
            if page.len() >= limit {
                break;
            }
        }
        page.truncate(limit);
        Ok(page)
    }

    fn head(&self) -> Result<Option<Digest>, StoreError> {
        let Some(bytes) = self.files.read_small(HEAD, MAX_OWN_FILE)? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix('\n'));
        let digest = text.and_then(|text| text.parse().ok());
        digest
            .map(Some)
            .ok_or(StoreError::File { file: HEAD, problem: "it is not one digest and a line feed" })
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
        let _lock = self.lock()?;
        let head = self.head()?;
        if head != commit.expected {
            return Ok(Committed::Moved { head });
        }
        self.remove_unfinished()?;
        let committed = self.commit_locked(commit);
        // After an error this undoes the commit, after success there is nothing to undo. What it cannot do here the next
        // commit does.
        let _ = self.end_pending();
        committed?;
        // Only a cache, and the entry is the newest by now.
        let _ = log::append(&self.files, commit.entry.bytes, commit.expected.is_none());
        Ok(Committed::Done)
    }

    fn entries(&self, skip: usize, limit: usize) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        log::read(&self.files, &self.place, skip, limit).map(Some)
    }

    fn rewrite_entries(&self, head: &Digest, entries: &[Vec<u8>]) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        if self.head()? != Some(*head) {
            return Ok(());
        }
        if let Some(kind) = self.files.kind(ENTRIES)?.filter(|kind| *kind != Kind::File) {
            return Err(StoreError::Irregular(irregular(ENTRIES, kind)));
        }
        self.write_whole(ENTRIES, &log::to_bytes(entries))
    }

    fn foreign_files(&self) -> Result<ForeignFiles, StoreError> {
        let mut foreign = ForeignFiles::default();
        for (name, kind) in self.files.names(".")? {
            let belongs = match &*name {
                OBJECTS | ASIDE => kind == Kind::Folder,
                FORMAT | HEAD | LOCK | ENTRIES => kind == Kind::File,
                _ if matches!(kind, Kind::Other(_)) => false,
                _ => {
                    foreign.unknown.push(escape(&name).to_string());
                    true
                }
            };
            if !belongs {
                foreign.irregular.push(irregular(&name, kind));
            }
        }
        for (name, kind) in self.files.names(ASIDE)? {
            let path = format!("{ASIDE}/{name}");
            match kind {
                Kind::File => foreign.unfinished.push(escape(&path).to_string()),
                other => foreign.irregular.push(irregular(&path, other)),
            }
        }
        self.foreign_objects(&mut foreign)?;
        Ok(foreign)
    }
}
