//! Where rows came from.

use crate::problem::Place;

/// Where the rows came from that were given to the epoch, in the order in which they were given. Neighbours take no
/// memory of their own.
#[derive(Default)]
pub(in crate::tables) struct Places {
    count: usize,
    runs: Vec<(usize, Place)>,
}

impl Places {
    pub(in crate::tables) fn push(&mut self, place: Place) {
        if self.get(self.count) != Some(place) {
            self.runs.push((self.count, place));
        }
        self.count += 1;
    }

    /// The place of the row given as number `row`; for the next number, the next row of the last file.
    pub(in crate::tables) fn get(&self, row: usize) -> Option<Place> {
        let run = match self.runs.last() {
            Some(last) if last.0 <= row => last,
            _ => self.runs.get(self.runs.partition_point(|(start, _)| *start <= row).checked_sub(1)?)?,
        };
        let (start, place) = *run;
        Some(Place { file: place.file, row: place.row + u64::try_from(row - start).ok()? })
    }
}
