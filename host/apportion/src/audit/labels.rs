//! What a made epoch is called: its asset, pool, number, window, ids and kinds.
//!
//! A policy that could tell an audit from a programme would behave in one and steal in the other. So nothing here is
//! fixed: every label is drawn from what programmes use, and a payee or node that a trial adds gets an id in the style
//! of those that are there.

use std::collections::BTreeSet;

use apportion_core::epoch::{Header, RowText, Window};
use apportion_core::money::{Asset, AssetError, Pool};

use super::chance::Chance;

/// Every pool has at least so many base units, so that rounding stays far below what counts as a breach.
const LEAST_POOL: u128 = 1_000_000;
/// Symbol and decimals as the world has them, and between which powers of ten whole units a pool is.
const ASSETS: [(&str, u32, u32, u32); 12] = [
    ("EUR", 2, 4, 6),
    ("USD", 2, 4, 6),
    ("GBP", 2, 4, 6),
    ("CHF", 2, 4, 6),
    ("JPY", 0, 6, 8),
    ("USDC", 6, 3, 6),
    ("USDT", 6, 3, 6),
    ("DAI", 18, 3, 6),
    ("ETH", 18, 0, 3),
    ("BTC", 8, 0, 2),
    ("OP", 18, 4, 6),
    ("ARB", 18, 4, 6),
];

const NAMES: [&str; 32] = [
    "alice", "anika", "bruno", "carla", "chen", "dario", "elif", "emma", "farid", "greta", "hana", "ilse",
    "ivan", "jonas", "kofi", "lena", "lucia", "marek", "maya", "nadia", "noor", "olga", "pablo", "quinn",
    "rosa", "sven", "tariq", "uma", "viktor", "wanda", "yuki", "zoe",
];
const WORDS: [&str; 24] = [
    "atlas", "beacon", "cedar", "delta", "ember", "field", "garnet", "harbor", "index", "juniper", "kernel",
    "ledger", "meadow", "north", "orbit", "parser", "quartz", "river", "signal", "tensor", "umbra", "vector",
    "willow", "zephyr",
];
const NODE_KINDS: [&str; 10] =
    ["commit", "data-set", "document", "issue", "model", "package", "post", "project", "review", "task"];
const EDGE_KINDS: [&str; 8] =
    ["cites", "depends-on", "derived-from", "mentions", "replies-to", "reviewed", "supports", "used"];
const METRICS: [&str; 6] = ["downloads", "hours", "lines", "size", "stars", "votes"];
const LABELS: [&str; 5] = ["language", "license", "region", "status", "team"];
const LABEL_WORDS: [&str; 6] = ["", "open", "closed", "north", "beta", "mit"];

const DAY: i64 = 86_400;

/// One of a list; of an empty one nothing.
fn one<'a>(of: &[&'a str], chance: &mut Chance) -> &'a str {
    chance.pick(of).copied().unwrap_or_default()
}

pub(super) fn node_kind(chance: &mut Chance) -> RowText {
    one(&NODE_KINDS, chance).into()
}

pub(super) fn edge_kind(chance: &mut Chance) -> RowText {
    one(&EDGE_KINDS, chance).into()
}

pub(super) fn metric_name(chance: &mut Chance) -> String {
    one(&METRICS, chance).to_owned()
}

pub(super) fn label_name(chance: &mut Chance) -> String {
    one(&LABELS, chance).to_owned()
}

/// A word of a label column; absent as often as any.
pub(super) fn label_word(chance: &mut Chance) -> RowText {
    one(&LABEL_WORDS, chance).into()
}

/// Number, window and pool of an epoch. `amounts` are those that the policy's parameters name, in whole units: half of
/// the pools are a small multiple of one, where that makes a pool that is large enough.
pub(super) fn header(amounts: &[u32], chance: &mut Chance) -> Result<Header, AssetError> {
    let (number, window) = (u64::from(1 + chance.number(60)), window(chance));
    let mut pool = pool(chance)?;
    if !amounts.is_empty() && chance.once_in(2) {
        let whole = 10_u128.pow(pool.asset.decimals());
        let named = u128::from(chance.pick(amounts).copied().unwrap_or(0)) * whole;
        let amount = named / 10 * u128::from(10 + chance.number(90));
        pool.amount = if amount < LEAST_POOL { pool.amount } else { amount };
    }
    Ok(Header { number, window, pool })
}

