//! The conformance corpus in V8: written by the library, its hardened components transpiled by jco and run in Node.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{command, is_installed, output, run, run_logged};
use crate::outcome::Outcome;
use crate::programs;

/// Runs the corpus.
///
/// # Errors
///
/// If an outcome differs, or something does not build.
pub fn run_corpus() -> Result<Outcome> {
    let root = crate::workspace::root()?;
    // Modules are looked for beside the program, so it runs from a folder that git ignores.
    let folder = root.join("target/conformance");
    if let Some(reason) = prepare(&root, &folder)? {
        return Ok(Outcome::Skipped(format!("conformance in V8, because {reason}")));
    }
    let program = programs::conformance()?;
    let corpus = folder.join("corpus");
    if corpus.exists() {
        fs::remove_dir_all(&corpus).with_context(|| format!("cannot replace {}", corpus.display()))?;
    }
    run(command(program, ["write"])?.arg(&corpus))?;
    run(command("node", [folder.join("run.mjs")])?.arg(&corpus))?;
    fs::remove_dir_all(&corpus)?;
    Ok(Outcome::Done)
}

/// Copies the second host to the folder and installs what it uses; or returns why that cannot be done.
fn prepare(root: &Path, folder: &Path) -> Result<Option<String>> {
    if !is_installed("node") {
        return Ok(Some("node is not installed".to_owned()));
    }
    if output(&mut command("node", ["-p", "Number(process.versions.node.split('.')[0]) >= 20"])?)? != "true" {
        return Ok(Some("node is older than 20".to_owned()));
    }
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(root.join("tests/conformance"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "mjs" || extension == "json") {
            fs::copy(&path, folder.join(path.file_name().context("a file has a name")?))?;
        }
    }
    install(folder)
}

/// Installs jco unless it is there in the version of the lock file.
fn install(folder: &Path) -> Result<Option<String>> {
    let (lock, installed) =
        (folder.join("package-lock.json"), folder.join("node_modules/installed-lock.json"));
    if fs::read(&installed).is_ok_and(|bytes| fs::read(&lock).is_ok_and(|lock| lock == bytes)) {
        return Ok(None);
    }
    if !is_installed("npm") {
        return Ok(Some("npm is not installed".to_owned()));
    }
    // package.json overrides jco-node-fs, which jco brings and nothing here uses: of 0.3.2, platforms were never published.
    let mut npm = command("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])?;
    let log = folder.join("npm.log");
    if run_logged(npm.arg(folder), &log).is_err() {
        return Ok(Some(format!("jco could not be installed: see {}", log.display())));
    }
    fs::copy(&lock, &installed)?;
    Ok(None)
}
