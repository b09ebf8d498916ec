//! Checks a whole ledger: every byte, every link, every signature, every sum; and runs every settlement again.

use std::collections::BTreeSet;

use crate::canonical::Digest;
use crate::fault::HostError;
use crate::ledger::{Event, Ledger, LedgerError, change, check_signatures};
use crate::policy::Engine;
use crate::settle::{SettleError, settle};
use crate::store::Store;

/// What was found, and what was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// What is wrong, each naming its object; empty if nothing is.
    pub findings: Vec<String>,
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

/// How far a verification is, in settlements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Checked so far.
    pub done: usize,
    /// All there are to check.
    pub total: usize,
}

/// Verifies the ledger in `store`. With an engine every settlement is run again; without, its structure is checked.
///
/// What is wrong with the ledger is a finding; an error is the host's, and says nothing about the ledger.
pub fn verify<S: Store>(
    store: S,
    engine: Option<&Engine>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verification, HostError> {
    let mut found = Verification::default();
    let inventory = match store.inventory() {
        Ok(inventory) => inventory,
        Err(error) => {
            found.findings.push(error.to_string());
            return Ok(found);
        }
    };
    for digest in &inventory.objects {
        match store.get(digest) {
            Ok(Some(_)) => found.objects += 1,
            Ok(None) => found.findings.push(format!("object `{digest}` vanished while it was read")),
            Err(error) => found.findings.push(error.to_string()),
        }
    }
    found.findings.extend(inventory.unknown.iter().map(|name| format!("`{name}` is no file of a ledger")));
    found.unfinished = inventory.unfinished;

    let ledger = match Ledger::open(store) {
        Ok(ledger) => ledger,
        Err(error) => {
            found.findings.push(error.to_string());
            return Ok(found);
        }
    };
    found.head = ledger.head();
    let mut check = Check {
        ledger,
        engine,
        used: BTreeSet::new(),
        receipts: Vec::new(),
        last: None,
        adopted: Vec::new(),
        found,
    };
    check.entries(progress)?;
    let Check { used, mut found, .. } = check;
    found.unused = inventory.objects.into_iter().filter(|digest| !used.contains(digest)).collect();
    Ok(found)
}

struct Check<'a, S> {
    ledger: Ledger<S>,
    engine: Option<&'a Engine>,
    used: BTreeSet<Digest>,
    receipts: Vec<Digest>,
    last: Option<u64>,
    /// Entry, charter, effective: as far as the chain was followed.
    adopted: Vec<(Digest, Digest, u64)>,
    found: Verification,
}

impl<S: Store> Check<'_, S> {
    fn entries(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), HostError> {
        let entries = self.ledger.entries().to_vec();
        let total = self.ledger.settled().count();
        for (entry, event) in entries {
            self.used.insert(entry);
            let checked = match &event {
                Event::Adoption { charter, effective, change, signatures } => {
                    self.found.adoptions += 1;
                    self.adoption(entry, *charter, *effective, *change, signatures)
                }
                Event::Settlement { number, receipt } => {
                    self.found.settlements += 1;
                    let checked = self.settlement(*number, *receipt);
                    progress(Progress { done: self.found.settlements, total });
                    checked
                }
            };
            match checked {
                Ok(()) => {}
                Err(LedgerError::Settle(SettleError::Host(error))) => return Err(error),
                Err(error) => self.found.findings.push(format!("entry `{entry}`: {error}")),
            }
        }
        Ok(())
    }

    fn adoption(
        &mut self,
        entry: Digest,
        charter: Digest,
        effective: u64,
        stated: Digest,
        signatures: &[Digest],
    ) -> Result<(), LedgerError> {
        self.used.extend([charter, stated]);
        self.used.extend(signatures);
        let wrong = |what: &'static str, digest: Digest, problem: &str| {
            Err(LedgerError::Object { what, digest, problem: problem.to_owned() })
        };
        let before = self.adopted.last().copied();
        self.adopted.push((entry, charter, effective));
        if self.last.is_some_and(|last| effective <= last) {
            return wrong("charter", charter, "it is effective from an epoch that was settled before");
        }
        let terms = self.ledger.charter(&charter)?;
        for digest in terms.terms().policies.iter().map(|appointment| appointment.policy) {
            self.used.insert(digest);
            self.ledger.store().get(&digest)?.ok_or(LedgerError::Missing { what: "policy", digest })?;
        }
        let change = change(charter, effective, before.map(|(entry, ..)| entry))?;
        if Digest::of(&change) != stated {
            return wrong("change", stated, "what was signed is not this change");
        }
        self.ledger.store().get(&stated)?.ok_or(LedgerError::Missing { what: "change", digest: stated })?;
        let mut texts = Vec::new();
        for &digest in signatures {
            let bytes = self
                .ledger
                .store()
                .get(&digest)?
                .ok_or(LedgerError::Missing { what: "signature", digest })?;
            match String::from_utf8(bytes) {
                Ok(text) => texts.push(text),
                Err(_) => return wrong("signature", digest, "it is not text"),
            }
        }
        let in_force = before.map(|(_, charter, _)| self.ledger.charter(&charter)).transpose()?;
        let signers = check_signatures(in_force.as_ref(), &change, &texts)?;
        self.found.signed += usize::from(!signers.is_empty());
        Ok(())
    }

    fn settlement(&mut self, number: u64, digest: Digest) -> Result<(), LedgerError> {
        self.used.insert(digest);
        let previous = self.receipts.last().copied();
        let before = self.receipts.len();
        let last = self.last.replace(number);
        self.receipts.push(digest);
        let wrong =
            |problem: &str| Err(LedgerError::Object { what: "receipt", digest, problem: problem.to_owned() });

        let receipt = self.ledger.receipt(&digest)?;
        let settled = receipt.settlement();
        self.used.extend([settled.epoch, settled.charter, settled.payouts]);
        if last.is_some_and(|last| number <= last) || settled.number != number {
            return wrong("its epoch's number is not the next one of its entry");
        }
        if settled.previous != previous {
            return wrong("it does not name the receipt before it");
        }
        let in_force = self.adopted.iter().rev().find(|(_, _, effective)| *effective <= number);
        if in_force.map(|(_, charter, _)| *charter) != Some(settled.charter) {
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
        for carry in settled.runs.iter().filter_map(|run| match run.outcome {
            crate::receipt::Outcome::Allocated { carry, .. } => carry,
            crate::receipt::Outcome::Fault(_) => None,
        }) {
            self.used.insert(carry);
            self.ledger.store().get(&carry)?.ok_or(LedgerError::Missing { what: "carry", digest: carry })?;
        }
        let Some(engine) = self.engine else { return Ok(()) };
        let charter = self.ledger.charter(&settled.charter)?;
        let policies = self.ledger.policies_of(engine, &charter)?;
        let history = self.ledger.history(&self.receipts[..before], &policies)?;
        let again = settle(&epoch, &charter, &policies, &history)?;
        if again.receipt.settlement_digest() != receipt.settlement_digest() {
            return wrong("running it again gives another settlement");
        }
        self.found.run_again += 1;
        Ok(())
    }
}
