//! The track of developer tools: on-chain projects rely on tools' packages, and on developers who work on tools.

use std::collections::{BTreeMap, BTreeSet};

use apportion_core::epoch::{ColumnNames, Edge, Epoch, Node};

use crate::intake::Intake;
use crate::problem::{Collector, Fault, ImportError, Place, shortened};

use super::month::Month;
use super::sheet::{Expected, Numbers, Sheet, SheetRow};
use super::{Making, Places};

const fn table(key: &'static str, default_name: &'static str, columns: &'static [&'static str]) -> Expected {
    Expected { key, default_name, columns, is_optional: false }
}

pub(super) const TABLES: [Expected; 5] = [
    table("devtooling_projects", "devtooling__project_metadata.csv", &["project_id", "project_name"]),
    table("onchain_projects", "devtooling__onchain_metadata.csv", &["project_id"]),
    table(
        "project_dependencies",
        "devtooling__dependency_graph.csv",
        &["onchain_builder_project_id", "devtooling_project_id", "dependency_source"],
    ),
    table(
        "developers_to_projects",
        "devtooling__developer_graph.csv",
        &["bucket_month", "project_id", "developer_id", "event_type"],
    ),
    Expected {
        key: "utility_labels",
        default_name: "devtooling__utility_labels.csv",
        columns: &[],
        is_optional: true,
    },
];

/// Columns of the lists of projects that are no metrics.
const KNOWN: [&str; 3] = ["project_id", "project_name", "display_name"];

#[derive(Default)]
struct Project<'a> {
    /// Its row in the list of tools.
    tool: Option<usize>,
    /// Its row in the list of on-chain projects.
    onchain: Option<usize>,
    utility: &'a str,
    place: Option<Place>,
}

pub(super) fn epoch(sheets: &[Sheet], making: &mut Making<'_>) -> Result<Epoch, ImportError> {
    let [tools, onchain, dependencies, developers, labels] = sheets else {
        return Err(ImportError::NobodyToPay);
    };
    let (problems, notes) = (&mut making.problems, &mut making.notes);
    let tool_numbers = tools.numbers(&KNOWN, problems, notes);
    let onchain_numbers = onchain.numbers(&KNOWN, problems, notes);
    let mut projects = projects(tools, onchain, labels, problems);
    let links = links(dependencies, &mut projects, problems);
    let Work { rows: work, newest, left_out } = work(developers, &projects, problems);
    if left_out > 0 {
        notes.push(format!("rows of the developer graph that are left out because their project is in neither list: {left_out}"));
    }

    let header = making.header(newest.and_then(Month::of_seconds))?;
    let start = header.window.start;
    let prefixed = |table: &str, numbers: &[Numbers]| -> Vec<String> {
        numbers.iter().map(|numbers| format!("{table}.{}", numbers.name)).collect()
    };
    let columns = ColumnNames {
        node_metrics: [prefixed("devtooling", &tool_numbers), prefixed("onchain", &onchain_numbers)].concat(),
        node_labels: vec!["listed".to_owned(), "utility".to_owned()],
        edge_metrics: vec!["row".to_owned()],
        edge_labels: vec!["event".to_owned()],
    };
    let width = columns.node_metrics.len();
    let mut builder = Intake::new(header, columns, making.quota.clone()).map_err(ImportError::Epoch)?;
    let mut places = Places::default();

    let name_column = tools.column("display_name").or_else(|| tools.column("project_name"));
    let elsewhere = Place { file: tools.number, row: 0 };
    for (id, project) in &projects {
        let place = project.place.unwrap_or(elsewhere);
        if let Some(row) = project.tool.and_then(|row| tools.rows.get(row)) {
            places.payees.push(place);
            builder.payee(id, row.text(name_column));
        }
        let of = |numbers: &[Numbers], row: Option<usize>| -> Vec<f64> {
            let value =
                |numbers: &Numbers| row.and_then(|row| numbers.values.get(row)).copied().unwrap_or(0.0);
            numbers.iter().map(value).collect()
        };
        let metrics = [of(&tool_numbers, project.tool), of(&onchain_numbers, project.onchain)].concat();
        let listed = match (project.onchain, project.tool) {
            (Some(_), Some(_)) => "both",
            (Some(_), None) => "onchain",
            (None, Some(_)) => "devtooling",
            (None, None) => "",
        };
        places.nodes.push(place);
        builder.node(Node {
            id,
            kind: "project",
            weight: 1.0,
            time: None,
            payee: project.tool.map(|_| *id),
            metrics: &metrics,
            labels: &[listed, project.utility],
        });
    }
    let mut seen = BTreeSet::new();
    for row in work.iter().filter(|row| seen.insert(row.developer)) {
        places.nodes.push(row.place);
        let (id, metrics) = (row.developer, &vec![0.0; width][..]);
        builder.node(Node {
            id,
            kind: "developer",
            weight: 1.0,
            time: None,
            payee: None,
            metrics,
            labels: &["", ""],
        });
    }

    let mut edge = |source, target, kind, time, row, event, place| {
        places.edges.push(place);
        let (metrics, labels) = (&[exact(row)][..], &[event][..]);
        builder.edge(Edge { source, target, kind, weight: 1.0, time: Some(time), metrics, labels });
    };
    for link in &links {
        let time = newest.unwrap_or(start);
        edge(link.project, link.tool, "package-dependency", time, link.number, link.event, link.place);
    }
    for row in &work {
        let (project, developer) = (row.project, row.developer);
        let lists = projects.get(project);
        if lists.is_some_and(|lists| lists.onchain.is_some()) {
            let kind = "onchain-project-to-developer";
            edge(project, developer, kind, row.month, row.number, row.event, row.place);
        }
        if lists.is_some_and(|lists| lists.tool.is_some()) {
            let kind = "developer-to-devtooling-project";
            edge(developer, project, kind, row.month, row.number, row.event, row.place);
        }
    }
    making.finish(builder, &places)
}

