//! A rule put to the test: the axioms of fair division, and what payees may try against it.
//!
//! [`audit`] begins every trial with an epoch (a small one that it makes, or a part of one that it is given), has it
//! settled, and then, for each [`Property`], does one thing to it, has it settled again and compares. What it found
//! is a [`Card`]: of each property in how many trials it held, and where it did not the trial in which it was broken
//! most, made as small as it goes.
//!
//! A card is no proof. A property that fails, fails: anyone can settle the example. One that holds held in so many
//! trials.
//!
//! # What is done and what is compared
//!
//! `A(p)` is what payee `p` gets before, `A'(p)` after, both in base units. Every epoch is settled as a first one,
//! with nothing paid or handed over before: of a policy with state this tests its first epoch.
//!
//! | property | what is done | broken if |
//! |---|---|---|
//! | efficiency | nothing | something is retained |
//! | symmetry | `q` joins with a copy of all of `p`'s nodes and of every edge that touches them | `A'(p) != A'(q)` |
//! | null-player | `q` joins and owns nothing, or a node that weighs 0, measures 0 and has no edge | `A'(q) > 0` |
//! | anonymity | payees exchange their ids, and so do the nodes that payees own | `A'(new id of p) != A(p)` for a `p` |
//! | monotonicity | of one number of a payee's (weight or metric of its node, or of an edge into it) twice as much (of 0, 1), or a copy of one of its nodes with its edges | `A'(p) < A(p)` |
//! | scale-invariance | every weight and metric times 2, 3, 10 or 1/2 | `A'(p) != A(p)` for a `p` |
//! | additivity | a second epoch is a copy of the first under new node ids in which payees have exchanged what they own, so that the pool is the same per unit of any measure; a third has both graphs side by side and both pools | `A(p) + A2(p) != A3(p)` for a `p` |
//! | resource-monotonicity | the pool grows by 1, 2, 4 or 12 quarters | `A'(p) < A(p)` for a `p` |
//! | population-monotonicity | `q` joins with a copy of `p`'s nodes and of the edges that lead to them, and relies on nobody | `A'(r) > A(r)` for an `r` that was there |
//! | continuity | one weight or metric `w` is moved from `w/4` to `4w`, and the range halved to where amounts differ most, until its ends differ by a billionth | there `A` differs by more than a thousandth of the pool for a `p` |
//! | house-monotonicity | the pool becomes a few base units (1 to 47), and then one more, where the rule gives the same weights for both | `A'(p) < A(p)` for a `p`, by any unit |
//! | splitting | `p` becomes 2, 4 or 8 payees that deal its nodes out, or divide every node and edge of it into as many, of that part of weight and metrics | together they get more than `A(p)` |
//! | supporter-splitting | a node that nobody owns and that has an edge to `p`'s is divided so | `A'(p) > A(p)` |
//! | merging | `q` is gone and its nodes are `p`'s | `A'(p) > A(p) + A(q)` |
//! | collusion-ring | 2 to 4 payees add an edge each to the next one's node, as heavy as the heaviest of its kind | together they get more |
//! | self-dealing | `p` adds such an edge between two of its nodes, or from its only one to itself | `A'(p) > A(p)` |
//! | spam | `p` adds 1 or 8 nodes of weight 1, all metrics 0, without edges | `A'(p) > A(p)` |
//! | backdating | the time of `p`'s nodes and of all edges that touch them becomes the window's first second, or its last | `A'(p) > A(p)` |
//! | withholding | the edges that leave `p`'s nodes for others' are gone, or one of its nodes with its edges | `A'(p) > A(p)` |
//!
//! Amounts are whole base units, so equal claims may differ by one. A difference counts if it is more than one base
//! unit for each amount that it compares: 2 where one payee's amount before is held against the one after. Of a pool
//! above 2^40 base units, which a rule that counts in doubles does not know to the unit, 2^-40 of the pool takes the
//! unit's place.
//!
//! House monotonicity is about the rounding itself and about nothing that a rule does. Weights are rounded to whole
//! base units by largest remainders, which keeps everyone within a unit of the exact quota and in exchange allows the
//! Alabama paradox: of weights 6, 6 and 2 a pool of 10 units gives 4, 4 and 2, and one of 11 gives 5, 5 and 1. A base
//! unit of a large pool is nobody's concern, but a pool may be three indivisible prizes. So small pools are tried with
//! no allowance for rounding, and what is found is reported as the rounding's ([`Property::is_of_rounding`]).
//!
//! The size of a breach is what an attacker gains, or how far an amount is from where it should be. One below a
//! ten-thousandth of the pool is told as [`Verdict::Nearly`]: it is how far a rule that iterates until little
//! changes is from what it tends to, and nobody's concern.
//!
//! # What trials begin with
//!
//! Made epochs have mostly 2 to 6 payees, one in eight up to 16, each with up to 3 nodes, some nodes that nobody owns,
//! and some edges, of kinds and with metrics that the parameters name (each word in them is tried as every one of
//! these; words under a name with `payee` as payees' ids; numbers of 100 or more as amounts that the pool is a small
//! multiple of). Everything else that a policy can ask for is drawn from what
//! programmes use, so that a policy cannot tell an audit from real money and behave in it alone: the asset with its
//! usual decimals, the pool, the number, the window, the ids, further kinds and columns, weights and times. Payees and
//! nodes that a trial adds have ids in the style of those that are there. No labels are left that say audit, but a
//! rule may still look at how large an epoch is: give real ones. Parts of given epochs have 2 to 256
//! payees, what they own, and what nobody owns up to two edges away. Where epochs are given, trials take turns: a
//! made one, a part of the first, a part of the second... A policy that refuses the epoch that a trial begins with
//! has not been tried: the card says how many it answered.
//!
//! Everything follows from the seed, so the same call gives the same card on every machine, on any number of cores.
//! Floating-point numbers are multiplied and halved here, by operations that IEEE 754 fixes to the bit; amounts are
//! compared as integers.

