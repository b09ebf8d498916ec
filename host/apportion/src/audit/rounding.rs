//! What the engine's rounding does to a pool of a few base units, whatever the rule.

use apportion_core::apportionment::by_weight;
use apportion_core::epoch::EpochRows;

use super::chance::Chance;
use super::change::{Answer, Breach, Change, Check, Settled, Settler, Weights};
use super::error::AuditError;

/// A pool of a few base units, and one with a unit more: nobody may get less of it.
///
/// Apportionment theory calls this house monotonicity, and its breach the Alabama paradox: in 1880 a House of 299 seats
/// gave Alabama 8 of them and one of 300 only 7. Methods of divisors have it; the method of largest remainders, by which
/// the engine divides, does not, and stays within a unit of every quota instead (M. L. Balinski, H. P. Young, *Fair
/// Representation*, 1982). Of a large pool it is a base unit that nobody misses; of three indivisible prizes it is a
/// prize.
pub(super) struct House {
    /// The smallest pool that is looked at, in base units.
    least: u128,
}

/// The smallest pools begin with 1 to so many base units.
const FIRST_POOLS: u32 = 24;
/// How many pools are looked at, each a unit larger than the one before.
const POOLS: u128 = 24;

impl House {
    pub(super) fn draw(chance: &mut Chance) -> House {
        House { least: u128::from(1 + chance.number(FIRST_POOLS)) }
    }
}

impl Change for House {
    fn told(&self, _: &EpochRows) -> String {
        "the pool is a few base units, and then one more; the rule gives the same weights".to_owned()
    }

    /// Not looked up beforehand: see `check`.
    fn after(&self, _: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        None
    }

    fn before(&self) -> Option<&'static str> {
        None
    }

    /// Without any allowance: what rounding explains is what is looked for.
    fn judge(&self, _: &Settled, after: &[Settled]) -> Option<Breach> {
        let [smaller, larger] = after else { return None };
        let payees = smaller.rows.payees.iter().map(|payee| &payee.id);
        let losses = payees.map(|payee| (smaller.of(payee).saturating_sub(larger.of(payee)), payee));
        let (loss, who) = losses.max_by_key(|(loss, _)| *loss)?;
        (loss > 0).then(|| smaller.breach(loss, vec![who.clone()]))
    }

    /// Settles the smallest pool and finds the paradox among the next ones by the rule's own weights, then settles the two
    /// pools that show it. Where the rule's weights depend on the pool, its answer is not the rounding's doing.
    fn check(&self, before: &Settled, settler: &Settler<'_>) -> Result<Check, AuditError> {
        let with_pool = |role, amount: u128| {
            let mut rows = before.rows.clone();
            rows.header.pool.amount = amount;
            settler.settle(role, rows)
        };
        let first = match with_pool("before", self.least)? {
            Answer::Settled(first) => first,
            Answer::Fault(fault) => return Ok(Check::Fault(fault)),
            Answer::Impossible => return Ok(Check::Impossible),
        };
        let Some(weights) = &first.weights else { return Ok(Check::Impossible) };
        let Some(pool) = self.paradox(weights) else { return Ok(Check::Holds) };
        let mut pair = Vec::new();
        for (role, amount) in [("before", pool), ("after", pool + 1)] {
            match with_pool(role, amount)? {
                Answer::Settled(settled) if settled.weights.as_ref() == Some(weights) => pair.push(*settled),
                Answer::Settled(_) | Answer::Impossible => return Ok(Check::Impossible),
                Answer::Fault(fault) => return Ok(Check::Fault(fault)),
            }
        }
        let breach = self.judge(before, &pair);
        Ok(breach.map_or(Check::Holds, |breach| Check::Broken { breach, after: pair }))
    }
}

impl House {
    /// The first pool of those looked at that gives somebody a unit more than the next one does.
    fn paradox(&self, weights: &Weights) -> Option<u128> {
        let divided =
            |pool| by_weight(pool, &weights.shares, weights.retained).map(|divided| divided.amounts);
        let mut pools = self.least..self.least + POOLS;
        pools.find(|&pool| match (divided(pool), divided(pool + 1)) {
            (Ok(smaller), Ok(larger)) => smaller.iter().zip(&larger).any(|(before, after)| after < before),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six, six and two equal pieces of work: 4, 4, 2 of ten units and then 5, 5, 1 of eleven.
    #[test]
    fn the_paradox_is_found_where_there_is_one() {
        let weights = |shares: &[u64]| Weights { shares: shares.to_vec(), retained: 0 };
        assert_eq!(House { least: 10 }.paradox(&weights(&[6, 6, 2])), Some(10));
        assert_eq!(House { least: 1 }.paradox(&weights(&[1, 1, 1])), None);
        assert_eq!(House { least: 1 }.paradox(&weights(&[])), None);
    }
}
