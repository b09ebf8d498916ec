//! Epoch + charter + what was settled before -> receipt and payouts.

mod history;

use std::collections::BTreeMap;
use std::thread;

use crate::abi::Division;
use crate::host_error::HostError;
use crate::policy::{Answer, CheckError, Measure, ParametersError, Policy, Question, Run};
use crate::sandbox::Past;
use apportion_core::apportionment::{self, Apportionment, ApportionmentError};
use apportion_core::canonical::Digest;
use apportion_core::charter::{Appointment, Charter, OnFault};
use apportion_core::epoch::Epoch;
use apportion_core::error::ErrorKind;
use apportion_core::fault::Fault;
use apportion_core::limits::Usage;
use apportion_core::payouts::{Part, Payout, Payouts, PolicyColumns};
use apportion_core::receipt::{Outcome, Receipt, ReceiptTerms, RunReport};
use apportion_core::text::escape;
pub(crate) use history::check_asset;
pub use history::{AssetChangeError, History};

/// An epoch settled: nothing is written anywhere yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// Everything needed to check it.
    pub receipt: Receipt,
    /// Who gets what.
    pub payouts: Payouts,
    /// What each policy hands over to the next epoch, by the policy's digest.
    pub carry: BTreeMap<Digest, Vec<u8>>,
    /// What each policy said to its author, in the charter's order. Not part of any result.
    pub logs: Vec<String>,
}

/// Why an epoch was not settled. Nothing is lost: the same call can be made again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// Policies that the charter names were not given.
    #[error("the charter names policies that are not here: {}", escape(.0.join(", ")))]
    MissingPolicies(Vec<String>),
    /// The charter calls a policy by a name or version that it does not have.
    #[error("the charter calls policy {digest} `{}`, and it calls itself `{}`", escape(.said), escape(.is))]
    Label {
        /// The policy.
        digest: Digest,
        /// The charter's name and version for it.
        said: String,
        /// Its own.
        is: String,
    },
    /// The charter appoints one policy twice, so that what it handed over could not be told apart.
    #[error("the charter appoints `{}`, which keeps a carry, more than once", escape(.0))]
    Twice(String),
    /// Parameters that a policy's schema does not allow.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// The epoch's asset is not that of the charter, or of the epochs before.
    #[error("{0}")]
    Asset(#[source] AssetChangeError),
    /// A policy gave no allocation, and the charter says to stop then.
    #[error("policy `{}` gave no allocation: {}", escape(.policy), escape(.fault))]
    Fault {
        /// The policy's name.
        policy: String,
        /// What happened.
        #[source]
        fault: Fault,
        /// What the policy said to its author before.
        log: String,
        /// The functions that it was in if it broke off, the innermost first, as the component calls them; at most 32,
        /// without those that have no name. Not part of any result.
        calls: Vec<String>,
    },
    /// The host's fault.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl SettleError {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            SettleError::MissingPolicies(_)
            | SettleError::Label { .. }
            | SettleError::Twice(_)
            | SettleError::Parameters(_)
            | SettleError::Asset(_) => ErrorKind::Input,
            SettleError::Fault { .. } => ErrorKind::Policy,
            SettleError::Host(error) => error.kind(),
        }
    }
}

impl From<AssetChangeError> for SettleError {
    fn from(error: AssetChangeError) -> SettleError {
        SettleError::Asset(error)
    }
}

impl From<CheckError> for SettleError {
    fn from(error: CheckError) -> SettleError {
        match error {
            CheckError::Parameters(error) => error.into(),
            CheckError::Host(error) => error.into(),
        }
    }
}

