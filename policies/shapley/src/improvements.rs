//! Contributions that were measured as they were added: each improvement is a marginal value, given.

use std::collections::BTreeMap;

use apportion_guest::{Epoch, NO_PAYEE, Refusal};

use crate::parameters::Improvements;
use crate::players;
use crate::values::{Measurement, Uncertainty, Values};

/// A contribution's improvement.
struct Improvement {
    /// Or [`NO_PAYEE`].
    payee: u32,
    by: f64,
}

/// A payee's value is what its contributions improved, in the mean over the runs. Over one run that is a marginal value in
/// one order; over runs in orders drawn at random it is the Shapley value's estimate by Castro, Gómez and Tejada (2009).
pub(crate) fn values(epoch: &Epoch, game: &Improvements) -> Result<Values, Refusal> {
    if game.before.is_some() && game.start != 0.0 {
        return Err(Refusal::bad_parameters(
            "`start` is for contributions without a metric `before`: give one of both",
        ));
    }
    let runs = runs(epoch, game)?;
    if runs.len() > 1 && game.standard_error.is_some() {
        return Err(Refusal::bad_parameters(
            "with several runs their scatter says the error: leave `standard_error` out",
        ));
    }
    let mut values = Values::none(epoch, 1.0);
    let mut of_runs = Vec::new();
    for (name, nodes) in &runs {
        let mut of_run = BTreeMap::new();
        for improvement in improvements(epoch, game, nodes)? {
            *of_run.entry(improvement.payee).or_insert(0.0) += improvement.by;
        }
        of_run.remove(&NO_PAYEE);
        of_runs.push((name.as_str(), of_run));
    }
    all_measure_the_same(epoch, &of_runs)?;
    let count = of_runs.len() as f64;
    for (payee, by) in of_runs.iter().flat_map(|(_, of_run)| of_run) {
        values.rest[*payee as usize] += by / count;
    }
    if of_runs.len() > 1 {
        let scatter = |(_, run): &(_, BTreeMap<u32, f64>)| Measurement {
            coefficients: run.iter().map(|(payee, by)| (*payee, by - values.rest[*payee as usize])).collect(),
            variance: 1.0 / (count * (count - 1.0)),
        };
        values.uncertainty = Uncertainty::of(of_runs.iter().map(scatter).collect());
    } else if let Some(name) = &game.standard_error {
        values.uncertainty = Uncertainty::of(errors(epoch, game, name, &runs)?);
    }
    Ok(values)
}

/// The contributions of each run in their order: by time where one is measured from the one before, else by id.
fn runs(epoch: &Epoch, game: &Improvements) -> Result<BTreeMap<String, Vec<u32>>, Refusal> {
    let nodes = players::nodes(epoch, &game.kinds, "contributions")?;
    let label = match &game.run {
        None => None,
        Some(name) => {
            let missing = || Refusal::NoAnswer(format!("the epoch has no node label `{name}`"));
            Some(epoch.node_label(name).ok_or_else(missing)?)
        }
    };
    let mut runs: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for node in nodes {
        let run = label.map_or("", |label| label.word(node as usize));
        if label.is_some() && run.is_empty() {
            let node = &epoch.node_ids()[node as usize];
            return Err(Refusal::NoAnswer(format!("it is not said in which run `{node}` was measured")));
        }
        runs.entry(run.to_owned()).or_default().push(node);
    }
    if game.before.is_some() {
        return Ok(runs);
    }
    let time = |node: &u32| epoch.node_time()[*node as usize];
    for nodes in runs.values_mut() {
        nodes.sort_by_key(time);
        if let Some(same) = nodes.windows(2).find(|pair| time(&pair[0]) == time(&pair[1])) {
            let [first, second] = [same[0], same[1]].map(|node| &epoch.node_ids()[node as usize]);
            return Err(Refusal::NoAnswer(format!(
                "`{first}` and `{second}` have the same time: which was added first is not known"
            )));
        }
    }
    Ok(runs)
}

fn improvements(epoch: &Epoch, game: &Improvements, nodes: &[u32]) -> Result<Vec<Improvement>, Refusal> {
    let after = players::metric(epoch, &game.after)?;
    let before = game.before.as_deref().map(|name| players::metric(epoch, name)).transpose()?;
    let mut last = game.start;
    let improvement = |node: &u32| {
        let node = *node as usize;
        let before = before.map_or(last, |before| before[node]);
        last = after[node];
        Improvement { payee: epoch.node_payee()[node], by: after[node] - before }
    };
    Ok(nodes.iter().map(improvement).collect())
}

/// In the mean over runs somebody who is missing in one would count as having added nothing there.
fn all_measure_the_same(epoch: &Epoch, runs: &[(&str, BTreeMap<u32, f64>)]) -> Result<(), Refusal> {
    let [(first, of_first), others @ ..] = runs else { return Ok(()) };
    for (name, of_run) in others {
        let (lacking, missing) = match of_first.keys().find(|payee| !of_run.contains_key(payee)) {
            Some(missing) => (name, missing),
            None => match of_run.keys().find(|payee| !of_first.contains_key(payee)) {
                Some(missing) => (first, missing),
                None => continue,
            },
        };
        let payee = &epoch.payees()[*missing as usize];
        return Err(Refusal::NoAnswer(format!(
            "the run `{lacking}` measures no contribution of `{payee}`, which another run does"
        )));
    }
    Ok(())
}

/// What each measurement's error does: that of an improvement to its payee; that of a score in a chain to the payee of the
/// contribution before it and, the other way, to that of the one after.
fn errors(
    epoch: &Epoch,
    game: &Improvements,
    name: &str,
    runs: &BTreeMap<String, Vec<u32>>,
) -> Result<Vec<Measurement>, Refusal> {
    let errors = players::metric(epoch, name)?;
    let mut measurements = Vec::new();
    for nodes in runs.values() {
        for (place, node) in nodes.iter().enumerate() {
            let error = errors[*node as usize];
            if error < 0.0 {
                let node = &epoch.node_ids()[*node as usize];
                return Err(Refusal::NoAnswer(format!(
                    "the standard error of `{node}` is `{error}`, below 0"
                )));
            }
            let next = if game.before.is_some() { None } else { nodes.get(place + 1) };
            let payee = |node: &u32| epoch.node_payee()[*node as usize];
            let mut coefficients = vec![(payee(node), 1.0)];
            match next.map(payee) {
                // What it gains here it loses there.
                Some(same) if same == payee(node) => coefficients.clear(),
                Some(other) => coefficients.push((other, -1.0)),
                None => {}
            }
            coefficients.retain(|(payee, _)| *payee != NO_PAYEE);
            measurements.push(Measurement { coefficients, variance: error * error });
        }
    }
    Ok(measurements)
}
