//! A policy in wasmtime with a choice of protections: what the engine's sandbox does, each part of it separable.

use std::fmt;

use apportion::Epoch;
use apportion::epoch::Texts;
use wasmtime::component::{Component, HasData, Linker};
use wasmtime::{Config, Engine, OptLevel, Store, StoreLimits, StoreLimitsBuilder};

#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated from wit/0.1.0")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/0.1.0", world: "policy" });
}

use bindings::apportion::policy::types::{Amount, Span};
use bindings::apportion::policy::{diagnostics, epoch, graph, history, types};
use bindings::{Policy, PolicyPre};

/// What can be taken away, and what could stand in the place of hardening.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    Hardening,
    Interruption,
    MemoryLimits,
    Fuel,
    Nan,
}

impl Protection {
    /// What the engine has.
    pub const ALL: [Protection; 3] =
        [Protection::Hardening, Protection::Interruption, Protection::MemoryLimits];
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protection::Hardening => "hardening (instructions, depth, memory and tables counted, one NaN)",
            Protection::Interruption => "the host's interruption",
            Protection::MemoryLimits => "memory and tables held against their limits by the host",
            Protection::Fuel => "wasmtime's fuel",
            Protection::Nan => "wasmtime's canonical NaNs",
        })
    }
}

/// A policy, compiled.
pub struct Plain {
    engine: Engine,
    policy: PolicyPre<State>,
    protections: Vec<Protection>,
}

struct State {
    epoch: Epoch,
    limits: StoreLimits,
}

impl HasData for State {
    type Data<'a> = &'a mut State;
}

impl Plain {
    pub fn new(component: &[u8], protections: &[Protection]) -> Plain {
        let on = |protection| protections.contains(&protection);
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::Speed);
        config.cranelift_nan_canonicalization(on(Protection::Nan));
        config.consume_fuel(on(Protection::Fuel));
        config.epoch_interruption(on(Protection::Interruption));
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::new(&engine);
        let hardened = on(Protection::Hardening).then(|| apportion_harden::harden(component).unwrap());
        if hardened.is_some() {
            let mut host = linker.instance(apportion_harden::HOST).unwrap();
            host.func_wrap("limit", |_, (_,): (u32,)| Ok((1_u64 << 50,))).unwrap();
            host.func_wrap("exhausted", |_, (of,): (u32,)| -> wasmtime::Result<()> { panic!("{of}") })
                .unwrap();
        }
        let component = Component::new(&engine, hardened.as_deref().unwrap_or(component)).unwrap();
        Policy::add_to_linker::<_, State>(&mut linker, |state| state).unwrap();
        let policy = PolicyPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        Plain { engine, policy, protections: protections.to_vec() }
    }

    /// How many shares it gives.
    pub fn allocate(&self, epoch: &Epoch, parameters: &str) -> usize {
        let limits = StoreLimitsBuilder::new().memory_size(2 << 30).table_elements(1 << 20).build();
        let mut store = Store::new(&self.engine, State { epoch: epoch.clone(), limits });
        if self.protections.contains(&Protection::MemoryLimits) {
            store.limiter(|state| &mut state.limits);
        }
        if self.protections.contains(&Protection::Fuel) {
            store.set_fuel(u64::MAX).unwrap();
        }
        if self.protections.contains(&Protection::Interruption) {
            store.set_epoch_deadline(1);
        }
        store.set_hostcall_fuel(usize::MAX);
        let policy = self.policy.instantiate(&mut store).unwrap();
        let answer = policy.apportion_policy_rule().call_allocate(&mut store, parameters).unwrap();
        match answer.unwrap().division {
            types::Division::ByWeight(weights) => weights.shares.len(),
            types::Division::ByAmount(amounts) => amounts.len(),
        }
    }
}

fn rows<T: Clone>(column: &[T], rows: Span) -> Vec<T> {
    let start = rows.start as usize;
    column[start..start + rows.count as usize].to_vec()
}

fn texts(texts: Texts<'_>) -> Vec<String> {
    texts.iter().map(str::to_owned).collect()
}

