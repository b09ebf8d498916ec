//! What is known when all events are read -> nodes and relations.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::super::draft::{Draft, Relation, Value};
use super::event::{Direction, End, Flow, Moment, Subject};
use super::facets::{Facet, OtherRun};
use super::known::Known;

const OUTPUTS_OF_FAILED: &str =
    "an output of a run that ended in FAIL or ABORT, so that the run generated nothing";
const FAILED: &str = "a run that ended in FAIL or ABORT, so that no other run relied on it";

/// Writes all that is known into the draft.
pub(super) fn draw(known: &Known, draft: &mut Draft) {
    let names = known.names();
    let (relations, times) = (BTreeMap::new(), BTreeMap::new());
    let mut graph = Graph { names: &names, known, relations, times, draft };
    graph.nodes();
    for (run, job) in &known.plans {
        graph.relate(Relation::new(run, "hadPlan", job));
    }
    for (flow, first) in &known.flows {
        graph.flow(flow, *first);
    }
    for ((subject, _), (_, facet)) in &known.facets {
        match (subject, facet) {
            (Subject::Node(id), Some(facet)) => graph.facet_of_node(id, facet),
            (Subject::Flow(flow), Some(facet)) => graph.facet_of_flow(flow, facet),
            (_, None) => {}
        }
    }
    let Graph { relations, times, draft, .. } = graph;
    for (id, moment) in times {
        draft.describe_plainly(&id, "dataset").set_time(seconds(moment));
    }
    draft.relations.extend(relations.into_values());
}

struct Graph<'a> {
    names: &'a BTreeMap<String, String>,
    known: &'a Known,
    /// By their ends and kind: what several events say of one is one.
    relations: BTreeMap<(String, String, &'static str), Relation>,
    /// When datasets and their versions were first generated: since then they can be relied on.
    times: BTreeMap<String, Moment>,
    draft: &'a mut Draft,
}

impl<'a> Graph<'a> {
    fn nodes(&mut self) {
        for (id, (kind, place)) in &self.known.described {
            self.draft.at = *place;
            self.draft.describe(self.name(id), kind);
        }
        for (id, run) in &self.known.runs {
            self.draft.at = run.place;
            // A kind of its own, so that a charter by which runs earn does not pay for failures.
            let kind = if self.known.has_failed(id) { "failed-run" } else { "run" };
            let node = self.draft.describe(id, kind);
            node.start = Some(seconds(run.start));
            if let Some((end, _)) = run.end {
                node.set_time(seconds(end));
            }
            let state = run.end.map(|(_, end)| match end {
                End::Complete => "COMPLETE",
                End::Abort => "ABORT",
                End::Fail => "FAIL",
            });
            if let Some(state) = state {
                node.set("state", Value::Text(state.to_owned()));
            }
        }
        for (id, name) in self.names.iter().filter(|(id, name)| id != name) {
            if let Some((_, place)) = self.known.described.get(name) {
                self.draft.leave_out(format!("the name `{id}`, another of `{name}`"), *place);
            }
        }
    }

