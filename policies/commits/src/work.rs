//! Who did how much in a history.

use std::collections::BTreeMap;

use apportion_guest::math::{ln_1p, sqrt};
use apportion_guest::{Epoch, Refusal};

use crate::{Parameters, Period, Scale, Size};

/// Kinds of edges that lead from a commit to who wrote it, and share its size.
const AUTHORS: [&str; 3] = ["authored-by", "co-authored-by", "co-developed-by"];

const SECONDS_A_DAY: i64 = 86_400;

/// What each payee did, in payee order.
pub(crate) struct Work {
    pub(crate) points: Vec<f64>,
    /// On how many days.
    pub(crate) days: Vec<f64>,
    /// Commits written, with a part of those that were written together.
    pub(crate) commits: Vec<f64>,
    pub(crate) merges: Vec<f64>,
    /// Commits of others reviewed, tested, applied.
    pub(crate) helped: Vec<f64>,
}

/// Somebody's part in one commit.
#[derive(Clone, Copy)]
struct Part {
    factor: f64,
    is_author: bool,
    day: i64,
}

impl Work {
    pub(crate) fn of(epoch: &Epoch, parameters: &Parameters) -> Result<Self, Refusal> {
        let sizes = Sizes::of(epoch, parameters)?;
        let roles: Vec<(f64, bool)> = epoch
            .edge_kinds()
            .iter()
            .map(|kind| (parameters.role(kind), AUTHORS.contains(&kind.as_str())))
            .collect();
        let payees = epoch.payees().len();
        let none = || vec![0.0; payees];
        let mut work = Self { points: none(), days: none(), commits: none(), merges: none(), helped: none() };
        // What a payee did on a day, or in one commit: the sum is scaled.
        let mut done: BTreeMap<(u32, i64, usize), f64> = BTreeMap::new();
        for commit in 0..epoch.node_kind().len() {
            let Some((size, is_merge)) = sizes.size(commit) else { continue };
            let parts = parts(epoch, commit, &roles);
            let authors: f64 = parts.values().filter(|part| part.is_author).map(|part| part.factor).sum();
            for (payee, part) in parts {
                let share = if part.is_author { part.factor / authors } else { part.factor };
                let separate = if parameters.period == Period::Commit { commit } else { 0 };
                *done.entry((payee, part.day, separate)).or_default() += size * share;
                let column = match (part.is_author, is_merge) {
                    (false, _) => &mut work.helped,
                    (true, false) => &mut work.commits,
                    (true, true) => &mut work.merges,
                };
                if let Some(sum) = column.get_mut(payee as usize) {
                    *sum += if part.is_author { share } else { 1.0 };
                }
            }
        }
        let mut last = None;
        for ((payee, day, _), size) in done {
            let at = payee as usize;
            if let (Some(points), Some(days)) = (work.points.get_mut(at), work.days.get_mut(at)) {
                *points += scaled(size, parameters.scale);
                *days += if last == Some((payee, day)) { 0.0 } else { 1.0 };
            }
            last = Some((payee, day));
        }
        Ok(work)
    }
}

/// The part of each payee in a commit, once: as an author, or else as what counts most. Who is no payee, as a program,
/// leaves the whole to the others.
fn parts(epoch: &Epoch, commit: usize, roles: &[(f64, bool)]) -> BTreeMap<u32, Part> {
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    for edge in epoch.out_edges(commit) {
        let (kind, target) = (epoch.edge_kind()[edge], epoch.edge_target()[edge]);
        let payee = epoch.node_payee()[target as usize];
        let (factor, is_author) = roles[kind as usize];
        if factor == 0.0 || payee as usize >= epoch.payees().len() {
            continue;
        }
        let part = Part { factor, is_author, day: epoch.edge_time()[edge].div_euclid(SECONDS_A_DAY) };
        let counts_more = |known: &Part| (is_author, factor) > (known.is_author, known.factor);
        if parts.get(&payee).is_none_or(counts_more) {
            parts.insert(payee, part);
        }
    }
    parts
}

fn scaled(size: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Logarithm => ln_1p(size) / std::f64::consts::LN_2,
        Scale::SquareRoot => sqrt(size),
        Scale::Linear => size,
    }
}

/// How large each commit is.
struct Sizes<'a> {
    kinds: &'a [u32],
    commit: Option<u32>,
    merge: Option<u32>,
    /// The sizes of commits are the sums of these metrics; 1 if there are none.
    metrics: Vec<&'a [f64]>,
    most: f64,
    of_merge: f64,
}

impl<'a> Sizes<'a> {
    fn of(epoch: &'a Epoch, parameters: &Parameters) -> Result<Self, Refusal> {
        let names: &[&str] = match parameters.size {
            Size::Files => &["files"],
            Size::Lines => &["lines-added", "lines-removed"],
            Size::Commits => &[],
        };
        let (commit, merge) = (epoch.node_kind_named("commit"), epoch.node_kind_named("merge"));
        if commit.or(merge).is_none() {
            return Err(Refusal::no_answer("the epoch has no node of the kind `commit`"));
        }
        let metric = |name: &&str| {
            epoch.node_metric(name).ok_or_else(|| {
                Refusal::NoAnswer(format!(
                    "the epoch has no node metric `{name}`, which `size` asks for: import it, or say `\"size\": \"commits\"`"
                ))
            })
        };
        let metrics = names.iter().map(metric).collect::<Result<_, _>>()?;
        let (most, of_merge) = (parameters.max_size.get(), parameters.merge_size.get());
        Ok(Self { kinds: epoch.node_kind(), commit, merge, metrics, most, of_merge })
    }

    /// A commit's size and whether it is a merge; none for other nodes.
    fn size(&self, node: usize) -> Option<(f64, bool)> {
        let kind = self.kinds.get(node).copied();
        if kind.is_some() && kind == self.merge {
            return Some((self.of_merge.min(self.most), true));
        }
        if kind.is_none() || kind != self.commit {
            return None;
        }
        let sum: f64 =
            self.metrics.iter().filter_map(|values| values.get(node)).map(|value| value.max(0.0)).sum();
        let size = if self.metrics.is_empty() { 1.0 } else { sum };
        Some((size.min(self.most), false))
    }
}
