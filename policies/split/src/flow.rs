//! Money that flows through lists until somebody keeps it.

use apportion_guest::{Epoch, Refusal, exact};

use crate::circle::Circle;
use crate::lists::Lists;

/// What each node keeps of the base units that enter at each node.
///
/// Every group of nodes is divided once, when all that enters it is known, and in whole units: what goes in comes out, by
/// largest remainder, and among equal ones first what a node keeps, then what it passes on, both by id.
pub(crate) fn kept(epoch: &Epoch, lists: &Lists, mut entering: Vec<u128>) -> Result<Vec<u128>, Refusal> {
    let mut kept = vec![0; entering.len()];
    let entries: Vec<usize> = (0..entering.len()).filter(|node| entering[*node] > 0).collect();
    for group in lists.groups(entries.into_iter()) {
        let circle = Circle::of(lists, &group);
        let amounts: Vec<u128> = group.iter().map(|node| entering[*node]).collect();
        // What is small may have been rounded away before it came here.
        if amounts.iter().all(|amount| *amount == 0) {
            continue;
        }
        let exits = circle.exits();
        let divided = match group[..] {
            [only] if !circle.is_round() => {
                let parts: Vec<u128> = exits.iter().map(|exit| exit.parts.into()).collect();
                exact::in_proportion(entering[only], &parts).unwrap_or_default()
            }
            _ => circle.divided(epoch, &amounts)?,
        };
        for (exit, amount) in exits.iter().zip(divided) {
            match exit.to {
                None => kept[exit.from] += amount,
                Some(node) => entering[node] += amount,
            }
        }
    }
    Ok(kept)
}