mod attacks;
mod axioms;
mod base;
mod chance;
mod change;
mod draw;
mod edit;
mod error;
mod example;
mod labels;
mod number;
mod rounding;
mod shrink;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::host_error::HostError;
use crate::parallel;
use crate::policy::Policy;
use crate::progress::{Progress, Step};
pub use apportion_core::card::{
    Card, CardError, CardFormat, CardTerms, Example, ExampleEpoch, ExamplePayout, FaultCount, Finding,
    Property, Verdict,
};
use apportion_core::charter::Charter;
use apportion_core::epoch::{Epoch, EpochRows};
use apportion_core::fault::{Fault, FaultCode};
pub use error::AuditError;

use base::{Given, Words};
use chance::Chance;
use change::{Answer, Check, Settled, Settler};

/// What to audit.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    /// The rule.
    pub policy: &'a Policy,
    /// Its parameters: the card is about the rule with these.
    pub parameters: &'a Value,
    /// Epochs to take parts of; may be none.
    pub epochs: &'a [Epoch],
    /// How many epochs are tried, each for every property.
    pub trials: u32,
    /// Where chance begins.
    pub seed: u32,
}

/// Tests a rule for every [`Property`], on all cores. `progress` is called after every trial and every example.
///
/// ```
/// use apportion::{Engine, audit};
/// use apportion::audit::{Audit, Property};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = Engine::new()?.admit(&std::fs::read("../../policies/dist/equal.wasm")?)?;
/// let parameters = serde_json::json!({});
/// let card = audit(&Audit { policy: &policy, parameters: &parameters, epochs: &[], trials: 20, seed: 1 }, |_| {})?;
///
/// // Everybody gets the same, so names do not matter; but who brings a friend gets twice as much.
/// assert_eq!(card.finding(Property::Anonymity).failures, 0);
/// let splitting = card.finding(Property::Splitting);
/// assert!(splitting.failures > 0);
/// println!("{}", splitting.example.as_ref().ok_or("an example")?.change);
/// # Ok(())
/// # }
/// ```
pub fn audit(audit: &Audit<'_>, mut progress: impl FnMut(Progress)) -> Result<Card, AuditError> {
    let charter = Charter::single("Audit", audit.policy, audit.parameters.clone())?;
    let trials = Trials {
        settler: Settler::new(audit.policy, &charter),
        words: Words::of(audit.parameters),
        given: audit.epochs.iter().map(Given::new).collect(),
        seed: u64::from(audit.seed),
    };
    let count = audit.trials as usize;
    let mut progress = |step, done, total| {
        progress(Progress::new(step, done, total, trials.settler.settled()));
    };
    progress(Step::Trying, 0, count);
    let (mut tallies, mut base) = (vec![Tally::default(); Property::ALL.len()], Base::default());
    let mut done = 0;
    parallel::in_order(
        count,
        |trial| trials.run(trial as u64),
        |ended| -> Result<(), AuditError> {
            base.add(&ended);
            for (tally, outcome) in tallies.iter_mut().zip(ended.unwrap_or_default()) {
                tally.add(done, outcome);
            }
            done += 1;
            progress(Step::Trying, usize::try_from(done).unwrap_or(count), count);
            Ok(())
        },
    )?;

    let broken: Vec<(Property, u64)> = Property::ALL
        .into_iter()
        .zip(&tallies)
        .filter_map(|(property, tally)| Some((property, tally.worst?.1)))
        .collect();
    let mut examples = BTreeMap::new();
    progress(Step::Shrinking, 0, broken.len());
    parallel::in_order(
        broken.len(),
        |index| trials.example(broken[index].0, broken[index].1),
        |example| -> Result<(), AuditError> {
            examples.insert(broken[examples.len()].0, example);
            progress(Step::Shrinking, examples.len(), broken.len());
            Ok(())
        },
    )?;
    let findings = Property::ALL.into_iter().zip(tallies).map(|(property, tally)| {
        let example = examples.remove(&property).flatten();
        // What makes an example smaller may make its breach larger.
        let found = tally.worst.map_or(0, |(worst, _)| worst);
        let worst = found.max(example.as_ref().map_or(0, Example::millionths));
        let Tally { trials, failures, faults, .. } = tally;
        Finding { property, trials, failures, worst, faults: faults.told(), example }
    });
    let terms = CardTerms {
        policy: audit.policy.digest(),
        name: audit.policy.name().to_owned(),
        version: audit.policy.version().to_owned(),
        stateful: audit.policy.is_stateful(),
        parameters: audit.parameters.clone(),
        seed: audit.seed,
        trials: audit.trials,
        epochs: audit.epochs.iter().map(Epoch::digest).collect(),
        answered: base.answered,
        refused: base.faults.told(),
        findings: findings.collect(),
    };
    Ok(Card::new(terms)?)
}

