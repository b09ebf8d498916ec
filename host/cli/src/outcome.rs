//! How the program ends: one sentence on standard error and a documented exit code.

use std::collections::BTreeSet;
use std::error::Error;
use std::process::ExitCode;

use apportion::engine::{AdmissionError, HostError};
use apportion::error::ErrorKind;
use apportion::ledger::LedgerError;
use apportion::limits::HostLimit;
use apportion::settle::SettleError;
use apportion::source::PoliciesError;
use apportion::store::StoreError;

use crate::host_error;
use crate::print::{self, Lines, say, status};

/// What the exit codes mean, as `--help` says it.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the host's fault: a file could not be read or written, the machine could not run the engine, or its limits (--timeout, --max-memory) stopped a policy
  2  the command line is wrong
  3  the input is refused: an epoch, a charter, parameters, a table, another object
  4  a component is not admitted as a policy
  5  a policy gave no allocation, and the charter says to stop then
  6  a case of `policy test` came out otherwise than expected";

/// How many functions are named of those that a policy was in.
const MOST_CALLS: usize = 8;

/// Parts of the names of what calls an author's rule: the contract's export, in the bindings of each language.
const EXPORTED: [&str; 3] =
    ["apportion:policy/", "exports_apportion_policy_", "exports::apportion::policy::rule::Guest>"];
/// What runs a rule that is not compiled, in Python and in QuickJS: the functions of such a policy tell an author nothing.
const INTERPRETERS: [&str; 2] = ["_PyEval_EvalFrameDefault", "JS_CallInternal"];
/// How the names begin of what a panic goes through: Rust's, Zig's and the kit's of C.
const PANICS: [&str; 13] = [
    "__rustc::",
    "std::panicking::",
    "core::panicking::",
    "core::option::",
    "core::result::",
    "core::slice::index::",
    "core::str::slice_error_fail",
    "alloc::raw_vec::",
    "alloc::alloc::",
    "component.panic",
    "debug.",
    "abort",
    "check_failed",
];

/// The input is at fault: exit code 3. Wraps errors that do not say so by their type.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// Cases of a policy's test came out otherwise: exit code 6.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// Part of the work was not done, by a fault or a limit of the host; the rest was: exit code 1.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Incomplete {
    /// What was not done.
    pub what: String,
    /// The host's limits that were met.
    pub limits: BTreeSet<HostLimit>,
}

/// Ends the program: silently if all went well or the reader of our output has left.
pub fn report(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let mut details = Lines::default();
            if let Some(SettleError::Fault { log, calls, .. }) = error.downcast_ref() {
                details.append(call_lines(calls));
                if !log.is_empty() {
                    say!(details, "the policy said:");
                    details.block("  ", log);
                }
            }
            print::error(format_args!("{}", sentence(&error)), &details);
            for limit in limits_met(&error) {
                status!("help: {}", host_error::advice(limit));
            }
            if let Some(advice) = advice(&error) {
                status!("help: {advice}");
            }
            ExitCode::from(code(&error))
        }
    }
}

/// An error with its causes, but for those that the words before already end with: errors of the library name their cause in
/// their own words, and have it as their source too.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.as_str() {
        "" => cause,
        before if before.ends_with(&cause) => said,
        before => format!("{before}: {cause}"),
    })
}

fn limits_met(error: &anyhow::Error) -> BTreeSet<HostLimit> {
    match error.downcast_ref::<Incomplete>() {
        Some(incomplete) => incomplete.limits.clone(),
        None => host_error::find(error).and_then(HostError::limit).into_iter().collect(),
    }
}

/// The host's fault unless the error is known to be another's.
fn code(error: &anyhow::Error) -> u8 {
    error.chain().find_map(code_of_cause).unwrap_or(1)
}

/// The code of the first error in the chain that says whose fault it is.
fn code_of_cause(cause: &(dyn Error + 'static)) -> Option<u8> {
    fn kind<E: Error + 'static>(cause: &(dyn Error + 'static), kind: fn(&E) -> ErrorKind) -> Option<u8> {
        cause.downcast_ref().map(|error| code_of(kind(error)))
    }
    if cause.is::<std::io::Error>() {
        return Some(1);
    }
    if cause.is::<Refused>() {
        return Some(3);
    }
    if cause.is::<Failed>() {
        return Some(6);
    }
    kind(cause, HostError::kind)
        .or_else(|| kind(cause, SettleError::kind))
        .or_else(|| kind(cause, StoreError::kind))
        .or_else(|| kind(cause, LedgerError::kind))
        .or_else(|| kind(cause, AdmissionError::kind))
        .or_else(|| kind(cause, PoliciesError::kind))
}

fn code_of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Input => 3,
        ErrorKind::Component => 4,
        ErrorKind::Policy => 5,
        _ => 1,
    }
}

/// What to do about an error of a ledger, in the program's own commands.
fn advice(error: &anyhow::Error) -> Option<&'static str> {
    match error.downcast_ref::<LedgerError>()? {
        LedgerError::NoCharter(_) => Some("adopt one with `apportion charter adopt`"),
        error if error.kind() == ErrorKind::Busy => Some("try again when the other writer is done"),
        _ => None,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The functions that a policy was in, the innermost first, a line each; nothing where it names none of its author's.
pub fn call_lines(calls: &[String]) -> Lines {
    let mut shown = Lines::default();
    for same in authors(calls).chunk_by(|inner, outer| inner == outer).take(MOST_CALLS) {
        let Some(name) = same.first() else { continue };
        let lead = if shown.is_empty() { "  it was in" } else { "    called by" };
        let itself = if same.len() > 1 { ", which called itself" } else { "" };
        say!(shown, "{lead} `{name}`{itself}");
    }
    shown
}

/// Those between what a panic goes through and what calls the rule, both of which are the same for every author.
pub fn authors(calls: &[String]) -> &[String] {
    if calls.iter().any(|name| INTERPRETERS.contains(&name.as_str())) {
        return &[];
    }
    let exported = |name: &String| EXPORTED.iter().any(|part| name.contains(part));
    let calls = calls.split(exported).next().unwrap_or_default();
    let panics = |name: &&String| PANICS.iter().any(|part| name.starts_with(part));
    calls.get(calls.iter().take_while(panics).count()..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the rule gave nothing: {0}")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_cause_is_named_once() {
        let error = anyhow::Error::new(Outer(std::io::Error::other("no label"))).context("epoch 3");
        assert_eq!(sentence(&error), "epoch 3: the rule gave nothing: no label");
        assert_eq!(sentence(&anyhow::anyhow!("one").context("two")), "two: one");
    }
}
