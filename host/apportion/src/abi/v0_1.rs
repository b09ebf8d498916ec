//! Version 0.1.0 of the contract, `wit/0.1.0/`: what a policy may ask of the host, and how it is called.

use wasmtime::Store;
use wasmtime::component::{Component, Instance, Linker};

use super::request::{Allocation, Description, Division, RawMeasure, Refusal};
use crate::state::{State, Subject};
use crate::verdict::stop;
use apportion_core::epoch::Texts;
use apportion_core::fault::FaultCode;

#[allow(missing_docs, clippy::all, reason = "generated from wit/0.1.0")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "wit/0.1.0",
        world: "policy",
        imports: { default: trappable },
    });
}

use bindings::apportion::policy::types::{Amount, Span};
use bindings::apportion::policy::{diagnostics, epoch, graph, history, types};
use bindings::exports::apportion::policy::rule;
pub(crate) use bindings::{Policy, PolicyPre};

pub(super) const VERSION: &str = "0.1.0";

pub(super) fn link(mut linker: Linker<State>, component: &Component) -> wasmtime::Result<PolicyPre<State>> {
    Policy::add_to_linker::<_, State>(&mut linker, |state| state)?;
    PolicyPre::new(linker.instantiate_pre(component)?)
}

/// What the component exports is looked up by name when it is linked; its types are compared here.
pub(super) fn instantiate(
    linked: &PolicyPre<State>,
    store: &mut Store<State>,
) -> wasmtime::Result<(Instance, Policy)> {
    let instance = linked.instance_pre().instantiate(&mut *store)?;
    let policy = Policy::new(store, &instance)
        .map_err(|_| stop(FaultCode::BadOutput, "its rule has other types than the contract's"))?;
    Ok((instance, policy))
}

pub(super) fn describe(policy: &Policy, store: &mut Store<State>) -> wasmtime::Result<Description> {
    let said = policy.apportion_policy_rule().call_describe(store)?;
    Ok(Description {
        name: said.name,
        version: said.version,
        summary: said.summary,
        parameters: said.parameters,
        stateful: said.stateful,
    })
}

pub(super) fn allocate(
    policy: &Policy,
    store: &mut Store<State>,
    parameters: &str,
) -> wasmtime::Result<Result<Allocation, Refusal>> {
    let answer = policy.apportion_policy_rule().call_allocate(store, parameters)?;
    Ok(answer.map(lift).map_err(|refusal| match refusal {
        rule::Refusal::BadParameters(sentence) => Refusal::BadParameters(sentence),
        rule::Refusal::NoAnswer(sentence) => Refusal::NoAnswer(sentence),
    }))
}

fn lift(allocation: rule::Allocation) -> Allocation {
    let division = match allocation.division {
        types::Division::ByWeight(weights) => {
            Division::ByWeight { shares: weights.shares, retained: weights.retained }
        }
        types::Division::ByAmount(amounts) => Division::ByAmount(
            amounts.iter().map(|amount| u128::from(amount.high) << 64 | u128::from(amount.low)).collect(),
        ),
    };
    let measures = allocation.measures.into_iter();
    Allocation {
        division,
        measures: measures.map(|measure| RawMeasure { name: measure.name, values: measure.values }).collect(),
        carry: allocation.carry,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the halves of 128 bits")]
fn amount(amount: u128) -> Amount {
    Amount { high: (amount >> 64) as u64, low: amount as u64 }
}

/// Copies a run of rows out of a column.
fn copy_rows<T: Copy>(
    state: &mut State,
    rows: Span,
    column: impl Fn(&Subject) -> &[T],
) -> wasmtime::Result<Vec<T>> {
    let copied = slice(column(state.subject()?), rows)?.to_vec();
    state.charge(0, size_of_val(copied.as_slice()))?;
    Ok(copied)
}

/// The same of a column that the epoch may not have. A name that no column has may be of any length: reading it is work
/// too.
fn copy_optional_rows<T: Copy>(
    state: &mut State,
    name: &str,
    rows: Span,
    column: impl for<'a> Fn(&'a Subject, &str) -> Option<&'a [T]>,
) -> wasmtime::Result<Option<Vec<T>>> {
    if column(state.subject()?, name).is_none() {
        state.charge(0, name.len())?;
        return Ok(None);
    }
    copy_rows(state, rows, |subject| column(subject, name).unwrap_or(&[])).map(Some)
}

/// Copies a run of texts; charged before it is made, because texts cost more than their bytes.
fn copy_texts(
    state: &mut State,
    rows: Span,
    column: impl Fn(&Subject) -> Texts<'_>,
) -> wasmtime::Result<Vec<String>> {
    let texts = column(state.subject()?);
    let ends = slice(texts.ends(), rows)?;
    let before =
        if rows.start == 0 { 0 } else { slice(texts.ends(), Span { start: rows.start - 1, count: 1 })?[0] };
    let bytes = ends.last().map_or(0, |end| end - before);
    state.charge(ends.len(), bytes as usize)?;
    let texts = column(state.subject()?);
    let first = rows.start as usize;
    Ok((first..first + rows.count as usize).filter_map(|row| texts.get(row)).map(str::to_owned).collect())
}

fn copy_all_texts(
    state: &mut State,
    column: impl Fn(&Subject) -> Texts<'_>,
) -> wasmtime::Result<Vec<String>> {
    let count = u32::try_from(column(state.subject()?).len()).unwrap_or(u32::MAX);
    copy_texts(state, Span { start: 0, count }, column)
}

fn copy_optional_texts(
    state: &mut State,
    name: &str,
    column: impl for<'a> Fn(&'a Subject, &str) -> Option<Texts<'a>>,
) -> wasmtime::Result<Option<Vec<String>>> {
    if column(state.subject()?, name).is_none() {
        state.charge(0, name.len())?;
        return Ok(None);
    }
    let none = Texts::default();
    copy_all_texts(state, |subject| column(subject, name).unwrap_or(none)).map(Some)
}

