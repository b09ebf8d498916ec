//! `apportion try` and `apportion import`: people's own data.

use std::path::PathBuf;

use apportion_import::{Bound, Limits};
use clap::{Args, Subcommand, ValueEnum};

use super::output::{Format, OutputFile};
use crate::outcome::EXIT_CODES;

/// See what a rule would pay for data that you have, in one command
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub struct TryArguments {
    #[command(subcommand)]
    pub source: TrySource,
}

#[derive(Subcommand)]
pub enum TrySource {
    Git(TryGitArguments),
}

/// See what a git history would pay, without writing anything
///
/// Reads the history, divides 1,000 units among all who had a part in it, and prints who gets what and why: what
/// `apportion import git` and `apportion settle` do in two steps. `apportion inspect commits` shows the usual rule's
/// parameters, and policies/commits/README.md says in plain words who gets what.
#[derive(Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{TRY_GIT}\n\n{EXIT_CODES}"))]
pub struct TryGitArguments {
    #[command(flatten)]
    pub history: HistoryArguments,

    /// Divide by this policy: a standard policy's name, or a component's file
    #[arg(long, value_name = "NAME|FILE", default_value = "commits")]
    pub rule: String,

    /// The rule's parameters, a JSON file; without it the rule's defaults
    #[arg(long, value_name = "FILE")]
    pub parameters: Option<PathBuf>,

    /// How to print the payouts
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,

    /// In the table, show so many of those who get most
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub top: usize,

    /// In the table, show everybody
    #[arg(long, conflicts_with = "top")]
    pub all: bool,

    /// Write `receipt.json`, `payouts.json`, `charter.json` and `epoch` into this folder
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Replace files that are there with other content
    #[arg(long, requires = "output")]
    pub force: bool,
}

const TRY_GIT: &str = "\
Examples:
  apportion try git .                                   the whole history of this repository
  apportion try git . --month 2025-07 --pool '5000 EUR' one month, and a sum of money
  apportion try git . --after v1.0 --revision v2.0      from one release to the next
  apportion try git . --write-payees people.csv         who is who; correct it, then:
  apportion try git . --payees people.csv";

/// Make an epoch from your data
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub struct ImportArguments {
    #[command(subcommand)]
    pub source: ImportSource,
}

#[derive(Subcommand)]
pub enum ImportSource {
    #[command(visible_alias = "traces")]
    Tables(TablesArguments),
    Git(GitArguments),
    RetroFunding(RetroFundingArguments),
    Sourcecred(SourcecredArguments),
}

/// From tables, provenance documents and traces, described by a small TOML file
///
/// Tables are nodes, edges and payees in CSV, Parquet or JSON Lines. Provenance documents are PROV-JSON; traces are
/// OpenLineage events and OpenTelemetry spans (OTLP in JSON, with the conventions for generative AI). All of them can
/// be combined in one description, and a thing that several name is one.
///
/// `examples/cooperative/` (tables) and `examples/agents/` (traces) in the project can be copied;
/// `host/import/README.md` explains every key and column, and what of each format becomes what.
#[derive(Args)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{DESCRIPTION}\n\n{EXIT_CODES}"))]
pub struct TablesArguments {
    /// The description: number, window, pool, and the files
    #[arg(value_name = "EPOCH.toml")]
    pub description: PathBuf,

    #[command(flatten)]
    pub output: OutputFile,

    #[command(flatten)]
    pub limits: LimitArguments,
}

/// How much an import may take in.
#[derive(Args)]
pub struct LimitArguments {
    /// Allow more of one thing: `unpacked`, `document` or `record` (bytes, as 4GiB), `rows` or `cells`; repeatable
    ///
    /// An import stops with an error before a small file can fill the memory. `unpacked` bounds all files together,
    /// unpacked (1GiB); `document` a JSON document, Parquet page or git object (128MiB); `record` a row, line or
    /// description (16MiB); `rows` and `cells` what is kept (16777216 and 134217728).
    #[arg(long = "limit", value_name = "NAME=N", value_parser = parse_limit)]
    raised: Vec<(Bound, u64)>,
}

impl LimitArguments {
    /// The usual limits with those that were given.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for (bound, value) in &self.raised {
            limits.set(*bound, *value);
        }
        limits
    }
}

/// `rows=5000000`, `unpacked=4GiB`.
fn parse_limit(text: &str) -> Result<(Bound, u64), String> {
    let (name, value) = text.split_once('=').ok_or("write a name and a number, as in `unpacked=4GiB`")?;
    let bound = name.parse::<Bound>().map_err(|error| error.to_string())?;
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let unit = units.iter().find_map(|(unit, shift)| Some((value.strip_suffix(unit)?, *shift)));
    let (digits, shift) = unit.unwrap_or((value, 0));
    let number = digits.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    number.map(|number| (bound, number)).ok_or_else(|| "write a number, as in `unpacked=4GiB`".to_owned())
}

