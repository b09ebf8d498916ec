//! The standard policies, as built components, for programs that embed the engine and do not want to ship files.
//!
//! ```
//! let equal = apportion_standard::find("equal").ok_or("no such policy")?;
//! assert_eq!(equal.name, "equal");
//! assert_eq!(&equal.bytes[..4], b"\0asm");
//! # Ok::<(), &str>(())
//! ```
//!
//! Each is built from a crate beside this one, whose README says who gets what and why. `cargo xtask policies` builds
//! them, and `cargo xtask policies --check` proves that these bytes are what the sources give. The same list is in
//! `index.json`, for programs in other languages.

mod standing;
mod table;

pub use standing::{Likeness, Standing, describe};

/// A policy that comes with the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardPolicy {
    /// Its name: `optimism-devtooling`.
    pub name: &'static str,
    /// Its semantic version.
    pub version: &'static str,
    /// The version of the contract that it speaks.
    pub contract: &'static str,
    /// The BLAKE3 digest of `bytes` in hexadecimal, which is the policy's identity: what `b3sum` prints.
    pub digest: &'static str,
    /// The component.
    pub bytes: &'static [u8],
}

/// All of them, by name.
pub fn all() -> &'static [StandardPolicy] {
    table::POLICIES
}

/// The one of a name.
///
/// ```
/// assert!(apportion_standard::find("no-such-policy").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static StandardPolicy> {
    all().iter().find(|policy| policy.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_tells_the_components_that_are_here() {
        let index: serde_json::Value = serde_json::from_str(include_str!("../index.json")).unwrap();
        let of_bytes = all().iter().map(|policy| {
            serde_json::json!({
                "name": policy.name,
                "version": policy.version,
                "contract": policy.contract,
                "digest": blake3::hash(policy.bytes).to_string(),
                "bytes": policy.bytes.len(),
            })
        });
        assert_eq!(index, of_bytes.collect::<serde_json::Value>());
        assert!(all().iter().all(|policy| blake3::hash(policy.bytes).to_string() == policy.digest));
        assert!(all().is_sorted_by_key(|policy| policy.name));
    }

    #[test]
    fn a_component_tells_nothing_of_the_machine_that_built_it() {
        for policy in all() {
            let text = String::from_utf8_lossy(policy.bytes);
            for trace in ["/home/", "/root/", "/Users/", "/.cargo/", "index.crates.io", "registry/src"] {
                assert!(!text.contains(trace), "`{}` contains {trace}", policy.name);
            }
        }
    }
}
