//! What this machine gives to policies, whatever their charters allow: other people's ledgers are run with these limits.

use std::fs;
use std::time::Duration;

use apportion::engine::EngineBuilder;

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

    pub fn apply(&self, engine: EngineBuilder) -> EngineBuilder {
        engine.memory(self.memory).compile_time(self.timeout).run_time(self.timeout)
    }
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
    fn memory_of_the_machine_is_read() {
        assert_eq!(total_memory("MemTotal:       16302068 kB\nMemFree: 1 kB\n"), Some(16_302_068 * 1024));
        assert_eq!(total_memory("nothing"), None);
        assert!(usual_memory() >= LEAST_MEMORY);
    }
}
