//! How many packages the program is built from, held below a bound: `cargo xtask packages`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::command::{cargo, output};
use crate::outcome::Outcome;

/// The most packages that the program may be built from. Raise it only for what is worth its build time and its risk,
/// and say so in docs/dependencies.md.
const MOST: usize = 260;

/// Packages that must never come back, with what would bring them.
const NEVER: [&str; 4] = ["tokio", "wasmtime-wasi", "openssl", "icu_properties"];

/// Counts the program's packages and prints which of them there are in several versions.
///
/// # Errors
///
/// If there are more than the bound allows, or one that must never be there.
pub fn run() -> Result<Outcome> {
    let packages = packages(&tree()?);
    let mut versions = BTreeMap::<&str, Vec<&str>>::new();
    for (name, version) in &packages {
        versions.entry(name).or_default().push(version);
    }
    println!("{} packages of at most {MOST}", packages.len());
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        println!("in several versions: {name} {}", versions.join(", "));
    }
    if let Some(name) = NEVER.iter().find(|name| versions.contains_key(**name)) {
        bail!("`{name}` is one of them, which deny.toml forbids");
    }
    if packages.len() > MOST {
        bail!(
            "the program is built from {} packages, more than {MOST}: see docs/dependencies.md",
            packages.len()
        );
    }
    Ok(Outcome::Done)
}

/// What `cargo tree` prints of the program, for one target, so that every machine counts the same.
fn tree() -> Result<String> {
    let words = ["tree", "--locked", "--package", "apportion-cli", "--edges", "normal", "--prefix", "none"];
    let mut command = cargo(words.into_iter().chain(["--target", "x86_64-unknown-linux-gnu"]))?;
    // The program's own features, not those of the whole workspace together.
    output(command.env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION"))
}

/// Name and version of every package in a tree, ours and procedural macros included, each once.
fn packages(tree: &str) -> BTreeSet<(String, String)> {
    let package = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    tree.lines().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_counts_once() {
        let tree = "a v1.0.0 (/somewhere)\nb v2.0.0 (proc-macro)\n\nb v2.0.0 (proc-macro) (*)\nb v3.0.0\na v1.0.0 (*)\n";
        let counted = packages(tree);
        let counted: Vec<String> =
            counted.iter().map(|(name, version)| format!("{name} {version}")).collect();
        assert_eq!(counted, ["a v1.0.0", "b v2.0.0", "b v3.0.0"]);
    }
}
