//! Coalitions whose worth was measured, each by itself.

use std::collections::BTreeSet;

use apportion_guest::{Epoch, Refusal};

use crate::exact::{self, Coalition, PARTS};
use crate::parameters::{Evaluations, Missing, Repeated};
use crate::players::{self, NO_PLAYER, Roster};
use crate::values::{Measurement, Spread, Uncertainty, Values};

/// A measured coalition.
struct Measured {
    /// Its players, a bit each.
    members: usize,
    score: f64,
    /// The square of the standard error.
    variance: f64,
}

/// A coalition whose worth nobody measured.
const NOT_MEASURED: u32 = u32::MAX;

pub(crate) fn values(
    epoch: &Epoch,
    roster: &Roster,
    game: &Evaluations,
    exact_up_to: u32,
) -> Result<Values, Refusal> {
    let nodes = players::nodes(epoch, &game.kinds, "evaluations")?;
    let members = members(epoch, roster, game, &nodes);
    let playing: BTreeSet<u32> = members.iter().flatten().copied().collect();
    let playing: Vec<u32> = playing.into_iter().collect();
    if playing.is_empty() {
        return Err(Refusal::no_answer("no evaluation has a member that a payee owns"));
    }
    if playing.len() > exact_up_to as usize {
        return Err(Refusal::NoAnswer(format!(
            "there are {} players, and each of their 2^{} coalitions would count: at most {exact_up_to} are enumerated \
             (`exact_up_to`); for more, measure what each adds in some orders, as the game `improvements` takes it",
            playing.len(),
            playing.len()
        )));
    }
    let measured = measured(epoch, game, &nodes, &members, &playing)?;
    let source = sources(&measured, playing.len(), game.missing).map_err(|(missing, first)| {
        let names = playing.iter().enumerate().filter(|(bit, _)| first >> bit & 1 == 1);
        let names: Vec<String> = names.map(|(_, player)| format!("`{}`", roster.name(epoch, *player))).collect();
        Refusal::NoAnswer(format!(
            "{missing} coalitions of {} players are not evaluated, the first that of {}: evaluate them, or set \
             `missing` to `best_part`",
            playing.len(),
            names.join(" and ")
        ))
    })?;

    let sizes: Vec<f64> = measured.iter().map(|measured| measured.score.abs()).collect();
    let (whole, unit) = players::in_units(&sizes)?;
    let signed = whole.iter().zip(&measured).map(|(whole, measured)| {
        let whole = i128::from(*whole);
        if measured.score < 0.0 { -whole } else { whole }
    });
    let mut table = Table { worth: signed.collect(), source, members: 0 };
    let payee: Vec<u32> = playing.iter().map(|player| roster.payee[*player as usize]).collect();
    let mut values = Values::none(epoch, unit);
    for (payee, value) in payee.iter().zip(exact::values(playing.len(), &mut table)) {
        values.exact[*payee as usize] += value;
    }
    if game.standard_error.is_some() {
        let source = table.source;
        values.uncertainty =
            Uncertainty::Measured(Box::new(move |spread| spread_errors(spread, &measured, &source, &payee)));
    }
    Ok(values)
}

/// The players of each evaluation, ascending.
fn members(epoch: &Epoch, roster: &Roster, game: &Evaluations, nodes: &[u32]) -> Vec<Vec<u32>> {
    let kinds = players::listed(epoch.edge_kinds(), game.edge_kinds.as_deref());
    let of_node = |node: &u32| {
        let players = players::edges(epoch, *node, &kinds)
            .map(|edge| roster.of_node[epoch.edge_target()[edge] as usize]);
        let mut players: Vec<u32> = players.filter(|player| *player != NO_PLAYER).collect();
        players.sort_unstable();
        players.dedup();
        players
    };
    nodes.iter().map(of_node).collect()
}

