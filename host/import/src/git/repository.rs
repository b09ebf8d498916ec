//! A repository's folder: its references and objects, and nothing else. No configuration is read, so nothing that a
//! repository says of programs, filters or other places is ever obeyed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use gix_hash::{Kind, ObjectId, Prefix};
use gix_object::Find;
use gix_odb::HandleArc;
use gix_pack::cache::lru::MemoryCappedHashmap;

use super::GitError;
use super::text::readable;

/// The largest object that is unpacked: a stranger's repository cannot fill the memory by one small pack.
const MAX_OBJECT: usize = 1 << 30;

/// What each thread keeps of unpacked trees, from which the next ones are made.
const PACK_CACHE: usize = 96 << 20;

/// Digits of an id of the other kind of repositories.
const LEN_OF_SHA256: usize = 64;

/// How far tags and symbolic references lead on at most.
const MAX_STEPS: usize = 16;

pub(super) struct Repository {
    references: gix_ref::file::Store,
    pub(super) objects: ObjectStore,
    /// Commits whose parents are not here, because the clone was made so.
    pub(super) shallow: BTreeSet<ObjectId>,
}

/// All objects of a repository, for any number of threads.
pub(super) struct ObjectStore(Arc<gix_odb::Store>);

impl Repository {
    /// Opens the repository that `path` is or lies in.
    pub(super) fn open(path: &Path) -> Result<Repository, GitError> {
        let none = || GitError::NoRepository(path.display().to_string());
        let (found, _) = gix_discover::upwards(path).map_err(|_| none())?;
        let (git_dir, _) = found.into_repository_and_work_tree_directories();
        let common = gix_discover::path::from_plain_file(&git_dir.join("commondir"));
        let common_dir = match common {
            None => git_dir.clone(),
            Some(Ok(common)) => git_dir.join(common),
            Some(Err(error)) => return Err(unreadable("commondir", &error)),
        };
        let references = gix_ref::file::Store::for_linked_worktree(git_dir, common_dir.clone(), Kind::Sha1);
        let options =
            gix_odb::store::init::Options { alloc_limit_bytes: Some(MAX_OBJECT), ..Default::default() };
        let objects = gix_odb::at_opts(common_dir.join("objects"), Kind::Sha1, None, options)
            .and_then(gix_odb::Handle::into_arc)
            .map_err(|error| unreadable("objects", &error))?;
        let objects = ObjectStore(objects.store());
        let shallow = shallow(&common_dir.join("shallow"))?;
        Ok(Repository { references, objects, shallow })
    }

    /// The commit that a revision names: a branch, a tag, `HEAD`, or the beginning of a commit's id.
    pub(super) fn commit(&self, revision: &str) -> Result<ObjectId, GitError> {
        let no = |problem: &str| GitError::Revision {
            revision: readable(revision.as_bytes(), 80),
            problem: problem.to_owned(),
        };
        let named = self.named(revision).map_err(|problem| no(&problem))?;
        let mut id = match named {
            Some(id) => id,
            None => self.by_prefix(revision).map_err(no)?,
        };
        let mut objects = self.objects.reader();
        for _ in 0..MAX_STEPS {
            match objects.read(id)? {
                None => return Err(GitError::MissingCommit(id.to_string())),
                Some((gix_object::Kind::Commit, _)) => return Ok(id),
                Some((gix_object::Kind::Tag, bytes)) => {
                    id = tagged(bytes).ok_or_else(|| no("is a tag that names nothing"))?;
                }
                Some(_) => return Err(no("is no commit")),
            }
        }
        Err(no("is a tag of a tag of a tag without end"))
    }

