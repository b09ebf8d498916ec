//! Exclusion lists, caps, floors, budgets per category and a minimum payout, exact to the base unit, as parameters
//! that any policy can take over.
//!
//! A policy that has come to a score per payee ends with [`Constraints::divide`] instead of
//! [`Allocation::from_scores`]:
//!
//! ```
//! use apportion_guest::constraints::Constraints;
//! use apportion_guest::schemars::JsonSchema;
//! use apportion_guest::serde::Deserialize;
//! use apportion_guest::{Allocation, Division, Epoch, Node, Policy, Refusal};
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
//! #[schemars(crate = "apportion_guest::schemars")]
//! struct Parameters {
//!     /// Who is not paid, and how much the others get at most and at least.
//!     #[serde(default)]
//!     constraints: Constraints,
//! }
//!
//! struct ByWeight;
//!
//! impl Policy for ByWeight {
//!     type Parameters = Parameters;
//!     const NAME: &'static str = "by-weight";
//!     const VERSION: &'static str = "1.0.0";
//!     const SUMMARY: &'static str = "In proportion to the weight of what payees own.";
//!
//!     fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
//!         let mut scores = vec![0.0; epoch.payees().len()];
//!         for (payee, weight) in epoch.node_payee().iter().zip(epoch.node_weight()) {
//!             if let Some(score) = scores.get_mut(*payee as usize) {
//!                 *score += weight;
//!             }
//!         }
//!         parameters.constraints.divide(epoch, &scores)
//!     }
//! }
//!
//! let node = |payee: &str, weight| Node::new(payee, "work").payee(payee).weight(weight);
//! let epoch = Epoch::builder()
//!     .pool(1_000)
//!     .node(node("ann", 70.0))
//!     .node(node("bob", 20.0))
//!     .node(node("cyd", 9.0))
//!     .node(node("dan", 1.0))
//!     .node(node("fund", 50.0));
//! let allocation = apportion_guest::run::<ByWeight>(
//!     &epoch.build()?,
//!     r#"{"constraints": {"exclude": ["fund"], "cap": "50%", "minimum": "20"}}"#,
//! )?;
//! // Ann is brought down to 500; of the rest Dan would get 16.67, so Bob and Cyd share it, 20 to 9.
//! assert_eq!(allocation.division, Division::ByAmount(vec![500, 345, 155, 0, 0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is computed
//!
//! 1. **Exclusion.** The scores of those on the list become 0. Who has no score gets nothing, no floor either.
//! 2. **Cap, floor, budgets.** Everyone gets one *rate* times its score, brought up to the floor and down to the cap; in
//!    a category that would get more than its budget a lower rate holds, at which the budget is used up. The rate is
//!    the one at which the pool is used up, and where all are at the cap or in used-up categories, the rest stays in
//!    the treasury. This is weighted max-min fairness with the categories as links: D. Bertsekas, R. Gallager, *Data
//!    Networks*, 2nd edition, section 6.5.2. Rates are fractions and no step rounds.
//! 3. **Whole units.** First every category's sum is rounded, then each amount within it, both by largest remainder,
//!    and among equal ones to the first by id: without constraints this is the engine's own division.
//! 4. **Minimum payout.** Within a category (without budgets: among all), who would get less than the minimum, before
//!    rounding, is left out, the smallest first, until nobody gets less; equal scores stay or go together. What they leave
//!    goes to the others of the category by the rule of step 2, and stays in the treasury if none of them may have it.
//!
//! The order of payees decides nothing but who of equal remainders gets a base unit. Dividing by the
//! amounts that came out gives the same amounts again, unless a minimum and budgets together left something in the
//! treasury.
//!
//! [`limits`](crate::limits) has cap and minimum in floating point, for formulas that are published so. The minimum
//! there is applied before the cap, here after it: nobody gets less than the minimum here, and somebody may reach it
//! because another is capped.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::exact::in_proportion;
use crate::fill::{Claim, Filled, Place};
use crate::{Allocation, Bound, Epoch, Refusal, weights_from_scores};

