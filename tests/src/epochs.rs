//! Epochs made in memory, and the real months.

use apportion::epoch::{Header, Payee, Window};
use apportion::money::{Asset, Pool};
use apportion::{Edge, Epoch, EpochBuilder, Node};

/// The six real months, by the names of their folders.
pub const MONTHS: [&str; 6] = ["M1", "M2", "M3", "M4", "M5", "M6"];

/// A small epoch with everything an epoch can have: payees with and without a name, kinds, metrics, labels.
pub fn small_epoch() -> Epoch {
    numbered_epoch(7)
}

/// The small epoch under another number.
///
/// # Panics
///
/// Where no epoch can have the number.
#[allow(clippy::expect_used, reason = "fixed rows, known to be valid")]
pub fn numbered_epoch(number: u64) -> Epoch {
    epoch_in(number, Asset::new("EUR", 2).expect("a valid asset"))
}

/// The small epoch under another number, with a pool of 100,001 base units of an asset.
///
/// # Panics
///
/// Where no epoch can have the number.
#[allow(clippy::expect_used, reason = "fixed rows, known to be valid")]
pub fn epoch_in(number: u64, asset: Asset) -> Epoch {
    let pool = Pool { asset, amount: 100_001 };
    let window = Window { start: 1_751_328_000, end: 1_754_006_400 };
    let mut epoch = EpochBuilder::new(Header { number, window, pool }).expect("a valid header");
    for (id, name) in [("ada", "Ada"), ("ben", ""), ("cy", "Cy")] {
        epoch.payee(Payee::new(id).name(name));
    }
    for (id, kind, payee, stars, team) in [
        ("paper", "paper", Some("ada"), 3.0, "red"),
        ("tool", "code", Some("ben"), 0.0, ""),
        ("data", "data-set", Some("cy"), 12.5, "blue"),
        ("misc", "code", None, 1.0, "red"),
    ] {
        epoch.node(Node::new(id, kind).payee(payee).metric("stars", stars).label("team", team));
    }
    for (source, target, weight, lines, tool) in [
        ("paper", "data", 1.0, 10.0, "notebook"),
        ("paper", "tool", 0.5, 0.0, ""),
        ("tool", "data", 2.0, 4.0, "notebook"),
        ("misc", "paper", 1.0, -3.0, "shell"),
        ("misc", "paper", 1.0, -3.0, "shell"),
    ] {
        let edge = Edge::new(source, target, "used").weight(weight).time(1_751_400_000);
        epoch.edge(edge.metric("lines", lines).label("tool", tool));
    }
    epoch.build().expect("valid rows")
}
