//! A git repository's history -> an epoch: commits, the people who had a part in them, the files they changed.
//!
//! Objects and references are read by themselves: no git program runs, no configuration is read, nothing is fetched.
//! The same history gives the same epoch, however it is packed. host/import/README.md says what becomes what.

mod bots;
mod boundary;
mod changes;
mod commit;
mod graph;
mod history;
mod joins;
mod lines;
mod mailmap;
mod people;
mod repository;
mod table;
mod text;
mod trailers;

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use apportion::{AssetError, BuildError, Epoch, Header, Pool, Window};
use gix_object::Kind;

use crate::cell::parse_time;
use crate::limits::{Bound, LimitExceeded, Limits, Quota};
pub use boundary::Outside;
use graph::{Graph, Uncounted};
use history::History;
pub use joins::Evidence;
use mailmap::Mailmap;
use people::{People, Person};
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

/// Why a history did not become an epoch.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No repository there.
    #[error("there is no git repository in `{0}` or above it")]
    NoRepository(String),
    /// A file of the repository's that the system does not give.
    #[error("the repository's `{what}` cannot be read: {problem}")]
    Unreadable {
        /// Which.
        what: &'static str,
        /// What the system says.
        problem: String,
    },
    /// Something in the repository leads to files outside of its folder.
    #[error(
        "the repository's {what} leads out of its folder, to `{path}`: read it only if you trust it (`Outside::Follow`, \
         `--allow-outside`)"
    )]
    Outside {
        /// What leads there.
        what: &'static str,
        /// Where.
        path: String,
    },
    /// More than [`Options::limits`] allow.
    #[error("{0}")]
    Limit(LimitExceeded),
    /// An object that is larger than [`Options::limits`] allow.
    #[error("object {id}: {exceeded}")]
    ObjectLimit {
        /// Its id.
        id: String,
        /// The bound.
        exceeded: LimitExceeded,
    },
    /// A name that leads to no commit.
    #[error("`{revision}` {problem}")]
    Revision {
        /// As it was given.
        revision: String,
        /// Why.
        problem: String,
    },
    /// A commit that others name and that is not there.
    #[error(
        "commit {0} is not in the repository, though others name it: the clone is incomplete or damaged, and \
         `git fsck` says more"
    )]
    MissingCommit(String),
    /// What should be a commit is something else.
    #[error("{0} is no commit that can be read: it has no tree, or a parent that is no id")]
    BrokenCommit(String),
    /// An object that is there and cannot be unpacked.
    #[error("object {id} cannot be read: {problem}")]
    Object {
        /// Its id.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// A file given beside the repository.
    #[error("`{file}` cannot be read: {problem}")]
    File {
        /// The file, as it was given.
        file: String,
        /// What the system says.
        problem: String,
    },
    /// A table of payees.
    #[error("the table of payees `{file}`: {problem}")]
    Payees {
        /// The file, as it was given.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing to divide by.
    #[error("no commit {0}")]
    NoCommit(String),
    /// Only programs.
    #[error("there is nobody to pay: bots wrote all of the {0} commits")]
    NobodyToPay(usize),
    /// A date that is none.
    #[error("`{0}` is no {1}")]
    Date(String, &'static str),
    /// A pool that is none.
    #[error("the pool cannot be used: {0}")]
    Pool(#[from] AssetError),
    /// The rows are fine, the epoch is not.
    #[error(transparent)]
    Epoch(BuildError),
}

/// Reads the history of the repository that `path` is or lies in.
///
/// # Errors
///
/// What cannot be read, and a history without a commit in the window.
///
/// ```no_run
/// use apportion::{Asset, Pool};
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
    let notes = notes(&repository, &history, &people, &positions, &uncounted);
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

/// How many programs a note names.
const NAMED: usize = 8;

fn named(found: &[(usize, &str)]) -> String {
    let names: Vec<String> =
        found.iter().take(NAMED).map(|(commits, name)| format!("{name} ({commits})")).collect();
    let more = found.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// Seconds since 1970 beyond which a date is told to be odd: the start of the year 2100.
const YEAR_2100: i64 = 4_102_444_800;

fn notes(
    repository: &Repository,
    history: &History,
    people: &People,
    positions: &[usize],
    uncounted: &Uncounted,
) -> Vec<String> {
    let mut notes = Vec::new();
    let authors_of = |is_one: &dyn Fn(&Person) -> bool| {
        let mut found: Vec<(usize, &str)> = Vec::new();
        for (number, person) in people.people.iter().enumerate().filter(|(_, person)| is_one(person)) {
            let commits = positions.iter().filter_map(|at| history.entries.get(*at));
            let commits = commits.filter(|entry| people.of(entry.author) == number).count();
            if commits > 0 {
                found.push((commits, person.node.split_once(':').map_or("", |(_, name)| name)));
            }
        }
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        found
    };
    let bots = authors_of(&|person| person.is_bot && person.payee.is_none());
    if !bots.is_empty() {
        notes.push(format!(
            "bots are not paid; these wrote commits: {}; a table of payees can say otherwise",
            named(&bots)
        ));
    }
    let lookalikes = authors_of(&|person| person.could_be_bot && !person.is_bot);
    if !lookalikes.is_empty() {
        notes.push(format!(
            "these are paid, though a name or an address has the word `bot`: {}; in a table of payees, an empty payee is \
             not paid",
            named(&lookalikes)
        ));
    }
    if !people.contradicted.is_empty() {
        let names: Vec<String> =
            people.contradicted.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        let more = people.contradicted.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.push(format!(
            "these names are used with several addresses that contradict each other, and join nothing: {}{more}; a \
             `.mailmap` or a table of payees can say who is who",
            names.join(", ")
        ));
    }
    if people.unlisted > 0 {
        notes.push(format!(
            "{} of the whole history stand in no row of the table of payees and go by their own names",
            people.unlisted
        ));
    }
    if !repository.shallow.is_empty() {
        notes.push(format!(
            "the clone is shallow: the history before {} commits is not here; `git fetch --unshallow` gets it",
            repository.shallow.len()
        ));
    }
    if uncounted.missing > 0 {
        notes.push(format!(
            "what {} commits changed cannot be told, because objects are not here (a shallow or partial clone, or \
             damage); they count as changing no file",
            uncounted.missing
        ));
    }
    if uncounted.too_many > 0 {
        notes.push(format!(
            "{} commits change more than is followed and count as changing no file",
            uncounted.too_many
        ));
    }
    if history.undated > 0 {
        notes.push(format!("{} commits have no date and count as made in 1970", history.undated));
    }
    let odd = positions.iter().filter_map(|at| history.entries.get(*at));
    let odd = odd.filter(|entry| !(0..YEAR_2100).contains(&entry.committed)).count();
    if odd > 0 {
        notes.push(format!("{odd} commits are dated before 1970 or after 2100"));
    }
    if history.unnamed > 0 {
        notes.push(format!(
            "{} trailers of the whole history name somebody without an address and are left out",
            history.unnamed
        ));
    }
    notes
}