/// Who is not paid, and how much the others get at most and at least. The [module](self) says what is computed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Constraints {
    /// Payees who get nothing, by id. One who is no payee of the epoch makes no difference.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// The most that a payee gets, in whole units ("250.50") or of the pool ("25%").
    #[serde(default)]
    pub cap: Option<Bound>,
    /// What every payee with a score gets at least, in whole units or of the pool. If the pool is too small for that
    /// there is no answer.
    #[serde(default)]
    pub floor: Option<Bound>,
    /// Payees who would get less get nothing, in whole units or of the pool. What they leave goes to the others.
    #[serde(default)]
    pub minimum: Option<Bound>,
    /// The most that the payees of a category get together.
    #[serde(default)]
    pub budgets: Option<Budgets>,
}

/// The most that the payees of a category get together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// The column of words that tells the category of a node; a payee has that of its nodes.
    pub label: String,
    /// The most of each category, in whole units or of the pool. One that is not listed, and payees without a category,
    /// have no budget.
    pub most: BTreeMap<String, Bound>,
}

/// The constraints in base units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Amounts {
    cap: Option<u128>,
    floor: u128,
    minimum: u128,
    /// The budget of each category.
    budgets: Vec<u128>,
}

/// The payees that share one budget, or those that have none.
struct Category {
    /// None where nothing is said.
    budget: Option<u128>,
    /// Rows of payees with a weight, in payee order, and their claims.
    rows: Vec<usize>,
    claims: Vec<Claim>,
}

impl Constraints {
    /// Divides the epoch's pool in proportion to scores, one per payee, under the constraints.
    ///
    /// A score of less than about 2^-62 of the largest counts as 0.
    ///
    /// # Errors
    /// [`Refusal::BadParameters`] for a floor or a minimum above the cap, and for amounts finer than the asset's
    /// decimals. [`Refusal::NoAnswer`] for a score that is NaN, infinite or negative; if nobody has a score, or all who
    /// have one are excluded; if the floors of all, or of a category, are more than its pool; if the epoch has no label
    /// of the budgets' name, or a payee has nodes of two categories.
    pub fn divide(&self, epoch: &Epoch, scores: &[f64]) -> Result<Allocation, Refusal> {
        Ok(Allocation::by_amount(self.amounts(epoch, scores, epoch.pool())?))
    }

    /// The amounts that divide `pool` base units under the constraints: as [`divide`](Self::divide), for a policy that
    /// divides another sum than the epoch's pool. Percentages are of `pool`.
    ///
    /// # Errors
    /// As [`divide`](Self::divide).
    pub fn amounts(&self, epoch: &Epoch, scores: &[f64], pool: u128) -> Result<Vec<u128>, Refusal> {
        let mut weights = weights_from_scores(scores)?;
        let excluded: BTreeSet<&str> = self.exclude.iter().map(String::as_str).collect();
        for (payee, weight) in epoch.payees().iter().zip(&mut weights) {
            if excluded.contains(payee.as_str()) {
                *weight = 0;
            }
        }
        if weights.iter().all(|weight| *weight == 0) {
            return Err(Refusal::no_answer("nobody who may be paid has a score"));
        }
        let amounts = self.in_base_units(epoch, pool)?;
        let categories = match &self.budgets {
            None => alloc::vec![None; weights.len()],
            Some(budgets) => budgets.categories(epoch)?,
        };
        divide(pool, &weights, &amounts, &categories).map_err(|infeasible| {
            let asset = |amount| in_units(amount, epoch);
            Refusal::NoAnswer(match infeasible.category {
                None => format!(
                    "the floors of {} payees are {} together, more than the {} to be divided",
                    infeasible.payees,
                    asset(infeasible.floors),
                    asset(pool)
                ),
                Some(category) => format!(
                    "the floors of {} payees of `{}` are {} together, more than its budget of {}",
                    infeasible.payees,
                    self.budgets
                        .iter()
                        .flat_map(|budgets| budgets.most.keys())
                        .nth(category)
                        .map_or("", |name| name),
                    asset(infeasible.floors),
                    asset(amounts.budgets.get(category).copied().unwrap_or(0))
                ),
            })
        })
    }

