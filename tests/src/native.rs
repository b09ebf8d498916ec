//! An engine's epoch as the guest SDK's, so that a rule can run natively beside its component.

use apportion::Epoch;
use apportion::epoch::{Label, Texts};
use apportion_guest::{Columns, InvalidEpoch, LabelColumn, MetricColumn};

/// The same epoch, for `apportion_guest::run`.
///
/// # Errors
///
/// If the SDK takes for invalid what the engine takes for valid, which would be a bug of one of them.
pub fn epoch(epoch: &Epoch) -> Result<apportion_guest::Epoch, InvalidEpoch> {
    apportion_guest::Epoch::from_columns(columns(epoch))
}

/// The epoch's columns, as of a first epoch: nothing paid so far, nothing handed over.
pub fn columns(epoch: &Epoch) -> Columns {
    let texts = |texts: Texts<'_>| texts.iter().map(str::to_owned).collect::<Vec<String>>();
    let metric = |name: &str, values: Option<&[f64]>| MetricColumn {
        name: name.to_owned(),
        values: values.unwrap_or(&[]).to_vec(),
    };
    let label = |name: &str, label: Option<Label<'_>>| LabelColumn {
        name: name.to_owned(),
        words: label.map_or(Vec::new(), |label| texts(label.dictionary)),
        rows: label.map_or(Vec::new(), |label| label.rows.to_vec()),
    };
    Columns {
        number: epoch.number(),
        window: (epoch.window().start, epoch.window().end),
        pool: epoch.pool().amount,
        asset: epoch.pool().asset.symbol().to_owned(),
        decimals: epoch.pool().asset.decimals(),
        seed: epoch.seed(),
        payees: texts(epoch.payees()),
        node_kinds: texts(epoch.node_kinds()),
        node_ids: texts(epoch.node_ids()),
        node_kind: epoch.node_kind().to_vec(),
        node_weight: epoch.node_weight().to_vec(),
        node_time: epoch.node_time().to_vec(),
        node_payee: epoch.node_payee().to_vec(),
        node_metrics: epoch.node_metrics().iter().map(|name| metric(name, epoch.node_metric(name))).collect(),
        node_labels: epoch.node_labels().iter().map(|name| label(name, epoch.node_label(name))).collect(),
        edge_kinds: texts(epoch.edge_kinds()),
        edge_source: epoch.edge_source().to_vec(),
        edge_target: epoch.edge_target().to_vec(),
        edge_kind: epoch.edge_kind().to_vec(),
        edge_weight: epoch.edge_weight().to_vec(),
        edge_time: epoch.edge_time().to_vec(),
        edge_metrics: epoch.edge_metrics().iter().map(|name| metric(name, epoch.edge_metric(name))).collect(),
        edge_labels: epoch.edge_labels().iter().map(|name| label(name, epoch.edge_label(name))).collect(),
        paid: Vec::new(),
        carry: Vec::new(),
    }
}
