//! Git repositories made object by object, so that they can hold what git itself would not write.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gix_hash::{Kind, ObjectId};
use gix_object::{Kind as ObjectKind, Write};

/// Where git itself is the judge: runs it in a folder, by no configuration but the folder's. None where there is no git.
pub fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" })
        .env_remove("GIT_DIR")
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let text = match String::from_utf8(output.stdout) {
        Ok(text) => text,
        // What git passes on as it is, the import takes for Latin-1.
        Err(error) => error.into_bytes().iter().map(|byte| char::from(*byte)).collect(),
    };
    Some(text)
}

/// A commit to write.
pub struct Commit<'a> {
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents.
    pub parents: &'a [ObjectId],
    /// `Name <address> seconds zone`.
    pub author: &'a str,
    /// The same; the author's if empty.
    pub committer: &'a str,
    /// Further lines of the header, each with its end.
    pub header: &'a str,
    /// The message.
    pub message: &'a str,
}

/// A repository that is being made.
pub struct Repository {
    folder: PathBuf,
    objects: gix_odb::loose::Store,
}

#[allow(clippy::expect_used, reason = "what cannot be written ends the test")]
impl Repository {
    /// An empty one, with its `.git` in the folder.
    ///
    /// # Panics
    ///
    /// Where the folder cannot be written, as all of these functions.
    pub fn new(folder: &Path) -> Repository {
        for part in ["objects", "refs/heads", "refs/tags"] {
            fs::create_dir_all(folder.join(".git").join(part)).expect("a folder for the repository");
        }
        fs::write(folder.join(".git/HEAD"), "ref: refs/heads/main\n").expect("a file in the repository");
        let objects = gix_odb::loose::Store::at(folder.join(".git/objects"), Kind::Sha1);
        Repository { folder: folder.to_owned(), objects }
    }

    /// The folder that holds `.git`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Any object of any bytes.
    pub fn object(&self, kind: ObjectKind, bytes: &[u8]) -> ObjectId {
        self.objects.write_buf(kind, bytes).expect("an object in the repository")
    }

    /// A tree of these entries as they are: mode, name, id.
    pub fn tree(&self, entries: &[(&str, &[u8], ObjectId)]) -> ObjectId {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(id.as_bytes());
        }
        self.object(ObjectKind::Tree, &bytes)
    }

    /// A tree with everything below it, of paths and what their files hold.
    pub fn files(&self, files: &[(&str, &str)]) -> ObjectId {
        let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        // In git's order a folder stands as if its name ended with a slash.
        let mut entries: BTreeMap<String, (&str, &str, ObjectId)> = BTreeMap::new();
        for (path, text) in files {
            match path.split_once('/') {
                Some((folder, rest)) => folders.entry(folder).or_default().push((rest, text)),
                None => {
                    let id = self.object(ObjectKind::Blob, text.as_bytes());
                    entries.insert((*path).to_owned(), ("100644", path, id));
                }
            }
        }
        for (folder, files) in &folders {
            entries.insert(format!("{folder}/"), ("40000", folder, self.files(files)));
        }
        let entries: Vec<_> =
            entries.into_values().map(|(mode, name, id)| (mode, name.as_bytes(), id)).collect();
        self.tree(&entries)
    }

    /// A commit.
    pub fn commit(&self, commit: &Commit<'_>) -> ObjectId {
        let mut text = format!("tree {}\n", commit.tree);
        for parent in commit.parents {
            text.push_str(&format!("parent {parent}\n"));
        }
        let committer = if commit.committer.is_empty() { commit.author } else { commit.committer };
        text.push_str(&format!("author {}\ncommitter {committer}\n", commit.author));
        text.push_str(&format!("{}\n{}", commit.header, commit.message));
        self.object(ObjectKind::Commit, text.as_bytes())
    }

    /// Sets a branch.
    pub fn branch(&self, name: &str, id: ObjectId) {
        self.file(&format!("refs/heads/{name}"), &format!("{id}\n"));
    }

    /// Writes a file below `.git`.
    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.join(".git").join(name), text).expect("a file in the repository");
    }

    /// Takes an object away, as if it had never been fetched.
    pub fn remove(&self, id: ObjectId) {
        fs::remove_file(self.path_of(id)).expect("the object's file");
    }

    /// The file of an object.
    pub fn path_of(&self, id: ObjectId) -> PathBuf {
        let id = id.to_string();
        let (folder, name) = id.split_at(2);
        self.folder.join(".git/objects").join(folder).join(name)
    }
}