    fn in_base_units(&self, epoch: &Epoch, pool: u128) -> Result<Amounts, Refusal> {
        let units =
            |bound: &Option<Bound>| bound.as_ref().map(|bound| bound.in_base_units(epoch, pool)).transpose();
        let (cap, floor, minimum) = (units(&self.cap)?, units(&self.floor)?, units(&self.minimum)?);
        for (name, bound, amount) in [("floor", &self.floor, floor), ("minimum", &self.minimum, minimum)] {
            if let (Some(bound), Some(of_cap), true) = (bound, &self.cap, amount > cap) {
                return Err(Refusal::BadParameters(format!(
                    "the {name} of `{bound}` is above the cap of `{of_cap}`"
                )));
            }
        }
        let budgets = self.budgets.iter().flat_map(|budgets| budgets.most.values());
        let budgets = budgets.map(|bound| bound.in_base_units(epoch, pool)).collect::<Result<_, _>>()?;
        Ok(Amounts { cap, floor: floor.unwrap_or(0), minimum: minimum.unwrap_or(0), budgets })
    }
}

impl Budgets {
    /// The row of each payee's category in `most`, if it has a budget.
    fn categories(&self, epoch: &Epoch) -> Result<Vec<Option<usize>>, Refusal> {
        let Some(label) = epoch.node_label(&self.label) else {
            return Err(Refusal::NoAnswer(format!("the epoch has no node label `{}`", self.label)));
        };
        let mut words = alloc::vec![""; epoch.payees().len()];
        for (node, payee) in epoch.node_payee().iter().enumerate() {
            let Some(known) = words.get_mut(*payee as usize) else { continue };
            let word = label.word(node);
            if !known.is_empty() && !word.is_empty() && *known != word {
                let payee = &epoch.payees()[*payee as usize];
                return Err(Refusal::NoAnswer(format!(
                    "the payee `{payee}` has nodes of the categories `{known}` and `{word}`"
                )));
            }
            if known.is_empty() {
                *known = word;
            }
        }
        let row = |word: &str| self.most.keys().position(|name| name == word);
        Ok(words.into_iter().map(row).collect())
    }
}

/// Floors that are more than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Infeasible {
    /// Whose budget is too small; None: the pool.
    category: Option<usize>,
    payees: usize,
    /// All floors together.
    floors: u128,
}

/// Steps 2 to 4: a weight per payee, at least one above 0, and the row of its budget.
fn divide(
    pool: u128,
    weights: &[u64],
    amounts: &Amounts,
    budget_of: &[Option<usize>],
) -> Result<Vec<u128>, Infeasible> {
    let mut categories: Vec<Category> =
        amounts.budgets.iter().copied().map(Some).chain([None]).map(Category::of).collect();
    let others = amounts.budgets.len();
    let claim = Claim { weight: 0, least: amounts.floor, most: amounts.cap.unwrap_or(pool).min(pool) };
    // A floor above the pool is found below, before anyone looks at a claim whose most is less than its least.
    for (row, (weight, budget)) in weights.iter().zip(budget_of).enumerate() {
        if *weight > 0 {
            let category = &mut categories[budget.unwrap_or(others)];
            category.rows.push(row);
            category.claims.push(Claim { weight: *weight, ..claim });
        }
    }
    let paid: usize = categories.iter().map(|category| category.rows.len()).sum();
    feasible(None, paid, amounts.floor, pool)?;
    for (row, budget) in amounts.budgets.iter().enumerate() {
        feasible(Some(row), categories[row].rows.len(), amounts.floor, *budget)?;
    }

    let mut divided = alloc::vec![0; weights.len()];
    for (category, sum) in categories.iter().zip(sums(pool, &categories)) {
        let (rows, claims) = category.above(sum, amounts.minimum);
        let amounts = Filled::of(sum, &claims).amounts(&claims);
        for (row, amount) in rows.into_iter().zip(amounts) {
            divided[row] = amount;
        }
    }
    Ok(divided)
}

fn feasible(category: Option<usize>, payees: usize, floor: u128, pool: u128) -> Result<(), Infeasible> {
    let floors = floor.saturating_mul(payees as u128);
    if floors > pool { Err(Infeasible { category, payees, floors }) } else { Ok(()) }
}

