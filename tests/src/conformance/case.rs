//! A case of the corpus, and what comes of running it.

use std::collections::BTreeMap;
use std::sync::Arc;

use apportion::charter::OnFault;
use apportion::fault::{Fault, FaultCode};
use apportion::limits::Usage;
use apportion::receipt::Outcome;
use apportion::{Charter, Engine, Epoch, History, Limits, Policy, settle};
use serde_json::Value;

/// What a run is asked.
#[derive(Clone)]
pub struct Case {
    /// Lower-case words joined by hyphens; no other case has it.
    pub name: String,
    /// The component as its author published it.
    pub component: Arc<Vec<u8>>,
    /// The epoch, all of whose pool is divided.
    pub epoch: Epoch,
    /// The parameters.
    pub parameters: Value,
    /// What was paid before, by payee, and handed over.
    pub paid: BTreeMap<String, u128>,
    /// What the policy handed over at the epoch before.
    pub carry: Vec<u8>,
    /// What the run may use.
    pub limits: Limits,
}

/// What came of a run, as far as it must be the same everywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Came {
    /// What the policy answered, or how it failed.
    pub answer: Result<Answer, Fault>,
    /// What was used; none of a run that trapped or was stopped: nobody can ask it.
    pub used: Option<Usage>,
}

/// An answer, floats by their bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The division.
    pub division: Division,
    /// Measures by name.
    pub measures: Vec<(String, Vec<u64>)>,
    /// What is handed over.
    pub carry: Vec<u8>,
}

/// How the pool is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the contract")]
pub enum Division {
    ByWeight { shares: Vec<u64>, retained: u64 },
    ByAmount(Vec<u128>),
}

impl Case {
    /// The policy, admitted.
    pub fn policy(&self, engine: &Engine) -> Policy {
        engine.admit(&self.component).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Runs the case under an engine, with its own limits but for the instructions.
    pub fn run(&self, policy: &Policy, instructions: u64) -> Came {
        let mut terms =
            Charter::single("Conformance", policy, self.parameters.clone()).unwrap().terms().clone();
        terms.limits = Limits { instructions, ..self.limits };
        terms.on_fault = OnFault::Retain;
        let charter = Charter::new(terms).unwrap();
        let history = History {
            previous: None,
            asset: None,
            paid: self.paid.clone(),
            carry: BTreeMap::from([(policy.digest(), self.carry.clone())]),
        };
        let settlement = settle(&self.epoch, &charter, std::slice::from_ref(policy), &history)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let (receipt, list) = (&settlement.receipt, &settlement.payouts);
        let answer = match &receipt.terms().runs[0].outcome {
            Outcome::Fault(fault) => Err(fault.clone()),
            Outcome::Allocated { .. } => {
                let columns = &list.policies()[0];
                let parts = || list.iter().map(|payout| &payout.parts[0]);
                let division = match columns.retained {
                    Some(retained) => Division::ByWeight {
                        shares: parts().map(|part| part.share.expect("a weight")).collect(),
                        retained,
                    },
                    None => Division::ByAmount(parts().map(|part| part.amount).collect()),
                };
                let measures = columns.measures.iter().enumerate();
                let measures = measures.map(|(index, name)| {
                    (name.clone(), parts().map(|part| part.measures[index].to_bits()).collect())
                });
                let carry = settlement.carry.get(&policy.digest()).cloned().unwrap_or_default();
                Ok(Answer { division, measures: measures.collect(), carry })
            }
        };
        Came { answer, used: receipt.terms().runs[0].used }
    }

    /// The runs that are held against one another: with the case's own limit of instructions, and, where that used
    /// N, with a limit of N, of one more, and of one less, which must end it.
    ///
    /// # Panics
    ///
    /// If the last three are not as they must be.
    pub fn runs(&self, engine: &Engine) -> Vec<(u64, Came)> {
        let policy = self.policy(engine);
        let run = |instructions| (instructions, self.run(&policy, instructions));
        let whole = run(self.limits.instructions);
        let Some(Usage { instructions: count, .. }) = whole.1.used else { return vec![whole] };
        let (same, more, less) = (run(count), run(count + 1), run(count - 1));
        for (limit, came) in [&same, &more] {
            assert_eq!(*came, whole.1, "{}: {limit} instructions are enough", self.name);
        }
        let stopped = matches!(&less.1, Came { answer: Err(fault), used: None }
            if fault.code == FaultCode::OutOfInstructions);
        assert!(stopped, "{}: {} instructions are too few: {:?}", self.name, count - 1, less.1);
        vec![whole, same, more, less]
    }
}
