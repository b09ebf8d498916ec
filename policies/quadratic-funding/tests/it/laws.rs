//! What must hold in any round, and every rule against its definition.

use apportion_guest::{Edge, Epoch, Node, run};
use proptest::prelude::*;
use quadratic_funding::QuadraticFunding;

use crate::round::{Gifts, POOL, measure, paid, round};

const RULES: [&str; 4] = [
    r#""plain""#,
    r#"{"pairwise": {"bound": 7}}"#,
    r#"{"cluster-match": {"discount": "paper"}}"#,
    r#"{"cluster-match": {"discount": "gitcoin"}}"#,
];

/// The definitions word by word, over full tables: another way to the same numbers.
mod by_definition {
    use super::Gifts;

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a.sqrt() * b.sqrt()).sum()
    }

    pub fn pairwise(gifts: &Gifts, project: usize, bound: f64) -> f64 {
        let mut sum = 0.0;
        for (i, one) in gifts.iter().enumerate() {
            for (j, other) in gifts.iter().enumerate() {
                if i != j {
                    sum += one[project].sqrt() * other[project].sqrt() * bound / (bound + dot(one, other));
                }
            }
        }
        sum
    }

    /// `member[i][g]`: how strong contributor i is in group g.
    pub fn cluster(gifts: &Gifts, project: usize, member: &Gifts, paper: bool) -> f64 {
        let (people, groups) = (gifts.len(), member[0].len());
        let of_person = |i: usize| -> f64 { member[i].iter().sum() };
        let of_group = |g: usize| -> f64 { (0..people).map(|i| member[i][g]).sum() };
        let part = |i: usize, g: usize| if of_person(i) > 0.0 { member[i][g] / of_person(i) } else { 0.0 };
        let share_a_group =
            |i: usize, j: usize| (0..groups).any(|g| member[i][g] > 0.0 && member[j][g] > 0.0);
        let k = |i: usize, h: usize| {
            let gift = gifts[i][project];
            if paper {
                let close = (0..people).any(|j| member[j][h] > 0.0 && share_a_group(i, j));
                return if close { gift.sqrt() } else { gift };
            }
            if member[i][h] > 0.0 {
                return 0.0;
            }
            let mut chance = 0.0;
            for g in (0..groups).filter(|g| of_group(*g) > 0.0) {
                let onwards = (0..people).map(|j| member[j][g] / of_group(g) * part(j, h));
                chance += part(i, g) * onwards.sum::<f64>();
            }
            gift * (1.0 - chance)
        };
        let seen = |g: usize, h: usize| -> f64 { (0..people).map(|i| part(i, g) * k(i, h)).sum() };
        let mut sum = 0.0;
        for g in 0..groups {
            for h in (0..groups).filter(|h| *h != g) {
                sum += (seen(g, h).max(0.0) * seen(h, g).max(0.0)).sqrt();
            }
        }
        sum
    }
}

/// Up to eight contributors and four projects; nobody gives nothing, and somebody gives to the first project.
fn gifts() -> impl Strategy<Value = Gifts> {
    let some = || prop_oneof![Just(0.0), 0.01..100.0];
    (1..5_usize, 2..9_usize).prop_flat_map(move |(projects, people)| {
        proptest::collection::vec(proptest::collection::vec(some(), projects), people).prop_map(
            |mut gifts| {
                for gifts in &mut gifts {
                    if gifts.iter().all(|gift| *gift == 0.0) {
                        gifts[0] = 1.0;
                    }
                }
                gifts[0][0] = 3.0;
                gifts[1][0] = 5.0;
                gifts
            },
        )
    })
}

fn near(given: f64, expected: f64, gifts: &Gifts) -> bool {
    let scale: f64 = gifts.iter().flatten().sum();
    // Roots make of a rounding of 1e-16 one of 1e-8.
    (given - expected).abs() <= 1e-7 * scale
}

