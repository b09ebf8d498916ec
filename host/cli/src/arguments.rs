//! What can be asked of the program.

mod charters;
mod data;
mod epochs;
mod limits;
mod output;
mod policies;

use std::path::PathBuf;

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
pub use limits::LimitArguments;
pub use output::{Cells, Format, OutputFile, TextFormat};
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
