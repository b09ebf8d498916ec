//! The axioms of fair division: what is changed, and what the amounts must do.

use std::collections::BTreeMap;

use apportion_core::epoch::{EdgeRow, EpochRows, NodeRow, RowText};

use super::chance::Chance;
use super::change::{Answer, Breach, Change, Check, Settled, Settler};
use super::edit::{Edit, Ids, Leaving};
use super::error::AuditError;
use super::number::Number;

/// Nothing is done, and nothing may be retained.
pub(super) struct Efficiency;

impl Change for Efficiency {
    fn told(&self, _: &EpochRows) -> String {
        "nothing is changed".to_owned()
    }

    fn after(&self, _: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        Some(Vec::new())
    }

    fn judge(&self, before: &Settled, _: &[Settled]) -> Option<Breach> {
        let retained = before.retained;
        (retained > before.rounding(before.amounts.len())).then(|| before.breach(retained, Vec::new()))
    }
}

/// One more payee with the same contributions as one that is there.
pub(super) struct Symmetry {
    payee: RowText,
    twin: RowText,
}

impl Symmetry {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Symmetry> {
        let payee = chance.pick(&rows.payees)?.id.clone();
        Some(Symmetry { twin: rows.fresh(&payee, &Ids::new()), payee })
    }
}

impl Change for Symmetry {
    fn told(&self, _: &EpochRows) -> String {
        format!("{} joins with the same contributions as {}", self.twin, self.payee)
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let mut after = rows.clone();
        rows.has_payee(&self.payee).then_some(())?;
        after.add_payee(&self.twin);
        after.copy(&rows.owned(&self.payee), &self.twin, Leaving::Copied);
        Some(vec![("epoch", after)])
    }

    fn before(&self) -> Option<&'static str> {
        None
    }

    fn judge(&self, _: &Settled, after: &[Settled]) -> Option<Breach> {
        let after = after.first()?;
        let apart = after.of(&self.payee).abs_diff(after.of(&self.twin));
        (apart > after.rounding(2)).then(|| after.breach(apart, vec![self.payee.clone(), self.twin.clone()]))
    }
}

/// One more payee who contributes nothing.
pub(super) struct NullPlayer {
    payee: RowText,
    /// A node that weighs and measures nothing and that no edge touches, of a kind that the epoch has.
    node: Option<NodeRow>,
}

impl NullPlayer {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<NullPlayer> {
        let payee = rows.fresh(&chance.pick(&rows.payees)?.id, &Ids::new());
        let like = if chance.once_in(2) { chance.pick(&rows.nodes) } else { None };
        let node = like.map(|like| NodeRow {
            id: rows.fresh(&like.id, &Ids::from([payee.clone()])),
            weight: 0.0,
            payee: Some(payee.clone()),
            metrics: vec![0.0; like.metrics.len()],
            ..like.clone()
        });
        Some(NullPlayer { payee, node })
    }
}

impl Change for NullPlayer {
    fn told(&self, _: &EpochRows) -> String {
        match &self.node {
            None => format!("{} joins and owns nothing", self.payee),
            Some(node) => {
                format!("{} joins and owns {}, which weighs nothing and has no edges", self.payee, node.id)
            }
        }
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let mut after = rows.clone();
        after.add_payee(&self.payee);
        after.nodes.extend(self.node.clone());
        Some(vec![("epoch", after)])
    }

    fn before(&self) -> Option<&'static str> {
        None
    }

    fn judge(&self, _: &Settled, after: &[Settled]) -> Option<Breach> {
        let after = after.first()?;
        after.gain(0, std::slice::from_ref(&self.payee), 1)
    }

    fn simpler(&self) -> Vec<Box<dyn Change>> {
        let without = || NullPlayer { payee: self.payee.clone(), node: None };
        self.node.iter().map(|_| Box::new(without()) as Box<dyn Change>).collect()
    }
}

/// Payees exchange their ids, and so do the nodes that they own.
pub(super) struct Anonymity {
    payees: BTreeMap<RowText, RowText>,
    nodes: BTreeMap<RowText, RowText>,
}

