//! How the program ends: one sentence on standard error and a documented exit code.

use std::io::ErrorKind;
use std::process::ExitCode;

use apportion::{AdmissionError, HostError, LedgerError, SettleError, StoreError};

/// What the exit codes mean, as `--help` says it.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the host's fault: a file could not be read or written, the machine could not run the engine
  2  the command line is wrong
  3  the input is refused: an epoch, a charter, parameters, a table, another object
  4  a component is not admitted as a policy
  5  a policy gave no allocation, and the charter says to stop then
  6  a case of `policy test` came out otherwise than expected";

/// The input is at fault: exit code 3. Wraps errors that do not say so by their type.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// Cases of a policy's test came out otherwise: exit code 6.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// Ends the program: silently if all went well or the reader of our output has left.
pub fn report(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if let Some(log) = policy_log(&error) {
                eprintln!("the policy said:\n{log}");
            }
            ExitCode::from(code(&error))
        }
    }
}

/// The host's fault unless the error is known to be another's.
fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if cause.is::<HostError>() || cause.is::<std::io::Error>() {
            return 1;
        }
        match cause.downcast_ref::<SettleError>() {
            Some(SettleError::Fault { .. }) => return 5,
            Some(SettleError::Host(_)) => return 1,
            Some(_) => return 3,
            None => {}
        }
        match cause.downcast_ref::<StoreError>() {
            Some(StoreError::Io { .. } | StoreError::Locked | StoreError::Moved) => return 1,
            Some(_) => return 3,
            None => {}
        }
        match cause.downcast_ref::<LedgerError>() {
            // These speak through what they carry.
            Some(LedgerError::Store(StoreError::Io { .. } | StoreError::Locked | StoreError::Moved)) => {
                return 1;
            }
            Some(LedgerError::Settle(SettleError::Fault { .. })) => return 5,
            Some(LedgerError::Settle(SettleError::Host(_))) => return 1,
            Some(LedgerError::Policy { error: AdmissionError::Host(_), .. }) => return 1,
            Some(LedgerError::Policy { .. }) => return 4,
            Some(_) => return 3,
            None => {}
        }
        match cause.downcast_ref::<AdmissionError>() {
            Some(AdmissionError::Host(_)) => return 1,
            Some(_) => return 4,
            None => {}
        }
        if cause.is::<Refused>() {
            return 3;
        }
        if cause.is::<Failed>() {
            return 6;
        }
    }
    1
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == ErrorKind::BrokenPipe)
}

/// What the policy told its author before it failed.
fn policy_log(error: &anyhow::Error) -> Option<String> {
    match error.downcast_ref::<SettleError>()? {
        SettleError::Fault { log, .. } if !log.is_empty() => Some(log_lines(log)),
        _ => None,
    }
}

/// What a policy said, for a terminal: it may be anyone's.
pub fn log_lines(log: &str) -> String {
    let mut shown = String::new();
    for line in log.lines() {
        shown.push_str("\n  ");
        for letter in line.chars() {
            match letter {
                '"' | '\'' | '\\' => shown.push(letter),
                other => shown.extend(other.escape_debug()),
            }
        }
    }
    shown.trim_start_matches('\n').to_owned()
}
