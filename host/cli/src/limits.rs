//! What this machine gives to policies, whatever their charters allow: other people's ledgers are run with these limits.

use std::fs;
use std::time::Duration;

use apportion::Engine;
use apportion::engine::HostError;
use apportion::ledger::LedgerError;
use apportion::limits::HostLimit;
use apportion::policy::AdmissionError;
use apportion::settle::SettleError;

use crate::arguments::LimitArguments;

/// How long compiling one component or running it once may take. A charter's usual limits end a run after a few minutes,
/// and components of interpreters, of up to 20 MB, compile in a minute on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(300);
/// What all runs may take together where the system does not say how much memory it has, and the least anywhere: a
/// little more than one run under a charter's usual limits.
const LEAST_MEMORY: u64 = 3 << 30;

/// The limits of one command.
#[derive(Clone, Copy)]
pub struct HostLimits {
    memory: u64,
    timeout: Duration,
}

impl HostLimits {
    pub fn new(arguments: &LimitArguments) -> HostLimits {
        HostLimits {
            memory: arguments.max_memory.unwrap_or_else(usual_memory),
            timeout: arguments.timeout.map_or(TIMEOUT, |seconds| Duration::from_secs(seconds.into())),
        }
    }

    pub fn apply(&self, engine: Engine) -> Engine {
        engine.with_memory(self.memory).with_compile_time(self.timeout).with_run_time(self.timeout)
    }
}

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
pub fn host_error(error: &anyhow::Error) -> Option<&HostError> {
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

/// A number of bytes, as `512MiB`, `8GiB` or `8589934592`.
pub fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => {
            return Err(
                "expected a number of bytes, as in `8GiB`: the units are KiB, MiB, GiB, TiB".to_owned()
            );
        }
    };
    let number: u64 =
        digits.parse().map_err(|_| "expected a whole number of bytes, as in `8GiB`".to_owned())?;
    let bytes = number.checked_mul(unit).ok_or("that is more than 64 bits hold")?;
    if bytes == 0 { Err("expected more than nothing".to_owned()) } else { Ok(bytes) }
}

/// Half of this machine's memory, or of what its control group gives this process.
fn usual_memory() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_memory(&text));
    let group =
        fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    let least: Option<u64> = machine.into_iter().chain(group).min();
    least.map_or(LEAST_MEMORY, |bytes| (bytes / 2).max(LEAST_MEMORY))
}

/// `MemTotal:       16302068 kB`
fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_with_their_units() {
        for (text, read) in [
            ("1", Ok(1)),
            ("512MiB", Ok(512 << 20)),
            ("8GiB", Ok(8 << 30)),
            ("0", Err(())),
            ("8GB", Err(())),
            ("GiB", Err(())),
            ("-1", Err(())),
            ("1.5GiB", Err(())),
            ("99999999999TiB", Err(())),
        ] {
            assert_eq!(bytes(text).map_err(|_| ()), read, "{text}");
        }
    }

    #[test]
    fn memory_of_the_machine_is_read() {
        assert_eq!(total_memory("MemTotal:       16302068 kB\nMemFree: 1 kB\n"), Some(16_302_068 * 1024));
        assert_eq!(total_memory("nothing"), None);
        assert!(usual_memory() >= LEAST_MEMORY);
    }

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
            assert_eq!(host_error(&error).and_then(HostError::limit), Some(HostLimit::RunTime), "{error:#}");
        }
        assert!(host_error(&anyhow::anyhow!("else")).is_none());
    }
}