    /// The id under which a dataset stands; of any other node its own.
    fn name(&self, id: &'a str) -> &'a str {
        self.names.get(id).map_or(id, String::as_str)
    }

    fn flow(&mut self, flow: &'a Flow, first: Moment) {
        self.go_to(&flow.activity);
        let dataset = self.name(&flow.dataset);
        let version = self.version(flow);
        let mut relation = match flow.direction {
            Direction::Generated if self.known.has_failed(&flow.activity) => {
                return self.draft.leave_out(OUTPUTS_OF_FAILED, self.draft.at);
            }
            Direction::Generated => {
                let mut relation = Relation::new(dataset, "wasGeneratedBy", &flow.activity);
                // What a run makes is there when it ends.
                let end = self.known.runs.get(&flow.activity).and_then(|run| run.end);
                let moment = end.map_or(first, |(end, _)| end);
                relation.time = Some(seconds(moment));
                self.date(dataset, moment);
                if let Some(version) = &version {
                    self.date(version, moment);
                }
                relation
            }
            Direction::Used => {
                let target = version.clone().unwrap_or_else(|| dataset.to_owned());
                let mut relation = Relation::new(&flow.activity, "used", target);
                relation.time = Some(seconds(first));
                relation
            }
            Direction::Alone => return,
        };
        let statistics = |name| match self.known.facets.get(&(Subject::Flow(flow.clone()), name)) {
            Some((_, Some(Facet::Statistics(numbers)))) => Some(numbers),
            _ => None,
        };
        for (key, number) in
            ["inputStatistics", "outputStatistics"].into_iter().filter_map(statistics).flatten()
        {
            relation
                .columns
                .extend(Value::number(&number.to_string()).map(|number| ((*key).to_owned(), number)));
        }
        // Who uses the dataset without saying which version relies on all who made one.
        if let (Direction::Generated, Some(version)) = (flow.direction, version) {
            self.relate(Relation { source: version, ..relation.clone() });
        }
        self.relate(relation);
    }

    /// The id of the version of a dataset that went in or out, if it is said.
    fn version(&self, flow: &'a Flow) -> Option<String> {
        match self.known.facets.get(&(Subject::Flow(flow.clone()), "version")) {
            Some((_, Some(Facet::Version(version)))) => {
                Some(format!("{}@{version}", self.name(&flow.dataset)))
            }
            _ => None,
        }
    }

    fn facet_of_flow(&mut self, flow: &'a Flow, facet: &'a Facet) {
        if flow.direction == Direction::Generated && self.known.has_failed(&flow.activity) {
            return;
        }
        let dataset = self.name(&flow.dataset);
        self.go_to(dataset);
        match facet {
            Facet::Version(version) => {
                let version = format!("{dataset}@{version}");
                self.draft.describe(&version, "dataset-version");
                self.relate(Relation::new(version, "specializationOf", dataset));
            }
            Facet::Columns(inputs) => {
                for (input, pairs) in inputs {
                    let input = self.name(input);
                    self.draft.mention(input, "dataset");
                    let mut relation = Relation::new(dataset, "wasDerivedFrom", input);
                    relation
                        .columns
                        .extend(Value::number(&pairs.to_string()).map(|pairs| ("columns".to_owned(), pairs)));
                    self.relate(relation);
                }
            }
            _ => {}
        }
    }

    fn facet_of_node(&mut self, id: &'a str, facet: &'a Facet) {
        let id = self.name(id);
        self.go_to(id);
        match facet {
            Facet::Ownership(owners) => {
                for (owner, way) in owners {
                    self.draft.describe(owner, "agent").is_agent = true;
                    let mut relation = Relation::new(id, "wasAttributedTo", owner);
                    relation
                        .columns
                        .extend(way.clone().map(|way| ("ownership".to_owned(), Value::text(&way))));
                    self.relate(relation);
                }
            }
            Facet::Change { change, before } => {
                self.draft.describe(id, "dataset").set("lifecycleStateChange", Value::text(change));
                if let Some(before) = before {
                    let before = self.name(before);
                    self.draft.mention(before, "dataset");
                    self.relate(Relation::new(id, "wasDerivedFrom", before));
                }
            }
            Facet::Words(words) => {
                for (column, word) in words {
                    // Only jobs and datasets have such facets, and they are described.
                    if let Some(node) = self.draft.nodes.get_mut(id) {
                        node.set(column, Value::text(word));
                    }
                }
            }
            Facet::Parent(parent) => self.inform(parent, id),
            Facet::Dependencies { earlier, later } => {
                earlier.iter().for_each(|run| self.depend(id, run));
                later.iter().for_each(|run| self.inform(run, id));
            }
            Facet::Symlinks(_) | Facet::Version(_) | Facet::Columns(_) | Facet::Statistics(_) => {}
        }
    }

    /// Another run relied on the run `id`.
    fn inform(&mut self, other: &OtherRun, id: &str) {
        if self.known.has_failed(id) {
            return self.leave_out_failed(id);
        }
        self.had_plan(other);
        self.relate(Relation::new(&other.id, "wasInformedBy", id));
    }

    /// The run `id` relied on another.
    fn depend(&mut self, id: &str, other: &OtherRun) {
        if self.known.has_failed(&other.id) {
            return self.leave_out_failed(&other.id);
        }
        self.had_plan(other);
        self.relate(Relation::new(id, "wasInformedBy", &other.id));
    }

    fn had_plan(&mut self, run: &OtherRun) {
        self.draft.mention(&run.id, "run");
        self.draft.mention(&run.job, "job");
        self.relate(Relation::new(&run.id, "hadPlan", &run.job));
    }

    fn date(&mut self, id: &str, moment: Moment) {
        let time = self.times.entry(id.to_owned()).or_insert(moment);
        *time = (*time).min(moment);
    }

    fn leave_out_failed(&mut self, run: &str) {
        self.go_to(run);
        self.draft.leave_out(FAILED, self.draft.at);
    }

    /// What is named from now on is named where a run, a job or a dataset stands first.
    fn go_to(&mut self, id: &str) {
        let run = self.known.runs.get(id).map(|run| run.place);
        if let Some(place) = run.or(self.known.described.get(id).map(|(_, place)| *place)) {
            self.draft.at = place;
        }
    }

    /// Several names of one dataset can make one of two relations: it keeps the earlier time and the larger numbers.
    fn relate(&mut self, relation: Relation) {
        if relation.source == relation.target {
            return;
        }
        match self.relations.entry((relation.source.clone(), relation.target.clone(), relation.kind)) {
            // All that use a dataset times all that made it: a few events can say very many.
            Entry::Vacant(entry) => {
                if self.draft.room.take(self.draft.at.file, relation.text_bytes()) {
                    entry.insert(relation);
                }
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.time = [known.time, relation.time].into_iter().flatten().min();
                for (column, value) in relation.columns {
                    let known = known.columns.entry(column).or_insert_with(|| value.clone());
                    if value.order(known).is_gt() {
                        *known = value;
                    }
                }
            }
        }
    }
}

fn seconds(moment: Moment) -> i64 {
    // Moments are of the years 1 to 9999.
    i64::try_from(moment.div_euclid(1_000_000_000)).unwrap_or(0)
}
