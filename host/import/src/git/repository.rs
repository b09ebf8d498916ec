//! A repository's folder: its references and objects, and nothing else. No configuration is read, so nothing that a
//! repository says of programs, filters or other places is ever obeyed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix_hash::{Kind, ObjectId, Prefix};
use gix_object::{Find, FindHeader};
use gix_odb::HandleArc;
use gix_pack::cache::lru::MemoryCappedHashmap;

use crate::limits::{Bound, LimitExceeded, Quota};

use super::boundary::{Boundary, Outside};
use super::error::GitError;
use super::text::readable;

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
    pub(super) quota: Quota,
    boundary: Boundary,
    git_dir: PathBuf,
    common_dir: PathBuf,
}

/// All objects of a repository, for any number of threads.
pub(super) struct ObjectStore {
    store: Arc<gix_odb::Store>,
    quota: Quota,
}

impl Repository {
    /// Opens the repository that `path` is or lies in.
    pub(super) fn open(path: &Path, outside: Outside, quota: &Quota) -> Result<Repository, GitError> {
        let none = || GitError::NoRepository(path.display().to_string());
        let (found, _) = gix_discover::upwards(path).map_err(|_| none())?;
        let (git_dir, work_tree) = found.into_repository_and_work_tree_directories();
        let boundary = Boundary::new(work_tree.as_deref().unwrap_or(&git_dir), outside)?;
        boundary.check("`.git`", &git_dir)?;
        for (what, name) in [("commondir", "commondir"), ("references", "HEAD")] {
            boundary.check_file(what, &git_dir.join(name))?;
        }
        let common = gix_discover::path::from_plain_file(&git_dir.join("commondir"));
        let common_dir = match common {
            None => git_dir.clone(),
            Some(Ok(common)) => git_dir.join(common),
            Some(Err(error)) => return Err(GitError::unreadable("commondir", &error)),
        };
        boundary.check("commondir", &common_dir)?;
        for name in ["packed-refs", "shallow"] {
            boundary.check_file(name, &common_dir.join(name))?;
        }
        check_objects(&boundary, &common_dir.join("objects"))?;
        let references =
            gix_ref::file::Store::for_linked_worktree(git_dir.clone(), common_dir.clone(), Kind::Sha1);
        let options = gix_odb::store::init::Options {
            alloc_limit_bytes: Some(quota.length(Bound::Document)),
            ..Default::default()
        };
        let objects = gix_odb::at_opts(common_dir.join("objects"), Kind::Sha1, None, options)
            .and_then(gix_odb::Handle::into_arc)
            .map_err(|error| GitError::unreadable("objects", &error))?;
        let objects = ObjectStore { store: objects.store(), quota: quota.clone() };
        let shallow = shallow(&common_dir.join("shallow"))?;
        let quota = quota.clone();
        Ok(Repository { references, objects, shallow, quota, boundary, git_dir, common_dir })
    }

