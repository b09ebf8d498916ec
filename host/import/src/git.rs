//! A git repository's history -> an epoch: commits, the people who had a part in them, the files they changed.
//!
//! Objects and references are read by themselves: no git program runs, no configuration is read, nothing is fetched.
//! The same history gives the same epoch, however it is packed. host/import/README.md says what becomes what.

mod bots;
mod boundary;
mod changes;
mod commit;
mod error;
mod graph;
mod history;
mod joins;
mod lines;
mod mailmap;
mod notes;
mod people;
mod repository;
mod table;
mod text;
mod trailers;

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use apportion_core::epoch::{Epoch, Header, Window};
use apportion_core::money::Pool;
use gix_object::Kind;

use crate::cell::parse_time;
use crate::limits::{Bound, Limits, Quota};
pub use boundary::Outside;
pub use error::GitError;
use graph::Graph;
use history::History;
pub use joins::Evidence;
use mailmap::Mailmap;
use people::People;
use repository::Repository;
use table::Table;

/// Which part of a history becomes an epoch, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The epoch's number.
    pub number: u64,
    /// What is divided.
    pub pool: Pool,
    /// The newest commit: a branch, a tag, `HEAD`, or the beginning of an id.
    pub revision: String,
    /// What this revision leads to is left out: where the epoch before ended.
    pub after: Option<String>,
    /// Only commits whose committer date is this or later, in seconds since 1970-01-01 UTC.
    pub from: Option<i64>,
    /// Only commits whose committer date is earlier than this.
    pub to: Option<i64>,
    /// How much of each commit is looked at.
    pub detail: Detail,
    /// A file to take instead of the `.mailmap` of the newest commit.
    pub mailmap: Option<PathBuf>,
    /// A table of payees: CSV with the columns `address` and `payee`, and perhaps `name`.
    pub payees: Option<PathBuf>,
    /// What payees are called whom no table lists.
    pub payee_ids: PayeeIds,
    /// What happens where the repository leads out of its folder.
    pub outside: Outside,
    /// How much may be read and kept.
    pub limits: Limits,
}

impl Options {
    /// All of a history, as epoch number 1.
    pub fn new(pool: Pool) -> Options {
        Options {
            number: 1,
            pool,
            revision: "HEAD".to_owned(),
            after: None,
            from: None,
            to: None,
            detail: Detail::Files,
            mailmap: None,
            payees: None,
            payee_ids: PayeeIds::Names,
            outside: Outside::Refuse,
            limits: Limits::default(),
        }
    }
}

/// How much of each commit is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The commit itself and who had a part in it.
    Commits,
    /// Also which files it changes.
    Files,
    /// Also how many lines it adds and removes; this reads every version of every file.
    Lines,
}

/// What payees are called whom no table lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayeeIds {
    /// By their names, and no address appears anywhere.
    Names,
    /// By their e-mail addresses.
    Addresses,
    /// By the first 16 digits of the BLAKE3 digest of their address in lower case, and no name appears. Who knows or
    /// guesses an address can tell its digest.
    Digests,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// How many commits are done.
    pub done: usize,
    /// Of how many, where that is known.
    pub total: Option<usize>,
}

/// The parts of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading commits.
    Commits,
    /// Comparing trees.
    Changes,
}

/// What an import of a history gives.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The epoch.
    pub epoch: Epoch,
    /// Every author of the whole history, as `git shortlog -se` counts them: by name and address after the mailmap.
    /// What [`Imported::joins`] says comes after that.
    pub authors: Vec<Author>,
    /// Everybody who has several names or addresses, and why they count as one.
    pub joins: Vec<Join>,
    /// Everybody's address, name and payee as CSV, with what joined them, which [`Options::payees`] takes back when it is
    /// corrected. It holds addresses: it is not for publishing.
    pub payees: Vec<u8>,
    /// What a person should know about how the history was read, a sentence each.
    pub notes: Vec<String>,
}

/// An author, as the mailmap has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub address: String,
    /// How many commits, merges included.
    pub commits: usize,
}

/// Several identities that count as one person or program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The id of the node that they are: `person:Ann Lee`.
    pub node: String,
    /// The identities. The first stands for itself.
    pub identities: Vec<JoinedIdentity>,
}

/// A name with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedIdentity {
    /// The name, of visible characters.
    pub name: String,
    /// The e-mail address, of visible characters.
    pub address: String,
    /// Why it is the same as those before it; none for the first.
    pub evidence: Option<Evidence>,
}

impl fmt::Display for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.node)?;
        for (place, JoinedIdentity { name, address, evidence }) in self.identities.iter().enumerate() {
            write!(f, "{} {name} <{address}>", if place > 0 { "," } else { "" })?;
            if let Some(evidence) = evidence {
                write!(f, " (by {})", evidence.name())?;
            }
        }
        Ok(())
    }
}

