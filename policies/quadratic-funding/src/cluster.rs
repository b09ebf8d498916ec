//! Connection-oriented cluster match (Miller, Weyl, Erichsen 2022): not contributors but groups of them are matched in
//! pairs, and who is close to the other group counts for less.

use apportion_guest::math::sqrt;
use apportion_guest::{Epoch, Refusal};

use crate::Discount;
use crate::contributions::{Contributions, Gift, person};
use crate::matching::pairs;

/// The closeness of every group to every other is kept: 128 MiB at most.
const MAX_GROUPS: usize = 4_096;

/// The match of each project, in the unit of the contributions.
///
/// A contributor i splits each gift c between its groups, the part w(i, g) to group g. For two groups g and h the
/// project gets 2 √(Σ w(i, g) K(i, h)) √(Σ w(j, h) K(j, g)), the sums over i in g and j in h, where K(i, h) is c or
/// less, by how close i is to h.
///
/// Who is in no group is a group of its own, which nobody is close to: its pairs are those of the plain rule.
pub(crate) fn matched(
    epoch: &Epoch,
    contributions: &Contributions,
    discount: Discount,
    group_kinds: &[String],
) -> Result<Vec<f64>, Refusal> {
    let groups = Groups::of(epoch, contributions, group_kinds)?;
    let closeness = match discount {
        Discount::Paper => groups.overlaps(),
        Discount::Gitcoin => groups.chances(),
    };
    let matches = contributions.projects.iter().map(|project| {
        let (alone, together): (Vec<&Gift>, Vec<&Gift>) =
            project.gifts.iter().partition(|gift| groups.of[gift.contributor].is_empty());
        let lone_roots: f64 = alone.iter().map(|gift| sqrt(gift.amount)).sum();
        let (between_groups, group_roots) = groups.pairs(&together, discount, &closeness);
        pairs(alone.iter().map(|gift| gift.amount)) + 2.0 * lone_roots * group_roots + between_groups
    });
    Ok(matches.collect())
}

/// One group of a contributor.
#[derive(Clone, Copy, Debug)]
struct Membership {
    group: usize,
    /// The strength of this membership among all of the contributor's: w, summing to 1 over its groups.
    of_contributor: f64,
    /// And among all of the group's, summing to 1 over its members.
    of_group: f64,
}

/// Who is in which groups.
struct Groups {
    count: usize,
    /// By contributor; the groups ascending, each once.
    of: Vec<Vec<Membership>>,
}

impl Groups {
    fn of(epoch: &Epoch, contributions: &Contributions, kinds: &[String]) -> Result<Self, Refusal> {
        let mut strengths =
            if kinds.is_empty() { by_project(contributions) } else { by_edge(epoch, contributions, kinds)? };
        // Group, contributor; stable, so that equal rows are added in the epoch's order.
        strengths.sort_by_key(|(group, contributor, _)| (*group, *contributor));
        let mut of: Vec<Vec<Membership>> = vec![Vec::new(); contributions.contributors()];
        let mut count = 0;
        for of_group in strengths.chunk_by(|a, b| a.0 == b.0) {
            let total: f64 = of_group.iter().map(|strength| strength.2).sum();
            for member in of_group.chunk_by(|a, b| a.1 == b.1) {
                let strength: f64 = member.iter().map(|strength| strength.2).sum();
                let membership =
                    Membership { group: count, of_contributor: strength, of_group: strength / total };
                of[member[0].1].push(membership);
            }
            count += 1;
        }
        if count > MAX_GROUPS {
            return Err(Refusal::NoAnswer(format!(
                "there are {count} groups, and at most {MAX_GROUPS} can be matched"
            )));
        }
        for memberships in &mut of {
            let total: f64 = memberships.iter().map(|membership| membership.of_contributor).sum();
            memberships.iter_mut().for_each(|membership| membership.of_contributor /= total);
        }
        Ok(Self { count, of })
    }

    /// 1 where two groups have a member in common, by row of the one and then the other; else 0.
    fn overlaps(&self) -> Vec<f64> {
        let mut overlaps = vec![0.0; self.count * self.count];
        for memberships in &self.of {
            for one in memberships {
                for other in memberships {
                    overlaps[one.group * self.count + other.group] = 1.0;
                }
            }
        }
        overlaps
    }

