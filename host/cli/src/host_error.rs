//! The host's own errors: where they hide in a chain of errors, and what to do about a limit that was met.

use apportion::engine::AdmissionError;
use apportion::engine::HostError;
use apportion::ledger::LedgerError;
use apportion::limits::HostLimit;
use apportion::settle::SettleError;

/// What to do about a limit that was met.
pub fn advice(limit: HostLimit) -> &'static str {
    match limit {
        HostLimit::Memory => {
            "`--max-memory` sets how much memory all runs together may take, as in `--max-memory 16GiB`"
        }
        HostLimit::CompileTime | HostLimit::RunTime => {
            "`--timeout` sets how many seconds a policy may take to compile and to run, as in `--timeout 3600`"
        }
    }
}

/// The host's error in a chain of errors, if it is one. Errors that speak through what they carry hide it.
pub fn find(error: &anyhow::Error) -> Option<&HostError> {
    error.chain().find_map(|cause| {
        if let Some(AdmissionError::Host(error)) = cause.downcast_ref() {
            return Some(error);
        }
        if let Some(SettleError::Host(error)) = cause.downcast_ref() {
            return Some(error);
        }
        match cause.downcast_ref() {
            Some(
                LedgerError::Settle(SettleError::Host(error))
                | LedgerError::Policy { error: AdmissionError::Host(error), .. },
            ) => Some(error),
            _ => cause.downcast_ref(),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_hosts_error_is_found_wherever_it_is() {
        let late = || HostError::RunTime(Duration::from_secs(1));
        for error in [
            anyhow::Error::from(late()).context("here"),
            SettleError::Host(late()).into(),
            AdmissionError::Host(late()).into(),
            LedgerError::Settle(SettleError::Host(late())).into(),
            anyhow::Error::from(LedgerError::Settle(SettleError::Host(late()))).context("there"),
        ] {
            assert_eq!(find(&error).and_then(HostError::limit), Some(HostLimit::RunTime), "{error:#}");
        }
        assert!(find(&anyhow::anyhow!("else")).is_none());
    }
}
