//! How much an import may take in. Every reader of this crate asks here, so that a few kilobytes that unpack without
//! end are an error and not the end of the process.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bounds on what one import reads and keeps.
///
/// The defaults let an import of a stranger's files stay within a few gigabytes of memory. Raise a bound for data that
/// you trust.
///
/// ```
/// use apportion_import::{Bound, Limits};
///
/// let mut limits = Limits::default();
/// limits.set(Bound::Rows, 50_000_000);
/// limits.set("unpacked".parse()?, 8 << 30);
/// assert_eq!(limits.get(Bound::Rows), 50_000_000);
/// # Ok::<(), apportion_import::UnknownBound>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    values: [u64; Bound::ALL.len()],
}

/// One of the bounds that [`Limits`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// Bytes of all files together, unpacked, and of texts that rows of documents and histories repeat. 1 GiB.
    Unpacked,
    /// Bytes of what is held at once: one JSON document, one page or dictionary of Parquet, one git object. 128 MiB.
    Document,
    /// Bytes of one row of CSV, one line of JSON, one description or file of parameters. 16 MiB.
    Record,
    /// Rows of tables and documents; of git the commits, trailers, changed files and directories. 16,777,216.
    Rows,
    /// Numbers and words in further columns, empty ones included. 134,217,728.
    Cells,
}

impl Bound {
    /// All of them.
    pub const ALL: [Bound; 5] = [Bound::Unpacked, Bound::Document, Bound::Record, Bound::Rows, Bound::Cells];

    /// Its name, as [`Bound::from_str`] reads it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Bound::Unpacked => "unpacked",
            Bound::Document => "document",
            Bound::Record => "record",
            Bound::Rows => "rows",
            Bound::Cells => "cells",
        }
    }

    const fn default_value(self) -> u64 {
        match self {
            Bound::Unpacked => 1 << 30,
            Bound::Document => 128 << 20,
            Bound::Record => 16 << 20,
            Bound::Rows => 1 << 24,
            Bound::Cells => 1 << 27,
        }
    }

    const fn subject(self) -> &'static str {
        match self {
            Bound::Unpacked => "the import unpacks to more than",
            Bound::Document => "a document, page or object in it is longer than",
            Bound::Record => "a row, line or description in it is longer than",
            Bound::Rows => "the import has more than",
            Bound::Cells => "the rows of the import have more than",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Bound::Unpacked | Bound::Document | Bound::Record => "bytes",
            Bound::Rows => "rows",
            Bound::Cells => "cells",
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a bound: `unpacked`, `document`, `record`, `rows` or `cells`", .0.escape_debug())]
pub struct UnknownBound(String);

impl FromStr for Bound {
    type Err = UnknownBound;

    fn from_str(text: &str) -> Result<Bound, UnknownBound> {
        let named = Bound::ALL.into_iter().find(|bound| bound.name() == text);
        named.ok_or_else(|| UnknownBound(text.chars().take(80).collect()))
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { values: Bound::ALL.map(Bound::default_value) }
    }
}

impl Limits {
    /// What is allowed of `bound`.
    #[must_use]
    pub fn get(&self, bound: Bound) -> u64 {
        self.values[bound as usize]
    }

    /// Allows `value` of `bound`.
    pub fn set(&mut self, bound: Bound, value: u64) {
        self.values[bound as usize] = value;
    }
}

/// More than [`Limits`] allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} the {limit} {} that are allowed; if you trust it, raise the limit `{bound}`", .bound.subject(), .bound.unit()
)]
pub struct LimitExceeded {
    /// Which bound.
    pub bound: Bound,
    /// What it allows.
    pub limit: u64,
}

impl From<LimitExceeded> for io::Error {
    fn from(exceeded: LimitExceeded) -> io::Error {
        io::Error::other(exceeded)
    }
}

/// Counts what one import takes in, over all files and threads.
#[derive(Clone, Debug)]
pub(crate) struct Quota(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    limits: Limits,
    taken: [AtomicU64; Bound::ALL.len()],
}

impl Default for Quota {
    fn default() -> Quota {
        Quota::new(&Limits::default())
    }
}

impl Quota {
    pub(crate) fn new(limits: &Limits) -> Quota {
        let taken = Bound::ALL.map(|_| AtomicU64::new(0));
        Quota(Arc::new(Counts { limits: limits.clone(), taken }))
    }

    /// Adds to what was taken so far, of a bound on the whole import.
    pub(crate) fn take(&self, bound: Bound, amount: usize) -> Result<(), LimitExceeded> {
        let amount = u64::try_from(amount).unwrap_or(u64::MAX);
        let limit = self.0.limits.get(bound);
        let counter = &self.0.taken[bound as usize];
        let add = |taken: u64| Some(taken.saturating_add(amount));
        let before = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).unwrap_or(u64::MAX);
        if before.saturating_add(amount) > limit { Err(LimitExceeded { bound, limit }) } else { Ok(()) }
    }

    /// Checks one thing against a bound on each.
    pub(crate) fn check(&self, bound: Bound, amount: usize) -> Result<(), LimitExceeded> {
        let limit = self.0.limits.get(bound);
        if u64::try_from(amount).is_ok_and(|amount| amount <= limit) {
            return Ok(());
        }
        Err(LimitExceeded { bound, limit })
    }

    pub(crate) fn limit(&self, bound: Bound) -> u64 {
        self.0.limits.get(bound)
    }

    /// What [`Bound::Document`] or another bound in bytes allows, as a length.
    pub(crate) fn length(&self, bound: Bound) -> usize {
        usize::try_from(self.limit(bound)).unwrap_or(usize::MAX)
    }

    /// A reader of one thing, which fails when that is longer than the bound.
    pub(crate) fn bounded<R: Read>(&self, text: R, bound: Bound) -> Bounded<R> {
        Bounded { text, left: self.limit(bound), exceeded: LimitExceeded { bound, limit: self.limit(bound) } }
    }
}

/// Fails where a bound is exceeded, and not before.
pub(crate) struct Bounded<R> {
    text: R,
    left: u64,
    exceeded: LimitExceeded,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        match self.left.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => Err(self.exceeded.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_allows_what_it_says_and_no_more() {
        let mut limits = Limits::default();
        limits.set(Bound::Rows, 3);
        limits.set(Bound::Record, 4);
        let quota = Quota::new(&limits);
        assert_eq!(quota.take(Bound::Rows, 2), Ok(()));
        assert_eq!(quota.clone().take(Bound::Rows, 1), Ok(()));
        let exceeded = quota.take(Bound::Rows, 1).unwrap_err();
        assert_eq!(
            exceeded.to_string(),
            "the import has more than the 3 rows that are allowed; if you trust it, raise the limit `rows`"
        );
        let read = |text: &str| io::read_to_string(quota.bounded(text.as_bytes(), Bound::Record));
        assert_eq!(read("abcd").unwrap(), "abcd");
        assert!(read("abcde").unwrap_err().get_ref().is_some_and(|error| error.is::<LimitExceeded>()));
    }

    #[test]
    fn bounds_have_names() {
        assert!(Bound::ALL.iter().all(|bound| bound.name().parse() == Ok(*bound)));
        assert!("memory".parse::<Bound>().is_err());
    }
}
