//! A round of contributions, and what comes of it.

use apportion_guest::{Allocation, Edge, Epoch, EpochBuilder, Node};

/// What each contributor (row) gave to each project (column).
pub type Gifts = Vec<Vec<f64>>;

/// Far more than any match, so that matches show as they are.
pub const POOL: u128 = 1_000_000;

pub fn round(gifts: &Gifts) -> EpochBuilder {
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

pub fn measure(allocation: &Allocation, name: &str) -> Vec<f64> {
    allocation.measures.iter().find(|measure| measure.name == name).unwrap().values.clone()
}

/// Amounts in whole units.
pub fn paid(allocation: &Allocation, pool: f64) -> Vec<f64> {
    allocation.shares().iter().map(|share| share * pool).collect()
}