fn pool(chance: &mut Chance) -> Result<Pool, AssetError> {
    let (symbol, decimals, least, most) = chance.pick(&ASSETS).copied().unwrap_or(ASSETS[0]);
    let tenth = 10_u128.pow(least + chance.number(most - least + 1)) * 10_u128.pow(decimals) / 10;
    // 10 to 99 tenths of a power of ten; or any number, as a pool is that is what is left of something.
    let amount = tenth * u128::from(10 + chance.number(90));
    let odd = if chance.once_in(2) { u128::from(chance.number(u32::MAX)) * 257 % tenth } else { 0 };
    Ok(Pool { asset: Asset::new(symbol, decimals)?, amount: amount + odd })
}

/// A month, a quarter, one or two weeks, or thirty days, between 2020 and 2029.
fn window(chance: &mut Chance) -> Window {
    let (year, month) = (2020 + i64::from(chance.number(10)), 1 + i64::from(chance.number(12)));
    let first = first_day(year, month);
    let months = |count: i64| first_day(year + (month + count - 1) / 12, (month + count - 1) % 12 + 1);
    // 1970-01-01 was a Thursday.
    let monday = first - (first + 3).rem_euclid(7);
    let (start, end) = match chance.below(6) {
        0 => (monday, monday + 7),
        1 => (monday, monday + 14),
        2 => {
            let start = first + i64::from(chance.number(28));
            (start, start + 30)
        }
        3 => (first, months(3)),
        _ => (first, months(1)),
    };
    Window { start: start * DAY, end: end * DAY }
}

