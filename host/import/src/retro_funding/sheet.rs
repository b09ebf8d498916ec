//! The CSV files of a month, held in memory: there are some ten thousand rows.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cell::{Cell, parse_time};
use crate::limits::{Bound, Quota};
use crate::problem::{Collector, Fault, Place, shortened};
use crate::progress::Meter;
use crate::rounding::Roundings;
use crate::source::{Format, Source};
use crate::table::Table;

/// A file that a track reads.
pub(super) struct Expected {
    /// Its key in the YAML's `data_snapshot`.
    pub(super) key: &'static str,
    /// Its name where the YAML gives none, or one that is not there.
    pub(super) default_name: &'static str,
    /// The columns that must be there; of names separated by `|`, one.
    pub(super) columns: &'static [&'static str],
    /// Some months have no such file.
    pub(super) is_optional: bool,
}

/// One file's rows.
#[derive(Default)]
pub(super) struct Sheet {
    /// Its number among the files of the import.
    pub(super) number: usize,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<SheetRow>,
}

pub(super) struct SheetRow {
    pub(super) place: Place,
    cells: Vec<String>,
}

/// A column of numbers, with 0 where a cell is empty.
pub(super) struct Numbers {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

impl Sheet {
    /// Reads all files and says which files and columns are missing. `named` are the YAML's names for them.
    pub(super) fn load(
        folder: &Path,
        expected: &[Expected],
        named: &BTreeMap<String, String>,
        quota: &Quota,
        problems: &mut Collector,
        notes: &mut Vec<String>,
    ) -> Vec<Sheet> {
        let mut sheets = Vec::new();
        for (index, expected) in expected.iter().enumerate() {
            let number = index + 1;
            let name = named.get(expected.key).map(String::as_str);
            let mut sheet = Sheet { number, ..Sheet::default() };
            match find(folder, name, expected.default_name, quota) {
                Some(source) => {
                    if let Err(faults) = sheet.read(source, problems) {
                        faults.into_iter().for_each(|(column, fault)| {
                            problems.add(Place { file: number, row: 0 }, column.as_deref(), fault);
                        });
                    } else {
                        sheet.check_columns(expected, problems);
                    }
                }
                None if expected.is_optional => {
                    if let Some(name) = name {
                        let name = shortened(name);
                        notes.push(format!(
                            "the parameters name the file `{}`, which is not there, so nothing is taken from it",
                            name.escape_debug()
                        ));
                    }
                }
                None => problems.add_file(number, Fault::Missing),
            }
            sheets.push(sheet);
        }
        sheets
    }

    fn read(&mut self, source: Source, problems: &mut Collector) -> Result<(), Vec<(Option<String>, Fault)>> {
        let mut table = Table::open(source, b',')?;
        self.columns.clone_from(&table.columns);
        let (file, quota, mut exceeded) = (self.number, table.source.quota.clone(), None);
        let read = table.rows(None, &mut Meter::new(0, &mut |_| {}), &mut |row| {
            let place = Place { file, row: row.number };
            if let Some((column, fault)) = &row.fault {
                problems.add(place, column.as_deref(), fault.clone());
                return;
            }
            // All cells are held until the epoch is made.
            if exceeded.is_none() {
                let taken = quota.take(Bound::Rows, 1).and_then(|()| quota.take(Bound::Cells, row.width()));
                exceeded = taken.err();
            }
            if exceeded.is_some() {
                return;
            }
            let cells =
                (0..row.width()).map(|column| row.cell(column).text().unwrap_or_default().into_owned());
            self.rows.push(SheetRow { place, cells: cells.collect() });
        });
        read.and(exceeded.map_or(Ok(()), |exceeded| Err(Fault::Limit(exceeded))))
            .map_err(|fault| vec![(None, fault)])
    }

    fn check_columns(&self, expected: &Expected, problems: &mut Collector) {
        for column in expected.columns {
            if !column.split('|').any(|name| self.column(name).is_some()) {
                let names: Vec<String> =
                    self.columns.iter().map(|name| format!("`{}`", shortened(name))).collect();
                let fault = Fault::NoColumn { found: names.join(", ") };
                problems.add_column(self.number, &column.replace('|', "` or `"), fault);
            }
        }
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// All further columns of numbers. Those of text are named in `notes`; `known` are used otherwise.
    pub(super) fn numbers(
        &self,
        known: &[&str],
        problems: &mut Collector,
        notes: &mut Vec<String>,
    ) -> Vec<Numbers> {
        let mut numbers = Vec::new();
        for (column, name) in
            self.columns.iter().enumerate().filter(|(_, name)| !known.contains(&name.as_str()))
        {
            let cell =
                |row: &SheetRow| row.cells.get(column).map_or(Cell::Empty, |cell| Cell::of(cell)).number();
            let is_text = |row: &SheetRow| cell(row).is_none() && !row.text(Some(column)).is_empty();
            if self.rows.iter().any(is_text) || self.rows.iter().all(|row| cell(row).is_none()) {
                let file = problems.file(self.number);
                notes.push(format!(
                    "the column `{}` of {file} holds no numbers and is left out",
                    name.escape_debug()
                ));
                continue;
            }
            let values = self.values(Some(column), name, problems, notes);
            numbers.push(Numbers { name: name.clone(), values });
        }
        numbers
    }

    /// A column's numbers; 0 where a cell is empty or, which is a problem, no number. The published rules compute with
    /// 64-bit floats, so digits beyond those are rounded, with a note.
    pub(super) fn values(
        &self,
        column: Option<usize>,
        name: &str,
        problems: &mut Collector,
        notes: &mut Vec<String>,
    ) -> Vec<f64> {
        let mut rounded = Roundings::default();
        let mut values = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let text = row.text(column);
            values.push(match Cell::of(text).rounded() {
                Ok(Some(number)) => rounded.take(name, row.place, &number, || text.to_owned()),
                Ok(None) => 0.0,
                Err(fault) => {
                    problems.add(row.place, Some(name), fault);
                    0.0
                }
            });
        }
        notes.extend(rounded.sentences("rows", problems));
        values
    }
}

impl SheetRow {
    /// A cell's text; empty if there is no such column.
    pub(super) fn text(&self, column: Option<usize>) -> &str {
        column.and_then(|column| self.cells.get(column)).map_or("", String::as_str)
    }

    /// As [`SheetRow::text`] for a cell that must not be empty.
    pub(super) fn filled(&self, column: Option<usize>, name: &str, problems: &mut Collector) -> Option<&str> {
        let text = self.text(column);
        if text.is_empty() {
            problems.add(self.place, Some(name), Fault::Empty);
            return None;
        }
        Some(text)
    }

    /// A date, as seconds since 1970.
    pub(super) fn time(&self, column: Option<usize>, name: &str, problems: &mut Collector) -> Option<i64> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        parse_time(text).map_err(|fault| problems.add(self.place, Some(name), fault)).ok()
    }
}

/// The file of a name, packed or not; names that lead out of the folder are not followed.
fn find(folder: &Path, named: Option<&str>, default_name: &str, quota: &Quota) -> Option<Source> {
    let named = named.and_then(|name| Path::new(name).file_name()?.to_str());
    for name in [named, Some(default_name)].into_iter().flatten() {
        let stem = name.strip_suffix(".gz").unwrap_or(name);
        for name in [stem.to_owned(), format!("{stem}.gz")] {
            if Format::of(&name) == Ok(Format::Csv)
                && let Ok(source) = Source::find(folder, &name, quota)
            {
                return Some(source);
            }
        }
    }
    None
}
