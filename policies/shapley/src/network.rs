//! Nodes that rely on each other, and which of them a coalition fulfils.
//!
//! A node is fulfilled when its owner takes part, or nobody owns it, and what it needs of the nodes that it relies on is
//! fulfilled. Nothing fulfils itself: of nodes that rely on each other in a circle each waits for the others. Who joins
//! can only add, so nodes are fulfilled one after the other, and every edge is walked at most once.

use std::collections::BTreeMap;

use apportion_guest::{Epoch, Refusal, weights_from_scores};

use crate::exact::Coalition;
use crate::parameters::{Need, Reachability};
use crate::players::{self, NO_PLAYER, Outcomes, Roster};

/// A graph of nodes that rely on each other, and what they are worth.
pub(crate) struct Network {
    /// By node; [`NO_PLAYER`] where nobody owns it.
    player: Vec<u32>,
    /// By player.
    nodes_of: Rows<u32>,
    /// By node, in units; 0 for one that is no outcome.
    worth: Vec<u64>,
    /// By node: how much must be fulfilled of what it relies on.
    need: Vec<u128>,
    /// By node: what it relies on, and how much that is of its need.
    relies_on: Rows<(u32, u64)>,
    /// By node: who relies on it, and how much it is of their need.
    relied_on_by: Rows<(u32, u64)>,
}

/// A part of a network, by what some outcomes depend on.
pub(crate) struct Part {
    pub(crate) network: Network,
    /// By player of the part: the player of the whole.
    pub(crate) players: Vec<u32>,
}

impl Network {
    pub(crate) fn of(
        epoch: &Epoch,
        roster: &Roster,
        outcomes: &Outcomes,
        game: &Reachability,
    ) -> Result<Self, Refusal> {
        let nodes = epoch.node_kind().len();
        let mut worth = vec![0; nodes];
        for (node, of_node) in outcomes.nodes.iter().zip(&outcomes.worth) {
            worth[*node as usize] = *of_node;
        }
        let kinds = players::listed(epoch.edge_kinds(), game.edge_kinds.as_deref());
        let needs: Vec<Need> =
            epoch.node_kinds().iter().map(|kind| game.needs.get(kind).copied().unwrap_or_default()).collect();
        let (mut links, mut need) = (Vec::new(), vec![0; nodes]);
        for (node, kind) in (0_u32..).zip(epoch.node_kind()) {
            let edges: Vec<usize> = players::edges(epoch, node, &kinds).collect();
            let (parts, needed) = needed(epoch, needs[*kind as usize], &edges)?;
            need[node as usize] = needed;
            let targets = edges.iter().map(|edge| epoch.edge_target()[*edge]);
            links.extend(targets.zip(parts).map(|(target, part)| (node, target, part)));
        }
        Ok(Self::new(roster.of_node.clone(), roster.payee.len(), worth, need, &links))
    }

    fn new(
        player: Vec<u32>,
        players: usize,
        worth: Vec<u64>,
        need: Vec<u128>,
        links: &[(u32, u32, u64)],
    ) -> Self {
        let nodes = player.len();
        let owned = (0_u32..).zip(&player).filter(|(_, player)| **player != NO_PLAYER);
        let owned: Vec<(usize, u32)> = owned.map(|(node, player)| (*player as usize, node)).collect();
        let ends = |from: u32, to: u32, part: u64| (from as usize, (to, part));
        let relies_on: Vec<_> = links.iter().map(|(from, to, part)| ends(*from, *to, *part)).collect();
        let relied_on_by: Vec<_> = links.iter().map(|(from, to, part)| ends(*to, *from, *part)).collect();
        Self {
            nodes_of: Rows::of(players, &owned),
            relies_on: Rows::of(nodes, &relies_on),
            relied_on_by: Rows::of(nodes, &relied_on_by),
            player,
            worth,
            need,
        }
    }

    pub(crate) fn players(&self) -> usize {
        self.nodes_of.starts.len() - 1
    }

    /// Nodes and edges: the most steps that joining of all players takes.
    pub(crate) fn size(&self) -> u64 {
        (self.player.len() + self.relies_on.items.len()) as u64
    }

    /// The players that an outcome may depend on, ascending; none if there are more than `most`, or if more than `steps`
    /// edges are walked. Takes what it walks off `steps`.
    pub(crate) fn behind(
        &self,
        outcome: u32,
        most: usize,
        steps: &mut u64,
        seen: &mut Seen,
    ) -> Option<Vec<u32>> {
        let (mut nodes, mut players) = (vec![outcome], Vec::new());
        seen.begin();
        seen.node(outcome);
        let mut next = 0;
        while let Some(node) = nodes.get(next).copied() {
            next += 1;
            let player = self.player[node as usize];
            if player != NO_PLAYER && seen.player(player) {
                players.push(player);
                if players.len() > most {
                    return None;
                }
            }
            for (target, _) in self.relies_on.row(node as usize) {
                *steps = steps.checked_sub(1)?;
                if seen.node(*target) {
                    nodes.push(*target);
                }
            }
        }
        players.sort_unstable();
        Some(players)
    }

