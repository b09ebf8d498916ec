//! The graph up to a moment -> an epoch.

use std::collections::BTreeMap;

use apportion_core::epoch::{BuildError, ColumnNames, Edge, Epoch, Header, Node, Row, RowError};

use crate::intake::{Intake, IntakeError};
use crate::limits::{Limits, Quota};
use crate::problem::{Collector, Fault, ImportError, Place};

use super::address::Address;
use super::grain::Dependency;
use super::graph::{End, Graph};
use super::ledger::Identity;
use super::weights::Weights;
use super::{FIRST_GRAPH, LEDGER, ORDER, RECORDED};

const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;
/// 1970-01-04, a Sunday.
const FIRST_SUNDAY: i64 = 3 * 24 * 60 * 60 * 1000;

/// The start of the week that a time is in: Sunday, 00:00 UTC. All in milliseconds since 1970.
pub(super) fn week_start(time: i64) -> i64 {
    time - (time - FIRST_SUNDAY).rem_euclid(WEEK)
}

/// Everything that all epochs of an instance are made from.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) graph: Graph,
    pub(super) weights: Weights,
    pub(super) identities: Vec<Identity>,
    pub(super) dependencies: Vec<Dependency>,
    /// Names of the files, by number.
    pub(super) files: Vec<String>,
    pub(super) limits: Limits,
}

/// What of it stands in one epoch.
pub(super) struct Selection<'a> {
    pub(super) header: Header,
    /// Only what had happened by then, in milliseconds since 1970.
    pub(super) until: Option<i64>,
    /// Places of the identities that can be paid, ascending.
    pub(super) payees: &'a [usize],
    /// What they were paid, by place.
    pub(super) paid: Option<&'a BTreeMap<usize, u128>>,
}

/// Where the epoch's rows came from, in the order in which they were given.
#[derive(Default)]
struct Places {
    payees: Vec<Place>,
    nodes: Vec<Place>,
    edges: Vec<Place>,
}

impl Instance {
    /// The first and last time of the graph, in milliseconds since 1970.
    pub(super) fn times(&self) -> Option<(i64, i64)> {
        let nodes = self.graph.nodes.iter().filter_map(|node| node.time);
        let times = nodes.chain(self.graph.edges.iter().map(|edge| edge.time));
        let (first, last) = (times.clone().min()?, times.max()?);
        Some((first, last))
    }

    /// Places of the identities that could be paid by the distribution of this place.
    pub(super) fn active_at(&self, distribution: usize) -> impl Iterator<Item = usize> {
        let identities = self.identities.iter().enumerate();
        identities.filter(move |(_, identity)| identity.active_at(distribution)).map(|(place, _)| place)
    }

    pub(super) fn epoch(&self, selection: &Selection<'_>) -> Result<Epoch, ImportError> {
        let here = |time: i64| selection.until.is_none_or(|until| time <= until);
        let mut making = Making::begin(self, selection)?;
        let mut minted = BTreeMap::<i64, f64>::new();
        let mut is_here = Vec::new();
        for node in &self.graph.nodes {
            is_here.push(node.time.is_none_or(here));
            if !node.time.is_none_or(here) {
                continue;
            }
            if let Some(time) = node.time {
                *minted.entry(week_start(time)).or_default() += node.weight;
            }
            making.node(&node.address, node.weight, node.time, node.place);
        }
        let ids: Vec<String> = self.graph.nodes.iter().map(|node| node.address.id()).collect();
        let of_identities: Vec<String> =
            self.identities.iter().map(|identity| identity.address.id()).collect();
        let id = |end: End| match end {
            End::Node(node) => is_here.get(node).filter(|here| **here).and_then(|_| ids.get(node)),
            End::Identity(identity) => of_identities.get(identity),
        };
        for edge in self.graph.edges.iter().filter(|edge| here(edge.time)) {
            if let (Some(source), Some(target)) = (id(edge.source), id(edge.target)) {
                making.edge(source, target, &edge.kind, edge.time, edge.weight, edge.place);
            }
        }
        for dependency in &self.dependencies {
            let named = |identity: &&Identity| identity.id == dependency.identity;
            if let Some(identity) = self.identities.iter().find(named) {
                for (week, minted) in minted.iter().filter(|(_, minted)| **minted > 0.0) {
                    making.bonus(identity, *week, dependency.weight_at(*week) * minted);
                }
            }
        }
        making.finish()
    }
}

struct Making<'a> {
    instance: &'a Instance,
    builder: Intake,
    places: Places,
    label_count: usize,
}

