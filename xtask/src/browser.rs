//! The pages of a comparison and of an explanation in a real browser: made by the program, opened by `page.cjs`.

mod pages;

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{command, find, is_installed, run, run_logged};
use crate::debian::{self, Missing};
use crate::outcome::Outcome;
use crate::programs;

const PLAYWRIGHT: &str = "playwright-core@1.65.1";
/// What each program is packaged as. npm of one source and Node.js of another exclude each other, so only what is missing
/// is installed.
const PACKAGES: [(&str, &[&str]); 3] =
    [("chromium", &["chromium", "fonts-dejavu-core"]), ("node", &["nodejs"]), ("npm", &["npm"])];

/// Makes the pages and tests them. Pictures go to the folder that the variable `SCREENSHOTS` names.
///
/// # Errors
///
/// If a page is not as it should be, or something does not build.
pub fn run_pages(missing: Missing) -> Result<Outcome> {
    let root = crate::workspace::root()?;
    let folder = root.join("target/browser");
    fs::create_dir_all(&folder)?;
    if let Some(reason) = prepare(&folder, missing) {
        return Ok(Outcome::Skipped(format!("the page in a browser, because {reason}")));
    }
    let pages = folder.join("pages");
    if pages.exists() {
        fs::remove_dir_all(&pages)?;
    }
    fs::create_dir(&pages)?;
    pages::write(&programs::apportion()?, &pages)?;
    let mut test = command("node", ["tests/browser/page.cjs"])?;
    test.arg(&pages).arg(env::var_os("SCREENSHOTS").unwrap_or_default());
    test.env("CHROMIUM", find("chromium").context("chromium is not installed")?);
    run(test.env("NODE_PATH", folder.join("node_modules")))?;
    fs::remove_dir_all(&pages)?;
    Ok(Outcome::Done)
}

/// Installs what is missing, if that is wanted; returns why the pages cannot be opened.
fn prepare(folder: &Path, missing: Missing) -> Option<String> {
    let packages: Vec<&str> = PACKAGES
        .iter()
        .filter(|(program, _)| !is_installed(program))
        .flat_map(|(_, packages)| packages.iter().copied())
        .collect();
    if missing == Missing::Install && !packages.is_empty() {
        // If that fails, the programs are still missing, which is reported below.
        let _ = debian::install(&packages, &folder.join("apt.log"));
    }
    for program in ["node", "chromium"] {
        if !is_installed(program) {
            return Some(format!("{program} is not installed"));
        }
    }
    if folder.join("node_modules/playwright-core").exists() {
        return None;
    }
    if !is_installed("npm") {
        return Some("npm is not installed".to_owned());
    }
    let log = folder.join("npm.log");
    let installed = command("npm", ["install", "--no-audit", "--no-fund", PLAYWRIGHT, "--prefix"])
        .and_then(|mut npm| run_logged(npm.arg(folder), &log));
    match installed {
        Ok(()) => None,
        Err(_) => Some(format!("playwright-core could not be installed: see {}", log.display())),
    }
}
