//! Which files each commit changed: its tree beside its first parent's, both read only where they differ.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use gix_hash::ObjectId;
use gix_object::tree::EntryRef;
use gix_object::{Kind, TreeRefIter};
use rayon::prelude::*;

use crate::limits::{Bound, Quota};

use super::error::GitError;
use super::history::{Entry, History};
use super::lines::{self, Lines};
use super::options::Detail;
use super::progress::{Progress, Stage};
use super::repository::{Objects, Repository};

/// The most entries of trees that are looked at for one commit; far more than any real one changes.
const MAX_ENTRIES: usize = 2_000_000;
/// The most bytes of paths that are held for one commit.
const MAX_PATHS: usize = 64 << 20;
/// The longest path that is followed, in bytes: as long as systems allow.
const MAX_PATH: usize = 4_096;
/// How many commits a thread takes at once: neighbours share most trees.
const CHUNK: usize = 64;
/// How many commits' changes are held before they are handed on.
const BATCH: usize = 4_096;

/// A path and how many lines were added and removed there.
pub(super) struct Change {
    pub(super) path: Vec<u8>,
    pub(super) lines: Lines,
}

/// What is known of a commit's changes.
pub(super) enum Changes {
    Known(Vec<Change>),
    /// Objects are missing: a shallow or partial clone.
    Missing,
    /// More than is followed.
    TooMany,
}

/// Hands the changes of the commits at `positions` to `take`, in that order; of merges and, without detail, of all
/// commits nothing.
pub(super) fn each(
    repository: &Repository,
    history: &History,
    positions: &[usize],
    detail: Detail,
    progress: &mut dyn FnMut(Progress),
    take: &mut dyn FnMut(usize, Changes),
) -> Result<(), GitError> {
    let Repository { objects, shallow, quota, .. } = repository;
    let by_id = history.positions();
    for (number, batch) in positions.chunks(BATCH).enumerate() {
        progress(Progress { stage: Stage::Changes, done: number * BATCH, total: Some(positions.len()) });
        let read = batch.par_chunks(CHUNK).map_init(
            || objects.reader(),
            |objects, chunk| {
                let of =
                    |position: &usize| changes(quota, shallow, history, &by_id, *position, detail, objects);
                chunk.iter().map(of).collect::<Result<Vec<_>, GitError>>()
            },
        );
        let read: Vec<Vec<Changes>> = read.collect::<Result<_, GitError>>()?;
        for (position, changes) in batch.iter().zip(read.into_iter().flatten()) {
            take(*position, changes);
        }
    }
    Ok(())
}

fn changes(
    quota: &Quota,
    shallow: &BTreeSet<ObjectId>,
    history: &History,
    by_id: &BTreeMap<ObjectId, usize>,
    position: usize,
    detail: Detail,
    objects: &mut Objects,
) -> Result<Changes, GitError> {
    let Some(entry) = history.entries.get(position) else { return Ok(Changes::Missing) };
    // What a merge brings was counted with the commits that it brings.
    if entry.is_merge() || detail == Detail::Commits {
        return Ok(Changes::Known(Vec::new()));
    }
    let parent = entry.parents.first();
    if parent.is_some() && shallow.contains(&entry.id) {
        return Ok(Changes::Missing);
    }
    let parent: Option<&Entry> =
        parent.and_then(|id| by_id.get(id)).and_then(|position| history.entries.get(*position));
    let mut comparison = Comparison { objects, changes: Vec::new(), looked_at: 0, path_bytes: 0, detail };
    match comparison.trees(parent.map(|parent| parent.tree), entry.tree) {
        Ok(()) => {
            // The sum is the same in whatever order threads come here.
            let bytes = comparison.changes.iter().map(|change| change.path.len()).sum();
            let taken = quota.take(Bound::Rows, comparison.changes.len());
            taken.and_then(|()| quota.take(Bound::Unpacked, bytes)).map_err(GitError::Limit)?;
            Ok(Changes::Known(comparison.changes))
        }
        Err(Stop::Missing) => Ok(Changes::Missing),
        Err(Stop::TooMany) => Ok(Changes::TooMany),
        Err(Stop::Error(error)) => Err(error),
    }
}

enum Stop {
    Missing,
    TooMany,
    Error(GitError),
}

impl From<GitError> for Stop {
    fn from(error: GitError) -> Stop {
        Stop::Error(error)
    }
}

struct Comparison<'a> {
    objects: &'a mut Objects,
    changes: Vec<Change>,
    looked_at: usize,
    path_bytes: usize,
    detail: Detail,
}

/// What stands at a path on either side.
#[derive(Clone, Copy)]
struct Side<'a>(Option<EntryRef<'a>>);