    /// The part that some outcomes depend on, in which only they are worth something.
    pub(crate) fn part(&self, outcomes: &[u32], seen: &mut Seen) -> Part {
        let mut nodes = Vec::new();
        seen.begin();
        nodes.extend(outcomes.iter().copied().filter(|outcome| seen.node(*outcome)));
        let mut next = 0;
        while let Some(node) = nodes.get(next).copied() {
            next += 1;
            nodes.extend(
                self.relies_on.row(node as usize).iter().map(|link| link.0).filter(|node| seen.node(*node)),
            );
        }
        nodes.sort_unstable();
        let place = |node: u32| nodes.binary_search(&node).unwrap_or_default();
        let mut players: Vec<u32> = nodes.iter().map(|node| self.player[*node as usize]).collect();
        players.sort_unstable();
        players.dedup();
        players.retain(|player| *player != NO_PLAYER);
        let small = |place: usize| u32::try_from(place).unwrap_or(NO_PLAYER);
        let player =
            |node: &u32| players.binary_search(&self.player[*node as usize]).map_or(NO_PLAYER, small);
        let mut worth = vec![0; nodes.len()];
        for outcome in outcomes {
            worth[place(*outcome)] = self.worth[*outcome as usize];
        }
        let mut links = Vec::new();
        for (from, node) in (0..).zip(&nodes) {
            for (target, part) in self.relies_on.row(*node as usize) {
                links.push((from, small(place(*target)), *part));
            }
        }
        let need = nodes.iter().map(|node| self.need[*node as usize]).collect();
        let network = Self::new(nodes.iter().map(player).collect(), players.len(), worth, need, &links);
        Part { network, players }
    }

    /// What the outcomes are worth that may depend on some players: the most that one of these can add.
    pub(crate) fn ahead_of(&self, players: &[u32], seen: &mut Seen) -> u128 {
        seen.begin();
        let owned = players.iter().flat_map(|player| self.nodes_of.row(*player as usize));
        let mut nodes: Vec<u32> = owned.copied().filter(|node| seen.node(*node)).collect();
        let mut next = 0;
        let mut worth = 0;
        while let Some(node) = nodes.get(next).copied() {
            next += 1;
            worth += u128::from(self.worth[node as usize]);
            let ahead = self.relied_on_by.row(node as usize).iter().map(|link| link.0);
            nodes.extend(ahead.filter(|node| seen.node(*node)));
        }
        worth
    }
}

/// How much of a node's need each of its edges is, and how much it needs.
fn needed(epoch: &Epoch, need: Need, edges: &[usize]) -> Result<(Vec<u64>, u128), Refusal> {
    Ok(match need {
        Need::Any => (vec![1; edges.len()], u128::from(!edges.is_empty())),
        Need::All => (vec![1; edges.len()], edges.len() as u128),
        Need::MoreThan(share) => {
            let weights: Vec<f64> = edges.iter().map(|edge| epoch.edge_weight()[*edge]).collect();
            let weights = weights_from_scores(&weights)?;
            let whole: u128 = weights.iter().copied().map(u128::from).sum();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 2^88")]
            let part = (share.get() * whole as f64) as u128;
            (weights, if edges.is_empty() { 0 } else { part + 1 })
        }
    })
}

/// What a walk has come by; cleared by beginning another.
pub(crate) struct Seen {
    walk: u32,
    nodes: Vec<u32>,
    players: Vec<u32>,
}

impl Seen {
    pub(crate) fn new(network: &Network) -> Self {
        Self { walk: 0, nodes: vec![0; network.player.len()], players: vec![0; network.players()] }
    }

    fn begin(&mut self) {
        self.walk += 1;
    }

    /// Whether the walk comes by for the first time.
    fn node(&mut self, node: u32) -> bool {
        std::mem::replace(&mut self.nodes[node as usize], self.walk) != self.walk
    }

    fn player(&mut self, player: u32) -> bool {
        std::mem::replace(&mut self.players[player as usize], self.walk) != self.walk
    }
}

/// Items by key, the items of a key together.
struct Rows<T> {
    starts: Vec<usize>,
    items: Vec<T>,
}

