//! What can be asked of the program.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::outcome::EXIT_CODES;
use crate::policy::languages;

/// Divides a reward pool by a rule that anyone can check.
///
/// An epoch holds one period's contributions and pool; a charter names the rule with its parameters; settling gives
/// a receipt and the payouts. The same epoch and charter give the same receipt on every machine.
#[derive(Parser)]
#[command(name = "apportion", version, after_help = EXIT_CODES, after_long_help = format!("{FIRST_TRY}\n\n{EXIT_CODES}"))]
#[command(propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,

    #[command(flatten)]
    pub engine: EngineArguments,
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

    /// The charter: a file made by `apportion charter new` or `apportion import`
    #[arg(long, value_name = "FILE", required_unless_present_any = ["rule", "ledger"], conflicts_with_all = ["rule", "ledger"])]
    pub charter: Option<PathBuf>,

    /// Settle by the charter in force in this ledger, and append the receipt to it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["rule", "policies"])]
    pub ledger: Option<PathBuf>,

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
    /// A ledger whose settled epochs are replayed
    #[arg(long, value_name = "DIR", required_unless_present = "settled")]
    pub ledger: Option<PathBuf>,

    /// Which epochs of the ledger: `A..B`, both included; without it all
    #[arg(long, value_name = "A..B", requires = "ledger", value_parser = epochs)]
    pub epochs: Option<RangeInclusive<u64>>,

    /// A settled epoch: a folder written by `apportion settle -o`; can be given several times
    #[arg(long, value_name = "DIR", conflicts_with = "ledger")]
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

    /// Put the card of an audit of one of the rules into the page: a file made by `apportion audit`; can be given several
    /// times
    #[arg(long = "card", value_name = "FILE", requires = "html")]
    pub cards: Vec<PathBuf>,

    /// Replace files that are there with other content
    #[arg(long, requires = "html")]
    pub force: bool,
}

/// `3..6` is the epochs 3, 4, 5 and 6.
fn epochs(text: &str) -> Result<RangeInclusive<u64>, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is not an epoch's number"));
    let (first, last) = text.split_once("..").ok_or("write two numbers, as in `1..6`")?;
    let (first, last) = (number(first)?, number(last)?);
    if first > last { Err(format!("{first} is after {last}")) } else { Ok(first..=last) }
}

/// Say why a payee got what it got
///
/// The epoch is settled again without each of the payee's contributions, under the same rule and on all cores: what it
/// would get then shows what each is worth to it. Works for any policy. Nothing is paid or appended.
///
/// Also told: the policy's own measures of the payee, who relied on it, the strongest ways on which credit comes to it,
/// and what changed since the epoch before.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct ExplainArguments {
    /// A ledger in which the epoch is settled
    #[arg(long, value_name = "DIR", requires = "epoch", required_unless_present = "settled", conflicts_with_all = ["settled", "before"])]
    pub ledger: Option<PathBuf>,

    /// The epoch's number in the ledger
    #[arg(long, value_name = "N", requires = "ledger")]
    pub epoch: Option<u64>,

    /// Without a ledger, the settled epoch: a folder written by `apportion settle -o`
    #[arg(long, value_name = "DIR")]
    pub settled: Option<PathBuf>,

    /// The settled epoch before it, to say what changed: another such folder
    #[arg(long, value_name = "DIR", requires = "settled")]
    pub before: Option<PathBuf>,

    /// The payee's id, letter by letter as in the payouts; give a second one to see both side by side
    #[arg(long = "payee", value_name = "ID", required = true, allow_hyphen_values = true)]
    pub payees: Vec<String>,

    /// How often the epoch is settled again for each payee, at most. A payee with more contributions than that is explained
    /// by groups of them first, and those that matter most are taken apart
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub runs: usize,

    /// A component that the charter names and that is no standard policy; can be given several times
    #[arg(long = "policy", value_name = "FILE")]
    pub policies: Vec<PathBuf>,

    /// How to print: words, or everything as JSON (a list with an object per payee; amounts are strings in base units)
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub format: TextFormat,

    /// Show every contribution and not only those that matter most
    #[arg(long)]
    pub all: bool,

    /// Write a page for everyone to read, which opens offline
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Replace the page if it is there with other content
    #[arg(long, requires = "html")]
    pub force: bool,
}

