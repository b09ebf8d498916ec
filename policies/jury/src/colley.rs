//! Colley's rating.

use apportion_guest::Refusal;
use apportion_guest::schemars::JsonSchema;
use apportion_guest::serde::Deserialize;

use crate::comparisons::Comparisons;
use crate::laplacian::Matrix;

/// Colley's rating from wins and losses.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
#[schemars(crate = "apportion_guest::schemars")]
pub struct Colley {}

impl Colley {
    /// The rating of each project, around 1/2; one below 0 counts as 0.
    ///
    /// A project's rating r times 2 more than its comparisons is 1, half of what it won more than it lost, and the sum
    /// of its opponents' ratings, one for each comparison.
    pub(crate) fn ratings(&self, comparisons: &Comparisons<'_>) -> Result<Vec<f64>, Refusal> {
        let pairs = comparisons.pairs();
        let mut right = vec![1.0; comparisons.len()];
        for pair in &pairs {
            right[pair.a] += (pair.a_won - pair.b_won) / 2.0;
            right[pair.b] += (pair.b_won - pair.a_won) / 2.0;
        }
        let links = pairs.iter().map(|pair| (pair.a, pair.b, pair.a_won + pair.b_won + pair.tied));
        let matrix = Matrix { diagonal: 2.0, links: links.collect() };
        let mut ratings = vec![0.5; comparisons.len()];
        matrix.solve(&right, &mut ratings)?;
        Ok(ratings.into_iter().map(|rating| rating.max(0.0)).collect())
    }
}
