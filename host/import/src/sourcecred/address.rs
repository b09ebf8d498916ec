//! SourceCred's addresses: parts, each ended by a NUL, with `N` or `E` before them where they stand in a text.

use std::borrow::Borrow;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// An address without what it is of: every part followed by a NUL. Whoever starts with another address is below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address(String);

/// How many parts of an address say what kind of thing it is: owner, plugin, type.
const KIND_PARTS: usize = 3;

impl Address {
    /// The address of some parts, none of which holds a NUL.
    pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Address {
        let mut text = String::new();
        for part in parts {
            text.push_str(part);
            text.push('\0');
        }
        Address(text)
    }

    /// The address in a text that begins with `N` or `E`, as `mark` says.
    pub(super) fn marked(text: &str, mark: char) -> Option<Address> {
        let rest = text.strip_prefix(mark)?.strip_prefix('\0')?;
        (rest.is_empty() || rest.ends_with('\0')).then(|| Address(rest.to_owned()))
    }

    /// How many bytes it takes.
    pub(super) fn length(&self) -> usize {
        self.0.len()
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split_terminator('\0')
    }

    /// Itself and all that it is below, from the shortest: the empty one first.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = &str> {
        let ends = self.0.match_indices('\0').map(|(end, _)| end + 1);
        std::iter::once(0).chain(ends).filter_map(|end| self.0.get(..end))
    }

    /// As an id: the parts with `/` between them. A `/`, a `%` and all but printable ASCII is written as in a URL.
    pub(super) fn id(&self) -> String {
        joined(self.parts())
    }

    /// As a kind: the first parts.
    pub(super) fn kind(&self) -> String {
        joined(self.parts().take(KIND_PARTS))
    }
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for (place, part) in parts.enumerate() {
        if place > 0 {
            text.push('/');
        }
        for c in part.chars() {
            if c == '/' || c == '%' || !(' '..='~').contains(&c) {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    text.push_str(&format!("%{byte:02X}"));
                }
            } else {
                text.push(c);
            }
        }
    }
    text
}

/// So that a prefix can be looked up.
impl Borrow<str> for Address {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// From a list of parts, as graphs hold them.
impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        let parts = Vec::<String>::deserialize(deserializer)?;
        if parts.iter().any(|part| part.contains('\0')) {
            return Err(D::Error::custom("a part of an address holds a NUL"));
        }
        Ok(Address::of(parts.iter().map(String::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_id_that_no_other_is() {
        let id = |parts: &[&str]| Address::of(parts.iter().copied()).id();
        assert_eq!(id(&["sourcecred", "github", "REPO"]), "sourcecred/github/REPO");
        assert_eq!([id(&["a/b"]), id(&["a", "b"]), id(&["a%2Fb"])], ["a%2Fb", "a/b", "a%252Fb"]);
        assert_eq!(id(&["a\u{202e}\n", "é"]), "a%E2%80%AE%0A/%C3%A9");
    }

    #[test]
    fn prefixes_end_with_parts() {
        let address = Address::marked("N\0a\0bc\0", 'N').unwrap();
        assert_eq!(address.prefixes().collect::<Vec<_>>(), ["", "a\0", "a\0bc\0"]);
        assert_eq!(Address::marked("N\0", 'N').unwrap().prefixes().collect::<Vec<_>>(), [""]);
        for wrong in ["E\0a\0", "N\0a", "Na\0", ""] {
            assert_eq!(Address::marked(wrong, 'N'), None, "{wrong:?}");
        }
    }
}
