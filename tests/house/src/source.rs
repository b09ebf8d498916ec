//! A crate's source: its modules with what each defines, and its files with what each imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proc_macro2::Span;

use crate::tokens::Token;

/// One crate: a library, a program, or a target of tests.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// The first is the root.
    pub(crate) modules: Vec<Module>,
    /// The first is the root's.
    pub(crate) files: Vec<File>,
    /// The macros that stand at the root by `#[macro_export]`, and where they are defined.
    pub(crate) exported_macros: BTreeMap<String, ModuleId>,
}

/// The place of a module in [`Source::modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ModuleId(pub(crate) usize);

/// The place of a file in [`Source::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileId(pub(crate) usize);

/// A module, in a file of its own or within one.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its path from the root of the crate, which has none.
    pub(crate) path: Vec<String>,
    pub(crate) parent: Option<ModuleId>,
    pub(crate) file: FileId,
    pub(crate) children: BTreeMap<String, ModuleId>,
    /// What it defines, by name, apart from modules.
    pub(crate) items: BTreeSet<String>,
}

/// A file of the crate.
#[derive(Debug)]
pub(crate) struct File {
    /// From the workspace's folder.
    pub(crate) path: PathBuf,
    /// The module that the file is.
    pub(crate) module: ModuleId,
    pub(crate) tokens: Vec<Token>,
    /// The modules within it, the outer before the inner.
    pub(crate) inline: Vec<(Region, ModuleId)>,
    /// Whether all of it is compiled for tests alone.
    pub(crate) is_all_tests: bool,
    /// The parts of it that are compiled for tests alone.
    pub(crate) tests: Vec<Region>,
    pub(crate) imports: Vec<Import>,
    pub(crate) impls: Vec<InherentImpl>,
    /// The files of the modules that it declares, with the line.
    pub(crate) declares: Vec<(FileId, usize)>,
}

/// One name of a `use` declaration, written out.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) module: ModuleId,
    pub(crate) path: Vec<String>,
    /// What it is called here; nothing if everything is imported.
    pub(crate) name: Option<String>,
    pub(crate) line: usize,
    pub(crate) is_test: bool,
}

/// An `impl` of a type without a trait.
#[derive(Debug)]
pub(crate) struct InherentImpl {
    pub(crate) module: ModuleId,
    pub(crate) of: Vec<String>,
    pub(crate) line: usize,
}

/// A part of a file, from a line and column to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    from: (usize, usize),
    to: (usize, usize),
}

impl Region {
    pub(crate) fn of(span: Span) -> Self {
        let (from, to) = (span.start(), span.end());
        Self { from: (from.line, from.column), to: (to.line, to.column) }
    }

    fn contains(&self, token: &Token) -> bool {
        (self.from..self.to).contains(&(token.line, token.column))
    }
}

impl File {
    pub(crate) fn is_test(&self, token: &Token) -> bool {
        self.is_all_tests || self.tests.iter().any(|region| region.contains(token))
    }

    /// The innermost module around a token.
    pub(crate) fn module_of(&self, token: &Token) -> ModuleId {
        let inner = self.inline.iter().rev().find(|(region, _)| region.contains(token));
        inner.map_or(self.module, |(_, module)| *module)
    }
}

impl Source {
    pub(crate) fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0]
    }

    pub(crate) fn file(&self, id: FileId) -> &File {
        &self.files[id.0]
    }

    /// The path of the root's file.
    pub(crate) fn root(&self) -> String {
        self.files.first().map(|file| file.path.display().to_string()).unwrap_or_default()
    }

    /// What a file is called: its module's path, or the name of the root's file.
    pub(crate) fn name(&self, id: FileId) -> String {
        let file = self.file(id);
        let path = &self.module(file.module).path;
        match path.as_slice() {
            [] => file.path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            path => path.join("::"),
        }
    }
}
