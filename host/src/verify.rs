//! Checks a whole ledger: every byte, every link, every signature, every sum; and runs every settlement again.
//!
//! Entries are checked on all cores, each by itself: what it must be beside the others follows from the chain alone.
//! What is found is the same in the same order on any number of cores. A settlement by a policy that reads history is
//! run again after that, in order, with the history carried on from one to the next.

mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use crate::canonical::Digest;
use crate::charter::Charter;
use crate::epoch::Epoch;
use crate::fault::{HostError, HostLimit};
use crate::ledger::{Event, Ledger, LedgerError, change, check_signatures};
use crate::parallel;
use crate::policy::{AdmissionError, Engine, Policy};
use crate::receipt::{Outcome, Receipt};
use crate::settle::{History, SettleError, settle};
use crate::store::Store;
use witness::{Seen, Witness};

/// What was found, and what was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// What is wrong, each naming its object; empty if nothing is.
    pub findings: Vec<String>,
    /// Entries that the host could not check, for reasons that say nothing about them. Unless this is empty the ledger
    /// was not verified.
    pub unchecked: Vec<Unchecked>,
    /// The newest entry, which stands for all before it.
    pub head: Option<Digest>,
    /// Objects whose bytes are those of their names.
    pub objects: usize,
    /// Charters adopted, and how many of these by signatures that a charter demanded.
    pub adoptions: usize,
    /// Adoptions that signatures carried.
    pub signed: usize,
    /// Epochs settled.
    pub settlements: usize,
    /// Settlements run again with the same result to the byte.
    pub run_again: usize,
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
/// `progress` is told after every settlement, from any thread.
///
/// What is wrong with the ledger is a finding. Where the host fails at one entry, as by a limit of its own, that entry is
/// [`Verification::unchecked`] and verification goes on.
///
/// # Errors
///
/// If it is cancelled.
pub fn verify<S: Store>(
    store: S,
    engine: Option<&Engine>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Verification, HostError> {
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
            Check { store: &store, ledger, engine, tell: &tell, slow: Mutex::default() }
                .chain(&inventory.objects)?
        }
        Err(error) => Verification { findings: vec![error.to_string()], ..Verification::default() },
    };
    store.see_all(&inventory.objects);
    let mut wrong_files = Vec::new();
    for digest in &inventory.objects {
        match store.saw(digest) {
            Seen::Whole => found.objects += 1,
            Seen::Absent => wrong_files.push(format!("object `{digest}` vanished while it was read")),
            Seen::Wrong(finding) => wrong_files.push(finding),
        }
    }
    wrong_files.extend(inventory.unknown.iter().map(|name| format!("`{name}` is no file of a ledger")));
    found.findings.splice(0..0, wrong_files);
    found.unfinished = inventory.unfinished;
    Ok(found)
}

/// An entry, with what the chain up to it demands of it.
struct Link {
    entry: Digest,
    event: Event,
    /// The receipt before and its epoch's number.
    last: Option<(u64, Digest)>,
    /// The adoption before: entry and charter.
    adopted: Option<(Digest, Digest)>,
    /// The charter in force for the epoch that it settles.
    in_force: Option<Digest>,
}

/// What came of checking one entry.
#[derive(Default)]
struct Checked {
    /// The objects that it leads to.
    used: Vec<Digest>,
    finding: Option<String>,
    unchecked: Option<Unchecked>,
    signed: bool,
    ran: Ran,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Ran {
    #[default]
    Not,
    /// It reads history and waits for what was settled before it.
    Waits,
    Same,
}

struct Check<'a, S> {
    store: &'a Witness<S>,
    ledger: Ledger<&'a Witness<S>>,
    engine: Option<&'a Engine>,
    /// Told after every settlement.
    tell: &'a (dyn Fn() + Sync),
    /// Policies that were not compiled within this time: trying them again at each entry would take hours.
    slow: Mutex<BTreeMap<Digest, Duration>>,
}

