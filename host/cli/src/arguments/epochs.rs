//! What is done with epochs: settled, replayed, explained, audited, shown, proven.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::{Format, OutputFile, TextFormat};
use crate::outcome::EXIT_CODES;

/// Divide an epoch's pool and print who gets what
///
/// Prints a table for people, CSV for a spreadsheet, or JSON or raw CSV for programs. With `-o` the receipt, the payouts and the charter are
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
/// The epoch is settled again without each of the payee's contributions, and without those who relied on it, under the
/// same rule and on all cores: what it would get then shows what each is worth to it. Works for any policy. Nothing is
/// paid or appended.
///
/// Also told: the policy's own measures of the payee, the strongest ways on which credit comes to it, and what changed
/// since the epoch before.
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

    /// The payee's id, letter by letter as in the payouts, or its name if nobody else has it; give a second one to see both
    /// side by side
    #[arg(long = "payee", value_name = "ID", required = true, allow_hyphen_values = true)]
    pub payees: Vec<String>,

    /// How often the epoch is settled again for each payee, at most. What is too much to be tried one by one is tried in
    /// groups first, and those that matter most are taken apart: more runs tell more
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = runs)]
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
///   apportion audit proportional --again card.json --epoch month.epoch
///
/// With --epoch the trials take turns between made epochs and parts of yours, for rules that need
/// kinds, metrics or labels that made ones do not have. Everything follows from the seed: the same
/// command gives the same card on every machine, and --again shows that a card is true.
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

    /// The rule's parameters, a JSON file, or a charter that appoints the rule; without it the rule's defaults
    #[arg(long, value_name = "FILE")]
    pub parameters: Option<PathBuf>,

    /// An epoch to take parts of: a file made by `apportion import`, or a description of tables (`.toml`); can be given
    /// several times
    #[arg(long = "epoch", value_name = "FILE")]
    pub epochs: Vec<PathBuf>,

    /// Do the audit of this card again, with its parameters, trials and seed, and refuse it if another card comes out.
    /// The epochs that the card was made with are given as they were then
    #[arg(long, value_name = "CARD", conflicts_with_all = ["parameters", "trials", "seed"])]
    pub again: Option<PathBuf>,

    /// How many epochs are tried, each for every property
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub trials: u32,

    /// Where chance begins; another number gives other trials. For a stranger's policy choose a number that its author
    /// could not foresee
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

/// At least one.
fn runs(given: &str) -> Result<usize, String> {
    match given.parse() {
        Ok(0) => Err("without any run there is nothing to tell; give 1 or more".to_owned()),
        Ok(runs) => Ok(runs),
        Err(_) => Err("not a whole number".to_owned()),
    }
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
