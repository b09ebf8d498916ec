//! OpenLineage's events -> runs, jobs and datasets, and what relied on what.
//!
//! Events add to one another: a run is known when all of its events are. Of a facet that is there several times the
//! latest counts, as the specification says, so that all is gathered first and becomes a graph in the end.

mod event;
mod facets;
mod graph;
mod ids;
mod known;

use crate::problem::{Collector, Fault};

use super::draft::Draft;
use super::input::Input;
use super::json::objects;

use event::Event;
use known::Known;

/// What all events said, until the last is read.
#[derive(Default)]
pub(crate) struct Lineage(Known);

impl Lineage {
    /// Reads the events of a file: one, a list of them, or one a line.
    pub(crate) fn read(&mut self, input: Input<'_>, draft: &mut Draft, problems: &mut Collector) {
        objects(input, problems, &mut |place, object, problems| match Event::of(object) {
            Ok(event) => self.0.add(event, place, draft),
            Err(wrong) => problems.add(place, None, Fault::Document(wrong)),
        });
    }

    /// Writes all that was read into the draft.
    pub(crate) fn close(self, draft: &mut Draft) {
        graph::draw(&self.0, draft);
    }
}

#[cfg(test)]
mod tests;
