//! What all events said together.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::Draft;
use super::event::{End, Event, Flow, Moment, Subject};
use super::facets::Facet;
use crate::problem::Place;

/// What all events said, until the last is read.
#[derive(Default)]
pub(super) struct Known {
    /// Jobs and datasets that events describe, by their ids: their kinds, and where they stand first.
    pub(super) described: BTreeMap<String, (&'static str, Place)>,
    pub(super) runs: BTreeMap<String, Run>,
    /// Which run was one of which job.
    pub(super) plans: BTreeSet<(String, String)>,
    /// What was read and written, and when that was first said.
    pub(super) flows: BTreeMap<Flow, Moment>,
    /// The latest of each facet; `None` if the latest deletes it.
    pub(super) facets: BTreeMap<(Subject, &'static str), (Moment, Option<Facet>)>,
}

/// What is known of a run.
pub(super) struct Run {
    /// Where it stands first.
    pub(super) place: Place,
    /// When it is first heard of.
    pub(super) start: Moment,
    /// When it ended, and how.
    pub(super) end: Option<(Moment, End)>,
}

impl Known {
    /// Adds what an event says.
    pub(super) fn add(&mut self, event: Event, place: Place, draft: &mut Draft) {
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

    /// The one id of each dataset that symlinks give several: of those that events use, else of all, the first in the
    /// order of bytes.
    pub(super) fn names(&self) -> BTreeMap<String, String> {
        let mut same: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for ((subject, _), (_, facet)) in &self.facets {
            if let (Subject::Node(id), Some(Facet::Symlinks(others))) = (subject, facet) {
                for other in others {
                    same.entry(id).or_default().insert(other);
                    same.entry(other).or_default().insert(id);
                }
            }
        }
        let mut names = BTreeMap::new();
        for start in same.keys() {
            if names.contains_key(*start) {
                continue;
            }
            let (mut group, mut next) = (BTreeSet::from([*start]), vec![*start]);
            while let Some(id) = next.pop() {
                next.extend(same.get(id).into_iter().flatten().filter(|other| group.insert(other)));
            }
            let used = group.iter().find(|id| self.described.contains_key(**id));
            let name = used.or(group.first()).copied().unwrap_or_default().to_owned();
            names.extend(group.into_iter().map(|id| (id.to_owned(), name.clone())));
        }
        names
    }

    /// Whether a run ended in anything but success.
    pub(super) fn has_failed(&self, run: &str) -> bool {
        let end = self.runs.get(run).and_then(|run| run.end);
        end.is_some_and(|(_, end)| end != End::Complete)
    }
}
