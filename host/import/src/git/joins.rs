//! Which identities are one person. Only lines of authors and committers are evidence: trailers are text in a message,
//! which anybody may write about anybody.
//!
//! 1. One address is one person.
//! 2. One full name is one person, if each of its addresses has that full name alone, and no two of them are accounts
//!    of one host.
//!
//! A trailer names whoever its address belongs to. Where that is in no line of an author or committer, it is a person
//! of its own, with all trailers of that address.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::bots::is_bot;
use super::history::Identity;

/// Why an identity is the same person as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// They have one address.
    Address,
    /// They have one full name, and no address contradicts.
    Name,
    /// The table of payees says so.
    Table,
    /// The mailmap says so.
    Mailmap,
}

impl Evidence {
    /// What it is, in a word: `address`, `name`, `table` or `mailmap`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Evidence::Address => "address",
            Evidence::Name => "name",
            Evidence::Table => "table",
            Evidence::Mailmap => "mailmap",
        }
    }
}

/// Several identities that count as one person or program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The id of the node that they are: `person:Ann Lee`.
    pub node: String,
    /// The identities. The first stands for itself.
    pub identities: Vec<JoinedIdentity>,
}

/// A name with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedIdentity {
    /// The name, of visible characters.
    pub name: String,
    /// The e-mail address, of visible characters.
    pub address: String,
    /// Why it is the same as those before it; none for the first.
    pub evidence: Option<Evidence>,
}

impl fmt::Display for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.node)?;
        for (place, JoinedIdentity { name, address, evidence }) in self.identities.iter().enumerate() {
            write!(f, "{} {name} <{address}>", if place > 0 { "," } else { "" })?;
            if let Some(evidence) = evidence {
                write!(f, " (by {})", evidence.name())?;
            }
        }
        Ok(())
    }
}

/// The persons that identities are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Groups {
    /// The identities of each person, in the order of the first of each.
    pub(super) groups: Vec<Vec<usize>>,
    /// Full names that join nothing because their addresses contradict, of people who wrote or committed.
    pub(super) contradicted: BTreeSet<String>,
}

/// Joins identities. `signed` says of each whether an author's or committer's line has it.
pub(super) fn join(identities: &[Identity], signed: &[bool]) -> Groups {
    let mut by_address: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (number, identity) in identities.iter().enumerate() {
        by_address.entry(Key::of(identity)).or_default().push(number);
    }
    let signs = |of: &Vec<usize>| of.iter().any(|number| signed[*number]);
    let (mut by_name, mut contradicted) = (BTreeMap::<String, Vec<&Key>>::new(), BTreeSet::new());
    for (key, of_address) in by_address.iter().filter(|(_, of_address)| signs(of_address)) {
        let own = of_address.iter().filter(|number| signed[**number]);
        let names: BTreeSet<String> = own.filter_map(|number| full_name(&identities[*number])).collect();
        if names.len() > 1 {
            contradicted.extend(names);
        } else if let Some(name) = names.into_iter().next() {
            by_name.entry(format!("{} {name}", key.kind)).or_default().push(key);
        }
    }
    let mut first_of: BTreeMap<&Key, &Key> = BTreeMap::new();
    for (name, keys) in by_name {
        let hosts: Vec<&str> = keys.iter().filter_map(|key| account_host(&key.address)).collect();
        let is_one_account = hosts.iter().collect::<BTreeSet<_>>().len() == hosts.len();
        if keys.len() > 1 && !is_one_account {
            contradicted.insert(name.split_once(' ').map_or(String::new(), |(_, name)| name.to_owned()));
        } else if let [first, others @ ..] = keys.as_slice() {
            first_of.extend(others.iter().map(|key| (*key, *first)));
        }
    }
    // A name that joins nothing is worth a word only where it could have joined something.
    let is_of_several = |name: &String| {
        let has = |of_address: &&Vec<usize>| {
            of_address
                .iter()
                .any(|number| signed[*number] && full_name(&identities[*number]).as_ref() == Some(name))
        };
        by_address.values().filter(has).count() > 1
    };
    contradicted.retain(is_of_several);
    let mut groups: BTreeMap<&Key, Vec<usize>> = BTreeMap::new();
    for (key, of_address) in &by_address {
        let first = first_of.get(key).copied().unwrap_or(key);
        groups.entry(first).or_default().extend(of_address);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_by_key(|group| group.iter().min().copied());
    Groups { groups, contradicted }
}

/// What makes two identities surely one: an address; or all of an identity, where the address is many people's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    kind: &'static str,
    address: String,
    /// Empty where the address names somebody.
    name: String,
}

impl Key {
    pub(super) fn of(identity: &Identity) -> Key {
        let kind = if is_bot(identity) { "bot" } else { "person" };
        let address = plain_address(&identity.address);
        let name = if names_somebody(&address) { String::new() } else { plain_name(identity) };
        Key { kind, address, name }
    }
}

