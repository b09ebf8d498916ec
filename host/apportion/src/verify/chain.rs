//! The chain of a ledger, entry by entry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use super::structure;
use super::witness::{Seen, Witness};
use super::{Unchecked, Verification, forks};
use crate::host_error::HostError;
use crate::ledger::{Ledger, LedgerError, check_signatures};
use crate::parallel;
use crate::policy::{AdmissionError, Engine, Policy};
use crate::settle::{History, SettleError, appointed, check_asset, settle};
use apportion_core::canonical::Digest;
use apportion_core::charter::Charter;
use apportion_core::entry::{EntryFormat, Event, change, change_1};
use apportion_core::epoch::Epoch;
use apportion_core::money::Asset;
use apportion_core::receipt::{Agreement, Outcome, Receipt, ReceiptFormat};
use apportion_core::store::Store;

/// An entry, with what the chain up to it demands of it.
struct Link {
    entry: Digest,
    format: EntryFormat,
    event: Event,
    /// The entry before.
    follows: Option<Digest>,
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
    SameButCounts,
}

pub(super) struct Check<'a, S> {
    pub(super) store: &'a Witness<S>,
    pub(super) ledger: Ledger<&'a Witness<S>>,
    pub(super) engine: Option<&'a Engine>,
    /// Called after every settlement.
    pub(super) tell: &'a (dyn Fn() + Sync),
    /// Policies that were not compiled within this time: trying them again at each entry would take hours.
    pub(super) slow: Mutex<BTreeMap<Digest, Duration>>,
}