/// Test a rule for fairness and against known attacks
///
/// Makes small epochs, settles them, does one thing to each (a payee splits into several, names are
/// exchanged, a ring makes up edges...), settles again and compares: 18 properties in every trial.
/// What fails is shown with a small example and what it gains to whom.
///
///   apportion audit pagerank
///   apportion audit proportional --parameters points.json --epoch month.epoch -o card.json
///
/// With --epoch the trials take turns between made epochs and parts of yours, for rules that need
/// kinds, metrics or labels that made ones do not have. Everything follows from the seed: the same
/// command gives the same card on every machine.
///
/// The card is bound to the policy's digest and the parameters. A property that fails, fails:
/// --examples writes the epochs, for anyone to settle. One that holds held in so many trials, which
/// is no proof.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = EXIT_CODES)]
pub struct AuditArguments {
    /// The rule: a standard policy's name, or a component's file
    #[arg(value_name = "NAME|FILE")]
    pub policy: String,

    /// The rule's parameters, a JSON file; without it the rule's defaults
    #[arg(long, value_name = "FILE")]
    pub parameters: Option<PathBuf>,

    /// An epoch to take parts of: a file made by `apportion import`; can be given several times
    #[arg(long = "epoch", value_name = "FILE")]
    pub epochs: Vec<PathBuf>,

    /// How many epochs are tried, each for every property
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub trials: u32,

    /// Where chance begins; another number gives other trials
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u32,

    /// How to print the card
    #[arg(long, value_enum, default_value_t = AuditFormat::Table)]
    pub format: AuditFormat,

    /// Write the card into this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write the epochs of every example into this folder, a folder for each property that fails
    #[arg(long, value_name = "DIR")]
    pub examples: Option<PathBuf>,

    /// Replace files that are there with other content
    #[arg(long)]
    pub force: bool,
}

/// How a card is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// For people
    Table,
    /// The card itself
    Json,
}

/// Say in words what a file is and what it holds
///
/// Knows epochs, policies (components), charters, receipts, payouts, proofs and cards of audits. A standard policy can
/// be named without a file.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct InspectArguments {
    /// The object: a file, or the name of a standard policy
    #[arg(value_name = "FILE|NAME", required = true)]
    pub objects: Vec<String>,
}

/// Prove one payee's payout to who knows only the receipt's digest
///
/// The proof is a file of some thousands of bytes: the receipt, and the payee's entry with the hashes that show that
/// it stands in the receipt's payouts. `apportion check-proof` checks it, without the payouts, the epoch or the
/// policies. It is no secret: it shows also what stands in the list right beside the entry, and at its ends.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct ProveArguments {
    /// A ledger in which the epoch is settled
    #[arg(long, value_name = "DIR", requires = "epoch", required_unless_present_any = ["receipt", "payouts"], conflicts_with_all = ["receipt", "payouts"])]
    pub ledger: Option<PathBuf>,

    /// The epoch's number in the ledger
    #[arg(long, value_name = "N", requires = "ledger")]
    pub epoch: Option<u64>,

    /// Without a ledger, the receipt: `receipt.json`, written by `apportion settle -o`
    #[arg(long, value_name = "FILE", requires = "payouts")]
    pub receipt: Option<PathBuf>,

    /// The payouts of that receipt: `payouts.json`, written beside it
    #[arg(long, value_name = "FILE", requires = "receipt")]
    pub payouts: Option<PathBuf>,

    /// The payee's id, letter by letter as in the payouts; `apportion settle --format csv` lists ids beside names
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub payee: String,

    #[command(flatten)]
    pub output: OutputFile,
}

/// Check the proof of one payout against a receipt's digest
///
/// Ends with exit code 0 and says who is paid how much if the proof holds, and with 3 if it does not. Take the digest
/// from where you trust it, as from the programme's announcement, and not from who gave you the proof.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct CheckProofArguments {
    /// The proof: a file made by `apportion prove`
    #[arg(value_name = "PROOF")]
    pub proof: PathBuf,

    /// The digest of the receipt: 64 hexadecimal digits, as `settle` and `b3sum receipt.json` print it
    #[arg(long, value_name = "DIGEST")]
    pub receipt: String,

    /// How to print what is proven
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub format: TextFormat,
}