    /// What a reference of this name points to.
    fn named(&self, revision: &str) -> Result<Option<ObjectId>, String> {
        let Ok(name) = <&gix_ref::PartialNameRef>::try_from(revision) else { return Ok(None) };
        let mut found = match self.references.try_find(name) {
            Ok(Some(reference)) => reference,
            Ok(None) => return Ok(None),
            Err(error) => return Err(format!("cannot be read: {error}")),
        };
        for _ in 0..MAX_STEPS {
            let name = match &found.target {
                gix_ref::Target::Object(id) => return Ok(Some(*id)),
                gix_ref::Target::Symbolic(name) => name.clone(),
            };
            let shown = readable(name.as_bstr(), 80);
            found = match self.references.try_find(name.as_ref().as_partial_name()) {
                Ok(Some(reference)) => reference,
                Ok(None) if shown.ends_with("/.invalid") => {
                    return Err("is kept in a reftable, a format that is not read yet; a clone made with \
                                `--ref-format=files` can be read"
                        .to_owned());
                }
                Ok(None) => {
                    return Err(format!("points to `{shown}`, which has no commit yet"));
                }
                Err(error) => return Err(format!("cannot be read: {error}")),
            };
        }
        Err("points from reference to reference without end".to_owned())
    }

    fn by_prefix(&self, revision: &str) -> Result<ObjectId, &'static str> {
        const UNKNOWN: &str = "names no branch, tag or commit here; give one of those, or a commit's id";
        if revision.len() == LEN_OF_SHA256 {
            return Err("is an id of SHA-256; only repositories of SHA-1 are read yet");
        }
        let prefix = Prefix::from_hex(revision).map_err(|_| UNKNOWN)?;
        match self.objects.0.to_handle_arc().lookup_prefix(prefix, None) {
            Ok(Some(Ok(id))) => Ok(id),
            Ok(Some(Err(()))) => Err("begins the ids of several objects; give more of it"),
            Ok(None) | Err(_) => Err(UNKNOWN),
        }
    }
}

impl ObjectStore {
    /// A reader of objects for one thread.
    pub(super) fn reader(&self) -> Objects {
        let cache = || -> Box<gix_odb::cache::PackCache> { Box::new(MemoryCappedHashmap::new(PACK_CACHE)) };
        Objects { handle: self.0.to_cache_arc().with_pack_cache(cache), buffer: Vec::new() }
    }
}

/// Reads objects, one at a time.
pub(super) struct Objects {
    handle: HandleArc,
    buffer: Vec<u8>,
}

impl Objects {
    /// An object's kind and bytes; none if it is not there.
    pub(super) fn read(&mut self, id: ObjectId) -> Result<Option<(gix_object::Kind, &[u8])>, GitError> {
        match self.handle.try_find(&id, &mut self.buffer) {
            Ok(Some(data)) => Ok(Some((data.kind, data.data))),
            Ok(None) => Ok(None),
            Err(error) => Err(GitError::Object { id: id.to_string(), problem: error.to_string() }),
        }
    }

    /// A tree's or file's bytes; none if it is not there, or is something else.
    pub(super) fn read_as(
        &mut self,
        kind: gix_object::Kind,
        id: ObjectId,
    ) -> Result<Option<Vec<u8>>, GitError> {
        let read = self.read(id)?;
        Ok(read.filter(|(found, _)| *found == kind).map(|(_, bytes)| bytes.to_vec()))
    }
}

fn unreadable(what: &'static str, error: &std::io::Error) -> GitError {
    GitError::Unreadable { what, problem: error.to_string() }
}

/// The commits at which a shallow clone ends, an id a line.
fn shallow(path: &Path) -> Result<BTreeSet<ObjectId>, GitError> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(unreadable("shallow", &error)),
    };
    let mut ids = BTreeSet::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|error| unreadable("shallow", &error))?;
        let id = ObjectId::from_hex(line.trim().as_bytes()).map_err(|_| GitError::Unreadable {
            what: "shallow",
            problem: "a line of it is no commit's id".to_owned(),
        })?;
        ids.insert(id);
    }
    Ok(ids)
}

fn tagged(tag: &[u8]) -> Option<ObjectId> {
    let line = tag.split(|byte| *byte == b'\n').next()?;
    ObjectId::from_hex(line.strip_prefix(b"object ")?).ok()
}