    /// The commit that a revision names: a branch, a tag, `HEAD`, or the beginning of a commit's id.
    pub(super) fn commit(&self, revision: &str) -> Result<ObjectId, GitError> {
        let no = |problem: &str| GitError::Revision {
            revision: readable(revision.as_bytes(), 80),
            problem: problem.to_owned(),
        };
        let named = match self.named(revision) {
            Ok(named) => named,
            Err(NotNamed::Problem(problem)) => return Err(no(&problem)),
            Err(NotNamed::Refused(error)) => return Err(error),
        };
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
    fn named(&self, revision: &str) -> Result<Option<ObjectId>, NotNamed> {
        let Ok(name) = <&gix_ref::PartialNameRef>::try_from(revision) else { return Ok(None) };
        let folders = [self.git_dir.as_path(), self.common_dir.as_path()];
        self.boundary.check_reference(folders, revision)?;
        let mut found = match self.references.try_find(name) {
            Ok(Some(reference)) => reference,
            Ok(None) => return Ok(None),
            Err(error) => return Err(format!("cannot be read: {error}").into()),
        };
        for _ in 0..MAX_STEPS {
            let name = match &found.target {
                gix_ref::Target::Object(id) => return Ok(Some(*id)),
                gix_ref::Target::Symbolic(name) => name.clone(),
            };
            let shown = readable(name.as_bstr(), 80);
            self.boundary.check_reference(folders, &String::from_utf8_lossy(name.as_bstr()))?;
            found = match self.references.try_find(name.as_ref().as_partial_name()) {
                Ok(Some(reference)) => reference,
                Ok(None) if shown.ends_with("/.invalid") => {
                    return Err("is kept in a reftable, a format that is not read yet; a clone made with \
                                `--ref-format=files` can be read"
                        .to_owned()
                        .into());
                }
                Ok(None) => {
                    return Err(format!("points to `{shown}`, which has no commit yet").into());
                }
                Err(error) => return Err(format!("cannot be read: {error}").into()),
            };
        }
        Err("points from reference to reference without end".to_owned().into())
    }

    fn by_prefix(&self, revision: &str) -> Result<ObjectId, &'static str> {
        const UNKNOWN: &str = "names no branch, tag or commit here; give one of those, or a commit's id";
        if revision.len() == LEN_OF_SHA256 {
            return Err("is an id of SHA-256; only repositories of SHA-1 are read yet");
        }
        let prefix = Prefix::from_hex(revision).map_err(|_| UNKNOWN)?;
        match self.objects.store.to_handle_arc().lookup_prefix(prefix, None) {
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
        let handle = self.store.to_cache_arc().with_pack_cache(cache);
        Objects { handle, buffer: Vec::new(), quota: self.quota.clone() }
    }
}

/// Reads objects, one at a time.
pub(super) struct Objects {
    handle: HandleArc,
    buffer: Vec<u8>,
    quota: Quota,
}

impl Objects {
    /// An object's kind and bytes; none if it is not there.
    pub(super) fn read(&mut self, id: ObjectId) -> Result<Option<(gix_object::Kind, &[u8])>, GitError> {
        match self.handle.try_find(&id, &mut self.buffer) {
            Ok(Some(data)) => Ok(Some((data.kind, data.data))),
            Ok(None) => Ok(None),
            Err(error) => match exceeded(&self.handle, &self.quota, id) {
                Some(exceeded) => Err(GitError::ObjectLimit { id: id.to_string(), exceeded }),
                None => Err(GitError::Object { id: id.to_string(), problem: error.to_string() }),
            },
        }
    }

    /// How long an object is, without unpacking it; none if it is not there or that cannot be told.
    pub(super) fn length(&self, id: ObjectId) -> Option<u64> {
        length(&self.handle, id)
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

fn length(handle: &HandleArc, id: ObjectId) -> Option<u64> {
    handle.try_header(&id).ok().flatten().map(|header| header.size)
}

/// The bound, if an object is longer than that.
fn exceeded(handle: &HandleArc, quota: &Quota, id: ObjectId) -> Option<LimitExceeded> {
    let length = usize::try_from(length(handle, id)?).unwrap_or(usize::MAX);
    quota.check(Bound::Document, length).err()
}

/// Why a name is no reference.
enum NotNamed {
    Problem(String),
    Refused(GitError),
}

impl From<String> for NotNamed {
    fn from(problem: String) -> NotNamed {
        NotNamed::Problem(problem)
    }
}

impl From<GitError> for NotNamed {
    fn from(error: GitError) -> NotNamed {
        NotNamed::Refused(error)
    }
}

/// Checks where the objects are, with those of the repositories that `info/alternates` names.
fn check_objects(boundary: &Boundary, objects: &Path) -> Result<(), GitError> {
    boundary.check("objects", objects)?;
    boundary.check_links("objects", objects)?;
    boundary.check_file("objects/info/alternates", &objects.join("info/alternates"))?;
    let here = std::env::current_dir().map_err(|error| GitError::unreadable("folder", &error))?;
    let resolved = gix_odb::alternate::resolve(objects.to_owned(), &here);
    let alternates = resolved.map_err(|error| GitError::Unreadable {
        what: "objects/info/alternates",
        problem: error.to_string(),
    })?;
    alternates.iter().try_for_each(|alternate| {
        boundary.check("objects/info/alternates", alternate)?;
        boundary.check_links("objects/info/alternates", alternate)
    })
}

/// The commits at which a shallow clone ends, an id a line.
fn shallow(path: &Path) -> Result<BTreeSet<ObjectId>, GitError> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(GitError::unreadable("shallow", &error)),
    };
    let mut ids = BTreeSet::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|error| GitError::unreadable("shallow", &error))?;
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
