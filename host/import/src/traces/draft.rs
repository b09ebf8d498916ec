//! What provenance documents and traces say, gathered before it becomes rows: nodes by their ids, relations between
//! them, and what was not understood.
//!
//! The order of files and of what stands in them makes no difference: where two say different things of one, what is
//! kept follows from the two and not from which came first.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use apportion_core::text::MAX_WORD;

use crate::cell::Cell;
use crate::limits::{Bound, LimitExceeded, Quota};
use crate::problem::Place;

/// What all documents say together.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) nodes: BTreeMap<String, Node>,
    pub(crate) relations: Vec<Relation>,
    /// What was not understood or has no place in a graph, in words, and where and how often.
    pub(crate) left_out: BTreeMap<String, LeftOut>,
    /// How many relations were said again, alike in everything.
    pub(crate) said_again: usize,
    /// Where the reader is, for the nodes that it names.
    pub(crate) at: Place,
    pub(crate) room: Room,
}

/// How much a draft may still hold. What it has no room for is not kept, and the import ends in an error.
#[derive(Default)]
pub(crate) struct Room {
    quota: Quota,
    /// The first bound that was exceeded, and in which file.
    pub(crate) exceeded: Option<(usize, LimitExceeded)>,
    /// What is said of nodes that are not kept.
    lost: Node,
}

impl Room {
    pub(crate) fn new(quota: &Quota) -> Room {
        Room { quota: quota.clone(), ..Room::default() }
    }

    /// Whether there is room for one more row of so many bytes of text.
    pub(crate) fn take(&mut self, file: usize, text: usize) -> bool {
        if self.exceeded.is_none() {
            let taken = self.quota.take(Bound::Rows, 1).and_then(|()| self.quota.take(Bound::Unpacked, text));
            self.exceeded = taken.err().map(|exceeded| (file, exceeded));
        }
        self.exceeded.is_none()
    }
}

/// What is known of one node.
#[derive(Default)]
pub(crate) struct Node {
    /// Where it is named first.
    pub(crate) place: Place,
    /// What it is; of a node that is only referred to, what its place in the relation says that it must be.
    pub(crate) kind: String,
    /// Whether a document describes it. Else it was only referred to.
    pub(crate) is_described: bool,
    /// Whether a document lists it as one that acts and answers for what is done.
    pub(crate) is_agent: bool,
    /// Seconds since 1970.
    pub(crate) time: Option<i64>,
    /// When it began, which dates it if nothing else does.
    pub(crate) start: Option<i64>,
    /// From when on it must no longer be relied on.
    pub(crate) invalidated: Option<i64>,
    /// What a person reads instead of the id.
    pub(crate) name: Option<String>,
    pub(crate) columns: BTreeMap<String, Value>,
    /// What documents say differently: the names of columns, `kind`, `time`, `name`.
    pub(crate) disputed: BTreeSet<String>,
    is_kind_stated: bool,
}

/// The source relied on the target, as PROV says it.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) source: String,
    pub(crate) target: String,
    /// PROV's name: `used`, `wasGeneratedBy`.
    pub(crate) kind: &'static str,
    /// Its own id, if it has one: two that are alike but for their ids are two events, else they are one said twice.
    pub(crate) id: Option<String>,
    pub(crate) weight: f64,
    /// Seconds since 1970.
    pub(crate) time: Option<i64>,
    pub(crate) columns: BTreeMap<String, Value>,
}

/// A cell of a further column. Text is text even where it looks like a number, because documents say which is which.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    /// An integer that a double would round, with all its digits.
    LongInteger(String),
    Text(String),
}

/// Something that did not become part of the graph.
pub(crate) struct LeftOut {
    pub(crate) first: Place,
    pub(crate) count: u64,
}

impl Draft {
    /// A node that a document describes and says the kind of; it may be described again. Of several kinds the first in
    /// the order of bytes is kept.
    pub(crate) fn describe(&mut self, id: &str, kind: &str) -> &mut Node {
        let node = self.node(id);
        if node.is_kind_stated {
            node.dispute_kind(kind);
        } else {
            kind.clone_into(&mut node.kind);
        }
        node.is_described = true;
        node.is_kind_stated = true;
        node
    }

    /// A node that a document describes without saying more of its kind than its section does: any that is said takes
    /// its place.
    pub(crate) fn describe_plainly(&mut self, id: &str, kind: &str) -> &mut Node {
        let node = self.node(id);
        if !node.is_kind_stated {
            if node.is_described {
                node.dispute_kind(kind);
            } else {
                kind.clone_into(&mut node.kind);
            }
        }
        node.is_described = true;
        node
    }

    /// A node that a document refers to; `kind` is what it must be.
    pub(crate) fn mention(&mut self, id: &str, kind: &str) {
        let node = self.node(id);
        if !node.is_described && (node.kind.is_empty() || kind < node.kind.as_str()) {
            kind.clone_into(&mut node.kind);
        }
    }

    fn node(&mut self, id: &str) -> &mut Node {
        if !self.nodes.contains_key(id) {
            if !self.room.take(self.at.file, id.len()) {
                return &mut self.room.lost;
            }
            self.nodes.insert(id.to_owned(), Node { place: self.at, ..Node::default() });
        }
        let node = self.nodes.entry(id.to_owned()).or_default();
        node.place = node.place.min(self.at);
        node
    }

    /// Adds a relation.
    pub(crate) fn relate(&mut self, relation: Relation) {
        if self.room.take(self.at.file, relation.text_bytes()) {
            self.relations.push(relation);
        }
    }

