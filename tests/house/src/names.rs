//! Which file defines what a path names.

use std::collections::BTreeMap;

use crate::source::{Import, ModuleId, Source};

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A module itself, and nothing in it.
    Module(ModuleId),
    /// Something that this module defines.
    Item(ModuleId),
    /// Something of another crate, or a name that only the compiler could follow.
    Elsewhere,
}

/// What can be named in the modules of a crate.
pub(crate) struct Names<'a> {
    source: &'a Source,
    imports: BTreeMap<(ModuleId, &'a str), Vec<&'a Import>>,
    globs: BTreeMap<ModuleId, Vec<&'a Import>>,
}

/// What a name stands for where a module and something else share it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The name is followed by `::`.
    Module,
    /// The path ends with it.
    Item,
}

/// How far a chain of imports is followed: circles among them are no error here.
const MOST_STEPS: usize = 32;

impl<'a> Names<'a> {
    pub(crate) fn new(source: &'a Source) -> Self {
        let mut names = Self { source, imports: BTreeMap::new(), globs: BTreeMap::new() };
        for import in source.files.iter().flat_map(|file| &file.imports) {
            match &import.name {
                Some(name) => names.imports.entry((import.module, name.as_str())).or_default().push(import),
                None => names.globs.entry(import.module).or_default().push(import),
            }
        }
        names
    }

    /// What a path in a module leads to.
    pub(crate) fn resolve(&self, module: ModuleId, path: &[String]) -> Target {
        self.follow(module, path, Wanted::Item, MOST_STEPS)
    }

    /// What a single name leads to, by way of imports of everything alone: others are seen where they are imported.
    pub(crate) fn resolve_by_glob(&self, module: ModuleId, name: &str) -> Target {
        let here = self.source.module(module);
        if here.items.contains(name) || self.imports.contains_key(&(module, name)) {
            return Target::Elsewhere;
        }
        self.globbed(module, name, Wanted::Item, MOST_STEPS).unwrap_or(Target::Elsewhere)
    }

    /// A path with its first name replaced by what it was imported from: `Engine::new` as `wasmtime::Engine::new`.
    pub(crate) fn written_out(&self, module: ModuleId, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let import = self.imports.get(&(module, first.as_str()))?.first()?;
        Some(import.path.iter().chain(rest).cloned().collect())
    }

    /// What a path leads to, of whose last name this is wanted.
    fn follow(&self, module: ModuleId, path: &[String], last: Wanted, steps: usize) -> Target {
        let wanted = |rest: &[String]| if rest.is_empty() { last } else { Wanted::Module };
        let Some((first, rest)) = path.split_first() else { return Target::Module(module) };
        if steps == 0 {
            return Target::Elsewhere;
        }
        let (mut at, mut rest) = match first.as_str() {
            "crate" => (ModuleId(0), rest),
            "self" => (module, rest),
            "super" => (self.source.module(module).parent.unwrap_or(module), rest),
            name => match self.lookup(module, name, wanted(rest), steps) {
                Some(Target::Module(found)) => (found, rest),
                Some(found) => return found,
                None => return Target::Elsewhere,
            },
        };
        while let Some((name, after)) = rest.split_first() {
            rest = after;
            if name == "super" {
                at = self.source.module(at).parent.unwrap_or(at);
                continue;
            }
            match self.lookup(at, name, wanted(rest), steps) {
                Some(Target::Module(found)) => at = found,
                Some(found) => return found,
                // A macro made it, or it is an exported macro.
                None => {
                    let exported = self.source.exported_macros.get(name).filter(|_| at == ModuleId(0));
                    return Target::Item(exported.copied().unwrap_or(at));
                }
            }
        }
        Target::Module(at)
    }

    /// A name in a module. A module and a function may share one: before `::` it is the module, at the end the function.
    fn lookup(&self, module: ModuleId, name: &str, wanted: Wanted, steps: usize) -> Option<Target> {
        let here = self.source.module(module);
        let child = here.children.get(name).copied().map(Target::Module);
        if wanted == Wanted::Module && child.is_some() {
            return child;
        }
        if here.items.contains(name) {
            return Some(Target::Item(module));
        }
        let mut found = child;
        for import in self.imports.get(&(module, name)).into_iter().flatten() {
            // What imports itself, as in `use card::card`, means the module before `::`.
            match self.import(import, wanted, steps) {
                item @ Target::Item(_) => return Some(item),
                other => found = found.or(Some(other)),
            }
        }
        found.or_else(|| self.globbed(module, name, wanted, steps))
    }

    fn import(&self, import: &Import, wanted: Wanted, steps: usize) -> Target {
        match import.path.as_slice() {
            // `use name` where the same module has an import called `name` is a crate.
            [first, ..] if Some(first) == import.name.as_ref() && !self.is_module(import.module, first) => {
                Target::Elsewhere
            }
            path => self.follow(import.module, path, wanted, steps - 1),
        }
    }

    fn is_module(&self, module: ModuleId, name: &str) -> bool {
        self.source.module(module).children.contains_key(name)
    }

    fn globbed(&self, module: ModuleId, name: &str, wanted: Wanted, steps: usize) -> Option<Target> {
        let globs = self.globs.get(&module).into_iter().flatten();
        globs.filter(|_| steps > 0).find_map(|glob| {
            match self.follow(module, &glob.path, Wanted::Module, steps - 1) {
                Target::Module(from) if from != module => self.lookup(from, name, wanted, steps - 1),
                _ => None,
            }
        })
    }
}