    /// The chance to be in a group after a step from another: to one of its members, and on to one of that one's groups.
    fn chances(&self) -> Vec<f64> {
        let mut chances = vec![0.0; self.count * self.count];
        for memberships in &self.of {
            for from in memberships {
                for to in memberships {
                    chances[from.group * self.count + to.group] += from.of_group * to.of_contributor;
                }
            }
        }
        chances
    }

    /// Over the gifts of contributors in groups: the sum over all pairs of groups, and the sum of the roots of what
    /// each group gave, which is what a lone contributor is paired with.
    fn pairs(&self, gifts: &[&Gift], discount: Discount, closeness: &[f64]) -> (f64, f64) {
        // The groups that gave something here: all others add nothing.
        let mut active: Vec<usize> =
            gifts.iter().flat_map(|gift| self.of[gift.contributor].iter().map(|of| of.group)).collect();
        active.sort_unstable();
        active.dedup();
        let place = |group: usize| active.binary_search(&group).unwrap_or_default();

        // What group g gives as h sees it, by place of g and then h.
        let mut seen = vec![0.0; active.len() * active.len()];
        let mut gave = vec![0.0; active.len()];
        for gift in gifts {
            let memberships = &self.of[gift.contributor];
            let counted: Vec<f64> =
                active.iter().map(|other| self.counted(gift, *other, discount, closeness)).collect();
            for membership in memberships {
                let own = place(membership.group);
                gave[own] += membership.of_contributor * gift.amount;
                let seen = &mut seen[own * active.len()..][..active.len()];
                for (seen, counted) in seen.iter_mut().zip(&counted) {
                    *seen += membership.of_contributor * counted;
                }
            }
        }
        let mut between = 0.0;
        for one in 0..active.len() {
            for other in 0..one {
                let [there, back] = [seen[one * active.len() + other], seen[other * active.len() + one]];
                between += 2.0 * sqrt(there) * sqrt(back);
            }
        }
        (between, gave.into_iter().map(sqrt).sum())
    }

    /// What a gift counts for in the eyes of another group: K(i, h).
    fn counted(&self, gift: &Gift, other: usize, discount: Discount, closeness: &[f64]) -> f64 {
        let memberships = &self.of[gift.contributor];
        let close = |of: &Membership| closeness[of.group * self.count + other];
        match discount {
            Discount::Paper => {
                let kin = memberships.iter().any(|of| close(of) > 0.0);
                if kin { sqrt(gift.amount) } else { gift.amount }
            }
            Discount::Gitcoin => {
                if memberships.iter().any(|of| of.group == other) {
                    return 0.0;
                }
                let chance: f64 = memberships.iter().map(|of| of.of_contributor * close(of)).sum();
                // Chances sum to 1 but for their rounding.
                (1.0 - chance).max(0.0) * gift.amount
            }
        }
    }
}

/// Each project is the group of its contributors, each as strong in it as it gave.
fn by_project(contributions: &Contributions) -> Vec<(usize, usize, f64)> {
    let projects = contributions.projects.iter().enumerate();
    let gifts = projects.flat_map(|(group, project)| {
        project.gifts.iter().map(move |gift| (group, gift.contributor, gift.amount))
    });
    gifts.collect()
}

/// Edges of some kinds, from a contributor to a group. Who contributes nothing is in no group.
fn by_edge(
    epoch: &Epoch,
    contributions: &Contributions,
    kinds: &[String],
) -> Result<Vec<(usize, usize, f64)>, Refusal> {
    let kinds: Vec<u32> = kinds.iter().filter_map(|kind| epoch.edge_kind_named(kind)).collect();
    if kinds.is_empty() {
        return Err(Refusal::no_answer("the epoch has no edge of the kinds in `group_kinds`"));
    }
    let ends = epoch.edge_source().iter().zip(epoch.edge_target());
    let edges = ends.zip(epoch.edge_kind().iter().zip(epoch.edge_weight()));
    let memberships = edges.filter(|(_, (kind, weight))| kinds.contains(kind) && **weight > 0.0);
    let strengths = memberships.filter_map(|((source, target), (_, weight))| {
        Some((*target as usize, contributions.place_of(person(epoch, *source))?, *weight))
    });
    Ok(strengths.collect())
}
