//! Outcomes that are covered by whoever is there first: the Shapley value in closed form, for any number of players.

use std::collections::BTreeMap;

use apportion_guest::{Epoch, Refusal};

use crate::exact::PARTS;
use crate::parameters::Coverage;
use crate::players::{self, NO_PLAYER, Outcomes, Roster};
use crate::values::Values;

/// An outcome's worth is added by the first to come of those who cover it, and each of them is as often first as every
/// other: it is divided among them evenly. What a node that nobody owns covers is covered without anybody, and nobody's.
pub(crate) fn values(epoch: &Epoch, roster: &Roster, game: &Coverage) -> Result<Values, Refusal> {
    let outcomes = Outcomes::of(epoch, &game.outcomes, game.worth.as_deref())?;
    let kinds = players::listed(epoch.edge_kinds(), game.edge_kinds.as_deref());
    let mut values = Values::none(epoch, outcomes.unit);
    // Worth by how many share it, so that what two payees cover alike sums to the same bits.
    let mut among_many: BTreeMap<(u32, usize), u128> = BTreeMap::new();
    let mut covering = Vec::new();
    for (outcome, worth) in outcomes.nodes.iter().zip(&outcomes.worth) {
        covering.clear();
        let edges = players::edges(epoch, *outcome, &kinds);
        covering.extend(edges.map(|edge| roster.of_node[epoch.edge_target()[edge] as usize]));
        covering.sort_unstable();
        covering.dedup();
        if covering.last() == Some(&NO_PLAYER) {
            continue;
        }
        let many = covering.len();
        for player in &covering {
            let payee = roster.payee[*player as usize];
            match i128::try_from(many) {
                Ok(few) if PARTS % few == 0 => {
                    values.exact[payee as usize] += i128::from(*worth) * (PARTS / few)
                }
                _ => *among_many.entry((payee, many)).or_default() += u128::from(*worth),
            }
        }
    }
    for ((payee, many), worth) in among_many {
        values.rest[payee as usize] += worth as f64 / many as f64;
    }
    Ok(values)
}
