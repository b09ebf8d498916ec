//! The rules about code, applied to every file.

use std::collections::BTreeSet;

use crate::names::Names;
use crate::pattern::Code;
use crate::source::Source;
use crate::tables::rules::{Allowed, Packages, Part, Rule};

/// The rules with what was found so far.
#[derive(Debug)]
pub(crate) struct Rules {
    table: &'static [Rule],
    findings: BTreeSet<String>,
    /// Which allowances were needed: the rule's place in the table, and the place that it allows.
    needed: BTreeSet<(usize, &'static str)>,
}

/// Where a crate's files belong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Belongs<'a> {
    pub(crate) package: &'a str,
    /// Whether the crate is a library or a program.
    pub(crate) is_product: bool,
}

impl Rules {
    pub(crate) fn new(table: &'static [Rule]) -> Self {
        Self { table, findings: BTreeSet::new(), needed: BTreeSet::new() }
    }

    /// Looks through all files of a crate.
    pub(crate) fn apply(&mut self, source: &Source, belongs: Belongs<'_>) {
        let names = Names::new(source);
        for file in &source.files {
            let product = Code::new(&names, file, Part::Product);
            let everything = Code::new(&names, file, Part::Everything);
            for (number, rule) in self.table.iter().enumerate() {
                let is_meant = match rule.packages {
                    Packages::All => true,
                    Packages::Only(packages) => packages.contains(&belongs.package),
                };
                match rule.part {
                    Part::Product if is_meant && belongs.is_product => {
                        self.look(number, source, &product, belongs);
                    }
                    Part::Everything if is_meant => self.look(number, source, &everything, belongs),
                    _ => {}
                }
            }
        }
    }

    fn look(&mut self, number: usize, source: &Source, code: &Code<'_>, belongs: Belongs<'_>) {
        let rule = &self.table[number];
        let path = &code.file().path;
        for pattern in rule.forbidden {
            for hit in code.hits(pattern, rule.unless) {
                let module = &source.module(hit.module).path;
                let covers = |allowed: &&Allowed| match allowed.place.contains('/') {
                    true => path.starts_with(allowed.place),
                    false => is_within(allowed.place, belongs.package, module),
                };
                match rule.allowed.iter().find(covers) {
                    Some(allowed) => {
                        self.needed.insert((number, allowed.place));
                    }
                    None => {
                        let (says, because) = (rule.says, rule.because);
                        let pattern = pattern.trim_start_matches('"');
                        let place = format!("{}:{}: `{pattern}`", path.display(), hit.line);
                        self.findings.insert(format!("{says}, because {because}:\n  {place}"));
                    }
                }
            }
        }
    }

    /// What breaks a rule, and every allowance that nothing needs.
    pub(crate) fn findings(self) -> Vec<String> {
        let mut findings: Vec<String> = self.findings.into_iter().collect();
        for (number, rule) in self.table.iter().enumerate() {
            for allowed in rule.allowed {
                if !self.needed.contains(&(number, allowed.place)) {
                    findings.push(format!(
                        "{}: nothing in {} needs to be allowed any more ({})",
                        rule.says, allowed.place, allowed.because
                    ));
                }
            }
        }
        findings
    }
}

/// Whether a module is, or lies in, the place `package::module`.
fn is_within(place: &str, package: &str, module: &[String]) -> bool {
    let mut steps = place.split("::");
    let mut modules = module.iter();
    steps.next() == Some(package) && steps.all(|step| modules.next().is_some_and(|name| name == step))
}
