//! What payees may try: what is changed, and who must not gain by it.

use apportion_core::epoch::{EdgeRow, EpochRows, NodeRow, RowText};

use super::chance::Chance;
use super::change::{Breach, Change, Settled, counted, listed};
use super::edit::{Edit, Ids};

/// Identities are two, four or eight: halves of weights stay exact.
const PARTS: [u16; 3] = [2, 4, 8];
/// What an import gives a node that nobody weighed.
const UNWEIGHED: f64 = 1.0;

/// A payee becomes several.
pub(super) struct Splitting {
    payee: RowText,
    identities: u16,
    work: Work,
}

/// What becomes of the work of a payee that splits.
#[derive(Clone, Copy)]
enum Work {
    /// Its nodes are dealt out as they are.
    Dealt,
    /// Each node becomes as many, with a part each of its weights and metrics.
    Divided,
}

impl Splitting {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Splitting> {
        let payee = chance.pick(&rows.payees)?.id.clone();
        let work = if chance.once_in(2) { Work::Dealt } else { Work::Divided };
        Some(Splitting { payee, identities: chance.pick(&PARTS).copied()?, work })
    }

    /// All of them, the payee itself first.
    fn identities(&self, rows: &EpochRows) -> Vec<RowText> {
        let mut all = vec![self.payee.clone()];
        let mut taken = Ids::new();
        for _ in 1..self.identities {
            let id = rows.fresh(&self.payee, &taken);
            taken.insert(id.clone());
            all.push(id);
        }
        all
    }
}

impl Change for Splitting {
    fn told(&self, _: &EpochRows) -> String {
        let (payee, identities) = (&self.payee, self.identities);
        match self.work {
            Work::Dealt => format!("{payee} deals its nodes out to {identities} identities"),
            Work::Divided => {
                format!(
                    "{payee} splits into {identities} identities, each with 1/{identities} of every node and edge"
                )
            }
        }
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        rows.has_payee(&self.payee).then_some(())?;
        let identities = self.identities(rows);
        let mut after = rows.clone();
        identities[1..].iter().for_each(|id| after.add_payee(id));
        let owned = rows.owned(&self.payee);
        match self.work {
            Work::Dealt => {
                let of_payee = after.nodes.iter_mut().filter(|node| owned.contains(&node.id));
                for (node, owner) in of_payee.zip(identities.iter().cycle()) {
                    node.payee = Some(owner.clone());
                }
            }
            Work::Divided => after.divide(&owned, self.identities, &identities[1..]),
        }
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        let identities = self.identities(&before.rows);
        after.first()?.gain(before.of(&self.payee), &identities, 1 + identities.len())
    }

    fn simpler(&self) -> Vec<Box<dyn Change>> {
        let fewer = PARTS.iter().filter(|parts| **parts < self.identities);
        fewer
            .map(|&identities| Box::new(Splitting { identities, payee: self.payee.clone(), ..*self }) as _)
            .collect()
    }
}

/// An outside supporter of a payee becomes several, with the same support together.
pub(super) struct Supporters {
    payee: RowText,
    supporter: RowText,
    parts: u16,
}

impl Supporters {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Supporters> {
        let owner = |id: &RowText| rows.node(id).and_then(|node| node.payee.clone());
        let support = rows.edges.iter().filter_map(|edge| match (owner(&edge.source), owner(&edge.target)) {
            (None, Some(payee)) => Some((edge.source.clone(), payee)),
            _ => None,
        });
        let support: Vec<(RowText, RowText)> = support.collect();
        let (supporter, payee) = chance.pick(&support)?.clone();
        Some(Supporters { payee, supporter, parts: chance.pick(&PARTS).copied()? })
    }
}

impl Change for Supporters {
    fn told(&self, _: &EpochRows) -> String {
        let Supporters { payee, supporter, parts } = self;
        format!(
            "{supporter}, which supports {payee}, appears as {parts} nodes with 1/{parts} of its edges each"
        )
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        rows.has_payee(&self.payee).then_some(())?;
        rows.node(&self.supporter)?;
        let mut after = rows.clone();
        after.divide(&Ids::from([self.supporter.clone()]), self.parts, &[]);
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        after.first()?.gain(before.of(&self.payee), std::slice::from_ref(&self.payee), 2)
    }

    fn simpler(&self) -> Vec<Box<dyn Change>> {
        let Supporters { payee, supporter, .. } = self;
        let of = |parts| Supporters { parts, payee: payee.clone(), supporter: supporter.clone() };
        let fewer = PARTS.iter().filter(|parts| **parts < self.parts);
        fewer.map(|&parts| Box::new(of(parts)) as _).collect()
    }
}

/// Two payees appear as one.
pub(super) struct Merging {
    stays: RowText,
    goes: RowText,
}