/// Settles an epoch under a charter. `policies` holds those that the charter names, in any order; others are ignored.
///
/// The outcome depends on nothing but the arguments: every machine gives the same settlement.
///
/// Errors leave nothing behind. A fault of a policy is an error only where the charter says to stop at one.
pub fn settle(
    epoch: &Epoch,
    charter: &Charter,
    policies: &[Policy],
    history: &History,
) -> Result<Settlement, SettleError> {
    let terms = charter.terms();
    let history = history.in_asset(&epoch.pool().asset, terms.asset.as_ref())?;
    let appointed = appointed(charter, policies)?;
    let pools = divided(pools(charter, epoch.pool().amount))?;

    let runs = run_all(epoch, charter, &appointed, &pools, &history)?;
    let mut logs = Vec::new();
    let mut settled = Vec::new();
    for ((run, policy), &pool) in runs.into_iter().zip(&appointed).zip(&pools) {
        match (&run.answer, terms.on_fault) {
            (Err(fault), OnFault::Stop) => {
                let (policy, fault) = (policy.name().to_owned(), fault.clone());
                return Err(SettleError::Fault { policy, fault, log: run.log, calls: run.calls });
            }
            _ => settled.push(Settled::of(policy, pool, run.answer, run.usage)?),
        }
        logs.push(run.log);
    }
    let payouts = payouts(epoch, &settled)?;
    let receipt = receipt(epoch, charter, &history, &settled, &payouts)?;
    receipt.check_payouts(&payouts).map_err(|error| broken(&error))?;
    let carry = settled.into_iter().filter(|settled| !settled.carry.is_empty());
    let carry = carry.map(|settled| (settled.policy.digest(), settled.carry)).collect();
    Ok(Settlement { receipt, payouts, carry, logs })
}

/// The pool's portion for each policy of a charter, in base units.
pub(crate) fn pools(charter: &Charter, pool: u128) -> Result<Vec<u128>, ApportionmentError> {
    let portions = charter.terms().policies.iter().map(|appointment| u64::from(appointment.portion));
    let portions: Vec<u64> = portions.collect();
    Ok(apportionment::by_weight(pool, &portions, 0)?.amounts)
}

/// The charter's policies in the charter's order, each checked against what the charter says of it: its name and version,
/// its parameters, and that it is appointed once if it keeps a carry.
pub(crate) fn appointed<'a>(
    charter: &Charter,
    policies: &'a [Policy],
) -> Result<Vec<&'a Policy>, SettleError> {
    let appointments = &charter.terms().policies;
    let find =
        |appointment: &Appointment| policies.iter().find(|policy| policy.digest() == appointment.policy);
    let missing = appointments.iter().filter(|appointment| find(appointment).is_none());
    let missing: Vec<String> = missing.map(|a| format!("`{} {}` {}", a.name, a.version, a.policy)).collect();
    if !missing.is_empty() {
        return Err(SettleError::MissingPolicies(missing));
    }
    let mut stateful = Vec::new();
    let mut appointed = Vec::new();
    for (appointment, policy) in appointments.iter().zip(appointments.iter().filter_map(find)) {
        let (said, is) = (
            format!("{} {}", appointment.name, appointment.version),
            format!("{} {}", policy.name(), policy.version()),
        );
        if said != is {
            return Err(SettleError::Label { digest: policy.digest(), said, is });
        }
        if policy.is_stateful() && stateful.contains(&policy.digest()) {
            return Err(SettleError::Twice(policy.name().to_owned()));
        }
        stateful.push(policy.digest());
        policy.check_parameters(&appointment.parameters)?;
        appointed.push(policy);
    }
    Ok(appointed)
}

/// Runs the policies beside one another: none can see another, so their order cannot matter.
fn run_all(
    epoch: &Epoch,
    charter: &Charter,
    policies: &[&Policy],
    pools: &[u128],
    history: &History,
) -> Result<Vec<Run>, HostError> {
    let terms = charter.terms();
    let ask = |policy: &Policy, appointment: &Appointment, pool: u128| {
        let past = if policy.is_stateful() { past(epoch, policy, history) } else { Past::default() };
        policy.run(Question { epoch, pool, parameters: &appointment.parameters, past, limits: &terms.limits })
    };
    if let ([policy], [appointment], [pool]) = (policies, terms.policies.as_slice(), pools) {
        return Ok(vec![ask(policy, appointment, *pool)?]);
    }
    thread::scope(|scope| {
        let mut running = Vec::new();
        for ((policy, appointment), &pool) in policies.iter().zip(&terms.policies).zip(pools) {
            let ask = &ask;
            let thread = thread::Builder::new().spawn_scoped(scope, move || ask(policy, appointment, pool));
            running.push(thread.map_err(HostError::Thread)?);
        }
        let ended = running.into_iter().map(|run| run.join());
        ended.map(|run| run.map_err(|_| HostError::Broken("a run panicked".to_owned()))?).collect()
    })
}

fn past(epoch: &Epoch, policy: &Policy, history: &History) -> Past {
    let paid = epoch.payees().iter().map(|payee| history.paid.get(payee).copied().unwrap_or(0)).collect();
    Past { paid, carry: history.carry.get(&policy.digest()).cloned().unwrap_or_default() }
}

