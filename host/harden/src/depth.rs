//! Which functions count towards the depth, and how much: section "Depth" of METERING.md.

use std::collections::BTreeMap;

use wasmparser::Operator;

use crate::body::Body;
use crate::frame;
use crate::link::{self, Callee};
use crate::meter;
use crate::scan::{CoreModule, Scan};

/// A chain of calls that counts nothing takes at most this much, in bytes.
const FREE: u64 = 1 << 19;
/// The most that one function takes, as of the counter.
const DEEPEST: u64 = meter::DEEPEST.unsigned_abs();

/// What the call graph needs of a body.
pub(crate) struct Calls {
    /// See [`frame::bytes`].
    pub frame: u64,
    direct: Vec<u32>,
    indirect: Vec<u32>,
    taken: Vec<u32>,
}

impl Calls {
    pub(crate) fn of(body: &Body) -> Self {
        let mut calls =
            Self { frame: frame::bytes(body), direct: Vec::new(), indirect: Vec::new(), taken: Vec::new() };
        for op in &body.ops {
            match &op.op {
                Operator::Call { function_index } => calls.direct.push(*function_index),
                Operator::CallIndirect { type_index, .. } => calls.indirect.push(*type_index),
                Operator::RefFunc { function_index } => calls.taken.push(*function_index),
                _ => {}
            }
        }
        for list in [&mut calls.direct, &mut calls.indirect, &mut calls.taken] {
            list.sort_unstable();
            list.dedup();
        }
        calls
    }
}

/// How a function meets the depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Depth {
    /// What it takes of it, if it counts.
    pub amount: Option<i32>,
    /// Whether direct calls lead from it back to it, all within its module.
    pub recursive: bool,
}

/// For each module, for each function with a body, what it does with the depth.
pub(crate) fn of(scan: &Scan, calls: &[Vec<Calls>]) -> Vec<Vec<Depth>> {
    let mut all = amounts(scan, calls);
    scan.modules
        .iter()
        .zip(calls)
        .map(|(module, calls)| {
            let amounts = all.by_ref().take(module.functions.len());
            amounts
                .zip(recursive(module, calls))
                .map(|(amount, recursive)| Depth { amount, recursive })
                .collect()
        })
        .collect()
}

/// What each function with a body takes of the depth, over all modules.
fn amounts(scan: &Scan, calls: &[Vec<Calls>]) -> impl Iterator<Item = Option<i32>> + use<> {
    let graph = Graph::new(scan, calls);
    let mut uncounted = vec![0_u64; graph.edges.len()];
    let mut amount = vec![None; graph.edges.len()];
    for group in graph.groups() {
        let cyclic = graph.is_cycle(&group);
        // Nodes that stand for many functions take nothing themselves; they are told of first.
        let (junctions, functions): (Vec<_>, Vec<_>) =
            group.iter().partition(|node| graph.frame(**node).is_none());
        for node in junctions.into_iter().chain(functions) {
            let below = graph.calls(node).iter().filter_map(|callee| uncounted.get(*callee)).max();
            let total = graph.frame(node).unwrap_or(0).saturating_add(*below.unwrap_or(&0));
            let counts = graph.frame(node).is_some() && (cyclic || total > FREE);
            if let (Some(uncounted), Some(amount)) = (uncounted.get_mut(node), amount.get_mut(node)) {
                *uncounted = if counts { 0 } else { total };
                *amount = counts.then(|| total.min(DEEPEST));
            }
        }
    }
    amount.into_iter().map(|amount| amount.and_then(|amount| i32::try_from(amount).ok()))
}

/// Which functions of a module lie on a cycle of direct calls.
fn recursive(module: &CoreModule, calls: &[Calls]) -> Vec<bool> {
    let imported = module.imported_functions.len();
    let own = |function: &u32| (*function as usize).checked_sub(imported);
    let edges = calls.iter().map(|calls| calls.direct.iter().filter_map(own).collect()).collect();
    let graph = Graph { edges, frames: Vec::new() };
    let mut recursive = vec![false; calls.len()];
    for group in graph.groups() {
        let cyclic = graph.is_cycle(&group);
        for node in group {
            if let Some(recursive) = recursive.get_mut(node) {
                *recursive = cyclic;
            }
        }
    }
    recursive
}

/// Functions with bodies, in order; behind them one junction for each signature, and one for all that is unknown.
struct Graph {
    edges: Vec<Vec<usize>>,
    frames: Vec<u64>,
}

