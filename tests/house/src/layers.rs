//! A crate's files in layers, lowest first, and what is wrong about them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::graph::{self, Graph};
use crate::source::{FileId, Source};
use crate::tables::circles::Known;
use crate::tables::order::Order;
use crate::uses::{Use, UseKind, Uses};

/// A crate's files in layers: a file uses only files of lower layers, or of its own circle.
#[derive(Debug)]
pub(crate) struct Layers<'a> {
    source: &'a Source,
    uses: &'a Uses,
    graph: Graph<FileId>,
    circles: Vec<BTreeSet<FileId>>,
    layers: Vec<Vec<BTreeSet<FileId>>>,
}

/// How many lines are quoted of a file that uses another.
const MOST_LINES: usize = 4;

impl<'a> Layers<'a> {
    pub(crate) fn new(source: &'a Source, uses: &'a Uses) -> Self {
        let files = (0..source.files.len()).map(FileId).filter(|file| !source.file(*file).is_all_tests);
        let mut graph: Graph<FileId> = files.map(|file| (file, BTreeSet::new())).collect();
        for (user, used) in uses.keys() {
            if graph.contains_key(used)
                && let Some(all) = graph.get_mut(user)
            {
                all.insert(*used);
            }
        }
        let components = graph::components(&graph);
        let layers = graph::layers(&graph, &components);
        let circles = components.into_iter().filter(|component| component.len() > 1).collect();
        Self { source, uses, graph, circles, layers }
    }

    pub(crate) fn files(&self) -> usize {
        self.graph.len()
    }

    /// The names in each layer, lowest first. The files of a circle are joined by `+`.
    pub(crate) fn names(&self) -> Vec<Vec<String>> {
        let name = |circle: &BTreeSet<FileId>| {
            circle.iter().map(|file| self.source.name(*file)).collect::<Vec<String>>().join(" + ")
        };
        self.layers.iter().map(|layer| layer.iter().map(name).collect()).collect()
    }

    /// Every circle that is not known, in words; and known ones that are none.
    pub(crate) fn circles(&self, root: &str, known: &[Known]) -> Vec<String> {
        let mut known: Vec<&Known> = known.iter().filter(|known| known.root == root).collect();
        let mut findings = Vec::new();
        for circle in &self.circles {
            let names: BTreeSet<String> = circle.iter().map(|file| self.source.name(*file)).collect();
            let is_known =
                |known: &&Known| known.files.iter().map(|name| (*name).to_owned()).eq(names.iter().cloned());
            match known.iter().position(is_known) {
                Some(at) => {
                    known.remove(at);
                }
                None => findings.push(format!("{root}: {}", self.describe(circle))),
            }
        }
        for known in known {
            findings.push(format!(
                "{root}: the circle {} is open: remove it from tests/house/src/tables/circles.rs",
                known.files.join(", ")
            ));
        }
        findings
    }

    /// A circle: its files, its shortest way round, and every use within it that goes up a layer or could.
    fn describe(&self, circle: &BTreeSet<FileId>) -> String {
        let round = graph::shortest_circle(&self.graph, circle);
        let mut names: Vec<String> = round.iter().map(|file| self.source.name(*file)).collect();
        names.extend(names.first().cloned());
        let mut text = format!("a circle of {} files: {}", circle.len(), names.join(" -> "));
        let next = round.iter().cycle().skip(1);
        for (user, used) in round.iter().zip(next) {
            self.describe_uses(*user, *used, &mut text);
        }
        if round.len() < circle.len() {
            let rest = circle.iter().filter(|file| !round.contains(file));
            let rest: Vec<String> = rest.map(|file| self.source.name(*file)).collect();
            let _ = write!(text, "\n  with it, by other ways: {}", rest.join(", "));
            for (user, used) in self.uses.keys().filter(|edge| self.is_upwards(circle, edge)) {
                self.describe_uses(*user, *used, &mut text);
            }
        }
        text
    }

    /// Whether a use within a circle is one of a parent by its child, or of a type's file by what is implemented away
    /// from it: those close most circles.
    fn is_upwards(&self, circle: &BTreeSet<FileId>, (user, used): &(FileId, FileId)) -> bool {
        let path = |file: &FileId| &self.source.module(self.source.file(*file).module).path;
        let (child, parent) = (path(user), path(used));
        let is_child = child.len() > parent.len() && child.starts_with(parent);
        let lines = self.uses.get(&(*user, *used)).into_iter().flatten();
        let is_away = lines.into_iter().any(|line| line.kind == UseKind::Implemented);
        circle.contains(user) && circle.contains(used) && (is_child || is_away)
    }

    fn describe_uses(&self, user: FileId, used: FileId, text: &mut String) {
        let lines = self.uses.get(&(user, used)).map(Vec::as_slice).unwrap_or_default();
        let path = self.source.file(user).path.display();
        let _ = write!(text, "\n  {path} uses {}:", self.source.name(used));
        let mut by_line: BTreeMap<usize, &Use> = BTreeMap::new();
        for line in lines {
            by_line.entry(line.line).or_insert(line);
        }
        for Use { line, text: code, .. } in by_line.values().take(MOST_LINES) {
            let _ = write!(text, "\n    {line}: {code}");
        }
        if by_line.len() > MOST_LINES {
            let _ = write!(text, "\n    and on {} lines more", by_line.len() - MOST_LINES);
        }
    }

    /// Every use that goes against the order that was decided, and modules that have no place in it. A type that is
    /// implemented away from its file is a circle, and reported as that.
    pub(crate) fn order(&self, order: &Order) -> Vec<String> {
        let mut findings = Vec::new();
        let place = |file: FileId| {
            let first = self.source.module(self.source.file(file).module).path.first()?;
            order.modules.iter().position(|module| module == first)
        };
        for ((user, used), lines) in self.uses {
            let (Some(at), Some(below)) = (place(*user), place(*used)) else { continue };
            if below > at && lines.iter().any(|line| line.kind == UseKind::Named) {
                let mut text = format!("`{}` may not use `{}`", order.modules[at], order.modules[below]);
                self.describe_uses(*user, *used, &mut text);
                findings.push(text);
            }
        }
        let modules = self.graph.keys().filter_map(|file| {
            self.source.module(self.source.file(*file).module).path.first().map(String::as_str)
        });
        let modules: BTreeSet<&str> = modules.collect();
        let listed: BTreeSet<&str> = order.modules.iter().copied().collect();
        for module in modules.symmetric_difference(&listed) {
            let problem = if listed.contains(module) { "is no longer there" } else { "is missing" };
            findings.push(format!(
                "the module `{module}` of {} {problem}: see tests/house/src/tables/order.rs",
                order.package
            ));
        }
        findings
    }
}
