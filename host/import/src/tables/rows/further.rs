//! The further columns of the row at hand.

use std::collections::BTreeMap;

use crate::cell::Cell;
use crate::rounding::Roundings;
use crate::traces::draft::Value;

use super::{Cells, traced};

/// The metrics and labels of the row at hand.
pub(super) struct Further {
    pub(super) metric_names: Vec<String>,
    pub(super) label_names: Vec<String>,
    pub(super) metrics: Vec<f64>,
    pub(super) words: Vec<String>,
    /// How many texts of documents had to be changed to be words, by column.
    pub(super) shown: BTreeMap<String, usize>,
    /// Numbers of metrics that lost digits, by column.
    pub(super) rounded: Roundings,
}

impl Further {
    pub(super) fn new(metric_names: Vec<String>, label_names: Vec<String>) -> Further {
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
            let number = cells.noted(name, cell.rounded());
            let rounded = &mut self.rounded;
            *value = match (number, document) {
                (Some(number), _) => {
                    rounded.take(name, place, &number, || cell.text().unwrap_or_default().into_owned())
                }
                (None, Some(value)) => {
                    let number = cells.noted(name, traced::number(value).map(Some));
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
                word.push_str(&traced::shown(value).0);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.metrics.fill(0.0);
        self.words.iter_mut().for_each(String::clear);
    }

    pub(super) fn labels(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }
}
