//! How much faster an epoch of 200,000 nodes and 1,000,000 edges is built from columns than row by row, as a ratio of two
//! things measured in turn: machines differ and are noisy, ratios hold.
//!
//! `cargo bench --package apportion-core --bench columns`

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]

use std::time::{Duration, Instant};

use apportion_core::epoch::{
    Edge, EdgeColumns, Epoch, EpochBuilder, EpochColumns, Header, Node, NodeColumns, PayeeColumns,
    References, TextColumn, Window,
};
use apportion_core::money::{Asset, Pool};

const NODES: u32 = 200_000;
const EDGES: u32 = 1_000_000;
const ROUNDS: usize = 9;

fn main() {
    let input = Input::new();
    let positions = References::Positions;
    let ids = |rows| References::Ids(TextColumn::Dictionary { words: &input.ids, rows });
    let texts = [&input.sources, &input.targets]
        .map(|rows| rows.iter().map(|&row| input.ids[row as usize]).collect());
    let [sources, targets]: [Vec<&str>; 2] = texts;
    let plain = |texts| References::Ids(TextColumn::Plain(texts));

    let rows = measure("row by row", || input.by_rows());
    for (name, ends) in [
        ("columns, ends by position", [positions(&input.sources), positions(&input.targets)]),
        ("columns, ends by id in a dictionary", [ids(&input.sources), ids(&input.targets)]),
        ("columns, ends by id", [plain(&sources), plain(&targets)]),
    ] {
        assert_eq!(input.by_columns(ends).digest(), input.by_rows().digest());
        let columns = measure(name, || input.by_columns(ends));
        println!("  {:.1} times as fast as row by row", rows.as_secs_f64() / columns.as_secs_f64());
    }
    let epoch = input.by_rows();
    let read = measure("reading the epoch's bytes", || Epoch::from_bytes(epoch.as_bytes()).unwrap());
    println!("  {:.1} times as fast as row by row", rows.as_secs_f64() / read.as_secs_f64());
}

fn measure(name: &str, build: impl Fn() -> Epoch) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(build());
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("{name}: {} ms, the median of {ROUNDS}", times[ROUNDS / 2].as_millis());
    times[ROUNDS / 2]
}

struct Input {
    ids: Vec<&'static str>,
    sources: Vec<u32>,
    targets: Vec<u32>,
    weights: Vec<f64>,
}

impl Input {
    /// Edges without an order, always the same.
    fn new() -> Input {
        let ids = (0..NODES).map(|node| &*format!("node:{node:08}").leak()).collect();
        let mut state = 1_u64;
        let mut draw = |bound: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from((state >> 33) % u64::from(bound)).unwrap()
        };
        let ends: Vec<(u32, u32)> = (0..EDGES).map(|_| (draw(NODES), draw(NODES))).collect();
        let (sources, targets) = ends.into_iter().unzip();
        Input { ids, sources, targets, weights: (0..EDGES).map(|_| f64::from(draw(100))).collect() }
    }

    fn header() -> Header {
        let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100 };
        Header { number: 1, window: Window { start: 0, end: 1 }, pool }
    }

    fn by_rows(&self) -> Epoch {
        let mut epoch = EpochBuilder::new(Input::header()).unwrap();
        epoch.payee("all");
        for id in &self.ids {
            epoch.node(Node::new(id, "node").payee("all"));
        }
        for ((&source, &target), &weight) in self.sources.iter().zip(&self.targets).zip(&self.weights) {
            epoch.edge(
                Edge::new(self.ids[source as usize], self.ids[target as usize], "cites").weight(weight),
            );
        }
        epoch.build().unwrap()
    }

    fn by_columns(&self, [sources, targets]: [References<'_>; 2]) -> Epoch {
        let (owners, kinds) = (vec![0; self.ids.len()], vec![0; self.sources.len()]);
        EpochColumns {
            header: Input::header(),
            payees: PayeeColumns { ids: &["all"], names: None },
            nodes: NodeColumns {
                ids: &self.ids,
                kinds: TextColumn::Dictionary { words: &["node"], rows: &owners },
                payees: Some(References::Positions(&owners)),
                ..NodeColumns::default()
            },
            edges: EdgeColumns {
                sources,
                targets,
                kinds: TextColumn::Dictionary { words: &["cites"], rows: &kinds },
                weights: Some(&self.weights),
                ..EdgeColumns::default()
            },
        }
        .build()
        .unwrap()
    }
}
