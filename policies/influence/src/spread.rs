//! How far what an account earned may be off: the delta method.
//!
//! Of one output, let F be what goes to its data, s the scores that count, T the sum of their sizes, e their standard
//! errors, taken as independent of each other, and w the part of a score that goes to the account. The account earns
//! C = F * sum(w s) / T. With r = sum(w s) / T, and the sign of each score, the derivative of C by a score is
//! F / T * (w - sign * r), so the variance of C is, to first order,
//!
//! sum of (F e / T)^2 * (w - sign * r)^2, over the scores of the output,
//!
//! and that of all outputs is their sum. The square is multiplied out, so that an account has to be looked at only for
//! the scores that go to it: with g = (F e / T)^2 it is sum(g w^2) - 2 r sum(g w sign) + r^2 sum(g).

use crate::claims::Claim;
use crate::ends::Ends;

/// Variances by account.
pub(crate) struct Spread {
    variances: Vec<f64>,
    // What follows is of the output at hand.
    sums: Vec<Sums>,
    touched: Vec<usize>,
    /// sum(g), over all its scores.
    all: f64,
    /// Of one claim: accounts and w.
    reached: Vec<(usize, f64)>,
}

/// Of one account and the output at hand.
#[derive(Clone, Copy, Default, PartialEq)]
struct Sums {
    /// sum(w s) / T.
    r: f64,
    /// sum(g w sign).
    tied: f64,
    /// sum(g w^2).
    own: f64,
}

impl Spread {
    pub(crate) fn new(accounts: usize) -> Self {
        Self {
            variances: vec![0.0; accounts],
            sums: vec![Sums::default(); accounts],
            touched: Vec::new(),
            all: 0.0,
            reached: Vec::new(),
        }
    }

    /// Adds a claim of the output at hand. `total` is T and `rate` is F / T.
    pub(crate) fn add(&mut self, ends: &Ends<'_>, claim: &Claim<'_>, total: f64, rate: f64) {
        let deviation = rate * claim.error;
        let g = deviation * deviation;
        self.all += g;
        let reached = &mut self.reached;
        reached.clear();
        for (point, share) in claim.points {
            ends.each_account(*point as usize, *share, &mut |account, w| reached.push((account, w)));
        }
        // Parts that come to one account on several ways are one part of it. Stable: the order of sums is fixed.
        reached.sort_by_key(|(account, _)| *account);
        for of_account in reached.chunk_by(|(account, _), (next, _)| account == next) {
            let w: f64 = of_account.iter().map(|(_, w)| w).sum();
            let Some((account, _)) = of_account.first() else { continue };
            let sums = &mut self.sums[*account];
            if *sums == Sums::default() {
                self.touched.push(*account);
            }
            sums.r += claim.value / total * w;
            sums.tied += g * w * claim.value.signum();
            sums.own += g * w * w;
        }
    }

    /// Ends the output at hand.
    pub(crate) fn close(&mut self) {
        for account in self.touched.drain(..) {
            let Sums { r, tied, own } = std::mem::take(&mut self.sums[account]);
            let variance = own - 2.0 * r * tied + r * r * self.all;
            // Rounding may leave a hair below 0; errors that are too large to be squared leave no number.
            self.variances[account] += if variance.is_finite() { variance.max(0.0) } else { f64::INFINITY };
        }
        self.all = 0.0;
    }

    /// The standard error of what an account earned; infinite where it is more than a double holds.
    pub(crate) fn standard_error(&self, account: usize) -> f64 {
        self.variances.get(account).map_or(0.0, |variance| variance.sqrt())
    }
}
