//! The program `apportion`: settles epochs, replays and explains them, imports data, shows any object in words.
//!
//! It uses the library's public names and nothing else. Data goes to standard output, everything said about it to
//! standard error, and both only through the module `print`.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)] // only `print` prints

mod arguments;
mod audit;
mod card;
mod charter;
mod engine;
mod explain;
mod git;
mod import;
mod inspect;
mod ledger;
mod limits;
mod names;
mod objects;
mod outcome;
mod output;
mod policy;
mod print;
mod progress;
mod proof;
mod replay;
mod settle;
mod standing;
mod table;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use apportion::text::escape;
use clap::Parser as _;

use arguments::{Arguments, Command};
use engine::Engines;

fn main() -> ExitCode {
    print::report_panics();
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(error) => return print::arguments(&error),
    };
    let engines = Engines::new(&arguments.engine, &arguments.limits);
    let done = match arguments.command {
        Command::Try(arguments) => git::try_git(&arguments, &engines),
        Command::Settle(arguments) => settle::settle(&arguments, &engines),
        Command::Replay(arguments) => replay::replay(&arguments, &engines),
        Command::Explain(arguments) => explain::explain(&arguments, &engines),
        Command::Audit(arguments) => audit::audit(&arguments, &engines),
        Command::Inspect(arguments) => inspect::inspect(&arguments, &engines),
        Command::Prove(arguments) => proof::prove(&arguments),
        Command::CheckProof(arguments) => proof::check_proof(&arguments),
        Command::Import(arguments) => import::import(&arguments, &engines),
        Command::Policy(arguments) => policy::policy(&arguments, &engines),
        Command::Charter(arguments) => charter::charter(&arguments, &engines),
        Command::Verify(arguments) => ledger::verify(&arguments, &engines),
    };
    outcome::report(done)
}

/// The command line. A message about what is wrong with it quotes arguments, so it is made from arguments that are spelled
/// out: no line break in one of them breaks the message.
fn parse() -> Result<Arguments, clap::Error> {
    let given: Vec<OsString> = env::args_os().collect();
    Arguments::try_parse_from(&given).map_err(|error| {
        let spelled = given.iter().map(|argument| escape(argument.to_string_lossy()).to_string());
        Arguments::try_parse_from(spelled).err().unwrap_or(error)
    })
}
