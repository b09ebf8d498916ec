//! The folder that a repository may use: what a `.git` file, alternates or links say of other places is followed only
//! where that is allowed.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::GitError;

/// What happens where a repository leads out of its folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outside {
    /// It is refused, so that a stranger's repository reads nothing but itself.
    #[default]
    Refuse,
    /// It is followed: linked worktrees, submodules and clones that share objects need it.
    Follow,
}

/// The largest file that may hold a reference, a path or a list of paths.
const MAX_SMALL_FILE: u64 = 1 << 20;
/// The largest file that may hold a list of references or commits.
const MAX_LIST: u64 = 256 << 20;
/// Where git looks for a short name of a reference, around the name.
const PLACES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

/// A repository's folder, and whether more than that may be read.
pub(super) struct Boundary {
    /// Without links.
    root: PathBuf,
    outside: Outside,
}

impl Boundary {
    pub(super) fn new(root: &Path, outside: Outside) -> Result<Boundary, GitError> {
        let root = fs::canonicalize(root).map_err(|error| GitError::unreadable("folder", &error))?;
        Ok(Boundary { root, outside })
    }

    /// Checks the folder or file at `path`, if there is one; `what` is what led there.
    pub(super) fn check(&self, what: &'static str, path: &Path) -> Result<(), GitError> {
        let leads = |path: &Path| GitError::Outside { what, path: path.display().to_string() };
        match fs::canonicalize(path) {
            Ok(real) if self.outside == Outside::Follow || real.starts_with(&self.root) => Ok(()),
            Ok(real) => Err(leads(&real)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => match fs::symlink_metadata(path) {
                // A link to nothing may lead to something later.
                Ok(_) if self.outside == Outside::Refuse => Err(leads(path)),
                _ => Ok(()),
            },
            Err(error) => Err(GitError::unreadable(what, &error)),
        }
    }

    /// Checks a file of the repository's, if it is there: within the folder, a file, and not too large.
    pub(super) fn check_file(&self, what: &'static str, path: &Path) -> Result<(), GitError> {
        self.check(what, path)?;
        let most = if ["packed-refs", "shallow"].contains(&what) { MAX_LIST } else { MAX_SMALL_FILE };
        let unusable = |problem: String| GitError::Unreadable { what, problem };
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(metadata) if !metadata.is_file() => Err(unusable("it is not a file".to_owned())),
            Ok(metadata) if metadata.len() > most => {
                Err(unusable(format!("it is longer than the {most} bytes that are read")))
            }
            _ => Ok(()),
        }
    }

    /// Checks the links in a folder and in the folders in it.
    pub(super) fn check_links(&self, what: &'static str, folder: &Path) -> Result<(), GitError> {
        if self.outside == Outside::Follow {
            return Ok(());
        }
        let mut waiting = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_symlink() => self.check(what, &entry.path())?,
                    // Objects lie in folders of two digits, packs in one of their own.
                    Ok(kind) if kind.is_dir() && depth == 0 => waiting.push((entry.path(), 1)),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Checks the files in which a reference of this name could be.
    pub(super) fn check_reference(&self, folders: [&Path; 2], name: &str) -> Result<(), GitError> {
        for folder in folders {
            for (before, after) in PLACES {
                self.check_file("references", &folder.join(format!("{before}{name}{after}")))?;
            }
        }
        Ok(())
    }
}
