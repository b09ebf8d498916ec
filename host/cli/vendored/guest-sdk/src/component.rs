//! What stands between a policy and the contract's types. Reached through [`export!`](crate::export) alone.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use crate::bindings::apportion::policy::{diagnostics, epoch, graph, history, types};
use crate::columns::Header;
use crate::{Division, LabelColumn, Policy};

pub use types::{Allocation, Description, Refusal};

/// The allocator of every component. It is the one that std would bring, but built with the policy: std's own copy
/// carries the path that it was built at, which differs from one toolchain to the next and would end up in the digest.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

pub fn describe<P: Policy>() -> Description {
    let described = crate::describe::<P>();
    Description {
        name: described.name.to_owned(),
        version: described.version.to_owned(),
        summary: described.summary.to_owned(),
        parameters: described.parameters,
        stateful: described.stateful,
    }
}

pub fn allocate<P: Policy>(parameters: &str) -> Result<Allocation, Refusal> {
    crate::run::<P>(&crate::Epoch::of_component(), parameters).map(lower).map_err(|refusal| match refusal {
        crate::Refusal::BadParameters(sentence) => Refusal::BadParameters(sentence),
        crate::Refusal::NoAnswer(sentence) => Refusal::NoAnswer(sentence),
    })
}

/// One line: the place, then the message.
pub fn log_panic(panic: &dyn core::fmt::Display) {
    log(&panic.to_string().replace('\n', " "));
}

pub(crate) fn log(line: &str) {
    diagnostics::log(line);
}

fn lower(allocation: crate::Allocation) -> Allocation {
    let division = match allocation.division {
        Division::ByWeight { shares, retained } => {
            types::Division::ByWeight(types::Weights { shares, retained })
        }
        Division::ByAmount(amounts) => {
            types::Division::ByAmount(amounts.into_iter().map(lower_amount).collect())
        }
    };
    let measures = allocation.measures.into_iter();
    let measures = measures.map(|measure| types::Measure { name: measure.name, values: measure.values });
    Allocation { division, measures: measures.collect(), carry: allocation.carry }
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of a u128")]
fn lower_amount(amount: u128) -> types::Amount {
    types::Amount { high: (amount >> 64) as u64, low: amount as u64 }
}

fn lift_amount(amount: types::Amount) -> u128 {
    (u128::from(amount.high) << 64) | u128::from(amount.low)
}

// From here on: the columns of the epoch being settled, each whole. `Epoch` calls each at most once.

fn payees() -> types::Span {
    types::Span { start: 0, count: epoch::payee_count() }
}

fn nodes() -> types::Span {
    types::Span { start: 0, count: graph::node_count() }
}

fn edges() -> types::Span {
    types::Span { start: 0, count: graph::edge_count() }
}

pub(crate) fn header() -> Header {
    Header {
        number: epoch::number(),
        window: epoch::window(),
        pool: lift_amount(epoch::pool()),
        asset: epoch::asset(),
        decimals: epoch::decimals(),
        seed: epoch::seed(),
    }
}

pub(crate) fn payee_ids() -> Vec<String> {
    epoch::payee_ids(payees())
}

pub(crate) fn node_kinds() -> Vec<String> {
    graph::node_kinds()
}

pub(crate) fn edge_kinds() -> Vec<String> {
    graph::edge_kinds()
}

pub(crate) fn node_ids() -> Vec<String> {
    graph::node_ids(nodes())
}

pub(crate) fn node_kind() -> Vec<u32> {
    graph::node_kind(nodes())
}

pub(crate) fn node_weight() -> Vec<f64> {
    graph::node_weight(nodes())
}

pub(crate) fn node_time() -> Vec<i64> {
    graph::node_time(nodes())
}

pub(crate) fn node_payee() -> Vec<u32> {
    graph::node_payee(nodes())
}

pub(crate) fn edge_source() -> Vec<u32> {
    graph::edge_source(edges())
}

pub(crate) fn edge_target() -> Vec<u32> {
    graph::edge_target(edges())
}

pub(crate) fn edge_kind() -> Vec<u32> {
    graph::edge_kind(edges())
}

pub(crate) fn edge_weight() -> Vec<f64> {
    graph::edge_weight(edges())
}

pub(crate) fn edge_time() -> Vec<i64> {
    graph::edge_time(edges())
}

pub(crate) fn edge_offsets() -> Vec<u32> {
    let rows = types::Span { start: 0, count: graph::node_count().saturating_add(1) };
    graph::edge_offsets(rows)
}

pub(crate) fn node_metrics() -> Vec<String> {
    graph::node_metrics()
}

pub(crate) fn edge_metrics() -> Vec<String> {
    graph::edge_metrics()
}

pub(crate) fn node_labels() -> Vec<String> {
    graph::node_labels()
}

pub(crate) fn edge_labels() -> Vec<String> {
    graph::edge_labels()
}

// The engine gives none for a name that it did not list; `Epoch` asks for listed names only.

pub(crate) fn node_metric(name: &str) -> Vec<f64> {
    graph::node_metric(name, nodes()).unwrap_or_default()
}

pub(crate) fn edge_metric(name: &str) -> Vec<f64> {
    graph::edge_metric(name, edges()).unwrap_or_default()
}

pub(crate) fn node_label(name: &str) -> LabelColumn {
    LabelColumn {
        name: name.to_owned(),
        words: graph::node_dictionary(name).unwrap_or_default(),
        rows: graph::node_label(name, nodes()).unwrap_or_default(),
    }
}

pub(crate) fn edge_label(name: &str) -> LabelColumn {
    LabelColumn {
        name: name.to_owned(),
        words: graph::edge_dictionary(name).unwrap_or_default(),
        rows: graph::edge_label(name, edges()).unwrap_or_default(),
    }
}

pub(crate) fn paid() -> Vec<u128> {
    history::paid(payees()).into_iter().map(lift_amount).collect()
}

pub(crate) fn carry() -> Vec<u8> {
    history::carry()
}

// Rows of the edges' columns, as often as a policy asks for them: `Epoch::runs`.

pub(crate) fn edge_target_in(rows: Range<usize>) -> Vec<u32> {
    graph::edge_target(span(&rows))
}

pub(crate) fn edge_kind_in(rows: Range<usize>) -> Vec<u32> {
    graph::edge_kind(span(&rows))
}

pub(crate) fn edge_weight_in(rows: Range<usize>) -> Vec<f64> {
    graph::edge_weight(span(&rows))
}

pub(crate) fn edge_metric_in(name: &str, rows: Range<usize>) -> Vec<f64> {
    graph::edge_metric(name, span(&rows)).unwrap_or_default()
}

/// Rows past what an index counts are past every column, and the engine says so.
fn span(rows: &Range<usize>) -> types::Span {
    let index = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
    types::Span { start: index(rows.start), count: index(rows.len()) }
}