impl types::Host for State {}

impl epoch::Host for State {
    fn number(&mut self) -> u64 {
        self.epoch.number()
    }
    fn window(&mut self) -> (i64, i64) {
        (self.epoch.window().start, self.epoch.window().end)
    }
    fn pool(&mut self) -> Amount {
        let amount = self.epoch.pool().amount;
        Amount { high: (amount >> 64) as u64, low: amount as u64 }
    }
    fn asset(&mut self) -> String {
        self.epoch.pool().asset.symbol().to_owned()
    }
    fn decimals(&mut self) -> u32 {
        self.epoch.pool().asset.decimals()
    }
    fn seed(&mut self) -> u64 {
        self.epoch.seed()
    }
    fn payee_count(&mut self) -> u32 {
        self.epoch.payees().len() as u32
    }
    fn payee_ids(&mut self, span: Span) -> Vec<String> {
        rows(&texts(self.epoch.payees()), span)
    }
}

impl graph::Host for State {
    fn node_count(&mut self) -> u32 {
        self.epoch.node_count() as u32
    }
    fn edge_count(&mut self) -> u32 {
        self.epoch.edge_count() as u32
    }
    fn node_kinds(&mut self) -> Vec<String> {
        texts(self.epoch.node_kinds())
    }
    fn edge_kinds(&mut self) -> Vec<String> {
        texts(self.epoch.edge_kinds())
    }
    fn node_ids(&mut self, _: Span) -> Vec<String> {
        Vec::new()
    }
    fn node_kind(&mut self, span: Span) -> Vec<u32> {
        rows(self.epoch.node_kind(), span)
    }
    fn node_weight(&mut self, span: Span) -> Vec<f64> {
        rows(self.epoch.node_weight(), span)
    }
    fn node_time(&mut self, span: Span) -> Vec<i64> {
        rows(self.epoch.node_time(), span)
    }
    fn node_payee(&mut self, span: Span) -> Vec<u32> {
        rows(self.epoch.node_payee(), span)
    }
    fn edge_source(&mut self, span: Span) -> Vec<u32> {
        rows(self.epoch.edge_source(), span)
    }
    fn edge_target(&mut self, span: Span) -> Vec<u32> {
        rows(self.epoch.edge_target(), span)
    }
    fn edge_kind(&mut self, span: Span) -> Vec<u32> {
        rows(self.epoch.edge_kind(), span)
    }
    fn edge_weight(&mut self, span: Span) -> Vec<f64> {
        rows(self.epoch.edge_weight(), span)
    }
    fn edge_time(&mut self, span: Span) -> Vec<i64> {
        rows(self.epoch.edge_time(), span)
    }
    fn edge_offsets(&mut self, span: Span) -> Vec<u32> {
        rows(self.epoch.edge_offsets(), span)
    }
    fn node_metrics(&mut self) -> Vec<String> {
        Vec::new()
    }
    fn node_labels(&mut self) -> Vec<String> {
        Vec::new()
    }
    fn edge_metrics(&mut self) -> Vec<String> {
        Vec::new()
    }
    fn edge_labels(&mut self) -> Vec<String> {
        Vec::new()
    }
    fn node_metric(&mut self, _: String, _: Span) -> Option<Vec<f64>> {
        None
    }
    fn edge_metric(&mut self, _: String, _: Span) -> Option<Vec<f64>> {
        None
    }
    fn node_label(&mut self, _: String, _: Span) -> Option<Vec<u32>> {
        None
    }
    fn edge_label(&mut self, _: String, _: Span) -> Option<Vec<u32>> {
        None
    }
    fn node_dictionary(&mut self, _: String) -> Option<Vec<String>> {
        None
    }
    fn edge_dictionary(&mut self, _: String) -> Option<Vec<String>> {
        None
    }
}

impl history::Host for State {
    fn paid(&mut self, _: Span) -> Vec<Amount> {
        Vec::new()
    }
    fn carry(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

impl diagnostics::Host for State {
    fn log(&mut self, _: String) {}
}
