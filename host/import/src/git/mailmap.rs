//! `.mailmap`: who is who, matched as git matches it.

use std::collections::BTreeMap;

/// Names and addresses to take instead of those in commits.
#[derive(Default)]
pub(super) struct Mailmap {
    /// By address in commits, in lower case.
    by_address: BTreeMap<Vec<u8>, Entry>,
}

#[derive(Default)]
struct Entry {
    any_name: Proper,
    /// By name in commits, in lower case.
    by_name: BTreeMap<Vec<u8>, Proper>,
}

/// What is proper; absent where the commit's own stays.
#[derive(Default)]
struct Proper {
    name: Option<Vec<u8>>,
    address: Option<Vec<u8>>,
}

impl Mailmap {
    /// Lines that make no sense are skipped, as git does.
    pub(super) fn parse(bytes: &[u8]) -> Mailmap {
        let mut map = Mailmap::default();
        for line in gix_mailmap::parse_ignore_errors(bytes) {
            let entry = map.by_address.entry(line.old_email().to_ascii_lowercase()).or_default();
            let owned = |text: Option<&gix_object::bstr::BStr>| text.map(|text| text.to_vec());
            let (name, address) = (owned(line.new_name()), owned(line.new_email()));
            match line.old_name() {
                Some(old) => {
                    entry.by_name.insert(old.to_ascii_lowercase(), Proper { name, address });
                }
                // A later line replaces what it gives and leaves the rest of an earlier one.
                None => {
                    entry.any_name.name = name.or(entry.any_name.name.take());
                    entry.any_name.address = address.or(entry.any_name.address.take());
                }
            }
        }
        map
    }

    /// The proper name and address.
    pub(super) fn proper<'a>(&'a self, name: &'a [u8], address: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let Some(entry) = self.by_address.get(&address.to_ascii_lowercase()) else { return (name, address) };
        let proper = entry.by_name.get(&name.to_ascii_lowercase()).unwrap_or(&entry.any_name);
        (proper.name.as_deref().unwrap_or(name), proper.address.as_deref().unwrap_or(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_replaced_as_git_replaces_them() {
        let map = Mailmap::parse(
            b"# who is who\nAnn Lee <ANN@x>\n<bob@x> <bob@old>\nCyd <cyd@x> root <root@host>\nBroken <\nBob B <bob@old>\n",
        );
        let proper = |name: &'static str, address: &'static str| {
            let (name, address) = map.proper(name.as_bytes(), address.as_bytes());
            (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(address).into_owned())
        };
        let pair = |name: &str, address: &str| (name.to_owned(), address.to_owned());
        assert_eq!(proper("ann", "Ann@X"), pair("Ann Lee", "Ann@X"));
        assert_eq!(proper("b", "bob@old"), pair("Bob B", "bob@x"));
        assert_eq!(proper("ROOT", "root@host"), pair("Cyd", "cyd@x"));
        assert_eq!(proper("dan", "root@host"), pair("dan", "root@host"));
        assert_eq!(proper("eve", "eve@x"), pair("eve", "eve@x"));
    }
}
