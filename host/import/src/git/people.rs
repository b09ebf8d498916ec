//! Identities -> people: whose commits are whose, what a payee is called, and who is a program.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use apportion_core::canonical::Digest;

use super::bots::{could_be_bot, is_bot};
use super::history::{History, Identity};
use super::joins::{self, Evidence, Groups, Key};
use super::table::Table;
use super::{Join, JoinedIdentity, PayeeIds};

/// One person, or one program.
pub(super) struct Person {
    /// Unique among all; begins with `person:` or `bot:`.
    pub(super) node: String,
    pub(super) is_bot: bool,
    /// Whether its name or address looks like a program's, though nothing says that it is one.
    pub(super) could_be_bot: bool,
    /// Who is paid; none for a program, and for who is listed without a payee.
    pub(super) payee: Option<String>,
    /// What to show a person instead of the payee's id; may be empty.
    pub(super) name: String,
}

/// Everybody whom a history names.
pub(super) struct People {
    pub(super) people: Vec<Person>,
    /// The identities of each person; the first stands for all.
    groups: Vec<Vec<usize>>,
    /// Which of them an identity is.
    of_identity: Vec<usize>,
    /// Why an identity is not a person of its own.
    pub(super) evidence: Vec<Option<Evidence>>,
    /// How often each identity is the author.
    pub(super) authored: Vec<usize>,
    /// How many are paid only because nobody listed them.
    pub(super) unlisted: usize,
    /// Full names that join nothing, because their addresses contradict.
    pub(super) contradicted: BTreeSet<String>,
}

/// How often each identity stands where.
struct Uses {
    authored: Vec<usize>,
    committed: Vec<usize>,
    named: Vec<usize>,
}

impl Uses {
    fn count(history: &History) -> Uses {
        let none = || vec![0_usize; history.identities.values.len()];
        let mut uses = Uses { authored: none(), committed: none(), named: none() };
        for entry in &history.entries {
            uses.authored[entry.author] += 1;
            uses.committed[entry.committer] += 1;
            for (_, identity) in &entry.trailers {
                uses.named[*identity] += 1;
            }
        }
        uses
    }

    /// Those who wrote most first, then those who committed most. What only trailers say counts only where there is
    /// nothing else.
    fn order(&self, a: usize, b: usize) -> Ordering {
        let rank = |identity: usize| {
            (
                self.authored[identity],
                self.committed[identity],
                self.is_signed(identity),
                self.named[identity],
            )
        };
        rank(b).cmp(&rank(a))
    }

    /// Whether an author's or committer's line has it.
    fn is_signed(&self, identity: usize) -> bool {
        self.authored[identity] + self.committed[identity] > 0
    }
}

impl People {
    pub(super) fn of(&self, identity: usize) -> usize {
        self.of_identity.get(identity).copied().unwrap_or_default()
    }

    /// Joins identities by what [`joins::join`] calls evidence; a table's word goes before that.
    pub(super) fn find(history: &History, ids: PayeeIds, table: Option<&Table>) -> People {
        let identities = &history.identities.values;
        let uses = Uses::count(history);
        let signed: Vec<bool> = (0..identities.len()).map(|identity| uses.is_signed(identity)).collect();
        let listed: Vec<Option<&str>> =
            identities.iter().map(|identity| table.and_then(|table| table.payee_of(identity))).collect();
        let Groups { groups, contradicted } = joins::join(identities, &signed);
        let mut joined = vec![0; identities.len()];
        for (number, group) in groups.iter().enumerate() {
            group.iter().for_each(|identity| joined[*identity] = number);
        }
        let mut people = People {
            people: Vec::new(),
            groups: split_by_listed(groups, &listed),
            of_identity: vec![0; identities.len()],
            evidence: vec![None; identities.len()],
            authored: Vec::new(),
            unlisted: 0,
            contradicted,
        };
        let mut drafts = Vec::new();
        for group in &mut people.groups {
            group.sort_by(|a, b| uses.order(*a, *b).then_with(|| identities[*a].cmp(&identities[*b])));
            let (mut keys, mut joins) = (BTreeSet::new(), BTreeSet::new());
            for (place, identity) in group.iter().enumerate() {
                people.of_identity[*identity] = drafts.len();
                let (is_new_key, is_new_join) =
                    (keys.insert(Key::of(&identities[*identity])), joins.insert(joined[*identity]));
                people.evidence[*identity] = match (place, is_new_key, is_new_join) {
                    (0, ..) => None,
                    (_, false, _) => Some(Evidence::Address),
                    (_, true, false) => Some(Evidence::Name),
                    (_, true, true) => Some(Evidence::Table),
                };
            }
            let is_bot = group.iter().all(|identity| is_bot(&identities[*identity]));
            let listed = group.iter().find_map(|identity| listed[*identity]);
            people.unlisted += usize::from(table.is_some() && listed.is_none() && !is_bot);
            drafts.push(Draft {
                identity: group.first().map_or_else(Identity::nobody, |first| identities[*first].clone()),
                is_bot,
                could_be_bot: group.iter().any(|identity| could_be_bot(&identities[*identity])),
                is_signed: group.iter().any(|identity| signed[*identity]),
                listed,
            });
        }
        people.people = called(&drafts, ids);
        people.authored = uses.authored;
        people
    }

