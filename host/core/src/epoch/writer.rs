//! Writes an epoch's bytes, as `host/docs/epoch-format.md` specifies them.

use super::aligned::Aligned;
use super::error::BuildError;
use super::format::{LENGTH_AT, MAGIC, VERSION};
use super::header::Header;

/// Writes an epoch: the header first, then each section in the format's order, then [`Writer::finish`].
pub(super) struct Writer {
    /// Every section is padded to whole words.
    words: Vec<u64>,
}

/// How many rows and columns an epoch has, for its header.
pub(super) struct Counts {
    pub(super) payees: u32,
    pub(super) nodes: u32,
    pub(super) edges: u32,
    pub(super) node_metrics: u32,
    pub(super) node_labels: u32,
    pub(super) edge_metrics: u32,
    pub(super) edge_labels: u32,
}

impl Writer {
    pub(super) fn new(header: &Header, counts: &Counts) -> Writer {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&header.pool.asset.decimals().to_le_bytes());
        out.extend_from_slice(&header.number.to_le_bytes());
        out.extend_from_slice(&header.window.start.to_le_bytes());
        out.extend_from_slice(&header.window.end.to_le_bytes());
        out.extend_from_slice(&header.pool.amount.to_le_bytes());
        out.extend_from_slice(&[0; 8]); // the length, known at the end
        let Counts { payees, nodes, edges, node_metrics, node_labels, edge_metrics, edge_labels } = counts;
        for count in [payees, nodes, edges, node_metrics, node_labels, edge_metrics, edge_labels, &0] {
            out.extend_from_slice(&count.to_le_bytes());
        }
        let mut writer = Writer { words: Vec::new() };
        writer.extend(&out);
        writer.column(header.pool.asset.symbol().as_bytes());
        writer
    }

    pub(super) fn column<T: bytemuck::NoUninit>(&mut self, rows: &[T]) {
        let content: &[u8] = bytemuck::cast_slice(rows);
        self.words.push(content.len() as u64);
        self.extend(content);
    }

    /// A column of texts; fails where together they are 4 GiB or more.
    pub(super) fn texts<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Result<(), BuildError> {
        let (mut ends, mut content) = (Vec::new(), Vec::new());
        for text in texts {
            content.extend_from_slice(text.as_bytes());
            let end = u32::try_from(content.len());
            ends.push(end.map_err(|_| BuildError::TooLarge("4 GiB of text in one column"))?);
        }
        self.column(&ends);
        self.column(&content);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Aligned {
        self.words[LENGTH_AT / 8] = (self.words.len() * 8) as u64;
        Aligned::from_words(self.words)
    }

    /// Appends bytes, then zeros up to a whole word.
    fn extend(&mut self, bytes: &[u8]) {
        let start = self.words.len();
        self.words.resize(start + bytes.len().div_ceil(8), 0);
        bytemuck::cast_slice_mut(&mut self.words[start..])[..bytes.len()].copy_from_slice(bytes);
    }
}

/// A number of rows or columns, which was checked against the format's bounds.
pub(super) fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

/// The values of these rows, in their order.
pub(super) fn in_order<T: Copy>(column: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|&row| column[row]).collect()
}
