//! How much reaches each node, when what each passes on is known.

use apportion_guest::Epoch;

/// What still circles is left to the treasury when it is this part of what entered the circle.
const SETTLED: f64 = 1e-15;
/// Or after so many rounds.
const ROUNDS: usize = 10_000;

/// The nodes in an order in which credit flows: groups that rely on one another in circles, sources first.
pub(crate) struct Network<'e> {
    epoch: &'e Epoch,
    groups: Vec<Vec<usize>>,
    /// Which group each node is in.
    group: Vec<usize>,
}

/// Where everything went.
pub(crate) struct Flow {
    /// What reached each node, from outcomes and over edges.
    pub reached: Vec<f64>,
    /// The same, each part times the number of edges that it came over.
    pub steps: Vec<f64>,
    /// What never lands.
    pub circling: f64,
}

impl<'e> Network<'e> {
    pub(crate) fn new(epoch: &'e Epoch) -> Self {
        let mut groups = groups(epoch);
        // They come with those first that nothing flows out of.
        groups.reverse();
        let mut group = vec![0; epoch.node_kind().len()];
        for (index, nodes) in groups.iter_mut().enumerate() {
            nodes.sort_unstable();
            for node in nodes {
                group[*node] = index;
            }
        }
        Self { epoch, groups, group }
    }

    /// How many nodes lie on circles.
    pub(crate) fn in_cycles(&self) -> usize {
        self.groups.iter().map(Vec::len).filter(|nodes| *nodes > 1).sum()
    }

    /// Lets what outcomes earned flow; `passed` is, for each edge, the part of what reaches its source.
    pub(crate) fn flow(&self, sources: &[f64], passed: &[f64]) -> Flow {
        let mut flow =
            Flow { reached: vec![0.0; sources.len()], steps: vec![0.0; sources.len()], circling: 0.0 };
        // What has arrived at each node and was not passed on yet, and the same times the edges it came over.
        let mut waiting: Vec<(f64, f64)> = sources.iter().map(|earned| (*earned, 0.0)).collect();
        for (index, nodes) in self.groups.iter().enumerate() {
            let entered: f64 = nodes.iter().map(|node| waiting[*node].0).sum();
            if entered == 0.0 {
                continue;
            }
            let circles = nodes.len() > 1;
            if circles && !self.leaks(index, passed) {
                flow.circling += entered;
                continue;
            }
            for round in 0.. {
                let left: f64 = nodes.iter().map(|node| waiting[*node].0).sum();
                if round > 0 && (!circles || left <= entered * SETTLED || round == ROUNDS) {
                    flow.circling += left;
                    break;
                }
                self.pass_on(nodes, &mut waiting, &mut flow, passed);
            }
        }
        flow
    }

    /// Each node of a group passes on what has arrived; what comes round waits for the next round.
    fn pass_on(&self, nodes: &[usize], waiting: &mut [(f64, f64)], flow: &mut Flow, passed: &[f64]) {
        let arrived: Vec<(f64, f64)> = nodes.iter().map(|node| std::mem::take(&mut waiting[*node])).collect();
        for (node, (amount, steps)) in nodes.iter().zip(arrived) {
            flow.reached[*node] += amount;
            flow.steps[*node] += steps;
            for edge in self.epoch.out_edges(*node) {
                let target = self.epoch.edge_target()[edge] as usize;
                waiting[target].0 += amount * passed[edge];
                waiting[target].1 += (steps + amount) * passed[edge];
            }
        }
    }

    /// Whether anything leaves a group: over an edge, or because a node of it keeps a part.
    fn leaks(&self, index: usize, passed: &[f64]) -> bool {
        self.groups[index].iter().any(|node| {
            let mut within = 0.0;
            for edge in self.epoch.out_edges(*node) {
                if self.group[self.epoch.edge_target()[edge] as usize] == index {
                    within += passed[edge];
                }
            }
            // Less than rounding makes of parts that sum to 1.
            within < 1.0 - 1e-12
        })
    }
}

/// The groups of nodes that reach one another, each after those it leads to (Tarjan 1972, without recursion).
fn groups(epoch: &Epoch) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let count = epoch.node_kind().len();
    let (mut order, mut low, mut held) = (vec![NEW; count], vec![0; count], vec![false; count]);
    let (mut stack, mut groups, mut next) = (Vec::new(), Vec::new(), 0);
    let mut path: Vec<(usize, usize)> = Vec::new();
    for root in 0..count {
        if order[root] != NEW {
            continue;
        }
        path.push((root, epoch.out_edges(root).start));
        while let Some((node, edge)) = path.pop() {
            if order[node] == NEW {
                (order[node], low[node], held[node]) = (next, next, true);
                next += 1;
                stack.push(node);
            }
            if edge < epoch.out_edges(node).end {
                let target = epoch.edge_target()[edge] as usize;
                path.push((node, edge + 1));
                if order[target] == NEW {
                    path.push((target, epoch.out_edges(target).start));
                } else if held[target] {
                    low[node] = low[node].min(order[target]);
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