/// Days from 1970-01-01 to the first of a month (H. Hinnant, *chrono-Compatible Low-Level Date Algorithms*), for
/// years after 0.
fn first_day(year: i64, month: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// How the ids of an epoch's payees are written. All of one epoch are alike, as they are from one source.
#[derive(Clone, Copy)]
enum PayeeStyle {
    Name,
    Handle,
    OfAPlace(&'static str),
    Address,
    Number,
    Mail,
}

/// Different ids for so many payees.
pub(super) fn payee_ids(count: usize, chance: &mut Chance) -> Vec<RowText> {
    let style = match chance.below(8) {
        0 => PayeeStyle::Address,
        1 => PayeeStyle::Number,
        2 => PayeeStyle::Mail,
        3 => PayeeStyle::OfAPlace("github:"),
        4 => PayeeStyle::OfAPlace("member/"),
        5 => PayeeStyle::Handle,
        _ => PayeeStyle::Name,
    };
    different(count, chance, |chance| payee_id(style, chance))
}

fn payee_id(style: PayeeStyle, chance: &mut Chance) -> String {
    let name = one(&NAMES, chance);
    match style {
        PayeeStyle::Name => name.to_owned(),
        PayeeStyle::Handle => handle(chance),
        PayeeStyle::OfAPlace(place) => format!("{place}{}", handle(chance)),
        PayeeStyle::Address => format!("0x{}", hexadecimal(40, chance)),
        PayeeStyle::Number => (1 + chance.below(20_000)).to_string(),
        PayeeStyle::Mail => format!("{name}.{}@example.org", one(&WORDS, chance)),
    }
}

fn handle(chance: &mut Chance) -> String {
    let name = one(&NAMES, chance);
    match chance.below(4) {
        0 => format!("{name}{}", 1 + chance.below(99)),
        1 => format!("{name}-{}", one(&WORDS, chance)),
        2 => format!("{}{name}", one(&["j", "k", "m", "s", "t"], chance)),
        _ => format!("{}{}", one(&WORDS, chance), chance.below(10)),
    }
}

/// Different ids for so many nodes, in one style.
pub(super) fn node_ids(count: usize, chance: &mut Chance) -> Vec<RowText> {
    let style = chance.below(5);
    different(count, chance, |chance| match style {
        0 => hexadecimal(40, chance),
        1 => format!("{}/{}", one(&WORDS, chance), one(&WORDS, chance)),
        2 => format!("#{}", 1 + chance.below(9_000)),
        3 => format!("{}:{}", one(&WORDS, chance), 100 + chance.below(9_900)),
        _ => format!("{}-{}", one(&WORDS, chance), one(&WORDS, chance)),
    })
}

fn hexadecimal(digits: usize, chance: &mut Chance) -> String {
    (0..digits).map(|_| chance.pick(b"0123456789abcdef").copied().map_or('0', char::from)).collect()
}

fn different(count: usize, chance: &mut Chance, mut draw: impl FnMut(&mut Chance) -> String) -> Vec<RowText> {
    let mut ids: BTreeSet<String> = BTreeSet::new();
    let mut ordered = Vec::new();
    while ordered.len() < count {
        let drawn = draw(chance);
        let taken = |id: &str| ids.contains(id);
        let id = if taken(&drawn) { resembling(&drawn, taken) } else { drawn };
        ids.insert(id.clone());
        ordered.push(id.into());
    }
    ordered
}

/// How often an id is changed letter by letter before it is made longer.
const SAME_LENGTH: u64 = 16;

/// An id that is not taken and is written like this one: letters for letters, digits for digits, and the part that
/// says where it is from (up to the last `:` or `/`, or from `@` on) kept. It follows from the id alone.
pub(super) fn resembling(id: &str, taken: impl Fn(&str) -> bool) -> String {
    let changed = (0..).map(|attempt| {
        let mut chance = Chance::for_purpose(attempt, 0, id);
        let mut changed = changed(id, &mut chance);
        for _ in SAME_LENGTH..attempt {
            changed.push_str(&chance.below(10).to_string());
        }
        changed
    });
    let mut free = changed.filter(|changed| changed != id && !taken(changed));
    free.next().unwrap_or_default() // there is always a longer one
}

fn changed(id: &str, chance: &mut Chance) -> String {
    let end = id.find('@').filter(|end| *end > 0).unwrap_or(id.len());
    let start = id.get(..end).and_then(|id| id.rfind([':', '/', '#'])).map_or(0, |place| place + 1);
    let start = if start == end { 0 } else { start };
    let (before, rest) = id.split_at_checked(start).unwrap_or(("", id));
    let (varied, after) = rest.split_at_checked(end - start).unwrap_or((rest, ""));
    let digits = varied.strip_prefix("0x").unwrap_or(varied);
    let hexadecimal =
        digits.len() >= 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let prefix = varied.strip_suffix(digits).unwrap_or_default();
    let digits = digits.char_indices().map(|(place, c)| match c {
        c if hexadecimal && c.is_ascii_hexdigit() => letter_of("0123456789abcdef", c, chance),
        '0'..='9' if place == 0 => letter_of("123456789", c, chance),
        '0'..='9' => letter_of("0123456789", c, chance),
        c if "aeiouAEIOU".contains(c) => letter_of("aeiou", c, chance),
        c if c.is_ascii_alphabetic() => letter_of("bcdfghklmnprstvz", c, chance),
        other => other,
    });
    format!("{before}{prefix}{}{after}", digits.collect::<String>())
}

/// One of these in the case of `like`.
fn letter_of(letters: &str, like: char, chance: &mut Chance) -> char {
    let letter = chance.pick(letters.as_bytes()).copied().map_or(like, char::from);
    if like.is_ascii_uppercase() { letter.to_ascii_uppercase() } else { letter }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_added_look_like_those_that_are_there() {
        let like = |id: &str| resembling(id, |_| false);
        let class = |c: char| match c {
            '0'..='9' => '0',
            'a'..='z' => 'a',
            other => other,
        };
        for id in ["ann", "github:lena7", "member/0042", "atlas-river", "#812", "emma.river@example.org"] {
            let added = like(id);
            assert!(added.chars().map(class).eq(id.chars().map(class)), "{added} for {id}");
            assert_ne!(added, id);
        }
        let address = format!("0x{}", "0123456789abcdef".repeat(2));
        let added = like(&address);
        assert!(added.starts_with("0x") && added.len() == address.len());
        assert!(added.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit()), "{added}");
        assert!(like("github:lena").starts_with("github:") && like("a@b.org").ends_with("@b.org"));
        // Whatever the id, another one is found.
        for id in ["", "a", "7", ":", "@", "été", "日本", "a/"] {
            let mut taken = BTreeSet::from([id.to_owned()]);
            for _ in 0..40 {
                let added = resembling(id, |id| taken.contains(id));
                assert!(taken.insert(added));
            }
        }
    }

    #[test]
    fn windows_are_those_of_the_calendar() {
        assert_eq!(first_day(1970, 1), 0);
        assert_eq!(first_day(2025, 1) * DAY, 1_735_689_600);
        assert_eq!(first_day(2024, 3) - first_day(2024, 2), 29);
        for trial in 0..500 {
            let Window { start, end } = window(&mut Chance::for_purpose(1, trial, "window"));
            let days = (end - start) / DAY;
            assert!([7, 14, 28, 29, 30, 31, 89, 90, 91, 92].contains(&days), "{days} days");
        }
    }

    #[test]
    fn pools_are_large_enough_to_be_divided_and_fit_an_amount() {
        for trial in 0..2_000 {
            for amounts in [&[][..], &[0], &[100], &[u32::MAX]] {
                let pool = header(amounts, &mut Chance::for_purpose(1, trial, "pool")).unwrap().pool;
                assert!((LEAST_POOL..1 << 100).contains(&pool.amount), "{pool}");
            }
        }
    }
}
