//! Linear equations whose matrix is a diagonal plus a graph's Laplacian, by conjugate gradients.

use apportion_guest::Refusal;

/// A symmetric matrix: `diagonal` on the diagonal, and for every link its weight on both of its diagonal places and less
/// its weight on both places beside.
pub(crate) struct Matrix {
    /// 0 or more, the same for all.
    pub diagonal: f64,
    /// Two rows and a weight above 0.
    pub links: Vec<(usize, usize, f64)>,
}

/// What the residual may be, as a part of the right side.
const GOOD: f64 = 1e-14;
/// What it may be where rounding allows no better.
const GOOD_ENOUGH: f64 = 1e-10;

impl Matrix {
    /// Solves for `x`, starting from what it holds. With a diagonal of 0 only differences are known: the first is kept at
    /// 0, the links connect everything, and the right side sums to 0.
    ///
    /// M. Hestenes, E. Stiefel, "Methods of Conjugate Gradients for Solving Linear Systems", 1952, with the matrix's
    /// diagonal as preconditioner.
    pub(crate) fn solve(&self, right: &[f64], x: &mut [f64]) -> Result<(), Refusal> {
        let anchored = self.diagonal == 0.0;
        if anchored {
            let first = x.first().copied().unwrap_or(0.0);
            x.iter_mut().for_each(|value| *value -= first);
        }
        let mut scale = vec![self.diagonal; x.len()];
        for (a, b, weight) in &self.links {
            scale[*a] += weight;
            scale[*b] += weight;
        }
        let product = self.times(x);
        let mut residual: Vec<f64> =
            right.iter().zip(&product).map(|(right, product)| right - product).collect();
        let keep_anchor = |values: &mut [f64]| {
            if let (true, Some(first)) = (anchored, values.first_mut()) {
                *first = 0.0;
            }
        };
        keep_anchor(&mut residual);
        let preconditioned =
            |residual: &[f64]| residual.iter().zip(&scale).map(|(r, scale)| r / scale).collect::<Vec<_>>();
        let aim = dot(right, right);
        let mut direction = preconditioned(&residual);
        let mut energy = dot(&residual, &direction);
        // In exact arithmetic as many steps as rows are enough.
        for _ in 0..10 * x.len() + 100 {
            if dot(&residual, &residual) <= GOOD * GOOD * aim {
                return Ok(());
            }
            let mut moved = self.times(&direction);
            keep_anchor(&mut moved);
            let length = energy / dot(&direction, &moved);
            if !length.is_finite() {
                break;
            }
            for row in 0..x.len() {
                x[row] += length * direction[row];
                residual[row] -= length * moved[row];
            }
            let next = preconditioned(&residual);
            let next_energy = dot(&residual, &next);
            let turn = next_energy / energy;
            energy = next_energy;
            for (direction, next) in direction.iter_mut().zip(next) {
                *direction = next + turn * *direction;
            }
        }
        if dot(&residual, &residual) <= GOOD_ENOUGH * GOOD_ENOUGH * aim {
            return Ok(());
        }
        Err(Refusal::no_answer(
            "the weights of the comparisons differ too much for the values to be computed",
        ))
    }

    fn times(&self, x: &[f64]) -> Vec<f64> {
        let mut product: Vec<f64> = x.iter().map(|value| self.diagonal * value).collect();
        for (a, b, weight) in &self.links {
            let flow = weight * (x[*a] - x[*b]);
            product[*a] += flow;
            product[*b] -= flow;
        }
        product
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
