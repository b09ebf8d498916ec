//! The further columns of the row at hand.

use std::collections::BTreeMap;

use crate::cell::Cell;
use crate::problem::{Collector, Place};
use crate::rounding::Roundings;
use crate::traces::draft::Value;

use super::cells::Cells;
use super::value::{number, shown};

/// The metrics and labels of the row at hand.
pub(in crate::tables) struct Further {
    pub(in crate::tables) metric_names: Vec<String>,
    pub(in crate::tables) label_names: Vec<String>,
    pub(in crate::tables) metrics: Vec<f64>,
    pub(in crate::tables) words: Vec<String>,
    /// How many texts of documents had to be changed to be words, by column.
    pub(in crate::tables) shown: BTreeMap<String, usize>,
    /// Numbers of metrics that lost digits, by column.
    pub(in crate::tables) rounded: Roundings,
}

impl Further {
    pub(in crate::tables) fn new(metric_names: Vec<String>, label_names: Vec<String>) -> Further {
        let (metrics, words) = (vec![0.0; metric_names.len()], vec![String::new(); label_names.len()]);
        let (shown, rounded) = (BTreeMap::new(), Roundings::default());
        Further { metric_names, label_names, metrics, words, shown, rounded }
    }

    /// Takes a table's cells; what documents say stands where they are empty.
    pub(super) fn take(
        &mut self,
        cells: &mut Cells<'_>,
        metrics: &[Option<usize>],
        labels: &[Option<usize>],
        documents: Option<&BTreeMap<String, Value>>,
    ) {
        let place = cells.place;
        for ((value, column), name) in self.metrics.iter_mut().zip(metrics).zip(&self.metric_names) {
            let cell = column.map_or(Cell::Empty, |column| cells.row.cell(column));
            let document = documents.and_then(|columns| columns.get(name));
            let read = cells.noted(name, cell.rounded());
            let rounded = &mut self.rounded;
            *value = match (read, document) {
                (Some(number), _) => {
                    rounded.take(name, place, &number, || cell.text().unwrap_or_default().into_owned())
                }
                (None, Some(value)) => {
                    let number = cells.noted(name, number(value).map(Some));
                    number.map_or(0.0, |number| rounded.take(name, place, &number, || value.number_text()))
                }
                (None, None) => 0.0,
            };
        }
        for ((word, column), name) in self.words.iter_mut().zip(labels).zip(&self.label_names) {
            word.clear();
            let cell = column.map_or(Cell::Empty, |column| cells.row.cell(column));
            match cell.word() {
                Ok(text) => word.push_str(&text),
                Err(fault) => cells.problems.add(cells.place, Some(name), fault),
            }
            if let (true, Some(value)) = (word.is_empty(), documents.and_then(|columns| columns.get(name))) {
                word.push_str(&shown(value).0);
            }
        }
    }

    pub(in crate::tables) fn clear(&mut self) {
        self.metrics.fill(0.0);
        self.words.iter_mut().for_each(String::clear);
    }

    pub(in crate::tables) fn labels(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    /// The metrics and labels of a node or relation that only documents describe.
    pub(in crate::tables) fn take_drafted(
        &mut self,
        columns: &BTreeMap<String, Value>,
        place: Place,
        problems: &mut Collector,
    ) {
        for (value, name) in self.metrics.iter_mut().zip(&self.metric_names) {
            *value = columns.get(name).map_or(0.0, |value| match number(value) {
                Ok(number) => self.rounded.take(name, place, &number, || value.number_text()),
                Err(fault) => {
                    problems.add(place, Some(name), fault);
                    0.0
                }
            });
        }
        for (word, name) in self.words.iter_mut().zip(&self.label_names) {
            word.clear();
            if let Some(value) = columns.get(name) {
                let (text, is_changed) = shown(value);
                word.push_str(&text);
                if is_changed {
                    *self.shown.entry(name.clone()).or_default() += 1;
                }
            }
        }
    }
}
