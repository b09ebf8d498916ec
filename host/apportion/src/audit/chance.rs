//! Numbers that look random and follow from a seed: the same on every machine, in whatever order trials are made.

/// SplitMix64 (Steele, Lea, Flood, *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014).
pub(super) struct Chance(u64);

impl Chance {
    /// A stream of its own for every trial and purpose. The purpose goes by its name and not by a place in a list, so
    /// that a property that is added anywhere changes no other's trials.
    pub(super) fn for_purpose(seed: u64, trial: u64, purpose: &str) -> Chance {
        let mut chance = Chance(seed);
        for part in std::iter::once(trial).chain(purpose.bytes().map(u64::from)) {
            chance.0 = chance.next() ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93);
        }
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of 0 to `count` - 1; 0 where there is none.
    pub(super) fn below(&mut self, count: usize) -> usize {
        // The product's upper half: as even as 64 bits allow, and always below the count.
        let scaled = (u128::from(self.next()) * count as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// One of 0 to `count` - 1 for a small count.
    pub(super) fn number(&mut self, count: u32) -> u32 {
        u32::try_from(self.below(count as usize)).unwrap_or(0)
    }

    /// Whether what happens once in `times` happens.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of them, if there are any.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// Another order of them, each as likely (Fisher and Yates).
    pub(super) fn shuffle<T>(&mut self, rows: &mut [T]) {
        for last in (1..rows.len()).rev() {
            rows.swap(last, self.below(last + 1));
        }
    }

    /// At most `most` of the first `count` indices, sorted.
    pub(super) fn choose(&mut self, count: usize, most: usize) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..count).collect();
        if count > most {
            self.shuffle(&mut rows);
            rows.truncate(most);
            rows.sort_unstable();
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_published_generator() {
        let mut chance = Chance(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| chance.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn every_one_comes_and_none_beyond() {
        let mut chance = Chance::for_purpose(1, 2, "test");
        let mut seen = [0; 5];
        (0..1_000).for_each(|_| seen[chance.below(5)] += 1);
        assert!(seen.iter().all(|&count| count > 150), "{seen:?}");
        assert_eq!(chance.below(0), 0);
        assert_eq!(chance.pick::<u8>(&[]), None);
        assert_eq!(chance.choose(3, 5), [0, 1, 2]);
        assert_eq!(chance.choose(100, 5).len(), 5);
    }
}
