//! How fast a rule is explained and audited: settlements a second against plain ones of the same epoch, in turn in one
//! run, and how long a person waits on a real month.
//!
//! `cargo bench --package apportion-tests --bench audit`; `-- --trials 20` is a short one.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use apportion::audit::Audit;
use apportion::explain::{Explainer, Question};
use apportion::{Charter, Engine, Epoch, History, Policy, audit, settle};
use apportion_import::retro_funding::{self, Options, Track};
use apportion_tests::{data, small_epoch};
use serde_json::{Value, json};

/// How often what is compared is measured, in turn.
const ROUNDS: usize = 5;
/// For how long plain settlements are made in a round.
const PLAIN: Duration = Duration::from_millis(500);

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--trials").skip(1);
    let trials = arguments.next().map_or(1_000, |trials| trials.parse().unwrap());
    let engine = Engine::new().unwrap();
    println!("{} cores", std::thread::available_parallelism().map_or(1, usize::from));
    for (name, parameters) in
        [("equal", json!({})), ("proportional", json!({"node_kinds": {"code": 1}})), ("pagerank", json!({}))]
    {
        let rule = Rule::new(&engine, name, parameters, None);
        rule.audit(trials);
    }
    for (track, name) in [(Track::Devtooling, "optimism-devtooling"), (Track::Onchain, "optimism-onchain")] {
        let month = retro_funding::import(&data("retro-funding/M6"), track, &Options::default()).unwrap();
        let rule = Rule::new(&engine, name, month.parameters, Some(month.epoch));
        rule.explain();
        rule.audit(trials);
    }
}

/// A rule with the epoch that it settles plainly.
struct Rule {
    policies: [Policy; 1],
    charter: Charter,
    /// None where trials are made epochs alone.
    month: Option<Epoch>,
    epoch: Epoch,
}

impl Rule {
    fn new(engine: &Engine, name: &str, parameters: Value, month: Option<Epoch>) -> Rule {
        let policies = [engine.admit(apportion_standard::find(name).unwrap().bytes).unwrap()];
        let charter = Charter::single("Plain", &policies[0], parameters).unwrap();
        let epoch = month.clone().unwrap_or_else(small_epoch);
        println!("\n{name}, {} nodes, {} edges", epoch.node_count(), epoch.edge_count());
        Rule { policies, charter, month, epoch }
    }

    /// Plain settlements a second, one after another.
    fn plain(&self) -> f64 {
        let (start, mut settled) = (Instant::now(), 0_u32);
        while start.elapsed() < PLAIN {
            black_box(settle(&self.epoch, &self.charter, &self.policies, &History::default()).unwrap());
            settled += 1;
        }
        f64::from(settled) / start.elapsed().as_secs_f64()
    }

    /// The payee with the most edges to it, which takes the most runs.
    fn explain(&self) {
        let epoch = &self.epoch;
        let mut edges = vec![0_usize; epoch.payees().len() + 1];
        for target in epoch.edge_target() {
            let owner = epoch.node_payee()[*target as usize] as usize;
            edges[owner.min(epoch.payees().len())] += 1;
        }
        let most = (0..epoch.payees().len()).max_by_key(|payee| edges[*payee]).unwrap();
        let (payee, history) = (epoch.payees().get(most).unwrap(), History::default());
        let (charter, policies) = (&self.charter, &self.policies[..]);
        let question = Question { epoch, charter, policies, history: &history, before: None, runs: 200 };
        self.compare(&format!("explaining a payee with {} edges", edges[most]), &mut || {
            let start = Instant::now();
            let explanation = Explainer::new(question).unwrap().explain(payee, |_| ()).unwrap();
            // One more for the epoch as it is.
            (1 + explanation.runs, start.elapsed())
        });
    }

    fn audit(&self, trials: u32) {
        let epochs: Vec<Epoch> = self.month.iter().cloned().collect();
        let parameters = &self.charter.terms().policies[0].parameters;
        let terms = Audit { policy: &self.policies[0], parameters, epochs: &epochs, trials, seed: 1 };
        self.compare(&format!("auditing by {trials} trials"), &mut || {
            let (start, mut settled) = (Instant::now(), 0);
            black_box(audit(&terms, |progress| settled = progress.settled).unwrap());
            (settled, start.elapsed())
        });
    }

    /// Prints settlements a second, and the median of what they are of plain ones round by round.
    fn compare(&self, what: &str, work: &mut dyn FnMut() -> (usize, Duration)) {
        let (mut ratios, mut times, mut settled) = (Vec::new(), Vec::new(), 0);
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            let plain = self.plain();
            let (runs, took) = work();
            let rate = runs as f64 / took.as_secs_f64();
            ratios.push(rate / plain);
            rates.push(rate);
            times.push(took.as_secs_f64());
            settled = runs;
        }
        for sorted in [&mut ratios, &mut rates, &mut times] {
            sorted.sort_by(f64::total_cmp);
        }
        let middle = ROUNDS / 2;
        println!(
            "  {what}: {:.2} s for {settled} settlements, {:.0} a second: {:.2} times as many as plain ones   [{:.2} to {:.2}]",
            times[middle],
            rates[middle],
            ratios[middle],
            ratios[0],
            ratios[ROUNDS - 1]
        );
    }
}
