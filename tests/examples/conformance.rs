//! Writes the conformance corpus into a folder, for `tests/conformance/run`: `conformance FOLDER`.

use std::path::Path;

use anyhow::Context;
use apportion::Engine;
use apportion_tests::conformance::{corpus, write};

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).context("the folder to write the corpus into")?;
    let engine = Engine::new()?;
    let written = write(&corpus(&engine), &engine, Path::new(&folder));
    println!("{} cases, {} runs", written.cases, written.runs);
    Ok(())
}