impl Anonymity {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Anonymity> {
        let payees = exchanged(rows.payees.iter().map(|payee| payee.id.clone()), chance);
        let owned = rows.nodes.iter().filter(|node| node.payee.is_some());
        let nodes = exchanged(owned.map(|node| node.id.clone()), chance);
        (rows.payees.len() > 1).then_some(Anonymity { payees, nodes })
    }
}

fn exchanged(ids: impl Iterator<Item = RowText>, chance: &mut Chance) -> BTreeMap<RowText, RowText> {
    let ids: Vec<RowText> = ids.collect();
    let mut others = ids.clone();
    chance.shuffle(&mut others);
    ids.into_iter().zip(others).collect()
}

impl Change for Anonymity {
    fn told(&self, rows: &EpochRows) -> String {
        let renamed = self.payees.iter().filter(|(from, to)| from != to && rows.has_payee(from));
        let renamed: Vec<String> = renamed.map(|(from, to)| format!("{from} is called {to}")).collect();
        format!("payees and their nodes exchange their ids: {}", renamed.join(", "))
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let payee = |id: &RowText| self.payees.get(id).unwrap_or(id).clone();
        let node = |id: &RowText| self.nodes.get(id).unwrap_or(id).clone();
        let mut after = rows.clone();
        after.payees.iter_mut().for_each(|row| row.id = payee(&row.id));
        for row in &mut after.nodes {
            (row.id, row.payee) = (node(&row.id), row.payee.as_ref().map(payee));
        }
        for row in &mut after.edges {
            (row.source, row.target) = (node(&row.source), node(&row.target));
        }
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        let after = after.first()?;
        let renamed = self.payees.iter().filter(|(from, _)| before.rows.has_payee(from));
        let apart = renamed.map(|(from, to)| (before.of(from).abs_diff(after.of(to)), from));
        let (size, who) = apart.max_by_key(|(apart, _)| *apart)?;
        (size > after.rounding(2)).then(|| after.breach(size, vec![who.clone()]))
    }
}

/// A payee contributes more: twice as much by one number, or a second piece just like one that it has.
pub(super) struct Monotonicity {
    payee: RowText,
    more: More,
}

enum More {
    Twice(Number),
    Second(RowText),
}

impl Monotonicity {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Monotonicity> {
        let payee = chance.pick(&rows.payees)?.id.clone();
        let owned = rows.owned(&payee);
        let nodes: Vec<&NodeRow> = rows.nodes.iter().filter(|node| owned.contains(&node.id)).collect();
        let entering = |edge: &&EdgeRow| owned.contains(&edge.target) && !owned.contains(&edge.source);
        let edges: Vec<&EdgeRow> = rows.edges.iter().filter(entering).collect();
        let more = if chance.once_in(3) {
            More::Second(chance.pick(&nodes)?.id.clone())
        } else {
            More::Twice(Number::draw(&nodes, &edges, chance)?)
        };
        Some(Monotonicity { payee, more })
    }
}

impl Change for Monotonicity {
    fn told(&self, _: &EpochRows) -> String {
        match &self.more {
            More::Twice(number) => format!("{} contributes more: {} doubles", self.payee, number.told()),
            More::Second(node) => {
                format!("{} contributes more: there is a second {node}, just like the first", self.payee)
            }
        }
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let after = match &self.more {
            More::Twice(number) => {
                number.read(rows)?;
                number.changed(rows, |value| if value > 0.0 { value * 2.0 } else { value + 1.0 })
            }
            More::Second(node) => {
                rows.node(node)?;
                let mut after = rows.clone();
                after.copy(&Ids::from([node.clone()]), &self.payee, Leaving::Copied);
                after
            }
        };
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        let after = after.first()?;
        let loss = before.of(&self.payee).saturating_sub(after.of(&self.payee));
        (loss > after.rounding(2)).then(|| after.breach(loss, vec![self.payee.clone()]))
    }
}

/// Every weight and metric times one number, as if all were counted in another unit.
pub(super) struct Scale(f64);

impl Scale {
    pub(super) fn draw(chance: &mut Chance) -> Option<Scale> {
        chance.pick(&[2.0, 3.0, 10.0, 0.5]).copied().map(Scale)
    }
}