/// A row's number as a metric: files of more than 2^53 rows do not exist.
#[expect(clippy::cast_precision_loss, reason = "row numbers are far below 2^53")]
pub(super) fn exact(row: usize) -> f64 {
    row as f64
}

/// All listed projects, with their rows in the lists and their labels.
fn projects<'a>(
    tools: &'a Sheet,
    onchain: &'a Sheet,
    labels: &'a Sheet,
    problems: &mut Collector,
) -> BTreeMap<&'a str, Project<'a>> {
    let (name, recommendation) = (labels.column("project_name"), labels.column("recommendation"));
    let mut utility: BTreeMap<&str, &str> = BTreeMap::new();
    if !labels.columns.is_empty() && (name.is_none() || recommendation.is_none()) {
        let found = labels.columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        problems.add_column(labels.number, "project_name` or `recommendation", Fault::NoColumn { found });
    }
    for row in &labels.rows {
        let (project, label) = (row.text(name), row.text(recommendation));
        let earlier = utility.insert(project, label);
        if earlier.is_some_and(|earlier| earlier != label) {
            problems.add(row.place, Some("project_name"), Fault::Twice(shortened(project)));
        }
    }
    let mut projects: BTreeMap<&str, Project<'_>> = BTreeMap::new();
    let (tool_id, tool_name) = (tools.column("project_id"), tools.column("project_name"));
    for (index, row) in tools.rows.iter().enumerate() {
        let Some(id) = row.filled(tool_id, "project_id", problems) else { continue };
        let project = projects.entry(id).or_default();
        if project.tool.replace(index).is_some() {
            problems.add(row.place, Some("project_id"), Fault::Twice(shortened(id)));
        }
        project.utility = utility.get(row.text(tool_name)).copied().unwrap_or("");
        project.place = Some(row.place);
    }
    let onchain_id = onchain.column("project_id");
    for (index, row) in onchain.rows.iter().enumerate() {
        let Some(id) = row.filled(onchain_id, "project_id", problems) else { continue };
        let project = projects.entry(id).or_default();
        if project.onchain.replace(index).is_some() {
            problems.add(row.place, Some("project_id"), Fault::Twice(shortened(id)));
        }
        project.place.get_or_insert(row.place);
    }
    projects
}

struct Link<'a> {
    number: usize,
    place: Place,
    project: &'a str,
    tool: &'a str,
    event: &'a str,
}

/// The dependency graph; projects that only it names join the listed ones.
fn links<'a>(
    dependencies: &'a Sheet,
    projects: &mut BTreeMap<&'a str, Project<'a>>,
    problems: &mut Collector,
) -> Vec<Link<'a>> {
    let [project, tool] = ["onchain_builder_project_id", "devtooling_project_id"];
    let (project_at, tool_at) = (dependencies.column(project), dependencies.column(tool));
    let event = dependencies.column("dependency_source");
    let mut links = Vec::new();
    for (number, row) in dependencies.rows.iter().enumerate() {
        let (project, tool) =
            (row.filled(project_at, project, problems), row.filled(tool_at, tool, problems));
        let (Some(project), Some(tool)) = (project, tool) else { continue };
        for id in [project, tool] {
            projects.entry(id).or_default().place.get_or_insert(row.place);
        }
        links.push(Link { number, place: row.place, project, tool, event: row.text(event) });
    }
    links
}

struct Work<'a> {
    rows: Vec<WorkRow<'a>>,
    /// The newest month of all rows, in seconds since 1970.
    newest: Option<i64>,
    left_out: usize,
}

struct WorkRow<'a> {
    number: usize,
    place: Place,
    month: i64,
    project: &'a str,
    developer: &'a str,
    event: &'a str,
}

/// The developer graph's rows of listed projects.
fn work<'a>(
    developers: &'a Sheet,
    projects: &BTreeMap<&str, Project<'_>>,
    problems: &mut Collector,
) -> Work<'a> {
    let at = |name| developers.column(name);
    let (month_at, project_at, developer_at, event_at) =
        (at("bucket_month"), at("project_id"), at("developer_id"), at("event_type"));
    let mut work = Work { rows: Vec::new(), newest: None, left_out: 0 };
    let is_listed = |row: &SheetRow| {
        projects
            .get(row.text(project_at))
            .is_some_and(|project| project.tool.is_some() || project.onchain.is_some())
    };
    for (number, row) in developers.rows.iter().enumerate() {
        let month = row
            .filled(month_at, "bucket_month", problems)
            .map(|_| row.time(month_at, "bucket_month", problems));
        let Some(Some(month)) = month else { continue };
        work.newest = work.newest.max(Some(month));
        if !is_listed(row) {
            work.left_out += 1;
            continue;
        }
        let Some(developer) = row.filled(developer_at, "developer_id", problems) else { continue };
        let (project, event) = (row.text(project_at), row.text(event_at));
        work.rows.push(WorkRow { number, place: row.place, month, project, developer, event });
    }
    work
}