impl<'a> Making<'a> {
    /// With the identities in it.
    fn begin(instance: &'a Instance, selection: &Selection<'_>) -> Result<Making<'a>, ImportError> {
        let mut node_labels = vec!["subtype".to_owned()];
        node_labels.extend(selection.paid.map(|_| RECORDED.to_owned()));
        let label_count = node_labels.len();
        let columns = ColumnNames {
            node_metrics: vec![ORDER.to_owned()],
            node_labels,
            edge_metrics: vec!["backwards".to_owned()],
            edge_labels: Vec::new(),
        };
        // Every past distribution is an epoch of its own.
        let quota = Quota::new(&instance.limits);
        let builder = Intake::new(selection.header.clone(), columns, quota).map_err(ImportError::Epoch)?;
        let mut making = Making { instance, builder, places: Places::default(), label_count };
        for (number, identity) in instance.identities.iter().enumerate() {
            let payee = selection.payees.binary_search(&number).is_ok().then_some(identity.id.as_str());
            if let Some(id) = payee {
                making.places.payees.push(identity.place);
                making.builder.payee(id, &identity.name);
            }
            let paid =
                selection.paid.map(|paid| paid.get(&number).map_or(String::new(), ToString::to_string));
            let mut labels = vec![identity.subtype.as_str()];
            labels.extend(paid.as_deref());
            making.places.nodes.push(identity.place);
            making.builder.node(Node {
                id: &identity.address.id(),
                kind: super::IDENTITY,
                weight: 0.0,
                time: None,
                payee,
                metrics: &[exact(number + 1)],
                labels: &labels,
            });
        }
        Ok(making)
    }

    fn node(&mut self, address: &Address, weight: f64, time: Option<i64>, place: Place) {
        self.places.nodes.push(place);
        self.builder.node(Node {
            id: &address.id(),
            kind: &address.kind(),
            weight,
            time: time.map(seconds),
            payee: None,
            metrics: &[0.0],
            labels: &vec![""; self.label_count],
        });
    }

    fn edge(&mut self, source: &str, target: &str, kind: &str, time: i64, weight: (f64, f64), place: Place) {
        let (forwards, backwards) = weight;
        self.places.edges.push(place);
        let time = Some(seconds(time));
        let metrics = &[backwards];
        self.builder.edge(Edge { source, target, kind, weight: forwards, time, metrics, labels: &[] });
    }

    /// What a week mints for a dependency.
    fn bonus(&mut self, identity: &Identity, week: i64, mint: f64) {
        let week_number = week.to_string();
        let start = ["sourcecred", "core", "BONUS", week_number.as_str()];
        let address = Address::of(start.into_iter().chain(identity.address.parts()));
        let weight = self.instance.weights.of_node(&address) * mint;
        if weight > 0.0 {
            self.node(&address, weight, Some(week), identity.place);
            let (source, target) = (address.id(), identity.address.id());
            self.edge(&source, &target, "sourcecred/core/BONUS", week, (1.0, 0.0), identity.place);
        }
    }

    fn finish(self) -> Result<Epoch, ImportError> {
        let mut problems = Collector::new(self.instance.files.clone());
        let (errors, more) = match self.builder.finish() {
            Ok(epoch) => return Ok(epoch),
            Err(IntakeError::Build(BuildError::Rows { errors, more })) => (errors, more),
            Err(IntakeError::Build(error)) => return Err(ImportError::Epoch(error)),
            Err(IntakeError::Limit(exceeded)) => {
                problems.add_file(FIRST_GRAPH, Fault::Limit(exceeded));
                (Vec::new(), 0)
            }
        };
        for RowError { row, column, problem } in errors {
            let place = match row {
                Row::Payee(row) => self.places.payees.get(row),
                Row::Node(row) => self.places.nodes.get(row),
                Row::Edge(row) => self.places.edges.get(row),
            };
            let place = place.copied().unwrap_or(Place { file: LEDGER, row: 0 });
            problems.add(place, Some(&column), Fault::Row(problem));
        }
        problems.add_uncounted(more);
        problems.none()?;
        Err(ImportError::NobodyToPay)
    }
}

/// Whole seconds, rounded up: so it is still seen on which side of a week's first moment an edge is, whose moment itself
/// is on the earlier side.
pub(super) fn seconds(milliseconds: i64) -> i64 {
    -(-milliseconds).div_euclid(1000)
}

/// A count as a number of a metric.
#[expect(clippy::cast_precision_loss, reason = "an instance has fewer than 2^53 identities")]
fn exact(count: usize) -> f64 {
    count as f64
}
