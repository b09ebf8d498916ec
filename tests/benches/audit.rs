//! How fast audits are: settlements a second against plain ones, one after another, and how long a person waits for a
//! thousand trials on a real month.
//!
//! `cargo bench --package apportion-tests --bench audit`

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]

use std::hint::black_box;
use std::time::Instant;

use apportion::{Audit, Charter, Engine, Epoch, History, audit, settle};
use apportion_import::retro_funding::{self, Options, Track};
use apportion_tests::{data, small_epoch};
use serde_json::{Value, json};

const PLAIN: u32 = 500;

fn main() {
    for (name, parameters) in
        [("equal", json!({})), ("proportional", json!({"node_kinds": {"code": 1}})), ("pagerank", json!({}))]
    {
        measure(name, &parameters, None, 1_000);
    }
    for (track, name) in [(Track::Devtooling, "optimism-devtooling"), (Track::Onchain, "optimism-onchain")] {
        let month = retro_funding::import(&data("retro-funding/M6"), track, &Options::default()).unwrap();
        measure(name, &month.parameters, Some(&month.epoch), 1_000);
    }
}

fn measure(name: &str, parameters: &Value, month: Option<&Epoch>, trials: u32) {
    let policy = Engine::new().unwrap().admit(apportion_standard::find(name).unwrap().bytes).unwrap();
    let epochs: Vec<Epoch> = month.cloned().into_iter().collect();
    let terms = Audit { policy: &policy, parameters, epochs: &epochs, trials, seed: 1 };
    let (start, mut settled) = (Instant::now(), 0);
    black_box(audit(&terms, |progress| settled = progress.settled).unwrap());
    let took = start.elapsed().as_secs_f64();
    let rate = settled as f64 / took;

    let charter = Charter::single("Plain", &policy, parameters.clone()).unwrap();
    let (epoch, what, runs) = match month {
        Some(month) => (month.clone(), "the whole month", PLAIN / 25),
        None => (small_epoch(), "a small epoch", PLAIN),
    };
    let (policies, start) = ([policy], Instant::now());
    for _ in 0..runs {
        black_box(settle(&epoch, &charter, &policies, &History::default()).unwrap());
    }
    let plain = f64::from(runs) / start.elapsed().as_secs_f64();
    println!(
        "{name}: {trials} trials in {took:.1} s, {settled} settlements, {rate:.0} a second: {:.2} times as many as plain \
         ones of {what} ({plain:.0} a second)",
        rate / plain
    );
}
