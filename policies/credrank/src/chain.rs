//! CredRank's Markov chain: what of each node's cred goes where, and the cred that stays the same under it.
//!
//! The chain has a state for each ordinary node, then one for the seed, then for each week one for the week's
//! accumulator and one for each participant. Only links that come from the graph are stored; the payout to the
//! accumulator, the webbing between a participant's weeks, the mint and the way back to the seed follow from the
//! layout.

use apportion_guest::{Epoch, NO_PAYEE, Refusal};

use crate::parameters::{Parameters, Rank};
use crate::weeks::{Weeks, of_edge};

/// The edge metric that says what an edge carries from its target to its source.
const BACKWARDS: &str = "backwards";

/// More states than this are refused rather than left to run out of memory.
const MAX_STATES: usize = 1 << 26;

/// Who is what in the graph.
struct Roles {
    /// For each node the place of its participant, or [`NO_PAYEE`].
    participant: Vec<u32>,
    /// For each node its place among the ordinary nodes, or [`NO_PAYEE`].
    ordinary: Vec<u32>,
    /// The rows of the ordinary nodes.
    rows: Vec<usize>,
    /// The rows of the nodes that are people whom no payee owns: they are participants after the payees.
    others: Vec<usize>,
    participants: usize,
}

/// The chain, ready to be iterated.
pub(crate) struct Chain {
    weeks: Weeks,
    participants: usize,
    rows: Vec<usize>,
    others: Vec<usize>,
    /// What each ordinary node mints.
    mint: Vec<f64>,
    total_mint: f64,
    /// The links by target: those into state n are `[offsets[n], offsets[n + 1])`.
    offsets: Vec<u32>,
    sources: Vec<u32>,
    /// The probability of going along the link.
    probabilities: Vec<f64>,
    /// The probability of going back to the seed, by state.
    to_seed: Vec<f64>,
    rank: Rank,
}

/// A link in one direction, between states.
struct Link {
    source: u32,
    target: u32,
    weight: f64,
}

/// Scores of all states, whose accumulators together have the total mint.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// How many iterations were made.
    pub iterations: u32,
    /// The epoch's rows of the ordinary nodes.
    pub nodes: Vec<usize>,
    /// The epoch's rows of the people whom no payee owns. They are participants after the payees.
    pub others: Vec<usize>,
    /// How many participants there are: the payees, then the others.
    pub participants: usize,
    /// The number of the first week, and how many there are.
    pub weeks: (i64, usize),
    /// The score of each ordinary node; then the seed's; then for each week the accumulator's and each participant's.
    pub states: Vec<f64>,
}

