//! What one run can see and use up: its epoch, its log, and what is left of its limits.

#[cfg(feature = "wasi")]
mod wasi;

use wasmtime::ResourceLimiter;
use wasmtime::component::HasData;

use crate::host_error::HostError;
use crate::metering::{Metered, exhausted};
use crate::verdict::{no_memory, stop, unmetered};
use apportion_core::epoch::Epoch;
use apportion_core::fault::FaultCode;
use apportion_core::limits::{Limits, Usage};
use apportion_harden::Resource;
#[cfg(feature = "wasi")]
pub(crate) use wasi::Wasi;

/// The most instances of core modules in one policy: its own code, and adapters around it.
pub(crate) const MAX_CORE_INSTANCES: usize = 64;
/// The same of memories and tables, which instances bring.
const MAX_MEMORIES: usize = 16;
const MAX_TABLES: usize = 64;
/// What a policy may keep in the log of a run, in bytes.
pub(crate) const LOG_BYTES: usize = 64 << 10;

/// What a run can see and use up.
pub(crate) struct State {
    /// `None` while a policy describes itself: there is no epoch then.
    pub(crate) subject: Option<Subject>,
    /// Lines from the policy to its author.
    pub(crate) log: String,
    limits: Limits,
    transfer_left: u64,
    /// What the engine says it gave, to be compared with the meter.
    memory: Growth,
    table: Growth,
    /// How much memory it may have until it is begun again with more.
    memory_share: u64,
    #[cfg(feature = "wasi")]
    pub(crate) wasi: Wasi,
}

/// What a policy is asked about.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) epoch: Epoch,
    /// The policy's portion of the epoch's pool.
    pub(crate) pool: u128,
    /// What was paid so far and handed over, for a policy that said it looks at them.
    pub(crate) history: Option<Past>,
}

/// What was settled before: one number per payee, and what this policy handed over.
#[derive(Clone, Default)]
pub(crate) struct Past {
    pub(crate) paid: Vec<u128>,
    pub(crate) carry: Vec<u8>,
}

struct Growth {
    used: u64,
    limit: u64,
}

impl Growth {
    /// Memory that is grown never shrinks, so what is in use is also the most that was.
    fn grow(&mut self, by: u64) -> bool {
        match self.used.checked_add(by) {
            Some(used) if used <= self.limit => {
                self.used = used;
                true
            }
            _ => false,
        }
    }
}

impl State {
    pub(crate) fn new(subject: Option<Subject>, limits: &Limits, memory_share: u64) -> State {
        State {
            subject,
            log: String::new(),
            limits: *limits,
            transfer_left: limits.transfer,
            memory: Growth { used: 0, limit: limits.memory },
            table: Growth { used: 0, limit: limits.table },
            memory_share,
            #[cfg(feature = "wasi")]
            wasi: Wasi::default(),
        }
    }

    /// What the policy is asked about.
    pub(crate) fn subject(&self) -> wasmtime::Result<&Subject> {
        self.subject
            .as_ref()
            .ok_or_else(|| stop(FaultCode::BadCall, "it read an epoch while describing itself"))
    }

    /// What was settled before.
    pub(crate) fn past(&self) -> wasmtime::Result<&Past> {
        let refused =
            || stop(FaultCode::BadCall, "it read history, and its description says that it does not");
        self.subject()?.history.as_ref().ok_or_else(refused)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether it asked for more memory than its share, within its limits.
    pub(crate) fn needs_more_memory(&self) -> bool {
        self.memory.used > self.memory_share
    }

    /// What the run used, if the engine gave what its meter says.
    pub(crate) fn usage(&self, metered: Metered) -> Result<Usage, HostError> {
        let Metered { instructions, memory, table } = metered;
        if (memory, table) != (self.memory.used, self.table.used) {
            return Err(unmetered("memory or tables"));
        }
        Ok(Usage { instructions, memory, table, transfer: self.limits.transfer - self.transfer_left })
    }

    /// Charges for handing over `items` of `bytes` together. An item costs what a short string costs the host.
    pub(crate) fn charge(&mut self, items: usize, bytes: usize) -> wasmtime::Result<()> {
        const CALL: u64 = 64;
        const ITEM: u64 = 16;
        let cost = CALL.saturating_add((items as u64).saturating_mul(ITEM)).saturating_add(bytes as u64);
        self.transfer_left = self
            .transfer_left
            .checked_sub(cost)
            .ok_or_else(|| stop(FaultCode::OutOfTransfer, "it read more than its limit from the host"))?;
        Ok(())
    }

    pub(crate) fn log(&mut self, line: &str) {
        if self.log.len() + line.len() < LOG_BYTES {
            self.log.push_str(line);
            self.log.push('\n');
        }
    }
}

impl HasData for State {
    type Data<'a> = &'a mut State;
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if !self.memory.grow((desired - current) as u64) {
            return Err(wasmtime::Error::new(unmetered("memory")));
        }
        if self.needs_more_memory() { Err(no_memory()) } else { Ok(true) }
    }

    /// It was granted, and the system had none. The specification lets `memory.grow` answer -1 then, and the policy
    /// would go on by how much memory this machine has: the run ends instead, and not by the policy's fault.
    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(no_memory())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if let Some(of) = Resource::from_table_growth(desired, maximum) {
            return Err(wasmtime::Error::new(exhausted(&self.limits, of)));
        }
        if self.table.grow((desired - current) as u64) {
            Ok(true)
        } else {
            Err(wasmtime::Error::new(unmetered("tables")))
        }
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(no_memory())
    }

    // The meter is one more, and has a table.
    fn instances(&self) -> usize {
        MAX_CORE_INSTANCES + 1
    }
    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
    fn tables(&self) -> usize {
        MAX_TABLES + 1
    }
}