/// The match of each project; 0 for all where none is matched.
fn matches_or_none(gifts: &Gifts, rule: &str) -> Vec<f64> {
    match run::<QuadraticFunding>(&round(gifts).build().unwrap(), &format!(r#"{{"rule": {rule}}}"#)) {
        Ok(allocation) => measure(&allocation, "match"),
        Err(_) => vec![0.0; gifts[0].len()],
    }
}

proptest! {
    #[test]
    fn every_rule_is_its_definition(gifts in gifts()) {
        for project in 0..gifts[0].len() {
            let root: f64 = gifts.iter().map(|gifts| gifts[project].sqrt()).sum();
            let sum: f64 = gifts.iter().map(|gifts| gifts[project]).sum();
            let plain = matches_or_none(&gifts, RULES[0])[project];
            prop_assert!((plain - (root * root - sum)).abs() <= 1e-9 * (1.0 + plain));
            let pairwise = matches_or_none(&gifts, RULES[1])[project];
            prop_assert!((pairwise - by_definition::pairwise(&gifts, project, 7.0)).abs() <= 1e-9 * (1.0 + plain));
            for (rule, paper) in [(RULES[2], true), (RULES[3], false)] {
                let given = matches_or_none(&gifts, rule)[project];
                let expected = by_definition::cluster(&gifts, project, &gifts, paper);
                prop_assert!(near(given, expected, &gifts), "{rule}: {given} instead of {expected}");
            }
        }
    }

    /// Whatever the limits, the payouts are at most the pool, and nobody is above its cap or, unless a surplus is shared,
    /// above its match.
    #[test]
    fn no_limit_is_broken(gifts in gifts(), pool in 1..2_000_u32, share in 0.01..1.0, shared: bool) {
        let surplus = if shared { "shared" } else { "retained" };
        let units = f64::from(pool);
        for rule in RULES {
            let parameters = format!(r#"{{"rule": {rule}, "max_share": {share}, "surplus": "{surplus}"}}"#);
            let epoch = round(&gifts).pool(pool.into()).build().unwrap();
            let Ok(allocation) = run::<QuadraticFunding>(&epoch, &parameters) else { continue };
            let (paid, matched) = (paid(&allocation, units), measure(&allocation, "match"));
            let most = |wanted: f64| wanted * (1.0 + 1e-9);
            prop_assert!(paid.iter().sum::<f64>() <= most(units));
            for (paid, matched) in paid.iter().zip(&matched) {
                prop_assert!(*paid <= most(share * units));
                prop_assert!(shared || *paid <= most(*matched));
            }
            // Nothing is left over while somebody could get more.
            let could: f64 = matched.iter().map(|matched| matched.min(share * units)).sum();
            if !shared {
                prop_assert!((paid.iter().sum::<f64>() - could.min(units)).abs() <= 1e-9 * units);
            }
        }
    }

    /// In another currency the match is another number of the same worth; cluster match in the paper's form mixes
    /// amounts with their roots, so that there the unit matters.
    #[test]
    fn another_unit_changes_no_share(gifts in gifts()) {
        let cents: Gifts = gifts.iter().map(|row| row.iter().map(|gift| gift * 64.0).collect()).collect();
        for (rule, in_cents) in [
            (RULES[0], RULES[0]),
            (RULES[1], r#"{"pairwise": {"bound": 448}}"#),
            (RULES[3], RULES[3]),
        ] {
            let scaled = matches_or_none(&gifts, rule).into_iter().map(|matched| matched * 64.0);
            prop_assert_eq!(scaled.collect::<Vec<_>>(), matches_or_none(&cents, in_cents));
        }
    }

    /// A larger gift never lowers the project's match in the plain and the pairwise rule.
    #[test]
    fn a_larger_gift_is_never_less(gifts in gifts(), who in 0..8_usize, more in 0.01..50.0) {
        let who = who % gifts.len();
        let mut larger = gifts.clone();
        larger[who][0] += more;
        for rule in &RULES[..2] {
            prop_assert!(matches_or_none(&larger, rule)[0] >= matches_or_none(&gifts, rule)[0] * (1.0 - 1e-12));
        }
    }

    /// Two who give the same to the same projects draw less when they are known to be close: below the plain rule.
    #[test]
    fn closeness_never_pays(gifts in gifts()) {
        let plain = matches_or_none(&gifts, RULES[0]);
        for (bounded, plain) in matches_or_none(&gifts, RULES[1]).iter().zip(&plain) {
            prop_assert!(bounded <= plain);
        }
    }

    #[test]
    fn the_order_of_the_rows_is_all_the_same(gifts in gifts()) {
        let build = |turned: bool| {
            let mut epoch = Epoch::builder().pool(POOL);
            let mut rows: Vec<(usize, usize, f64)> = Vec::new();
            for (contributor, gifts) in gifts.iter().enumerate() {
                rows.extend(gifts.iter().enumerate().map(|(project, gift)| (contributor, project, *gift)));
            }
            if turned {
                rows.reverse();
            }
            for project in 0..gifts[0].len() {
                epoch = epoch.node(Node::new(format!("p{project}"), "p").payee(format!("{project}")));
            }
            for contributor in 0..gifts.len() {
                epoch = epoch.node(Node::new(format!("c{contributor}"), "c"));
            }
            for (contributor, project, gift) in rows {
                epoch = epoch.edge(Edge::new(format!("c{contributor}"), format!("p{project}"), "g").weight(gift));
            }
            epoch.build().unwrap()
        };
        for rule in RULES {
            let parameters = format!(r#"{{"rule": {rule}}}"#);
            let [straight, turned] = [false, true].map(|turned| run::<QuadraticFunding>(&build(turned), &parameters));
            prop_assert_eq!(straight, turned);
        }
    }
}
