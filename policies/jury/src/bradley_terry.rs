//! The Bradley-Terry model by Hunter's MM algorithm.

use std::num::NonZeroU32;

use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;
use apportion_guest::{Factor, Refusal, math};

use crate::comparisons::{self, Comparisons, Pair};

/// The strengths under which what was preferred is most likely.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct BradleyTerry {
    /// As if every project had won and lost so many comparisons with one of strength 1; 0: nothing is added.
    #[serde(default)]
    pub prior: Factor,
    /// What a tie says.
    #[serde(default)]
    pub ties: Ties,
    /// If the strengths are not settled after so many steps there is no answer.
    #[schemars(range(min = 1, max = 1_000_000))]
    #[serde(default = "max_iterations")]
    pub max_iterations: NonZeroU32,
}

/// What a tie says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", rename_all = "kebab-case")]
#[schemars(crate = "apportion_guest::schemars")]
pub enum Ties {
    /// Half a win to each.
    #[default]
    Half,
    /// The two are hard to tell apart: the model of Rao and Kupper, whose threshold is estimated too.
    RaoKupper,
}

/// The strengths are settled when a step changes none by more than this part of it.
const TOLERANCE: f64 = 1e-12;

fn max_iterations() -> NonZeroU32 {
    const { NonZeroU32::new(100_000).unwrap() }
}

impl BradleyTerry {
    /// The strength of each project; they sum to 1.
    pub(crate) fn strengths(&self, comparisons: &Comparisons<'_>) -> Result<Vec<f64>, Refusal> {
        let prior = self.prior.get();
        let pairs = comparisons.pairs();
        if self.ties == Ties::RaoKupper && pairs.iter().all(|pair| pair.a_won + pair.b_won == 0.0) {
            return Err(Refusal::no_answer(
                "all comparisons are ties, which say nothing about how clear a win is",
            ));
        }
        if prior == 0.0 {
            comparisons.require_strongly_connected(match self.ties {
                Ties::Half => comparisons::Ties::Count,
                Ties::RaoKupper => comparisons::Ties::DoNotCount,
            })?;
        }
        let mut model = Model { strengths: vec![1.0; comparisons.len()], threshold: 1.0 };
        for _ in 0..self.max_iterations.get() {
            let next = match self.ties {
                Ties::Half => model.step(&pairs, prior),
                Ties::RaoKupper => model.step_with_ties(&pairs, prior),
            };
            let settled = next.is_settled_after(&model);
            model = next;
            if model.strengths.iter().any(|strength| !strength.is_finite() || *strength <= 0.0) {
                return Err(Refusal::no_answer(
                    "the weights of the comparisons differ too much for the strengths to be computed",
                ));
            }
            if settled {
                let sum: f64 = model.strengths.iter().sum();
                return Ok(model.strengths.iter().map(|strength| strength / sum).collect());
            }
        }
        Err(Refusal::NoAnswer(format!("the strengths did not settle in {} steps", self.max_iterations)))
    }
}

struct Model {
    strengths: Vec<f64>,
    /// Of Rao and Kupper: 1 or more; 1 means that there are no ties.
    threshold: f64,
}

/// Of each project: what it won, and what it would have won were its strength 1 and the others' as they are.
struct Sums {
    won: Vec<f64>,
    expected: Vec<f64>,
}

impl Model {
    /// Hunter's equation (3), with half a win for a tie.
    fn step(&self, pairs: &[Pair], prior: f64) -> Self {
        let mut sums = Sums::of_prior(&self.strengths, prior);
        for Pair { a, b, a_won, b_won, tied } in pairs.iter().copied() {
            let expected = (a_won + b_won + tied) / (self.strengths[a] + self.strengths[b]);
            sums.won[a] += a_won + tied / 2.0;
            sums.won[b] += b_won + tied / 2.0;
            sums.expected[a] += expected;
            sums.expected[b] += expected;
        }
        Self { strengths: sums.strengths(prior), threshold: self.threshold }
    }

    /// Hunter's section 4 on ties: `a` wins with the odds of its strength to the threshold times `b`'s.
    fn step_with_ties(&self, pairs: &[Pair], prior: f64) -> Self {
        let threshold = self.threshold;
        let mut sums = Sums::of_prior(&self.strengths, prior);
        let (mut all_tied, mut threshold_expected) = (0.0, 0.0);
        for Pair { a, b, a_won, b_won, tied } in pairs.iter().copied() {
            all_tied += tied;
            for (one, other, not_lost, not_won) in
                [(a, b, a_won + tied, b_won + tied), (b, a, b_won + tied, a_won + tied)]
            {
                let (strength, others) = (self.strengths[one], self.strengths[other]);
                sums.won[one] += not_lost;
                sums.expected[one] += not_lost / (strength + threshold * others)
                    + threshold * not_won / (threshold * strength + others);
                threshold_expected += not_lost * others / (strength + threshold * others);
            }
        }
        // The positive root of threshold^2 - 2 ratio threshold - 1.
        let ratio = all_tied / threshold_expected;
        let threshold = ratio + math::sqrt(1.0 + ratio * ratio);
        Self { strengths: sums.strengths(prior), threshold }
    }

    /// Whether a step changed next to nothing.
    fn is_settled_after(&self, before: &Self) -> bool {
        let strengths = before.strengths.iter().zip(&self.strengths);
        let mut pairs = strengths.chain([(&before.threshold, &self.threshold)]);
        pairs.all(|(old, new)| (new / old - 1.0).abs() <= TOLERANCE)
    }
}

impl Sums {
    fn of_prior(strengths: &[f64], prior: f64) -> Self {
        let expected = strengths.iter().map(|strength| 2.0 * prior / (strength + 1.0)).collect();
        Self { won: vec![prior; strengths.len()], expected }
    }

    /// The new strengths. Without a prior only their proportions are known, and their mean is kept at 1.
    fn strengths(self, prior: f64) -> Vec<f64> {
        let strengths = self.won.iter().zip(&self.expected).map(|(won, expected)| won / expected);
        let strengths: Vec<f64> = strengths.collect();
        if prior > 0.0 {
            return strengths;
        }
        let mean = strengths.iter().sum::<f64>() / strengths.len() as f64;
        strengths.iter().map(|strength| strength / mean).collect()
    }
}
