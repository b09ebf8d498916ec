//! The two programmes of a month.

use std::fmt;
use std::str::FromStr;

/// The two programmes that run every month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Developer tools: a graph of projects, developers and tools.
    Devtooling,
    /// On-chain builders: metrics per project, chain and month.
    Onchain,
}

/// A text that names no track.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a track: `devtooling` or `onchain`", .0.escape_debug())]
pub struct UnknownTrack(String);

impl Track {
    /// The standard policy that is this track's rule.
    pub fn policy(self) -> &'static str {
        match self {
            Track::Devtooling => "optimism-devtooling",
            Track::Onchain => "optimism-onchain",
        }
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Track::Devtooling => "devtooling",
            Track::Onchain => "onchain",
        })
    }
}

impl FromStr for Track {
    type Err = UnknownTrack;

    fn from_str(text: &str) -> Result<Track, UnknownTrack> {
        match text {
            "devtooling" => Ok(Track::Devtooling),
            "onchain" => Ok(Track::Onchain),
            other => Err(UnknownTrack(other.chars().take(80).collect())),
        }
    }
}
