//! The steps, in order.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::command::{cargo, command, describe, output, run};
use crate::debian::Missing;
use crate::outcome::Outcome;
use crate::{
    browser, components, conformance, fuzz, house, kits, package, packages, programs, v8, vendor, wasm,
};

/// The packages that `--fast` lints and tests, beside the policies.
const WITHOUT_ENGINE: [&str; 5] =
    ["apportion-core", "apportion-guest", "apportion-standard", "house", "xtask"];
/// What a package's name begins with that belongs to the engine.
const ENGINE: [&str; 3] = ["cranelift", "wasmtime", "winch"];
/// Turns on what takes an hour of processor time.
const OTHER_PROCESSOR: &str = "APPORTION_CONFORMANCE";

/// Something to run, with the name that it has in the log and in the table.
pub struct Step {
    pub name: String,
    work: Box<dyn Fn() -> Result<Outcome>>,
}

impl Step {
    fn new(name: impl Into<String>, work: impl Fn() -> Result<Outcome> + 'static) -> Step {
        Step { name: name.into(), work: Box::new(work) }
    }

    /// A command of cargo, named as a person would type it.
    fn cargo(words: &'static [&'static str]) -> Result<Step> {
        let name = describe(&cargo(words)?);
        Ok(Step::new(name, move || {
            run(&mut cargo(words)?)?;
            Ok(Outcome::Done)
        }))
    }

    pub fn perform(&self) -> Result<Outcome> {
        (self.work)()
    }
}

/// The format; then lints and tests of the packages that need no engine.
pub fn fast() -> Result<Vec<Step>> {
    let packages = packages_without_engine()?;
    let selected: Vec<String> =
        packages.iter().flat_map(|name| ["--package".to_owned(), name.clone()]).collect();
    let of_packages = |title: &str, before: &'static [&'static str], after: &'static [&'static str]| {
        let selected = selected.clone();
        Step::new(format!("{title} of {} packages", packages.len()), move || {
            let words = before
                .iter()
                .copied()
                .chain(selected.iter().map(String::as_str))
                .chain(after.iter().copied());
            run(&mut cargo(words)?)?;
            Ok(Outcome::Done)
        })
    };
    let checked = selected.clone();
    Ok(vec![
        Step::cargo(&["fmt", "--all", "--check"])?,
        Step::new("cargo xtask house", house::run),
        Step::new("no engine below these packages", move || check_tree(&checked)),
        of_packages("cargo clippy", &["clippy", "--all-targets"], &["--", "-D", "warnings"]),
        of_packages("cargo test", &["test"], &[]),
    ])
}

/// Everything.
pub fn full() -> Result<Vec<Step>> {
    Ok(vec![
        Step::cargo(&["fmt", "--all", "--check"])?,
        Step::new("cargo xtask vendor --check", || vendor::run(vendor::Mode::Check)),
        Step::new("cargo xtask house", house::run),
        Step::new("cargo xtask packages", packages::run),
        Step::cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?,
        // Lints each crate by itself, with the features that an embedder has who asks for none.
        Step::new("cargo xtask package", package::check),
        Step::new("cargo doc --workspace --no-deps", document),
        Step::cargo(&["test", "--workspace"])?,
        Step::new("the README's examples", || {
            for example in ["months", "attribution"] {
                run(&mut command(programs::any(example)?, [""; 0])?)?;
            }
            Ok(Outcome::Done)
        }),
        Step::new("cargo xtask bindings --check, policies --check", components::check),
        Step::new("cargo xtask wasm", wasm::run),
        Step::new("cargo xtask v8", v8::run_corpus),
        Step::new("cargo xtask conformance --target aarch64 --install", on_another_processor),
        Step::new("cargo xtask kits --install", || kits::run_check(&kits::Options::installing())),
        Step::new("cargo xtask browser", || browser::run_pages(Missing::by_environment())),
        Step::new("cargo xtask fuzz", || fuzz::run_targets(&fuzz::Options::default())),
    ])
}

/// Naming an example counts the dependencies of tests in, so that all have the features that they have in clippy's step, and
/// nothing is checked twice.
fn document() -> Result<Outcome> {
    let mut doc = cargo(["doc", "--workspace", "--no-deps", "--lib", "--example", "conformance"])?;
    run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Done)
}

fn on_another_processor() -> Result<Outcome> {
    if std::env::var_os(OTHER_PROCESSOR).is_none_or(|value| value != "aarch64") {
        return Ok(Outcome::Skipped(format!(
            "conformance on aarch64, because it takes an hour of processor time: {OTHER_PROCESSOR}=aarch64 turns it on"
        )));
    }
    let options = conformance::Options::parse(&["--target", "aarch64", "--install"]);
    conformance::run(&options.context("these are options of the task")?)
}

/// The names of the packages without an engine: those that are listed above, and all under `policies/`.
fn packages_without_engine() -> Result<Vec<String>> {
    let metadata = output(&mut cargo(["metadata", "--no-deps", "--locked", "--format-version", "1"])?)?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let policies = crate::workspace::root()?.join("policies");
    let packages = metadata["packages"].as_array().context("cargo lists no packages")?.iter();
    let packages = packages.filter_map(|package| {
        let (name, manifest) = (package["name"].as_str()?, package["manifest_path"].as_str()?);
        let is_policy = std::path::Path::new(manifest).starts_with(&policies);
        (is_policy || WITHOUT_ENGINE.contains(&name)).then(|| name.to_owned())
    });
    Ok(packages.collect())
}

/// Whether nothing of the engine is among what the packages and their tests are built from.
fn check_tree(selected: &[String]) -> Result<Outcome> {
    let words = ["tree", "--locked", "--prefix", "none", "--edges", "normal,build,dev", "--format", "{p}"];
    let tree = output(&mut cargo(words.iter().copied().chain(selected.iter().map(String::as_str)))?)?;
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let engine: Vec<&str> =
        names.iter().copied().filter(|name| ENGINE.iter().any(|of| name.starts_with(of))).collect();
    ensure!(engine.is_empty(), "these packages would compile the engine: {}", engine.join(", "));
    println!("{} packages, and no engine", names.len());
    Ok(Outcome::Done)
}
