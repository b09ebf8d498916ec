//! The rules: what is published, what can be computed by hand, and what must hold in any round.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

mod clrfund;
mod contributions;
mod laws;

use apportion_guest::{Allocation, Edge, Epoch, EpochBuilder, Node};

/// What each contributor (row) gave to each project (column).
type Gifts = Vec<Vec<f64>>;

/// Far more than any match, so that matches show as they are.
const POOL: u128 = 1_000_000;

fn round(gifts: &Gifts) -> EpochBuilder {
    let mut epoch = Epoch::builder().pool(POOL);
    for project in 0..gifts.first().map_or(0, Vec::len) {
        epoch = epoch.node(Node::new(format!("project:{project}"), "project").payee(format!("{project}")));
    }
    for (contributor, gifts) in gifts.iter().enumerate() {
        let id = format!("contributor:{contributor:02}");
        epoch = epoch.node(Node::new(&id, "person"));
        for (project, amount) in gifts.iter().enumerate().filter(|(_, amount)| **amount > 0.0) {
            epoch = epoch.edge(Edge::new(&id, format!("project:{project}"), "gave").weight(*amount));
        }
    }
    epoch
}

fn measure(allocation: &Allocation, name: &str) -> Vec<f64> {
    allocation.measures.iter().find(|measure| measure.name == name).unwrap().values.clone()
}

/// Amounts in whole units.
fn paid(allocation: &Allocation, pool: f64) -> Vec<f64> {
    allocation.shares().iter().map(|share| share * pool).collect()
}
