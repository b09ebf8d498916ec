//! Columns as the format has them: ids in order, words as places in a sorted dictionary.

use std::cell::OnceCell;

use crate::sorting;
use crate::text::{TextProblem, check_name};

use super::columns::{References, TextColumn};
use super::error::{Row, RowErrors, RowProblem, cut};
use super::graph::NO_PAYEE;
use super::writer::count;

/// A column of words: the words in use, sorted, and which of them each row has.
#[derive(Debug)]
pub(super) struct Codes<'a> {
    pub(super) words: Vec<&'a str>,
    pub(super) rows: Vec<u32>,
}

impl<'a> Codes<'a> {
    /// Checks the words of a column and sorts its dictionary, in which the word `always` is also if no row has it.
    pub(super) fn new(
        column: TextColumn<'a>,
        always: Option<&'a str>,
        check: fn(&str) -> Result<(), TextProblem>,
        mut report: impl FnMut(usize, RowProblem),
    ) -> Codes<'a> {
        let (words, rows) = column.dictionary();
        let mut is_used = vec![false; words.len()];
        for (row, &position) in rows.iter().enumerate() {
            match is_used.get_mut(position as usize) {
                Some(is_used) => *is_used = true,
                None => report(row, RowProblem::UnknownPosition { what: "word", position }),
            }
        }
        let used = || (0..words.len()).filter(|word| is_used[*word]);
        let mut problems = vec![None; words.len()];
        used().for_each(|word| problems[word] = check(words[word]).err());
        if problems.iter().any(Option::is_some) {
            for (row, &word) in rows.iter().enumerate() {
                if let Some(&Some(problem)) = problems.get(word as usize) {
                    report(row, RowProblem::Text { text: cut(words[word as usize]), problem });
                }
            }
        }

        let mut order: Vec<usize> = used().collect();
        order.sort_unstable_by_key(|&word| words[word]);
        let mut sorted: Vec<&str> = always.into_iter().collect();
        let mut places = vec![0; words.len()];
        for word in order {
            if sorted.last() != Some(&words[word]) {
                sorted.push(words[word]);
            }
            places[word] = count(sorted.len() - 1);
        }
        let rows = rows.iter().map(|&word| places.get(word as usize).copied().unwrap_or(0)).collect();
        Codes { words: sorted, rows }
    }
}

/// What a reference points to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// A payee, or none.
    Payee,
    Node,
}

impl Target {
    fn unknown(self, id: &str) -> RowProblem {
        match self {
            Target::Payee => RowProblem::UnknownPayee(cut(id)),
            Target::Node => RowProblem::UnknownNode(cut(id)),
        }
    }

    fn unknown_position(self, position: u32) -> RowProblem {
        let what = match self {
            Target::Payee => "payee",
            Target::Node => "node",
        };
        RowProblem::UnknownPosition { what, position }
    }
}

/// The ids of payees or nodes, and their order.
#[derive(Debug)]
pub(super) struct SortedIds<'a> {
    target: Target,
    ids: &'a [&'a str],
    /// The given rows in the order of their ids.
    pub(super) order: Vec<usize>,
    /// The place of each given row in the order.
    places: Vec<u32>,
    #[expect(clippy::disallowed_types, reason = "looked up by the million, never iterated")]
    places_by_id: OnceCell<std::collections::HashMap<&'a str, u32>>,
}

impl<'a> SortedIds<'a> {
    /// Checks ids and sorts them; of two equal ones the later is an error.
    pub(super) fn new(target: Target, ids: &'a [&'a str], errors: &mut RowErrors) -> SortedIds<'a> {
        let row = |position| match target {
            Target::Payee => Row::Payee(position),
            Target::Node => Row::Node(position),
        };
        for (position, id) in ids.iter().enumerate() {
            if let Err(problem) = check_name(id) {
                errors.text(row(position), "id", id, problem);
            }
        }
        let mut order: Vec<usize> = (0..ids.len()).collect();
        sorting::sort(&mut order, |&a, &b| ids[a].cmp(ids[b]));
        for pair in order.windows(2) {
            if ids[pair[0]] == ids[pair[1]] {
                errors.add(row(pair[1]), "id", RowProblem::Duplicate(cut(ids[pair[1]])));
            }
        }
        let mut places = vec![0; ids.len()];
        for (place, &position) in order.iter().enumerate() {
            places[position] = count(place);
        }
        SortedIds { target, ids, order, places, places_by_id: OnceCell::new() }
    }

    /// The ids in order.
    pub(super) fn sorted(&self) -> impl Iterator<Item = &'a str> {
        self.order.iter().map(|&row| self.ids[row])
    }

    /// The place in the order of whatever each row refers to.
    pub(super) fn resolve(
        &self,
        references: References<'_>,
        mut report: impl FnMut(usize, RowProblem),
    ) -> Vec<u32> {
        let mut unknown = |row, problem| {
            report(row, problem);
            0
        };
        match references {
            References::Positions(rows) => rows
                .iter()
                .enumerate()
                .map(|(row, &position)| match self.places.get(position as usize) {
                    Some(&place) => place,
                    None if self.is_none(position) => NO_PAYEE,
                    None => unknown(row, self.target.unknown_position(position)),
                })
                .collect(),
            References::Ids(column) => {
                let (ids, rows) = column.dictionary();
                let places: Vec<Option<u32>> = ids.iter().map(|id| self.place_of(id)).collect();
                rows.iter()
                    .enumerate()
                    .map(|(row, &position)| match places.get(position as usize) {
                        Some(&Some(place)) => place,
                        Some(None) => unknown(row, self.target.unknown(ids[position as usize])),
                        None if self.is_none(position) => NO_PAYEE,
                        None => unknown(row, RowProblem::UnknownPosition { what: "word", position }),
                    })
                    .collect()
            }
        }
    }

    fn is_none(&self, position: u32) -> bool {
        self.target == Target::Payee && position == NO_PAYEE
    }

    fn place_of(&self, id: &str) -> Option<u32> {
        if self.target == Target::Payee && id.is_empty() {
            return Some(NO_PAYEE);
        }
        self.places_by_id().get(id).copied()
    }

    #[expect(clippy::disallowed_types, reason = "looked up by the million, never iterated")]
    fn places_by_id(&self) -> &std::collections::HashMap<&'a str, u32> {
        self.places_by_id.get_or_init(|| (0..).zip(self.sorted()).map(|(place, id)| (id, place)).collect())
    }
}
