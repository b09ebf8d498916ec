//! One event: what it says of runs, jobs and datasets.

use std::collections::BTreeMap;

use super::super::json::{Json, Object, get, need};
use super::facets::{Facet, Holder};
use super::ids::{dataset_id, job_id, run_id};
use crate::cell::{parse_moment, parse_time};
use crate::problem::shortened;

/// Nanoseconds since 1970: events of one second have an order.
pub(super) type Moment = i128;

/// How a run ended. Of two that are said at the same moment, the worse counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Complete,
    Abort,
    Fail,
}

/// A dataset on its way into or out of a run or a job.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flow {
    /// The id of a run or a job; empty for a dataset whose own event tells of it.
    pub(super) activity: String,
    pub(super) dataset: String,
    pub(super) direction: Direction,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Used,
    Generated,
    Alone,
}

/// What a facet tells of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Node(String),
    Flow(Flow),
}

/// One event, before it is added to what is known: one that is wrong adds nothing.
pub(super) struct Event {
    pub(super) moment: Moment,
    pub(super) run: Option<String>,
    pub(super) end: Option<End>,
    pub(super) described: BTreeMap<String, &'static str>,
    pub(super) flows: Vec<Flow>,
    pub(super) job: Option<String>,
    pub(super) facets: Vec<(Subject, &'static str, Option<Facet>)>,
    pub(super) left_out: Vec<String>,
}

impl Event {
    pub(super) fn of(object: &Object) -> Result<Event, String> {
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
