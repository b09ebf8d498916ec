//! Random numbers that are the same for everyone: a small generator, started by the epoch's seed.
//!
//! A policy that samples draws from [`Epoch::seed`](crate::Epoch::seed) and from nothing else, so that whoever settles
//! the epoch draws the same. The seed follows from the epoch's bytes alone: it is known to everyone who has the epoch,
//! and who can still choose a byte of the epoch can try seeds. What is drawn is therefore for estimates, whose error is
//! told, and not for lotteries.
//!
//! ```
//! use apportion_guest::random::Random;
//!
//! let mut order = [1, 2, 3, 4, 5];
//! Random::new(7).shuffle(&mut order);
//! let mut again = [1, 2, 3, 4, 5];
//! Random::new(7).shuffle(&mut again);
//! assert_eq!(order, again);
//! ```

/// SplitMix64: a counter that goes up by an odd constant, each count scrambled by a bijection of 64 bits.
///
/// G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; with the constants of
/// `java.util.SplittableRandom`. Its period is 2^64, and every 64-bit number occurs once in it.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The generator of a seed; every seed is as good as every other.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A whole number below `bound`, each as likely as every other; 0 if `bound` is 0.
    ///
    /// D. Lemire, "Fast random integer generation in an interval", ACM Transactions on Modeling and Computer
    /// Simulation 29(1), 2019: the upper half of a product, drawn again in the few cases that would favour some.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a product")]
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // 2^64 modulo the bound: so many of the lower halves are left over.
        let left_over = bound.wrapping_neg() % bound;
        loop {
            let product = self.next_u64() as u128 * bound as u128;
            if product as u64 >= left_over {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts items into an order, each order as likely as every other, as far as 64 bits of seed can tell them apart.
    ///
    /// R. Durstenfeld, "Algorithm 235: Random permutation", Communications of the ACM 7(7), 1964, which is the
    /// method of Fisher and Yates in place.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            #[expect(clippy::cast_possible_truncation, reason = "at most `last`, which is a usize")]
            let chosen = self.below(last as u64 + 1) as usize;
            items.swap(last, chosen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Settlements of the past depend on these numbers: they never change.
    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // As the reference implementation in C prints them for the seed 1234567.
        let mut random = Random::new(1_234_567);
        let drawn: [u64; 5] = core::array::from_fn(|_| random.next_u64());
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(drawn, expected);
        assert_eq!(Random::new(0).next_u64(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn numbers_below_a_bound_and_orders_never_change() {
        let mut random = Random::new(42);
        let drawn: [u64; 12] = core::array::from_fn(|_| random.below(10));
        let mut order: [u8; 10] = core::array::from_fn(|place| u8::try_from(place).unwrap());
        random.shuffle(&mut order);
        // An implementation in Python says the same.
        assert_eq!(drawn, [7, 1, 2, 3, 0, 8, 2, 8, 3, 6, 2, 4]);
        assert_eq!(order, [3, 6, 8, 7, 2, 0, 1, 9, 4, 5]);
        assert_eq!((random.below(0), random.below(1)), (0, 0));
        assert!((0..100).all(|_| random.below(u64::MAX) < u64::MAX));
    }

    /// All 24 orders of four, within five standard deviations of a fair draw.
    #[test]
    fn every_order_is_as_likely_as_every_other() {
        let mut random = Random::new(1);
        let mut counts = alloc::collections::BTreeMap::new();
        for _ in 0..24_000 {
            let mut order = [0, 1, 2, 3];
            random.shuffle(&mut order);
            *counts.entry(order).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|count| (count - 1000).abs() < 155), "{counts:?}");
    }
}
