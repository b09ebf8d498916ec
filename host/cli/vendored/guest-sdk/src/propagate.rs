//! Credit that flows along edges: the weighted, personalised PageRank.
//!
//! ```
//! use apportion_guest::propagate::{Link, Network, PageRank};
//!
//! // Two apps rely on a library; the second relies on a tool too.
//! let links = [
//!     Link { source: 0, target: 2, weight: 1.0 },
//!     Link { source: 1, target: 2, weight: 3.0 },
//!     Link { source: 1, target: 3, weight: 1.0 },
//! ];
//! let ranking = PageRank::default().rank(&Network::new(4, &links), &[1.0, 1.0, 0.0, 0.0]);
//! assert!(ranking.settled);
//! assert!(ranking.scores[2] > ranking.scores[3]);
//! assert!((ranking.scores.iter().sum::<f64>() - 1.0).abs() < 1e-6);
//! ```

use alloc::vec::Vec;

/// A weighted edge between two nodes, by their rows. Credit flows from source to target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Row of a node.
    pub source: u32,
    /// Row of a node.
    pub target: u32,
    /// Finite, above 0; a link of another weight is not part of the network.
    pub weight: f64,
}

/// A set of links, ready to be ranked over again and again: the nodes they touch, and no others.
///
/// Parallel links add up. A rule that lets one replace another does so before.
#[derive(Clone, Debug)]
pub struct Network {
    /// How many nodes the epoch has.
    node_count: usize,
    /// The rows of its nodes, see `members()`. The columns below speak of places in this list.
    members: Vec<u32>,
    /// The links by target, in their order: those into place n are `[offsets[n], offsets[n + 1])`.
    offsets: Vec<usize>,
    sources: Vec<u32>,
    /// The link's part of all that leaves its source: above 0, at most 1.
    parts: Vec<f64>,
    /// The places that no link leaves.
    dangling: Vec<u32>,
}

/// How a PageRank is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageRank {
    /// The part of a node's credit that it passes on, 0 to 1; the rest goes back along the teleport vector.
    pub damping: f64,
    /// An iteration that changes the scores by less than this a node, summed over the nodes, is the last. Above 0.
    pub tolerance: f64,
    /// The last iteration at the latest.
    pub max_iterations: u32,
}

/// Scores that sum to 1 over the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// One score per node of the epoch; 0 for a node outside the network.
    pub scores: Vec<f64>,
    /// How many iterations were made.
    pub iterations: u32,
    /// Whether the last iteration changed less than the tolerance. If not, the scores depend on where it stopped,
    /// and a rule should refuse rather than pay by them.
    pub settled: bool,
}

impl Default for PageRank {
    /// Damping 0.85, tolerance 1e-6, 100 iterations: the defaults of Page and Brin's paper and of NetworkX.
    fn default() -> Self {
        Self { damping: 0.85, tolerance: 1e-6, max_iterations: 100 }
    }
}

impl Network {
    /// The network of some links between `node_count` nodes. Links of weight 0, of a weight that is negative or not
    /// finite, and links to nodes that are not there are left out.
    pub fn new(node_count: usize, links: &[Link]) -> Self {
        let inside = |link: &&Link| {
            let last = link.source.max(link.target) as usize;
            link.weight > 0.0 && link.weight.is_finite() && last < node_count
        };
        let links: Vec<Link> = links.iter().filter(inside).copied().collect();

        let mut place_of = alloc::vec![u32::MAX; node_count];
        for link in &links {
            place_of[link.source as usize] = 0;
            place_of[link.target as usize] = 0;
        }
        let mut members = Vec::new();
        for (node, place) in (0_u32..).zip(&mut place_of) {
            if *place == 0 {
                *place = u32::try_from(members.len()).unwrap_or(u32::MAX);
                members.push(node);
            }
        }

        let mut leaving = alloc::vec![0.0; members.len()];
        let mut offsets = alloc::vec![0_usize; members.len() + 1];
        for link in &links {
            leaving[place_of[link.source as usize] as usize] += link.weight;
            offsets[place_of[link.target as usize] as usize + 1] += 1;
        }
        for place in 1..offsets.len() {
            offsets[place] += offsets[place - 1];
        }
        let mut next = offsets.clone();
        let mut sources = alloc::vec![0_u32; links.len()];
        let mut parts = alloc::vec![0.0; links.len()];
        for link in &links {
            let (source, target) = (place_of[link.source as usize], place_of[link.target as usize]);
            let row = next[target as usize];
            next[target as usize] += 1;
            sources[row] = source;
            parts[row] = link.weight / leaving[source as usize];
        }
        let places = (0_u32..).zip(&leaving);
        let dangling = places.filter(|(_, leaving)| **leaving == 0.0).map(|(place, _)| place).collect();
        Self { node_count, members, offsets, sources, parts, dangling }
    }

    /// The rows of the nodes that a link touches, ascending; then those that were added.
    pub fn members(&self) -> &[u32] {
        &self.members
    }

    /// The positive entries of `preference` over the members, summing to 1; uniform if there are none.
    #[inline]
    fn teleport(&self, preference: &[f64]) -> Vec<f64> {
        let of = |node: &u32| preference.get(*node as usize).copied().unwrap_or(0.0);
        let mut teleport: Vec<f64> = self.members.iter().map(|node| of(node).max(0.0)).collect();
        let total: f64 = teleport.iter().sum();
        if total > 0.0 && total.is_finite() {
            teleport.iter_mut().for_each(|part| *part /= total);
        } else {
            let even = 1.0 / self.members.len() as f64;
            teleport.fill(even);
        }
        teleport
    }
}

