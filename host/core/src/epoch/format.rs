//! The epoch's bytes: written here, found again here, checked here. Specified in `host/docs/epoch-format.md`.
//!
//! A fixed header, then sections in a fixed order, each its length in bytes, its content, and zeros up to a multiple
//! of eight. So every column lies where it can be read in place, and there is one way to write an epoch.

use std::io::Read;

use crate::graph::{MAX_COLUMNS, MAX_ROWS, NO_PAYEE, Texts};
use crate::money::{Asset, Pool};
use crate::text::{TextProblem, check_name, check_word};

use super::{Header, MAX_NUMBER, Window};

#[cfg(target_endian = "big")]
compile_error!("epochs are read in place and their columns are little-endian");

pub(super) const MAGIC: &[u8; 16] = b"apportion epoch\n";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 104;

/// Why bytes are not an epoch.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    /// The bytes do not begin as an epoch does.
    #[error("not an epoch: it does not begin with `apportion epoch`")]
    NotAnEpoch,
    /// A later format, or a damaged version number.
    #[error("the epoch's format is version {0}; this engine reads version {VERSION}")]
    Version(u32),
    /// Bytes are missing at the end, or there are more than the epoch says it has.
    #[error("the epoch is cut short or damaged: it says it has {stated} bytes and there are {given}")]
    Length {
        /// What the header says.
        stated: u64,
        /// What is there.
        given: u64,
    },
    /// The content breaks a rule of the format.
    #[error("the epoch is damaged: {place}: {problem}")]
    Damaged {
        /// The part of the file, with the row where there is one.
        place: String,
        /// Which rule is broken.
        problem: String,
    },
    /// The bytes could not be read.
    #[error("the epoch could not be read: {0}")]
    Read(#[from] std::io::Error),
}

fn damaged(place: impl Into<String>, problem: impl Into<String>) -> EpochError {
    EpochError::Damaged { place: place.into(), problem: problem.into() }
}

/// Bytes that begin at a multiple of eight, so that columns can be read in place.
pub(super) struct Aligned {
    words: Vec<u64>,
    length: usize,
}

impl Aligned {
    pub(super) fn copied(bytes: &[u8]) -> Aligned {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        bytemuck::cast_slice_mut::<u64, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Aligned { words, length: bytes.len() }
    }

    pub(super) fn read(mut reader: impl Read, length: u64) -> Result<Aligned, EpochError> {
        // The start is read first: a huge file that is not an epoch must not take its size in memory.
        let mut start = [0; HEADER_BYTES];
        let given = read_up_to(&mut reader, &mut start)?;
        if start.get(..given.min(MAGIC.len())) != Some(&MAGIC[..given.min(MAGIC.len())]) || given == 0 {
            return Err(EpochError::NotAnEpoch);
        }
        let stated = u64_at(&start, 64).unwrap_or(0);
        let size = usize::try_from(length).map_err(|_| EpochError::Length { stated, given: length })?;
        if stated != length || size < HEADER_BYTES {
            return Err(EpochError::Length { stated, given: length });
        }
        let mut words = vec![0_u64; size.div_ceil(8)];
        let bytes = &mut bytemuck::cast_slice_mut::<u64, u8>(&mut words)[..size];
        bytes[..HEADER_BYTES].copy_from_slice(&start);
        let more = read_up_to(&mut reader, &mut bytes[HEADER_BYTES..])?;
        if HEADER_BYTES + more != size || reader.read(&mut [0])? != 0 {
            return Err(EpochError::Length { stated, given: (HEADER_BYTES + more) as u64 });
        }
        Ok(Aligned { words, length: size })
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &bytemuck::cast_slice::<u64, u8>(&self.words)[..self.length]
    }
}

/// Fills as much of `buffer` as the reader has.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Where a section's content lies.
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

