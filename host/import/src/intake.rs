//! The one way from this crate into an epoch's builder: rows and cells are counted before they are kept.

use apportion_core::epoch::{BuildError, ColumnNames, Edge, Epoch, EpochBuilder, Header, Node};

use crate::limits::{Bound, LimitExceeded, Quota};

/// An epoch's builder that takes as many rows as the import may have.
pub(crate) struct Intake {
    builder: EpochBuilder,
    quota: Quota,
    exceeded: Option<LimitExceeded>,
}

/// Why rows did not become an epoch.
#[derive(Debug)]
pub(crate) enum IntakeError {
    Limit(LimitExceeded),
    Build(BuildError),
}

impl Intake {
    pub(crate) fn new(header: Header, columns: ColumnNames, quota: Quota) -> Result<Intake, BuildError> {
        Ok(Intake { builder: EpochBuilder::new(header, columns)?, quota, exceeded: None })
    }

    pub(crate) fn payee(&mut self, id: &str, name: &str) {
        if self.has_room(0) {
            self.builder.payee(id, name);
        }
    }

    pub(crate) fn node(&mut self, node: Node<'_>) {
        if self.has_room(node.metrics.len() + node.labels.len()) {
            self.builder.node(node);
        }
    }

    pub(crate) fn edge(&mut self, edge: Edge<'_>) {
        if self.has_room(edge.metrics.len() + edge.labels.len()) {
            self.builder.edge(edge);
        }
    }

    /// The bound that was exceeded, since when rows are not kept.
    pub(crate) fn exceeded(&self) -> Option<LimitExceeded> {
        self.exceeded
    }

    pub(crate) fn finish(self) -> Result<Epoch, IntakeError> {
        match self.exceeded {
            Some(exceeded) => Err(IntakeError::Limit(exceeded)),
            None => self.builder.finish().map_err(IntakeError::Build),
        }
    }

    fn has_room(&mut self, cells: usize) -> bool {
        if self.exceeded.is_none() {
            let taken = self.quota.take(Bound::Rows, 1).and_then(|()| self.quota.take(Bound::Cells, cells));
            self.exceeded = taken.err();
        }
        self.exceeded.is_none()
    }
}
