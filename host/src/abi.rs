//! The contract's versions: one module each, lifted to the one set of types and calls that the rest knows.

mod v0_1;

use wasmtime::component::Component;
use wasmtime::{Engine, Store};

use crate::sandbox::State;

/// The versions that this engine runs, as they stand in the names of imports and exports.
pub(crate) const VERSIONS: [&str; 1] = [v0_1::VERSION];
/// The interfaces that a policy may import.
pub(crate) const IMPORTS: [&str; 4] = ["epoch", "graph", "history", "diagnostics"];
/// The interface that holds nothing but types.
pub(crate) const TYPES: &str = "types";
/// The package of the contract, in front of an interface's name.
pub(crate) const PACKAGE: &str = "apportion:policy/";

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

/// A compiled component, linked to the version of the contract that it was built for.
#[derive(Clone)]
pub(crate) enum Linked {
    V0_1(v0_1::PolicyPre<State>),
}

/// One fresh instance of a policy.
pub(crate) enum Instance {
    V0_1(v0_1::Policy),
}

/// Links a component whose imports and exports were found to be those of `version`, one of [`VERSIONS`].
pub(crate) fn link(engine: &Engine, component: &Component, version: &str) -> wasmtime::Result<Linked> {
    match version {
        v0_1::VERSION => v0_1::link(engine, component).map(Linked::V0_1),
        other => Err(wasmtime::Error::msg(format!("version {other} of the contract is unknown"))),
    }
}

impl Linked {
    pub(crate) fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Instance> {
        match self {
            Linked::V0_1(linked) => v0_1::instantiate(linked, store).map(Instance::V0_1),
        }
    }
}

impl Instance {
    pub(crate) fn describe(&self, store: &mut Store<State>) -> wasmtime::Result<Description> {
        match self {
            Instance::V0_1(policy) => v0_1::describe(policy, store),
        }
    }

    pub(crate) fn allocate(
        &self,
        store: &mut Store<State>,
        parameters: &str,
    ) -> wasmtime::Result<Result<Allocation, Refusal>> {
        match self {
            Instance::V0_1(policy) => v0_1::allocate(policy, store, parameters),
        }
    }
}