fn plain_name(identity: &Identity) -> String {
    identity.name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A name of two words or more that is nobody's default, in lower case; of a program any name.
fn full_name(identity: &Identity) -> Option<String> {
    const NOBODY: [&str; 5] = ["your name", "no author", "unknown author", "user name", "first last"];
    let name = plain_name(identity);
    let is_full = name.contains(' ') && !NOBODY.contains(&name.as_str());
    (is_full || is_bot(identity) && !name.is_empty()).then_some(name)
}

/// In lower case; of GitHub's addresses `1234+account@users.noreply.github.com` without the number, which older ones do
/// not have.
fn plain_address(address: &str) -> String {
    let address = address.to_lowercase();
    match address.split_once('+') {
        Some((number, account))
            if account.ends_with("@users.noreply.github.com")
                && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            account.to_owned()
        }
        _ => address,
    }
}

/// The host of an address that is an account: two accounts of one host are two people to it.
fn account_host(address: &str) -> Option<&str> {
    address.split_once('@').map(|(_, host)| host).filter(|host| host.starts_with("users.noreply."))
}

fn names_somebody(address: &str) -> bool {
    const NOBODY: [&str; 10] =
        ["root", "noreply", "no-reply", "nobody", "none", "unknown", "user", "you", "git", "admin"];
    address.split_once('@').is_some_and(|(local, _)| !local.is_empty() && !NOBODY.contains(&local))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Identities as `name <address>`, those of trailers alone with `*` before them -> persons as lists of places.
    fn joined(lines: &[&str]) -> (Vec<Vec<usize>>, Vec<String>) {
        let parts = |line: &&str| {
            let (name, address) = line.trim_start_matches('*').split_once(" <").unwrap();
            Identity { name: name.to_owned(), address: address.trim_end_matches('>').to_owned() }
        };
        let identities: Vec<Identity> = lines.iter().map(parts).collect();
        let signed: Vec<bool> = lines.iter().map(|line| !line.starts_with('*')).collect();
        let Groups { groups, contradicted } = join(&identities, &signed);
        (groups, contradicted.into_iter().collect())
    }

    #[test]
    fn one_address_or_one_full_name_that_no_address_contradicts_is_one_person() {
        let (same, contradicted) = joined(&[
            "Ann Lee <ann@work>",
            "ann <ANN@home>",
            "ann  lee <ann@home>",
            "Bob Roe <7+bob@users.noreply.github.com>",
            "bob <bob@users.noreply.github.com>",
        ]);
        // The addresses in their order: ann@home first.
        assert_eq!(same, [vec![1, 2, 0], vec![3, 4]]);
        assert!(contradicted.is_empty());
    }

    #[test]
    fn a_trailer_joins_nobody() {
        let (apart, _) = joined(&[
            "Ann Lee <ann@x>",
            "Bob Roe <bob@x>",
            // Bob, whatever the trailer calls him; and somebody who is called Ann.
            "*Ann Lee <bob@x>",
            "*Ann Lee <ann@elsewhere>",
            "*Bob Roe <ann@elsewhere>",
            "*Cyd Poe <cyd@x>",
            "*Cyd Poe <cyd@y>",
        ]);
        assert_eq!(apart, [vec![0], vec![1, 2], vec![3, 4], vec![5], vec![6]]);
    }

    #[test]
    fn a_name_joins_nothing_that_an_address_contradicts() {
        let (apart, contradicted) =
            joined(&["Ann Lee <ann@x>", "Bob Roe <bob@x>", "Ann Lee <bob@x>", "Bob Roe <bob@y>"]);
        assert_eq!(apart, [vec![0], vec![1, 2], vec![3]]);
        assert_eq!(contradicted, ["ann lee", "bob roe"]);
        let (apart, contradicted) = joined(&[
            "Ann Lee <1+ann@users.noreply.github.com>",
            "Ann Lee <2+lee@users.noreply.github.com>",
            "Ann Lee <ann@work>",
        ]);
        assert_eq!(apart, [vec![0], vec![1], vec![2]]);
        assert_eq!(contradicted, ["ann lee"]);
        // An address of several names that no other address has is worth no word.
        assert!(joined(&["Ann Lee <a@x>", "Ann B. Lee <a@x>"]).1.is_empty());
    }

    #[test]
    fn what_many_share_makes_nobody_one() {
        let (apart, _) = joined(&[
            "Ann Lee <root@host>",
            "Bob Roe <root@host>",
            "alex <alex@one>",
            "alex <alex@two>",
            "Your Name <you@example.com>",
            " <>",
            "Ann Lee <ann@users.noreply.github.com>",
            "Ann Lee [bot] <ann@users.noreply.github.com>",
        ]);
        assert_eq!(apart, [vec![6, 0], vec![1], vec![2], vec![3], vec![4], vec![5], vec![7]]);
    }
}
