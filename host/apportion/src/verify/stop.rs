//! Why checking an entry stopped: something is wrong with the ledger, or with the host.

use super::finding::Problem;
use crate::engine::AdmissionError;
use crate::host_error::HostError;
use crate::ledger::LedgerError;
use crate::settle::SettleError;

/// Why checking an entry stopped.
pub(super) enum Stop {
    /// Something is wrong with the ledger.
    Problem(Problem),
    /// The host could not check it.
    Host(HostError),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Stop {
        Stop::Problem(problem)
    }
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Stop {
        match error {
            LedgerError::Settle(SettleError::Host(error))
            | LedgerError::Policy { error: AdmissionError::Host(error), .. } => Stop::Host(error),
            error => Stop::Problem(error.into()),
        }
    }
}

impl From<SettleError> for Stop {
    fn from(error: SettleError) -> Stop {
        LedgerError::from(error).into()
    }
}