impl Merging {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Merging> {
        let mut ids: Vec<&RowText> = rows.payees.iter().map(|payee| &payee.id).collect();
        chance.shuffle(&mut ids);
        let [stays, goes, ..] = ids.as_slice() else { return None };
        Some(Merging { stays: (*stays).clone(), goes: (*goes).clone() })
    }
}

impl Change for Merging {
    fn told(&self, _: &EpochRows) -> String {
        format!("{} takes over all that {} owns, who is a payee no more", self.stays, self.goes)
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        (rows.has_payee(&self.stays) && rows.has_payee(&self.goes)).then_some(())?;
        let mut after = rows.clone();
        after.payees.retain(|payee| payee.id != self.goes);
        for node in after.nodes.iter_mut().filter(|node| node.payee.as_ref() == Some(&self.goes)) {
            node.payee = Some(self.stays.clone());
        }
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        let apart = before.together(&[self.stays.clone(), self.goes.clone()]);
        after.first()?.gain(apart, std::slice::from_ref(&self.stays), 3)
    }
}

/// Edges that payees make up, as heavy as the heaviest of its kind that the epoch has.
pub(super) struct MadeUp {
    members: Vec<RowText>,
    edges: Vec<EdgeRow>,
}

impl MadeUp {
    /// Each of two to four payees says that it relied on the next, in a ring.
    pub(super) fn ring(rows: &EpochRows, chance: &mut Chance) -> Option<MadeUp> {
        let mut owners: Vec<RowText> = rows
            .payees
            .iter()
            .map(|payee| payee.id.clone())
            .filter(|id| !rows.owned(id).is_empty())
            .collect();
        chance.shuffle(&mut owners);
        owners.truncate(2 + chance.below(3));
        (owners.len() > 1).then_some(())?;
        let like = heaviest(rows, chance)?;
        let mut nodes = Vec::new();
        for owner in &owners {
            let owned: Vec<RowText> = rows.owned(owner).into_iter().collect();
            nodes.push(chance.pick(&owned)?.clone());
        }
        let nexts = nodes.iter().cycle().skip(1);
        let edges = nodes.iter().zip(nexts).map(|(source, target)| edge(source, target, &like));
        Some(MadeUp { edges: edges.collect(), members: owners })
    }

    /// A payee says that one of its nodes relied on another, or on itself if there is but one.
    pub(super) fn own(rows: &EpochRows, chance: &mut Chance) -> Option<MadeUp> {
        let payee = chance.pick(&rows.payees)?.id.clone();
        let mut owned: Vec<RowText> = rows.owned(&payee).into_iter().collect();
        chance.shuffle(&mut owned);
        let (source, target) = (owned.first()?, owned.last()?);
        Some(MadeUp { edges: vec![edge(source, target, &heaviest(rows, chance)?)], members: vec![payee] })
    }
}

fn heaviest(rows: &EpochRows, chance: &mut Chance) -> Option<EdgeRow> {
    let kind = &chance.pick(&rows.edges)?.kind;
    let alike = rows.edges.iter().filter(|edge| edge.kind == *kind);
    alike.max_by(|a, b| a.weight.total_cmp(&b.weight)).cloned()
}

fn edge(source: &RowText, target: &RowText, like: &EdgeRow) -> EdgeRow {
    EdgeRow { source: source.clone(), target: target.clone(), ..like.clone() }
}

impl Change for MadeUp {
    fn told(&self, _: &EpochRows) -> String {
        match self.members.as_slice() {
            [one] => format!("{one} makes up an edge between its own nodes"),
            several => format!("{} make up edges to one another, in a ring", listed(several)),
        }
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        // All of them still there, and what they own.
        let there = |edge: &EdgeRow| {
            let owned = |id: &RowText| rows.node(id).is_some_and(|node| node.payee.is_some());
            owned(&edge.source) && owned(&edge.target)
        };
        self.edges.iter().all(there).then_some(())?;
        let mut after = rows.clone();
        after.edges.extend(self.edges.iter().cloned());
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        after.first()?.gain(before.together(&self.members), &self.members, 2 * self.members.len())
    }

    fn simpler(&self) -> Vec<Box<dyn Change>> {
        let mut simpler: Vec<Box<dyn Change>> = Vec::new();
        for left_out in 0..if self.members.len() > 2 { self.members.len() } else { 0 } {
            let (mut members, mut edges) = (self.members.clone(), self.edges.clone());
            members.remove(left_out);
            // Who relied on the one left out relies on the one after it.
            let gone = edges.remove(left_out);
            for edge in edges.iter_mut().filter(|edge| edge.target == gone.source) {
                edge.target = gone.target.clone();
            }
            simpler.push(Box::new(MadeUp { members, edges }));
        }
        if self.edges.iter().any(|edge| edge.weight != 1.0) {
            let light = |edge: &EdgeRow| EdgeRow { weight: 1.0, ..edge.clone() };
            let edges = self.edges.iter().map(light).collect();
            simpler.push(Box::new(MadeUp { members: self.members.clone(), edges }));
        }
        simpler
    }
}

