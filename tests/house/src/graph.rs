//! A graph of uses: its circles, and the layers of what is free of them.

use std::collections::{BTreeMap, BTreeSet};

/// Who uses whom.
pub(crate) type Graph<T> = BTreeMap<T, BTreeSet<T>>;

/// The sets of nodes that use each other, directly or through others; every node is in exactly one. What a set uses
/// comes before it.
pub(crate) fn components<T: Copy + Ord>(graph: &Graph<T>) -> Vec<BTreeSet<T>> {
    let mut search = Search { graph, found: BTreeMap::new(), path: Vec::new(), components: Vec::new() };
    for node in graph.keys() {
        if !search.found.contains_key(node) {
            search.visit(*node);
        }
    }
    search.components
}

/// Each component's layer, from 0: one more than the highest layer of what it uses.
pub(crate) fn layers<T: Copy + Ord>(graph: &Graph<T>, components: &[BTreeSet<T>]) -> Vec<Vec<BTreeSet<T>>> {
    let mut layer_of: BTreeMap<T, usize> = BTreeMap::new();
    let mut layers: Vec<Vec<BTreeSet<T>>> = Vec::new();
    for component in components {
        let used = component.iter().flat_map(|node| &graph[node]).filter(|used| !component.contains(used));
        let layer = used.filter_map(|used| layer_of.get(used)).max().map_or(0, |below| below + 1);
        layer_of.extend(component.iter().map(|node| (*node, layer)));
        if layers.len() <= layer {
            layers.resize(layer + 1, Vec::new());
        }
        layers[layer].push(component.clone());
    }
    for layer in &mut layers {
        layer.sort();
    }
    layers
}

/// The shortest way from a node back to itself within its component, the node first.
pub(crate) fn shortest_circle<T: Copy + Ord>(graph: &Graph<T>, component: &BTreeSet<T>) -> Vec<T> {
    let circles = component.iter().filter_map(|start| circle_through(graph, component, *start));
    circles.min_by_key(Vec::len).unwrap_or_default()
}

fn circle_through<T: Copy + Ord>(graph: &Graph<T>, component: &BTreeSet<T>, start: T) -> Option<Vec<T>> {
    let mut came_from: BTreeMap<T, T> = BTreeMap::new();
    let mut edge = vec![start];
    while !edge.is_empty() {
        let mut next = Vec::new();
        for node in edge {
            for used in graph[&node].intersection(component) {
                if *used == start {
                    return Some(way_back(&came_from, start, node));
                }
                if !came_from.contains_key(used) {
                    came_from.insert(*used, node);
                    next.push(*used);
                }
            }
        }
        edge = next;
    }
    None
}

fn way_back<T: Copy + Ord>(came_from: &BTreeMap<T, T>, start: T, end: T) -> Vec<T> {
    let mut way = vec![end];
    while let Some(node) = way.last().filter(|node| **node != start) {
        way.push(came_from[node]);
    }
    way.reverse();
    way
}

/// Tarjan's search for strongly connected components.
struct Search<'a, T> {
    graph: &'a Graph<T>,
    /// When a node was found, and the earliest found node that it leads back to; nothing once its component is known.
    found: BTreeMap<T, (usize, Option<usize>)>,
    path: Vec<T>,
    components: Vec<BTreeSet<T>>,
}

impl<T: Copy + Ord> Search<'_, T> {
    fn visit(&mut self, node: T) -> usize {
        let number = self.found.len();
        let mut earliest = number;
        self.found.insert(node, (number, Some(number)));
        self.path.push(node);
        for used in &self.graph[&node] {
            let reached = match self.found.get(used) {
                None => self.visit(*used),
                Some((found, Some(_))) => *found,
                Some((_, None)) => continue,
            };
            earliest = earliest.min(reached);
        }
        if earliest == number {
            let start = self.path.iter().rposition(|other| *other == node).unwrap_or(0);
            let component: BTreeSet<T> = self.path.drain(start..).collect();
            for member in &component {
                if let Some((_, open)) = self.found.get_mut(member) {
                    *open = None;
                }
            }
            self.components.push(component);
            return usize::MAX;
        }
        earliest
    }
}
