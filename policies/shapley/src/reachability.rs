//! Outcomes that are fulfilled by what they rely on: exact for each that depends on few players, estimated for the others.

use apportion_guest::{Epoch, Refusal};

use crate::exact;
use crate::network::{Divided, Fulfilled, Network, Part, Seen};
use crate::parameters::{MOST_STEPS, Need, Parameters, Reachability};
use crate::players::{Outcomes, Roster};
use crate::sampling;
use crate::values::{Uncertainty, Values};

/// The most edges that are walked to see what outcomes depend on.
const MOST_WALKED: u64 = 1 << 30;

/// The worth of a coalition is the sum over the outcomes that it fulfils, and so is the Shapley value: an outcome is a game
/// of its own, of the players that it depends on. Outcomes of the same few players are played together, exactly; those
/// of many players together, in random orders.
pub(crate) fn values(
    epoch: &Epoch,
    roster: &Roster,
    game: &Reachability,
    parameters: &Parameters,
) -> Result<Values, Refusal> {
    if game.needs.values().any(|need| matches!(need, Need::MoreThan(share) if share.get() >= 1.0)) {
        return Err(Refusal::bad_parameters("nothing is `more_than` all: say `all`, or a part below 1"));
    }
    let outcomes = Outcomes::of(epoch, &game.outcomes, game.worth.as_deref())?;
    let network = Network::of(epoch, roster, &outcomes, game)?;
    let mut seen = Seen::new(&network);
    let most = parameters.exact_up_to as usize;
    let divided = Divided::of(&network, &outcomes.nodes, most, MOST_WALKED, &mut seen);
    let mut values = Values::none(epoch, outcomes.unit);
    let mut steps = 0_u64;
    for (players, outcomes) in &divided.few {
        let part = network.part(outcomes, &mut seen);
        steps = steps.saturating_add(part.network.size().saturating_mul(1 << players.len()));
        if steps > MOST_STEPS {
            return Err(Refusal::NoAnswer(format!(
                "enumerating the coalitions of up to {} players takes more than {MOST_STEPS} steps of a node or an edge: \
                 {}",
                players.len(),
                if parameters.sampling.is_some() { "make `exact_up_to` smaller" } else { WHAT_TO_DO }
            )));
        }
        for (player, value) in exactly(&part) {
            values.exact[roster.payee[player as usize] as usize] += value;
        }
    }
    if divided.many.is_empty() {
        return Ok(values);
    }
    let Some(sampling) = &parameters.sampling else {
        let first = &epoch.node_ids()[divided.many[0] as usize];
        return Err(Refusal::NoAnswer(format!(
            "{} outcomes depend on more than {most} players each, the first `{first}`, too many to enumerate their \
             coalitions: give `sampling`",
            divided.many.len()
        )));
    };
    let part = network.part(&divided.many, &mut seen);
    let sampled = sampling::sample(epoch, roster, &part, sampling, &values)?;
    values.rest = sampled.mean;
    values.uncertainty = Uncertainty::Sampled(sampled.uncertainty);
    Ok(values)
}

const WHAT_TO_DO: &str = "make `exact_up_to` smaller and give `sampling`";

/// The value of each player of a part, times [`exact::PARTS`].
fn exactly(part: &Part) -> Vec<(u32, i128)> {
    let mut fulfilled = Fulfilled::by_nobody(&part.network);
    let values = exact::values(part.players.len(), &mut fulfilled);
    part.players.iter().copied().zip(values).collect()
}
