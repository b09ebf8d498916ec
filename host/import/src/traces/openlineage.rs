//! OpenLineage's events -> runs, jobs and datasets, and what relied on what.
//!
//! Events add to one another: a run is known when all of its events are. Of a facet that is there several times the
//! latest counts, as the specification says, so that all is gathered first and becomes a graph in the end.

mod facets;
mod graph;

use std::collections::{BTreeMap, BTreeSet};

use crate::cell::{parse_moment, parse_time};
use crate::problem::{Collector, Fault, Place, shortened};

use super::Input;
use super::draft::Draft;
use super::json::{Json, Object, get, need, need_id, objects};

use facets::{Facet, Holder};

/// What all events said, until the last is read.
#[derive(Default)]
pub(crate) struct Lineage {
    /// Jobs and datasets that events describe, by their ids: their kinds, and where they stand first.
    described: BTreeMap<String, (&'static str, Place)>,
    runs: BTreeMap<String, Run>,
    /// Which run was one of which job.
    plans: BTreeSet<(String, String)>,
    /// What was read and written, and when that was first said.
    flows: BTreeMap<Flow, Moment>,
    /// The latest of each facet; `None` if the latest deletes it.
    facets: BTreeMap<(Subject, &'static str), (Moment, Option<Facet>)>,
}

/// Nanoseconds since 1970: events of one second have an order.
type Moment = i128;

struct Run {
    /// Where it stands first.
    place: Place,
    /// When it is first heard of.
    start: Moment,
    /// When it ended, and how.
    end: Option<(Moment, End)>,
}

/// How a run ended. Of two that are said at the same moment, the worse counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Complete,
    Abort,
    Fail,
}

/// A dataset on its way into or out of a run or a job.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Flow {
    /// The id of a run or a job; empty for a dataset whose own event tells of it.
    activity: String,
    dataset: String,
    direction: Direction,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Direction {
    Used,
    Generated,
    Alone,
}

/// What a facet tells of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Node(String),
    Flow(Flow),
}

/// One event, before it is added to what is known: one that is wrong adds nothing.
struct Event {
    moment: Moment,
    run: Option<String>,
    end: Option<End>,
    described: BTreeMap<String, &'static str>,
    flows: Vec<Flow>,
    job: Option<String>,
    facets: Vec<(Subject, &'static str, Option<Facet>)>,
    left_out: Vec<String>,
}

impl Lineage {
    /// Reads the events of a file: one, a list of them, or one a line.
    pub(crate) fn read(&mut self, input: Input<'_>, draft: &mut Draft, problems: &mut Collector) {
        objects(input, problems, &mut |place, object, problems| match Event::of(object) {
            Ok(event) => self.add(event, place, draft),
            Err(wrong) => problems.add(place, None, Fault::Document(wrong)),
        });
    }

    fn add(&mut self, event: Event, place: Place, draft: &mut Draft) {
        let moment = event.moment;
        // What an event says is kept until all are read.
        let parts = event.described.len() + event.flows.len() + event.facets.len();
        if !(0..=parts).all(|_| draft.room.take(place.file, 0)) {
            return;
        }
        for what in event.left_out {
            draft.leave_out(what, place);
        }
        for (id, kind) in event.described {
            self.described.entry(id).or_insert((kind, place));
        }
        if let Some(id) = event.run {
            self.plans.extend(event.job.map(|job| (id.clone(), job)));
            let run = self.runs.entry(id).or_insert(Run { place, start: moment, end: None });
            run.start = run.start.min(moment);
            run.end = run.end.max(event.end.map(|end| (moment, end)));
        }
        for flow in event.flows {
            let first = self.flows.entry(flow).or_insert(moment);
            *first = moment.min(*first);
        }
        for (subject, name, facet) in event.facets {
            let known = self.facets.entry((subject, name)).or_insert((moment, None));
            if (moment, &facet) > (known.0, &known.1) {
                *known = (moment, facet);
            }
        }
    }
}

impl Event {
    fn of(object: &Object) -> Result<Event, String> {
        let moment = moment(need(object, "eventTime", Json::text)?)?;
        let mut event = Event {
            moment,
            run: None,
            end: None,
            described: BTreeMap::new(),
            flows: Vec::new(),
            job: None,
            facets: Vec::new(),
            left_out: Vec::new(),
        };
        event.name_unknown(object, EVENT_KEYS, "of an event");
        let run = get(object, "run", Json::object)?;
        let job = get(object, "job", Json::object)?;
        let dataset = get(object, "dataset", Json::object)?;
        match (run, job, dataset) {
            (Some(run), Some(job), dataset) => {
                let run = event.run(object, run).map_err(|wrong| format!("`run`: {wrong}"))?;
                event.job(job).map_err(|wrong| format!("`job`: {wrong}"))?;
                event.datasets(object, &run)?;
                event.leave_out_if(dataset.is_some(), "the key `dataset` of an event that has a run");
            }
            (None, Some(job), dataset) => {
                let job = event.job(job).map_err(|wrong| format!("`job`: {wrong}"))?;
                event.datasets(object, &job)?;
                event.leave_out_if(dataset.is_some(), "the key `dataset` of an event that has a job");
            }
            (Some(_), None, _) => return Err("has a run but no `job`".to_owned()),
            (None, None, Some(dataset)) => {
                event
                    .dataset(dataset, "", Direction::Alone)
                    .map_err(|wrong| format!("`dataset`: {wrong}"))?;
            }
            (None, None, None) => {
                return Err("is no OpenLineage event: it has no `run`, no `job` and no `dataset`".to_owned());
            }
        }
        Ok(event)
    }