/// What each category gets together, in base units.
fn sums(pool: u128, categories: &[Category]) -> Vec<u128> {
    let mut sums = alloc::vec![0; categories.len()];
    let mut open: Vec<usize> = (0..categories.len()).collect();
    let mut left = pool;
    loop {
        // Where a category uses up its budget the others' rate only rises, so it will use it up then too.
        let claims: Vec<Claim> =
            open.iter().flat_map(|category| categories[*category].claims.iter().copied()).collect();
        let filled = Filled::of(left, &claims);
        let shares =
            categories_of(&filled, &claims, open.iter().map(|category| categories[*category].claims.len()));
        let (used_up, within): (Vec<_>, Vec<_>) =
            open.iter().zip(shares).partition(|(category, (fixed, weight))| {
                let budget = categories[**category].budget;
                budget.is_some_and(|budget| filled.compare_sum(*fixed, *weight, budget).is_gt())
            });
        if used_up.is_empty() {
            let weights: Vec<u128> = within.iter().map(|(_, (_, weight))| *weight).collect();
            let shared =
                in_proportion(filled.open, &weights).unwrap_or_else(|| alloc::vec![0; weights.len()]);
            for ((category, (fixed, _)), shared) in within.into_iter().zip(shared) {
                sums[*category] = fixed + shared;
            }
            return sums;
        }
        for (category, _) in used_up {
            sums[*category] = categories[*category].budget.unwrap_or(0);
            left -= sums[*category];
        }
        open = within.into_iter().map(|(category, _)| *category).collect();
    }
}

/// What is fixed and what weight is open of each run of claims.
fn categories_of(
    filled: &Filled,
    claims: &[Claim],
    lengths: impl Iterator<Item = usize>,
) -> Vec<(u128, u128)> {
    let mut each = filled.places.iter().zip(claims);
    let sum = |length: usize| {
        each.by_ref().take(length).fold((0, 0), |(fixed, weight), (place, claim)| match place {
            Place::Fixed(amount) => (fixed + amount, weight),
            Place::Open => (fixed, weight + u128::from(claim.weight)),
        })
    };
    lengths.map(sum).collect()
}

impl Category {
    fn of(budget: Option<u128>) -> Self {
        Self { budget, rows: Vec::new(), claims: Vec::new() }
    }

    /// Those who get the minimum of a sum when the smaller are left out, as many as possible.
    fn above(&self, sum: u128, minimum: u128) -> (Vec<usize>, Vec<Claim>) {
        let mut order: Vec<usize> = (0..self.claims.len()).collect();
        order.sort_by(|a, b| self.claims[*b].weight.cmp(&self.claims[*a].weight));
        // How many there are with each of the largest weights: equal ones stay or go together.
        let mut lengths: Vec<usize> = (1..=order.len()).collect();
        lengths.retain(|length| {
            order
                .get(*length)
                .is_none_or(|next| self.claims[*next].weight < self.claims[order[length - 1]].weight)
        });
        let claims = |length: usize| order[..length].iter().map(|row| self.claims[*row]).collect::<Vec<_>>();
        // The more there are the less the last one gets: less of the rate, and a smaller weight.
        let enough = |length: &usize| {
            let claims = claims(*length);
            let last = length - 1;
            Filled::of(sum, &claims).compare(last, &claims[last], minimum) != Ordering::Less
        };
        let kept = match lengths.partition_point(enough).checked_sub(1) {
            Some(last) => lengths[last],
            None => 0,
        };
        // In payee order again, so that equal remainders go to the first by id.
        let mut kept = order[..kept].to_owned();
        kept.sort_unstable();
        kept.into_iter().map(|row| (self.rows[row], self.claims[row])).unzip()
    }
}

/// An amount in whole units with its symbol, for people.
fn in_units(amount: u128, epoch: &Epoch) -> String {
    let unit = 10_u128.saturating_pow(epoch.decimals());
    let (whole, rest) = (amount / unit, amount % unit);
    let places = epoch.decimals() as usize;
    let number = if rest == 0 { format!("{whole}") } else { format!("{whole}.{rest:0places$}") };
    if epoch.asset().is_empty() { number } else { format!("{number} {}", epoch.asset()) }
}