impl<'a> Side<'a> {
    fn tree(self) -> Option<ObjectId> {
        self.0.filter(|entry| entry.mode.is_tree()).map(|entry| entry.oid.to_owned())
    }

    /// Files, symbolic links and submodules.
    fn leaf(self) -> Option<EntryRef<'a>> {
        self.0.filter(|entry| !entry.mode.is_tree())
    }
}

impl Comparison<'_> {
    fn trees(&mut self, old: Option<ObjectId>, new: ObjectId) -> Result<(), Stop> {
        let mut waiting = vec![(Vec::new(), old, Some(new))];
        while let Some((path, old, new)) = waiting.pop() {
            if old == new {
                continue;
            }
            let (old, new) = (self.read(old)?, self.read(new)?);
            let mut entries = [&old, &new].map(|bytes| TreeRefIter::from_bytes(bytes, gix_hash::Kind::Sha1));
            let [old, new] = &mut entries;
            let (mut left, mut right) = (next(old)?, next(new)?);
            loop {
                let order = match (&left, &right) {
                    (None, None) => break,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(left), Some(right)) => by_name(left, right),
                };
                let mut sides = [Side(None), Side(None)];
                if order != Ordering::Greater {
                    sides[0] = Side(left);
                    left = next(old)?;
                }
                if order != Ordering::Less {
                    sides[1] = Side(right);
                    right = next(new)?;
                }
                self.looked_at += 1;
                if self.looked_at > MAX_ENTRIES {
                    return Err(Stop::TooMany);
                }
                let [before, after] = sides;
                let same =
                    matches!((before.0, after.0), (Some(a), Some(b)) if a.oid == b.oid && a.mode == b.mode);
                if let (false, Some(named)) = (same, before.0.or(after.0)) {
                    let path = joined(&path, named.filename)?;
                    self.path_bytes += path.len();
                    if self.path_bytes > MAX_PATHS {
                        return Err(Stop::TooMany);
                    }
                    if before.leaf().is_some() || after.leaf().is_some() {
                        let lines = self.lines(before.leaf(), after.leaf())?;
                        self.changes.push(Change { path: path.clone(), lines });
                    }
                    if before.tree().is_some() || after.tree().is_some() {
                        waiting.push((path, before.tree(), after.tree()));
                    }
                }
            }
            self.looked_at += 1;
        }
        Ok(())
    }

    fn read(&mut self, tree: Option<ObjectId>) -> Result<Vec<u8>, Stop> {
        let Some(tree) = tree else { return Ok(Vec::new()) };
        // Every repository knows the empty tree, also where it is not stored.
        if tree == ObjectId::empty_tree(gix_hash::Kind::Sha1) {
            return Ok(Vec::new());
        }
        self.objects.read_as(Kind::Tree, tree)?.ok_or(Stop::Missing)
    }

    fn lines(&mut self, old: Option<EntryRef<'_>>, new: Option<EntryRef<'_>>) -> Result<Lines, Stop> {
        if self.detail != Detail::Lines {
            return Ok(Lines::default());
        }
        let mut content = |entry: Option<EntryRef<'_>>| match entry {
            // A submodule's commit is no content of this repository.
            Some(entry) if !entry.mode.is_commit() => {
                let length = self.objects.length(entry.oid.to_owned());
                if length.is_some_and(|length| length > lines::MAX_COMPARED as u64) {
                    return Ok(None);
                }
                let read = self.objects.read_as(Kind::Blob, entry.oid.to_owned())?;
                read.map(Some).ok_or(Stop::Missing)
            }
            _ => Ok(Some(Vec::new())),
        };
        Ok(match (content(old)?, content(new)?) {
            (Some(old), Some(new)) => lines::between(&old, &new),
            // One that is too large to compare has no lines.
            _ => Lines::default(),
        })
    }
}

fn next<'a>(entries: &mut TreeRefIter<'a>) -> Result<Option<EntryRef<'a>>, Stop> {
    // A tree that is cut off or broken gives no more than what is missing.
    entries.next().transpose().map_err(|_| Stop::Missing)
}

/// The order of entries in a tree: a directory's name as if it ended with a slash.
fn by_name(a: &EntryRef<'_>, b: &EntryRef<'_>) -> Ordering {
    gix_object::tree::name_order(a.filename, a.mode.is_tree(), b.filename, b.mode.is_tree())
}

fn joined(folder: &[u8], name: &[u8]) -> Result<Vec<u8>, Stop> {
    let mut path = Vec::with_capacity(folder.len() + 1 + name.len());
    path.extend_from_slice(folder);
    if !folder.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    if path.len() > MAX_PATH { Err(Stop::TooMany) } else { Ok(path) }
}
