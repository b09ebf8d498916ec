//! One pool divided in proportion to weights, nobody below a least and nobody above a most amount: exactly.
//!
//! The amounts are those of one rate: everyone gets the rate times its weight, brought up to its least and down to its
//! most, and the rate is the one at which the pool is used up. It is a fraction, so nothing is lost in finding it.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::exact::{compare_products, in_proportion};

/// Who asks for a part of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Above 0.
    pub weight: u64,
    /// In base units.
    pub least: u128,
    /// In base units; at least `least`.
    pub most: u128,
}

/// What a claim comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Brought up or down to this amount.
    Fixed(u128),
    /// The rate times the weight.
    Open,
}

/// A pool at its rate: `open / weight` base units a unit of weight.
#[derive(Clone, Debug)]
pub(crate) struct Filled {
    /// One a claim.
    pub places: Vec<Place>,
    /// What those that are not fixed share, in base units.
    pub open: u128,
    /// Their weights together; 0 if all are fixed.
    pub weight: u128,
}

/// A rate, as a fraction.
#[derive(Clone, Copy)]
struct Rate {
    units: u128,
    weight: u128,
}

impl Rate {
    fn compare(self, other: Self) -> Ordering {
        compare_products((self.units, other.weight), (other.units, self.weight))
    }
}

impl Claim {
    /// Where it stops to be brought up to its least.
    fn leaves_least(&self) -> Rate {
        Rate { units: self.least, weight: self.weight.into() }
    }

    /// Where it begins to be brought down to its most.
    fn reaches_most(&self) -> Rate {
        Rate { units: self.most, weight: self.weight.into() }
    }

    /// Its place at a rate that is this one or a little more.
    fn place(&self, rate: Rate) -> Place {
        if self.reaches_most().compare(rate).is_le() {
            Place::Fixed(self.most)
        } else if self.leaves_least().compare(rate).is_gt() {
            Place::Fixed(self.least)
        } else {
            Place::Open
        }
    }
}

impl Filled {
    /// Finds the rate. The least amounts together are at most the pool.
    pub fn of(pool: u128, claims: &[Claim]) -> Self {
        let all: u128 = claims.iter().fold(0, |sum, claim| sum.saturating_add(claim.most));
        if all <= pool {
            let places = claims.iter().map(|claim| Place::Fixed(claim.most)).collect();
            return Self { places, open: 0, weight: 0 };
        }
        // Between two neighbours among these rates nobody's place changes.
        let mut rates: Vec<Rate> =
            claims.iter().flat_map(|claim| [claim.leaves_least(), claim.reaches_most()]).collect();
        rates.sort_unstable_by(|a, b| a.compare(*b));
        let affordable = rates.partition_point(|rate| Self::at(*rate, pool, claims).is_affordable(*rate));
        let rate = match affordable.checked_sub(1) {
            Some(last) => rates[last],
            None => Rate { units: 0, weight: 1 },
        };
        Self::at(rate, pool, claims)
    }

    /// The places at a rate or a little more. Where even what is fixed is more than the pool, `open` is 0 and some
    /// weight is left, which is not affordable.
    fn at(rate: Rate, pool: u128, claims: &[Claim]) -> Self {
        let places: Vec<Place> = claims.iter().map(|claim| claim.place(rate)).collect();
        let (mut fixed, mut weight) = (0_u128, 0_u128);
        for (place, claim) in places.iter().zip(claims) {
            match place {
                Place::Fixed(amount) => fixed = fixed.saturating_add(*amount),
                Place::Open => weight += u128::from(claim.weight),
            }
        }
        match pool.checked_sub(fixed) {
            Some(open) => Self { places, open, weight },
            None => Self { places, open: 0, weight: weight.max(1) },
        }
    }

    /// Whether the pool is enough for this rate.
    fn is_affordable(&self, rate: Rate) -> bool {
        compare_products((rate.units, self.weight), (self.open, rate.weight)).is_le()
    }

    /// Compares what a claim comes to with an amount.
    pub fn compare(&self, row: usize, claim: &Claim, amount: u128) -> Ordering {
        match self.places[row] {
            Place::Fixed(fixed) => fixed.cmp(&amount),
            Place::Open => compare_products((self.open, claim.weight.into()), (amount, self.weight)),
        }
    }

    /// Compares what some of the claims come to together with an amount, given what is fixed of them and the weight of
    /// the others.
    pub fn compare_sum(&self, fixed: u128, weight: u128, amount: u128) -> Ordering {
        match amount.checked_sub(fixed) {
            None => Ordering::Greater,
            Some(_) if weight == 0 => fixed.cmp(&amount),
            Some(rest) => compare_products((self.open, weight), (rest, self.weight)),
        }
    }

    /// The amounts, whole, by largest remainder: within their bounds, because these are whole.
    pub fn amounts(&self, claims: &[Claim]) -> Vec<u128> {
        let open = |(place, claim): (&Place, &Claim)| match place {
            Place::Fixed(_) => 0,
            Place::Open => u128::from(claim.weight),
        };
        let weights: Vec<u128> = self.places.iter().zip(claims).map(open).collect();
        // None where nobody is open: 2^32 weights of 64 bits are less than what can be divided.
        let shared = in_proportion(self.open, &weights).unwrap_or_else(|| alloc::vec![0; claims.len()]);
        let amount = |(place, shared): (&Place, u128)| match place {
            Place::Fixed(amount) => *amount,
            Place::Open => shared,
        };
        self.places.iter().zip(shared).map(amount).collect()
    }
}
