//! What a policy answers, held to the contract.

use super::{MAX_CARRY, MAX_MEASURES};
use crate::abi::{self, Allocation, Division, Refusal};
use apportion_core::fault::{Fault, FaultCode};
use apportion_core::text::{MAX_LABEL, check_name, is_label, visible};

/// The longest sentence of a refusal that is kept, in bytes.
const MAX_REFUSAL: usize = 4096;

/// What a policy answered, checked against the contract.
pub(crate) struct Answer {
    pub(crate) division: Division,
    pub(crate) measures: Vec<Measure>,
    pub(crate) carry: Vec<u8>,
}

/// A named number per payee that explains a split.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Lower-case words joined by hyphens.
    pub name: String,
    /// One finite number per payee, in payee order.
    pub values: Vec<f64>,
}

impl Answer {
    /// Holds what a policy answered to the contract; a refusal is a fault in the policy's own words.
    pub(super) fn checked(
        answer: Result<Allocation, Refusal>,
        payees: usize,
        pool: u128,
        stateful: bool,
    ) -> Result<Answer, Fault> {
        let allocation = answer.map_err(refused)?;
        check_division(&allocation.division, payees, pool)?;
        let measures = check_measures(allocation.measures, payees)?;
        let carry = allocation.carry;
        if carry.len() > MAX_CARRY {
            let sentence = format!("it hands over {} bytes; at most {MAX_CARRY} are kept", carry.len());
            return Err(Fault::new(FaultCode::BadCarry, sentence));
        }
        if !carry.is_empty() && !stateful {
            return Err(Fault::new(
                FaultCode::BadCarry,
                "it hands something over, and its description says that it does not",
            ));
        }
        Ok(Answer { division: allocation.division, measures, carry })
    }
}

fn refused(refusal: Refusal) -> Fault {
    let (code, sentence) = match refusal {
        Refusal::BadParameters(sentence) => (FaultCode::BadParameters, sentence),
        Refusal::NoAnswer(sentence) => (FaultCode::NoAnswer, sentence),
    };
    Fault::new(code, visible(&sentence, MAX_REFUSAL))
}

fn check_division(division: &Division, payees: usize, pool: u128) -> Result<(), Fault> {
    let bad = |sentence: String| Err(Fault::new(FaultCode::BadDivision, sentence));
    let given = match division {
        Division::ByWeight { shares, .. } => shares.len(),
        Division::ByAmount(amounts) => amounts.len(),
    };
    if given != payees {
        return bad(format!("it returned {given} shares for {payees} payees"));
    }
    if let Division::ByAmount(amounts) = division {
        let sum = amounts.iter().try_fold(0_u128, |sum, &amount| sum.checked_add(amount));
        if sum.is_none_or(|sum| sum > pool) {
            return bad(format!("its amounts are together more than its pool of {pool} base units"));
        }
    }
    Ok(())
}

fn check_measures(given: Vec<abi::RawMeasure>, payees: usize) -> Result<Vec<Measure>, Fault> {
    let bad = |sentence: String| Err(Fault::new(FaultCode::BadMeasures, sentence));
    if given.len() > MAX_MEASURES {
        return bad(format!("it returned {} measures; at most {MAX_MEASURES} are kept", given.len()));
    }
    let mut measures: Vec<Measure> = Vec::new();
    for abi::RawMeasure { name, mut values } in given {
        let shown = visible(&name, MAX_LABEL);
        if !is_label(&name) || check_name(&name).is_err() {
            return bad(format!("measure `{shown}` is not named in lower-case words joined by hyphens"));
        }
        if measures.iter().any(|measure| measure.name == name) {
            return bad(format!("measure `{shown}` is there twice"));
        }
        if values.len() != payees {
            return bad(format!("measure `{shown}` has {} values for {payees} payees", values.len()));
        }
        if let Some(payee) = values.iter().position(|value| !value.is_finite()) {
            return bad(format!("measure `{shown}` is not a finite number for payee {payee}"));
        }
        values.iter_mut().for_each(|value| *value += 0.0); // -0 becomes 0: JSON has one zero
        measures.push(Measure { name, values });
    }
    Ok(measures)
}
