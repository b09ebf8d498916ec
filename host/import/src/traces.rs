//! Provenance documents and traces -> a draft of nodes and relations, and what of it belongs to an epoch.

pub(crate) mod draft;
pub(crate) mod graph;
mod json;
pub(crate) mod notes;
mod openlineage;
pub(crate) mod otlp;
pub(crate) mod owners;
pub(crate) mod prov;
#[cfg(test)]
mod samples;
pub(crate) mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use apportion_core::epoch::Window;

use crate::limits::Quota;
use crate::problem::{Collector, Fault, Place};
use crate::progress::Meter;
use crate::source::{Position, Source};

use draft::{Draft, Room, Value};

/// The metric of relations that says how certain they are.
pub(crate) const CONFIDENCE: &str = "confidence";
/// After so many bytes of a file one hears how far it is.
const INTERVAL: u64 = 1 << 22;

/// The files under `[traces]`, by format, and how they are read.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    pub(crate) prov: Vec<String>,
    pub(crate) openlineage: Vec<String>,
    pub(crate) otlp: Vec<String>,
    /// Kinds of nodes that earn in the window in which they are dated, and in no later one.
    pub(crate) outcomes: BTreeSet<String>,
    pub(crate) prov_options: prov::Options,
    pub(crate) otlp_options: otlp::Options,
}

/// A file's text on its way into a draft.
pub(crate) struct Input<'a> {
    pub(crate) text: &'a mut dyn Read,
    pub(crate) file: usize,
    pub(crate) quota: &'a Quota,
}

#[cfg(test)]
impl<'a> Input<'a> {
    /// A text as if it were a file.
    pub(crate) fn of_test(text: &'a mut dyn Read, file: usize) -> Input<'a> {
        let quota = std::sync::LazyLock::force(&TEST_QUOTA);
        Input { text, file, quota }
    }
}

#[cfg(test)]
static TEST_QUOTA: std::sync::LazyLock<Quota> = std::sync::LazyLock::new(Quota::default);

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Prov,
    OpenLineage,
    Otlp,
}

impl Traces {
    /// All files with their formats, in the order in which problems are told.
    pub(crate) fn files(&self) -> impl Iterator<Item = (Format, &String)> {
        let all = [
            (Format::Prov, &self.prov),
            (Format::OpenLineage, &self.openlineage),
            (Format::Otlp, &self.otlp),
        ];
        all.into_iter().flat_map(|(format, names)| names.iter().map(move |name| (format, name)))
    }

    /// What relations and tables' edges have in further columns where they say nothing else: all are certain where some
    /// say how certain they are.
    pub(crate) fn edge_defaults(&self) -> BTreeMap<String, Value> {
        let is_said = self.prov_options.confidence.is_some();
        is_said.then(|| (CONFIDENCE.to_owned(), Value::Number(1.0))).into_iter().collect()
    }

    /// Reads all files, those that [`Traces::files`] gives, into one draft.
    pub(crate) fn read(
        &self,
        sources: &[(usize, Source)],
        window: Window,
        quota: &Quota,
        meter: &mut Meter<'_>,
        problems: &mut Collector,
    ) -> Draft {
        let mut draft = Draft { room: Room::new(quota), ..Draft::default() };
        let mut lineage = openlineage::Lineage::default();
        let mut spans = otlp::Traces::default();
        for ((number, source), (format, _)) in sources.iter().zip(self.files()) {
            draft.at = Place { file: *number, row: 0 };
            match source.text() {
                Ok((text, position)) => {
                    let name = &source.name;
                    let text = &mut Watched { text, position, meter, name, read: 0, told: 0 };
                    let (draft, input) = (&mut draft, Input { text, file: *number, quota });
                    match format {
                        Format::Prov => prov::read(input, &self.prov_options, draft, problems),
                        Format::OpenLineage => lineage.read(input, draft, problems),
                        Format::Otlp => spans.read(input, &self.otlp_options, draft, problems),
                    }
                }
                Err(fault) => problems.add_file(*number, fault),
            }
            meter.pass(&source.name, 0, source.bytes);
        }
        lineage.close(&mut draft);
        // Last, since what other documents cite of traces is in the graph.
        spans.close(window, &mut draft);
        let defaults = self.edge_defaults();
        for relation in &mut draft.relations {
            for (column, value) in &defaults {
                relation.columns.entry(column.clone()).or_insert_with(|| value.clone());
            }
        }
        draft.complete();
        if let Some((file, exceeded)) = draft.room.exceeded {
            problems.add_file(file, Fault::Limit(exceeded));
        }
        draft
    }
}

/// A file's text that reports how far it has been read.
struct Watched<'a, 'm> {
    text: Box<dyn Read>,
    position: Position,
    meter: &'a mut Meter<'m>,
    name: &'a str,
    read: u64,
    told: u64,
}

impl Read for Watched<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.text.read(buffer)?;
        self.read = self.read.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if self.read - self.told >= INTERVAL {
            self.told = self.read;
            self.meter.row(self.name, 0, || self.position.bytes());
        }
        Ok(read)
    }
}
