//! All commits that a revision leads to, decoded as far as the epoch needs them.

use std::collections::{BTreeMap, BTreeSet};

use gix_hash::ObjectId;

use crate::limits::Bound;

use super::commit::{Commit, Signature, person};
use super::error::GitError;
use super::mailmap::Mailmap;
use super::progress::{Progress, Stage};
use super::repository::{Objects, Repository};
use super::text::{decode, readable};
use super::trailers::trailers;

/// The longest name and address that are kept, in bytes.
const MAX_IDENTITY: usize = 200;
/// The longest key of a trailer that is kept, in bytes.
const MAX_KEY: usize = 40;

/// A name with an address as they are after the mailmap: what a line of `git shortlog -se` shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) address: String,
}

impl Identity {
    /// Neither a name nor an address.
    pub(super) fn nobody() -> Identity {
        Identity { name: String::new(), address: String::new() }
    }
}

/// One commit.
pub(super) struct Entry {
    pub(super) id: ObjectId,
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    /// Whether it is among those asked for, and not only before them.
    pub(super) is_included: bool,
    pub(super) author: usize,
    pub(super) authored: i64,
    pub(super) committer: usize,
    pub(super) committed: i64,
    /// Which key, which identity.
    pub(super) trailers: Vec<(usize, usize)>,
}

impl Entry {
    pub(super) fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }
}

/// A history, its commits in the order in which they were found.
#[derive(Default)]
pub(super) struct History {
    pub(super) entries: Vec<Entry>,
    pub(super) identities: Interned<Identity>,
    /// Keys of trailers that name people, in lower case: `reviewed-by`.
    pub(super) keys: Interned<String>,
    /// Commits without a readable date, which count as made in 1970, as git counts them.
    pub(super) undated: usize,
    /// Trailers such as `Reviewed-by: somebody`, which name nobody by address.
    pub(super) unnamed: usize,
    /// Names and addresses as commits have them whose address the mailmap changes, and the identity that they are.
    pub(super) mapped: BTreeSet<(Identity, usize)>,
}

/// Values by number, each once.
pub(super) struct Interned<T> {
    pub(super) values: Vec<T>,
    numbers: BTreeMap<T, usize>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Interned { values: Vec::new(), numbers: BTreeMap::new() }
    }
}

impl<T: Ord + Clone> Interned<T> {
    pub(super) fn number(&mut self, value: T) -> usize {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        self.values.push(value.clone());
        self.numbers.insert(value, self.values.len() - 1);
        self.values.len() - 1
    }
}

impl History {
    /// Everything that `last` leads to; what `before` leads to as well is there and not included.
    pub(super) fn read(
        repository: &Repository,
        last: ObjectId,
        before: Option<ObjectId>,
        mailmap: &Mailmap,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<History, GitError> {
        let mut history = History::default();
        let mut objects = repository.objects.reader();
        let mut seen = BTreeSet::new();
        for (start, is_included) in before.map(|before| (before, false)).into_iter().chain([(last, true)]) {
            let mut waiting = vec![start];
            while let Some(id) = waiting.pop() {
                if !seen.insert(id) {
                    continue;
                }
                let mut entry = history.entry(&mut objects, id, mailmap)?;
                let rows = 1 + entry.trailers.len() + entry.parents.len();
                repository.quota.take(Bound::Rows, rows).map_err(GitError::Limit)?;
                entry.is_included = is_included;
                if !repository.shallow.contains(&id) {
                    waiting.extend(entry.parents.iter().rev());
                }
                history.entries.push(entry);
                if history.entries.len().is_multiple_of(1_024) {
                    progress(Progress { stage: Stage::Commits, done: history.entries.len(), total: None });
                }
            }
        }
        Ok(history)
    }

    fn entry(&mut self, objects: &mut Objects, id: ObjectId, mailmap: &Mailmap) -> Result<Entry, GitError> {
        let bytes = match objects.read(id)? {
            Some((gix_object::Kind::Commit, bytes)) => bytes,
            Some(_) => return Err(GitError::BrokenCommit(id.to_string())),
            None => return Err(GitError::MissingCommit(id.to_string())),
        };
        let commit = Commit::parse(bytes).ok_or_else(|| GitError::BrokenCommit(id.to_string()))?;
        let (author, committer) = (commit.author, commit.committer);
        // A commit without a date of one kind has the other's.
        let committed = committer.seconds.or(author.seconds);
        self.undated += usize::from(committed.is_none());
        let committed = committed.unwrap_or(0);
        Ok(Entry {
            id,
            tree: commit.tree,
            is_included: false,
            author: self.identity(&author, commit.encoding, mailmap),
            authored: author.seconds.unwrap_or(committed),
            committer: self.identity(&committer, commit.encoding, mailmap),
            committed,
            trailers: self.trailers(&commit, mailmap),
            parents: commit.parents,
        })
    }

    fn identity(&mut self, signature: &Signature<'_>, encoding: &[u8], mailmap: &Mailmap) -> usize {
        // As git does: first to UTF-8, then the mailmap.
        let name = in_utf8(signature.name, encoding);
        let address = in_utf8(signature.address, encoding);
        let (proper_name, proper_address) = mailmap.proper(name.as_bytes(), address.as_bytes());
        let identity = |name, address| Identity {
            name: readable(name, MAX_IDENTITY),
            address: readable(address, MAX_IDENTITY),
        };
        let number = self.identities.number(identity(proper_name, proper_address));
        if !proper_address.eq_ignore_ascii_case(address.as_bytes()) {
            self.mapped.insert((identity(name.as_bytes(), address.as_bytes()), number));
        }
        number
    }

    /// People that trailers name: `Reviewed-by: Ann Lee <ann@example.org>`.
    fn trailers(&mut self, commit: &Commit<'_>, mailmap: &Mailmap) -> Vec<(usize, usize)> {
        let message = in_utf8(commit.message, commit.encoding);
        let mut found = Vec::new();
        for (key, value) in trailers(&message) {
            let key = key.to_ascii_lowercase();
            if !key.ends_with("-by") || key.len() > MAX_KEY {
                continue;
            }
            let Some(named) = named(&value) else {
                self.unnamed += 1;
                continue;
            };
            let person = self.identity(&named, b"", mailmap);
            found.push((self.keys.number(key), person));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Where the commit of an id stands, for all commits.
    pub(super) fn positions(&self) -> BTreeMap<ObjectId, usize> {
        self.entries.iter().enumerate().map(|(position, entry)| (entry.id, position)).collect()
    }
}

/// `Name <address>`, or an address alone.
fn named(value: &str) -> Option<Signature<'_>> {
    if let Some(named) = person(value.as_bytes()).filter(|named| named.address.contains(&b'@')) {
        let name = named.name.trim_ascii();
        let name = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
        return Some(Signature { name, address: named.address.trim_ascii(), seconds: None });
    }
    let is_address = value.contains('@') && !value.contains(char::is_whitespace) && !value.contains('<');
    is_address.then_some(Signature { name: b"", address: value.as_bytes(), seconds: None })
}

/// Text in a commit's encoding as UTF-8, or as Latin-1 if it is neither.
fn in_utf8(bytes: &[u8], encoding: &[u8]) -> String {
    let declared = if encoding.is_empty() { None } else { decode(bytes, encoding) };
    declared.unwrap_or_else(|| match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    })
}