const DESCRIPTION: &str = "\
A description of traces, with a table that says who owns what:
  number = 1
  window = { start = 2025-07-01, end = 2025-08-01 }     # the end is the first moment after it
  pool = { asset = \"EUR\", decimals = 2, amount = \"500.00\" }
  [traces]
  prov = [\"models.prov.json\"]
  openlineage = [\"runs.jsonl.gz\"]
  otlp = [\"june.jsonl\", \"july.jsonl\"]
  [payees]
  files = [\"payees.csv\"]                             # its columns: payee, node, name
From there on:
  apportion import traces EPOCH.toml -o july.epoch
  apportion settle --epoch july.epoch --rule lineage --parameters examples/agents/lineage.json";

/// From a git repository: commits, who had a part in them, and the files they changed
///
/// Writes `epoch` and `charter.json` with the policy `commits`, and prints the command that settles them. Needs no git
/// program and no network, and obeys nothing that the repository's configuration says. `apportion try git` shows the
/// payouts at once; `host/import/README.md` says what becomes a node, an edge, a payee.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct GitArguments {
    #[command(flatten)]
    pub history: HistoryArguments,

    /// The folder to write `epoch` and `charter.json` into
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// Replace files that are there with other content
    #[arg(long)]
    pub force: bool,
}

/// Which part of a git history, and how it is read.
#[derive(Args)]
pub struct HistoryArguments {
    /// The repository: its folder, or any folder in it
    #[arg(value_name = "REPO", default_value = ".")]
    pub repository: PathBuf,

    /// Only what was committed in this month (UTC), as `2025-07`; its epoch has the number 202507
    #[arg(long, value_name = "YYYY-MM", conflicts_with_all = ["from", "to"])]
    pub month: Option<String>,

    /// Only what was committed at this date or later, as `2025-07-01`; the committer's date counts, in UTC
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,

    /// Only what was committed before this date
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,

    /// The newest commit: a branch, a tag, or the beginning of a commit's id
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub revision: String,

    /// Leave out this commit and all before it: where the epoch before ended, so that nothing is lost or paid twice
    #[arg(long, value_name = "REV")]
    pub after: Option<String>,

    /// The epoch's number; without it that of the month, or 1
    #[arg(long, value_name = "N")]
    pub number: Option<u64>,

    /// What is divided, in whole units, and of what
    #[arg(long, value_name = "'AMOUNT ASSET'", default_value = "1000 units")]
    pub pool: String,

    /// How many decimals the asset has
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub decimals: u32,

    /// Also count lines, which reads every version of every file and takes many times as long
    #[arg(long)]
    pub lines: bool,

    /// Do not look at which files were changed, which is the larger part of the work
    #[arg(long, conflicts_with = "lines")]
    pub no_files: bool,

    /// Take this file instead of the repository's own `.mailmap`
    #[arg(long, value_name = "FILE")]
    pub mailmap: Option<PathBuf>,

    /// Who is paid under which id: a CSV with the columns `address` and `payee`; who has an empty one is not paid
    #[arg(long, value_name = "FILE")]
    pub payees: Option<PathBuf>,

    /// Write such a table of everybody, with what joined several names or addresses; correct it and give it back with
    /// `--payees`. It holds addresses, so keep it to yourself
    #[arg(long, value_name = "FILE")]
    pub write_payees: Option<PathBuf>,

    /// What payees are called whom no table lists
    #[arg(long, value_enum, default_value_t = PayeeIds::Names)]
    pub payee_ids: PayeeIds,

    /// Follow a `.git` file, alternates or links that lead out of the repository's folder, as linked worktrees,
    /// submodules and shared clones have them; without it they are refused
    #[arg(long)]
    pub allow_outside: bool,

    #[command(flatten)]
    pub limits: LimitArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PayeeIds {
    /// By their names; no address appears anywhere
    Names,
    /// By their e-mail addresses
    Addresses,
    /// By the first 16 digits that `b3sum` prints of their address; who guesses an address can tell
    Digests,
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

    #[command(flatten)]
    pub limits: LimitArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Track {
    /// Developer tools, by the rule called arcturus
    Devtooling,
    /// On-chain builders, by the rule called goldilocks
    Onchain,
}

/// From a SourceCred instance, in SourceCred's own layout
///
/// Reads the folder that SourceCred works in: `sourcecred.json`, `config/`, `data/ledger.json` and what
/// `sourcecred graph` has written under `output/graphs/`. Writes
///
///   epoch             what is to be paid next, from the whole graph
///   charter.json      the policy `credrank` with the instance's grain policies
///   past-0001.epoch   a distribution that was paid, with what everyone got; and so on
///   recorded.json     the charter that pays past epochs what was paid
///
/// What becomes what is written in `host/import/README.md`.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = EXIT_CODES, after_long_help = format!("{WHAT_IF}\n\n{EXIT_CODES}"))]
pub struct SourcecredArguments {
    /// The instance's folder, with `sourcecred.json`
    #[arg(value_name = "INSTANCE_DIR")]
    pub instance: PathBuf,

    /// The folder to write into
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// The number of the epoch to be paid next; without it the one after the past ones
    #[arg(long, value_name = "N")]
    pub number: Option<u64>,

    /// What is to be paid next, in whole units, as in `1000.5`; without it the budgets of `config/grain.json`
    #[arg(long, value_name = "AMOUNT")]
    pub pool: Option<String>,

    /// Pay next for the weeks that have ended by then, as in `2024-06-16`; without it all but the graph's last week
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,

    /// Write no past epochs
    #[arg(long)]
    pub no_past: bool,

    /// Replace files that are there with other content
    #[arg(long)]
    pub force: bool,

    #[command(flatten)]
    pub limits: LimitArguments,
}

const WHAT_IF: &str = "\
What was paid, and what today's rule would have paid instead:
  apportion import sourcecred INSTANCE_DIR -o out
  apportion charter adopt out/recorded.json --ledger ledger --from 1
  for epoch in out/past-*.epoch; do apportion settle --epoch $epoch --ledger ledger; done
  apportion replay --ledger ledger --charter out/charter.json --html what-if.html
From there on by Apportion (N is the number of `out/epoch`, which `apportion inspect` tells):
  apportion charter adopt out/charter.json --ledger ledger --from N
  apportion settle --epoch out/epoch --ledger ledger";