/// Reads the history of the repository that `path` is or lies in.
///
/// # Errors
///
/// What cannot be read, and a history without a commit in the window.
///
/// ```no_run
/// use apportion_core::money::{Asset, Pool};
/// use apportion_import::git::{Options, import};
///
/// let pool = Pool { asset: Asset::new("EUR", 2)?, amount: 100_000 };
/// let imported = import(".".as_ref(), &Options::new(pool), &mut |_| {})?;
/// println!("{} payees", imported.epoch.payees().len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn import(
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Imported, GitError> {
    let quota = Quota::new(&options.limits);
    let repository = Repository::open(path, options.outside, &quota)?;
    let last = repository.commit(&options.revision)?;
    let before = options.after.as_deref().map(|after| repository.commit(after)).transpose()?;
    let mailmap = mailmap(&repository, last, options.mailmap.as_deref())?;
    let table = options.payees.as_deref().map(|file| Table::read(file, &quota)).transpose()?;

    let history = History::read(&repository, last, before, &mailmap, progress)?;
    let positions = positions(&history, options);
    let window = window(&history, &positions, options)?;
    let people = People::find(&history, options.payee_ids, table.as_ref());
    let header = Header { number: options.number, window, pool: options.pool.clone() };
    let graph = Graph::new(&history, &people, options.detail, header, quota)?;
    let (epoch, uncounted) = graph.build(&repository, &positions, progress)?;
    if epoch.payees().is_empty() {
        return Err(GitError::NobodyToPay(positions.len()));
    }
    let payees = table::write(&history, &people)
        .map_err(|error| GitError::Payees { file: "to write".to_owned(), problem: error.to_string() })?;
    let notes = notes::notes(&repository, &history, &people, &positions, &uncounted);
    let (authors, joins) = (authors(&history, &people), people.joins(&history));
    Ok(Imported { epoch, authors, joins, payees, notes })
}

/// A calendar month such as `2025-07`: its first second, the first second after it, and a number for its epoch, 202507.
///
/// # Errors
///
/// Anything else than a year and a month.
pub fn month(text: &str) -> Result<(i64, i64, u64), GitError> {
    let none = || GitError::Date(text::readable(text.as_bytes(), 80), "month, such as `2025-07`");
    let first: jiff::civil::Date = format!("{text}-01").parse().map_err(|_| none())?;
    let number =
        u64::try_from(i64::from(first.year()) * 100 + i64::from(first.month())).map_err(|_| none())?;
    let next = first.last_of_month().tomorrow().map_err(|_| none())?;
    Ok((time(&first.to_string())?, time(&next.to_string())?, number))
}

/// A date such as `2025-07-01`, or a date and time of RFC 3339, in seconds since 1970-01-01 UTC.
///
/// # Errors
///
/// Anything else.
pub fn time(text: &str) -> Result<i64, GitError> {
    let none = |_| GitError::Date(text::readable(text.as_bytes(), 80), "date, such as `2025-07-01`");
    parse_time(text).map_err(none)
}

/// The mailmap that was given, or the newest commit's own.
fn mailmap(
    repository: &Repository,
    last: gix_hash::ObjectId,
    given: Option<&Path>,
) -> Result<Mailmap, GitError> {
    if let Some(file) = given {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(file)
            .and_then(|file| repository.quota.bounded(file, Bound::Record).read_to_end(&mut bytes));
        read.map_err(|error| GitError::File {
            file: file.display().to_string(),
            problem: error.to_string(),
        })?;
        return Ok(Mailmap::parse(&bytes));
    }
    let mut objects = repository.objects.reader();
    let Some(bytes) = objects.read_as(Kind::Commit, last)? else { return Ok(Mailmap::default()) };
    let Some(commit) = commit::Commit::parse(&bytes) else { return Ok(Mailmap::default()) };
    let Some(tree) = objects.read_as(Kind::Tree, commit.tree)? else { return Ok(Mailmap::default()) };
    let entries = gix_object::TreeRefIter::from_bytes(&tree, gix_hash::Kind::Sha1);
    // A symbolic link could lead anywhere, so that git does not follow it either.
    let found =
        entries.filter_map(Result::ok).find(|entry| entry.filename == ".mailmap" && entry.mode.is_blob());
    let Some(id) = found.map(|entry| entry.oid.to_owned()) else { return Ok(Mailmap::default()) };
    let length = objects.length(id).and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let checked = repository.quota.check(Bound::Record, length);
    checked.map_err(|exceeded| GitError::ObjectLimit { id: id.to_string(), exceeded })?;
    Ok(objects.read_as(Kind::Blob, id)?.map_or_else(Mailmap::default, |bytes| Mailmap::parse(&bytes)))
}

/// The commits that belong to the epoch, in the order in which they were found.
fn positions(history: &History, options: &Options) -> Vec<usize> {
    let entries = history.entries.iter().enumerate().filter(|(_, entry)| {
        entry.is_included
            && options.from.is_none_or(|from| entry.committed >= from)
            && options.to.is_none_or(|to| entry.committed < to)
    });
    entries.map(|(position, _)| position).collect()
}

/// The window that was asked for; where it is open, up to the first and the last commit.
fn window(history: &History, positions: &[usize], options: &Options) -> Result<Window, GitError> {
    let times = || positions.iter().filter_map(|at| history.entries.get(*at)).map(|entry| entry.committed);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        let shown = |revision: &str| text::readable(revision.as_bytes(), 80);
        let after = options.after.as_ref().map(|after| format!(" is after `{}`", shown(after)));
        let windowed = options.from.is_some() || options.to.is_some();
        let dated = if windowed { " and dated within the window" } else { "" };
        let of = match after {
            Some(after) => format!("of `{}`{after}{dated}", shown(&options.revision)),
            None => format!("of `{}` is dated within the window", shown(&options.revision)),
        };
        return Err(GitError::NoCommit(of));
    };
    Ok(Window { start: options.from.unwrap_or(first), end: options.to.unwrap_or(last.saturating_add(1)) })
}

fn authors(history: &History, people: &People) -> Vec<Author> {
    let counted = history.identities.values.iter().zip(&people.authored).filter(|(_, commits)| **commits > 0);
    let mut authors: Vec<Author> = counted
        .map(|(identity, commits)| Author {
            name: identity.name.clone(),
            address: identity.address.clone(),
            commits: *commits,
        })
        .collect();
    authors.sort();
    authors
}