    /// Everybody who has several identities.
    pub(super) fn joins(&self, history: &History) -> Vec<Join> {
        let joined = |identity: &Identity, evidence| JoinedIdentity {
            name: identity.name.clone(),
            address: identity.address.clone(),
            evidence,
        };
        let mut mapped: BTreeMap<usize, Vec<JoinedIdentity>> = BTreeMap::new();
        for (written, number) in &history.mapped {
            mapped.entry(self.of(*number)).or_default().push(joined(written, Some(Evidence::Mailmap)));
        }
        let mut joins = Vec::new();
        for (number, (person, group)) in self.people.iter().zip(&self.groups).enumerate() {
            let own = group
                .iter()
                .map(|identity| joined(&history.identities.values[*identity], self.evidence[*identity]));
            let identities: Vec<JoinedIdentity> =
                own.chain(mapped.remove(&number).unwrap_or_default()).collect();
            if identities.len() > 1 {
                joins.push(Join { node: person.node.clone(), identities });
            }
        }
        joins.sort_by(|a, b| a.node.cmp(&b.node));
        joins
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
    could_be_bot: bool,
    /// Whether more than trailers name it.
    is_signed: bool,
    /// The payee that a table gives; empty for who is not paid.
    listed: Option<&'a str>,
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

/// What everybody is called. Those whom only trailers name come last: what anybody may write changes nobody's id.
fn called(drafts: &[Draft<'_>], ids: PayeeIds) -> Vec<Person> {
    let names: Vec<String> = drafts.iter().map(|draft| shown_name(&draft.identity)).collect();
    let (mut times, mut times_signed) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, usize>::new());
    for (draft, name) in drafts.iter().zip(&names) {
        let listed = draft.listed.filter(|payee| payee != name);
        for text in [Some(name.as_str()), listed].into_iter().flatten() {
            *times.entry(text).or_default() += 1;
            *times_signed.entry(text).or_default() += usize::from(draft.is_signed);
        }
    }
    let listed = drafts.iter().filter_map(|draft| draft.listed).map(ToOwned::to_owned);
    let mut taken: BTreeSet<String> = listed.collect();
    let mut people: Vec<(usize, Person)> = Vec::new();
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|number| !drafts[*number].is_signed);
    for number in order {
        let (draft, name) = (&drafts[number], &names[number]);
        let digest = Digest::of(draft.identity.address.to_lowercase().as_bytes()).to_string();
        let of_name = if draft.is_signed { &times_signed } else { &times };
        let by_name = || match of_name.get(name.as_str()) {
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
        people.push((number, person(draft, own, shown)));
    }
    people.sort_by_key(|(number, _)| *number);
    people.into_iter().map(|(_, person)| person).collect()
}

fn person(draft: &Draft<'_>, own: String, shown: String) -> Person {
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
    let name = if draft.listed.is_some() { String::new() } else { shown };
    Person {
        node,
        is_bot: draft.is_bot,
        could_be_bot: draft.could_be_bot && draft.listed.is_none(),
        payee,
        name,
    }
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
