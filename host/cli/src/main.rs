//! The program `apportion`: settles epochs, replays and explains them, imports data, shows any object in words.
//!
//! It uses the library's public names and nothing else. Data goes to standard output, everything said about it to
//! standard error.

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
mod objects;
mod outcome;
mod output;
mod policy;
mod progress;
mod proof;
mod replay;
mod settle;
mod standing;
mod table;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use engine::Engines;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
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