/// Where everything lies.
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
    Texts { ends: column(bytes, &sections.ends), bytes: column(bytes, &sections.bytes) }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// Walks over the sections in their order.
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

    /// A dictionary says itself how many words it has.
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
    let short = || EpochError::Length { stated: u64_at(bytes, 64).unwrap_or(0), given };
    let fixed = bytes.get(..HEADER_BYTES).ok_or_else(short)?;
    let number = |at: usize| u32_at(fixed, at).ok_or_else(short);
    let long = |at: usize| u64_at(fixed, at).ok_or_else(short);

    match number(16)? {
        VERSION => {}
        other => return Err(EpochError::Version(other)),
    }
    if long(64)? != given {
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

/// Checks the content of every section, so that nobody has to check again; returns where each node's edges begin.
pub(super) fn check(bytes: &[u8], layout: &Layout) -> Result<Vec<u32>, EpochError> {
    let payees = checked_texts(bytes, &layout.payee_ids, "payee ids", check_name)?;
    check_sorted(payees, "payee ids")?;
    checked_texts(bytes, &layout.payee_names, "payee names", |name| {
        if name.is_empty() { Ok(()) } else { check_name(name) }
    })?;
    check_sorted(checked_texts(bytes, &layout.node_ids, "node ids", check_name)?, "node ids")?;

    check_dictionary(bytes, &layout.node_kinds, &layout.node_kind, "node kind", Dictionary::Kinds)?;
    check_numbers(bytes, &layout.node_weight, "node weight", Sign::NotNegative)?;
    check_indexes(bytes, &layout.node_payee, "node payee", |payee| {
        payee == NO_PAYEE || (payee as usize) < payees.len()
    })?;

    let is_node = |node: u32| (node as usize) < layout.nodes;
    check_indexes(bytes, &layout.edge_source, "edge source", is_node)?;
    check_indexes(bytes, &layout.edge_target, "edge target", is_node)?;
    check_dictionary(bytes, &layout.edge_kinds, &layout.edge_kind, "edge kind", Dictionary::Kinds)?;
    check_numbers(bytes, &layout.edge_weight, "edge weight", Sign::NotNegative)?;

    check_columns(bytes, &layout.node_columns, "node")?;
    check_columns(bytes, &layout.edge_columns, "edge")?;

    let order = EdgeOrder::new(bytes, layout);
    if let Some(row) = (1..layout.edges).find(|&row| order.compare(row - 1, row).is_gt()) {
        return Err(damaged(format!("edge {row}"), "it stands before an edge that sorts after it"));
    }
    Ok(offsets(column(bytes, &layout.edge_source), layout.nodes))
}

/// Where the edges that leave each node begin, and as a last number where they end. `sources` is sorted.
fn offsets(sources: &[u32], nodes: usize) -> Vec<u32> {
    let mut offsets = vec![0_u32; nodes + 1];
    for &source in sources {
        offsets[source as usize + 1] += 1;
    }
    let mut sum = 0;
    for offset in &mut offsets {
        sum += *offset;
        *offset = sum;
    }
    offsets
}

/// The order of edges: source, target, kind, time, weight, then metrics and labels in the order of their columns.
struct EdgeOrder<'a> {
    source: &'a [u32],
    target: &'a [u32],
    kind: &'a [u32],
    time: &'a [i64],
    weight: &'a [f64],
    metrics: Vec<&'a [f64]>,
    labels: Vec<&'a [u32]>,
}

impl<'a> EdgeOrder<'a> {
    fn new(bytes: &'a [u8], layout: &Layout) -> EdgeOrder<'a> {
        EdgeOrder {
            source: column(bytes, &layout.edge_source),
            target: column(bytes, &layout.edge_target),
            kind: column(bytes, &layout.edge_kind),
            time: column(bytes, &layout.edge_time),
            weight: column(bytes, &layout.edge_weight),
            metrics: layout.edge_columns.metrics.iter().map(|metric| column(bytes, metric)).collect(),
            labels: layout.edge_columns.labels.iter().map(|(_, rows)| column(bytes, rows)).collect(),
        }
    }

    fn compare(&self, a: usize, b: usize) -> std::cmp::Ordering {
        let first = (self.source[a], self.target[a], self.kind[a], self.time[a]);
        first
            .cmp(&(self.source[b], self.target[b], self.kind[b], self.time[b]))
            .then_with(|| self.weight[a].total_cmp(&self.weight[b]))
            .then_with(|| compare_further(&self.metrics, &self.labels, a, b))
    }
}

/// The last part of the order of edges, which the builder sorts by too.
pub(super) fn compare_further(
    metrics: &[&[f64]],
    labels: &[&[u32]],
    a: usize,
    b: usize,
) -> std::cmp::Ordering {
    let metrics = metrics.iter().map(|column| column[a].total_cmp(&column[b]));
    let labels = labels.iter().map(|column| column[a].cmp(&column[b]));
    metrics.chain(labels).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

fn checked_texts<'a>(
    bytes: &'a [u8],
    sections: &TextSections,
    name: &str,
    check: impl Fn(&str) -> Result<(), TextProblem>,
) -> Result<Texts<'a>, EpochError> {
    let texts = texts(bytes, sections);
    let mut start = 0;
    for (row, &end) in texts.ends.iter().enumerate() {
        let place = || format!("{name}, row {row}");
        let content =
            texts.bytes.get(start..end as usize).ok_or_else(|| damaged(place(), "it is out of its place"))?;
        let text = std::str::from_utf8(content).map_err(|_| damaged(place(), "it is not UTF-8"))?;
        check(text).map_err(|problem| damaged(place(), format!("the text {problem}")))?;
        start = end as usize;
    }
    if start != texts.bytes.len() {
        return Err(damaged(name, "there is text that belongs to no row"));
    }
    Ok(texts)
}