impl Change for Scale {
    fn told(&self, _: &EpochRows) -> String {
        format!("every weight and every metric is {} times what it was", self.0)
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let mut after = rows.clone();
        for node in &mut after.nodes {
            node.weight *= self.0;
            node.metrics.iter_mut().for_each(|value| *value *= self.0);
        }
        for edge in &mut after.edges {
            edge.weight *= self.0;
            edge.metrics.iter_mut().for_each(|value| *value *= self.0);
        }
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        let after = after.first()?;
        let (size, who) = furthest(before, after)?;
        (size > after.rounding(2)).then(|| after.breach(size, vec![who]))
    }

    fn simpler(&self) -> Vec<Box<dyn Change>> {
        if self.0 == 2.0 { Vec::new() } else { vec![Box::new(Scale(2.0))] }
    }
}

/// The payee whose amount changed most, and by how much.
fn furthest(before: &Settled, after: &Settled) -> Option<(u128, RowText)> {
    let payees = before.rows.payees.iter().map(|payee| &payee.id);
    let apart = payees.map(|payee| (before.of(payee).abs_diff(after.of(payee)), payee.clone()));
    apart.max_by_key(|(apart, _)| *apart)
}

/// A second graph that is a copy of the first in other hands, and both as one.
pub(super) struct Additivity {
    owners: BTreeMap<RowText, RowText>,
}

impl Additivity {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Additivity> {
        Some(Additivity { owners: exchanged(rows.payees.iter().map(|payee| payee.id.clone()), chance) })
    }

    /// The owner in the second graph; none if that payee is no longer there.
    fn second(&self, owner: &RowText) -> RowText {
        self.owners.get(owner).unwrap_or(owner).clone()
    }
}

impl Change for Additivity {
    fn told(&self, rows: &EpochRows) -> String {
        let moved = self.owners.iter().filter(|(from, to)| from != to && !rows.owned(from).is_empty());
        let moved: Vec<String> = moved.map(|(from, to)| format!("what was {from}'s is {to}'s")).collect();
        format!("the second epoch is a copy of the first in other hands: {}", moved.join(", "))
    }

    fn before(&self) -> Option<&'static str> {
        Some("first")
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let mut second = rows.clone();
        let mut copies = BTreeMap::new();
        let mut taken = Ids::new();
        for node in &mut second.nodes {
            let id = rows.fresh(&node.id, &taken);
            taken.insert(id.clone());
            copies.insert(std::mem::replace(&mut node.id, id.clone()), id);
            node.payee = node.payee.as_ref().map(|owner| self.second(owner));
        }
        if second.nodes.iter().any(|node| node.payee.as_ref().is_some_and(|owner| !rows.has_payee(owner))) {
            return None;
        }
        for edge in &mut second.edges {
            edge.source = copies.get(&edge.source)?.clone();
            edge.target = copies.get(&edge.target)?.clone();
        }
        let mut together = rows.clone();
        together.nodes.extend(second.nodes.iter().cloned());
        together.edges.extend(second.edges.iter().cloned());
        together.header.pool.amount = together.header.pool.amount.checked_mul(2)?;
        Some(vec![("second", second), ("together", together)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        let [second, together] = after else { return None };
        let payees = before.rows.payees.iter().map(|payee| &payee.id);
        let apart = payees.map(|payee| {
            let apart = before.of(payee).saturating_add(second.of(payee)).abs_diff(together.of(payee));
            (apart, payee)
        });
        let (size, who) = apart.max_by_key(|(apart, _)| *apart)?;
        (size > together.rounding(3)).then(|| together.breach(size, vec![who.clone()]))
    }
}

/// A larger pool.
pub(super) struct Resource {
    quarters: u32,
}

impl Resource {
    pub(super) fn draw(chance: &mut Chance) -> Option<Resource> {
        chance.pick(&[1, 2, 4, 12]).map(|&quarters| Resource { quarters })
    }
}

impl Change for Resource {
    fn told(&self, _: &EpochRows) -> String {
        format!("the pool is larger by {} quarters", self.quarters)
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let mut after = rows.clone();
        let more = (rows.header.pool.amount / 4).checked_mul(u128::from(self.quarters))?;
        after.header.pool.amount = rows.header.pool.amount.checked_add(more)?;
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        let after = after.first()?;
        let payees = before.rows.payees.iter().map(|payee| &payee.id);
        let losses = payees.map(|payee| (before.of(payee).saturating_sub(after.of(payee)), payee));
        let (size, who) = losses.max_by_key(|(loss, _)| *loss)?;
        (size > after.rounding(2)).then(|| before.breach(size, vec![who.clone()]))
    }
}

/// One more payee who contributes what another does, and relies on nobody.
pub(super) struct Population {
    like: RowText,
    newcomer: RowText,
}

impl Population {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Population> {
        let like = chance.pick(&rows.payees)?.id.clone();
        Some(Population { newcomer: rows.fresh(&like, &Ids::new()), like })
    }
}

impl Change for Population {
    fn told(&self, _: &EpochRows) -> String {
        format!("{} joins with contributions like those of {}, relying on nobody", self.newcomer, self.like)
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let mut after = rows.clone();
        rows.has_payee(&self.like).then_some(())?;
        after.add_payee(&self.newcomer);
        after.copy(&rows.owned(&self.like), &self.newcomer, Leaving::Left);
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        let after = after.first()?;
        let payees = before.rows.payees.iter().map(|payee| &payee.id);
        let gains = payees.map(|payee| (after.of(payee).saturating_sub(before.of(payee)), payee));
        let (size, who) = gains.max_by_key(|(gain, _)| *gain)?;
        (size > after.rounding(2)).then(|| after.breach(size, vec![who.clone()]))
    }
}

/// One number moves, and amounts must not jump.
pub(super) struct Continuity(Number);

/// Two numbers are next to each other if they differ by at most this part of the larger: a billionth.
const NEXT: f64 = 1e-9;
/// A jump is more than this part of the pool.
const JUMP: u128 = 1_000;

impl Continuity {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Continuity> {
        let (nodes, edges) = (rows.nodes.iter().collect::<Vec<_>>(), rows.edges.iter().collect::<Vec<_>>());
        let number = Number::draw(&nodes, &edges, chance)?;
        number.read(rows).filter(|value| *value > 0.0).map(|_| Continuity(number))
    }
}

impl Change for Continuity {
    fn told(&self, _: &EpochRows) -> String {
        format!("{} grows by a billionth", self.0.told())
    }

