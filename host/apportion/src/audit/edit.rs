//! How a trial changes an epoch's rows.

use std::collections::{BTreeMap, BTreeSet};

use apportion_core::epoch::{EdgeRow, EpochRows, NodeRow, PayeeRow, RowText};

use super::labels;

/// Ids of nodes.
pub(super) type Ids = BTreeSet<RowText>;

/// Whether copies of nodes rely on what the nodes rely on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Copied,
    Left,
}

/// Changes of rows that keep an epoch valid.
pub(super) trait Edit {
    fn has_payee(&self, id: &str) -> bool;

    fn node(&self, id: &str) -> Option<&NodeRow>;

    /// What a payee owns.
    fn owned(&self, payee: &str) -> Ids;

    fn add_payee(&mut self, id: &RowText);

    /// An id that no payee and no node has, written like this one, so that what a trial adds looks like the rest.
    fn fresh(&self, like: &str, taken: &Ids) -> RowText;

    /// A copy of these nodes, owned by another, with the edges that lead to them and, if they are to, those that
    /// leave them. An edge from one of them to another is copied to one from copy to copy.
    fn copy(&mut self, nodes: &Ids, owner: &RowText, leaving: Leaving);

    /// These nodes become `parts` nodes each. Weights and metrics of a node and of its edges are shared out, so that
    /// the sums stay what they were. The first part keeps the node's id and owner; `owners` are those of the others,
    /// or nobody owns them.
    fn divide(&mut self, nodes: &Ids, parts: u16, owners: &[RowText]);

    /// Takes nodes away, with their edges.
    fn remove_nodes(&mut self, gone: &Ids);

    /// Takes payees away, with what they own.
    fn remove_payees(&mut self, gone: &Ids);
}

impl Edit for EpochRows {
    fn has_payee(&self, id: &str) -> bool {
        self.payees.iter().any(|payee| &*payee.id == id)
    }

    fn node(&self, id: &str) -> Option<&NodeRow> {
        self.nodes.iter().find(|node| &*node.id == id)
    }

    fn owned(&self, payee: &str) -> Ids {
        let owned = self.nodes.iter().filter(|node| node.payee.as_deref() == Some(payee));
        owned.map(|node| node.id.clone()).collect()
    }

    fn add_payee(&mut self, id: &RowText) {
        self.payees.push(PayeeRow { id: id.clone(), name: "".into() });
    }

    fn fresh(&self, like: &str, taken: &Ids) -> RowText {
        let nodes: BTreeSet<&str> = self.nodes.iter().map(|node| &*node.id).collect();
        labels::resembling(like, |id| self.has_payee(id) || nodes.contains(id) || taken.contains(id)).into()
    }

    fn copy(&mut self, nodes: &Ids, owner: &RowText, leaving: Leaving) {
        let mut copies: BTreeMap<RowText, RowText> = BTreeMap::new();
        let mut taken = Ids::new();
        for id in nodes {
            let copy = self.fresh(id, &taken);
            taken.insert(copy.clone());
            copies.insert(id.clone(), copy);
        }
        let added = self.nodes.iter().filter_map(|node| {
            Some(NodeRow { id: copies.get(&node.id)?.clone(), payee: Some(owner.clone()), ..node.clone() })
        });
        let added: Vec<NodeRow> = added.collect();
        let added_edges = self.edges.iter().filter_map(|edge| {
            let (source, target) = (copies.get(&edge.source), copies.get(&edge.target));
            let kept = match leaving {
                Leaving::Copied => source.is_some() || target.is_some(),
                Leaving::Left => target.is_some(),
            };
            kept.then(|| EdgeRow {
                source: source.unwrap_or(&edge.source).clone(),
                target: target.unwrap_or(&edge.target).clone(),
                ..edge.clone()
            })
        });
        let added_edges: Vec<EdgeRow> = added_edges.collect();
        self.nodes.extend(added);
        self.edges.extend(added_edges);
    }

    fn divide(&mut self, nodes: &Ids, parts: u16, owners: &[RowText]) {
        let shared = |value: f64| value / f64::from(parts);
        let mut copies: BTreeMap<RowText, Vec<RowText>> = BTreeMap::new();
        let mut taken = Ids::new();
        for id in nodes {
            for _ in 1..parts {
                let copy = self.fresh(id, &taken);
                taken.insert(copy.clone());
                copies.entry(id.clone()).or_default().push(copy);
            }
        }
        let mut added = Vec::new();
        for node in self.nodes.iter_mut().filter(|node| nodes.contains(&node.id)) {
            node.weight = shared(node.weight);
            node.metrics.iter_mut().for_each(|value| *value = shared(*value));
            for (place, id) in copies.get(&node.id).into_iter().flatten().enumerate() {
                added.push(NodeRow { id: id.clone(), payee: owners.get(place).cloned(), ..node.clone() });
            }
        }
        self.nodes.extend(added);
        let mut added = Vec::new();
        for edge in &mut self.edges {
            let (source, target) = (copies.get(&edge.source), copies.get(&edge.target));
            if source.is_none() && target.is_none() {
                continue;
            }
            edge.weight = shared(edge.weight);
            edge.metrics.iter_mut().for_each(|value| *value = shared(*value));
            for place in 0..usize::from(parts) - 1 {
                let of = |copies: Option<&Vec<RowText>>, id: &RowText| {
                    copies.and_then(|copies| copies.get(place)).unwrap_or(id).clone()
                };
                let (source, target) = (of(source, &edge.source), of(target, &edge.target));
                added.push(EdgeRow { source, target, ..edge.clone() });
            }
        }
        self.edges.extend(added);
    }

    fn remove_nodes(&mut self, gone: &Ids) {
        self.nodes.retain(|node| !gone.contains(&node.id));
        self.edges.retain(|edge| !gone.contains(&edge.source) && !gone.contains(&edge.target));
    }

    fn remove_payees(&mut self, gone: &Ids) {
        self.payees.retain(|payee| !gone.contains(&payee.id));
        let owned = |node: &&NodeRow| node.payee.as_ref().is_some_and(|payee| gone.contains(payee));
        let owned = self.nodes.iter().filter(owned).map(|node| node.id.clone()).collect();
        self.remove_nodes(&owned);
    }
}
