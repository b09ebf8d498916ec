//! Past epochs under other charters: what would have been paid. Nothing is appended anywhere.
//!
//! Charters whose policies keep no state are replayed on all cores, epochs in any order; a charter with a policy that
//! reads history is replayed in order, with the history that this charter itself would have made. Results are the
//! same either way, and always in the order of the epochs.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::canonical::Digest;
use crate::charter::Charter;
use crate::cores::on_all_cores;
use crate::epoch::{Epoch, Window};
use crate::fault::{Fault, HostError};
use crate::payouts::Payouts;
use crate::policy::Policy;
use crate::receipt::{Receipt, ReceiptError};
use crate::settle::{History, SettleError, Settlement, settle};

/// Where settled epochs come from: folders, a ledger, memory. Epochs are loaded one at a time and dropped again, so
/// that memory does not grow with their number.
pub trait Past: Sync {
    /// Why an epoch could not be loaded.
    type Error: Send;

    /// How many epochs there are.
    fn count(&self) -> usize;

    /// Loads the epoch at `index`, oldest first. Called from several threads, and for some epochs twice.
    fn load(&self, index: usize) -> Result<Settled, Self::Error>;
}

/// An epoch as it was settled: four objects that belong together.
#[derive(Clone, Debug)]
pub struct Settled {
    epoch: Epoch,
    charter: Charter,
    receipt: Receipt,
    payouts: Payouts,
}

/// Why four objects are not one settlement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettledError {
    /// The receipt is of another epoch.
    #[error("the receipt is of epoch {receipt}, and this is {epoch}")]
    Epoch {
        /// The receipt's.
        receipt: Digest,
        /// The one given.
        epoch: Digest,
    },
    /// The receipt is of another charter.
    #[error("the receipt is of charter {receipt}, and this is {charter}")]
    Charter {
        /// The receipt's.
        receipt: Digest,
        /// The one given.
        charter: Digest,
    },
    /// The receipt says another number, pool or payees than the epoch.
    #[error("the receipt or the payouts say another {0} than the epoch")]
    Terms(&'static str),
    /// The payouts are not the receipt's.
    #[error(transparent)]
    Payouts(#[from] ReceiptError),
}

impl Settled {
    /// Holds the four against one another. It is not settled anew: that is what replaying its own charter does.
    pub fn new(
        epoch: Epoch,
        charter: Charter,
        receipt: Receipt,
        payouts: Payouts,
    ) -> Result<Settled, SettledError> {
        let said = receipt.settlement();
        if said.epoch != epoch.digest() {
            return Err(SettledError::Epoch { receipt: said.epoch, epoch: epoch.digest() });
        }
        if said.charter != charter.digest() {
            return Err(SettledError::Charter { receipt: said.charter, charter: charter.digest() });
        }
        receipt.check_payouts(&payouts)?;
        let pool = epoch.pool();
        let asset = (said.asset.as_str(), said.decimals);
        for (what, same) in [
            ("number", said.number == epoch.number()),
            ("pool", said.pool == pool.amount && asset == (pool.asset.symbol(), pool.asset.decimals())),
            ("payees", epoch.payees().iter().eq(payouts.list().payouts.iter().map(|p| p.payee.as_str()))),
        ] {
            if !same {
                return Err(SettledError::Terms(what));
            }
        }
        Ok(Settled { epoch, charter, receipt, payouts })
    }

    /// The epoch.
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The charter it was settled under.
    pub fn charter(&self) -> &Charter {
        &self.charter
    }

    /// What was settled.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Who got what.
    pub fn payouts(&self) -> &Payouts {
        &self.payouts
    }
}

/// An epoch replayed: what was, and what would have been under each candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayedEpoch {
    /// The period that the epoch covers.
    pub window: Window,
    /// The charter that was in force.
    pub charter: Charter,
    /// What was settled then.
    pub receipt: Receipt,
    /// Who got what.
    pub payouts: Payouts,
    /// What the epoch calls each payee, in the payouts' order; empty where it has no name.
    pub names: Vec<String>,
    /// One for each candidate, in their order.
    pub replayed: Vec<Replayed>,
}

/// What came of an epoch under a candidate.
#[derive(Clone, Debug, PartialEq)]
pub enum Replayed {
    /// It would have been settled. The receipt names as `previous` what the original names, so that a charter
    /// replayed on its own epoch gives the identical settlement digest.
    Settled {
        /// The receipt.
        receipt: Box<Receipt>,
        /// Who would have got what.
        payouts: Payouts,
    },
    /// A policy would have given no allocation, and the candidate says to stop then.
    Fault {
        /// The policy's name.
        policy: String,
        /// What happened.
        fault: Fault,
    },
}

/// How far a replay is, in settlements: epochs times candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Settled anew so far.
    pub done: usize,
    /// All there are to do.
    pub total: usize,
}

/// Why there is no replay. A policy's fault is none of these: it is a result.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError<E> {
    /// An epoch could not be loaded.
    #[error("past epoch {} cannot be replayed: {error}", .index + 1)]
    Past {
        /// Which, from 0.
        index: usize,
        /// Why.
        error: E,
    },
    /// A candidate cannot settle anything: a policy is missing, parameters break a schema.
    #[error("candidate {} (`{name}`) cannot be replayed: {error}", .index + 1)]
    Candidate {
        /// Which, from 0.
        index: usize,
        /// The charter's name.
        name: String,
        /// Why.
        error: Box<SettleError>,
    },
    /// The host's fault.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Replays all of `past` under each candidate.
