//! Where results go, and in which form.

use std::borrow::Cow;
use std::path::PathBuf;

use apportion_import::spreadsheet::guard_cell;
use clap::{Args, ValueEnum};

/// The one file that a command makes.
#[derive(Args)]
pub struct OutputFile {
    /// Where to write it
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Replace the file if it is there with other content
    #[arg(long)]
    pub force: bool,
}

impl OutputFile {
    /// Where it is, for people.
    pub fn display(&self) -> std::path::Display<'_> {
        self.output.display()
    }
}

/// How payouts are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// The receipt and the payouts in one object; amounts are strings in base units
    Json,
    /// A row per payee, for spreadsheets: text that one would run as a formula (it begins with = + - @, a tab or a line
    /// break) has an apostrophe before it; numbers are as they are
    Csv,
    /// A row per payee, for programs: text as it is
    CsvRaw,
}

impl Format {
    /// How cells of text are written, if this is CSV.
    pub fn cells(self) -> Option<Cells> {
        match self {
            Format::Table | Format::Json => None,
            Format::Csv => Some(Cells::Guarded),
            Format::CsvRaw => Some(Cells::Raw),
        }
    }
}

/// How cells of text are written. Cells of numbers are always written as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cells {
    /// So that no spreadsheet runs them.
    Guarded,
    Raw,
}

impl Cells {
    /// A cell of text.
    pub fn text(self, text: &str) -> Cow<'_, str> {
        match self {
            Cells::Guarded => guard_cell(text),
            Cells::Raw => Cow::Borrowed(text),
        }
    }
}

/// How something about one payee is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TextFormat {
    /// For people
    Text,
    /// One object; amounts are strings in base units
    Json,
}
