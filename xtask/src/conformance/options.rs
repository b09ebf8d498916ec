//! What the command line of `cargo xtask conformance` can say.

use std::num::NonZero;
use std::thread;

use crate::debian::Missing;

/// How the task is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub(super) missing: Missing,
    /// How many processes run at once.
    pub(super) jobs: usize,
    /// Parts of names of steps; every step if there are none.
    only: Vec<String>,
}

impl Options {
    /// Reads the words behind `conformance`; `None` if the task has no such options.
    pub fn parse(words: &[&str]) -> Option<Options> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let mut options = Options { missing: Missing::Skip, jobs: cores, only: Vec::new() };
        let (mut words, mut target) = (words.iter(), None);
        while let Some(word) = words.next() {
            match *word {
                "--target" => target = Some(*words.next()?),
                "--install" => options.missing = Missing::Install,
                "--jobs" => options.jobs = words.next()?.parse().ok().filter(|jobs| *jobs > 0)?,
                "--only" => options.only.push((*words.next()?).to_owned()),
                _ => return None,
            }
        }
        (target == Some("aarch64")).then_some(options)
    }

    /// Whether a step of this name is performed.
    pub(super) fn chooses(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_needed() {
        assert_eq!(Options::parse(&[]), None);
        assert_eq!(Options::parse(&["--target", "riscv64"]), None);
        assert!(Options::parse(&["--target", "aarch64"]).is_some());
    }

    #[test]
    fn options_stand_in_any_order() {
        let options =
            Options::parse(&["--only", "winch 3/", "--jobs", "1", "--install", "--target", "aarch64"]);
        let options = options.unwrap();
        assert_eq!((options.missing, options.jobs), (Missing::Install, 1));
        assert!(options.chooses("corpus winch 3/24") && !options.chooses("corpus winch 4/24"));
    }

    #[test]
    fn what_is_not_an_option_is_refused() {
        for words in
            [&["--target", "aarch64", "--jobs", "0"][..], &["--target", "aarch64", "fast"], &["--only"]]
        {
            assert_eq!(Options::parse(words), None, "{words:?}");
        }
    }
}
