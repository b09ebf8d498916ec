//! What on-chain projects, tools and developers are worth before any link is followed (NOTES steps 2 to 4).

use std::collections::BTreeMap;

use apportion_guest::{Epoch, Factor, scale};

use crate::Listed;
use crate::graph::{Connection, Tables};
use crate::parameters::Simulation;

/// One number per node: pretrust summed over the three sources.
pub fn of(epoch: &Epoch, listed: &Listed, tables: &Tables, simulation: &Simulation) -> Vec<f64> {
    let nodes = epoch.node_ids().len();

    let weights = &simulation.onchain_project_pretrust_weights;
    let projects = weighted(&listed.onchain, weights, |name| {
        let column = epoch.node_metric(&format!("onchain.{name}"))?;
        Some(listed.onchain.iter().map(|node| column[*node as usize]).collect())
    });
    let projects = spread(nodes, &listed.onchain, &projects);

    let packages = rows_into(nodes, &tables.packages);
    let contributions = rows_into(nodes, &tables.contributions);
    let weights = &simulation.devtooling_project_pretrust_weights;
    let tools = weighted(&listed.tools, weights, |name| {
        let column = match name {
            "num_package_connections" => packages.as_slice(),
            "num_developer_connections" => contributions.as_slice(),
            _ => epoch.node_metric(&format!("devtooling.{name}"))?,
        };
        Some(listed.tools.iter().map(|node| column[*node as usize]).collect())
    });
    let tools = spread(nodes, &listed.tools, &tools);

    let developers = reputations(nodes, &tables.commits, &projects);
    projects
        .iter()
        .zip(&tools)
        .zip(&developers)
        .map(|((project, tool), developer)| project + tool + developer)
        .collect()
}

/// The weighted sum of the columns that are there, each as min-max of ln(1 + x), divided by its total. Negative
/// values count as 0. All 0 when no column is there or all weigh nothing.
fn weighted(
    nodes: &[u32],
    weights: &BTreeMap<String, Factor>,
    column: impl Fn(&str) -> Option<Vec<f64>>,
) -> Vec<f64> {
    let mut sums = vec![0.0; nodes.len()];
    for (name, weight) in weights {
        let Some(mut values) = column(name) else { continue };
        values.iter_mut().for_each(|value| *value = value.max(0.0));
        for (sum, scaled) in sums.iter_mut().zip(scale::min_max(&scale::log(&values), 0.5)) {
            *sum += scaled * weight.get();
        }
    }
    scale::normalise(&sums).unwrap_or_else(|| vec![0.0; nodes.len()])
}

fn spread(node_count: usize, nodes: &[u32], values: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0; node_count];
    for (node, value) in nodes.iter().zip(values) {
        all[*node as usize] = *value;
    }
    all
}

fn rows_into(node_count: usize, table: &[Connection]) -> Vec<f64> {
    let mut rows = vec![0.0; node_count];
    for link in table {
        rows[link.target as usize] += 1.0;
    }
    rows
}

/// For each month the mean worth of the distinct projects that the developer committed to, summed over months.
fn reputations(node_count: usize, commits: &[Connection], projects: &[f64]) -> Vec<f64> {
    let mut distinct: Vec<_> = commits.iter().map(|link| (link.target, link.month, link.source)).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mut reputations = vec![0.0; node_count];
    for month in distinct.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let total: f64 = month.iter().map(|(_, _, project)| projects[*project as usize]).sum();
        if let Some((developer, _, _)) = month.first() {
            reputations[*developer as usize] += total / month.len() as f64;
        }
    }
    reputations
}
