//! Every method against another implementation, written differently: dense matrices, Newton's method, plain iteration.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]
#![allow(clippy::disallowed_methods, reason = "the system's logarithm is good enough to compare with")]

use apportion_guest::{Edge, Epoch, Node, run};
use jury::Jury;
use proptest::prelude::*;

/// Some comparisons of a few projects: winner, loser, weight, times as valuable (1: a tie).
type Comparisons = Vec<(usize, usize, f64, f64)>;

fn comparisons(most: usize) -> impl Strategy<Value = (usize, Comparisons)> {
    (2..most).prop_flat_map(|size| {
        let one = (0..size, 1..size, 1..5_u8, prop_oneof![Just(1.0), 1.01..20.0]);
        let one = one.prop_map(move |(winner, step, weight, times)| {
            (winner, (winner + step) % size, f64::from(weight), times)
        });
        // A ring of wins all around, so that everyone is strongly connected.
        let ring = (0..size).map(move |row| (row, (row + 1) % size, 1.0, 1.5));
        prop::collection::vec(one, 0..30).prop_map(move |more| (size, ring.clone().chain(more).collect()))
    })
}

fn values(size: usize, comparisons: &Comparisons, method: &str) -> Vec<f64> {
    let name = |row: usize| format!("{row:02}");
    let epoch = Epoch::builder().pool(1_000_000);
    let epoch =
        (0..size).fold(epoch, |epoch, row| epoch.node(Node::new(name(row), "project").payee(name(row))));
    let epoch = comparisons.iter().fold(epoch, |epoch, (winner, loser, weight, times)| {
        let kind = if *times == 1.0 { "tied" } else { "preferred" };
        epoch.edge(Edge::new(name(*loser), name(*winner), kind).weight(*weight).metric("times", *times))
    });
    let parameters = format!(r#"{{"method": {method}}}"#);
    run::<Jury>(&epoch.build().unwrap(), &parameters).unwrap().measures[0].values.clone()
}

/// Gauss, with pivots.
fn solved(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for column in 0..size {
        let pivot = (column..size)
            .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))
            .unwrap();
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        let above = matrix[column].clone();
        for row in column + 1..size {
            let factor = matrix[row][column] / above[column];
            for (entry, above) in matrix[row].iter_mut().zip(&above) {
                *entry -= factor * above;
            }
            right[row] -= factor * right[column];
        }
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|place| matrix[row][place] * right[place]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

fn shares(logarithms: &[f64]) -> Vec<f64> {
    let sum: f64 = logarithms.iter().map(|logarithm| logarithm.exp()).sum();
    logarithms.iter().map(|logarithm| logarithm.exp() / sum).collect()
}

/// Finds where a gradient is 0 by Newton's method, the Hessian by differences of the gradient, each step halved until
/// the gradient shrinks.
fn newton(mut at: Vec<f64>, gradient: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let norm = |of: &[f64]| of.iter().map(|part| part * part).sum::<f64>();
    for _ in 0..200 {
        let now = gradient(&at);
        if norm(&now) < 1e-24 {
            break;
        }
        let size = at.len();
        let mut hessian = vec![vec![0.0; size]; size];
        for column in 0..size {
            let mut beside = at.clone();
            beside[column] += 1e-6;
            let mut other = at.clone();
            other[column] -= 1e-6;
            let (beside, other) = (gradient(&beside), gradient(&other));
            for row in 0..size {
                hessian[row][column] = (beside[row] - other[row]) / 2e-6;
            }
        }
        let step = solved(hessian, now.clone());
        let mut length = 1.0;
        loop {
            let next: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at - length * step).collect();
            if norm(&gradient(&next)) < norm(&now) || length < 1e-9 {
                at = next;
                break;
            }
            length /= 2.0;
        }
    }
    at
}