/// Something small of the epoch.
fn read<T>(state: &mut State, of: impl Fn(&Subject) -> T) -> wasmtime::Result<T> {
    let value = of(state.subject()?);
    state.charge(0, size_of::<T>())?;
    Ok(value)
}

fn slice<T>(column: &[T], rows: Span) -> wasmtime::Result<&[T]> {
    let start = rows.start as usize;
    start.checked_add(rows.count as usize).and_then(|end| column.get(start..end)).ok_or_else(|| {
        let (from, have) = (rows.start, column.len());
        stop(
            FaultCode::BadCall,
            format!("it asked for {} rows from row {from} of a column of {have}", rows.count),
        )
    })
}

fn length(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX) // epochs hold fewer rows
}

impl types::Host for State {}

impl epoch::Host for State {
    fn number(&mut self) -> wasmtime::Result<u64> {
        read(self, |subject| subject.epoch.number())
    }
    fn window(&mut self) -> wasmtime::Result<(i64, i64)> {
        read(self, |subject| (subject.epoch.window().start, subject.epoch.window().end))
    }
    fn pool(&mut self) -> wasmtime::Result<Amount> {
        read(self, |subject| amount(subject.pool))
    }
    fn asset(&mut self) -> wasmtime::Result<String> {
        let symbol = self.subject()?.epoch.pool().asset.symbol().to_owned();
        self.charge(1, symbol.len())?;
        Ok(symbol)
    }
    fn decimals(&mut self) -> wasmtime::Result<u32> {
        read(self, |subject| subject.epoch.pool().asset.decimals())
    }
    fn seed(&mut self) -> wasmtime::Result<u64> {
        read(self, |subject| subject.epoch.seed())
    }
    fn payee_count(&mut self) -> wasmtime::Result<u32> {
        read(self, |subject| length(subject.epoch.payees().len()))
    }
    fn payee_ids(&mut self, rows: Span) -> wasmtime::Result<Vec<String>> {
        copy_texts(self, rows, |subject| subject.epoch.payees())
    }
}

