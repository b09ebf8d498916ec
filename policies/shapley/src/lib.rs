#![doc = include_str!("../README.md")]
// What is indexed here are columns by rows of their own epoch, whose lengths the contract and `Epoch` guarantee, and
// tables by the rows that they were made for.

mod coverage;
mod evaluations;
mod exact;
mod improvements;
mod neighbours;
mod network;
mod parameters;
mod players;
mod reachability;
mod sampling;
mod values;

use apportion_guest::{Allocation, Epoch, Policy, Refusal};

pub use parameters::{
    Coverage, Distance, Evaluations, Game, Improvements, MOST_PLAYERS, MOST_STEPS, Missing,
    NearestNeighbours, Need, Negative, Parameters, Players, Reachability, Repeated, Sampling,
};
use players::Roster;

/// The policy `shapley`.
#[derive(Clone, Copy, Debug)]
pub struct Shapley;

apportion_guest::export!(Shapley);

impl Policy for Shapley {
    type Parameters = Parameters;
    const NAME: &'static str = "shapley";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Every payee in proportion to its Shapley value: what it adds to those who came \
        before it, in the mean over all orders in which the payees could have come.";

    fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
        parameters.check()?;
        let roster = Roster::of(epoch, parameters.players);
        let values = match &parameters.game {
            Game::Coverage(game) => coverage::values(epoch, &roster, game)?,
            Game::Reachability(game) => reachability::values(epoch, &roster, game, parameters)?,
            Game::Evaluations(game) => evaluations::values(epoch, &roster, game, parameters.exact_up_to)?,
            Game::Improvements(game) => improvements::values(epoch, game)?,
            Game::NearestNeighbours(game) => neighbours::values(epoch, game)?,
        };
        values.divide(epoch, parameters.negative)
    }
}
