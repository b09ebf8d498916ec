//! What an append is about to add, written down before: after a crash the next writer removes what was never adopted.
//!
//! Without it an interrupted append would leave a receipt and an entry that continue the chain. Once another entry is
//! appended these would look like a fork of the ledger, which `verify` reports.

use crate::canonical::Digest;

/// The objects that an append adds to the chain.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pending {
    /// The head that the entry follows.
    pub(super) follows: Option<Digest>,
    /// Objects that are new with this append.
    pub(super) adds: Vec<Digest>,
}

const FOLLOWS: &str = "follows ";
const ADDS: &str = "adds ";
const NOTHING: &str = "nothing";

impl Pending {
    /// A line `follows DIGEST` or `follows nothing`, and a line `adds DIGEST` for each object.
    pub(super) fn to_text(&self) -> String {
        let follows = self.follows.map_or(NOTHING.to_owned(), |digest| digest.to_string());
        let adds: String = self.adds.iter().map(|digest| format!("{ADDS}{digest}\n")).collect();
        format!("{FOLLOWS}{follows}\n{adds}")
    }

    /// None if the text is not one that [`Pending::to_text`] writes.
    pub(super) fn from_text(text: &[u8]) -> Option<Pending> {
        let mut lines = std::str::from_utf8(text).ok()?.strip_suffix('\n')?.split('\n');
        let follows = match lines.next()?.strip_prefix(FOLLOWS)? {
            NOTHING => None,
            digest => Some(digest.parse().ok()?),
        };
        let adds = lines.map(|line| line.strip_prefix(ADDS)?.parse().ok()).collect::<Option<_>>()?;
        Some(Pending { follows, adds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_is_read_as_written_and_nothing_else() {
        for follows in [None, Some(Digest::of(b"head"))] {
            let pending = Pending { follows, adds: vec![Digest::of(b"receipt"), Digest::of(b"entry")] };
            let text = pending.to_text();
            assert_eq!(Pending::from_text(text.as_bytes()), Some(pending));
            for length in 0..text.len() {
                let cut = Pending::from_text(&text.as_bytes()[..length]);
                assert!(cut.is_none_or(|cut| cut.adds.len() < 2), "{length} bytes");
            }
        }
        assert_eq!(Pending::from_text(b"follows nowhere\n"), None);
    }
}
