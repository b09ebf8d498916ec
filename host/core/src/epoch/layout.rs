//! Where everything is in an epoch's bytes, as `host/docs/epoch-format.md` specifies them.
//!
//! A fixed header, then sections in a fixed order: each its length in bytes, its content, and zeros up to a multiple
//! of eight. So every column can be read in place, and there is only one way to write an epoch.

use crate::money::{Asset, Pool};

use super::aligned::{u32_at, u64_at};
use super::error::{EpochError, damaged};
use super::format::{HEADER_BYTES, LENGTH_AT, MAGIC, VERSION};
use super::graph::{MAX_COLUMNS, MAX_ROWS, Texts};
use super::header::{Header, MAX_NUMBER, Window};

/// Where a section's content is.
#[derive(Clone, Copy)]
pub(super) struct Section {
    start: usize,
    bytes: usize,
}

/// A column of texts: where each ends, then their bytes without separators.
#[derive(Clone, Copy)]
pub(super) struct TextSections {
    ends: Section,
    bytes: Section,
}

/// The metrics and labels of nodes or of edges.
pub(super) struct ColumnSet {
    pub(super) metric_names: TextSections,
    pub(super) metrics: Vec<Section>,
    pub(super) label_names: TextSections,
    pub(super) labels: Vec<(TextSections, Section)>,
}

/// Where every column is.
pub(super) struct Layout {
    pub(super) nodes: usize,
    pub(super) edges: usize,
    pub(super) payee_ids: TextSections,
    pub(super) payee_names: TextSections,
    pub(super) node_kinds: TextSections,
    pub(super) edge_kinds: TextSections,
    pub(super) node_ids: TextSections,
    pub(super) node_kind: Section,
    pub(super) node_weight: Section,
    pub(super) node_time: Section,
    pub(super) node_payee: Section,
    pub(super) edge_source: Section,
    pub(super) edge_target: Section,
    pub(super) edge_kind: Section,
    pub(super) edge_weight: Section,
    pub(super) edge_time: Section,
    pub(super) node_columns: ColumnSet,
    pub(super) edge_columns: ColumnSet,
}

/// A column in place. The layout was checked: the section is inside the bytes, aligned and of whole numbers.
pub(super) fn column<'a, T: bytemuck::AnyBitPattern>(bytes: &'a [u8], section: &Section) -> &'a [T] {
    let content = bytes.get(section.start..section.start + section.bytes).unwrap_or(&[]);
    bytemuck::try_cast_slice(content).unwrap_or(&[])
}

pub(super) fn texts<'a>(bytes: &'a [u8], sections: &TextSections) -> Texts<'a> {
    Texts::new(column(bytes, &sections.ends), column(bytes, &sections.bytes))
}

/// Visits the sections in their order.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn section(&mut self, name: &str) -> Result<Section, EpochError> {
        let beyond = || damaged(name, "it reaches beyond the end of the file");
        let stated = u64_at(self.bytes, self.at).ok_or_else(beyond)?;
        let length = usize::try_from(stated).map_err(|_| beyond())?;
        let start = self.at + 8;
        let end = start.checked_add(length).ok_or_else(beyond)?;
        let next = end.checked_next_multiple_of(8).ok_or_else(beyond)?;
        let padding = self.bytes.get(end..next).ok_or_else(beyond)?;
        if padding.iter().any(|&byte| byte != 0) {
            return Err(damaged(name, "the bytes after it are not zero"));
        }
        self.at = next;
        Ok(Section { start, bytes: length })
    }

    /// A column of `rows` numbers of `width` bytes.
    fn column(&mut self, name: &str, rows: usize, width: usize) -> Result<Section, EpochError> {
        let section = self.section(name)?;
        if Some(section.bytes) != rows.checked_mul(width) {
            return Err(damaged(
                name,
                format!("it has {} bytes where {rows} rows of {width} belong", section.bytes),
            ));
        }
        Ok(section)
    }

    fn texts(&mut self, name: &str, rows: usize) -> Result<TextSections, EpochError> {
        Ok(TextSections { ends: self.column(name, rows, 4)?, bytes: self.section(name)? })
    }

    /// A dictionary states by its length how many words it has.
    fn dictionary(&mut self, name: &str) -> Result<TextSections, EpochError> {
        let ends = self.section(name)?;
        if !ends.bytes.is_multiple_of(4) {
            return Err(damaged(name, "its length is not that of whole numbers"));
        }
        Ok(TextSections { ends, bytes: self.section(name)? })
    }

    fn column_set(
        &mut self,
        of: &str,
        rows: usize,
        metrics: usize,
        labels: usize,
    ) -> Result<ColumnSet, EpochError> {
        let metric_names = self.texts(&format!("names of {of} metrics"), metrics)?;
        let metrics = (0..metrics)
            .map(|n| self.column(&format!("{of} metric {n}"), rows, 8))
            .collect::<Result<_, _>>()?;
        let label_names = self.texts(&format!("names of {of} labels"), labels)?;
        let labels = (0..labels)
            .map(|n| {
                let name = format!("{of} label {n}");
                Ok((self.dictionary(&name)?, self.column(&name, rows, 4)?))
            })
            .collect::<Result<_, EpochError>>()?;
        Ok(ColumnSet { metric_names, metrics, label_names, labels })
    }
}