impl Chain {
    pub(crate) fn new(epoch: &Epoch, parameters: &Parameters) -> Result<Self, Refusal> {
        let times = epoch.node_time().iter().chain(epoch.edge_time()).copied();
        let weeks = Weeks::spanning(times);
        let roles = Roles::of(epoch, &parameters.participant_kinds);
        let states = (roles.participants.saturating_add(1).saturating_mul(weeks.count))
            .saturating_add(roles.rows.len() + 1);
        if states > MAX_STATES {
            return Err(Refusal::NoAnswer(format!(
                "{} participants over {} weeks and {} nodes make {states} states; {MAX_STATES} is the most",
                roles.participants,
                weeks.count,
                roles.rows.len()
            )));
        }
        let factors: Vec<f64> = epoch.node_kinds().iter().map(|kind| parameters.minting(kind)).collect();
        let minted = |row: &usize| epoch.node_weight()[*row] * factors[epoch.node_kind()[*row] as usize];
        let mint: Vec<f64> = roles.rows.iter().map(minted).collect();
        let total_mint: f64 = mint.iter().sum();
        if total_mint <= 0.0 || !total_mint.is_finite() {
            return Err(Refusal::NoAnswer(format!(
                "all nodes together mint `{total_mint}`: there is no cred"
            )));
        }

        let links = links(epoch, parameters, &roles, weeks)?;
        let mut leaving = vec![0.0; states];
        let mut offsets = vec![0_u32; states + 1];
        for link in &links {
            leaving[link.source as usize] += link.weight;
            offsets[link.target as usize + 1] += 1;
        }
        if let Some(sum) = leaving.iter().find(|sum| !sum.is_finite()) {
            return Err(Refusal::NoAnswer(format!("the weights of a node's edges sum to `{sum}`")));
        }
        for state in 0..states {
            offsets[state + 1] += offsets[state];
        }
        let rank = parameters.rank()?;
        let first_week = roles.rows.len() + 1;
        let spread = |state: usize| if state < first_week { 1.0 - rank.alpha } else { rank.remainder };
        let mut next = offsets.clone();
        let mut sources = vec![0_u32; links.len()];
        let mut probabilities = vec![0.0; links.len()];
        for link in &links {
            let place = &mut next[link.target as usize];
            sources[*place as usize] = link.source;
            let source = link.source as usize;
            probabilities[*place as usize] = link.weight / leaving[source] * spread(source);
            *place += 1;
        }
        let mut to_seed: Vec<f64> = leaving
            .iter()
            .enumerate()
            .map(|(state, leaving)| rank.alpha + if *leaving > 0.0 { 0.0 } else { spread(state) })
            .collect();
        // What the seed has is minted; an accumulator keeps nothing.
        to_seed[first_week - 1] = 0.0;
        for week in 0..weeks.count {
            to_seed[first_week + week * (roles.participants + 1)] = 1.0;
        }
        let Roles { rows, others, participants, .. } = roles;
        Ok(Self {
            weeks,
            participants,
            rows,
            others,
            mint,
            total_mint,
            offsets,
            sources,
            probabilities,
            to_seed,
            rank,
        })
    }

    /// Iterates from the uniform distribution until a step changes no state by the tolerance, and keeps what was before
    /// that step, as SourceCred does.
    pub(crate) fn scores(self) -> Result<Scores, Refusal> {
        let size = self.to_seed.len();
        let mut now = vec![1.0 / size as f64; size];
        let mut next = vec![0.0; size];
        let mut iterations = 0;
        while self.step(&now, &mut next) >= self.rank.tolerance {
            if iterations == self.rank.max_iterations {
                return Err(Refusal::NoAnswer(format!(
                    "the scores did not settle within {iterations} iterations: allow more, or a larger `tolerance`"
                )));
            }
            core::mem::swap(&mut now, &mut next);
            iterations += 1;
        }
        let accumulated: f64 =
            (0..self.weeks.count).map(|week| now[self.rows.len() + 1 + week * (self.participants + 1)]).sum();
        // Where no participant is reached there is no cred to scale.
        let scale = Some(self.total_mint / accumulated).filter(|scale| scale.is_finite()).unwrap_or(0.0);
        now.iter_mut().for_each(|score| *score *= scale);
        Ok(Scores {
            iterations,
            nodes: self.rows,
            others: self.others,
            participants: self.participants,
            weeks: (self.weeks.first, self.weeks.count),
            states: now,
        })
    }

    /// One step; returns the largest change.
    fn step(&self, now: &[f64], next: &mut [f64]) -> f64 {
        let Rank { beta, gamma_forward, gamma_backward, .. } = self.rank;
        let (ordinary, width, weeks) = (self.rows.len(), self.participants + 1, self.weeks.count);
        let received = |state: usize| -> f64 {
            let links = self.offsets[state] as usize..self.offsets[state + 1] as usize;
            let pairs = self.sources[links.clone()].iter().zip(&self.probabilities[links]);
            pairs.map(|(source, probability)| now[*source as usize] * probability).sum()
        };
        let minted = now[ordinary] / self.total_mint;
        for (state, mint) in self.mint.iter().enumerate() {
            next[state] = received(state) + mint * minted;
        }
        next[ordinary] = now.iter().zip(&self.to_seed).map(|(score, to_seed)| score * to_seed).sum();
        for week in 0..weeks {
            let accumulator = ordinary + 1 + week * width;
            let own = accumulator + 1..accumulator + width;
            next[accumulator] = beta * now[own.clone()].iter().sum::<f64>();
            // What the first week sends backward and the last one forward stays where it is.
            let (from_before, before) = if week == 0 { (gamma_backward, 0) } else { (gamma_forward, width) };
            let (from_after, after) =
                if week + 1 == weeks { (gamma_forward, 0) } else { (gamma_backward, width) };
            for state in own {
                let webbed = from_before * now[state - before] + from_after * now[state + after];
                next[state] = received(state) + webbed;
            }
        }
        next.iter().zip(now).map(|(next, now)| (next - now).abs()).fold(0.0, f64::max)
    }
}

