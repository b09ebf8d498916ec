//! Past epochs under other charters: what would have been paid. Nothing is appended anywhere.
//!
//! Charters whose policies keep no state are replayed on all cores, epochs in any order; a charter with a policy that
//! reads history is replayed in order, with the history that this charter itself would have made. Results come in
//! the order of the epochs, one at a time, and are the same on any number of cores.

use std::collections::BTreeMap;

use crate::canonical::Digest;
use crate::charter::Charter;
use crate::epoch::{Epoch, Window};
use crate::fault::{Fault, HostError, HostLimit};
use crate::parallel;
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

    /// Loads the epoch at `index`, oldest first. Called once for each, from several threads.
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
    /// replayed on its own epoch gives the identical receipt.
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
    /// The host failed, as by a limit of its own: nothing is known about this epoch under this candidate. Of a candidate
    /// whose policies read history nothing is known about later epochs either.
    Unknown {
        /// Why, in a sentence.
        reason: String,
        /// The host's own limit that was met, if it was one.
        limit: Option<HostLimit>,
    },
}

/// Why there is no replay. A policy's fault is none of these: it is a result. Where the host fails at one epoch the
/// result is [`Replayed::Unknown`].
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
    /// It was cancelled, or this library has a bug.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Replays all of `past` under each candidate and hands each epoch to `each`, oldest first, as soon as it is done.
///
/// `policies` holds those that the candidates name. `before` is what was settled before the first of these epochs:
/// [`History::default`] where they begin with the programme. Memory does not grow with the number of epochs. An error
/// of `each` ends the replay.
///
/// After a fault that stops a settlement, a candidate with state goes on as if that epoch had not been.
///
/// ```
/// use apportion::{Charter, Engine, Epoch, History, Past, Replayed, ReplayError, Settled, replay, settle};
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
/// replay(&past, &[charter], &policies, &History::default(), |epoch| -> Result<(), ReplayError<_>> {
///     let Replayed::Settled { receipt, .. } = &epoch.replayed[0] else { panic!("a fault") };
///     assert_eq!(receipt.digest(), then.receipt.digest());
///     Ok(())
/// })?;
/// # Ok(())
/// # }
/// ```
pub fn replay<P: Past, E: From<ReplayError<P::Error>>>(
    past: &P,
    candidates: &[Charter],
    policies: &[Policy],
    before: &History,
    mut each: impl FnMut(ReplayedEpoch) -> Result<(), E>,
) -> Result<(), E> {
    let (stateful, stateless): (Vec<usize>, Vec<usize>) =
        (0..candidates.len()).partition(|&index| is_stateful(&candidates[index], policies));
    let mut histories: Vec<Result<History, Lost>> = stateful.iter().map(|_| Ok(before.clone())).collect();
    parallel::in_order(
        past.count(),
        |index| {
            let then = past.load(index).map_err(|error| ReplayError::Past { index, error })?;
            let before = History { previous: then.receipt.settlement().previous, ..History::default() };
            let mut replayed = BTreeMap::new();
            for &candidate in &stateless {
                let (settled, _) = settle_anew(&then.epoch, candidate, candidates, policies, &before)?;
                replayed.insert(candidate, settled);
            }
            // The graph, by far the largest part, is kept only for a candidate with state.
            let graph = (!stateful.is_empty()).then(|| then.epoch.clone());
            Ok((then.without_epoch(), graph, replayed))
        },
        |(then, graph, mut replayed)| {
            // With state an epoch waits for the one before it: here they come in order.
            if let Some(epoch) = &graph {
                for (&candidate, past) in stateful.iter().zip(&mut histories) {
                    let settled = match past {
                        Err(lost) => lost.replayed(),
                        Ok(history) => {
                            history.previous = then.receipt.settlement().previous;
                            enter_asset(history, epoch, candidate, &candidates[candidate], &then.charter)?;
                            let (settled, carry) =
                                settle_anew(epoch, candidate, candidates, policies, history)?;
                            carry_on(history, &settled, carry).map_err(ReplayError::Host)?;
                            settled
                        }
                    };
                    if let (Ok(_), Replayed::Unknown { limit, .. }) = (&past, &settled) {
                        *past = Err(Lost { number: epoch.number(), limit: *limit });
                    }
                    replayed.insert(candidate, settled);
                }
            }
            each(ReplayedEpoch { replayed: replayed.into_values().collect(), ..then })
        },
    )
}