/// What every trial needs.
struct Trials<'a> {
    settler: Settler<'a>,
    words: Words,
    given: Vec<Given>,
    seed: u64,
}

/// What came of one trial: an outcome per property, or the fault of the policy on the epoch that it begins with.
type Ended = Result<Vec<Outcome>, Fault>;

/// What came of one property in one trial.
enum Outcome {
    Holds,
    /// Broken, by so many millionths of the pool.
    Broken(u64),
    Impossible,
    Fault(Fault),
}

impl Trials<'_> {
    fn run(&self, trial: u64) -> Result<Ended, AuditError> {
        let before = match self.begin(trial)? {
            Ok(before) => before,
            Err(fault) => return Ok(Err(fault)),
        };
        let outcome = |property: Property| -> Result<Outcome, AuditError> {
            let change = draw::draw(property, &before.rows, &mut self.chance(trial, property));
            let Some(change) = change else { return Ok(Outcome::Impossible) };
            Ok(match change.check(&before, &self.settler)? {
                Check::Holds => Outcome::Holds,
                Check::Broken { breach, .. } => Outcome::Broken(breach.millionths()),
                Check::Impossible => Outcome::Impossible,
                Check::Fault(fault) => Outcome::Fault(fault),
            })
        };
        Property::ALL.into_iter().map(outcome).collect::<Result<_, _>>().map(Ok)
    }

    /// The worst trial of a property again, made small.
    fn example(&self, property: Property, trial: u64) -> Result<Option<Example>, AuditError> {
        let Ok(before) = self.begin(trial)? else { return Ok(None) };
        let change = draw::draw(property, &before.rows, &mut self.chance(trial, property));
        let Some(change) = change else { return Ok(None) };
        Ok(shrink::shrunk(change, before, &self.settler)?.map(example::example))
    }

    /// The epoch that a trial begins with, settled.
    fn begin(&self, trial: u64) -> Result<Result<Settled, Fault>, AuditError> {
        match self.settler.settle("before", self.rows(trial)?)? {
            Answer::Settled(settled) => Ok(Ok(*settled)),
            Answer::Fault(fault) => Ok(Err(fault)),
            Answer::Impossible => Err(HostError::Broken("a trial began with no epoch".to_owned()).into()),
        }
    }

    fn rows(&self, trial: u64) -> Result<EpochRows, AuditError> {
        let mut chance = Chance::for_purpose(self.seed, trial, "epoch");
        let turn = usize::try_from(trial % (1 + self.given.len() as u64)).unwrap_or(0);
        match turn.checked_sub(1).and_then(|given| self.given.get(given)) {
            Some(given) => Ok(given.part(&mut chance)),
            None => Ok(self.words.epoch(&mut chance)?),
        }
    }

    fn chance(&self, trial: u64, property: Property) -> Chance {
        Chance::for_purpose(self.seed, trial, property.as_str())
    }
}

/// How the policy took the epochs that trials begin with.
#[derive(Default)]
struct Base {
    answered: u32,
    faults: Faults,
}

impl Base {
    fn add(&mut self, ended: &Ended) {
        match ended {
            Ok(_) => self.answered += 1,
            Err(fault) => self.faults.add(fault.clone()),
        }
    }
}

/// What came of a property in all trials.
#[derive(Clone, Default)]
struct Tally {
    trials: u32,
    failures: u32,
    /// The largest breach, in millionths of its pool, and its trial: of equal ones the first.
    worst: Option<(u64, u64)>,
    faults: Faults,
}

impl Tally {
    fn add(&mut self, trial: u64, outcome: Outcome) {
        match outcome {
            Outcome::Impossible => {}
            Outcome::Fault(fault) => self.faults.add(fault),
            Outcome::Holds => self.trials += 1,
            Outcome::Broken(size) => {
                self.trials += 1;
                self.failures += 1;
                if self.worst.is_none_or(|(worst, _)| size > worst) {
                    self.worst = Some((size, trial));
                }
            }
        }
    }
}

/// Faults by their code, with the first one's sentence.
#[derive(Clone, Default)]
struct Faults(BTreeMap<FaultCode, (Fault, u32)>);

impl Faults {
    fn add(&mut self, fault: Fault) {
        self.0.entry(fault.code).or_insert((fault, 0)).1 += 1;
    }

    fn told(self) -> Vec<FaultCount> {
        self.0.into_values().map(|(fault, trials)| FaultCount { fault, trials }).collect()
    }
}
