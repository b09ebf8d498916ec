//! A file's code as a flat list of tokens: no comments, no documentation, and every token knows its line.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One token. `::` is one token; every other punctuation mark is a token of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) kind: TokenKind,
    /// The line it begins on, from 1.
    pub(crate) line: usize,
    /// The column it begins at, from 0.
    pub(crate) column: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or a keyword.
    Word,
    /// A punctuation mark, `::`, or one end of a group.
    Mark,
    /// A text, number or character.
    Literal,
}

/// All tokens of a stream in their order, without documentation.
pub(crate) fn flatten(stream: TokenStream) -> Vec<Token> {
    let mut tokens = Vec::new();
    add(stream, &mut tokens);
    tokens
}

fn add(stream: TokenStream, tokens: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut rest = trees.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = match documentation(rest) {
            Some(after_documentation) => after_documentation,
            None if is_path_separator(rest) => {
                push("::", TokenKind::Mark, first, tokens);
                after.get(1..).unwrap_or_default()
            }
            None => {
                add_one(first, tokens);
                after
            }
        };
    }
}

fn add_one(tree: &TokenTree, tokens: &mut Vec<Token>) {
    match tree {
        TokenTree::Group(group) => {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::None => ("", ""),
            };
            push(open, TokenKind::Mark, tree, tokens);
            add(group.stream(), tokens);
            let end = group.span_close().start();
            let (line, column) = (end.line, end.column);
            tokens.push(Token { text: close.to_owned(), kind: TokenKind::Mark, line, column });
        }
        TokenTree::Ident(word) => {
            let text = word.to_string();
            push(text.strip_prefix("r#").unwrap_or(&text), TokenKind::Word, tree, tokens);
        }
        TokenTree::Punct(mark) => push(&mark.as_char().to_string(), TokenKind::Mark, tree, tokens),
        TokenTree::Literal(literal) => push(&literal.to_string(), TokenKind::Literal, tree, tokens),
    }
}

fn push(text: &str, kind: TokenKind, tree: &TokenTree, tokens: &mut Vec<Token>) {
    let start = tree.span().start();
    tokens.push(Token { text: text.to_owned(), kind, line: start.line, column: start.column });
}

fn is_path_separator(trees: &[TokenTree]) -> bool {
    let colon = |tree: &TokenTree| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == ':');
    let joint =
        matches!(trees, [TokenTree::Punct(mark), ..] if mark.spacing() == proc_macro2::Spacing::Joint);
    joint && trees.iter().take(2).filter(|tree| colon(tree)).count() == 2
}

/// What follows a documentation comment, which is `#[doc = "..."]` or `#![doc = "..."]` among the tokens.
fn documentation(trees: &[TokenTree]) -> Option<&[TokenTree]> {
    let is =
        |tree: &TokenTree, wanted: char| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == wanted);
    let (hash, mut rest) = trees.split_first()?;
    if !is(hash, '#') {
        return None;
    }
    if rest.first().is_some_and(|tree| is(tree, '!')) {
        rest = rest.get(1..)?;
    }
    match rest.split_first()? {
        (TokenTree::Group(group), after) if group.delimiter() == Delimiter::Bracket => {
            let words: Vec<TokenTree> = group.stream().into_iter().take(3).collect();
            let is_documentation = matches!(
                words.as_slice(),
                [TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Literal(_)] if name == "doc"
            );
            is_documentation.then_some(after)
        }
        _ => None,
    }
}