impl Settled {
    /// What a comparison needs.
    fn without_epoch(self) -> ReplayedEpoch {
        let names = self.epoch.payee_names().iter().map(str::to_owned).collect();
        let Settled { epoch, charter, receipt, payouts } = self;
        ReplayedEpoch { window: epoch.window(), charter, receipt, payouts, names, replayed: Vec::new() }
    }
}

/// Takes a candidate's history into an epoch's asset: as the candidate decides, or as the charter then in force did.
fn enter_asset<E>(
    history: &mut History,
    epoch: &Epoch,
    index: usize,
    candidate: &Charter,
    then: &Charter,
) -> Result<(), ReplayError<E>> {
    let terms = candidate.terms().asset.as_ref().or(then.terms().asset.as_ref());
    history.enter_asset(&epoch.pool().asset, terms).map_err(|error| {
        let name = candidate.terms().name.clone();
        ReplayError::Candidate { index, name, error: Box::new(error.into()) }
    })
}

/// The history of a candidate that ends at an epoch of which nothing is known.
struct Lost {
    number: u64,
    limit: Option<HostLimit>,
}

impl Lost {
    fn replayed(&self) -> Replayed {
        let reason = format!("its rule reads history, and epoch {} could not be replayed", self.number);
        Replayed::Unknown { reason, limit: self.limit }
    }
}

/// A policy that is missing counts as stateless: settling will tell.
fn is_stateful(charter: &Charter, policies: &[Policy]) -> bool {
    let appointed = |policy: &&Policy| {
        charter.terms().policies.iter().any(|appointment| appointment.policy == policy.digest())
    };
    policies.iter().filter(appointed).any(Policy::is_stateful)
}

/// What policies handed over, by their digests.
type Carry = BTreeMap<Digest, Vec<u8>>;

/// Settles under a candidate.
fn settle_anew<E>(
    epoch: &Epoch,
    index: usize,
    candidates: &[Charter],
    policies: &[Policy],
    history: &History,
) -> Result<(Replayed, Carry), ReplayError<E>> {
    let candidate = &candidates[index];
    match settle(epoch, candidate, policies, history) {
        Ok(Settlement { receipt, payouts, carry, .. }) => {
            Ok((Replayed::Settled { receipt: Box::new(receipt), payouts }, carry))
        }
        Err(SettleError::Fault { policy, fault, .. }) => {
            Ok((Replayed::Fault { policy, fault }, Carry::new()))
        }
        Err(SettleError::Host(error @ HostError::Cancelled)) => Err(error.into()),
        Err(SettleError::Host(error)) => {
            let unknown = Replayed::Unknown { reason: error.to_string(), limit: error.limit() };
            Ok((unknown, Carry::new()))
        }
        Err(error) => {
            let name = candidate.terms().name.clone();
            Err(ReplayError::Candidate { index, name, error: Box::new(error) })
        }
    }
}

/// Adds what came of an epoch to the history that a candidate makes.
fn carry_on(history: &mut History, replayed: &Replayed, mut carry: Carry) -> Result<(), HostError> {
    let Replayed::Settled { receipt, payouts } = replayed else { return Ok(()) };
    let unmade = || HostError::Broken("a policy handed over what was not kept".to_owned());
    history.hand_over(receipt.settlement(), |policy, _| carry.remove(policy).ok_or_else(unmade))?;
    let too_much = || HostError::Broken("a payee's payouts are more than 128 bits hold".to_owned());
    history.pay(payouts).ok_or_else(too_much)
}
