//! A YAML document as a tree, from saphyr's parser: every scalar as it is written, so that an amount stays exact, and
//! no key twice.

use std::borrow::Cow;
use std::collections::BTreeSet;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

/// A part of a document. Nodes are equal if they are written alike: `a` and `"a"` differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node<'input> {
    Scalar(Cow<'input, str>, ScalarStyle, Option<Cow<'input, Tag>>),
    Sequence(Vec<Node<'input>>),
    /// Keys and values, in the order in which they are written.
    Mapping(Vec<(Node<'input>, Node<'input>)>),
    /// A list or mapping with a tag of its own (`!point {x: 1}`): something else than it looks like.
    Tagged(Cow<'input, Tag>, Box<Node<'input>>),
}

/// What a plain scalar means by YAML 1.2's core schema.
#[derive(Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    FloatingPoint(f64),
    Text(&'a str),
}

/// A list or mapping that is not at its end yet.
struct Open<'input> {
    tag: Option<Cow<'input, Tag>>,
    content: Content<'input>,
}

enum Content<'input> {
    Sequence(Vec<Node<'input>>),
    Mapping {
        entries: Vec<(Node<'input>, Node<'input>)>,
        keys: BTreeSet<Node<'input>>,
        /// The key whose value comes next.
        key: Option<Node<'input>>,
    },
}

/// The first document of a text; none if it is empty. Text without aliases: they are read as empty lists.
///
/// # Errors
///
/// If the text, also of a later document, is not YAML, or has a key twice in one mapping.
pub(super) fn first_document(text: &str) -> Result<Option<Node<'_>>, ScanError> {
    let (mut open, mut first, mut twice) = (Vec::<Open>::new(), None, None);
    let mut documents = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = event?;
        let node = match event {
            Event::SequenceStart(_, tag) => {
                open.push(Open { tag, content: Content::Sequence(Vec::new()) });
                continue;
            }
            Event::MappingStart(_, tag) => {
                let content = Content::Mapping { entries: Vec::new(), keys: BTreeSet::new(), key: None };
                open.push(Open { tag, content });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(ended) => ended.into_node(),
                None => continue,
            },
            Event::Scalar(text, style, _, tag) => Node::Scalar(text, style, tag),
            Event::Alias(_) => Node::Sequence(Vec::new()),
            Event::DocumentEnd => {
                documents += 1;
                continue;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => continue,
        };
        if let Some(parent) = open.last_mut() {
            if !parent.add(node) {
                twice.get_or_insert(ScanError::new_str(span.start, "duplicated key in mapping"));
            }
        } else if documents == 0 {
            first = Some(node);
        }
    }
    twice.map_or(Ok(first), Err)
}

impl<'input> Open<'input> {
    /// Adds an item, a key or a key's value; false if the value's key was there before.
    fn add(&mut self, node: Node<'input>) -> bool {
        match &mut self.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, keys, key } => match key.take() {
                None => *key = Some(node),
                Some(key) if keys.insert(key.clone()) => entries.push((key, node)),
                Some(_) => return false,
            },
        }
        true
    }

    fn into_node(self) -> Node<'input> {
        let node = match self.content {
            Content::Sequence(items) => Node::Sequence(items),
            Content::Mapping { entries, .. } => Node::Mapping(entries),
        };
        match self.tag {
            Some(tag) if !tag.is_yaml_core_schema() => Node::Tagged(tag, Box::new(node)),
            _ => node,
        }
    }
}

impl<'a> Scalar<'a> {
    /// What a scalar without quotes means.
    pub(super) fn of_plain(text: &'a str) -> Scalar<'a> {
        match text {
            "~" | "null" | "Null" | "NULL" => return Scalar::Null,
            "true" | "True" | "TRUE" => return Scalar::Boolean(true),
            "false" | "False" | "FALSE" => return Scalar::Boolean(false),
            _ => {}
        }
        if let Some(integer) = integer(text) {
            return Scalar::Integer(integer);
        }
        floating_point(text).map_or(Scalar::Text(text), Scalar::FloatingPoint)
    }
}

fn integer(text: &str) -> Option<i64> {
    let in_base = |prefix, base| i64::from_str_radix(text.strip_prefix(prefix)?, base).ok();
    in_base("0x", 16).or_else(|| in_base("0o", 8)).or_else(|| text.parse().ok())
}

fn floating_point(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        // Rust reads `inf` and `nan` as numbers, YAML does not.
        _ if text.bytes().any(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_mean_what_the_core_schema_says() {
        for (text, meaning) in [
            ("~", Scalar::Null),
            ("NULL", Scalar::Null),
            ("True", Scalar::Boolean(true)),
            ("FALSE", Scalar::Boolean(false)),
            ("0x1F", Scalar::Integer(31)),
            ("0o17", Scalar::Integer(15)),
            ("+12", Scalar::Integer(12)),
            ("-12", Scalar::Integer(-12)),
            ("007", Scalar::Integer(7)),
            ("1e3", Scalar::FloatingPoint(1000.0)),
            ("-.5", Scalar::FloatingPoint(-0.5)),
            ("9223372036854775808", Scalar::FloatingPoint(9_223_372_036_854_775_808.0)),
            ("-.INF", Scalar::FloatingPoint(f64::NEG_INFINITY)),
            ("inf", Scalar::Text("inf")),
            ("nan", Scalar::Text("nan")),
            ("yes", Scalar::Text("yes")),
            ("nUll", Scalar::Text("nUll")),
            ("0x", Scalar::Text("0x")),
            ("2025-07-01", Scalar::Text("2025-07-01")),
            ("1_000", Scalar::Text("1_000")),
        ] {
            assert_eq!(Scalar::of_plain(text), meaning, "{text}");
        }
    }

    #[test]
    fn only_the_first_document_is_read_and_all_are_checked() {
        let plain = |text| Node::Scalar(Cow::Borrowed(text), ScalarStyle::Plain, None);
        let mapping = Node::Mapping(vec![(plain("b"), Node::Sequence(vec![plain("1"), plain("")]))]);
        assert_eq!(first_document("b:\n- 1\n-\n---\nc").unwrap(), Some(mapping));
        assert_eq!(first_document("").unwrap(), None);
        assert_eq!(first_document("# nothing\n").unwrap(), None);
        for wrong in ["a: 1\na: 2", "a: {b: 1, c: 2, b: 3}", "a\n---\nb: 1\nb: 2", "a: [1"] {
            assert!(first_document(wrong).is_err(), "{wrong}");
        }
        assert!(first_document("a: {b: 1}\nc: {b: 1}").is_ok());
        let error = first_document("a: 1\na: 2").unwrap_err().to_string();
        assert!(error.starts_with("duplicated key in mapping"), "{error}");
    }
}