impl<S: Store> Check<'_, S> {
    /// Checks every entry. Of the `objects` there are, those that no entry leads to are unused, or evidence of a fork.
    pub(super) fn chain(&self, objects: &[Digest]) -> Result<Verification, HostError> {
        let links = self.links();
        let mut entries: Vec<Checked> = Vec::new();
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
        let mut unused = objects.iter().filter(|digest| !used.contains(digest)).copied().collect();
        let forks = forks::evidence(&self.store, &self.ledger, &mut unused);
        let ran = |ran: Ran| entries.iter().filter(|checked| checked.ran == ran).count();
        let without_counts = ran(Ran::SameButCounts);
        Ok(Verification {
            identity: self.ledger.identity(),
            head: self.ledger.head(),
            adoptions: self.ledger.adoptions().count(),
            signed: entries.iter().filter(|checked| checked.signed).count(),
            settlements: self.ledger.settled().count(),
            run_again: ran(Ran::Same) + without_counts,
            without_counts,
            unused,
            unchecked: entries.iter_mut().filter_map(|checked| checked.unchecked.take()).collect(),
            findings: entries.into_iter().filter_map(|checked| checked.finding).chain(forks).collect(),
            ..Verification::default()
        })
    }

    fn links(&self) -> Vec<Link> {
        let (mut last, mut follows, mut adoptions) = (None, None, Vec::new());
        let mut links = Vec::new();
        for (index, (entry, event)) in self.ledger.entries().iter().enumerate() {
            let adopted = adoptions.last().map(|&(entry, charter, _)| (entry, charter));
            let format = self.ledger.format(index);
            let (event, in_force) = (event.clone(), None);
            let mut link = Link { entry: *entry, format, event, follows, last, adopted, in_force };
            follows = Some(*entry);
            match link.event {
                Event::Creation { .. } => {}
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
            Event::Creation { .. } => Ok(()),
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
        let adopted = self.ledger.charter(&charter)?;
        for digest in adopted.terms().policies.iter().map(|appointment| appointment.policy) {
            checked.used.push(digest);
            self.whole("policy", digest)?;
        }
        let change = self.change(link, charter, effective)?;
        if Digest::of(&change) != stated {
            return wrong("change", stated, "what was signed is not this change");
        }
        self.whole("change", stated)?;
        let texts = signatures.iter().map(|digest| self.ledger.signature(digest));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let in_force = link.adopted.map(|(_, charter)| self.ledger.charter(&charter)).transpose()?;
        let signers = check_signatures(in_force.as_ref(), &change, &texts)?;
        checked.signed = !signers.is_empty();
        if link.format == EntryFormat::Two {
            adopted.check_signers()?;
        }
        // Names, versions and schemas are what policies say of themselves, which means running them.
        let Some(engine) = self.engine else { return Ok(()) };
        appointed(&adopted, &self.policies_of(engine, &adopted)?)?;
        Ok(())
    }

    /// What was to be signed for an adoption, in the format of its entry.
    fn change(&self, link: &Link, charter: Digest, effective: u64) -> Result<Vec<u8>, LedgerError> {
        match (link.format, self.ledger.identity(), link.follows) {
            (EntryFormat::Two, Some(ledger), Some(follows)) => {
                Ok(change(charter, effective, ledger, follows)?)
            }
            (EntryFormat::Two, ..) => Err(LedgerError::NotCreated),
            (EntryFormat::One, ..) => Ok(change_1(charter, effective, link.adopted.map(|(entry, _)| entry))?),
        }
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
        let settled = receipt.terms();
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
        if (receipt.format() == ReceiptFormat::One) != (link.format == EntryFormat::One) {
            return wrong("it has another format than its entry");
        }
        let settled = self.ledger.settlement(receipt)?;
        let (epoch, charter, receipt) = (settled.epoch(), settled.charter(), settled.receipt());
        if let Err(problem) = structure::check(&settled) {
            return wrong(&problem);
        }
        let asset = self.asset_before(link);
        let terms = charter.terms().asset.as_ref();
        if let Err(error) = check_asset(asset.as_ref(), &epoch.pool().asset, terms) {
            return wrong(&error.to_string());
        }
        for run in &receipt.terms().runs {
            if let Outcome::Allocated { carry: Some(carry), .. } = run.outcome {
                checked.used.push(carry);
                self.whole("carry", carry)?;
            }
        }
        let Some(engine) = self.engine else { return Ok(()) };
        let policies = self.policies_of(engine, charter)?;
        if policies.iter().any(Policy::is_stateful) {
            checked.ran = Ran::Waits;
            return Ok(());
        }
        let history = History { previous: receipt.terms().previous, asset, ..History::default() };
        checked.ran = run_again(receipt, epoch, charter, &policies, &history)?;
        Ok(())
    }

    /// The asset of the settlement before; none if there is none, or if its receipt cannot be read, which is a finding of
    /// its own.
    fn asset_before(&self, link: &Link) -> Option<Asset> {
        let (_, receipt) = link.last?;
        self.ledger.receipt(&receipt).ok()?.asset().ok()
    }

    /// The policies of a charter, without trying again those that took too long to compile.
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
                    Ok(history) => match self.run_stateful_one(engine, receipt, history) {
                        Ok(ran) => checked.ran = ran,
                        Err(error) => link.conclude(Err(error), checked)?,
                    },
                    Err(lost) => checked.finding = Some(link.said(lost)),
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
    ) -> Result<Ran, LedgerError> {
        let receipt = self.ledger.receipt(&receipt)?;
        let settled = receipt.terms();
        let charter = self.ledger.charter(&settled.charter)?;
        let policies = self.policies_of(engine, &charter)?;
        run_again(&receipt, &self.ledger.epoch(&settled.epoch)?, &charter, &policies, history)
    }
}

/// Settles again, and compares the result with the receipt.
fn run_again(
    receipt: &Receipt,
    epoch: &Epoch,
    charter: &Charter,
    policies: &[Policy],
    history: &History,
) -> Result<Ran, LedgerError> {
    let again = settle(epoch, charter, policies, history)?;
    let problem = match receipt.compare(&again.receipt) {
        Agreement::Same => return Ok(Ran::Same),
        Agreement::SameButCounts => return Ok(Ran::SameButCounts),
        Agreement::Different => match other_metering(receipt, &again.receipt) {
            Some((then, now)) => format!(
                "running it again gives another settlement; it was counted by version {then} of metering and is \
                 counted by {now} now, so a run that reaches a limit can end otherwise"
            ),
            None => "running it again gives another settlement".to_owned(),
        },
    };
    Err(LedgerError::Object { what: "receipt", digest: receipt.digest(), problem })
}

/// The versions of metering that a run was counted by, then and now, if they differ.
fn other_metering(then: &Receipt, now: &Receipt) -> Option<(u32, u32)> {
    let runs = then.terms().runs.iter().zip(&now.terms().runs);
    runs.map(|(then, now)| (then.metering, now.metering)).find(|(then, now)| then != now)
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