fn agree(given: &[f64], expected: &[f64], tolerance: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(given.len(), expected.len());
    for (a, b) in given.iter().zip(expected) {
        prop_assert!((a - b).abs() < tolerance, "{:?} instead of {:?}", given, expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The gradient of the likelihood in logarithms of strengths, with a prior that makes it strictly concave.
    #[test]
    fn bradley_terry((size, comparisons) in comparisons(9), prior in prop_oneof![Just(0.0), 0.1..3.0]) {
        let method = format!(r#"{{"bradley-terry": {{"prior": {prior}}}}}"#);
        let gradient = |at: &[f64]| {
            // Without a prior only differences are known: the sum is kept at 0.
            let sum: f64 = if prior == 0.0 { at.iter().sum() } else { 0.0 };
            let mut gradient: Vec<f64> =
                at.iter().map(|own| sum + prior * (own.exp() - 1.0) / (own.exp() + 1.0)).collect();
            for (winner, loser, weight, times) in &comparisons {
                let likely = 1.0 / (1.0 + (at[*loser] - at[*winner]).exp());
                let won = if *times == 1.0 { 0.5 } else { 1.0 };
                gradient[*winner] += weight * (likely - won);
                gradient[*loser] -= weight * (likely - won);
            }
            gradient
        };
        agree(&values(size, &comparisons, &method), &shares(&newton(vec![0.0; size], &gradient)), 1e-7)?;
    }

    /// The same with a threshold for ties, whose logarithm is the last unknown.
    #[test]
    fn rao_kupper((size, mut comparisons) in comparisons(7)) {
        comparisons.push((0, 1, 1.0, 1.0));
        let gradient = |at: &[f64]| {
            let (threshold, at) = (1.0 + at[size].exp(), &at[..size]);
            let likelihood = |at: &[f64], threshold: f64| -> f64 {
                let each = comparisons.iter().map(|(winner, loser, weight, times)| {
                    let (a, b) = (at[*winner].exp(), at[*loser].exp());
                    let wins = a / (a + threshold * b);
                    let loses = b / (b + threshold * a);
                    weight * if *times == 1.0 { (1.0 - wins - loses).ln() } else { wins.ln() }
                });
                each.sum()
            };
            let sum: f64 = at.iter().sum();
            let slope = |up: f64, down: f64| (up - down) / 2e-5;
            let mut gradient: Vec<f64> = (0..size).map(|row| {
                let moved = |by: f64| { let mut at = at.to_vec(); at[row] += by; likelihood(&at, threshold) };
                sum - slope(moved(1e-5), moved(-1e-5))
            }).collect();
            let moved = |by: f64| likelihood(at, 1.0 + (threshold - 1.0) * by.exp());
            gradient.push(-slope(moved(1e-5), moved(-1e-5)));
            gradient
        };
        // From where the rule's own answer lies: there the gradient must be 0 without a step.
        let given = values(size, &comparisons, r#"{"bradley-terry": {"ties": "rao-kupper"}}"#);
        let mean = given.iter().map(|value| value.ln()).sum::<f64>() / size as f64;
        let mut start: Vec<f64> = given.iter().map(|value| value.ln() - mean).collect();
        // The threshold that is likeliest beside these strengths.
        let at = |logarithm: f64| gradient(&[start.as_slice(), &[logarithm]].concat())[size];
        let (mut low, mut high) = (-12.0, 6.0);
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if at(middle) < 0.0 { low = middle } else { high = middle }
        }
        start.push(low);
        for slope in gradient(&start) {
            prop_assert!(slope.abs() < 1e-4, "{slope}");
        }
    }

    /// The gradient of the loss as Huber defines it, by Newton's method from elsewhere.
    #[test]
    fn huber((size, comparisons) in comparisons(8), delta in 0.2..3.0, prior in 0.1..2.0) {
        let method = format!(r#"{{"huber-logs": {{"delta": {delta}, "prior": {prior}}}}}"#);
        let loss = |at: &[f64]| -> f64 {
            let each = comparisons.iter().map(|(winner, loser, weight, times)| {
                let deviation = (at[*winner] - at[*loser] - times.ln()).abs();
                weight * if deviation <= delta { deviation * deviation / 2.0 } else { delta * (deviation - delta / 2.0) }
            });
            each.sum::<f64>() + at.iter().map(|own| prior * own * own / 2.0).sum::<f64>()
        };
        let given: Vec<f64> = values(size, &comparisons, &method).iter().map(|value| value.ln()).collect();
        // The prior fixes the mean of the logarithms at 0.
        let mean = given.iter().sum::<f64>() / size as f64;
        let given: Vec<f64> = given.iter().map(|value| value - mean).collect();
        let least = loss(&given);
        for row in 0..size {
            for step in [1e-3, -1e-3, 0.1, -0.1] {
                let mut beside = given.clone();
                beside[row] += step;
                prop_assert!(loss(&beside) > least, "{row} {step}");
            }
        }
    }

    /// With a large delta: the normal equations of least squares, solved densely.
    #[test]
    fn least_squares((size, comparisons) in comparisons(12)) {
        let (mut matrix, mut right) = (vec![vec![1.0; size]; size], vec![0.0; size]);
        for (winner, loser, weight, times) in &comparisons {
            for (one, other, sign) in [(*winner, *loser, 1.0), (*loser, *winner, -1.0)] {
                matrix[one][one] += weight;
                matrix[one][other] -= weight;
                right[one] += sign * weight * times.ln();
            }
        }
        let method = r#"{"huber-logs": {"delta": 1000000}}"#;
        agree(&values(size, &comparisons, method), &shares(&solved(matrix, right)), 1e-9)?;
    }

    #[test]
    fn colley((size, comparisons) in comparisons(12)) {
        let (mut matrix, mut right) = (vec![vec![0.0; size]; size], vec![1.0; size]);
        for (row, own) in matrix.iter_mut().enumerate() {
            own[row] = 2.0;
        }
        for (winner, loser, weight, times) in &comparisons {
            let won = if *times == 1.0 { 0.0 } else { weight / 2.0 };
            right[*winner] += won;
            right[*loser] -= won;
            for (one, other) in [(*winner, *loser), (*loser, *winner)] {
                matrix[one][one] += weight;
                matrix[one][other] -= weight;
            }
        }
        let expected: Vec<f64> = solved(matrix, right).into_iter().map(|rating| rating.max(0.0)).collect();
        agree(&values(size, &comparisons, r#"{"colley": {}}"#), &expected, 1e-9)?;
    }

    /// The walk of the paper, with its resting, step by step until nothing moves.
    #[test]
    fn rank_centrality((size, comparisons) in comparisons(8), prior in prop_oneof![Just(0.0), 0.1..3.0]) {
        let mut won = vec![vec![0.0; size]; size];
        for (winner, loser, weight, times) in &comparisons {
            let tied = *times == 1.0;
            won[*winner][*loser] += if tied { weight / 2.0 } else { *weight };
            won[*loser][*winner] += if tied { weight / 2.0 } else { 0.0 };
        }
        let compared = |a: usize, b: usize| won[a][b] + won[b][a] > 0.0;
        let most = (0..size).map(|a| (0..size).filter(|b| compared(a, *b)).count()).max().unwrap() as f64;
        let go = |from: usize, to: usize| match compared(from, to) {
            true => (won[to][from] + prior) / (won[to][from] + won[from][to] + 2.0 * prior) / most,
            false => 0.0,
        };
        let mut at = vec![1.0 / size as f64; size];
        for _ in 0..200_000 {
            let rests = |from: usize| 1.0 - (0..size).map(|to| go(from, to)).sum::<f64>();
            let next: Vec<f64> =
                (0..size).map(|to| at[to] * rests(to) + (0..size).map(|from| at[from] * go(from, to)).sum::<f64>()).collect();
            let moved: f64 = at.iter().zip(&next).map(|(a, b)| (a - b).abs()).sum();
            at = next;
            if moved < 1e-14 { break }
        }
        let method = format!(r#"{{"rank-centrality": {{"prior": {prior}}}}}"#);
        agree(&values(size, &comparisons, &method), &at, 1e-7)?;
    }
}