/// A payee adds nodes that nobody relies on.
pub(super) struct Spam {
    payee: RowText,
    nodes: usize,
    like: NodeRow,
}

impl Spam {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Spam> {
        let payee = chance.pick(&rows.payees)?.id.clone();
        let like = chance.pick(&rows.nodes)?;
        let node = NodeRow {
            weight: UNWEIGHED,
            time: rows.header.window.start,
            metrics: vec![0.0; like.metrics.len()],
            ..like.clone()
        };
        Some(Spam { payee, nodes: chance.pick(&[1, 8]).copied()?, like: node })
    }
}

impl Change for Spam {
    fn told(&self, _: &EpochRows) -> String {
        let nodes = counted(self.nodes, "node");
        format!("{} adds {nodes} of weight 1 that measure nothing and that no edge touches", self.payee)
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        rows.has_payee(&self.payee).then_some(())?;
        let mut after = rows.clone();
        let mut taken = Ids::new();
        for _ in 0..self.nodes {
            let id = rows.fresh(&self.like.id, &taken);
            taken.insert(id.clone());
            after.nodes.push(NodeRow { id, payee: Some(self.payee.clone()), ..self.like.clone() });
        }
        Some(vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        after.first()?.gain(before.of(&self.payee), std::slice::from_ref(&self.payee), 2)
    }

    fn simpler(&self) -> Vec<Box<dyn Change>> {
        let one = || Spam { payee: self.payee.clone(), nodes: 1, like: self.like.clone() };
        if self.nodes > 1 { vec![Box::new(one())] } else { Vec::new() }
    }
}

/// A payee says another time of its nodes and of the edges that touch them.
pub(super) struct Backdating {
    payee: RowText,
    time: i64,
}

impl Backdating {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Backdating> {
        let window = rows.header.window;
        let payee = chance.pick(&rows.payees)?.id.clone();
        Some(Backdating { payee, time: if chance.once_in(2) { window.start } else { window.end - 1 } })
    }
}

impl Change for Backdating {
    fn told(&self, rows: &EpochRows) -> String {
        let when = if self.time == rows.header.window.start { "first" } else { "last" };
        format!("{} dates its nodes and their edges to the {when} second of the window", self.payee)
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let owned = rows.owned(&self.payee);
        let mut after = rows.clone();
        for node in after.nodes.iter_mut().filter(|node| owned.contains(&node.id)) {
            node.time = self.time;
        }
        let touching = |edge: &&mut EdgeRow| owned.contains(&edge.source) || owned.contains(&edge.target);
        for edge in after.edges.iter_mut().filter(touching) {
            edge.time = self.time;
        }
        (after != *rows).then(|| vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        after.first()?.gain(before.of(&self.payee), std::slice::from_ref(&self.payee), 2)
    }
}

/// A payee keeps something back.
pub(super) struct Withholding {
    payee: RowText,
    what: Withheld,
}

enum Withheld {
    /// On whom its nodes relied.
    Edges,
    /// One of its nodes, with its edges.
    Node(RowText),
}

impl Withholding {
    pub(super) fn draw(rows: &EpochRows, chance: &mut Chance) -> Option<Withholding> {
        let payee = chance.pick(&rows.payees)?.id.clone();
        let owned: Vec<RowText> = rows.owned(&payee).into_iter().collect();
        let node = chance.pick(&owned)?.clone();
        let what = if chance.once_in(2) { Withheld::Edges } else { Withheld::Node(node) };
        Some(Withholding { payee, what })
    }
}

impl Change for Withholding {
    fn told(&self, _: &EpochRows) -> String {
        match &self.what {
            Withheld::Edges => format!("{} does not say on whom it relied", self.payee),
            Withheld::Node(node) => format!("{} keeps {node} back", self.payee),
        }
    }

    fn after(&self, rows: &EpochRows) -> Option<Vec<(&'static str, EpochRows)>> {
        let mut after = rows.clone();
        match &self.what {
            Withheld::Edges => {
                let owned = rows.owned(&self.payee);
                after.edges.retain(|edge| !owned.contains(&edge.source) || owned.contains(&edge.target));
            }
            Withheld::Node(node) => after.remove_nodes(&Ids::from([node.clone()])),
        }
        (after != *rows).then(|| vec![("after", after)])
    }

    fn judge(&self, before: &Settled, after: &[Settled]) -> Option<Breach> {
        after.first()?.gain(before.of(&self.payee), std::slice::from_ref(&self.payee), 2)
    }
}
