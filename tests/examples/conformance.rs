//! The conformance corpus as files, for `cargo xtask v8` and `cargo xtask conformance`:
//!
//! ```text
//! conformance write FOLDER                        writes the corpus, with what comes of every case
//! conformance check FOLDER BACKEND SLICE          runs a slice of it, such as 3/24, and compares every byte
//! ```

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use apportion::Engine;
use apportion::engine::Backend;
use apportion_tests::conformance::{check, corpus, write};

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["write", folder] => {
            let engine = Engine::new()?;
            let written = write(&corpus(&engine), &engine, Path::new(folder));
            println!("{} cases, {} runs", written.cases, written.runs);
            Ok(ExitCode::SUCCESS)
        }
        ["check", folder, name, slice] => {
            let engine = Engine::builder().backend(backend(name)?).build()?;
            let checked = check(Path::new(folder), &engine, slice.parse()?);
            for difference in &checked.different {
                println!("{difference}");
            }
            println!("{} cases, {} runs", checked.cases, checked.runs);
            Ok(if checked.different.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        _ => bail!("usage: conformance write FOLDER | conformance check FOLDER BACKEND SLICE"),
    }
}

fn backend(name: &str) -> Result<Backend> {
    let backends =
        [("cranelift", Backend::Cranelift), ("pulley", Backend::Pulley), ("winch", Backend::Winch)];
    let found = backends.into_iter().find(|(known, _)| *known == name);
    Ok(found.with_context(|| format!("`{name}` is not a backend"))?.1)
}
