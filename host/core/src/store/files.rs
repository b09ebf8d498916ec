//! Files of a folder that somebody else may have filled: only regular files are ever opened.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, FileType, OpenOptions};

use super::{Irregular, StoreError, io};
use crate::text::escape;

/// The folder of a store. Names are relative to it, with `/` between their parts.
pub(super) struct Files {
    pub(super) dir: Dir,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// Anything else, by its name.
    Other(&'static str),
}

impl Kind {
    fn of(file_type: FileType) -> Kind {
        #[cfg(unix)]
        use cap_std::fs::FileTypeExt;
        match file_type {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Folder,
            kind if kind.is_symlink() => Kind::Other("a symbolic link"),
            #[cfg(unix)]
            kind if kind.is_fifo() => Kind::Other("a named pipe"),
            #[cfg(unix)]
            kind if kind.is_socket() => Kind::Other("a socket"),
            #[cfg(unix)]
            kind if kind.is_block_device() || kind.is_char_device() => Kind::Other("a device"),
            _ => Kind::Other("a special file"),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::File => "a file",
            Kind::Folder => "a folder",
            Kind::Other(name) => name,
        }
    }
}

/// `name` is something other than what belongs there.
pub(super) fn irregular(name: &str, kind: Kind) -> Irregular {
    Irregular { name: escape(name).to_string(), kind: kind.name() }
}

impl Files {
    pub(super) fn open(path: &Path) -> std::io::Result<Files> {
        Ok(Files { dir: Dir::open_ambient_dir(path, ambient_authority())? })
    }

    /// What a name stands for, without opening it or following a link; none if there is nothing.
    pub(super) fn kind(&self, name: &str) -> Result<Option<Kind>, StoreError> {
        match self.dir.symlink_metadata(name) {
            Ok(metadata) => Ok(Some(Kind::of(metadata.file_type()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(name, "looked at")(error)),
        }
    }

    /// Opens a regular file for reading and says how long it is; none if it is not there.
    pub(super) fn open_file(&self, name: &str) -> Result<Option<(File, u64)>, StoreError> {
        if !self.has_folders(name)? {
            return Ok(None);
        }
        match self.kind(name)? {
            None => return Ok(None),
            Some(Kind::File) => {}
            Some(kind) => return Err(StoreError::Irregular(irregular(name, kind))),
        }
        let mut options = OpenOptions::new();
        match self.dir.open_with(name, without_waiting(options.read(true))) {
            Ok(file) => opened_file(name, file).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(name, "opened")(error)),
        }
    }

    /// Opens a regular file for writing, which is made if it is not there.
    pub(super) fn open_or_make(&self, name: &str) -> Result<File, StoreError> {
        if let Some(kind) = self.kind(name)?.filter(|kind| *kind != Kind::File) {
            return Err(StoreError::Irregular(irregular(name, kind)));
        }
        let mut options = OpenOptions::new();
        let opened = self.dir.open_with(name, without_waiting(options.write(true).create(true)));
        Ok(opened_file(name, opened.map_err(io(name, "opened"))?)?.0)
    }

    /// A small file's bytes; none if it is not there. A longer one than `at_most` bytes is cut off there.
    pub(super) fn read_small(&self, name: &str, at_most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((file, _)) = self.open_file(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(at_most).read_to_end(&mut bytes).map_err(io(name, "read"))?;
        Ok(Some(bytes))
    }

    /// Makes a folder of the store if it is not there, and refuses anything else in its place.
    pub(super) fn make_folder(&self, name: &str) -> Result<(), StoreError> {
        match self.kind(name)? {
            Some(Kind::Folder) => Ok(()),
            Some(kind) => Err(StoreError::Irregular(irregular(name, kind))),
            None => self.dir.create_dir_all(name).map_err(io(name, "made")),
        }
    }

    /// Whether all folders above a name are there; anything else in the place of one is refused.
    fn has_folders(&self, name: &str) -> Result<bool, StoreError> {
        for (end, _) in name.match_indices('/') {
            let folder = name.get(..end).unwrap_or_default();
            match self.kind(folder)? {
                Some(Kind::Folder) => {}
                Some(kind) => return Err(StoreError::Irregular(irregular(folder, kind))),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// What is in a folder, sorted; nothing if the folder is not there or is something else.
    pub(super) fn names(&self, folder: &str) -> Result<Vec<(String, Kind)>, StoreError> {
        let mut names = Vec::new();
        if folder != "." && self.kind(folder)? != Some(Kind::Folder) {
            return Ok(names);
        }
        for entry in self.dir.read_dir(folder).map_err(io(folder, "read"))? {
            let entry = entry.map_err(io(folder, "read"))?;
            let kind = Kind::of(entry.file_type().map_err(io(folder, "read"))?);
            names.push((entry.file_name().to_string_lossy().into_owned(), kind));
        }
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(names)
    }

    /// Syncs every folder above a file, the innermost first: each may be as new as the file.
    pub(super) fn sync_folders(&self, name: &str) -> std::io::Result<()> {
        let above = Path::new(name).ancestors().skip(1);
        above
            .map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
            .try_for_each(|folder| self.sync(folder))
    }

    /// A rename survives a power cut only once its folder is on the disk.
    fn sync(&self, folder: &Path) -> std::io::Result<()> {
        if cfg!(unix) { self.dir.open(folder)?.sync_all() } else { Ok(()) }
    }
}

/// Opening what became a pipe since it was looked at must not wait for a writer.
fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    let options = {
        use cap_std::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
    };
    options
}

/// What was opened may be another file than the one that was looked at.
fn opened_file(name: &str, file: File) -> Result<(File, u64), StoreError> {
    let metadata = file.metadata().map_err(io(name, "looked at"))?;
    match Kind::of(metadata.file_type()) {
        Kind::File => Ok((file, metadata.len())),
        kind => Err(StoreError::Irregular(irregular(name, kind))),
    }
}

/// Makes a folder that lasts through a power cut: the folders in which it and its parents are new are synced.
pub(super) fn make_lasting_folder(path: &Path) -> std::io::Result<()> {
    let parents = parents_to_sync(path, Path::exists);
    std::fs::create_dir_all(path)?;
    if cfg!(unix) { parents.iter().try_for_each(|parent| sync_ambient(parent)) } else { Ok(()) }
}

/// The parents of a folder up to the first that exists, innermost first: a folder's name is kept in its parent.
fn parents_to_sync(path: &Path, exists: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut parents = Vec::new();
    for parent in path.ancestors().skip(1) {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        parents.push(parent.to_owned());
        if exists(parent) {
            break;
        }
    }
    parents
}

fn sync_ambient(folder: &Path) -> std::io::Result<()> {
    match std::fs::File::open(folder) {
        Ok(folder) => folder.sync_all(),
        // Folders can be made in a folder that cannot be read; then only the system can tell when it is on the disk.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_synced_up_to_the_first_that_existed() {
        let existing = ["/", "/home", ".", "ledgers"].map(Path::new);
        for (path, expected) in [
            ("/home/ledger", &["/home"][..]),
            ("/home/new/er/ledger", &["/home/new/er", "/home/new", "/home"]),
            ("ledger", &["."]),
            ("ledgers/new/ledger", &["ledgers/new", "ledgers"]),
            ("new/ledger", &["new", "."]),
            ("/", &[]),
        ] {
            let parents = parents_to_sync(Path::new(path), |folder| existing.contains(&folder));
            assert_eq!(parents, expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{path}");
        }
    }
}