///
/// `policies` holds those that the candidates name. `before` is what was settled before the first of these epochs:
/// [`History::default`] where they begin with the programme. `progress` is told from any thread, after every
/// settlement.
///
/// After a fault that stops a settlement, a candidate with state goes on as if that epoch had not been.
///
/// ```
/// use apportion::{Charter, Engine, Epoch, History, Past, Replayed, Settled, replay, settle};
///
/// struct One(Settled);
/// impl Past for One {
///     type Error = std::convert::Infallible;
///     fn count(&self) -> usize { 1 }
///     fn load(&self, _: usize) -> Result<Settled, Self::Error> { Ok(self.0.clone()) }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let policy = Engine::new()?.admit(&std::fs::read("../policies/dist/equal.wasm")?)?;
/// # let epoch = Epoch::from_bytes(&std::fs::read("../tests/golden/cooperative.epoch")?)?;
/// let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
/// let policies = [policy];
/// let then = settle(&epoch, &charter, &policies, &History::default())?;
/// let past = One(Settled::new(epoch, charter.clone(), then.receipt.clone(), then.payouts)?);
///
/// let epochs = replay(&past, &[charter], &policies, &History::default(), &|_| {})?;
/// let Replayed::Settled { receipt, .. } = &epochs[0].replayed[0] else { return Err("a fault".into()) };
/// assert_eq!(receipt.settlement_digest(), then.receipt.settlement_digest());
/// # Ok(())
/// # }
/// ```
pub fn replay<P: Past>(
    past: &P,
    candidates: &[Charter],
    policies: &[Policy],
    before: &History,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<ReplayedEpoch>, ReplayError<P::Error>> {
    let (stateful, stateless): (Vec<usize>, Vec<usize>) =
        (0..candidates.len()).partition(|&index| is_stateful(&candidates[index], policies));
    let done = AtomicUsize::new(0);
    let total = past.count() * candidates.len();
    let settled = || progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });

    let anew = |settled_then: &Settled, index: usize, history: &mut History| {
        history.previous = settled_then.receipt.settlement().previous;
        let replayed = settle_anew(settled_then, index, candidates, policies, history);
        settled();
        replayed
    };
    let mut epochs = on_all_cores(past.count(), |epoch| -> Result<_, ReplayError<P::Error>> {
        let then = past.load(epoch).map_err(|error| ReplayError::Past { index: epoch, error })?;
        let mut replayed = BTreeMap::new();
        for &index in &stateless {
            replayed.insert(index, anew(&then, index, &mut History::default())?);
        }
        Ok((replayed, then.without_epoch()))
    })?;
    if !stateful.is_empty() {
        let histories: Vec<Mutex<History>> = stateful.iter().map(|_| Mutex::new(before.clone())).collect();
        for (epoch, (replayed, _)) in epochs.iter_mut().enumerate() {
            let then = past.load(epoch).map_err(|error| ReplayError::Past { index: epoch, error })?;
            let results = on_all_cores(stateful.len(), |which| {
                let mut history = histories[which].lock().unwrap_or_else(|broken| broken.into_inner());
                anew(&then, stateful[which], &mut history)
            })?;
            replayed.extend(stateful.iter().copied().zip(results));
        }
    }
    let whole = epochs
        .into_iter()
        .map(|(replayed, epoch)| ReplayedEpoch { replayed: replayed.into_values().collect(), ..epoch });
    Ok(whole.collect())
}

impl Settled {
    /// What a comparison needs; the graph, by far the largest part, is dropped.
    fn without_epoch(self) -> ReplayedEpoch {
        let names = self.epoch.payee_names().iter().map(str::to_owned).collect();
        let Settled { epoch, charter, receipt, payouts } = self;
        ReplayedEpoch { window: epoch.window(), charter, receipt, payouts, names, replayed: Vec::new() }
    }
}

/// A policy that is missing counts as stateless: settling will tell.
fn is_stateful(charter: &Charter, policies: &[Policy]) -> bool {
    let appointed = |policy: &&Policy| {
        charter.terms().policies.iter().any(|appointment| appointment.policy == policy.digest())
    };
    policies.iter().filter(appointed).any(Policy::is_stateful)
}

/// Settles under a candidate and carries its history on.
fn settle_anew<E>(
    then: &Settled,
    index: usize,
    candidates: &[Charter],
    policies: &[Policy],
    history: &mut History,
) -> Result<Replayed, ReplayError<E>> {
    let candidate = &candidates[index];
    match settle(&then.epoch, candidate, policies, history) {
        Ok(Settlement { receipt, payouts, carry, .. }) => {
            for payout in &payouts.list().payouts {
                let paid = history.paid.entry(payout.payee.clone()).or_default();
                *paid = paid.checked_add(payout.amount).ok_or_else(|| {
                    HostError::Broken("a payee's payouts are more than 128 bits hold".to_owned())
                })?;
            }
            history.carry = carry;
            Ok(Replayed::Settled { receipt: Box::new(receipt), payouts })
        }
        Err(SettleError::Fault { policy, fault, .. }) => Ok(Replayed::Fault { policy, fault }),
        Err(SettleError::Host(error)) => Err(error.into()),
        Err(error) => {
            let name = candidate.terms().name.clone();
            Err(ReplayError::Candidate { index, name, error: Box::new(error) })
        }
    }
}
