//! Lists that pass money round in a circle: what comes out where, exactly.

use apportion_guest::{Epoch, Refusal};
use num_bigint::BigInt;

use crate::PARTS;
use crate::lists::Lists;

/// The most nodes in a circle: solving takes the cube of their number in steps, with numbers of as many digits.
const MAX_NODES: usize = 100;

/// Nodes each of which leads to each, or a single one.
pub(crate) struct Circle<'a> {
    lists: &'a Lists,
    /// Ascending.
    nodes: &'a [usize],
}

/// A way out of a circle.
pub(crate) struct Exit {
    pub from: usize,
    /// None: it is kept.
    pub to: Option<usize>,
    /// Above 0.
    pub parts: u32,
}

impl<'a> Circle<'a> {
    pub(crate) fn of(lists: &'a Lists, nodes: &'a [usize]) -> Self {
        Self { lists, nodes }
    }

    /// Whether anything comes back to where it was.
    pub(crate) fn is_round(&self) -> bool {
        let inside = |node: &usize| self.place(*node).is_some();
        self.nodes.iter().any(|node| self.lists.of_node(*node).parts.iter().any(|(to, _)| inside(to)))
    }

    /// By the node that is left: first what it keeps, then what it passes on to others, by id.
    pub(crate) fn exits(&self) -> Vec<Exit> {
        let of = |from: &usize| {
            let (from, list) = (*from, self.lists.of_node(*from));
            let out = list.parts.iter().filter(|(to, _)| self.place(*to).is_none());
            let out = out.map(move |(to, parts)| Exit { from, to: Some(*to), parts: *parts });
            let kept = (list.kept > 0).then_some(Exit { from, to: None, parts: list.kept });
            kept.into_iter().chain(out).collect::<Vec<_>>()
        };
        self.nodes.iter().flat_map(of).collect()
    }

    /// What leaves by each exit if what enters goes round until all of it has left: the solution of the linear equations
    /// in fractions, rounded to whole units by largest remainder.
    pub(crate) fn divided(&self, epoch: &Epoch, entering: &[u128]) -> Result<Vec<u128>, Refusal> {
        let exits = self.exits();
        let names = || epoch.node_ids()[self.nodes[0]].as_str();
        if exits.is_empty() {
            return Err(Refusal::NoAnswer(format!(
                "the list of `{}` and those that it leads to pass everything on to one another, and nobody keeps any",
                names()
            )));
        }
        if self.nodes.len() > MAX_NODES {
            return Err(Refusal::NoAnswer(format!(
                "{} lists, `{}` among them, pass money round in circles; at most {MAX_NODES} can",
                self.nodes.len(),
                names()
            )));
        }
        let Passing { numerators, denominator } = self.passing(entering);
        let leaving = exits.iter().filter_map(|exit| Some(&numerators[self.place(exit.from)?] * exit.parts));
        Ok(rounded(&leaving.collect::<Vec<_>>(), &denominator, entering.iter().sum()))
    }

    /// How much money passes through each node in all, in base units a part.
    ///
    /// For each node: its parts that do not come straight back, times what passes through it, is what enters it and what
    /// the others pass on to it. Somebody keeps some, so there is one solution. By elimination without fractions: E.
    /// Bareiss, "Sylvester's Identity and Multistep Integer-Preserving Gaussian Elimination", Mathematics of Computation
    /// 22, 1968. No pivot is 0, because no node passes on more than it gets.
    fn passing(&self, entering: &[u128]) -> Passing {
        let size = self.nodes.len();
        let mut rows: Vec<Vec<BigInt>> = vec![vec![BigInt::ZERO; size + 1]; size];
        for (place, (node, entering)) in self.nodes.iter().zip(entering).enumerate() {
            rows[place][place] += PARTS;
            rows[place][size] = (*entering).into();
            for (to, parts) in &self.lists.of_node(*node).parts {
                if let Some(to) = self.place(*to) {
                    rows[to][place] -= *parts;
                }
            }
        }
        let mut before = BigInt::from(1);
        for pivot in 0..size {
            let (above, below) = rows.split_at_mut(pivot + 1);
            let chosen = &above[pivot];
            for row in below {
                let factor = std::mem::take(&mut row[pivot]);
                for place in pivot + 1..=size {
                    row[place] = (&chosen[pivot] * &row[place] - &factor * &chosen[place]) / &before;
                }
            }
            before = chosen[pivot].clone();
        }
        let denominator = before;
        let mut numerators = vec![BigInt::ZERO; size];
        for place in (0..size).rev() {
            let row = &rows[place];
            let known = (place + 1..size).map(|other| &row[other] * &numerators[other]).sum::<BigInt>();
            // Whole, by Cramer's rule.
            numerators[place] = (&row[size] * &denominator - known) / &row[place];
        }
        Passing { numerators, denominator }
    }

    fn place(&self, node: usize) -> Option<usize> {
        self.nodes.binary_search(&node).ok()
    }
}

/// Fractions with one denominator.
struct Passing {
    numerators: Vec<BigInt>,
    denominator: BigInt,
}

/// Fractions that sum to `sum`, in whole units: rounded down, and the units left over to the largest remainders, among
/// equal ones to the first.
fn rounded(numerators: &[BigInt], denominator: &BigInt, sum: u128) -> Vec<u128> {
    let mut amounts: Vec<u128> = Vec::with_capacity(numerators.len());
    let mut remainders = Vec::with_capacity(numerators.len());
    for numerator in numerators {
        let amount = numerator / denominator;
        remainders.push(numerator - &amount * denominator);
        // At most the sum.
        amounts.push(amount.try_into().unwrap_or(0));
    }
    let left = sum.saturating_sub(amounts.iter().sum());
    let mut order: Vec<usize> = (0..amounts.len()).collect();
    order.sort_by(|a, b| remainders[*b].cmp(&remainders[*a]));
    for (row, _) in order.into_iter().zip(0..left) {
        amounts[row] += 1;
    }
    amounts
}