fn check_sorted(texts: Texts<'_>, name: &str) -> Result<(), EpochError> {
    let mut sorted = texts.iter().zip(texts.iter().skip(1)).enumerate();
    match sorted.find(|(_, (before, after))| before >= after) {
        Some((row, _)) => {
            Err(damaged(format!("{name}, row {}", row + 1), "it is not after the row before it"))
        }
        None => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Dictionary {
    Kinds,
    Words,
}

/// A dictionary is sorted and holds exactly the words that its column uses; of labels, first the empty word too.
fn check_dictionary(
    bytes: &[u8],
    words: &TextSections,
    rows: &Section,
    name: &str,
    dictionary: Dictionary,
) -> Result<(), EpochError> {
    let kinds = dictionary == Dictionary::Kinds;
    let words = checked_texts(bytes, words, name, if kinds { check_name } else { check_word })?;
    check_sorted(words, name)?;
    if !kinds && words.get(0) != Some("") {
        return Err(damaged(name, "its first word is not the empty one"));
    }
    let mut used = vec![false; words.len()];
    if let (false, Some(empty)) = (kinds, used.first_mut()) {
        *empty = true;
    }
    for (row, &word) in column::<u32>(bytes, rows).iter().enumerate() {
        match used.get_mut(word as usize) {
            Some(used) => *used = true,
            None => return Err(damaged(format!("{name}, row {row}"), format!("there is no word {word}"))),
        }
    }
    match used.iter().position(|used| !used) {
        Some(word) => Err(damaged(name, format!("no row uses word {word}"))),
        None => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Any,
    NotNegative,
}

/// Numbers are finite, and zero has one spelling: not -0.
fn check_numbers(bytes: &[u8], section: &Section, name: &str, sign: Sign) -> Result<(), EpochError> {
    let wrong = |value: &f64| {
        !value.is_finite() || (value.is_sign_negative() && (sign == Sign::NotNegative || *value == 0.0))
    };
    match column::<f64>(bytes, section).iter().position(wrong) {
        Some(row) => Err(damaged(format!("{name}, row {row}"), "the number is not one that may stand there")),
        None => Ok(()),
    }
}

fn check_indexes(
    bytes: &[u8],
    section: &Section,
    name: &str,
    valid: impl Fn(u32) -> bool,
) -> Result<(), EpochError> {
    match column::<u32>(bytes, section).iter().position(|&index| !valid(index)) {
        Some(row) => Err(damaged(format!("{name}, row {row}"), "it points to nothing")),
        None => Ok(()),
    }
}

fn check_columns(bytes: &[u8], columns: &ColumnSet, of: &str) -> Result<(), EpochError> {
    for (names, what) in [(&columns.metric_names, "metrics"), (&columns.label_names, "labels")] {
        let place = format!("names of {of} {what}");
        check_sorted(checked_texts(bytes, names, &place, check_name)?, &place)?;
    }
    for (n, metric) in columns.metrics.iter().enumerate() {
        check_numbers(bytes, metric, &format!("{of} metric {n}"), Sign::Any)?;
    }
    for (n, (dictionary, rows)) in columns.labels.iter().enumerate() {
        check_dictionary(bytes, dictionary, rows, &format!("{of} label {n}"), Dictionary::Words)?;
    }
    Ok(())
}

/// Writes an epoch: the header first, then each section in the format's order, then [`Writer::finish`].
pub(super) struct Writer {
    out: Vec<u8>,
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
        let mut writer = Writer { out };
        writer.column(header.pool.asset.symbol().as_bytes());
        writer
    }

    pub(super) fn column<T: bytemuck::NoUninit>(&mut self, rows: &[T]) {
        let content: &[u8] = bytemuck::cast_slice(rows);
        self.out.extend_from_slice(&(content.len() as u64).to_le_bytes());
        self.out.extend_from_slice(content);
        self.out.resize(self.out.len().next_multiple_of(8), 0);
    }

    /// A column of texts; fails where together they are 4 GiB or more.
    pub(super) fn texts<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Result<(), TooMuchText> {
        let (mut ends, mut content) = (Vec::new(), Vec::new());
        for text in texts {
            content.extend_from_slice(text.as_bytes());
            ends.push(u32::try_from(content.len()).map_err(|_| TooMuchText)?);
        }
        self.column(&ends);
        self.column(&content);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let length = (self.out.len() as u64).to_le_bytes();
        self.out[64..72].copy_from_slice(&length);
        self.out
    }
}

/// A column's texts are together longer than its 32-bit ends can say.
pub(super) struct TooMuchText;
