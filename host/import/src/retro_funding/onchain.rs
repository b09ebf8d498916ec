//! The track of on-chain builders: metrics of projects per chain and month.

use std::collections::{BTreeMap, BTreeSet};

use apportion_core::epoch::{ColumnNames, Edge, Epoch, Node};

use crate::intake::Intake;
use crate::problem::{Collector, Fault, ImportError, Place, shortened};

use super::devtooling::exact;
use super::month::Month;
use super::sheet::{Expected, Numbers, Sheet};
use super::{Making, Places};

pub(super) const TABLES: [Expected; 2] = [
    Expected {
        key: "projects_file",
        default_name: "onchain__project_metadata.csv",
        columns: &["project_id", "is_eligible"],
        is_optional: false,
    },
    Expected {
        key: "metrics_file",
        default_name: "onchain__metrics_by_project.csv",
        columns: &["project_id", "chain", "metric_name", "amount", "measurement_period|sample_date"],
        is_optional: false,
    },
];

/// Columns of the list of projects that are no metrics.
const KNOWN: [&str; 4] = ["project_id", "project_name", "display_name", "is_eligible"];

struct Project<'a> {
    /// Its row in the list of projects; `None` if only metrics name it.
    listed: Option<usize>,
    name: &'a str,
    place: Place,
}

/// A row of the metrics.
struct Metric<'a> {
    number: usize,
    place: Place,
    project: &'a str,
    chain: String,
    name: &'a str,
    amount: f64,
    period: String,
    time: Option<i64>,
}

pub(super) fn epoch(sheets: &[Sheet], making: &mut Making<'_>) -> Result<Epoch, ImportError> {
    let [listed, measured] = sheets else { return Err(ImportError::NobodyToPay) };
    let numbers = listed.numbers(&KNOWN, &mut making.problems, &mut making.notes);
    let mut projects = projects(listed, &mut making.problems);
    let metrics = metrics(measured, &mut projects, &mut making.problems, &mut making.notes);
    let newest = metrics.iter().filter_map(|row| Month::of_name(&row.period)).max();

    let header = making.header(newest)?;
    let columns = ColumnNames {
        node_metrics: numbers.iter().map(|numbers| numbers.name.clone()).collect(),
        node_labels: vec!["eligible".to_owned()],
        edge_metrics: vec!["amount".to_owned(), "row".to_owned()],
        edge_labels: vec!["period".to_owned()],
    };
    let mut builder = Intake::new(header, columns, making.quota.clone()).map_err(ImportError::Epoch)?;
    let mut places = Places::default();

    let eligible = listed.column("is_eligible");
    for (id, project) in &projects {
        places.payees.push(project.place);
        builder.payee(id, project.name);
        let value = |numbers: &Numbers| {
            project.listed.and_then(|row| numbers.values.get(row)).copied().unwrap_or(0.0)
        };
        let metrics: Vec<f64> = numbers.iter().map(value).collect();
        let eligible =
            project.listed.and_then(|row| listed.rows.get(row)).map_or("", |row| row.text(eligible));
        places.nodes.push(project.place);
        builder.node(Node {
            id,
            kind: "project",
            weight: 1.0,
            time: None,
            payee: Some(id),
            metrics: &metrics,
            labels: &[eligible],
        });
    }
    let mut chains = BTreeSet::new();
    let zeros = vec![0.0; numbers.len()];
    for row in metrics.iter().filter(|row| chains.insert(row.chain.as_str())) {
        places.nodes.push(row.place);
        let (id, metrics) = (row.chain.as_str(), &zeros[..]);
        builder.node(Node {
            id,
            kind: "chain",
            weight: 1.0,
            time: None,
            payee: None,
            metrics,
            labels: &[""],
        });
    }
    for row in &metrics {
        places.edges.push(row.place);
        builder.edge(Edge {
            source: &row.chain,
            target: row.project,
            kind: row.name,
            weight: 1.0,
            time: row.time,
            metrics: &[row.amount, exact(row.number)],
            labels: &[&row.period],
        });
    }
    making.finish(builder, &places)
}

fn projects<'a>(listed: &'a Sheet, problems: &mut Collector) -> BTreeMap<&'a str, Project<'a>> {
    let mut projects = BTreeMap::new();
    let name = listed.column("display_name").or_else(|| listed.column("project_name"));
    for (index, row) in listed.rows.iter().enumerate() {
        let Some(id) = row.filled(listed.column("project_id"), "project_id", problems) else { continue };
        let project = Project { listed: Some(index), name: row.text(name), place: row.place };
        if projects.insert(id, project).is_some() {
            problems.add(row.place, Some("project_id"), Fault::Twice(shortened(id)));
        }
    }
    projects
}

/// All rows of the metrics; projects that only they name join the listed ones.
fn metrics<'a>(
    measured: &'a Sheet,
    projects: &mut BTreeMap<&'a str, Project<'a>>,
    problems: &mut Collector,
    notes: &mut Vec<String>,
) -> Vec<Metric<'a>> {
    let at = |name| measured.column(name);
    let name_at = at("display_name").or_else(|| at("project_name"));
    let (period_at, date_at, amount_at) = (at("measurement_period"), at("sample_date"), at("amount"));
    let amounts = measured.values(amount_at, "amount", problems, notes);
    let mut metrics = Vec::new();
    for ((number, row), amount) in measured.rows.iter().enumerate().zip(amounts) {
        let project = row.filled(at("project_id"), "project_id", problems);
        let chain = row.filled(at("chain"), "chain", problems);
        let name = row.filled(at("metric_name"), "metric_name", problems);
        let time = row.time(date_at, "sample_date", problems);
        let period = match period_at {
            Some(_) => row.text(period_at).to_owned(),
            None => time.and_then(Month::of_seconds).map_or(String::new(), |month| month.to_string()),
        };
        let (Some(project), Some(chain), Some(name)) = (project, chain, name) else { continue };
        projects.entry(project).or_insert(Project {
            listed: None,
            name: row.text(name_at),
            place: row.place,
        });
        let chain = format!("chain:{chain}");
        metrics.push(Metric { number, place: row.place, project, chain, name, amount, period, time });
    }
    metrics
}
