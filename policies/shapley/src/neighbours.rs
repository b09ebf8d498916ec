//! Labelled points that classify test points by their nearest neighbours: the Shapley value of each point, exactly.
//!
//! R. Jia et al., "Efficient task-specific data valuation for nearest neighbor algorithms", VLDB 2019, theorem 1.

use apportion_guest::{Epoch, Label, NO_PAYEE, Refusal};

use crate::parameters::{Distance, MOST_STEPS, NearestNeighbours};
use crate::players;
use crate::values::Values;

/// A payee's value is the sum over its points, in the mean over the test points by their weights.
pub(crate) fn values(epoch: &Epoch, game: &NearestNeighbours) -> Result<Values, Refusal> {
    let points = players::nodes(epoch, &game.points, "data points")?;
    let tests = players::nodes(epoch, &game.tests, "test points")?;
    let missing = || Refusal::NoAnswer(format!("the epoch has no node label `{}`", game.label));
    let label = epoch.node_label(&game.label).ok_or_else(missing)?;
    for node in points.iter().chain(&tests) {
        if label.word(*node as usize).is_empty() {
            let node = &epoch.node_ids()[*node as usize];
            return Err(Refusal::NoAnswer(format!("the point `{node}` has no `{}`", game.label)));
        }
    }
    let weights = || tests.iter().map(|test| epoch.node_weight()[*test as usize]);
    let whole: f64 = weights().sum();
    if whole <= 0.0 {
        return Err(Refusal::no_answer("no test point has a weight"));
    }
    if let Distance::Features(names) = &game.distance {
        check_steps(points.len(), tests.len(), names.len())?;
    }
    let distances = Distances::of(epoch, &game.distance, points)?;
    let mut values = Values::none(epoch, 1.0);
    let mut near = Vec::new();
    for (test, weight) in tests.iter().zip(weights()) {
        distances.to(*test, &mut near)?;
        add(epoch, &near, label, *test, game.neighbours.get(), weight / whole, &mut values.rest);
    }
    Ok(values)
}

/// For each test point the distances of all points, and then sorting them.
fn check_steps(points: usize, tests: usize, features: usize) -> Result<(), Refusal> {
    let for_each_point = features as u64 + u64::from(points.ilog2());
    let steps = (points as u64).saturating_mul(tests as u64).saturating_mul(for_each_point);
    if steps <= MOST_STEPS {
        return Ok(());
    }
    Err(Refusal::NoAnswer(format!(
        "{tests} test points among {points} data points take {steps} steps, and at most {MOST_STEPS} are made: take \
         fewer test points, or give edges to the nearest points alone and their distances as `edges`"
    )))
}

/// Adds the values of the points for one test point. A coalition is worth the part of K votes that are right among its
/// nearest K; the farthest point's value is known, and each nearer one differs from its neighbour by a term.
///
/// The theorem has at least K points; with fewer every point is always asked, and the farthest is worth 1/K, not 1/N.
fn add(
    epoch: &Epoch,
    near: &[(f64, u32)],
    label: Label<'_>,
    test: u32,
    neighbours: u32,
    weight: f64,
    values: &mut [f64],
) {
    let wanted = label.rows()[test as usize];
    let right = |point: u32| f64::from(u8::from(label.rows()[point as usize] == wanted));
    let votes = f64::from(neighbours);
    let (mut value, mut before) = (0.0, 0.0);
    for (place, (_, point)) in near.iter().enumerate().rev() {
        let place = (place + 1) as f64;
        let right = right(*point);
        value += (right - before) / votes * (votes.min(place) / place);
        before = right;
        let payee = epoch.node_payee()[*point as usize];
        if payee != NO_PAYEE {
            values[payee as usize] += weight * value;
        }
    }
}

/// How far points are from test points.
enum Distances<'a> {
    /// Over columns of features.
    Features(Vec<&'a [f64]>, Vec<u32>),
    /// By edges to the nodes that are points.
    Edges { epoch: &'a Epoch, column: &'a [f64], is_point: Vec<bool>, kinds: Vec<bool> },
}

impl<'a> Distances<'a> {
    fn of(epoch: &'a Epoch, distance: &Distance, points: Vec<u32>) -> Result<Self, Refusal> {
        match distance {
            Distance::Features(names) if names.is_empty() => {
                Err(Refusal::bad_parameters("`features` names no metric"))
            }
            Distance::Features(names) => {
                let columns =
                    names.iter().map(|name| players::metric(epoch, name)).collect::<Result<_, _>>()?;
                Ok(Self::Features(columns, points))
            }
            Distance::Edges(name) => {
                let missing = || Refusal::NoAnswer(format!("the epoch has no edge metric `{name}`"));
                let column = epoch.edge_metric(name).ok_or_else(missing)?;
                let mut is_point = vec![false; epoch.node_kind().len()];
                points.iter().for_each(|point| is_point[*point as usize] = true);
                Ok(Self::Edges { epoch, column, is_point, kinds: players::listed(epoch.edge_kinds(), None) })
            }
        }
    }

    /// The points by their distance, the nearest first, equally far ones by their ids. Each point once, as near as any
    /// edge says.
    fn to(&self, test: u32, near: &mut Vec<(f64, u32)>) -> Result<(), Refusal> {
        near.clear();
        match self {
            Self::Features(columns, points) => {
                let square = |point: u32| {
                    let difference = |column: &&[f64]| column[point as usize] - column[test as usize];
                    columns.iter().map(difference).map(|difference| difference * difference).sum::<f64>()
                };
                near.extend(points.iter().map(|point| (square(*point), *point)));
            }
            Self::Edges { epoch, column, is_point, kinds } => {
                // By target: edges to one point stand together.
                let edges = players::edges(epoch, test, kinds);
                let edges = edges.map(|edge| (column[edge], epoch.edge_target()[edge]));
                near.extend(edges.filter(|(_, point)| is_point[*point as usize]));
                if let Some((distance, point)) = near.iter().find(|(distance, _)| *distance < 0.0) {
                    let (test, point) =
                        (&epoch.node_ids()[test as usize], &epoch.node_ids()[*point as usize]);
                    return Err(Refusal::NoAnswer(format!(
                        "the distance of `{point}` from `{test}` is `{distance}`, below 0"
                    )));
                }
                near.dedup_by(|next, first| {
                    let same = next.1 == first.1;
                    first.0 = if same { first.0.min(next.0) } else { first.0 };
                    same
                });
            }
        }
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        Ok(())
    }
}