/// One policy's portion, divided.
struct Settled<'a> {
    policy: &'a Policy,
    pool: u128,
    /// The policy's weights for payees and treasury, where it gave weights.
    shares: Option<(Vec<u64>, u64)>,
    divided: Apportionment,
    measures: Vec<Measure>,
    carry: Vec<u8>,
    fault: Option<Fault>,
    usage: Option<Usage>,
}

impl<'a> Settled<'a> {
    fn of(
        policy: &'a Policy,
        pool: u128,
        answer: Result<Answer, Fault>,
        usage: Option<Usage>,
    ) -> Result<Settled<'a>, HostError> {
        let nothing = Settled {
            policy,
            pool,
            shares: None,
            divided: Apportionment { amounts: Vec::new(), retained: pool },
            measures: Vec::new(),
            carry: Vec::new(),
            fault: None,
            usage,
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) => return Ok(Settled { fault: Some(fault), ..nothing }),
        };
        let (shares, divided) = match answer.division {
            Division::ByWeight { shares, retained } => {
                let divided = divided(apportionment::by_weight(pool, &shares, retained))?;
                (Some((shares, retained)), divided)
            }
            Division::ByAmount(amounts) => (None, divided(apportionment::by_amount(pool, amounts))?),
        };
        Ok(Settled { shares, divided, measures: answer.measures, carry: answer.carry, ..nothing })
    }

    fn part(&self, payee: usize) -> Part {
        Part {
            amount: self.divided.amounts.get(payee).copied().unwrap_or(0),
            share: self.shares.as_ref().and_then(|(shares, _)| shares.get(payee).copied()),
            measures: self.measures.iter().filter_map(|measure| measure.values.get(payee).copied()).collect(),
        }
    }

    fn paid(&self) -> u128 {
        self.divided.amounts.iter().sum()
    }
}

fn payouts(epoch: &Epoch, settled: &[Settled<'_>]) -> Result<Payouts, HostError> {
    let columns = settled.iter().map(|settled| PolicyColumns {
        policy: settled.policy.digest(),
        measures: settled.measures.iter().map(|measure| measure.name.clone()).collect(),
        retained: settled.shares.as_ref().map(|(_, retained)| *retained),
    });
    let payouts = epoch.payees().iter().enumerate().map(|(index, payee)| {
        let parts: Vec<Part> = settled.iter().map(|settled| settled.part(index)).collect();
        Payout { payee: payee.to_owned(), amount: parts.iter().map(|part| part.amount).sum(), parts }
    });
    Payouts::new(epoch.digest(), columns.collect(), payouts.collect()).map_err(|error| broken(&error))
}

fn receipt(
    epoch: &Epoch,
    charter: &Charter,
    history: &History,
    settled: &[Settled<'_>],
    payouts: &Payouts,
) -> Result<Receipt, HostError> {
    let runs = settled.iter().map(|settled| RunReport {
        policy: settled.policy.digest(),
        name: settled.policy.name().to_owned(),
        version: settled.policy.version().to_owned(),
        contract: settled.policy.contract().to_owned(),
        metering: apportion_harden::VERSION,
        imports: settled.policy.imports().to_vec(),
        pool: settled.pool,
        used: settled.usage,
        outcome: match &settled.fault {
            Some(fault) => Outcome::Fault(fault.clone()),
            None => Outcome::Allocated {
                paid: settled.paid(),
                retained: settled.divided.retained,
                carry: (!settled.carry.is_empty()).then(|| Digest::of(&settled.carry)),
            },
        },
    });
    let pool = epoch.pool();
    let settlement = ReceiptTerms {
        number: epoch.number(),
        epoch: epoch.digest(),
        charter: charter.digest(),
        previous: history.previous,
        asset: pool.asset.symbol().to_owned(),
        decimals: pool.asset.decimals(),
        pool: pool.amount,
        paid: settled.iter().map(Settled::paid).sum(),
        retained: settled.iter().map(|settled| settled.divided.retained).sum(),
        runs: runs.collect(),
        payouts: payouts.digest(),
    };
    Receipt::new(settlement).map_err(|error| broken(&error))
}

/// The policy's answer was checked, so that only a bug of ours can make dividing fail.
fn divided<T>(division: Result<T, ApportionmentError>) -> Result<T, HostError> {
    division.map_err(|error| broken(&error))
}

fn broken(error: &dyn std::error::Error) -> HostError {
    HostError::Broken(error.to_string())
}