impl graph::Host for State {
    fn node_count(&mut self) -> wasmtime::Result<u32> {
        read(self, |subject| length(subject.epoch.node_count()))
    }
    fn edge_count(&mut self) -> wasmtime::Result<u32> {
        read(self, |subject| length(subject.epoch.edge_count()))
    }
    fn node_kinds(&mut self) -> wasmtime::Result<Vec<String>> {
        copy_all_texts(self, |subject| subject.epoch.node_kinds())
    }
    fn edge_kinds(&mut self) -> wasmtime::Result<Vec<String>> {
        copy_all_texts(self, |subject| subject.epoch.edge_kinds())
    }
    fn node_ids(&mut self, rows: Span) -> wasmtime::Result<Vec<String>> {
        copy_texts(self, rows, |subject| subject.epoch.node_ids())
    }
    fn node_kind(&mut self, rows: Span) -> wasmtime::Result<Vec<u32>> {
        copy_rows(self, rows, |subject| subject.epoch.node_kind())
    }
    fn node_weight(&mut self, rows: Span) -> wasmtime::Result<Vec<f64>> {
        copy_rows(self, rows, |subject| subject.epoch.node_weight())
    }
    fn node_time(&mut self, rows: Span) -> wasmtime::Result<Vec<i64>> {
        copy_rows(self, rows, |subject| subject.epoch.node_time())
    }
    fn node_payee(&mut self, rows: Span) -> wasmtime::Result<Vec<u32>> {
        copy_rows(self, rows, |subject| subject.epoch.node_payee())
    }
    fn edge_source(&mut self, rows: Span) -> wasmtime::Result<Vec<u32>> {
        copy_rows(self, rows, |subject| subject.epoch.edge_source())
    }
    fn edge_target(&mut self, rows: Span) -> wasmtime::Result<Vec<u32>> {
        copy_rows(self, rows, |subject| subject.epoch.edge_target())
    }
    fn edge_kind(&mut self, rows: Span) -> wasmtime::Result<Vec<u32>> {
        copy_rows(self, rows, |subject| subject.epoch.edge_kind())
    }
    fn edge_weight(&mut self, rows: Span) -> wasmtime::Result<Vec<f64>> {
        copy_rows(self, rows, |subject| subject.epoch.edge_weight())
    }
    fn edge_time(&mut self, rows: Span) -> wasmtime::Result<Vec<i64>> {
        copy_rows(self, rows, |subject| subject.epoch.edge_time())
    }
    fn edge_offsets(&mut self, rows: Span) -> wasmtime::Result<Vec<u32>> {
        copy_rows(self, rows, |subject| subject.epoch.edge_offsets())
    }
    fn node_metrics(&mut self) -> wasmtime::Result<Vec<String>> {
        copy_all_texts(self, |subject| subject.epoch.node_metrics())
    }
    fn node_labels(&mut self) -> wasmtime::Result<Vec<String>> {
        copy_all_texts(self, |subject| subject.epoch.node_labels())
    }
    fn edge_metrics(&mut self) -> wasmtime::Result<Vec<String>> {
        copy_all_texts(self, |subject| subject.epoch.edge_metrics())
    }
    fn edge_labels(&mut self) -> wasmtime::Result<Vec<String>> {
        copy_all_texts(self, |subject| subject.epoch.edge_labels())
    }
    fn node_metric(&mut self, name: String, rows: Span) -> wasmtime::Result<Option<Vec<f64>>> {
        copy_optional_rows(self, &name, rows, |subject, name| subject.epoch.node_metric(name))
    }
    fn edge_metric(&mut self, name: String, rows: Span) -> wasmtime::Result<Option<Vec<f64>>> {
        copy_optional_rows(self, &name, rows, |subject, name| subject.epoch.edge_metric(name))
    }
    fn node_label(&mut self, name: String, rows: Span) -> wasmtime::Result<Option<Vec<u32>>> {
        copy_optional_rows(self, &name, rows, |subject, name| {
            subject.epoch.node_label(name).map(|label| label.rows)
        })
    }
    fn edge_label(&mut self, name: String, rows: Span) -> wasmtime::Result<Option<Vec<u32>>> {
        copy_optional_rows(self, &name, rows, |subject, name| {
            subject.epoch.edge_label(name).map(|label| label.rows)
        })
    }
    fn node_dictionary(&mut self, name: String) -> wasmtime::Result<Option<Vec<String>>> {
        copy_optional_texts(self, &name, |subject, name| {
            subject.epoch.node_label(name).map(|label| label.dictionary)
        })
    }
    fn edge_dictionary(&mut self, name: String) -> wasmtime::Result<Option<Vec<String>>> {
        copy_optional_texts(self, &name, |subject, name| {
            subject.epoch.edge_label(name).map(|label| label.dictionary)
        })
    }
}

impl history::Host for State {
    fn paid(&mut self, rows: Span) -> wasmtime::Result<Vec<Amount>> {
        let paid = &self.past()?.paid;
        let copied: Vec<Amount> = slice(paid, rows)?.iter().map(|&paid| amount(paid)).collect();
        self.charge(copied.len(), size_of_val(copied.as_slice()))?;
        Ok(copied)
    }
    fn carry(&mut self) -> wasmtime::Result<Vec<u8>> {
        let carry = self.past()?.carry.clone();
        self.charge(0, carry.len())?;
        Ok(carry)
    }
}

impl diagnostics::Host for State {
    fn log(&mut self, line: String) -> wasmtime::Result<()> {
        self.charge(0, line.len())?;
        self.log(&line);
        Ok(())
    }
}