impl Scores {
    /// The score of a participant in a week, both by their places.
    pub fn of(&self, participant: usize, week: usize) -> f64 {
        self.states[self.nodes.len() + 1 + week * (self.participants + 1) + 1 + participant]
    }
}

impl Roles {
    fn of(epoch: &Epoch, participant_kinds: &[String]) -> Self {
        let kinds = epoch.node_kinds().iter();
        let is_person: Vec<bool> = kinds.map(|kind| participant_kinds.contains(kind)).collect();
        let nodes = epoch.node_ids().len();
        let mut roles = Self {
            participant: vec![NO_PAYEE; nodes],
            ordinary: vec![NO_PAYEE; nodes],
            rows: Vec::new(),
            others: Vec::new(),
            participants: epoch.payees().len(),
        };
        for (row, (kind, payee)) in epoch.node_kind().iter().zip(epoch.node_payee()).enumerate() {
            if !is_person[*kind as usize] {
                roles.ordinary[row] = index(roles.rows.len());
                roles.rows.push(row);
            } else if *payee == NO_PAYEE {
                roles.participant[row] = index(roles.participants);
                roles.others.push(row);
                roles.participants += 1;
            } else {
                roles.participant[row] = *payee;
            }
        }
        roles
    }
}

/// Rows of an epoch are fewer than 2^32, and so are states.
fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NO_PAYEE)
}

/// All links of the graph, each edge in both directions, and those between nodes and their owners.
fn links(epoch: &Epoch, parameters: &Parameters, roles: &Roles, weeks: Weeks) -> Result<Vec<Link>, Refusal> {
    let participant_at = |participant: u32, time: i64| {
        let week = weeks.place(of_edge(time));
        index(roles.rows.len() + 1 + week * (roles.participants + 1) + 1 + participant as usize)
    };
    let state = |row: u32, time: i64| match roles.participant[row as usize] {
        NO_PAYEE => roles.ordinary[row as usize],
        participant => participant_at(participant, time),
    };
    let mut links = Vec::new();
    let mut link = |source: u32, target: u32, weight: f64| {
        if weight > 0.0 {
            links.push(Link { source, target, weight });
        }
    };

    let factors: Vec<_> = epoch.edge_kinds().iter().map(|kind| parameters.flowing(kind)).collect();
    let weights = epoch.edge_weight();
    let back = epoch.edge_metric(BACKWARDS).unwrap_or(weights);
    for edge in 0..weights.len() {
        if back[edge] < 0.0 {
            return Err(Refusal::NoAnswer(format!("an edge's `{BACKWARDS}` is `{}`, below 0", back[edge])));
        }
        let (forwards, backwards) = factors[epoch.edge_kind()[edge] as usize];
        let time = epoch.edge_time()[edge];
        let (source, target) =
            (state(epoch.edge_source()[edge], time), state(epoch.edge_target()[edge], time));
        link(source, target, weights[edge] * forwards);
        link(target, source, back[edge] * backwards);
    }
    let authorship = &parameters.authorship;
    for row in &roles.rows {
        let payee = epoch.node_payee()[*row];
        if payee != NO_PAYEE {
            let (owner, node) = (participant_at(payee, epoch.node_time()[*row]), roles.ordinary[*row]);
            link(owner, node, authorship.forwards.get());
            link(node, owner, authorship.backwards.get());
        }
    }
    Ok(links)
}
