//! Files that are generated and committed. Run through `cargo xtask bindings` and `cargo xtask policies`; a package of
//! its own, so that the other tasks do not wait until the generators are compiled.

mod bindings;
mod committed;
mod policies;

use std::process::ExitCode;

use committed::Mode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["bindings"] => bindings::run(Mode::Write),
        ["bindings", "--check"] => bindings::run(Mode::Check),
        ["policies"] => policies::run(Mode::Write),
        ["policies", "--check"] => policies::run(Mode::Check),
        _ => {
            eprintln!("error: `{}` is not a task: see `cargo xtask --help`", words.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
