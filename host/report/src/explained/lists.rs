//! Lists of contributions and of those who relied, group by group.

use apportion_core::comparison::Difference;
use apportion_core::explanation::{Contribution, Reliance};

use crate::figures::cut;
use crate::wording::{day, grouped};

/// How much of an id stands in a range of them.
const OF_AN_ID: usize = 20;

/// How many lines of a list are shown, and of each list within it; the rest is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Of the list.
    pub lines: usize,
    /// Of what a line of it is taken apart into.
    pub inner: usize,
}

/// What groups of contributions and of those who relied have in common.
pub(super) trait Group {
    fn parts(&self) -> &[Self]
    where
        Self: Sized;
    fn difference(&self) -> Difference;
    /// Ids and times, in seconds, of the first and the last.
    fn ends(&self) -> [(&str, i64); 2];

    /// From what to what: days where they differ, otherwise ids.
    fn span(&self) -> String {
        let [first, last] = self.ends();
        match [day(first.1), day(last.1)] {
            [start, end] if start == end => {
                format!("{} to {}", cut(first.0, OF_AN_ID), cut(last.0, OF_AN_ID))
            }
            [start, end] => format!("{start} to {end}"),
        }
    }
}

impl Group for Contribution {
    fn parts(&self) -> &[Contribution] {
        &self.parts
    }
    fn difference(&self) -> Difference {
        self.difference
    }
    fn ends(&self) -> [(&str, i64); 2] {
        [(&self.first, self.start), (&self.last, self.end)]
    }
}

impl Group for Reliance {
    fn parts(&self) -> &[Reliance] {
        &self.parts
    }
    fn difference(&self) -> Difference {
        self.difference
    }
    fn ends(&self) -> [(&str, i64); 2] {
        [(&self.first, self.start), (&self.last, self.end)]
    }
}

/// Rows for a list, and below each line those that it was taken apart into in the end, whatever groups came between;
/// `row` is told whether it is of the list itself.
pub(super) fn lines<T: Group, const N: usize>(
    list: &[T],
    indent: &str,
    most: Most,
    row: impl Fn(&T, bool) -> [String; N],
) -> Vec<[String; N]> {
    let more = |before: &str, hidden: usize| {
        let mut cells = std::array::from_fn(|_| String::new());
        if let Some(first) = cells.first_mut() {
            *first = format!("{before}and {} more", grouped(&hidden.to_string()));
        }
        cells
    };
    let mut rows = Vec::new();
    for one in list.iter().take(most.lines) {
        rows.push(row(one, true));
        let mut inner = Vec::new();
        one.parts().iter().for_each(|part| innermost(part, &mut inner));
        inner.sort_by_key(|one| one.difference());
        for one in inner.iter().take(most.inner) {
            let mut cells = row(one, false);
            if let Some(first) = cells.first_mut() {
                first.insert_str(0, indent);
            }
            rows.push(cells);
        }
        if inner.len() > most.inner {
            rows.push(more(indent, inner.len() - most.inner));
        }
    }
    if list.len() > most.lines {
        rows.push(more("", list.len() - most.lines));
    }
    rows
}

/// What was not taken apart any further.
fn innermost<'a, T: Group>(one: &'a T, found: &mut Vec<&'a T>) {
    if one.parts().is_empty() {
        found.push(one);
    } else {
        one.parts().iter().for_each(|part| innermost(part, found));
    }
}