    /// When all is read: makes every end of a relation a node, and relations that are alike one.
    pub(crate) fn complete(&mut self) {
        let mut relations = std::mem::take(&mut self.relations);
        for end in relations.iter().flat_map(|relation| [&relation.source, &relation.target]) {
            if !self.nodes.contains_key(end) {
                self.mention(end, "thing");
            }
        }
        let said = relations.len();
        relations.sort_by(Relation::order);
        relations.dedup_by(|a, b| a.order(b).is_eq());
        self.said_again = said - relations.len();
        self.relations = relations;
    }

    /// Makes columns of what else is known of nodes: their names, and since when they are invalid, if that is before
    /// `end`.
    pub(crate) fn further_columns(&mut self, end: i64) {
        for node in self.nodes.values_mut() {
            if let Some(name) = node.name.clone() {
                node.set("name", Value::text(&name));
            }
            #[expect(clippy::cast_precision_loss, reason = "times of the years 1 to 9999 are doubles")]
            if let Some(time) = node.invalidated.filter(|time| *time < end) {
                node.set("invalidated", Value::Number(time as f64));
            }
        }
    }

    /// Names something that did not become part of the graph.
    pub(crate) fn leave_out(&mut self, what: impl Into<String>, place: Place) {
        let what = what.into();
        // A stranger's document can have as many attributes as it has bytes.
        if !self.left_out.contains_key(&what) && !self.room.take(place.file, what.len()) {
            return;
        }
        let entry = self.left_out.entry(what).or_insert(LeftOut { first: place, count: 0 });
        entry.count += 1;
        entry.first = entry.first.min(place);
    }
}

impl Node {
    fn dispute_kind(&mut self, kind: &str) {
        if self.kind != kind {
            self.disputed.insert("kind".to_owned());
        }
        if kind < self.kind.as_str() {
            kind.clone_into(&mut self.kind);
        }
    }

    /// Dates it; of several times the earliest is kept, since when it is there to be relied on.
    pub(crate) fn set_time(&mut self, seconds: i64) {
        if self.time.is_some_and(|time| time != seconds) {
            self.disputed.insert("time".to_owned());
        }
        self.time = Some(self.time.map_or(seconds, |time| time.min(seconds)));
    }

    /// Names it for people; of several names the first in the order of bytes is kept.
    pub(crate) fn set_name(&mut self, name: &str) {
        match &mut self.name {
            None => self.name = Some(name.to_owned()),
            Some(known) if known == name => {}
            Some(known) => {
                self.disputed.insert("name".to_owned());
                if name < known.as_str() {
                    name.clone_into(known);
                }
            }
        }
    }

    /// Gives it a value in a further column; of several the least is kept.
    pub(crate) fn set(&mut self, column: &str, value: Value) {
        match self.columns.get_mut(column) {
            None => {
                self.columns.insert(column.to_owned(), value);
            }
            Some(known) => {
                if known.order(&value).is_ne() {
                    self.disputed.insert(column.to_owned());
                }
                if value.order(known).is_lt() {
                    *known = value;
                }
            }
        }
    }
}

impl Relation {
    /// `source` relied on `target`, once and not known when.
    pub(crate) fn new(source: impl Into<String>, kind: &'static str, target: impl Into<String>) -> Relation {
        Relation {
            source: source.into(),
            target: target.into(),
            kind,
            id: None,
            weight: 1.0,
            time: None,
            columns: BTreeMap::new(),
        }
    }

    /// How much text it repeats.
    pub(crate) fn text_bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(|(name, value)| name.len() + value.text_bytes()).sum();
        self.source.len() + self.target.len() + columns
    }

    /// An order in which only relations that are alike in everything are equal.
    pub(crate) fn order(&self, other: &Relation) -> Ordering {
        (&self.source, &self.target, self.kind, &self.id, self.time)
            .cmp(&(&other.source, &other.target, other.kind, &other.id, other.time))
            .then_with(|| self.weight.total_cmp(&other.weight))
            .then_with(|| self.columns.keys().cmp(other.columns.keys()))
            .then_with(|| {
                let pairs = self.columns.values().zip(other.columns.values());
                pairs.map(|(a, b)| a.order(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
            })
    }
}

impl Value {
    /// A text. Of a long one there is no more than what shows that it is too long for a word.
    pub(crate) fn text(text: &str) -> Value {
        let mut end = text.len().min(MAX_WORD + 1);
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Value::Text(text.get(..end).unwrap_or(text).to_owned())
    }

    /// The number that a text is, as a cell of a table would be; `None` if it is none or not finite.
    pub(crate) fn number(text: &str) -> Option<Value> {
        let number = Cell::of(text).number()?;
        number.value.is_finite().then(|| match number.exact {
            true => Value::Number(number.value),
            false => Value::LongInteger(text.trim().to_owned()),
        })
    }

    /// A number in digits.
    pub(crate) fn number_text(&self) -> String {
        match self {
            Value::Number(number) => number.to_string(),
            Value::LongInteger(text) | Value::Text(text) => text.clone(),
        }
    }

    pub(crate) fn text_bytes(&self) -> usize {
        match self {
            Value::Number(_) => 0,
            Value::LongInteger(text) | Value::Text(text) => text.len(),
        }
    }

    /// Numbers before long integers before texts.
    pub(crate) fn order(&self, other: &Value) -> Ordering {
        let rank = |value: &Value| match value {
            Value::Number(_) => 0,
            Value::LongInteger(_) => 1,
            Value::Text(_) => 2,
        };
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
            (Value::LongInteger(a), Value::LongInteger(b)) | (Value::Text(a), Value::Text(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}
