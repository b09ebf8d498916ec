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
        self.follow(module, path, MOST_STEPS)
    }

    /// What a single name leads to, by way of imports of everything alone: others are seen where they are imported.
    pub(crate) fn resolve_by_glob(&self, module: ModuleId, name: &str) -> Target {
        let here = self.source.module(module);
        if here.items.contains(name) || self.imports.contains_key(&(module, name)) {
            return Target::Elsewhere;
        }
        self.globbed(module, name, true, MOST_STEPS).unwrap_or(Target::Elsewhere)
    }

    /// A path with its first name replaced by what it was imported from: `Engine::new` as `wasmtime::Engine::new`.
    pub(crate) fn written_out(&self, module: ModuleId, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let import = self.imports.get(&(module, first.as_str()))?.first()?;
        Some(import.path.iter().chain(rest).cloned().collect())
    }

    fn follow(&self, module: ModuleId, path: &[String], steps: usize) -> Target {
        let Some((first, rest)) = path.split_first() else { return Target::Module(module) };
        if steps == 0 {
            return Target::Elsewhere;
        }
        let (mut at, mut rest) = match first.as_str() {
            "crate" => (ModuleId(0), rest),
            "self" => (module, rest),
            "super" => (self.source.module(module).parent.unwrap_or(module), rest),
            name => match self.lookup(module, name, rest.is_empty(), steps) {
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
            match self.lookup(at, name, rest.is_empty(), steps) {
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
    fn lookup(&self, module: ModuleId, name: &str, is_last: bool, steps: usize) -> Option<Target> {
        let here = self.source.module(module);
        let child = here.children.get(name).copied().map(Target::Module);
        if !is_last && child.is_some() {
            return child;
        }
        if here.items.contains(name) {
            return Some(Target::Item(module));
        }
        let mut found = child;
        for import in self.imports.get(&(module, name)).into_iter().flatten() {
            // What imports itself, as in `use card::card`, means the module before `::`.
            match self.import(import, is_last, steps) {
                item @ Target::Item(_) => return Some(item),
                other => found = found.or(Some(other)),
            }
        }
        found.or_else(|| self.globbed(module, name, is_last, steps))
    }

    fn import(&self, import: &Import, is_last: bool, steps: usize) -> Target {
        let Some((name, before)) = import.path.split_last() else { return Target::Elsewhere };
        if before.is_empty() || is_last {
            return self.follow_import(import, &import.path, steps);
        }
        // Something follows the imported name, so a module of that name is meant rather than a function.
        match self.follow_import(import, before, steps) {
            Target::Module(found) => {
                self.lookup(found, name, false, steps - 1).unwrap_or(Target::Item(found))
            }
            other => other,
        }
    }

    fn follow_import(&self, import: &Import, path: &[String], steps: usize) -> Target {
        match path {
            // `use name` where the same module has an import called `name` is a crate.
            [first, ..] if Some(first) == import.name.as_ref() && !self.is_module(import.module, first) => {
                Target::Elsewhere
            }
            path => self.follow(import.module, path, steps - 1),
        }
    }

    fn is_module(&self, module: ModuleId, name: &str) -> bool {
        self.source.module(module).children.contains_key(name)
    }

    fn globbed(&self, module: ModuleId, name: &str, is_last: bool, steps: usize) -> Option<Target> {
        let globs = self.globs.get(&module).into_iter().flatten();
        globs.filter(|_| steps > 0).find_map(|glob| match self.follow(module, &glob.path, steps - 1) {
            Target::Module(from) if from != module => self.lookup(from, name, is_last, steps - 1),
            _ => None,
        })
    }
}
