//! The metrics of the two periods, summed per project (NOTES steps 1 to 3).

use std::collections::BTreeMap;

use apportion_guest::{Epoch, Factor, Label, NO_PAYEE, Refusal};

use crate::parameters::{Periods, Simulation};

/// What one metric was in the two periods, by node.
#[derive(Clone, Debug)]
pub struct Metric {
    pub weight: f64,
    pub previous: Vec<f64>,
    pub current: Vec<f64>,
}

/// All that the scores are made from.
#[derive(Debug)]
pub struct Metrics {
    /// Those that have a row, by name.
    pub of_name: Vec<Metric>,
    /// The nodes with at least one row, ascending.
    pub projects: Vec<u32>,
    /// Total value locked over all chains in the current period, by node, whatever the weights of chains.
    pub locked: Vec<f64>,
}

/// A metric whose rows are being summed.
struct Column {
    weight: f64,
    is_locked_value: bool,
    kind: u32,
    /// By node: previous, current.
    sums: [Vec<f64>; 2],
}

impl Metrics {
    /// Sums the rows of the nodes that are `eligible`.
    pub fn of(epoch: &Epoch, eligible: &[bool], simulation: &Simulation) -> Result<Self, Refusal> {
        let nodes = epoch.node_ids().len();
        let Some(amounts) = epoch.edge_metric("amount") else {
            return Err(Refusal::no_answer("the edges have no metric `amount`"));
        };
        let Some(label) = epoch.edge_label("period") else {
            return Err(Refusal::no_answer("no edge is labelled with its `period`"));
        };
        let [previous, current] = periods(epoch, label, simulation.periods.as_ref())?;
        let chain_weights = chain_weights(epoch, &simulation.chains)?;
        let mut columns = columns(epoch, &simulation.metrics);
        let mut column_of_kind = vec![usize::MAX; epoch.edge_kinds().len()];
        for (place, column) in columns.iter().enumerate() {
            column_of_kind[column.kind as usize] = place;
        }

        // Total value locked is compared with its limits before chains are weighed.
        let mut locked = [vec![0.0; nodes], vec![0.0; nodes]];
        let mut has_row = vec![false; nodes];
        for (edge, kind) in epoch.edge_kind().iter().enumerate() {
            let project = epoch.edge_target()[edge] as usize;
            let period = Some(label.rows()[edge]);
            let half = usize::from(period == current);
            let Some(column) = columns.get_mut(column_of_kind[*kind as usize]) else { continue };
            if !eligible[project] || (period != current && period != previous) {
                continue;
            }
            has_row[project] = true;
            if column.is_locked_value {
                locked[half][project] += amounts[edge];
            }
            column.sums[half][project] += amounts[edge] * chain_weights[epoch.edge_source()[edge] as usize];
        }
        if simulation.tvl_minimum.get() > 0.0 {
            drop_small_locked_values(&mut columns, &locked, simulation.tvl_minimum.get());
        }
        let projects = (0_u32..).zip(has_row).filter(|(_, has_row)| *has_row).map(|(node, _)| node).collect();
        let [_, locked] = locked;
        let of_name = columns.into_iter().map(|Column { weight, sums: [previous, current], .. }| Metric {
            weight,
            previous,
            current,
        });
        Ok(Self { of_name: of_name.collect(), projects, locked })
    }
}

/// The indexes of the previous and the current period among the words of the label `period`.
fn periods(epoch: &Epoch, label: Label<'_>, named: Option<&Periods>) -> Result<[Option<u32>; 2], Refusal> {
    let Some(named) = named else { return newest_periods(epoch, label) };
    let [previous, current] = [&named.previous, &named.current].map(|period| label.index_of(period));
    if current.is_none() || named.current.is_empty() {
        let known: Vec<String> =
            label.words().iter().filter(|word| !word.is_empty()).map(|word| format!("`{word}`")).collect();
        return Err(Refusal::NoAnswer(format!(
            "the epoch has no metrics for the period `{}`, only for {}; without `periods` the newest two are taken",
            named.current,
            known.join(", ")
        )));
    }
    if previous.is_none() {
        epoch.log(format!("the epoch has no metrics for the period {}: it counts as 0", named.previous));
    }
    Ok([previous, current])
}

