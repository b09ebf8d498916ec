//! Numbers that lose digits where somebody asked for them to be numbers: each column is reported once.

use std::collections::BTreeMap;

use crate::cell::Number;
use crate::problem::{Collector, Place, shortened};

/// What was rounded, by column.
#[derive(Default)]
pub(crate) struct Roundings(BTreeMap<String, Rounding>);

struct Rounding {
    count: usize,
    first: (Place, String),
}

impl Roundings {
    /// Gives the number and keeps in mind if it is not the one that is `written` there.
    pub(crate) fn take(
        &mut self,
        column: &str,
        place: Place,
        number: &Number,
        written: impl FnOnce() -> String,
    ) -> f64 {
        if !number.exact {
            match self.0.get_mut(column) {
                Some(known) => known.count += 1,
                None => {
                    let first = (place, shortened(&written()));
                    self.0.insert(column.to_owned(), Rounding { count: 1, first });
                }
            }
        }
        number.value
    }

    /// A sentence for each column; `which` are the rows.
    pub(crate) fn sentences(&self, which: &str, problems: &Collector) -> Vec<String> {
        let sentence = |(column, Rounding { count, first: (place, text) }): (&String, &Rounding)| {
            format!(
                "column `{}` of the {which} holds numbers beyond 2^53 that are rounded to 64-bit floats: {count}, the first of them `{}` in {}",
                shortened(column).escape_debug(),
                text.escape_debug(),
                problems.words(*place)
            )
        };
        self.0.iter().map(sentence).collect()
    }
}
