//! `apportion policy`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use crate::outcome::EXIT_CODES;
use crate::policy::languages;

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
