//! `apportion charter` and `apportion verify`.

use std::path::PathBuf;

use apportion::Digest;
use apportion::ledger::LedgerIdentity;
use clap::{Args, Subcommand};

use super::OutputFile;
use crate::outcome::EXIT_CODES;

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
///
/// The change names the ledger and its newest entry, so that nobody can adopt it elsewhere. Once an epoch is settled or
/// another charter adopted it must be proposed and signed again.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct ProposeArguments {
    /// The charter to come
    #[arg(value_name = "CHARTER")]
    pub charter: PathBuf,

    /// The ledger; created if there is none
    #[arg(long, value_name = "DIR")]
    pub ledger: PathBuf,

    /// The identity of a ledger that is created: 64 hexadecimal digits that no other ledger has. Without it 32 random bytes
    #[arg(long, value_name = "HEX")]
    pub identity: Option<LedgerIdentity>,

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
/// signature. The ledger is created if there is none.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct AdoptArguments {
    /// The charter
    #[arg(value_name = "CHARTER")]
    pub charter: PathBuf,

    /// The ledger
    #[arg(long, value_name = "DIR")]
    pub ledger: PathBuf,

    /// The identity of a ledger that is created: 64 hexadecimal digits that no other ledger has. Without it 32 random bytes
    #[arg(long, value_name = "HEX")]
    pub identity: Option<LedgerIdentity>,

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
///
/// An entry or a receipt that continues the chain where it goes on otherwise is reported: the ledger was forked, or rewound
/// and settled again. Whoever removed those leaves no trace in the ledger: note its newest entry from time to time, and
/// give what you noted with --contains.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct VerifyArguments {
    /// The ledger
    #[arg(long, value_name = "DIR")]
    pub ledger: PathBuf,

    /// Run no policy: check bytes, links, signatures, and receipts against charters, epochs and payouts
    #[arg(long)]
    pub structure_only: bool,

    /// Fail if this entry or receipt is not part of the chain; can be given several times
    #[arg(long, value_name = "DIGEST")]
    pub contains: Vec<Digest>,
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
///
/// A ledger has one asset. Where a charter changes it, `asset` names the new one and says what rules see of earlier epochs:
///
///   [asset]
///   symbol = "USD"
///   decimals = 2
///   paid = "reset"     # or { convert = { numerator = "27", denominator = "25" } }, rounding down
///   carry = "reset"    # or "keep": what policies handed over, right only where it holds no amounts
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = EXIT_CODES)]
pub struct NewCharterArguments {
    /// The draft
    #[arg(value_name = "DRAFT.toml")]
    pub draft: PathBuf,

    #[command(flatten)]
    pub output: OutputFile,
}
