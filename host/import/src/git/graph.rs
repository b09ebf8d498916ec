//! A history as an epoch: what becomes a node, an edge, a metric. host/import/README.md says the same in a table.

use std::collections::{BTreeMap, BTreeSet};

use apportion_core::epoch::{ColumnNames, Edge, Epoch, Header, Node};
use apportion_core::text::MAX_NAME;

use crate::intake::{Intake, IntakeError};
use crate::limits::{Bound, Quota};

use super::changes::{self, Changes};
use super::history::{Entry, History};
use super::people::People;
use super::repository::Repository;
use super::{Detail, GitError, Progress, text};

/// The longest path in an id: the id has a word before it.
const MAX_PATH: usize = MAX_NAME - 24;

const LINES_ADDED: &str = "lines-added";
const LINES_REMOVED: &str = "lines-removed";

/// What could not be counted.
#[derive(Default)]
pub(super) struct Uncounted {
    /// Commits whose trees are not here.
    pub(super) missing: usize,
    /// Commits that change more than is followed.
    pub(super) too_many: usize,
}

/// Builds the epoch of the commits at `positions`.
pub(super) struct Graph<'a> {
    history: &'a History,
    people: &'a People,
    detail: Detail,
    builder: Intake,
    quota: Quota,
    persons: BTreeSet<usize>,
    directories: BTreeSet<Vec<u8>>,
    files: BTreeSet<Vec<u8>>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(
        history: &'a History,
        people: &'a People,
        detail: Detail,
        header: Header,
        quota: Quota,
    ) -> Result<Graph<'a>, GitError> {
        let metrics = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (node_metrics, edge_metrics) = match detail {
            Detail::Commits => (vec![], vec![]),
            Detail::Files => (metrics(&["files"]), vec![]),
            Detail::Lines => {
                (metrics(&["files", LINES_ADDED, LINES_REMOVED]), metrics(&[LINES_ADDED, LINES_REMOVED]))
            }
        };
        let columns = ColumnNames { node_metrics, edge_metrics, ..ColumnNames::default() };
        let builder = Intake::new(header, columns, quota.clone()).map_err(GitError::Epoch)?;
        let (persons, directories, files) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Ok(Graph { history, people, detail, builder, quota, persons, directories, files })
    }

    pub(super) fn build(
        mut self,
        repository: &Repository,
        positions: &[usize],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Epoch, Uncounted), GitError> {
        let history = self.history;
        let mut uncounted = Uncounted::default();
        let included: BTreeSet<_> =
            positions.iter().filter_map(|at| history.entries.get(*at)).map(|entry| entry.id).collect();
        changes::each(repository, history, positions, self.detail, progress, &mut |position, changes| {
            let Some(entry) = history.entries.get(position) else { return };
            let id = commit_id(entry);
            let numbers = match changes {
                Changes::Known(changes) => self.changed(&id, entry, changes),
                Changes::Missing => {
                    uncounted.missing += 1;
                    [0.0; 3]
                }
                Changes::TooMany => {
                    uncounted.too_many += 1;
                    [0.0; 3]
                }
            };
            self.commit(&id, entry, numbers);
            for parent in entry.parents.iter().filter(|parent| included.contains(*parent)) {
                self.edge(&id, &format!("commit:{parent}"), "parent", Some(entry.committed), [0.0; 2]);
            }
        })?;
        self.folders()?;
        self.participants();
        let epoch = self.builder.finish().map_err(|error| match error {
            IntakeError::Limit(exceeded) => GitError::Limit(exceeded),
            IntakeError::Build(error) => GitError::Epoch(error),
        })?;
        Ok((epoch, uncounted))
    }

    fn commit(&mut self, id: &str, entry: &Entry, numbers: [f64; 3]) {
        let kind = if entry.is_merge() { "merge" } else { "commit" };
        self.node(id, kind, Some(entry.committed), None, &numbers);
        self.credit(id, entry.author, "authored-by", entry.authored);
        if self.people.of(entry.committer) != self.people.of(entry.author) {
            self.credit(id, entry.committer, "committed-by", entry.committed);
        }
        let mut named = BTreeSet::new();
        for (key, identity) in &entry.trailers {
            if named.insert((*key, self.people.of(*identity))) {
                let key = self.history.keys.values.get(*key).map_or("", String::as_str);
                let time = if ["co-authored-by", "co-developed-by"].contains(&key) {
                    entry.authored
                } else {
                    entry.committed
                };
                self.credit(id, *identity, key, time);
            }
        }
    }

    /// An edge from a commit to who had a part in it.
    fn credit(&mut self, commit: &str, identity: usize, kind: &str, time: i64) {
        let number = self.people.of(identity);
        if let Some(person) = self.people.people.get(number) {
            self.persons.insert(number);
            self.edge(commit, &person.node, kind, Some(time), [0.0; 2]);
        }
    }

    /// Edges from the files that a commit changed; gives the commit's own metrics.
    fn changed(&mut self, commit: &str, entry: &Entry, changes: Vec<changes::Change>) -> [f64; 3] {
        let mut numbers = [0.0; 3];
        for change in changes {
            let lines = [f64::from(change.lines.added), f64::from(change.lines.removed)];
            numbers[0] += 1.0;
            numbers[1] += lines[0];
            numbers[2] += lines[1];
            let file = format!("file:{}", text::path(&change.path, MAX_PATH));
            self.edge(&file, commit, "changed-by", Some(entry.committed), lines);
            self.files.insert(change.path);
        }
        numbers
    }

    /// Nodes of files and directories, and who contains whom.
    fn folders(&mut self) -> Result<(), GitError> {
        for file in std::mem::take(&mut self.files) {
            let id = format!("file:{}", text::path(&file, MAX_PATH));
            self.node(&id, "file", None, None, &[0.0; 3]);
            self.contained(&file, &id)?;
        }
        Ok(())
    }

    fn contained(&mut self, path: &[u8], id: &str) -> Result<(), GitError> {
        let (mut path, mut id) = (path.to_vec(), id.to_owned());
        loop {
            let parent = path.iter().rposition(|byte| *byte == b'/').map_or(&b""[..], |slash| &path[..slash]);
            let parent_id = directory_id(parent);
            self.edge(&parent_id, &id, "contains", None, [0.0; 2]);
            if !self.directories.insert(parent.to_vec()) {
                return Ok(());
            }
            // A deep path is many directories, each with the path so far.
            self.quota.take(Bound::Unpacked, parent.len()).map_err(GitError::Limit)?;
            self.node(&parent_id, "directory", None, None, &[0.0; 3]);
            if parent.is_empty() {
                return Ok(());
            }
            (path, id) = (parent.to_vec(), parent_id);
        }
    }

    /// Nodes of people, and the payees.
    fn participants(&mut self) {
        let mut payees: BTreeMap<&str, &str> = BTreeMap::new();
        let mut nodes = BTreeSet::new();
        let people = self.people;
        for number in std::mem::take(&mut self.persons) {
            let Some(person) = people.people.get(number) else { continue };
            if nodes.insert(&person.node) {
                let kind = if person.is_bot { "bot" } else { "person" };
                self.node(&person.node, kind, None, person.payee.as_deref(), &[0.0; 3]);
            }
            if let Some(payee) = &person.payee {
                payees.insert(payee, &person.name);
            }
        }
        for (id, name) in payees {
            self.builder.payee(id, if name == id { "" } else { name });
        }
    }
}

// The columns of each detail, cut from what there can be.
impl Graph<'_> {
    fn node(&mut self, id: &str, kind: &str, time: Option<i64>, payee: Option<&str>, metrics: &[f64]) {
        let columns = match self.detail {
            Detail::Commits => 0,
            Detail::Files => 1,
            Detail::Lines => 3,
        };
        let metrics = metrics.get(..columns).unwrap_or_default();
        self.builder.node(Node { id, kind, weight: 1.0, time, payee, metrics, labels: &[] });
    }

    fn edge(&mut self, source: &str, target: &str, kind: &str, time: Option<i64>, lines: [f64; 2]) {
        let metrics = if self.detail == Detail::Lines { &lines[..] } else { &[] };
        self.builder.edge(Edge { source, target, kind, weight: 1.0, time, metrics, labels: &[] });
    }
}

fn commit_id(entry: &Entry) -> String {
    format!("commit:{}", entry.id)
}

/// The repository's own directory has the empty path, which no other can have.
fn directory_id(path: &[u8]) -> String {
    if path.is_empty() {
        "directory:".to_owned()
    } else {
        format!("directory:{}", text::path(path, MAX_PATH))
    }
}
