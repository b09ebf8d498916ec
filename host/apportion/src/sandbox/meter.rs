//! What counts a policy's instructions, bounds how deep it calls and keeps NaNs alike: the policy itself, as it was
//! rewritten at admission (`apportion-harden`, METERING.md). Here is what it asks of the host, and what it is asked.

use wasmtime::Store;
use wasmtime::component::{Component, ComponentExportIndex, Instance, Linker, TypedFunc};

use apportion_harden::{HOST, METER, Resource};

use apportion_core::fault::{Fault, FaultCode};

use super::State;
use apportion_core::limits::Limits;

/// How deep a policy may call: bytes of native stack, as METERING.md counts frames. Plain recursion gets some hundred
/// thousand calls deep, and interpreters compiled to WebAssembly a few hundred calls of the language they run.
pub(super) const DEPTH: u64 = 96 << 20;

/// The number of the first function, behind those of the resources (see `apportion_harden::Profiled`).
const FIRST_FUNCTION: u32 = 4;

/// Whether an import or export is the meter's and not the author's.
pub(crate) fn is_meter(name: &str) -> bool {
    name == HOST || name == METER
}

/// Answers what the meter asks.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut host = linker.instance(HOST)?;
    host.func_wrap("limit", |store, (of,): (u32,)| {
        let limits = &store.data().limits;
        Ok((Resource::from_code(of).map_or(0, |of| limit(limits, of)),))
    })?;
    // Never reached: growth of the meter's table has told of it before.
    host.func_wrap("exhausted", |store, (of,): (u32,)| -> wasmtime::Result<()> {
        let limits = &store.data().limits;
        Err(wasmtime::Error::new(exhausted(
            limits,
            Resource::from_code(of).unwrap_or(Resource::Instructions),
        )))
    })
}

fn limit(limits: &Limits, of: Resource) -> u64 {
    match of {
        Resource::Instructions => limits.instructions,
        Resource::Depth => DEPTH,
        Resource::Memory => limits.memory,
        Resource::Table => limits.table,
    }
}

/// The end of a run that would have used more of something than its limit.
pub(super) fn exhausted(limits: &Limits, of: Resource) -> Fault {
    match of {
        Resource::Instructions => Fault::new(FaultCode::OutOfInstructions, "it used up its instructions"),
        Resource::Depth => Fault::new(FaultCode::StackOverflow, "it recursed deeper than the stack"),
        Resource::Memory => Fault::new(
            FaultCode::OutOfMemory,
            format!("it asked for more than {} bytes of memory", limits.memory),
        ),
        Resource::Table => Fault::new(
            FaultCode::OutOfTable,
            format!("it asked for more than {} table elements", limits.table),
        ),
    }
}

/// Where a component has its meter.
#[derive(Clone)]
pub(crate) struct MeterIndex(ComponentExportIndex);

impl MeterIndex {
    pub(crate) fn of(component: &Component) -> wasmtime::Result<MeterIndex> {
        let none = || wasmtime::Error::msg("it has no meter");
        let (_, meter) = component.get_export(None, METER).ok_or_else(none)?;
        let (_, left) = component.get_export(Some(&meter), "left").ok_or_else(none)?;
        Ok(MeterIndex(left))
    }

    pub(crate) fn read(&self, store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<Meter> {
        Ok(Meter(instance.get_typed_func(store, self.0)?))
    }
}

/// The meter of an instance.
pub(crate) struct Meter(TypedFunc<(u32,), (i64,)>);

/// What a run used, by its meter: the same on every engine.
#[derive(Clone, Copy)]
pub(crate) struct Metered {
    pub(crate) instructions: u64,
    pub(crate) memory: u64,
    pub(crate) table: u64,
}

impl Meter {
    /// What each of so many functions was charged so far: of a component hardened to note it.
    pub(crate) fn charged(&self, store: &mut Store<State>, functions: usize) -> wasmtime::Result<Vec<u64>> {
        let places = (FIRST_FUNCTION..).take(functions);
        places.map(|place| Ok(self.0.call(&mut *store, (place,))?.0.cast_unsigned())).collect()
    }

    /// What was used so far; only after a call that returned.
    pub(crate) fn used(&self, store: &mut Store<State>) -> wasmtime::Result<Metered> {
        let mut used = |of: Resource| {
            let limit = limit(&store.data().limits, of);
            let (left,) = self.0.call(&mut *store, (of.code(),))?;
            let used = u64::try_from(left).ok().and_then(|left| limit.checked_sub(left));
            used.ok_or_else(|| wasmtime::Error::msg("the meter is off its scale"))
        };
        Ok(Metered {
            instructions: used(Resource::Instructions)?,
            memory: used(Resource::Memory)?,
            table: used(Resource::Table)?,
        })
    }
}
