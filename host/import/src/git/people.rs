//! Identities -> people: whose commits are whose, what a payee is called, and who is a program.

use std::collections::{BTreeMap, BTreeSet};

use apportion::Digest;

use super::PayeeIds;
use super::bots::is_bot;
use super::history::{History, Identity};
use super::table::Table;

/// One person, or one program.
pub(super) struct Person {
    /// Unique among all; begins with `person:` or `bot:`.
    pub(super) node: String,
    pub(super) is_bot: bool,
    /// Who is paid; none for a program, and for who is listed without a payee.
    pub(super) payee: Option<String>,
    /// What to show a person instead of the payee's id; may be empty.
    pub(super) name: String,
}

/// Everybody whom a history names.
pub(super) struct People {
    pub(super) people: Vec<Person>,
    /// Which of them an identity is.
    of_identity: Vec<usize>,
    /// How often each identity is the author.
    pub(super) authored: Vec<usize>,
    /// How many are paid only because nobody listed them.
    pub(super) unlisted: usize,
}

impl People {
    pub(super) fn of(&self, identity: usize) -> usize {
        self.of_identity.get(identity).copied().unwrap_or_default()
    }

    /// One address is one person, and so is one full name; a table's word goes before both.
    pub(super) fn find(history: &History, ids: PayeeIds, table: Option<&Table>) -> People {
        let identities = &history.identities.values;
        let mut authored = vec![0; identities.len()];
        let mut named = vec![0_usize; identities.len()];
        for entry in &history.entries {
            authored[entry.author] += 1;
            named[entry.committer] += 1;
            for (_, identity) in &entry.trailers {
                named[*identity] += 1;
            }
        }
        let listed: Vec<Option<&str>> =
            identities.iter().map(|identity| table.and_then(|table| table.payee_of(identity))).collect();
        let groups = split_by_listed(group(identities), &listed);
        let mut people =
            People { people: Vec::new(), of_identity: vec![0; identities.len()], authored, unlisted: 0 };
        let mut drafts = Vec::new();
        for group in groups {
            for identity in &group {
                people.of_identity[*identity] = drafts.len();
            }
            // Who wrote most under this name and address stands for all; equal ones in the order of their letters.
            let most = group.iter().max_by(|a, b| {
                let used = |identity: usize| (people.authored[identity], named[identity]);
                used(**a).cmp(&used(**b)).then_with(|| identities[**b].cmp(&identities[**a]))
            });
            let identity = most.map_or_else(Identity::nobody, |identity| identities[*identity].clone());
            let is_bot = group.iter().all(|identity| is_bot(&identities[*identity]));
            let listed = group.iter().find_map(|identity| listed[*identity]);
            people.unlisted += usize::from(table.is_some() && listed.is_none() && !is_bot);
            drafts.push(Draft { identity, is_bot, listed });
        }
        people.people = called(&drafts, ids);
        people
    }
}

impl Identity {
    fn nobody() -> Identity {
        Identity { name: String::new(), address: String::new() }
    }
}

/// One person, not yet with an id.
struct Draft<'a> {
    identity: Identity,
    is_bot: bool,
    /// The payee that a table gives; empty for who is not paid.
    listed: Option<&'a str>,
}

