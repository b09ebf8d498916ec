//! Pages held to what they can be, before the Parquet reader believes them: it makes room for as many values as a
//! dictionary says that it has, which a few bytes can say to be billions.

use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::RowGroupReader;

/// A column of a row group, its pages checked.
pub(super) fn column(group: &dyn RowGroupReader, index: usize) -> Result<ColumnReader> {
    let pages = Checked(group.get_column_page_reader(index)?);
    Ok(get_column_reader(group.metadata().schema_descr().column(index), Box::new(pages)))
}

struct Checked(Box<dyn PageReader>);

/// Every value of a dictionary takes at least a byte.
fn checked(page: Option<Page>) -> Result<Option<Page>> {
    match &page {
        Some(Page::DictionaryPage { buf, num_values, .. }) if *num_values as usize > buf.len() => {
            let (values, bytes) = (num_values, buf.len());
            Err(ParquetError::General(format!(
                "a dictionary of {bytes} bytes says that it has {values} values"
            )))
        }
        _ => Ok(page),
    }
}

impl PageReader for Checked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        checked(self.0.get_next_page()?)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.0.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        checked(self.0.take_deferred_dictionary()?)
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.0.at_record_boundary()
    }
}

impl Iterator for Checked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}
