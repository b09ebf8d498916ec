//! Payees, nodes and edges as they are given to an [`EpochBuilder`](super::EpochBuilder), before they are checked.

/// Someone who can be paid. A plain `"ada"` is a payee without a name.
#[derive(Clone, Copy, Debug)]
#[must_use = "a payee is part of an epoch once it is given to its builder"]
pub struct Payee<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
}

impl<'a> Payee<'a> {
    /// A payee by its id: unique among payees, 1 to 1024 bytes of visible characters.
    pub fn new(id: &'a str) -> Payee<'a> {
        Payee { id, name: "" }
    }

    /// What to show a person; without it, or where it is empty, the id is shown.
    pub fn name(self, name: &'a str) -> Payee<'a> {
        Payee { name, ..self }
    }
}

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for Payee<'a> {
    fn from(id: &'a T) -> Payee<'a> {
        Payee::new(id.as_ref())
    }
}

/// A node to be. What is not given is the contract's default: weight 1, the time of the window's start, no payee, 0 in
/// every metric and the empty word in every label.
///
/// ```
/// use apportion_core::epoch::Node;
///
/// let node = Node::new("paper", "paper").payee("ada").weight(2.0).metric("citations", 12.0).label("field", "physics");
/// assert_eq!(node.cell_count(), 2);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a node is part of an epoch once it is given to its builder"]
pub struct Node<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) payee: Option<&'a str>,
    pub(super) cells: Cells<'a>,
}

/// An edge to be: the source relied on the target, so that credit flows from the source to the target. What is not
/// given is the contract's default: weight 1, the time of the window's start, 0 in every metric and the empty word in
/// every label.
///
/// Edges may repeat: two equal events are two edges.
///
/// ```
/// use apportion_core::epoch::Edge;
///
/// let edge = Edge::new("paper", "data-set", "cites").weight(0.5).time(1_735_689_600);
/// assert_eq!(edge.cell_count(), 0);
/// ```
#[derive(Clone, Debug)]
#[must_use = "an edge is part of an epoch once it is given to its builder"]
pub struct Edge<'a> {
    pub(super) source: &'a str,
    pub(super) target: &'a str,
    pub(super) kind: &'a str,
    pub(super) cells: Cells<'a>,
}

/// What nodes and edges have alike.
#[derive(Clone, Debug)]
pub(super) struct Cells<'a> {
    pub(super) weight: f64,
    pub(super) time: Option<i64>,
    pub(super) metrics: Option<&'a [f64]>,
    pub(super) labels: Option<&'a [&'a str]>,
    pub(super) named_metrics: Vec<(&'a str, f64)>,
    pub(super) named_labels: Vec<(&'a str, &'a str)>,
}

impl<'a> Node<'a> {
    /// A node by its id, unique among nodes, and its kind: `person`, `data-set`, `commit`... Both have 1 to 1024 bytes
    /// of visible characters.
    pub fn new(id: &'a str, kind: &'a str) -> Node<'a> {
        Node { id, kind, payee: None, cells: Cells::default() }
    }

    /// The id of the payee that owns the node, if any does. The payee must be given to the builder too, before or after.
    pub fn payee(self, payee: impl Into<Option<&'a str>>) -> Node<'a> {
        Node { payee: payee.into(), ..self }
    }
}

impl<'a> Edge<'a> {
    /// An edge from a node to another, by their ids, and its kind: `cites`, `derived-from`, `depends-on`... The nodes
    /// may be given to the builder later.
    pub fn new(source: &'a str, target: &'a str, kind: &'a str) -> Edge<'a> {
        Edge { source, target, kind, cells: Cells::default() }
    }
}

impl Default for Cells<'_> {
    fn default() -> Self {
        Cells {
            weight: 1.0,
            time: None,
            metrics: None,
            labels: None,
            named_metrics: Vec::new(),
            named_labels: Vec::new(),
        }
    }
}

macro_rules! cell_setters {
    ($($row:ident),*) => {$(
        impl<'a> $row<'a> {
            /// Finite, 0 or more.
            pub fn weight(mut self, weight: f64) -> $row<'a> {
                self.cells.weight = weight;
                self
            }

            /// Seconds since 1970-01-01 UTC; `None` is the start of the window.
            pub fn time(mut self, time: impl Into<Option<i64>>) -> $row<'a> {
                self.cells.time = time.into();
                self
            }

            /// A finite number in the metric column of this name. A name that is new to the builder makes a column, in
            /// which rows without a value have 0. Of two values for one column, the later one stays.
            pub fn metric(mut self, name: &'a str, value: f64) -> $row<'a> {
                self.cells.named_metrics.push((name, value));
                self
            }

            /// A word of up to 4096 bytes in the label column of this name. A name that is new to the builder makes a
            /// column, in which rows without a word have the empty one. Of two words for one column, the later one stays.
            pub fn label(mut self, name: &'a str, word: &'a str) -> $row<'a> {
                self.cells.named_labels.push((name, word));
                self
            }

            /// A number for every metric column that was declared, in the order of
            /// [`EpochBuilder::with_columns`](super::EpochBuilder::with_columns): the way for many rows.
            pub fn metrics(mut self, values: &'a [f64]) -> $row<'a> {
                self.cells.metrics = Some(values);
                self
            }

            /// A word for every label column that was declared, in the order of
            /// [`EpochBuilder::with_columns`](super::EpochBuilder::with_columns): the way for many rows.
            pub fn labels(mut self, words: &'a [&'a str]) -> $row<'a> {
                self.cells.labels = Some(words);
                self
            }

            /// How many metrics and labels the row gives, for callers that bound what they take.
            pub fn cell_count(&self) -> usize {
                let cells = &self.cells;
                let declared = cells.metrics.map_or(0, <[f64]>::len) + cells.labels.map_or(0, <[&str]>::len);
                declared + cells.named_metrics.len() + cells.named_labels.len()
            }
        }
    )*};
}

cell_setters!(Node, Edge);