/// How something about one payee is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TextFormat {
    /// For people
    Text,
    /// One object; amounts are strings in base units
    Json,
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
    Git(GitArguments),
    RetroFunding(RetroFundingArguments),
    Sourcecred(SourcecredArguments),
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

    #[command(flatten)]
    pub output: OutputFile,
}

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

    /// Write such a table of everybody, to be corrected; it holds addresses, so keep it to yourself
    #[arg(long, value_name = "FILE")]
    pub write_payees: Option<PathBuf>,

    /// What payees are called whom no table lists
    #[arg(long, value_enum, default_value_t = PayeeIds::Names)]
    pub payee_ids: PayeeIds,
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
    Propose(ProposeArguments),
    Sign(SignArguments),
    Adopt(AdoptArguments),
    Show(ShowArguments),
}

/// Write down a change of the charter in force, for its signers to sign
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct ProposeArguments {
    /// The charter to come
    #[arg(value_name = "CHARTER")]
    pub charter: PathBuf,

    /// The ledger; made if there is none
    #[arg(long, value_name = "DIR")]
    pub ledger: PathBuf,

    /// The first epoch number that it divides; no settled one
    #[arg(long, value_name = "EPOCH")]
    pub from: u64,

    #[command(flatten)]
    pub output: OutputFile,
}

/// Sign a change with an SSH key
///
/// The same as `ssh-keygen -Y sign -n apportion-charter -f KEY CHANGE`, which also takes keys with a passphrase, in an
/// agent or on a token.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct SignArguments {
    /// The change, as `apportion charter propose` wrote it
    #[arg(value_name = "CHANGE")]
    pub change: PathBuf,

    /// The private key, without a passphrase
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,

    #[command(flatten)]
    pub output: OutputFile,
}

/// Adopt a charter in a ledger, from a future epoch on
///
/// The charter in force says how many of its signers must have signed the change. A ledger's first charter needs no
/// signature. The ledger is made if there is none.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct AdoptArguments {
    /// The charter
    #[arg(value_name = "CHARTER")]
    pub charter: PathBuf,

    /// The ledger
    #[arg(long, value_name = "DIR")]
    pub ledger: PathBuf,

    /// The first epoch number that it divides; no settled one
    #[arg(long, value_name = "EPOCH")]
    pub from: u64,

    /// A signature of the change; as many as the charter in force demands
    #[arg(long = "signature", value_name = "FILE")]
    pub signatures: Vec<PathBuf>,

    /// A component that the charter names and that is no standard policy; can be given several times
    #[arg(long = "policy", value_name = "FILE")]
    pub policies: Vec<PathBuf>,
}

/// Show the charter in force and all that were adopted
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct ShowArguments {
    /// The ledger
    #[arg(long, value_name = "DIR")]
    pub ledger: PathBuf,

    /// For which epoch number; without it the newest charter
    #[arg(long, value_name = "EPOCH")]
    pub epoch: Option<u64>,
}

