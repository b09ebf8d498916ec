//! Whether a component is a standard policy. Its digest decides, because anyone can take a name.

use std::fmt;

use crate::{StandardPolicy, all};

/// What a component is to the standard policies of this version of the program.
///
/// ```
/// use apportion_standard::{Standing, find};
///
/// let equal = find("equal").ok_or("no such policy")?;
/// assert_eq!(Standing::of("equal", equal.version, equal.digest), Standing::Standard);
///
/// let strangers = "0000000000000000000000000000000000000000000000000000000000000000";
/// let standing = Standing::of("equal", "0.1.0", strangers);
/// assert_eq!(standing.to_string(), "not the standard policy of that name");
/// assert_eq!(Standing::of("our-own-rule", "0.1.0", strangers), Standing::Other);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is a standard policy, byte for byte, under its own name and version.
    Standard,
    /// It is this standard policy, but another name or version is given for it.
    Renamed(&'static StandardPolicy),
    /// It is not a standard policy, but has the name of one, or a name that looks like this one's.
    TakesName {
        /// The standard policy that it could be mistaken for.
        of: &'static StandardPolicy,
        /// Whether the names are the same or only look alike.
        likeness: Likeness,
    },
    /// It is not a standard policy and could not be mistaken for one.
    Other,
}

/// How a name resembles another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same name.
    Same,
    /// One that a reader could confuse: `l1neage`, `page-rank`.
    Confusable,
}

impl Standing {
    /// The standing of a component that goes by a name and a version; `digest` is its BLAKE3 hash in hexadecimal.
    pub fn of(name: &str, version: &str, digest: &str) -> Standing {
        if let Some(standard) = all().iter().find(|standard| standard.digest == digest) {
            let labelled = standard.name == name && standard.version == version;
            return if labelled { Standing::Standard } else { Standing::Renamed(standard) };
        }
        let same = all().iter().find(|standard| standard.name == name);
        let confusable = || all().iter().find(|standard| skeleton(standard.name) == skeleton(name));
        match (same, same.is_none().then(confusable).flatten()) {
            (Some(of), _) => Standing::TakesName { of, likeness: Likeness::Same },
            (None, Some(of)) => Standing::TakesName { of, likeness: Likeness::Confusable },
            (None, None) => Standing::Other,
        }
    }

    /// Whether the policy's label suggests another component than it is.
    pub fn could_mislead(self) -> bool {
        matches!(self, Standing::Renamed(_) | Standing::TakesName { .. })
    }
}

/// Names are lower-case letters, digits and hyphens, so only these can look alike.
fn skeleton(name: &str) -> String {
    let letters = name.chars().filter(|c| *c != '-').map(|c| match c {
        '1' | 'i' | 'j' => 'l',
        '0' => 'o',
        '5' => 's',
        '2' => 'z',
        other => other,
    });
    letters.collect::<String>().replace("rn", "m").replace("vv", "w").replace("cl", "d")
}

/// For people, to stand in brackets behind a policy's name; nothing for [`Standing::Other`].
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Standing::Standard => f.write_str("standard"),
            Standing::Renamed(standard) => {
                write!(f, "the standard policy {} {} under another label", standard.name, standard.version)
            }
            Standing::TakesName { likeness: Likeness::Same, .. } => {
                f.write_str("not the standard policy of that name")
            }
            Standing::TakesName { of, likeness: Likeness::Confusable } => {
                write!(f, "not the standard policy {}", of.name)
            }
            Standing::Other => Ok(()),
        }
    }
}

/// A policy's name and version with its standing, for people: `equal 0.1.0 (standard)`. Name and version are given back
/// as they are, not escaped.
///
/// ```
/// let strangers = "0000000000000000000000000000000000000000000000000000000000000000";
/// let described = apportion_standard::describe("lineage", "0.1.0", strangers);
/// assert_eq!(described, "lineage 0.1.0 (not the standard policy of that name)");
/// ```
pub fn describe(name: &str, version: &str, digest: &str) -> String {
    match Standing::of(name, version, digest) {
        Standing::Other => format!("{name} {version}"),
        standing => format!("{name} {version} ({standing})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_digest_makes_a_policy_a_standard_one() {
        for standard in all() {
            let StandardPolicy { name, version, digest, .. } = *standard;
            assert_eq!(Standing::of(name, version, digest), Standing::Standard);
            assert_eq!(Standing::of("other", version, digest), Standing::Renamed(standard));
            assert_eq!(Standing::of(name, "9.9.9", digest), Standing::Renamed(standard));
            // All but the last digit of a standard digest is still another component.
            let near = format!("{}{}", &digest[..63], if digest.ends_with('0') { '1' } else { '0' });
            let takes = |likeness| Standing::TakesName { of: standard, likeness };
            assert_eq!(Standing::of(name, version, &near), takes(Likeness::Same));
        }
        let stranger = "f".repeat(64);
        for (name, of) in [("l1neage", "lineage"), ("page-rank", "pagerank"), ("equa1", "equal")] {
            let shown = format!("{name} 0.1.0 (not the standard policy {of})");
            assert_eq!(describe(name, "0.1.0", &stranger), shown);
        }
        assert_eq!(describe("our-own", "0.1.0", &stranger), "our-own 0.1.0");
    }

    #[test]
    fn no_standard_policy_looks_like_another() {
        for one in all() {
            assert_eq!(all().iter().filter(|other| skeleton(other.name) == skeleton(one.name)).count(), 1);
        }
    }
}