/// The measured coalitions, each once, by their members.
fn measured(
    epoch: &Epoch,
    game: &Evaluations,
    nodes: &[u32],
    members: &[Vec<u32>],
    playing: &[u32],
) -> Result<Vec<Measured>, Refusal> {
    let scores = players::metric(epoch, &game.score)?;
    let errors = game.standard_error.as_deref().map(|name| players::metric(epoch, name)).transpose()?;
    let mut rows = Vec::with_capacity(nodes.len());
    for (node, members) in nodes.iter().zip(members) {
        let bits = members.iter().filter_map(|player| playing.binary_search(player).ok());
        let members = bits.fold(0_usize, |members, bit| members | 1 << bit);
        let error = errors.map_or(0.0, |errors| errors[*node as usize]);
        if error < 0.0 {
            let node = &epoch.node_ids()[*node as usize];
            return Err(Refusal::NoAnswer(format!("the standard error of `{node}` is `{error}`, below 0")));
        }
        rows.push((members, *node, error));
    }
    rows.sort_unstable_by_key(|(members, node, _)| (*members, *node));
    let mut measured = Vec::new();
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        if let ([(_, first, _), (_, second, _), ..], Repeated::Refused) = (same, game.repeated) {
            let [first, second] = [first, second].map(|node| &epoch.node_ids()[*node as usize]);
            return Err(Refusal::NoAnswer(format!(
                "`{first}` and `{second}` evaluate one coalition: keep one, or set `repeated` to `mean`"
            )));
        }
        let count = same.len() as f64;
        measured.push(Measured {
            members: same[0].0,
            score: same.iter().map(|(_, node, _)| scores[*node as usize] / count).sum(),
            variance: same.iter().map(|(_, _, error)| error / count * (error / count)).sum(),
        });
    }
    Ok(measured)
}

/// By coalition: the measured one whose worth it has. The empty coalition is worth 0 if it was not measured.
///
/// # Errors
/// How many are missing, and the first, if they may not.
fn sources(measured: &[Measured], players: usize, missing: Missing) -> Result<Vec<u32>, (usize, usize)> {
    let mut source = vec![NOT_MEASURED; 1 << players];
    for (row, measured) in (0..).zip(measured) {
        source[measured.members] = row;
    }
    if missing == Missing::Refused {
        let mut gaps = (1..source.len()).filter(|members| source[*members] == NOT_MEASURED);
        return match gaps.next() {
            None => Ok(source),
            Some(first) => Err((1 + gaps.count(), first)),
        };
    }
    // From small to large: a best part of a coalition is itself, or a best part of it without one of its players.
    let measured_score = |row: u32| measured.get(row as usize).map_or(0.0, |measured| measured.score);
    let mut best = source.clone();
    for members in 1..source.len() {
        if best[members] == NOT_MEASURED {
            best[members] = best[0];
        }
        for player in (0..players).filter(|player| members >> player & 1 == 1) {
            let part = best[members & !(1 << player)];
            if measured_score(part) > measured_score(best[members]) {
                best[members] = part;
            }
        }
        if source[members] == NOT_MEASURED {
            source[members] = best[members];
        }
    }
    Ok(source)
}

/// The worth of the coalition that is looked at.
struct Table {
    /// By measured coalition, in units.
    worth: Vec<i128>,
    /// By coalition.
    source: Vec<u32>,
    members: usize,
}

impl Coalition for Table {
    fn join(&mut self, player: usize) {
        self.members |= 1 << player;
    }

    fn leave(&mut self, player: usize) {
        self.members &= !(1 << player);
    }

    fn worth(&self) -> i128 {
        let source = self.source[self.members];
        self.worth.get(source as usize).copied().unwrap_or(0)
    }
}

/// A value is a weighted sum of the worth of coalitions: a measurement's coefficient is the sum over those whose worth
/// it gives.
fn spread_errors(spread: &mut Spread, measured: &[Measured], source: &[u32], payee: &[u32]) {
    let parts: Vec<f64> =
        exact::parts(payee.len()).iter().map(|parts| *parts as f64 / PARTS as f64).collect();
    let mut coalitions: Vec<usize> =
        (0..source.len()).filter(|members| source[*members] != NOT_MEASURED).collect();
    coalitions.sort_by_key(|members| source[*members]);
    for same in coalitions.chunk_by(|a, b| source[*a] == source[*b]) {
        let mut coefficients = vec![0.0; payee.len()];
        for members in same {
            let size = members.count_ones() as usize;
            for (player, coefficient) in coefficients.iter_mut().enumerate() {
                *coefficient += if members >> player & 1 == 1 { parts[size - 1] } else { -parts[size] };
            }
        }
        let mut by_payee: Vec<(u32, f64)> = payee.iter().copied().zip(coefficients).collect();
        by_payee.sort_by_key(|(payee, _)| *payee);
        by_payee.dedup_by(|next, first| {
            let same = next.0 == first.0;
            first.1 += if same { next.1 } else { 0.0 };
            same
        });
        let variance = measured[source[same[0]] as usize].variance;
        spread.add(&Measurement { coefficients: by_payee, variance });
    }
}
