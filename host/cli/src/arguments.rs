//! What can be asked of the program.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::outcome::EXIT_CODES;

/// Divides a reward pool by a rule that anyone can check.
///
/// An epoch holds one period's contributions and pool; a charter names the rule with its parameters; settling gives
/// a receipt and the payouts. The same epoch and charter give the same receipt on every machine.
#[derive(Parser)]
#[command(name = "apportion", version, after_help = EXIT_CODES, after_long_help = LONG_HELP)]
#[command(propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const LONG_HELP: &str = "\
A first try, from the project's folder:
  apportion import tables examples/cooperative/epoch.toml -o month.epoch
  apportion settle --epoch month.epoch --rule equal
  apportion inspect month.epoch
  apportion inspect proportional

Exit codes:
  0  done
  1  the host's fault: a file could not be read or written, the machine could not run the engine
  2  the command line is wrong
  3  the input is refused: an epoch, a charter, parameters, a table, another object
  4  a component is not admitted as a policy
  5  a policy gave no allocation, and the charter says to stop then";

#[derive(Subcommand)]
pub enum Command {
    Settle(SettleArguments),
    Replay(ReplayArguments),
    Import(ImportArguments),
    Inspect(InspectArguments),
    Charter(CharterArguments),
}

/// Divide an epoch's pool and print who gets what
///
/// Prints a table for people, or JSON or CSV for programs. With `-o` the receipt, the payouts and the charter are
/// written too; they can be checked by anyone who has the epoch and the policies.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct SettleArguments {
    /// The epoch: a file made by `apportion import`
    #[arg(long, value_name = "FILE")]
    pub epoch: PathBuf,

    /// The charter: a file made by `apportion charter new` or `apportion import retro-funding`
    #[arg(long, value_name = "FILE", required_unless_present = "rule", conflicts_with = "rule")]
    pub charter: Option<PathBuf>,

    /// Settle by one policy without a charter of your own: a standard policy's name, or a component's file
    #[arg(long, value_name = "NAME|FILE")]
    pub rule: Option<String>,

    /// The rule's parameters, a JSON file; without it the rule's defaults
    #[arg(long, value_name = "FILE", requires = "rule")]
    pub parameters: Option<PathBuf>,

    /// A component that the charter names and that is no standard policy; can be given several times
    #[arg(long = "policy", value_name = "FILE")]
    pub policies: Vec<PathBuf>,

    /// How to print the payouts
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,

    /// In the table, show also those who get nothing
    #[arg(long)]
    pub all: bool,

    /// Write `receipt.json`, `payouts.json`, `charter.json` and `epoch` into this folder
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Replace files that are there with other content
    #[arg(long, requires = "output")]
    pub force: bool,
}

/// How payouts are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// The receipt and the payouts in one object; amounts are strings in base units
    Json,
    /// A row per payee
    Csv,
}

/// Show what another rule would have paid in epochs that are settled
///
/// Nothing is paid or appended: settled epochs are settled anew under each charter given, and the result is held
/// against what was paid. An epoch that the new rule cannot settle is told and left out of every sum.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct ReplayArguments {
    /// A settled epoch: a folder written by `apportion settle -o`; can be given several times
    #[arg(long, value_name = "DIR", required = true)]
    pub settled: Vec<PathBuf>,

    /// A charter to try: a file made by `apportion charter new`; can be given several times
    #[arg(long = "charter", value_name = "FILE", required = true)]
    pub charters: Vec<PathBuf>,

    /// A component that a charter names and that is no standard policy; can be given several times
    #[arg(long = "policy", value_name = "FILE")]
    pub policies: Vec<PathBuf>,

    /// How to print: a summary, or everything as JSON (a line per charter) or CSV (a row per charter, epoch, payee)
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,

    /// In the summary, show every payee
    #[arg(long)]
    pub all: bool,

    /// Write a page for everyone to read, which opens offline; of a second charter with `-2` in its name
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Replace files that are there with other content
    #[arg(long, requires = "html")]
    pub force: bool,
}

/// Say in words what a file is and what it holds
///
/// Knows epochs, policies (components), charters, receipts and payouts. A standard policy can be named without a
/// file.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct InspectArguments {
    /// The object: a file, or the name of a standard policy
    #[arg(value_name = "FILE|NAME", required = true)]
    pub objects: Vec<String>,
}

/// Make an epoch from your data
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub struct ImportArguments {
    #[command(subcommand)]
    pub source: ImportSource,
}

#[derive(Subcommand)]
pub enum ImportSource {
    Tables(TablesArguments),
    RetroFunding(RetroFundingArguments),
}

/// From tables: nodes and edges in CSV, Parquet or JSON Lines, described by a small TOML file
///
/// `examples/cooperative/` in the project can be copied; `host/import/README.md` explains every key and column.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct TablesArguments {
    /// The description: number, window, pool and tables
    #[arg(value_name = "EPOCH.toml")]
    pub description: PathBuf,

    /// Where to write the epoch
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Replace the file if it is there with other content
    #[arg(long)]
    pub force: bool,
}

/// From one month of Optimism's Retro Funding, in that repository's own layout
///
/// Reads `data/*.csv` (or `.csv.gz`) and `weights/*.yaml` of the month's folder and writes `epoch` and
/// `charter.json` with that month's parameters.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct RetroFundingArguments {
    /// The month's folder, with `data/` and `weights/`
    #[arg(value_name = "MONTH_DIR")]
    pub month: PathBuf,

    /// Which of the two programmes
    #[arg(long, value_enum)]
    pub track: Track,

    /// The folder to write `epoch` and `charter.json` into
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// The epoch's number; without it the measured month counted from January 2025, which is 0
    #[arg(long, value_name = "N")]
    pub number: Option<u64>,

    /// The pool in whole OP, as in `1300000.5`; without it the month's own budget
    #[arg(long, value_name = "AMOUNT")]
    pub pool: Option<String>,

    /// Replace files that are there with other content
    #[arg(long)]
    pub force: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Track {
    /// Developer tools, by the rule called arcturus
    Devtooling,
    /// On-chain builders, by the rule called goldilocks
    Onchain,
}

/// Work with charters: which policies divide a programme's pools
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub struct CharterArguments {
    #[command(subcommand)]
    pub action: CharterAction,
}

#[derive(Subcommand)]
pub enum CharterAction {
    New(NewCharterArguments),
}

/// Write a charter from a draft in TOML
///
/// A draft names its policies by a standard policy's name or by a component's file:
///
///   name = "Our cooperative"
///   on_fault = "stop"            # or "retain": the policy's portion stays in the treasury
///
///   [[policies]]
///   policy = "proportional"
///   portion = 70                 # in relation to the other portions
///   [policies.parameters]
///   edge_kinds = { relied-on = 1.0, derived-from = 2.0 }
///
///   [[policies]]
///   policy = "equal"
///   portion = 30
///
/// Limits can be set in a table `[limits]`: instructions, memory, table, transfer, output.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = EXIT_CODES)]
pub struct NewCharterArguments {
    /// The draft
    #[arg(value_name = "DRAFT.toml")]
    pub draft: PathBuf,

    /// Where to write the charter
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Replace the file if it is there with other content
    #[arg(long)]
    pub force: bool,
}