fn newest_periods(epoch: &Epoch, label: Label<'_>) -> Result<[Option<u32>; 2], Refusal> {
    let mut newest_edge = vec![None; label.words().len()];
    for (word, time) in label.rows().iter().zip(epoch.edge_time()) {
        let newest = &mut newest_edge[*word as usize];
        *newest = (*newest).max(Some(*time));
    }
    let times = (0_u32..).zip(newest_edge).filter_map(|(word, time)| Some((time?, word)));
    // Word 0 is the empty one: edges that are no measurements.
    let mut periods: Vec<(i64, u32)> = times.filter(|(_, word)| *word != 0).collect();
    periods.sort_unstable();
    let current = periods.pop().map(|(_, word)| word);
    let previous = periods.pop().map(|(_, word)| word);
    if current.is_none() {
        return Err(Refusal::no_answer("no edge is labelled with its `period`"));
    }
    Ok([previous, current])
}

/// By node: what the amounts of the edges that leave it are multiplied by.
fn chain_weights(epoch: &Epoch, weights: &BTreeMap<String, Factor>) -> Result<Vec<f64>, Refusal> {
    let mut upper = BTreeMap::new();
    for (name, weight) in weights {
        if upper.insert(name.to_ascii_uppercase(), weight.get()).is_some() {
            let sentence = format!("`chains` lists `{name}` twice, in upper and lower case");
            return Err(Refusal::BadParameters(sentence));
        }
    }
    if upper.values().all(|weight| *weight == 1.0) {
        return Ok(vec![1.0; epoch.node_ids().len()]);
    }
    let weight = |id: &String| {
        let chain = id.strip_prefix("chain:")?.to_ascii_uppercase();
        upper.get(&chain).copied()
    };
    Ok(epoch.node_ids().iter().map(|id| weight(id).unwrap_or(1.0)).collect())
}

/// The metrics that have edges and a weight, and total value locked even without one.
fn columns(epoch: &Epoch, weights: &BTreeMap<String, Factor>) -> Vec<Column> {
    let locked_value = weights.keys().find(|name| name.to_ascii_lowercase().contains("tvl"));
    let column = |(name, weight): (&String, &Factor)| {
        let is_locked_value = Some(name) == locked_value;
        let is_used = weight.get() > 0.0 || is_locked_value;
        let kind = epoch.edge_kind_named(name).filter(|_| is_used)?;
        let nodes = epoch.node_ids().len();
        let sums = [vec![0.0; nodes], vec![0.0; nodes]];
        Some(Column { weight: weight.get(), is_locked_value, kind, sums })
    };
    weights.iter().filter_map(column).collect()
}

fn drop_small_locked_values(columns: &mut [Column], locked: &[Vec<f64>; 2], minimum: f64) {
    for column in columns.iter_mut().filter(|column| column.is_locked_value) {
        for (sums, locked) in column.sums.iter_mut().zip(locked) {
            for (sum, locked) in sums.iter_mut().zip(locked) {
                if *locked < minimum {
                    *sum = 0.0;
                }
            }
        }
    }
}

/// By node: whether the project is marked as eligible, or all if that is not asked for.
pub fn eligible(epoch: &Epoch, simulation: &Simulation) -> Result<Vec<bool>, Refusal> {
    let is_owned = epoch.node_payee().iter().map(|payee| *payee != NO_PAYEE);
    if !simulation.eligibility_filter {
        return Ok(is_owned.collect());
    }
    let Some(label) = epoch.node_label("eligible") else {
        return Err(Refusal::no_answer("no node is labelled `eligible`, which `eligibility_filter` needs"));
    };
    let marked: Vec<bool> = label.words().iter().map(|word| word.eq_ignore_ascii_case("true")).collect();
    Ok(is_owned.zip(label.rows()).map(|(owned, word)| owned && marked[*word as usize]).collect())
}