/// Check a whole ledger: every byte, link, signature and sum, and every settlement by running it again
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct VerifyArguments {
    /// The ledger
    #[arg(long, value_name = "DIR")]
    pub ledger: PathBuf,

    /// Do not run the rules again: check bytes, links, signatures and sums alone
    #[arg(long)]
    pub structure_only: bool,
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
/// Limits can be set in a table `[limits]`: instructions, memory, table, transfer, output. Who must sign a change of the
/// charter: `signers = { required = 2, file = "allowed_signers" }`, a file in OpenSSH's allowed-signers format.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = EXIT_CODES)]
pub struct NewCharterArguments {
    /// The draft
    #[arg(value_name = "DRAFT.toml")]
    pub draft: PathBuf,

    #[command(flatten)]
    pub output: OutputFile,
}

/// Write a policy of your own: start one, build it, test it
///
/// A policy is a WebAssembly component. The program has kits for several languages, so that a policy is one file with
/// the rule:
///
///   apportion policy new night-shifts --lang javascript
///   cd night-shifts
///   npm install                  # once: the language's tools, as the project's README says
///   apportion policy build
///   apportion policy test
///   apportion settle --epoch month.epoch --rule build/night-shifts.wasm
#[derive(Args)]
#[command(verbatim_doc_comment, arg_required_else_help = true)]
pub struct PolicyArguments {
    #[command(subcommand)]
    pub action: PolicyAction,
}

#[derive(Subcommand)]
pub enum PolicyAction {
    New(NewPolicyArguments),
    Build(BuildPolicyArguments),
    Test(TestPolicyArguments),
    Inspect(InspectPolicyArguments),
    Bench(BenchPolicyArguments),
}

/// Show what a policy says of itself, what it was granted, how large it is, and what changed
///
/// Name, version, summary, parameters with their defaults, imports, size and digest. With --epoch it is run once, to
/// count what it uses; with --against it is held against another version.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct InspectPolicyArguments {
    /// The policy: a component's file, or the name of a standard policy
    #[arg(value_name = "FILE|NAME")]
    pub policy: String,

    /// Another version of it: what differs is told, `-` what was there and `+` what is here
    #[arg(long, value_name = "FILE|NAME")]
    pub against: Option<String>,

    /// Run it over this epoch: a file made by `apportion import`
    #[arg(long, value_name = "FILE")]
    pub epoch: Option<PathBuf>,

    /// With these parameters, a JSON file; without it the rule's defaults
    #[arg(long, value_name = "FILE", requires = "epoch")]
    pub parameters: Option<PathBuf>,
}

/// Measure a policy on an epoch: time, instructions, memory, and which functions take them
///
/// Instructions are counted by the component itself and are the same on every machine; times are this machine's.
/// Functions are told by name where the component carries names, as most compilers write them unless told to strip.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct BenchPolicyArguments {
    /// The policy: a component's file, or the name of a standard policy
    #[arg(value_name = "FILE|NAME")]
    pub policy: String,

    /// The epoch: a file made by `apportion import`
    #[arg(long, value_name = "FILE")]
    pub epoch: PathBuf,

    /// The rule's parameters, a JSON file; without it the rule's defaults
    #[arg(long, value_name = "FILE")]
    pub parameters: Option<PathBuf>,

    /// How often it is settled
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub runs: u16,

    /// How many functions are shown
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub functions: usize,
}

/// Start a policy: a folder with a small rule that works, its kit and two test cases
///
/// The folder is complete in itself: it can be moved, and kept under version control.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct NewPolicyArguments {
    /// The policy's name: lower-case words joined by hyphens, as `night-shifts`
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The language to write it in
    #[arg(long, value_name = "LANGUAGE", value_parser = PossibleValuesParser::new(languages().iter().map(|language| language.name)))]
    pub lang: String,

    /// The folder to make; without it one of the policy's name
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// Make the component from a policy's sources, by the language's own tools
///
/// Writes `build/NAME.wasm` into the policy's folder and checks that it is admitted as a policy. Says what to install
/// where a tool is missing; downloads nothing.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct BuildPolicyArguments {
    /// The policy's folder, with `policy.toml`
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

/// Run a built policy over its cases and compare the payouts with what is expected
///
/// Every folder in `cases/` is a case: an epoch as tables (`epoch.toml`, see `apportion import tables --help`) or as the
/// file `epoch` that `apportion import` writes, `parameters.json` (without it the defaults), and `expected.json`. The
/// policy runs in the sandbox that settles money. After a change that is meant, --bless writes `expected.json` anew: look
/// at the difference before you commit it.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct TestPolicyArguments {
    /// The policy's folder, with `policy.toml`
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,

    /// Write what comes out as what is expected
    #[arg(long)]
    pub bless: bool,

    /// Show what the policy logs also where all is as expected
    #[arg(long)]
    pub log: bool,

    /// How many instructions a case may take; fewer than a charter's usual limit, so that a loop without end is told soon
    #[arg(long, value_name = "N", default_value_t = 10_000_000_000)]
    pub instructions: u64,
}