    /// Not looked up beforehand: see `check`.
    fn after(&self, _: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        None
    }

    fn before(&self) -> Option<&'static str> {
        None
    }

    fn judge(&self, _: &Settled, after: &[Settled]) -> Option<Breach> {
        let [low, high] = after else { return None };
        let (size, who) = furthest(low, high)?;
        let most = high.pool() / JUMP + high.rounding(2);
        (size > most).then(|| high.breach(size, vec![who]))
    }

    /// Narrows the range from a quarter to four times the number down to where the amounts still differ.
    fn check(&self, before: &Settled, settler: &Settler<'_>) -> Result<Check, AuditError> {
        let Some(value) = self.0.read(&before.rows).filter(|value| *value > 0.0) else {
            return Ok(Check::Impossible);
        };
        let at = |role, value: f64| settler.settle(role, self.0.changed(&before.rows, |_| value));
        let (mut low, mut high) = (value / 4.0, value * 4.0);
        let mut pair = match (at("before", low)?, at("after", high)?) {
            (Answer::Settled(low), Answer::Settled(high)) => vec![*low, *high],
            (Answer::Fault(fault), _) | (_, Answer::Fault(fault)) => return Ok(Check::Fault(fault)),
            _ => return Ok(Check::Impossible),
        };
        while let Some(breach) = self.judge(before, &pair) {
            if high - low <= high * NEXT {
                return Ok(Check::Broken { breach, after: pair });
            }
            let middle = low + (high - low) / 2.0;
            let settled = match at("middle", middle)? {
                Answer::Settled(settled) => *settled,
                Answer::Fault(fault) => return Ok(Check::Fault(fault)),
                Answer::Impossible => return Ok(Check::Impossible),
            };
            let apart = |a: &Settled, b: &Settled| furthest(a, b).map_or(0, |(apart, _)| apart);
            let [first, second] = pair.as_slice() else { return Ok(Check::Impossible) };
            if apart(first, &settled) >= apart(&settled, second) {
                high = middle;
                pair.truncate(1);
                pair.push(Settled { role: "after", ..settled });
            } else {
                low = middle;
                pair.remove(0);
                pair.insert(0, Settled { role: "before", ..settled });
            }
        }
        Ok(Check::Holds)
    }
}
