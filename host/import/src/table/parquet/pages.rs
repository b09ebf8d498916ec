//! Pages held to what they can be before the Parquet reader believes them: it makes room for whatever a header or a
//! count inside a page claims, and unpacks gzip to its end, so that a few bytes could fill the memory.

use std::fs::File;

use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::RowGroupReader;

use crate::limits::{Bound, Quota};
use crate::source::Source;

use super::delta::Lengths;
use super::headers::{Header, Kind};

/// How LZ4's frames begin, in which the Parquet reader unpacks as much as comes.
const LZ4_FRAMES: [[u8; 4]; 2] = [[0x04, 0x22, 0x4d, 0x18], [0x02, 0x21, 0x4c, 0x18]];

/// What the pages of the wanted columns of a row group unpack to, by their headers, which are checked.
#[derive(Default)]
pub(super) struct Sizes {
    /// All pages.
    pub(super) unpacked: u64,
    /// Dictionaries, which are all held at once.
    dictionaries: usize,
    /// Pages whose values repeat the values before them: each value may be as long as its page. The sum over columns of
    /// the longest.
    repeating: usize,
}

impl Sizes {
    /// Reads the headers of a column's pages and checks what they claim.
    pub(super) fn add(&mut self, source: &Source, chunk: &ColumnChunkMetaData) -> Result<()> {
        let file = source.file().map_err(|fault| ParquetError::General(fault.to_string()))?;
        let (mut at, length) = chunk.byte_range();
        let end = at.saturating_add(length);
        let mut repeating = 0;
        while at < end {
            let header = Header::read(&file, at, end)?;
            let start = at.saturating_add(header.length);
            at = start.saturating_add(u64::from(header.packed));
            if at > end {
                return Err(ParquetError::EOF("a page ends behind its column".to_owned()));
            }
            let unpacked = header.unpacked as usize;
            source.quota.check(Bound::Document, unpacked).map_err(external)?;
            check_packed(&file, start, &header, chunk.compression())?;
            self.unpacked = self.unpacked.saturating_add(u64::from(header.unpacked));
            match header.kind {
                Kind::Dictionary => self.dictionaries = self.dictionaries.saturating_add(unpacked),
                Kind::Data { is_repeating: true } => repeating = repeating.max(unpacked),
                Kind::Data { is_repeating: false } | Kind::Other => {}
            }
        }
        self.repeating = self.repeating.saturating_add(repeating);
        source.quota.check(Bound::Document, self.dictionaries).map_err(external)
    }

    /// Whether there are values that repeat the values before them.
    pub(super) fn is_repeating(&self) -> bool {
        self.repeating > 0
    }

    /// How many rows can be decoded at once, of at most `most`.
    pub(super) fn batch_rows(&self, most: usize, quota: &Quota) -> usize {
        quota.length(Bound::Document).checked_div(self.repeating).unwrap_or(most).clamp(1, most)
    }
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// Checks what the Parquet reader does not: that a page unpacks to no more than its header says.
fn check_packed(file: &File, start: u64, header: &Header, compression: Compression) -> Result<()> {
    if !header.is_packed {
        return Ok(());
    }
    let levels = u64::from(header.levels);
    let packed = || {
        let length = u64::from(header.packed).saturating_sub(levels);
        super::headers::part(file, start.saturating_add(levels), length)
    };
    match compression {
        Compression::GZIP(_) => {
            let most = u64::from(header.unpacked).saturating_sub(levels);
            let mut text = std::io::Read::take(MultiGzDecoder::new(packed()?), most.saturating_add(1));
            if std::io::copy(&mut text, &mut std::io::sink())? > most {
                return Err(ParquetError::General("a page unpacks to more than its header says".to_owned()));
            }
            Ok(())
        }
        Compression::LZ4 => {
            let mut first = [0; 4];
            let read = std::io::Read::read(&mut packed()?, &mut first)?;
            if read == first.len() && LZ4_FRAMES.contains(&first) {
                return Err(ParquetError::General(
                    "it is packed with frames of LZ4, which are not read".to_owned(),
                ));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A column of a row group, its pages checked.
pub(super) fn column(group: &dyn RowGroupReader, index: usize) -> Result<ColumnReader> {
    let description = group.metadata().schema_descr().column(index);
    let has_levels = description.max_def_level() > 0;
    let pages = Checked { pages: group.get_column_page_reader(index)?, has_levels };
    Ok(get_column_reader(description, Box::new(pages)))
}

struct Checked {
    pages: Box<dyn PageReader>,
    has_levels: bool,
}

impl Checked {
    fn check(&self, page: Option<Page>) -> Result<Option<Page>> {
        match &page {
            // Every value of a dictionary takes at least a byte.
            Some(Page::DictionaryPage { buf, num_values, .. }) if *num_values as usize > buf.len() => {
                let (values, bytes) = (num_values, buf.len());
                Err(ParquetError::General(format!(
                    "a dictionary of {bytes} bytes says that it has {values} values"
                )))
            }
            Some(Page::DataPage { buf, num_values, encoding, def_level_encoding, .. }) => {
                let levels = match (self.has_levels, def_level_encoding) {
                    (false, _) => 0,
                    #[expect(deprecated, reason = "old files have it")]
                    (true, Encoding::BIT_PACKED) => (*num_values as usize).div_ceil(8),
                    (true, _) => {
                        let length = buf.first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes));
                        4_usize.saturating_add(length as usize)
                    }
                };
                check_lengths(buf.get(levels..).unwrap_or_default(), *encoding, *num_values)?;
                Ok(page)
            }
            Some(Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            }) => {
                let levels = (*def_levels_byte_len as usize).saturating_add(*rep_levels_byte_len as usize);
                check_lengths(buf.get(levels..).unwrap_or_default(), *encoding, *num_values)?;
                Ok(page)
            }
            _ => Ok(page),
        }
    }
}

/// Encodings that begin with the lengths of all texts say themselves how many there are.
fn check_lengths(values: &[u8], encoding: Encoding, num_values: u32) -> Result<()> {
    let lists = match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => return Ok(()),
    };
    let mut rest = values;
    for _ in 0..lists {
        let damaged = || ParquetError::General("the lengths of a page's texts are damaged".to_owned());
        let lengths = Lengths::parse(rest).ok_or_else(damaged)?;
        if lengths.count > u64::from(num_values) {
            let count = lengths.count;
            return Err(ParquetError::General(format!(
                "a page of {num_values} values says that it has {count} texts"
            )));
        }
        rest = lengths.rest().ok_or_else(damaged)?;
    }
    Ok(())
}

impl PageReader for Checked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        self.check(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.pages.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        let page = self.pages.take_deferred_dictionary()?;
        self.check(page)
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for Checked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}
