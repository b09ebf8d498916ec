//! What can be asked of the program.

mod charters;
mod data;
mod epochs;
mod policies;

use std::borrow::Cow;
use std::path::PathBuf;

use apportion_import::spreadsheet::guard_cell;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::outcome::EXIT_CODES;

pub use charters::{
    AdoptArguments, CharterAction, CharterArguments, NewCharterArguments, ProposeArguments, ShowArguments,
    SignArguments, VerifyArguments,
};
pub use data::{
    GitArguments, HistoryArguments, ImportArguments, ImportSource, PayeeIds, RetroFundingArguments,
    SourcecredArguments, TablesArguments, Track, TryArguments, TrySource,
};
pub use epochs::{
    AuditArguments, AuditFormat, CheckProofArguments, ExplainArguments, InspectArguments, ProveArguments,
    ReplayArguments, SettleArguments,
};
pub use policies::{
    BenchPolicyArguments, BuildPolicyArguments, InspectPolicyArguments, NewPolicyArguments, PolicyAction,
    PolicyArguments, TestPolicyArguments,
};

/// Divides a reward pool by a rule that anyone can check.
///
/// An epoch holds one period's contributions and pool; a charter names the rule with its parameters; settling gives
/// a receipt and the payouts. The same epoch and charter give the same receipt on every machine.
#[derive(Parser)]
#[command(name = "apportion", bin_name = "apportion", version, after_help = EXIT_CODES, after_long_help = format!("{FIRST_TRY}\n\n{EXIT_CODES}"))]
#[command(propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,

    #[command(flatten)]
    pub engine: EngineArguments,

    #[command(flatten)]
    pub limits: LimitArguments,
}

/// What policies may take of this machine, whatever their charters allow.
#[derive(Args)]
#[command(next_help_heading = "Limits of this machine")]
pub struct LimitArguments {
    /// How much memory all runs of policies may take together, as `8GiB`
    ///
    /// A run waits until its share is free. One whose charter allows it more than this is not begun, and the program says
    /// so. Without it half of the machine's memory, and 3 GiB at least. Results never depend
    /// on it.
    #[arg(long, value_name = "BYTES", value_parser = crate::limits::bytes, global = true)]
    pub max_memory: Option<u64>,

    /// How many seconds a policy may take to compile, and to run once [default: 300]
    ///
    /// A run that is stopped has no result: nothing is settled, and `verify` and `replay` report the epoch as not
    /// checked and go on.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub timeout: Option<u32>,
}

/// What runs policies, and where compiled ones are kept.
#[derive(Args)]
#[command(next_help_heading = "Compiled policies")]
pub struct EngineArguments {
    /// What makes policies run; results are the same on each, to the byte, and only the time differs
    ///
    /// Without it the environment's APPORTION_BACKEND; else cranelift, but for `apportion policy`, which runs new
    /// components a few times and takes winch where it can.
    #[arg(long, value_enum, global = true)]
    pub backend: Option<BackendName>,

    /// Keep compiled policies in this folder, which nobody else may look into or write to
    ///
    /// What lies there is run as machine code: never take such a folder from someone else. Without it the environment's
    /// APPORTION_CACHE, or `apportion` in the user's cache folder. It can be deleted at any time.
    #[arg(long, value_name = "DIR", global = true)]
    pub cache: Option<PathBuf>,

    /// Keep no compiled policies, and use none
    #[arg(long, global = true, conflicts_with = "cache")]
    pub no_cache: bool,
}

/// What makes policies run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// Machine code by an optimising compiler: the fastest to run
    Cranelift,
    /// Machine code by a one-pass compiler: the fastest to begin
    Winch,
    /// An interpreter: where no machine code may be made
    Pulley,
}

const FIRST_TRY: &str = "\
A first try, in any git repository:
  apportion try git .

And from the project's folder:
  apportion import tables examples/cooperative/epoch.toml -o month.epoch
  apportion settle --epoch month.epoch --rule equal
  apportion inspect month.epoch
  apportion inspect proportional";

#[derive(Subcommand)]
pub enum Command {
    Try(TryArguments),
    Settle(SettleArguments),
    Replay(ReplayArguments),
    Explain(ExplainArguments),
    Audit(AuditArguments),
    Import(ImportArguments),
    Inspect(InspectArguments),
    Prove(ProveArguments),
    CheckProof(CheckProofArguments),
    Charter(CharterArguments),
    Verify(VerifyArguments),
    Policy(PolicyArguments),
}

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
