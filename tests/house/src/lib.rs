//! Holds the structure of this workspace: what uses what, and who may.
//!
//! [`House::read`] parses every crate of a workspace and finds
//!
//! - **circles**: files of one crate that use each other. A file is a module; `crate::uses` says what a use is;
//! - **layers** that are the wrong way around, where the order of modules was decided;
//! - **packages** that depend on what they may not depend on;
//! - **names** that stand where they may not: who hashes, prints, names the engine, and so on;
//! - files that no crate reaches.
//!
//! What was decided is data, in `src/tables/`. `cargo xtask house` prints the layers of all crates and what is wrong, and
//! the test of this package fails on the same.

#![forbid(unsafe_code)]

mod cargo;
mod dependencies;
mod graph;
mod layers;
mod names;
mod pattern;
mod reader;
mod rules;
mod source;
mod tables;
#[cfg(test)]
mod tests;
mod tokens;
mod unreached;
mod uses;

use std::fmt;
use std::path::Path;

use anyhow::Result;

use cargo::{Package, Target, Workspace};
use layers::Layers;
use rules::{Belongs, Rules};
use source::Source;

/// The structure of a workspace.
#[derive(Debug)]
pub struct House {
    crates: Vec<CrateLayers>,
    findings: Vec<Finding>,
}

/// One thing that is not as it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: Topic,
    /// What is wrong, with the files and lines.
    pub text: String,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Files of one crate that use each other, or modules that stand the wrong way around.
    Layers,
    /// What a package depends on.
    Dependencies,
    /// A name that stands where it may not.
    Names,
    /// A file that no crate reaches.
    Unreached,
}

/// A crate's files in layers.
#[derive(Debug)]
struct CrateLayers {
    /// What the crate is called, with what it is.
    title: String,
    files: usize,
    layers: Vec<Vec<String>>,
}

impl House {
    /// Reads the workspace in a folder.
    ///
    /// # Errors
    ///
    /// If cargo cannot describe the workspace, or a file is no Rust code.
    pub fn read(root: &Path) -> Result<Self> {
        let workspace = Workspace::read(root)?;
        let mut house = Self { crates: Vec::new(), findings: Vec::new() };
        let mut rules = Rules::new(tables::rules::RULES);
        let mut sources = Vec::new();
        for package in &workspace.packages {
            for target in &package.targets {
                let source = reader::read(&workspace.root, &target.src_path)?;
                rules.apply(&source, Belongs { package: &package.name, is_product: target.is_product() });
                house.add_crate(package, target, &source);
                sources.push(source);
            }
        }
        house.find(Topic::Layers, circles_of_no_crate(&sources));
        house.find(Topic::Dependencies, dependencies::check(&workspace, tables::dependencies::DEPENDENCIES));
        house.find(Topic::Unreached, unreached::check(&workspace, &sources, &mut rules)?);
        house.find(Topic::Names, rules.findings());
        Ok(house)
    }

    /// What is wrong. Nothing, if all is as it was decided.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many circles are known, and stay for now.
    pub fn known_circles(&self) -> usize {
        tables::circles::KNOWN.len()
    }

    fn add_crate(&mut self, package: &Package, target: &Target, source: &Source) {
        let uses = uses::uses(source);
        let layers = Layers::new(source, &uses);
        self.find(Topic::Layers, layers.circles(&source.root(), tables::circles::KNOWN));
        let orders = tables::order::ORDERS.iter().filter(|order| order.package == package.name);
        for order in orders.filter(|_| target.is_product()) {
            self.find(Topic::Layers, layers.order(order));
        }
        let (files, layers) = (layers.files(), layers.names());
        self.crates.push(CrateLayers { title: title(package, target), files, layers });
    }

    fn find(&mut self, about: Topic, texts: Vec<String>) {
        self.findings.extend(texts.into_iter().map(|text| Finding { about, text }));
    }
}

/// The text is what a person reads.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Known circles of crates that are gone.
fn circles_of_no_crate(sources: &[Source]) -> Vec<String> {
    let is_there = |root: &str| sources.iter().any(|source| source.root() == root);
    let gone = tables::circles::KNOWN.iter().filter(|known| !is_there(known.root));
    gone.map(|known| format!("tests/house/src/tables/circles.rs: there is no crate {}", known.root)).collect()
}

fn title(package: &Package, target: &Target) -> String {
    match target.is_product() {
        true => package.name.clone(),
        false => format!("{} ({} {})", package.name, target.kind.join(", "), target.name),
    }
}

/// The layers of every crate, lowest first; crates of a single file are left out.
impl fmt::Display for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for CrateLayers { title, files, layers } in self.crates.iter().filter(|one| one.files > 1) {
            writeln!(f, "{title}: {files} files in {} layers", layers.len())?;
            for (number, layer) in layers.iter().enumerate() {
                writeln!(f, "{:4}  {}", number + 1, layer.join("  "))?;
            }
            writeln!(f)?;
        }
        let single = self.crates.iter().filter(|one| one.files == 1).count();
        writeln!(f, "{} crates, of which {single} are a single file", self.crates.len())
    }
}