impl<T: Copy + Default> Rows<T> {
    /// Of each key below `keys`, its items in the order in which they are given.
    fn of(keys: usize, given: &[(usize, T)]) -> Self {
        let mut starts = vec![0; keys + 1];
        for (key, _) in given {
            starts[key + 1] += 1;
        }
        for key in 0..keys {
            starts[key + 1] += starts[key];
        }
        let (mut next, mut items) = (starts.clone(), vec![T::default(); given.len()]);
        for (key, item) in given {
            items[next[*key]] = *item;
            next[*key] += 1;
        }
        Self { starts, items }
    }

    fn row(&self, key: usize) -> &[T] {
        &self.items[self.starts[key]..self.starts[key + 1]]
    }
}

/// What the players that have joined fulfil.
pub(crate) struct Fulfilled<'a> {
    network: &'a Network,
    /// By node: whether its owner takes part.
    takes_part: Vec<bool>,
    /// By node: how much is fulfilled of what it relies on.
    have: Vec<u128>,
    /// In the order in which they were fulfilled.
    fulfilled: Vec<u32>,
    /// By player that has joined: how many were fulfilled before.
    joined: Vec<usize>,
    /// What they are worth.
    worth: i128,
}

impl<'a> Fulfilled<'a> {
    /// By nobody.
    pub(crate) fn by_nobody(network: &'a Network) -> Self {
        let mut fulfilled = Self {
            network,
            takes_part: network.player.iter().map(|player| *player == NO_PLAYER).collect(),
            have: vec![0; network.player.len()],
            fulfilled: Vec::new(),
            joined: Vec::new(),
            worth: 0,
        };
        for node in (0_u32..).zip(&network.player).filter(|(_, player)| **player == NO_PLAYER) {
            if network.need[node.0 as usize] == 0 {
                fulfilled.fulfilled.push(node.0);
            }
        }
        fulfilled.spread(0);
        fulfilled
    }

    /// Walks on from the nodes fulfilled last, from the one at `next` on.
    fn spread(&mut self, mut next: usize) {
        while let Some(node) = self.fulfilled.get(next).copied() {
            next += 1;
            self.worth += i128::from(self.network.worth[node as usize]);
            for (source, part) in self.network.relied_on_by.row(node as usize) {
                let (source, need) = (*source as usize, self.network.need[*source as usize]);
                let before = self.have[source];
                self.have[source] = before + u128::from(*part);
                // Not again: it was fulfilled when the need was first met.
                if before < need && self.have[source] >= need && self.takes_part[source] {
                    self.fulfilled.push(u32::try_from(source).unwrap_or(u32::MAX));
                }
            }
        }
    }
}

impl Coalition for Fulfilled<'_> {
    fn join(&mut self, player: usize) {
        let before = self.fulfilled.len();
        self.joined.push(before);
        for node in self.network.nodes_of.row(player) {
            self.takes_part[*node as usize] = true;
            if self.have[*node as usize] >= self.network.need[*node as usize] {
                self.fulfilled.push(*node);
            }
        }
        self.spread(before);
    }

    fn leave(&mut self, player: usize) {
        let before = self.joined.pop().unwrap_or_default();
        for node in self.fulfilled.drain(before..) {
            self.worth -= i128::from(self.network.worth[node as usize]);
            for (source, part) in self.network.relied_on_by.row(node as usize) {
                self.have[*source as usize] -= u128::from(*part);
            }
        }
        for node in self.network.nodes_of.row(player) {
            self.takes_part[*node as usize] = false;
        }
    }

    fn worth(&self) -> i128 {
        self.worth
    }
}

/// Outcomes by what they depend on.
pub(crate) struct Divided {
    /// The outcomes of each set of few players.
    pub(crate) few: BTreeMap<Vec<u32>, Vec<u32>>,
    /// The outcomes that depend on more.
    pub(crate) many: Vec<u32>,
}

impl Divided {
    /// Outcomes by the players that they depend on, if these are at most `most`. Edges are walked at most `steps` times
    /// for that; an outcome for which there are none left counts as one of many players.
    pub(crate) fn of(
        network: &Network,
        outcomes: &[u32],
        most: usize,
        mut steps: u64,
        seen: &mut Seen,
    ) -> Self {
        let mut divided = Self { few: BTreeMap::new(), many: Vec::new() };
        for outcome in outcomes {
            match network.behind(*outcome, most, &mut steps, seen) {
                // Nobody's, or everybody's.
                Some(players) if players.is_empty() => {}
                Some(players) => divided.few.entry(players).or_default().push(*outcome),
                None => divided.many.push(*outcome),
            }
        }
        divided
    }
}
