//! Which files of a crate use which, and on which lines.
//!
//! A use is a path that leads to something which another file defines, wherever it stands: in a `use`, an expression, a
//! type, an attribute, a macro. Re-exports are followed, so that `crate::Thing` is a use of the file that defines `Thing`
//! and not of the root. Three more things are uses:
//!
//! - `mod name;` is a use of the module's file: a parent may use its children, and so a child may not use its parent.
//! - A type's file uses every file with an `impl` of it: a method is called without its file being named.
//! - An import of everything, `module::*`, is a use of the module's file, and of whatever its names lead to where they are
//!   used.
//!
//! A method can be called, and a field read, of a value whose type is never named. Whoever has the value has it from
//! a file that names the type, so such uses add no circle to those between files that are named.

use std::collections::BTreeMap;

use crate::names::{Names, Target};
use crate::source::{File, FileId, ModuleId, Source};
use crate::tables::rules::Part;
use crate::tokens::{Token, TokenKind};

/// One line on which a file uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub(crate) line: usize,
    /// What is written there.
    pub(crate) text: String,
    pub(crate) kind: UseKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UseKind {
    /// A path, or the declaration of a module.
    Named,
    /// A type is defined in the one file and implemented in the other, which has the line.
    Implemented,
}

/// Every use between two different files of a crate.
pub(crate) type Uses = BTreeMap<(FileId, FileId), Vec<Use>>;

/// All uses of a crate, apart from those of what is compiled for tests alone.
pub(crate) fn uses(source: &Source) -> Uses {
    let names = Names::new(source);
    let mut found = Collected { source, uses: Uses::new() };
    for (number, file) in source.files.iter().enumerate() {
        let from = FileId(number);
        for (child, line) in &file.declares {
            let name = source.module(source.file(*child).module).path.last().cloned().unwrap_or_default();
            found.add(from, *child, Use { line: *line, text: format!("mod {name};"), kind: UseKind::Named });
        }
        for import in file.imports.iter().filter(|import| !import.is_test) {
            let target = match (names.resolve(import.module, &import.path), &import.name) {
                (Target::Module(module), None) => Target::Item(module),
                (target, _) => target,
            };
            found.add_target(from, target, import.line, import.path.join("::"));
        }
        for block in &file.impls {
            if let Target::Item(of) = names.resolve(block.module, &block.of) {
                let text = format!("impl {} in {}", block.of.join("::"), file.path.display());
                let block = Use { line: block.line, text, kind: UseKind::Implemented };
                found.add(source.module(of).file, from, block);
            }
        }
        for path in paths(file, Part::Product) {
            let target = match path.words.as_slice() {
                [name] => names.resolve_by_glob(path.module, name),
                words => names.resolve(path.module, words),
            };
            found.add_target(from, target, path.line, path.words.join("::"));
        }
    }
    for uses in found.uses.values_mut() {
        uses.sort();
        uses.dedup();
    }
    found.uses
}

struct Collected<'a> {
    source: &'a Source,
    uses: Uses,
}

impl Collected<'_> {
    fn add_target(&mut self, from: FileId, target: Target, line: usize, text: String) {
        if let Target::Item(module) = target {
            self.add(from, self.source.module(module).file, Use { line, text, kind: UseKind::Named });
        }
    }

    fn add(&mut self, from: FileId, to: FileId, line: Use) {
        if from != to {
            self.uses.entry((from, to)).or_default().push(line);
        }
    }
}

/// A path as it is written somewhere in a file.
#[derive(Debug)]
pub(crate) struct WrittenPath {
    pub(crate) module: ModuleId,
    pub(crate) words: Vec<String>,
    pub(crate) line: usize,
}

/// The paths in a file's code, with or without its tests. Single names are among them.
pub(crate) fn paths(file: &File, part: Part) -> Vec<WrittenPath> {
    let is_left_out = |token: &Token| part == Part::Product && file.is_test(token);
    let mut paths = Vec::new();
    let mut tokens = file.tokens.as_slice();
    let mut before: Option<&Token> = None;
    while let Some(first) = tokens.first() {
        let length = path_length(tokens);
        if length > 0 && !is_left_out(first) && !is_member(before) && !is_tree(&tokens[length..]) {
            let words = tokens[..length].iter().step_by(2).map(|token| token.text.clone()).collect();
            paths.push(WrittenPath { module: file.module_of(first), words, line: first.line });
        }
        if let Some(words) = path_in_text(first).filter(|_| !is_left_out(first)) {
            paths.push(WrittenPath { module: file.module_of(first), words, line: first.line });
        }
        let step = length.max(1);
        before = tokens.get(step - 1);
        tokens = &tokens[step..];
    }
    paths
}

/// How many tokens of a path begin here: names with `::` between them.
fn path_length(tokens: &[Token]) -> usize {
    let is_word = |at: usize| tokens.get(at).is_some_and(|token| token.kind == TokenKind::Word);
    if !is_word(0) {
        return 0;
    }
    let mut length = 1;
    while tokens.get(length).is_some_and(|token| token.text == "::") && is_word(length + 1) {
        length += 2;
    }
    length
}

/// Whether what follows is a field, a method or the rest of a path.
fn is_member(before: Option<&Token>) -> bool {
    before.is_some_and(|token| token.kind == TokenKind::Mark && [".", "::"].contains(&token.text.as_str()))
}

/// Whether several names follow, as in `use crate::a::{B, C}`: imports are read as such, and a path ends at one name.
fn is_tree(after: &[Token]) -> bool {
    matches!(after, [separator, next, ..] if separator.text == "::" && ["{", "*"].contains(&next.text.as_str()))
}

/// Attributes such as serde's name functions in texts.
fn path_in_text(token: &Token) -> Option<Vec<String>> {
    let text = token.text.strip_prefix('"')?.strip_suffix('"')?;
    let words: Vec<String> = text.split("::").map(str::to_owned).collect();
    let is_name = |word: &String| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    (words.len() > 1 && words.iter().all(is_name)).then_some(words)
}