impl PageRank {
    /// Ranks the nodes of a network. `preference` has one entry per node of the epoch, of any scale: where credit
    /// starts and to where it returns. Entries that are not positive, and nodes outside the network, count as 0; if
    /// nothing is left, every member is preferred alike.
    ///
    /// The iteration is NetworkX's `pagerank`, to the order of its terms: start uniform; each node passes `damping` of
    /// its score on, in proportion to the weights of its links; a node without links passes it on along the
    /// preference; everything else comes from the preference. An empty network has no scores and is settled.
    /// Takes time in proportion to links times iterations; the scores are the same bits on every machine.
    ///
    /// Source: L. Page, S. Brin, R. Motwani, T. Winograd, "The PageRank Citation Ranking", 1999, section 6
    /// (personalised); A. Langville, C. Meyer, "Deeper Inside PageRank", 2004, section 3.1 (dangling nodes).
    pub fn rank(&self, network: &Network, preference: &[f64]) -> Ranking {
        let mut scores = alloc::vec![0.0; network.node_count];
        let size = network.members.len();
        if size == 0 {
            return Ranking { scores, iterations: 0, settled: true };
        }
        let teleport = network.teleport(preference);
        let mut now = alloc::vec![1.0 / size as f64; size];
        let mut next = alloc::vec![0.0; size];
        let (mut iterations, mut settled) = (0, false);
        while iterations < self.max_iterations && !settled {
            let change = self.step(network, &teleport, &now, &mut next);
            core::mem::swap(&mut now, &mut next);
            iterations += 1;
            settled = change < size as f64 * self.tolerance;
        }
        for (node, score) in network.members.iter().zip(now) {
            scores[*node as usize] = score;
        }
        Ranking { scores, iterations, settled }
    }

    #[inline] // One iteration; returns how much it changed the scores in sum.
    fn step(&self, network: &Network, teleport: &[f64], now: &[f64], next: &mut [f64]) -> f64 {
        let dangling: f64 = network.dangling.iter().map(|place| now[*place as usize]).sum();
        let mut change = 0.0;
        for (place, next) in next.iter_mut().enumerate() {
            let links = network.offsets[place]..network.offsets[place + 1];
            let mut received = 0.0;
            for (source, part) in network.sources[links.clone()].iter().zip(&network.parts[links]) {
                received += now[*source as usize] * part;
            }
            let returned = (1.0 - self.damping) * teleport[place];
            *next = self.damping * (received + dangling * teleport[place]) + returned;
            change += (*next - now[place]).abs();
        }
        change
    }
}

// Last, because where a panic stands in this file is part of the components that can reach it.
mod eigentrust;

pub use eigentrust::EigenTrust;

#[cfg(test)]
mod tests {
    use super::*;

    fn link(source: u32, target: u32, weight: f64) -> Link {
        Link { source, target, weight }
    }

    #[test]
    fn agrees_with_networkx() {
        // networkx.pagerank(G, alpha=0.5, personalization={0: 3, 1: 1}, tol=1e-8), on 0->2 (1), 1->2 (3), 1->3 (1),
        // 2->0 (2); solved by hand as the linear system it approximates.
        let links = [link(0, 2, 1.0), link(1, 2, 3.0), link(1, 3, 1.0), link(2, 0, 2.0)];
        let rank = PageRank { damping: 0.5, tolerance: 1e-12, max_iterations: 100 };
        let scores = rank.rank(&Network::new(5, &links), &[3.0, 1.0, 0.0, 0.0, 9.0]).scores;
        // d = x3 is dangling: x0 = x2/2 + 3/4 (x3/2 + 1/2), x1 = 1/4 (x3/2 + 1/2), x2 = x0/2 + 3/8 x1, x3 = x1/8.
        let x1 = 8.0 / 63.0;
        let x3 = x1 / 8.0;
        let x0 = (3.0 / 16.0 * x1 + 0.75 * (x3 + 1.0) / 2.0) / 0.75;
        let x2 = x0 / 2.0 + 0.375 * x1;
        for (score, exact) in scores.iter().zip([x0, x1, x2, x3, 0.0]) {
            assert!((score - exact).abs() < 1e-11, "{scores:?}");
        }
    }

    #[test]
    fn a_network_of_nothing_is_settled_and_scores_nobody() {
        for links in [&[][..], &[link(0, 1, 0.0), link(0, 9, 1.0), link(1, 0, f64::NAN)]] {
            let ranking = PageRank::default().rank(&Network::new(2, links), &[1.0, 1.0]);
            assert_eq!((ranking.scores, ranking.settled), (alloc::vec![0.0; 2], true));
        }
    }

    #[test]
    fn credit_that_circles_for_ever_does_not_settle() {
        let links = [link(0, 1, 1.0), link(1, 0, 1.0), link(2, 0, 1.0)];
        let rank = PageRank { damping: 1.0, ..PageRank::default() };
        assert!(!rank.rank(&Network::new(3, &links), &[0.0, 1.0, 0.0]).settled);
    }
}