/// Identities of one person together, in the order of the first of each.
fn group(identities: &[Identity]) -> Vec<Vec<usize>> {
    let mut leaders: Vec<usize> = (0..identities.len()).collect();
    let mut first_with: BTreeMap<String, usize> = BTreeMap::new();
    for (number, identity) in identities.iter().enumerate() {
        for key in keys(identity) {
            let other = *first_with.entry(key).or_insert(number);
            let (a, b) = (leader(&mut leaders, other), leader(&mut leaders, number));
            let (first, second) = (a.min(b), a.max(b));
            leaders[second] = first;
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for number in 0..identities.len() {
        groups.entry(leader(&mut leaders, number)).or_default().push(number);
    }
    groups.into_values().collect()
}

fn leader(leaders: &mut [usize], mut number: usize) -> usize {
    while leaders[number] != number {
        leaders[number] = leaders[leaders[number]];
        number = leaders[number];
    }
    number
}

/// What makes two identities one person. What many people have in common, as the address `root@localhost` or a first
/// name, makes nobody one.
fn keys(identity: &Identity) -> Vec<String> {
    let kind = if is_bot(identity) { "bot" } else { "person" };
    let address = plain_address(&identity.address);
    let name = identity.name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let mut keys = Vec::new();
    if names_somebody(&address) {
        keys.push(format!("{kind} address {address}"));
    }
    let is_full =
        name.contains(' ') && !["your name", "no author", "unknown author", "user name"].contains(&&*name);
    if is_full || is_bot(identity) && !name.is_empty() {
        keys.push(format!("{kind} name {name}"));
    }
    if keys.is_empty() {
        keys.push(format!("{kind} identity {name} {address}"));
    }
    keys
}

/// In lower case; of GitHub's addresses `1234+account@users.noreply.github.com` without the number, which older ones
/// do not have.
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

fn names_somebody(address: &str) -> bool {
    const NOBODY: [&str; 10] =
        ["root", "noreply", "no-reply", "nobody", "none", "unknown", "user", "you", "git", "admin"];
    address.split_once('@').is_some_and(|(local, _)| !local.is_empty() && !NOBODY.contains(&local))
}

/// Groups in which a table tells several payees apart, taken apart.
fn split_by_listed(groups: Vec<Vec<usize>>, listed: &[Option<&str>]) -> Vec<Vec<usize>> {
    let mut by_payee: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut others = Vec::new();
    for group in groups {
        let payees: BTreeSet<&str> = group.iter().filter_map(|identity| listed[*identity]).collect();
        let (mut rest, mut unpaid) = (Vec::new(), Vec::new());
        for identity in group {
            // One payee for some of a person's identities is that person's payee.
            let only = payees.first().filter(|_| payees.len() == 1).copied();
            match listed[identity].or(only) {
                Some("") => unpaid.push(identity),
                Some(payee) => by_payee.entry(payee).or_default().push(identity),
                None => rest.push(identity),
            }
        }
        others.extend([rest, unpaid].into_iter().filter(|group| !group.is_empty()));
    }
    by_payee.into_values().chain(others).collect()
}

fn called(drafts: &[Draft<'_>], ids: PayeeIds) -> Vec<Person> {
    let names: Vec<String> = drafts.iter().map(|draft| shown_name(&draft.identity)).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for (draft, name) in drafts.iter().zip(&names) {
        *times.entry(name).or_default() += 1;
        if let Some(payee) = draft.listed.filter(|payee| payee != name) {
            *times.entry(payee).or_default() += 1;
        }
    }
    let listed = drafts.iter().filter_map(|draft| draft.listed).map(ToOwned::to_owned);
    let mut taken: BTreeSet<String> = listed.collect();
    let mut people = Vec::new();
    for (draft, name) in drafts.iter().zip(&names) {
        let digest = Digest::of(draft.identity.address.to_lowercase().as_bytes()).to_string();
        let by_name = || match times.get(name.as_str()) {
            Some(1) => name.clone(),
            _ => format!("{name} ({})", digest.get(..6).unwrap_or_default()),
        };
        let (own, shown) = match ids {
            PayeeIds::Names => (by_name(), name.clone()),
            PayeeIds::Addresses if draft.identity.address.is_empty() => (by_name(), name.clone()),
            PayeeIds::Addresses => (draft.identity.address.to_lowercase(), name.clone()),
            PayeeIds::Digests => (digest.get(..16).unwrap_or_default().to_owned(), String::new()),
        };
        let own = free(own, &mut taken);
        let payee = match draft.listed {
            Some("") => None,
            Some(payee) => Some(payee.to_owned()),
            None if draft.is_bot => None,
            None => Some(own.clone()),
        };
        let node = match (&payee, draft.is_bot) {
            (_, true) => format!("bot:{own}"),
            (Some(payee), false) => format!("person:{payee}"),
            (None, false) => format!("person:{own}"),
        };
        let shown = if draft.listed.is_some() { String::new() } else { shown };
        people.push(Person { node, is_bot: draft.is_bot, payee, name: shown });
    }
    people
}

/// The id with a number, if another has it already.
fn free(id: String, taken: &mut BTreeSet<String>) -> String {
    let mut free = id.clone();
    let mut number = 2;
    while !taken.insert(free.clone()) {
        free = format!("{id} #{number}");
        number += 1;
    }
    free
}

/// The name, but no address that stands in its place.
fn shown_name(identity: &Identity) -> String {
    let name = identity.name.split('@').next().unwrap_or_default().trim();
    if name.is_empty() { "nameless".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(identities: &[(&str, &str)]) -> Vec<Vec<usize>> {
        let of = |(name, address): &(&str, &str)| Identity {
            name: (*name).to_owned(),
            address: (*address).to_owned(),
        };
        group(&identities.iter().map(of).collect::<Vec<_>>())
    }

    #[test]
    fn one_address_or_one_full_name_is_one_person() {
        let same = grouped(&[
            ("Ann Lee", "ann@work"),
            ("ann", "ANN@home"),
            ("ann  lee", "ann@home"),
            ("Bob Roe", "7+bob@users.noreply.github.com"),
            ("bob", "bob@users.noreply.github.com"),
        ]);
        assert_eq!(same, [vec![0, 1, 2], vec![3, 4]]);
    }

    #[test]
    fn what_many_share_makes_nobody_one() {
        let apart = grouped(&[
            ("Ann Lee", "root@host"),
            ("Bob Roe", "root@host"),
            ("alex", "alex@one"),
            ("alex", "alex@two"),
            ("Your Name", "you@example.com"),
            ("", ""),
            ("Ann Lee", "ann@users.noreply.github.com"),
            ("Ann Lee [bot]", "ann@users.noreply.github.com"),
        ]);
        assert_eq!(apart, [vec![0, 6], vec![1], vec![2], vec![3], vec![4], vec![5], vec![7]]);
    }
}
