//! EigenTrust: the same walk as PageRank's, begun at the pre-trusted and stopped by another measure.

use super::{Network, PageRank, Ranking};
use crate::math;

/// How an EigenTrust is computed.
///
/// ```
/// use apportion_guest::propagate::{EigenTrust, Link, Network};
///
/// // The first two are trusted beforehand, the second twice as much; both trust the third.
/// let links = [
///     Link { source: 0, target: 2, weight: 100.0 },
///     Link { source: 1, target: 2, weight: 100.0 },
///     Link { source: 0, target: 1, weight: 75.0 },
/// ];
/// let rule = EigenTrust { alpha: 0.5, epsilon: 1e-12, max_iterations: 100 };
/// let ranking = rule.rank(&Network::new(3, &links), &[50.0, 100.0, 0.0]);
/// let exact = [28.0 / 129.0, 39.0 / 129.0, 62.0 / 129.0];
/// assert!(ranking.settled);
/// assert!((ranking.scores[0] - exact[0]).abs() < 1e-9);
/// assert!((ranking.scores[2] - exact[1]).abs() < 1e-9);
/// assert!((ranking.scores[1] - exact[2]).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EigenTrust {
    /// The part of all trust that comes from the pre-trust, 0 to 1; the rest comes from peers.
    pub alpha: f64,
    /// An iteration whose change is at most this long (its Euclidean norm) is the last. Above 0.
    pub epsilon: f64,
    /// The last iteration at the latest.
    pub max_iterations: u32,
}

impl EigenTrust {
    /// Ranks the nodes of a network, whose links are local trust. `pretrust` has one entry per node of the epoch, of any
    /// scale; entries that are not positive, and nodes outside the network, count as 0; if nothing is left, every
    /// member is trusted alike.
    ///
    /// Trust begins as the pre-trust. In each iteration a node passes `1 - alpha` of its trust on to those it trusts, in
    /// proportion to the weights of its links; one that trusts nobody passes it on along the pre-trust; everything else
    /// comes from the pre-trust. An empty network has no scores and is settled.
    ///
    /// Source: S. Kamvar, M. Schlosser, H. Garcia-Molina, "The EigenTrust Algorithm for Reputation Management in P2P
    /// Networks", 2003, section 4.5; the stop is that of the library `go-eigentrust`.
    // Compiled where it is used, as are `step` and `teleport`: a second caller of theirs in this crate would be seen in
    // the bytes of components that have PageRank alone.
    #[inline]
    pub fn rank(&self, network: &Network, pretrust: &[f64]) -> Ranking {
        let mut scores = alloc::vec![0.0; network.node_count];
        let members = network.members();
        if members.is_empty() {
            return Ranking { scores, iterations: 0, settled: true };
        }
        let pretrust = network.teleport(pretrust);
        let walk =
            PageRank { damping: 1.0 - self.alpha, tolerance: 0.0, max_iterations: self.max_iterations };
        let mut now = pretrust.clone();
        let mut next = alloc::vec![0.0; members.len()];
        let (mut iterations, mut settled) = (0, false);
        while iterations < self.max_iterations && !settled {
            walk.step(network, &pretrust, &now, &mut next);
            settled = distance(&now, &next) <= self.epsilon;
            core::mem::swap(&mut now, &mut next);
            iterations += 1;
        }
        for (node, score) in members.iter().zip(now) {
            if let Some(of_node) = scores.get_mut(*node as usize) {
                *of_node = score;
            }
        }
        Ranking { scores, iterations, settled }
    }
}

impl Network {
    /// The network with further nodes, by their rows, that no link needs to touch: a pre-trusted peer whom nobody trusts
    /// yet. In [`members`](Self::members) they follow the others. Nodes that are members already, and rows that are no
    /// nodes, change nothing.
    #[must_use]
    pub fn with_nodes(mut self, nodes: &[u32]) -> Self {
        let mut outside = alloc::vec![true; self.node_count];
        for member in &self.members {
            if let Some(outside) = outside.get_mut(*member as usize) {
                *outside = false;
            }
        }
        let links = self.sources.len();
        for node in nodes {
            let Some(outside) = outside.get_mut(*node as usize).filter(|outside| **outside) else { continue };
            *outside = false;
            self.dangling.push(u32::try_from(self.members.len()).unwrap_or(u32::MAX));
            self.members.push(*node);
            self.offsets.push(links);
        }
        self
    }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    math::sqrt(a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum())
}
