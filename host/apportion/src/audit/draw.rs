//! Which change puts each property to the test.

use apportion_core::card::Property;
use apportion_core::epoch::EpochRows;

use super::attacks::{Backdating, MadeUp, Merging, Spam, Splitting, Supporters, Withholding};
use super::axioms::{
    Additivity, Anonymity, Continuity, Efficiency, Monotonicity, NullPlayer, Population, Resource, Scale,
    Symmetry,
};
use super::chance::Chance;
use super::change::Change;
use super::rounding::House;

/// Something to do to these rows that puts the property to the test; none where they have nothing to do it to.
pub(super) fn draw(property: Property, rows: &EpochRows, chance: &mut Chance) -> Option<Box<dyn Change>> {
    fn boxed<C: Change + 'static>(change: C) -> Box<dyn Change> {
        Box::new(change)
    }
    match property {
        Property::Efficiency => Some(boxed(Efficiency)),
        Property::Symmetry => Symmetry::draw(rows, chance).map(boxed),
        Property::NullPlayer => NullPlayer::draw(rows, chance).map(boxed),
        Property::Anonymity => Anonymity::draw(rows, chance).map(boxed),
        Property::Monotonicity => Monotonicity::draw(rows, chance).map(boxed),
        Property::ScaleInvariance => Scale::draw(chance).map(boxed),
        Property::Additivity => Additivity::draw(rows, chance).map(boxed),
        Property::ResourceMonotonicity => Resource::draw(chance).map(boxed),
        Property::PopulationMonotonicity => Population::draw(rows, chance).map(boxed),
        Property::Continuity => Continuity::draw(rows, chance).map(boxed),
        Property::HouseMonotonicity => Some(boxed(House::draw(chance))),
        Property::Splitting => Splitting::draw(rows, chance).map(boxed),
        Property::SupporterSplitting => Supporters::draw(rows, chance).map(boxed),
        Property::Merging => Merging::draw(rows, chance).map(boxed),
        Property::CollusionRing => MadeUp::ring(rows, chance).map(boxed),
        Property::SelfDealing => MadeUp::own(rows, chance).map(boxed),
        Property::Spam => Spam::draw(rows, chance).map(boxed),
        Property::Backdating => Backdating::draw(rows, chance).map(boxed),
        Property::Withholding => Withholding::draw(rows, chance).map(boxed),
    }
}
