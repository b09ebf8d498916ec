//! A policy in every language, written, built, tested and settled as its author does it.
//!
//! `guest-sdk/check` is a script because nearly all of it is commands that an author types.

use anyhow::Result;

use crate::command::{command, run};
use crate::outcome::Outcome;
use crate::programs;
use crate::wasm_std::{self, WasmStd};

const SCRIPT: &str = "guest-sdk/check";
const LANGUAGES: [&str; 6] = ["rust", "c", "zig", "javascript", "typescript", "python"];
const OPTIONS: [&str; 3] = ["--install", "--speed", "--bless"];

/// The words of the command line: options, and names of languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options(Vec<String>);

impl Options {
    /// Reads the words behind `kits`; `None` if the task has no such option, or a language has no kit.
    pub fn parse(words: &[&str]) -> Option<Options> {
        let is_known = |word: &&str| OPTIONS.contains(word) || LANGUAGES.contains(word);
        words.iter().all(is_known).then(|| Options(words.iter().map(|word| (*word).to_owned()).collect()))
    }

    /// All languages, whose tools are installed where they are missing.
    pub fn installing() -> Options {
        Options(vec!["--install".to_owned()])
    }
}

/// Runs the check. It prints `skipped: ` with the reason for each language whose tools are missing.
///
/// # Errors
///
/// If a kit does not do what it should.
pub fn run_check(options: &Options) -> Result<Outcome> {
    let apportion = programs::apportion()?;
    let mut check = command(crate::workspace::root()?.join(SCRIPT), &options.0)?;
    check.env("APPORTION", apportion);
    if let WasmStd::Found(flags) = wasm_std::find()? {
        check.env(wasm_std::FLAGS, flags);
    }
    run(&mut check)?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_and_options_stand_in_any_order() {
        assert!(Options::parse(&["zig", "--speed", "c"]).is_some());
        assert_eq!(Options::parse(&["cobol"]), None);
        assert_eq!(Options::parse(&["--fast"]), None);
    }
}
