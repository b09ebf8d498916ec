//! Patterns of code: what a rule forbids, found in tokens instead of text.
//!
//! A pattern is written as the code that it finds: `blake3::` a path that begins in this crate, `println!` a macro,
//! `thread::sleep` the end of a path, `.exit()` a call. A pattern that begins with `"` finds texts that contain it.
//! Imports are written out first, so neither `use blake3 as b` nor `use std::{thread, time}` hides anything.

use std::collections::BTreeMap;

use crate::names::Names;
use crate::source::{File, ModuleId};
use crate::tables::rules::Part;
use crate::tokens::{Token, TokenKind};
use crate::uses;

/// Where a pattern was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub(crate) line: usize,
    /// The module that the line stands in.
    pub(crate) module: ModuleId,
}

/// A file's code, prepared for looking for patterns.
pub(crate) struct Code<'a> {
    file: &'a File,
    /// The paths that are imported or begin with what is imported, written out, each with `::` behind it.
    paths: Vec<(Hit, Vec<String>)>,
    lines: BTreeMap<usize, Vec<&'a Token>>,
    part: Part,
}

impl<'a> Code<'a> {
    /// The part of a file's code that a rule is about.
    pub(crate) fn new(names: &Names<'_>, file: &'a File, part: Part) -> Self {
        let with_tests = part == Part::Everything;
        let imports = file.imports.iter().filter(|import| with_tests || !import.is_test);
        let imports = imports.map(|import| (import.line, import.module, import.path.clone()));
        let written = uses::paths(file, part).into_iter().filter_map(|path| {
            let words = names.written_out(path.module, &path.words)?;
            Some((path.line, path.module, words))
        });
        let paths = imports.chain(written).map(|(line, module, words)| {
            let steps = words.into_iter().flat_map(|word| [word, "::".to_owned()]);
            (Hit { line, module }, steps.collect())
        });
        let mut lines: BTreeMap<usize, Vec<&Token>> = BTreeMap::new();
        for token in &file.tokens {
            lines.entry(token.line).or_default().push(token);
        }
        Self { file, paths: paths.collect(), lines, part }
    }

    pub(crate) fn file(&self) -> &'a File {
        self.file
    }

    /// Where a pattern occurs, apart from lines on which one of `unless` occurs as well.
    pub(crate) fn hits(&self, pattern: &str, unless: &[&str]) -> Vec<Hit> {
        let mut hits = match pattern.strip_prefix('"') {
            Some(text) => self.texts(text),
            None => self.code(&steps(pattern)),
        };
        hits.retain(|hit| !unless.iter().any(|other| self.is_on(hit.line, &steps(other))));
        hits.sort();
        hits.dedup();
        hits
    }

    fn texts(&self, text: &str) -> Vec<Hit> {
        let tokens = self.file.tokens.iter().filter(|token| self.is_looked_at(token));
        let is_text = |token: &&Token| token.kind == TokenKind::Literal && token.text.contains(text);
        tokens.filter(is_text).map(|token| self.hit(token)).collect()
    }

    fn code(&self, steps: &[String]) -> Vec<Hit> {
        let windows = self.file.tokens.windows(steps.len());
        let fits = |window: &&[Token]| window.iter().zip(steps).all(|(token, step)| token.text == *step);
        let in_tokens = windows.filter(fits).filter_map(|window| window.first());
        let in_tokens = in_tokens.filter(|token| self.is_looked_at(token)).map(|token| self.hit(token));
        let in_paths =
            self.paths.iter().filter(|(_, path)| path.windows(steps.len()).any(|part| part == steps));
        in_tokens.chain(in_paths.map(|(hit, _)| hit.clone())).collect()
    }

    fn is_on(&self, line: usize, steps: &[String]) -> bool {
        let tokens = self.lines.get(&line).into_iter().flat_map(|tokens| tokens.windows(steps.len()));
        tokens.into_iter().any(|window| window.iter().zip(steps).all(|(token, step)| token.text == *step))
    }

    fn is_looked_at(&self, token: &Token) -> bool {
        self.part == Part::Everything || !self.file.is_test(token)
    }

    fn hit(&self, token: &Token) -> Hit {
        Hit { line: token.line, module: self.file.module_of(token) }
    }
}

/// A pattern's tokens: words, `::`, and single marks.
fn steps(pattern: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ if rest.starts_with("::") => 2,
            c => c.len_utf8(),
        };
        let (step, after) = rest.split_at(length);
        if !step.trim().is_empty() {
            steps.push(step.to_owned());
        }
        rest = after;
    }
    steps
}
