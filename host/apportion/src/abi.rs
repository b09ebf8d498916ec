//! The contract's versions: one module each, lifted to the one set of types and calls that the rest knows.

mod v0_1;

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::sandbox::State;
use crate::sandbox::meter::{self, Meter, MeterIndex, Metered};
#[cfg(feature = "wasi")]
use crate::sandbox::wasi;

/// The versions that this engine runs, as they stand in the names of imports and exports.
pub(crate) const VERSIONS: [&str; 1] = [v0_1::VERSION];
/// The interfaces of the contract that a policy may import.
pub(crate) const IMPORTS: [&str; 4] = ["epoch", "graph", "history", "diagnostics"];
/// The interface that holds nothing but types.
pub(crate) const TYPES: &str = "types";
/// The package of the contract, in front of an interface's name.
pub(crate) const PACKAGE: &str = "apportion:policy/";

/// Whether an import or export of a hardened component is its meter's.
pub(crate) fn is_meter(name: &str) -> bool {
    meter::is_meter(name)
}

/// Whether a policy may import this beside the contract.
pub(crate) fn grants_beside(import: &str) -> bool {
    wasi::grants(import)
}

/// What a policy says of itself, as given.
pub(crate) struct Description {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) summary: String,
    pub(crate) parameters: String,
    pub(crate) stateful: bool,
}

/// How a policy wants the pool divided, as given.
pub(crate) enum Division {
    ByWeight { shares: Vec<u64>, retained: u64 },
    ByAmount(Vec<u128>),
}

/// A named number per payee, as given.
pub(crate) struct RawMeasure {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

/// What a policy returns, as given.
pub(crate) struct Allocation {
    pub(crate) division: Division,
    pub(crate) measures: Vec<RawMeasure>,
    pub(crate) carry: Vec<u8>,
}

/// A policy declined, in its own words.
pub(crate) enum Refusal {
    BadParameters(String),
    NoAnswer(String),
}

/// A compiled component, linked to what it was granted.
#[derive(Clone)]
pub(crate) struct Linked {
    contract: Contract,
    meter: MeterIndex,
    /// How many handles the engine may keep for it: the contract has no resources, WASI has.
    handles: usize,
}

/// The version of the contract that a component was built for.
#[derive(Clone)]
enum Contract {
    V0_1(v0_1::PolicyPre<State>),
}

/// One fresh instance of a policy.
pub(crate) struct Instance {
    rule: Rule,
    meter: Meter,
}

enum Rule {
    V0_1(v0_1::Policy),
}

/// Links a component whose imports and exports were found to be those of `version`, one of [`VERSIONS`].
pub(crate) fn link(engine: &Engine, component: &Component, version: &str) -> wasmtime::Result<Linked> {
    let mut linker = Linker::new(engine);
    meter::link(&mut linker)?;
    let meter = MeterIndex::of(component)?;
    let handles = wasi::link(&mut linker, component)?;
    let contract = match version {
        v0_1::VERSION => Contract::V0_1(v0_1::link(linker, component)?),
        other => return Err(wasmtime::Error::msg(format!("version {other} of the contract is unknown"))),
    };
    Ok(Linked { contract, meter, handles })
}

/// In the place of WASI in an engine that was built without: nothing is granted.
#[cfg(not(feature = "wasi"))]
mod wasi {
    use super::{Component, Linker, State};

    pub(super) fn grants(_: &str) -> bool {
        false
    }

    pub(super) fn link(_: &mut Linker<State>, _: &Component) -> wasmtime::Result<usize> {
        Ok(0)
    }
}

impl Linked {
    pub(crate) fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Instance> {
        store.set_max_component_handles(self.handles);
        let (instance, rule) = match &self.contract {
            Contract::V0_1(linked) => {
                let (instance, policy) = v0_1::instantiate(linked, store)?;
                (instance, Rule::V0_1(policy))
            }
        };
        Ok(Instance { rule, meter: self.meter.read(store, &instance)? })
    }
}

impl Instance {
    pub(crate) fn describe(&self, store: &mut Store<State>) -> wasmtime::Result<(Description, Metered)> {
        let described = match &self.rule {
            Rule::V0_1(policy) => v0_1::describe(policy, store)?,
        };
        Ok((described, self.meter.used(store)?))
    }

    pub(crate) fn allocate(
        &self,
        store: &mut Store<State>,
        parameters: &str,
    ) -> wasmtime::Result<(Result<Allocation, Refusal>, Metered)> {
        let answer = match &self.rule {
            Rule::V0_1(policy) => v0_1::allocate(policy, store, parameters)?,
        };
        Ok((answer, self.meter.used(store)?))
    }

    /// What each of so many functions was charged: of a component that notes it.
    pub(crate) fn charged(&self, store: &mut Store<State>, functions: usize) -> wasmtime::Result<Vec<u64>> {
        self.meter.charged(store, functions)
    }
}
