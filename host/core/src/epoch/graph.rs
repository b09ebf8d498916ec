//! Columns of texts and words, as an epoch stores them.

use std::fmt;

/// Owner of a node that belongs to no payee.
pub const NO_PAYEE: u32 = u32::MAX;
/// The most nodes, edges or payees: an index of 32 bits with one value to spare for [`NO_PAYEE`].
pub const MAX_ROWS: usize = (u32::MAX - 1) as usize;
/// The most metric or label columns of nodes or of edges.
pub const MAX_COLUMNS: usize = 4096;

/// A column of texts, each found by its row. The default is empty.
#[derive(Clone, Copy, Default)]
pub struct Texts<'a> {
    ends: &'a [u32],
    bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    /// Texts that end at `ends` of `bytes`; whoever reads them checks both.
    pub(super) fn new(ends: &'a [u32], bytes: &'a [u8]) -> Texts<'a> {
        Texts { ends, bytes }
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Where each text ends in [`Texts::bytes`]; it begins where the one before ends.
    pub fn ends(&self) -> &'a [u32] {
        self.ends
    }

    /// All texts one after another, in UTF-8.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The text of a row, if there is such a row.
    pub fn get(&self, row: usize) -> Option<&'a str> {
        let end = *self.ends.get(row)? as usize;
        let start = if row == 0 { 0 } else { *self.ends.get(row - 1)? as usize };
        std::str::from_utf8(self.bytes.get(start..end)?).ok()
    }

    /// All texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let texts = *self;
        (0..self.len()).map(move |row| texts.get(row).unwrap_or(""))
    }

    /// The row of `text` in a sorted column: payees, nodes, kinds, dictionaries and the names of columns are sorted.
    ///
    /// ```
    /// use apportion_core::epoch::Epoch;
    ///
    /// let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
    /// let ids = epoch.node_ids();
    /// assert_eq!(ids.get(3).and_then(|id| ids.position(id)), Some(3));
    /// assert_eq!(ids.position("no such node"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn position(&self, text: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle)?.cmp(text) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

/// A column of words: an index per row into a sorted dictionary whose first word is empty and stands for absent.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// The words, sorted; the first is empty.
    pub dictionary: Texts<'a>,
    /// Which word each row has.
    pub rows: &'a [u32],
}

impl<'a> Label<'a> {
    /// The word of a row; empty if the input gave none.
    pub fn word(&self, row: usize) -> &'a str {
        self.rows.get(row).and_then(|&word| self.dictionary.get(word as usize)).unwrap_or("")
    }
}

impl fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
