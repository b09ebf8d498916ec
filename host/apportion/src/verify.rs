//! Checks a whole ledger: every byte, every link, every signature, every sum; and settles every epoch again.
//!
//! [`verify`] returns a [`Verification`]: its `findings` say what is wrong, each as values ([`Finding`]) whose display is a
//! sentence; its `unchecked` entries are those that this host could not check.
//!
//! Entries are checked on all cores, each by itself: what it must be alongside the others follows from the chain alone.
//! The findings are the same in the same order on any number of cores. A settlement by a policy that reads history is
//! run again after that, in order, with the history carried on from one to the next.
//!
//! ```
//! use apportion::verify::{Problem, VerifyOptions};
//! use apportion::verify;
//!
#![doc = include_str!("ledger/example.txt")]
//! let receipt = ledger.settle(&engine, &epoch)?.receipt;
//!
//! // With an engine every settlement is run again; without one, everything else is checked.
//! let found = verify(&store, Some(&engine), &mut |_| {})?;
//! assert!(found.findings.is_empty() && found.unchecked.is_empty());
//! assert_eq!((found.settlements, found.run_again), (1, 1));
//!
//! // Somebody noted this receipt, and the ledger that they are shown later is another one.
//! let other = Ledger::create(MemoryStore::new(), LedgerIdentity::from_bytes([8; 32]))?;
//! let options = VerifyOptions { contains: &[receipt.digest()], ..VerifyOptions::default() };
//! let found = verify(other.store(), options, &mut |_| {})?;
//! let [finding] = found.findings.as_slice() else { panic!() };
//! assert!(matches!(finding.problem, Problem::NotContained { object } if object == receipt.digest()));
//! println!("wrong: {finding}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chain;
mod finding;
mod forks;
mod link;
mod report;
mod stop;
mod structure;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use crate::engine::Engine;
use crate::host_error::HostError;
use crate::ledger::{Ledger, Records, Sightings};
use crate::parallel;
use crate::progress::{Progress, Step};
use apportion_core::canonical::Digest;
use apportion_core::store::{ForeignFiles, Objects, Store, StoreError};
use chain::Check;
pub use finding::{Finding, ForkEvidence, Problem, RunProblem, SettlementProblem};
pub use report::{Unchecked, Verification};

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

/// Verifies the ledger in `store`. With an engine every settlement is run again; without, its structure is checked.
/// `progress` is called after every settlement, from any thread.
///
/// What is wrong with the ledger is a finding. Where the host fails at one entry, as by a limit of its own, that entry is
/// [`Verification::unchecked`] and verification goes on.
///
/// ```
/// use apportion::ledger::LedgerIdentity;
/// use apportion::store::MemoryStore;
/// use apportion::{Ledger, verify};
///
/// let store = MemoryStore::new();
/// let ledger = Ledger::create(&store, LedgerIdentity::from_bytes([7; 32]))?;
/// let found = verify(&store, None, &mut |_| {})?;
/// assert!(found.findings.is_empty());
/// assert_eq!((found.identity, found.head, found.objects), (ledger.identity(), ledger.head(), 1));
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
    let (digests, foreign) = match inventory(&store) {
        Ok(inventory) => inventory,
        Err(error) => {
            let findings = vec![Problem::from(error).into()];
            return Ok(Verification { findings, ..Verification::default() });
        }
    };
    let sightings = Arc::new(Sightings::default());
    let mut found = match Ledger::open_noting(&store, Arc::clone(&sightings)) {
        Ok(ledger) => {
            let total = ledger.settled().count();
            let progress = Mutex::new((0, progress));
            let tell = || {
                let mut progress = progress.lock().unwrap_or_else(|broken| broken.into_inner());
                progress.0 += 1;
                let done = progress.0;
                let settled = if options.engine.is_some() { done } else { 0 };
                (progress.1)(Progress::new(Step::Verifying, done, total, settled));
            };
            let missing = not_contained(&ledger, options.contains);
            let check = Check { ledger, engine: options.engine, tell: &tell, slow: Mutex::default() };
            let mut found = check.chain(&digests)?;
            found.findings.extend(missing);
            found
        }
        Err(error) => {
            let findings = vec![Problem::from(error).into()];
            Verification { findings, ..Verification::default() }
        }
    };
    let (objects, wrong) = check_objects(&Records::noting(&store, sightings), &digests);
    found.objects = objects;
    let wrong = wrong.into_iter().chain(foreign_files(&foreign)).map(Finding::from);
    found.findings.splice(0..0, wrong);
    found.unfinished = foreign.unfinished;
    Ok(found)
}

/// What is in a store: its objects, and what else is there.
fn inventory<S: Store>(store: &S) -> Result<(Vec<Digest>, ForeignFiles), StoreError> {
    Ok((Objects::new(store).list()?, store.foreign_files()?))
}

/// How many objects have the bytes of their names, and what is wrong with the others. Those that were not read for
/// anything else are read on all cores.
fn check_objects<S: Store>(records: &Records<S>, digests: &[Digest]) -> (usize, Vec<Problem>) {
    let mut problems = Vec::new();
    let Ok(()) = parallel::in_order(
        digests.len(),
        |index| Ok::<_, Infallible>((digests[index], records.sight(&digests[index]))),
        |(object, sighting)| {
            problems.extend(Problem::of_sighting(sighting, object, Problem::Disappeared { object }));
            Ok::<(), Infallible>(())
        },
    );
    (digests.len() - problems.len(), problems)
}

/// Every file that is not one of a ledger.
fn foreign_files(foreign: &ForeignFiles) -> impl Iterator<Item = Problem> {
    let unknown = foreign.unknown.iter().map(|file| Problem::UnknownFile { file: file.clone() });
    unknown.chain(foreign.irregular.iter().cloned().map(Problem::IrregularFile))
}

/// What was noted and is not part of the chain.
fn not_contained<S: Store>(ledger: &Ledger<S>, noted: &[Digest]) -> Vec<Finding> {
    let entries = ledger.entries().iter().map(|(entry, _)| *entry);
    let receipts = ledger.settled().map(|(_, receipt)| receipt);
    let chain: BTreeSet<Digest> = entries.chain(receipts).collect();
    let missing = noted.iter().filter(|noted| !chain.contains(noted));
    missing.map(|noted| Problem::NotContained { object: *noted }.into()).collect()
}
