//! What must hold of any epoch that is read.

use apportion::epoch::{ColumnNames, Header, NO_PAYEE, Payee, Window};
use apportion::{Digest, Edge, Epoch, EpochBuilder, Node};

/// What is read as an epoch is what the builder makes of the same rows, to the byte.
pub fn epoch(bytes: &[u8]) {
    let Ok(epoch) = Epoch::from_bytes(bytes) else {
        assert!(Epoch::read(bytes, bytes.len() as u64).is_err(), "two readers disagree");
        return;
    };
    assert!(epoch.as_bytes() == bytes, "an epoch has other bytes than were read");
    assert_eq!(epoch.digest(), Digest::of(bytes));
    let again = rebuilt(&epoch);
    assert!(again.as_bytes() == bytes, "an epoch that the builder would not write was read");
}

fn rebuilt(epoch: &Epoch) -> Epoch {
    let names = |texts: apportion::epoch::Texts<'_>| texts.iter().map(str::to_owned).collect::<Vec<_>>();
    let columns = ColumnNames {
        node_metrics: names(epoch.node_metrics()),
        node_labels: names(epoch.node_labels()),
        edge_metrics: names(epoch.edge_metrics()),
        edge_labels: names(epoch.edge_labels()),
    };
    let (node_metrics, node_labels) = (
        columns.node_metrics.iter().map(|name| epoch.node_metric(name).unwrap()).collect::<Vec<_>>(),
        columns.node_labels.iter().map(|name| epoch.node_label(name).unwrap()).collect::<Vec<_>>(),
    );
    let (edge_metrics, edge_labels) = (
        columns.edge_metrics.iter().map(|name| epoch.edge_metric(name).unwrap()).collect::<Vec<_>>(),
        columns.edge_labels.iter().map(|name| epoch.edge_label(name).unwrap()).collect::<Vec<_>>(),
    );
    let Window { start, end } = epoch.window();
    let header = Header { number: epoch.number(), window: Window { start, end }, pool: epoch.pool().clone() };
    let mut builder = EpochBuilder::with_columns(header, columns.clone()).expect("its header was valid");
    for (id, name) in epoch.payees().iter().zip(epoch.payee_names().iter()) {
        builder.payee(Payee::new(id).name(name));
    }
    for row in 0..epoch.node_count() {
        let payee = epoch.node_payee()[row];
        builder.node(
            Node::new(
                epoch.node_ids().get(row).unwrap(),
                epoch.node_kinds().get(epoch.node_kind()[row] as usize).unwrap(),
            )
            .payee((payee != NO_PAYEE).then(|| epoch.payees().get(payee as usize).unwrap()))
            .weight(epoch.node_weight()[row])
            .time(epoch.node_time()[row])
            .metrics(&node_metrics.iter().map(|column| column[row]).collect::<Vec<_>>())
            .labels(&node_labels.iter().map(|label| label.word(row)).collect::<Vec<_>>()),
        );
    }
    for row in 0..epoch.edge_count() {
        builder.edge(
            Edge::new(
                epoch.node_ids().get(epoch.edge_source()[row] as usize).unwrap(),
                epoch.node_ids().get(epoch.edge_target()[row] as usize).unwrap(),
                epoch.edge_kinds().get(epoch.edge_kind()[row] as usize).unwrap(),
            )
            .weight(epoch.edge_weight()[row])
            .time(epoch.edge_time()[row])
            .metrics(&edge_metrics.iter().map(|column| column[row]).collect::<Vec<_>>())
            .labels(&edge_labels.iter().map(|label| label.word(row)).collect::<Vec<_>>()),
        );
    }
    builder.build().expect("its rows were valid")
}
