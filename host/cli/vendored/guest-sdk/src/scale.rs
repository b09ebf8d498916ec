//! Numbers of different kinds brought to one scale, so that they can be weighed against each other.

use alloc::vec::Vec;

use crate::math;

/// ln(1 + x) of each value, so that a tenfold lead counts as one step. Values below -1 give NaN.
///
/// ```
/// use apportion_guest::scale::log;
/// assert_eq!(log(&[0.0]), [0.0]);
/// ```
pub fn log(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| math::ln_1p(*value)).collect()
}

/// Values moved and stretched so that the smallest is 0 and the largest 1. If all are equal, each is `when_equal`:
/// there is no scale to read then, and rules differ in what they make of it.
///
/// ```
/// use apportion_guest::scale::min_max;
/// assert_eq!(min_max(&[2.0, 6.0, 3.0], 0.5), [0.0, 1.0, 0.25]);
/// assert_eq!(min_max(&[7.0, 7.0], 0.5), [0.5, 0.5]);
/// ```
pub fn min_max(values: &[f64], when_equal: f64) -> Vec<f64> {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = largest - smallest;
    if range > 0.0 {
        values.iter().map(|value| (value - smallest) / range).collect()
    } else {
        alloc::vec![when_equal; values.len()]
    }
}

/// The value that `percent` percent of the values lie below, 0 to 100, linear between two neighbours. None for no
/// values, a percentage outside the range, or NaN among the values.
///
/// This is numpy's and pandas' default, type 7 of R. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages",
/// The American Statistician 50(4), 1996: of n sorted values x1..xn, the value at place 1 + (n - 1) percent / 100.
///
/// ```
/// use apportion_guest::scale::percentile;
/// assert_eq!(percentile(&[40.0, 10.0, 20.0, 30.0], 50.0), Some(25.0));
/// assert_eq!(percentile(&[40.0, 10.0, 20.0, 30.0], 100.0), Some(40.0));
/// assert_eq!(percentile(&[], 50.0), None);
/// ```
pub fn percentile(values: &[f64], percent: f64) -> Option<f64> {
    if !(0.0..=100.0).contains(&percent) || values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = percent / 100.0 * sorted.len().checked_sub(1)? as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to the number of values")]
    let below = place as usize;
    let low = *sorted.get(below)?;
    let high = *sorted.get(below + 1).unwrap_or(&low);
    let part = place - below as f64;
    // From the nearer neighbour, as numpy does: at the ends the result is the neighbour itself.
    if part < 0.5 { Some(low + (high - low) * part) } else { Some(high - (high - low) * (1.0 - part)) }
}

/// Values above the `percent` percentile brought down to it, so that one giant does not flatten everyone else's
/// scale. Values for which [`percentile`] has no answer are left as they are.
///
/// ```
/// use apportion_guest::scale::cap_at_percentile;
/// assert_eq!(cap_at_percentile(&[0.0, 10.0, 1000.0], 50.0), [0.0, 10.0, 10.0]);
/// ```
pub fn cap_at_percentile(values: &[f64], percent: f64) -> Vec<f64> {
    let ceiling = percentile(values, percent).unwrap_or(f64::INFINITY);
    values.iter().map(|value| value.min(ceiling)).collect()
}

/// Values divided by their sum, so that they sum to 1. None if the sum is 0, negative or not finite.
///
/// ```
/// use apportion_guest::scale::normalise;
/// assert_eq!(normalise(&[1.0, 3.0]), Some(vec![0.25, 0.75]));
/// assert_eq!(normalise(&[0.0, 0.0]), None);
/// ```
pub fn normalise(values: &[f64]) -> Option<Vec<f64>> {
    let total: f64 = values.iter().sum();
    let usable = total > 0.0 && total.is_finite();
    usable.then(|| values.iter().map(|value| value / total).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_agrees_with_numpy() {
        // numpy.percentile([1, 2, 4, 8, 16], [97, 98.5, 10, 62.5])
        let values = [16.0, 1.0, 8.0, 2.0, 4.0];
        for (percent, exact) in [(97.0, 15.04), (98.5, 15.52), (10.0, 1.4), (62.5, 6.0)] {
            let value = percentile(&values, percent).unwrap();
            assert!((value - exact).abs() < 1e-12, "{percent}: {value}");
        }
        assert_eq!(percentile(&[f64::NAN, 1.0], 50.0), None);
        assert_eq!(percentile(&[1.0], 101.0), None);
        assert_eq!(percentile(&[7.0], 33.0), Some(7.0));
    }
}
