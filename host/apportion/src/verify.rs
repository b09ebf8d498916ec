//! Checks a whole ledger: every byte, every link, every signature, every sum; and runs every settlement again.
//!
//! Entries are checked on all cores, each by itself: what it must be alongside the others follows from the chain alone.
//! The findings are the same in the same order on any number of cores. A settlement by a policy that reads history is
//! run again after that, in order, with the history carried on from one to the next.

mod chain;
mod forks;
mod structure;
mod witness;

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::host_error::HostError;
use crate::ledger::Ledger;
use crate::policy::Engine;
use apportion_core::canonical::Digest;
use apportion_core::entry::LedgerIdentity;
use apportion_core::limits::HostLimit;
use apportion_core::store::{Inventory, Store};
use chain::Check;
use witness::{Seen, Witness};

/// What a verification checks beyond the structure of a ledger.
#[derive(Clone, Copy, Debug, Default)]
pub struct VerifyOptions<'a> {
    /// Runs every settlement again, and has every policy of an adopted charter describe itself to check its name, its
    /// version and its parameters. None: whatever can be checked without running a policy.
    pub engine: Option<&'a Engine>,
    /// Entries and receipts that somebody noted. Any that is not a part of the chain is a finding: the ledger was rewound,
    /// or it is another one.
    pub contains: &'a [Digest],
}

impl<'a> From<Option<&'a Engine>> for VerifyOptions<'a> {
    fn from(engine: Option<&'a Engine>) -> VerifyOptions<'a> {
        VerifyOptions { engine, contains: &[] }
    }
}

/// What was found, and what was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// What is wrong, each naming its object; empty if nothing is.
    pub findings: Vec<String>,
    /// Which ledger it is.
    pub identity: Option<LedgerIdentity>,
    /// Entries that the host could not check, for reasons that say nothing about them. Unless this is empty the ledger
    /// was not verified.
    pub unchecked: Vec<Unchecked>,
    /// The newest entry, which stands for all before it.
    pub head: Option<Digest>,
    /// Objects whose bytes are those of their names.
    pub objects: usize,
    /// Charters adopted.
    pub adoptions: usize,
    /// Adoptions with signatures that a charter demanded.
    pub signed: usize,
    /// Epochs settled.
    pub settlements: usize,
    /// Settlements run again with the same result.
    pub run_again: usize,
    /// Of these, settlements whose counts could not be compared, because another version of metering made them.
    pub without_counts: usize,
    /// Objects that no entry leads to: what an interrupted or refused run left. They change nothing.
    pub unused: Vec<Digest>,
    /// Files of an interrupted writer. They change nothing.
    pub unfinished: Vec<String>,
}

/// An entry that was not checked to the end, by a fault or a limit of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// The entry.
    pub entry: Digest,
    /// Why, in a sentence.
    pub reason: String,
    /// The host's own limit that was met, if it was one: with a higher limit the entry may be checked.
    pub limit: Option<HostLimit>,
}

/// How far a verification is, in settlements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Checked so far.
    pub done: usize,
    /// All there are to check.
    pub total: usize,
}

/// Verifies the ledger in `store`. With an engine every settlement is run again; without, its structure is checked.
/// `progress` is called after every settlement, from any thread.
///
/// What is wrong with the ledger is a finding. Where the host fails at one entry, as by a limit of its own, that entry is
/// [`Verification::unchecked`] and verification goes on.
///
/// ```
/// use apportion::{Digest, Ledger, verify};
/// use apportion::ledger::LedgerIdentity;
/// use apportion::store::DirectoryStore;
/// use apportion::verify::VerifyOptions;
///
/// # let folder = std::env::temp_dir().join(format!("apportion-verify-{}", std::process::id()));
/// let ledger = Ledger::create(DirectoryStore::create(&folder)?, LedgerIdentity::from_bytes([7; 32]))?;
/// let noted = ledger.head().unwrap();
///
/// let contains = |noted| {
///     let options = VerifyOptions { contains: &[noted], ..VerifyOptions::default() };
///     verify(DirectoryStore::open(&folder).unwrap(), options, &mut |_| {})
/// };
/// assert!(contains(noted)?.findings.is_empty());
/// assert_eq!(contains(Digest::of(b"another entry"))?.findings.len(), 1);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If it is cancelled.
pub fn verify<'a, S: Store>(
    store: S,
    options: impl Into<VerifyOptions<'a>>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Verification, HostError> {
    let options = options.into();
    let inventory = match store.inventory() {
        Ok(inventory) => inventory,
        Err(error) => {
            return Ok(Verification { findings: vec![error.to_string()], ..Verification::default() });
        }
    };
    let store = Witness::new(store);
    let mut found = match Ledger::open(&store) {
        Ok(ledger) => {
            let total = ledger.settled().count();
            let progress = Mutex::new((0, progress));
            let tell = || {
                let mut progress = progress.lock().unwrap_or_else(|broken| broken.into_inner());
                progress.0 += 1;
                let done = progress.0;
                (progress.1)(Progress { done, total });
            };
            let missing = not_contained(&ledger, options.contains);
            let check =
                Check { store: &store, ledger, engine: options.engine, tell: &tell, slow: Mutex::default() };
            let mut found = check.chain(&inventory.objects)?;
            found.findings.extend(missing);
            found
        }
        Err(error) => Verification { findings: vec![error.to_string()], ..Verification::default() },
    };
    store.see_all(&inventory.objects);
    let (objects, wrong_files) = files(&store, &inventory);
    found.objects = objects;
    found.findings.splice(0..0, wrong_files);
    found.unfinished = inventory.unfinished;
    Ok(found)
}

/// How many objects have the bytes of their names, and every file that is not one of a ledger.
fn files<S: Store>(store: &Witness<S>, inventory: &Inventory) -> (usize, Vec<String>) {
    let (mut objects, mut wrong) = (0, Vec::new());
    for digest in &inventory.objects {
        match store.saw(digest) {
            Seen::Whole => objects += 1,
            Seen::Absent => wrong.push(format!("object `{digest}` vanished while it was read")),
            Seen::Wrong(finding) => wrong.push(finding),
        }
    }
    wrong.extend(inventory.unknown.iter().map(|name| format!("`{name}` is not a file of a ledger")));
    let irregular = inventory.irregular.iter();
    wrong.extend(irregular.map(|found| {
        format!("`{}` is {} and not a part of a ledger; it was not opened", found.name, found.kind)
    }));
    (objects, wrong)
}

/// What was noted and is not part of the chain.
fn not_contained<S: Store>(ledger: &Ledger<S>, noted: &[Digest]) -> Vec<String> {
    let entries = ledger.entries().iter().map(|(entry, _)| *entry);
    let receipts = ledger.settled().map(|(_, receipt)| receipt);
    let chain: BTreeSet<Digest> = entries.chain(receipts).collect();
    let missing = noted.iter().filter(|noted| !chain.contains(noted));
    missing
        .map(|noted| {
            format!(
                "`{noted}` is neither an entry nor a receipt in the chain: the ledger was rewound or forked since \
                 this was noted, or it is another ledger"
            )
        })
        .collect()
}