impl Graph {
    fn new(scan: &Scan, calls: &[Vec<Calls>]) -> Self {
        let imports = link::imports(scan);
        let mut first = Vec::new();
        let mut count = 0;
        for module in &scan.modules {
            first.push(count);
            count += module.functions.len();
        }
        let mut junctions = Junctions { unknown: count, signatures: BTreeMap::new() };
        let mut graph = Self { edges: vec![Vec::new(); count + 1], frames: Vec::new() };

        // What a function's index stands for, in a module.
        let reach = |module: usize, function: u32| -> Vec<usize> {
            let own = &scan.modules[module];
            let place = |module: usize, function: u32| {
                let imported = scan.modules.get(module)?.imported_functions.len();
                Some(first.get(module)? + (function as usize).checked_sub(imported)?)
            };
            let Some(import) = imports.get(module).and_then(|imports| imports.get(function as usize)) else {
                return place(module, function).into_iter().collect();
            };
            if import.is_empty() && scan.instances.is_empty() && !own.imported_functions.is_empty() {
                return vec![count];
            }
            import
                .iter()
                .filter_map(|callee| match callee {
                    Callee::Host => None,
                    Callee::Function { module, function } => place(*module, *function),
                    Callee::Unknown => Some(count),
                })
                .collect()
        };

        for (index, module) in scan.modules.iter().enumerate() {
            let bodies = calls.get(index).map_or(&[][..], Vec::as_slice);
            let referenced = bodies.iter().flat_map(|calls| calls.taken.iter());
            for function in module.taken.iter().chain(referenced) {
                let junction =
                    junctions.of(&mut graph, module.function_types.get(*function as usize), module);
                let reached = reach(index, *function);
                graph.edges[junction].extend(&reached);
                graph.edges[count].extend(reached);
            }
            for function in module.exports.values() {
                graph.edges[count].extend(reach(index, *function));
            }
            // Tables that came from outside may hold anything, if nobody knows who linked them.
            let foreign = scan.instances.is_empty();
            for (place, body) in bodies.iter().enumerate() {
                let node = first[index] + place;
                for function in &body.direct {
                    graph.edges[node].extend(reach(index, *function));
                }
                for ty in &body.indirect {
                    let junction = junctions.of(&mut graph, Some(ty), module);
                    graph.edges[node].push(junction);
                    if foreign {
                        graph.edges[node].push(count);
                    }
                }
            }
            graph.frames.extend(bodies.iter().map(|calls| calls.frame));
        }
        for edges in &mut graph.edges {
            edges.sort_unstable();
            edges.dedup();
        }
        graph
    }

    fn calls(&self, node: usize) -> &[usize] {
        self.edges.get(node).map_or(&[], Vec::as_slice)
    }

    /// Whether a group of [`Self::groups`] has a way from a node back to it.
    fn is_cycle(&self, group: &[usize]) -> bool {
        group.len() > 1 || group.iter().any(|node| self.calls(*node).contains(node))
    }

    fn frame(&self, node: usize) -> Option<u64> {
        self.frames.get(node).copied()
    }

    /// The strongly connected groups, each behind those it calls (Tarjan's algorithm, without recursion).
    fn groups(&self) -> Vec<Vec<usize>> {
        const NEW: usize = usize::MAX;
        let count = self.edges.len();
        let (mut order, mut low, mut held) = (vec![NEW; count], vec![0; count], vec![false; count]);
        let (mut stack, mut groups, mut next) = (Vec::new(), Vec::new(), 0);
        for root in 0..count {
            if order[root] != NEW {
                continue;
            }
            let mut path = vec![(root, 0)];
            while let Some((node, edge)) = path.pop() {
                if edge == 0 {
                    (order[node], low[node], held[node]) = (next, next, true);
                    next += 1;
                    stack.push(node);
                }
                if let Some(callee) = self.calls(node).get(edge).copied() {
                    path.push((node, edge + 1));
                    if order[callee] == NEW {
                        path.push((callee, 0));
                    } else if held[callee] {
                        low[node] = low[node].min(order[callee]);
                    }
                    continue;
                }
                if let Some((parent, _)) = path.last() {
                    low[*parent] = low[*parent].min(low[node]);
                }
                if low[node] == order[node] {
                    let mut group = Vec::new();
                    while let Some(member) = stack.pop() {
                        held[member] = false;
                        group.push(member);
                        if member == node {
                            break;
                        }
                    }
                    groups.push(group);
                }
            }
        }
        groups
    }
}

/// The nodes that stand for many functions.
struct Junctions {
    unknown: usize,
    signatures: BTreeMap<String, usize>,
}

impl Junctions {
    /// The node for all functions of a signature whose address is taken.
    fn of(&mut self, graph: &mut Graph, ty: Option<&u32>, module: &CoreModule) -> usize {
        let Some(signature) = ty.and_then(|ty| module.types.get(*ty as usize)) else { return self.unknown };
        *self.signatures.entry(format!("{signature:?}")).or_insert_with(|| {
            graph.edges.push(Vec::new());
            graph.edges.len() - 1
        })
    }
}