/// Reads the header and finds every section.
pub(super) fn locate(bytes: &[u8]) -> Result<(Header, Layout), EpochError> {
    if !bytes.starts_with(MAGIC) {
        return Err(EpochError::NotAnEpoch);
    }
    let given = bytes.len() as u64;
    let short = || EpochError::Length { stated: u64_at(bytes, LENGTH_AT).unwrap_or(0), given };
    let fixed = bytes.get(..HEADER_BYTES).ok_or_else(short)?;
    let number = |at: usize| u32_at(fixed, at).ok_or_else(short);
    let long = |at: usize| u64_at(fixed, at).ok_or_else(short);

    match number(16)? {
        VERSION => {}
        other => return Err(EpochError::Version(other)),
    }
    if long(LENGTH_AT)? != given {
        return Err(short());
    }
    let window = Window { start: long(32)?.cast_signed(), end: long(40)?.cast_signed() };
    if window.start >= window.end {
        return Err(damaged("header", "the window ends before it begins"));
    }
    if long(24)? > MAX_NUMBER {
        return Err(damaged("header", "the epoch's number is more than 2^53"));
    }
    let count = |at: usize, most: usize, what: &str| {
        let count = number(at)? as usize;
        if count <= most {
            Ok(count)
        } else {
            Err(damaged("header", format!("{count} {what} are more than {most}")))
        }
    };
    let (payees, nodes, edges) =
        (count(72, MAX_ROWS, "payees")?, count(76, MAX_ROWS, "nodes")?, count(80, MAX_ROWS, "edges")?);
    let columns = |at: usize| count(at, MAX_COLUMNS, "columns");
    let (node_metrics, node_labels) = (columns(84)?, columns(88)?);
    let (edge_metrics, edge_labels) = (columns(92)?, columns(96)?);
    if number(100)? != 0 {
        return Err(damaged("header", "the reserved bytes are not zero"));
    }

    let mut walk = Walk { bytes, at: HEADER_BYTES };
    let symbol = walk.section("asset")?;
    let symbol =
        std::str::from_utf8(column(bytes, &symbol)).map_err(|_| damaged("asset", "it is not UTF-8"))?;
    let asset = Asset::new(symbol, number(20)?).map_err(|error| damaged("asset", error.to_string()))?;
    let amount = u128::from(long(48)?) | u128::from(long(56)?) << 64;
    let header = Header { number: long(24)?, window, pool: Pool { asset, amount } };

    let layout = Layout {
        nodes,
        edges,
        payee_ids: walk.texts("payee ids", payees)?,
        payee_names: walk.texts("payee names", payees)?,
        node_kinds: walk.dictionary("node kinds")?,
        edge_kinds: walk.dictionary("edge kinds")?,
        node_ids: walk.texts("node ids", nodes)?,
        node_kind: walk.column("node kind", nodes, 4)?,
        node_weight: walk.column("node weight", nodes, 8)?,
        node_time: walk.column("node time", nodes, 8)?,
        node_payee: walk.column("node payee", nodes, 4)?,
        edge_source: walk.column("edge source", edges, 4)?,
        edge_target: walk.column("edge target", edges, 4)?,
        edge_kind: walk.column("edge kind", edges, 4)?,
        edge_weight: walk.column("edge weight", edges, 8)?,
        edge_time: walk.column("edge time", edges, 8)?,
        node_columns: walk.column_set("node", nodes, node_metrics, node_labels)?,
        edge_columns: walk.column_set("edge", edges, edge_metrics, edge_labels)?,
    };
    if walk.at != bytes.len() {
        return Err(damaged("end", "there is more after the last column"));
    }
    Ok((header, layout))
}