    fn run(&mut self, event: &Object, run: &Object) -> Result<String, String> {
        self.end = match get(event, "eventType", Json::text)? {
            Some("COMPLETE") => Some(End::Complete),
            Some("ABORT") => Some(End::Abort),
            Some("FAIL") => Some(End::Fail),
            None | Some("START" | "RUNNING" | "OTHER") => None,
            Some(other) => {
                self.left_out.push(format!("the eventType `{}`", shortened(other).escape_debug()));
                None
            }
        };
        let id = run_id(run)?;
        self.name_unknown(run, &["runId", "facets"], "of a run");
        self.facets(run, "facets", Holder::Run, &|_| Subject::Node(id.clone()))?;
        self.run = Some(id.clone());
        Ok(id)
    }

    fn job(&mut self, job: &Object) -> Result<String, String> {
        let id = job_id(job)?;
        self.name_unknown(job, &["namespace", "name", "facets"], "of a job");
        self.facets(job, "facets", Holder::Job, &|_| Subject::Node(id.clone()))?;
        self.described.insert(id.clone(), "job");
        self.job = Some(id.clone());
        Ok(id)
    }

    /// What goes into `activity` and comes out of it.
    fn datasets(&mut self, event: &Object, activity: &str) -> Result<(), String> {
        for (key, direction) in [("inputs", Direction::Used), ("outputs", Direction::Generated)] {
            for (place, dataset) in get(event, key, Json::list)?.unwrap_or_default().iter().enumerate() {
                let added = dataset.object().and_then(|dataset| self.dataset(dataset, activity, direction));
                added.map_err(|wrong| format!("`{key}[{place}]`: {wrong}"))?;
            }
        }
        Ok(())
    }

    fn dataset(&mut self, dataset: &Object, activity: &str, direction: Direction) -> Result<(), String> {
        let id = dataset_id(dataset)?;
        let flow = Flow { activity: activity.to_owned(), dataset: id.clone(), direction };
        let subject = |name: &str| match name {
            "version" | "columnLineage" => Subject::Flow(flow.clone()),
            _ => Subject::Node(id.clone()),
        };
        self.facets(dataset, "facets", Holder::Dataset, &subject)?;
        let (key, holder) = match direction {
            Direction::Used => ("inputFacets", Holder::Input),
            Direction::Generated => ("outputFacets", Holder::Output),
            Direction::Alone => ("", Holder::Dataset),
        };
        self.name_unknown(dataset, &["namespace", "name", "facets", key], "of a dataset");
        if direction != Direction::Alone {
            self.facets(dataset, key, holder, &|_| Subject::Flow(flow.clone()))?;
            self.flows.push(flow);
        }
        self.described.insert(id, "dataset");
        Ok(())
    }

    fn facets(
        &mut self,
        object: &Object,
        key: &str,
        holder: Holder,
        subject: &dyn Fn(&str) -> Subject,
    ) -> Result<(), String> {
        for (name, facet) in get(object, key, Json::object)?.into_iter().flatten() {
            let Some(known) = holder.known(name) else {
                self.left_out.push(format!("the {} `{}`", holder.words(), shortened(name).escape_debug()));
                continue;
            };
            // Deleting a facet by null is how some producers write it.
            let read = match facet {
                Json::Null => Ok(None),
                facet => facet.object().and_then(|facet| Facet::read(known, facet, &mut self.left_out)),
            };
            let facet = read.map_err(|wrong| format!("the {} `{known}`: {wrong}", holder.words()))?;
            self.facets.push((subject(known), known, facet));
        }
        Ok(())
    }

    fn name_unknown(&mut self, object: &Object, known: &[&str], place: &str) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.left_out.push(format!("the key `{}` {place}", shortened(key).escape_debug()));
        }
    }

    fn leave_out_if(&mut self, is_there: bool, what: &str) {
        if is_there {
            self.left_out.push(what.to_owned());
        }
    }
}

/// `producer` and `schemaURL` say who wrote the event and by which schema, which is nothing of the lineage.
const EVENT_KEYS: &[&str] =
    &["eventTime", "eventType", "producer", "schemaURL", "run", "job", "dataset", "inputs", "outputs"];

fn moment(text: &str) -> Result<Moment, String> {
    let time = parse_time(text).and_then(|_| parse_moment(text));
    time.map(|time| time.as_nanosecond()).map_err(|fault| format!("`eventTime`: {fault}"))
}

fn run_id(run: &Object) -> Result<String, String> {
    // A UUID in capitals is the same UUID.
    Ok(format!("run:{}", need_id(run, "runId")?.to_ascii_lowercase()))
}

fn job_id(job: &Object) -> Result<String, String> {
    Ok(format!("job:{}/{}", need_id(job, "namespace")?, need_id(job, "name")?))
}

fn dataset_id(dataset: &Object) -> Result<String, String> {
    Ok(format!("dataset:{}/{}", need_id(dataset, "namespace")?, need_id(dataset, "name")?))
}

#[cfg(test)]
mod tests;
