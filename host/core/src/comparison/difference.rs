//! What two amounts differ by.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

/// What two amounts differ by: exact, and with a sign. In JSON a string of digits with a `-` where it is less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    less: bool,
    magnitude: u128,
}

impl Difference {
    /// What is to be added to `before` to have `after`.
    pub fn between(before: u128, after: u128) -> Difference {
        Difference { less: after < before, magnitude: before.abs_diff(after) }
    }

    /// Whether it is less than nothing.
    pub fn is_negative(self) -> bool {
        self.less
    }

    /// How much, without the sign, in base units.
    pub fn magnitude(self) -> u128 {
        self.magnitude
    }
}

/// As numbers with a sign: what is most less comes first.
impl Ord for Difference {
    fn cmp(&self, other: &Difference) -> Ordering {
        match (self.less, other.less) {
            (true, true) => other.magnitude.cmp(&self.magnitude),
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Difference {
    fn partial_cmp(&self, other: &Difference) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.less { "-" } else { "" }, self.magnitude)
    }
}

impl Serialize for Difference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn differences_are_exact(before: u128, after: u128) {
            let (forth, back) = (Difference::between(before, after), Difference::between(after, before));
            prop_assert_eq!(forth.magnitude(), back.magnitude());
            prop_assert_eq!(forth.is_negative() && back.is_negative(), false);
            let again = if forth.is_negative() { before - forth.magnitude() } else { before + forth.magnitude() };
            prop_assert_eq!(again, after);
        }
    }
}