impl<S: Store> Check<'_, S> {
    /// Checks every entry. Of the `objects` there are, those that no entry leads to are unused.
    fn chain(&self, objects: &[Digest]) -> Result<Verification, HostError> {
        let links = self.links();
        let mut entries = Vec::new();
        parallel::in_order(
            links.len(),
            |index| self.entry(&links[index]),
            |checked| {
                entries.push(checked);
                Ok::<_, HostError>(())
            },
        )?;
        self.run_stateful(&links, &mut entries)?;
        let used: BTreeSet<&Digest> = entries.iter().flat_map(|checked| &checked.used).collect();
        Ok(Verification {
            head: self.ledger.head(),
            adoptions: self.ledger.adoptions().count(),
            signed: entries.iter().filter(|checked| checked.signed).count(),
            settlements: self.ledger.settled().count(),
            run_again: entries.iter().filter(|checked| checked.ran == Ran::Same).count(),
            unused: objects.iter().filter(|digest| !used.contains(digest)).copied().collect(),
            unchecked: entries.iter_mut().filter_map(|checked| checked.unchecked.take()).collect(),
            findings: entries.into_iter().filter_map(|checked| checked.finding).collect(),
            ..Verification::default()
        })
    }

    fn links(&self) -> Vec<Link> {
        let (mut last, mut adoptions) = (None, Vec::new());
        let mut links = Vec::new();
        for (entry, event) in self.ledger.entries() {
            let adopted = adoptions.last().map(|&(entry, charter, _)| (entry, charter));
            let mut link = Link { entry: *entry, event: event.clone(), last, adopted, in_force: None };
            match *event {
                Event::Adoption { charter, effective, .. } => adoptions.push((*entry, charter, effective)),
                Event::Settlement { number, receipt } => {
                    let in_force = adoptions.iter().rev().find(|(_, _, effective)| *effective <= number);
                    link.in_force = in_force.map(|(_, charter, _)| *charter);
                    last = Some((number, receipt));
                }
            }
            links.push(link);
        }
        links
    }

    fn entry(&self, link: &Link) -> Result<Checked, HostError> {
        let mut checked = Checked { used: vec![link.entry], ..Checked::default() };
        let result = match &link.event {
            Event::Adoption { charter, effective, change, signatures } => {
                self.adoption(link, *charter, *effective, *change, signatures, &mut checked)
            }
            Event::Settlement { number, receipt } => {
                let result = self.settlement(link, *number, *receipt, &mut checked);
                if checked.ran != Ran::Waits {
                    (self.tell)();
                }
                result
            }
        };
        link.conclude(result, &mut checked)?;
        Ok(checked)
    }

    /// Holds an object against its name that is not read for anything else.
    fn whole(&self, what: &'static str, digest: Digest) -> Result<(), LedgerError> {
        match self.store.saw(&digest) {
            Seen::Whole => Ok(()),
            Seen::Absent => Err(LedgerError::Missing { what, digest }),
            Seen::Wrong(_) => Ok(self.store.get(&digest).map(drop)?), // for the store's own error
        }
    }

    fn adoption(
        &self,
        link: &Link,
        charter: Digest,
        effective: u64,
        stated: Digest,
        signatures: &[Digest],
        checked: &mut Checked,
    ) -> Result<(), LedgerError> {
        checked.used.extend([charter, stated]);
        checked.used.extend(signatures);
        let wrong = |what: &'static str, digest: Digest, problem: &str| {
            Err(LedgerError::Object { what, digest, problem: problem.to_owned() })
        };
        if link.last.is_some_and(|(last, _)| effective <= last) {
            return wrong("charter", charter, "it is effective from an epoch that was settled before");
        }
        let terms = self.ledger.charter(&charter)?;
        for digest in terms.terms().policies.iter().map(|appointment| appointment.policy) {
            checked.used.push(digest);
            self.whole("policy", digest)?;
        }
        let change = change(charter, effective, link.adopted.map(|(entry, _)| entry))?;
        if Digest::of(&change) != stated {
            return wrong("change", stated, "what was signed is not this change");
        }
        self.whole("change", stated)?;
        let mut texts = Vec::new();
        for &digest in signatures {
            let bytes = self.store.get(&digest)?.ok_or(LedgerError::Missing { what: "signature", digest })?;
            match String::from_utf8(bytes) {
                Ok(text) => texts.push(text),
                Err(_) => return wrong("signature", digest, "it is not text"),
            }
        }
        let in_force = link.adopted.map(|(_, charter)| self.ledger.charter(&charter)).transpose()?;
        let signers = check_signatures(in_force.as_ref(), &change, &texts)?;
        checked.signed = !signers.is_empty();
        Ok(())
    }

    fn settlement(
        &self,
        link: &Link,
        number: u64,
        digest: Digest,
        checked: &mut Checked,
    ) -> Result<(), LedgerError> {
        checked.used.push(digest);
        let wrong =
            |problem: &str| Err(LedgerError::Object { what: "receipt", digest, problem: problem.to_owned() });

        let receipt = self.ledger.receipt(&digest)?;
        let settled = receipt.settlement();
        checked.used.extend([settled.epoch, settled.charter, settled.payouts]);
        if link.last.is_some_and(|(last, _)| number <= last) || settled.number != number {
            return wrong("its epoch's number is not the next one of its entry");
        }
        if settled.previous != link.last.map(|(_, receipt)| receipt) {
            return wrong("it does not name the receipt before it");
        }
        if link.in_force != Some(settled.charter) {
            return wrong("it was settled by another charter than the one in force");
        }
        let payouts = self.ledger.payouts(&settled.payouts)?;
        if let Err(error) = receipt.check_payouts(&payouts) {
            return wrong(&error.to_string());
        }
        let epoch = self.ledger.epoch(&settled.epoch)?;
        if epoch.number() != number || epoch.pool().amount != settled.pool {
            return wrong("it is not the receipt of its epoch");
        }
        for run in &settled.runs {
            if let Outcome::Allocated { carry: Some(carry), .. } = run.outcome {
                checked.used.push(carry);
                self.whole("carry", carry)?;
            }
        }
        let Some(engine) = self.engine else { return Ok(()) };
        let charter = self.ledger.charter(&settled.charter)?;
        let policies = self.policies_of(engine, &charter)?;
        if policies.iter().any(Policy::is_stateful) {
            checked.ran = Ran::Waits;
            return Ok(());
        }
        let history = History { previous: settled.previous, ..History::default() };
        run_again(&receipt, &epoch, &charter, &policies, &history)?;
        checked.ran = Ran::Same;
        Ok(())
    }

    fn policies_of(&self, engine: &Engine, charter: &Charter) -> Result<Vec<Policy>, LedgerError> {
        let slow = || self.slow.lock().unwrap_or_else(|broken| broken.into_inner());
        let mut digests = charter.terms().policies.iter().map(|appointment| appointment.policy);
        if let Some((digest, time)) = digests.find_map(|digest| Some((digest, *slow().get(&digest)?))) {
            let error = AdmissionError::Host(HostError::CompileTime(time));
            return Err(LedgerError::Policy { digest, error });
        }
        let policies = self.ledger.policies_of(engine, charter);
        if let Err(LedgerError::Policy {
            digest,
            error: AdmissionError::Host(HostError::CompileTime(time)),
        }) = &policies
        {
            slow().insert(*digest, *time);
        }
        policies
    }

    /// Runs again, in order, what waits for what was settled before it.
    fn run_stateful(&self, links: &[Link], entries: &mut [Checked]) -> Result<(), HostError> {
        let Some(engine) = self.engine else { return Ok(()) };
        let Some(newest) = entries.iter().rposition(|checked| checked.ran == Ran::Waits) else {
            return Ok(());
        };
        // An object that is missing or damaged leaves every later settlement without its history.
        let mut history = Ok(History::default());
        for (link, checked) in links.iter().zip(entries).take(newest + 1) {
            let Event::Settlement { receipt, .. } = link.event else { continue };
            if checked.ran == Ran::Waits {
                checked.ran = Ran::Not;
                match &history {
                    Ok(history) => {
                        link.conclude(self.run_stateful_one(engine, receipt, history), checked)?;
                    }
                    Err(lost) => checked.finding = Some(link.said(lost)),
                }
                if checked.finding.is_none() && checked.unchecked.is_none() {
                    checked.ran = Ran::Same;
                }
                (self.tell)();
            }
            if let Ok(before) = &mut history
                && let Err(lost) = self.ledger.carry_on(before, &receipt)
            {
                history = Err(lost);
            }
        }
        Ok(())
    }

    fn run_stateful_one(
        &self,
        engine: &Engine,
        receipt: Digest,
        history: &History,
    ) -> Result<(), LedgerError> {
        let receipt = self.ledger.receipt(&receipt)?;
        let settled = receipt.settlement();
        let charter = self.ledger.charter(&settled.charter)?;
        let policies = self.policies_of(engine, &charter)?;
        run_again(&receipt, &self.ledger.epoch(&settled.epoch)?, &charter, &policies, history)
    }
}

