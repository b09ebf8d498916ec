//! `apportion policy bench`: what a policy takes on a given epoch, and where its instructions go.

use std::time::{Duration, Instant};

use anyhow::Result;
use apportion::policy::Profile;
use apportion::{Charter, Epoch, History, Policy, settle};
use serde_json::Value;

use super::{Component, used};
use crate::arguments::BenchPolicyArguments;
use crate::engine::Engines;
use crate::inspect::shown;
use crate::objects;
use crate::print::{Lines, say};
use crate::table::{count, grouped};

pub fn bench(arguments: &BenchPolicyArguments, engines: &Engines) -> Result<()> {
    let component = Component::find(&arguments.policy)?;
    let epoch = objects::epoch(&arguments.epoch)?;
    let parameters = objects::parameters(arguments.parameters.as_deref())?;

    let (anew, _) = timed(|| component.admit(&engines.without_folder()?))?;
    component.admit(&engines.make()?)?; // into the folder, if there is one
    let (again, policy) = timed(|| component.admit(&engines.make()?))?;
    let settled = times(&policy, &epoch, &parameters, arguments.runs.into())?;
    let profile = component.profile(&engines.make()?, &epoch, &parameters)?;

    let mut text = Lines::default();
    say!(text, "policy {} {}", shown(policy.name()), shown(policy.version()));
    let size = [(epoch.payees().len(), "payee"), (epoch.node_count(), "node"), (epoch.edge_count(), "edge")];
    let size: Vec<String> = size.into_iter().map(|(rows, what)| count(rows, what)).collect();
    say!(text, "  epoch    {}: {}", epoch.number(), size.join(", "));
    say!(text, "  admitted in {}, compiled anew; in {} after that", shown_time(anew), shown_time(again));
    if let (Some(least), Some(most)) = (settled.first(), settled.last()) {
        say!(
            text,
            "  settled  in {} (of {}: {} to {})",
            shown_time(settled.get(settled.len() / 2).copied().unwrap_or_default()),
            count(settled.len(), "run"),
            shown_time(*least),
            shown_time(*most)
        );
    }
    text.append(used(&profile));
    text.append(functions(&profile, arguments.functions));
    text.print()
}

/// How long each of so many settlements took, in ascending order.
fn times(policy: &Policy, epoch: &Epoch, parameters: &Value, runs: usize) -> Result<Vec<Duration>> {
    let charter = Charter::single("Bench", policy, parameters.clone())?;
    let policies = [policy.clone()];
    let mut times = Vec::new();
    for _ in 0..=runs {
        let (time, settled) = timed(|| Ok(settle(epoch, &charter, &policies, &History::default())))?;
        settled?;
        times.push(time);
    }
    times.remove(0); // the first warms up
    times.sort();
    Ok(times)
}

#[expect(clippy::cast_precision_loss, reason = "a part in percent is shown")]
fn functions(profile: &Profile, most: usize) -> Lines {
    let Some(all) = profile.used.map(|used| used.instructions) else {
        return Lines::default();
    };
    let mut text = Lines::default();
    say!(text, "  where instructions go, without what a function calls");
    let percent = |instructions: u64| 100.0 * instructions as f64 / all as f64;
    for function in profile.functions.iter().take(most) {
        say!(
            text,
            "    {:5.1} %  {:>15}  {}",
            percent(function.instructions),
            grouped(&function.instructions.to_string()),
            function.name
        );
    }
    let rest: Vec<u64> = profile.functions.iter().skip(most).map(|function| function.instructions).collect();
    if !rest.is_empty() {
        let sum: u64 = rest.iter().sum();
        let rest = count(rest.len(), "other function");
        say!(text, "    {:5.1} %  {:>15}  {rest}", percent(sum), grouped(&sum.to_string()));
    }
    let growing = all.saturating_sub(profile.functions.iter().map(|function| function.instructions).sum());
    if growing > 0 {
        let shown = grouped(&growing.to_string());
        say!(text, "    {:5.1} %  {shown:>15}  growing memory and tables", percent(growing));
    }
    text
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is what is asked; it enters no result")]
fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let started = Instant::now();
    let done = work()?;
    Ok((started.elapsed(), done))
}

fn shown_time(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    if millis < 1000.0 { format!("{millis:.1} ms") } else { format!("{:.1} s", millis / 1000.0) }
}
