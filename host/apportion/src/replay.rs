//! SettledEpochs epochs under other charters: what would have been paid. Nothing is appended anywhere.
//!
//! Charters whose policies keep no state are replayed on all cores, epochs in any order; a charter with a policy that
//! reads history is replayed in order, with the history that this charter itself would have made. Results come in
//! the order of the epochs, one at a time, and are the same on any number of cores.

use std::collections::BTreeMap;

use crate::host_error::HostError;
use crate::parallel;
use crate::policy::Policy;
use crate::settle::{History, SettleError, Settlement, settle};
use apportion_core::canonical::Digest;
use apportion_core::charter::Charter;
use apportion_core::epoch::Epoch;
use apportion_core::error::ErrorKind;
use apportion_core::limits::HostLimit;
pub use apportion_core::replayed::{Replayed, ReplayedEpoch};
pub use apportion_core::settled::{SettledEpoch, SettledEpochError};

/// Where settled epochs come from: folders, a ledger, memory. Epochs are loaded one at a time and dropped again, so
/// that memory does not grow with their number.
pub trait SettledEpochs: Sync {
    /// Why an epoch could not be loaded.
    type Error: Send;

    /// How many epochs there are.
    fn count(&self) -> usize;

    /// Loads the epoch at `index`, oldest first. Called once for each, from several threads.
    fn load(&self, index: usize) -> Result<SettledEpoch, Self::Error>;
}

/// Why there is no replay. A policy's fault is none of these: it is a result. Where the host fails at one epoch the
/// result is [`Replayed::Unknown`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError<E> {
    /// An epoch could not be loaded.
    #[error("past epoch {} cannot be replayed: {error}", .index + 1)]
    Past {
        /// Which, from 0.
        index: usize,
        /// Why.
        #[source]
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

impl<E> ReplayError<E> {
    /// Whose fault it is. Why an epoch could not be loaded is for its source to say: [`ErrorKind::Host`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            ReplayError::Past { .. } => ErrorKind::Host,
            ReplayError::Candidate { error, .. } => error.kind(),
            ReplayError::Host(error) => error.kind(),
        }
    }
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
/// use apportion::{Charter, Engine, Epoch, History, replay, settle};
/// use apportion::replay::{SettledEpochs, Replayed, ReplayError, SettledEpoch};
///
/// struct One(SettledEpoch);
/// impl SettledEpochs for One {
///     type Error = std::convert::Infallible;
///     fn count(&self) -> usize { 1 }
///     fn load(&self, _: usize) -> Result<SettledEpoch, Self::Error> { Ok(self.0.clone()) }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let policy = Engine::new()?.admit(&std::fs::read("../../policies/dist/equal.wasm")?)?;
/// # let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
/// let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
/// let policies = [policy];
/// let then = settle(&epoch, &charter, &policies, &History::default())?;
/// let past = One(SettledEpoch::new(epoch, charter.clone(), then.receipt.clone(), then.payouts)?);
///
/// replay(&past, &[charter], &policies, &History::default(), |epoch| -> Result<(), ReplayError<_>> {
///     let Replayed::Settled { receipt, .. } = &epoch.replayed[0] else { panic!("a fault") };
///     assert_eq!(receipt.digest(), then.receipt.digest());
///     Ok(())
/// })?;
/// # Ok(())
/// # }
/// ```
pub fn replay<P: SettledEpochs, E: From<ReplayError<P::Error>>>(
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
            let before = History { previous: then.receipt().terms().previous, ..History::default() };
            let mut replayed = BTreeMap::new();
            for &candidate in &stateless {
                let (settled, _) = settle_anew(then.epoch(), candidate, candidates, policies, &before)?;
                replayed.insert(candidate, settled);
            }
            // The graph, by far the largest part, is kept only for a candidate with state.
            let graph = (!stateful.is_empty()).then(|| then.epoch().clone());
            Ok((ReplayedEpoch::from(then), graph, replayed))
        },
        |(then, graph, mut replayed)| {
            // With state an epoch waits for the one before it: here they come in order.
            if let Some(epoch) = &graph {
                for (&candidate, past) in stateful.iter().zip(&mut histories) {
                    let settled = match past {
                        Err(lost) => lost.replayed(),
                        Ok(history) => {
                            history.previous = then.receipt.terms().previous;
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
    history.hand_over(receipt.terms(), |policy, _| carry.remove(policy).ok_or_else(unmade))?;
    let too_much = || HostError::Broken("a payee's payouts are more than 128 bits hold".to_owned());
    history.pay(payouts).ok_or_else(too_much)
}