/// Settles again, and holds the result against the receipt.
fn run_again(
    receipt: &Receipt,
    epoch: &Epoch,
    charter: &Charter,
    policies: &[Policy],
    history: &History,
) -> Result<(), LedgerError> {
    let again = settle(epoch, charter, policies, history)?;
    if again.receipt.digest() == receipt.digest() {
        return Ok(());
    }
    let problem = "running it again gives another settlement".to_owned();
    Err(LedgerError::Object { what: "receipt", digest: receipt.digest(), problem })
}

impl Link {
    /// Notes what came of checking this entry: what is wrong with the ledger is a finding, what is wrong with the host
    /// leaves the entry unchecked, and whoever cancels ends everything.
    fn conclude(&self, result: Result<(), LedgerError>, checked: &mut Checked) -> Result<(), HostError> {
        match result {
            Ok(()) => {}
            Err(LedgerError::Settle(SettleError::Host(error)))
            | Err(LedgerError::Policy { error: AdmissionError::Host(error), .. }) => match error {
                HostError::Cancelled => return Err(error),
                error => {
                    let (reason, limit) = (error.to_string(), error.limit());
                    checked.unchecked = Some(Unchecked { entry: self.entry, reason, limit });
                }
            },
            Err(error) => checked.finding = Some(self.said(&error)),
        }
        Ok(())
    }

    fn said(&self, error: &LedgerError) -> String {
        format!("entry `{}`: {error}", self.entry)
    }
}
