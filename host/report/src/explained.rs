//! An explanation in plain words, for a terminal and for a page.

use apportion_core::comparison::Difference;
use apportion_core::explanation::{
    Change, Contribution, ExplainedMeasure, ExplainedPart, Explanation, Path, Reliance, Without,
};
use apportion_core::money::Asset;

use crate::wording::{counted, day, grouped};

/// How much of an id stands in a range of them.
const OF_AN_ID: usize = 20;
/// How much of a node's name stands beside its id.
const OF_A_NAME: usize = 60;

/// What stands above the ways.
pub const WAYS: &str = "Credit flows along edges, from what relied on something to what it relied on. A percentage says how much of the credit \
    that leaves a node goes along that edge. This is read from the graph alone: the rule may count otherwise.";

/// How many lines of a list are told, and of each list within it; the rest is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Of the list.
    pub lines: usize,
    /// Of what a line of it is taken apart into.
    pub inner: usize,
}

/// The words for one explanation. Nothing in them is escaped.
pub struct Words<'a> {
    /// What is told.
    pub explanation: &'a Explanation,
    asset: Option<Asset>,
}

impl<'a> Words<'a> {
    /// Words for an explanation.
    pub fn of(explanation: &'a Explanation) -> Words<'a> {
        Words { explanation, asset: Asset::new(&explanation.asset, explanation.decimals).ok() }
    }

    /// What to call the payee.
    pub fn who(&self) -> &'a str {
        let explanation = self.explanation;
        if explanation.name.is_empty() { &explanation.payee } else { &explanation.name }
    }

    /// The payee by its name and id: several may have the same name. `Ann (payee p1)`.
    pub fn called(&self) -> String {
        let Explanation { payee, name, .. } = self.explanation;
        if name.is_empty() || name == payee {
            payee.clone()
        } else {
            format!("{} (payee {payee})", cut(name, OF_A_NAME))
        }
    }

    /// A node by its id, and where it has one by its name: `paper:2 (paper)`, `“On circles” (paper paper:2)`.
    pub fn node(&self, id: &str, kind: &str) -> String {
        match self.explanation.names.nodes.get(id) {
            Some(name) => format!("“{}” ({kind} {id})", cut(name, OF_A_NAME)),
            None => format!("{id} ({kind})"),
        }
    }

    /// As [`Words::node`], where the kind is told already.
    fn named(&self, id: &str) -> String {
        match self.explanation.names.nodes.get(id) {
            Some(name) => format!("“{}” ({id})", cut(name, OF_A_NAME)),
            None => id.to_owned(),
        }
    }

    /// An amount to two decimals: `1,300,000.50`.
    pub fn figure(&self, amount: u128) -> String {
        let rounded = self.asset.as_ref().map(|asset| asset.format_rounded(amount, 2));
        grouped(&rounded.unwrap_or_else(|| amount.to_string()))
    }

    /// An amount in a sentence: `1,300,000.50 OP`.
    pub fn amount(&self, amount: u128) -> String {
        format!("{} {}", self.figure(amount), self.explanation.asset)
    }

    /// `Ann (payee p1) gets 30.00 EUR, 30.0 % of the 100.00 EUR of epoch 1: the second most of 4 payees.`
    pub fn headline(&self) -> String {
        let explanation = self.explanation;
        let (amount, pool) = (self.amount(explanation.amount), self.amount(explanation.pool));
        if explanation.amount == 0 {
            return format!("{} gets nothing of the {pool} of epoch {}.", self.called(), explanation.number);
        }
        format!(
            "{} gets {amount}, {} of the {pool} of epoch {}: {} of {}.",
            self.called(),
            percent(explanation.amount, explanation.pool),
            explanation.number,
            most(explanation.place, "most"),
            counted(explanation.payees, "payee"),
        )
    }

    /// A measure: its name, the value, where it stands.
    pub fn measure(&self, measure: &ExplainedMeasure) -> [String; 3] {
        let payees = self.explanation.payees;
        let place = match measure.alike {
            alike if alike + 1 == payees && payees > 1 => {
                format!("all {} alike", grouped(&payees.to_string()))
            }
            0 => format!("{} of {}", most(measure.place, "highest"), grouped(&payees.to_string())),
            alike => {
                format!("{}, with {}", most(measure.place, "highest"), counted(alike, "other"))
            }
        };
        [measure.name.clone(), number(measure.value), place]
    }

    /// What a policy gave, and with measures what they are.
    pub fn part(&self, part: &ExplainedPart) -> String {
        let policy = apportion_standard::describe(&part.policy, &part.version, &part.digest.to_string());
        let gave = format!("The rule {policy} gave it {}", self.amount(part.amount));
        if part.measures.is_empty() { format!("{gave}.") } else { format!("{gave}. What it measured:") }
    }

    /// Contributions as rows: what the payee would be without, what it would get, how much less or more that is. What a
    /// group was taken apart into stands below it, further in by `indent`. None if there is but one, which
    /// [`Words::without_contributions`] tells.
    pub fn contributions(&self, indent: &str, most: Most) -> Vec<[String; 3]> {
        if self.explanation.nodes < 2 {
            return Vec::new();
        }
        lines(&self.explanation.contributions, indent, most, |one, outer| {
            let Contribution { kind, nodes, first, .. } = one;
            let count = grouped(&nodes.to_string());
            let what = match (*nodes, outer) {
                (1, true) => self.node(first, kind),
                (1, false) => self.named(first),
                (_, false) => format!("{count} of them, {}", one.span()),
                (_, true) if kind.is_empty() => format!("{count} of several kinds, {}", one.span()),
                (_, true) => format!("{count} of kind {kind}"),
            };
            [what, self.without(&one.without), self.less(one.difference)]
        })
    }

    /// What follows the list of contributions.
    pub fn without_contributions(&self) -> String {
        let explanation = self.explanation;
        let all = &explanation.without_all;
        match (explanation.nodes, explanation.contributions.first()) {
            (0, _) => return format!("{} owns nothing in this epoch.", self.who()),
            (1, Some(only)) => {
                let without = self.would(&only.without);
                let what = self.node(&only.first, &only.kind);
                return format!("It has one contribution, {what}. Without that {without}.");
            }
            (_, None) => {
                return format!("Without any of its contributions {}.", self.would(all));
            }
            _ => {}
        }
        let differences = explanation.contributions.iter().map(|one| (one.difference, one.parts.len()));
        self.sum(all, explanation.adds_up, differences, "one contribution is worth depends on the others")
    }

    /// Those who relied on it as rows: who, how many edges, what the payee would get without these, how much less or more
    /// that is. What a group was taken apart into stands below it, further in by `indent`.
    pub fn reliances(&self, indent: &str, most: Most) -> Vec<[String; 4]> {
        lines(&self.explanation.reliances, indent, most, |one, outer| {
            let Reliance { kind, who, first, payee, .. } = one;
            let (only, others) = (*who == 1, counted(*who, "other"));
            let name = || match self.explanation.names.payees.get(first) {
                _ if !payee => self.named(first),
                Some(name) => format!("{} (payee {first})", cut(name, OF_A_NAME)),
                None => format!("{first} (a payee)"),
            };
            let what = match (outer, kind.as_str()) {
                (false, _) if only => name(),
                (false, _) => format!("{} of them, {}", grouped(&who.to_string()), one.span()),
                (true, "") => format!("several kinds of edges from {others}, {}", one.span()),
                (true, kind) if only => format!("{kind} from {}", name()),
                (true, kind) => format!("{kind} from {others}"),
            };
            [what, counted(one.edges, "edge"), self.without(&one.without), self.less(one.difference)]
        })
    }

    /// What follows the list of those who relied on it; nothing where one line says it all.
    pub fn without_reliances(&self) -> Option<String> {
        let explanation = self.explanation;
        let all = explanation.without_reliances.as_ref()?;
        match explanation.reliances.as_slice() {
            [] => Some(format!("If nobody had relied on it {}.", self.would(all))),
            [only] if only.parts.is_empty() => None,
            several => {
                let differences = several.iter().map(|one| (one.difference, one.parts.len()));
                Some(self.sum(
                    all,
                    explanation.reliances_add_up,
                    differences,
                    "one is worth depends on the others",
                ))
            }
        }
    }

    /// What it would get without all of a list, and whether the list's differences add up to that. Each difference is
    /// given with into how many parts its line was taken apart.
    fn sum(
        &self,
        all: &Without,
        adds_up: bool,
        differences: impl Iterator<Item = (Difference, usize)>,
        depends: &str,
    ) -> String {
        let would = self.would(all);
        let (mut unmoved, mut apart) = (all.amount() == self.explanation.amount, false);
        for (difference, parts) in differences {
            unmoved &= difference.magnitude() == 0;
            apart |= parts > 0;
        }
        let lines = if apart { "The differences of the outer lines" } else { "The differences above" };
        if unmoved {
            format!("Without any of them {would}: nothing of this changes what it gets.")
        } else if adds_up {
            format!("Without any of them {would}. {lines} add up to exactly that.")
        } else {
            format!(
                "Without any of them {would}. {lines} do not add up to that: what {depends}, so each line is true by \
                 itself only."
            )
        }
    }

    /// A way, from where it begins, step by step: `answer:1 (answer)`, `50.0 % of it by cites to paper:2 (paper)`.
    pub fn path(&self, path: &Path) -> Vec<String> {
        let mut lines = vec![self.node(&path.from, &path.kind)];
        lines.extend(path.steps.iter().map(|step| {
            format!("{} of it by {} to {}", share(step.part), step.edge, self.node(&step.to, &step.kind))
        }));
        if path.steps.len() > 1 {
            lines.push(format!("in all {} of what leaves {}", share(path.part), path.from));
        }
        lines
    }

    /// What changed against the epoch before, sentence by sentence.
    pub fn change(&self, change: &Change) -> Vec<String> {
        let explanation = self.explanation;
        let then = self.amount(change.amount);
        let mut sentences = vec![if change.difference.magnitude() == 0 {
            format!("In epoch {} it got as much.", change.number)
        } else {
            format!("In epoch {} it got {then}: now it is {}.", change.number, self.less(change.difference))
        }];
        let (old, new) = (percent(change.amount, change.pool), percent(explanation.amount, explanation.pool));
        if change.pool != explanation.pool {
            sentences.push(format!(
                "There were {} to divide then and {} now; its part was {old} then and is {new} now.",
                self.amount(change.pool),
                self.amount(explanation.pool)
            ));
        }
        if change.payees != explanation.payees {
            sentences.push(format!(
                "There were {} then and {} now.",
                counted(change.payees, "payee"),
                grouped(&explanation.payees.to_string())
            ));
        }
        if change.new > 0 || change.gone > 0 {
            sentences.push(format!(
                "Of its {}, {} were not there then; {} that were are gone.",
                counted(explanation.nodes, "contribution"),
                grouped(&change.new.to_string()),
                grouped(&change.gone.to_string())
            ));
        }
        // What differs by less than rounding makes of a sum has not changed for a person.
        let changed =
            |(_, old, new): &&(String, f64, f64)| (old - new).abs() > 1e-9 * old.abs().max(new.abs());
        for (name, old, new) in change.measures.iter().filter(changed) {
            sentences.push(format!(
                "The rule's {name} was {} then and is {} now.",
                number(*old),
                number(*new)
            ));
        }
        sentences
    }

    /// `it would get 3.00 EUR, 2.00 EUR less`.
    fn would(&self, without: &Without) -> String {
        let less = self.less(Difference::between(self.explanation.amount, without.amount()));
        match without {
            Without::Amount(amount) if *amount == self.explanation.amount => {
                "it would get the same".to_owned()
            }
            Without::Amount(amount) => format!("it would get {}, {less}", self.amount(*amount)),
            Without::Fault(fault) => format!("the rule would have no answer ({fault})"),
        }
    }

    /// What the payee would get without something.
    fn without(&self, without: &Without) -> String {
        match without {
            Without::Amount(amount) => self.amount(*amount),
            Without::Fault(_) => "no answer".to_owned(),
        }
    }

    fn less(&self, difference: Difference) -> String {
        match (difference.magnitude(), difference.is_negative()) {
            (0, _) => "the same".to_owned(),
            (less, true) => format!("{} less", self.amount(less)),
            (more, false) => format!("{} more", self.amount(more)),
        }
    }
}

/// What groups of contributions and of those who relied have in common.
trait Told {
    fn parts(&self) -> &[Self]
    where
        Self: Sized;
    fn difference(&self) -> Difference;
    /// Ids and times, in seconds, of the first and the last.
    fn ends(&self) -> [(&str, i64); 2];

    /// From what to what: days where they tell things apart, else ids.
    fn span(&self) -> String {
        let [first, last] = self.ends();
        match [day(first.1), day(last.1)] {
            [start, end] if start == end => {
                format!("{} to {}", cut(first.0, OF_AN_ID), cut(last.0, OF_AN_ID))
            }
            [start, end] => format!("{start} to {end}"),
        }
    }
}

impl Told for Contribution {
    fn parts(&self) -> &[Contribution] {
        &self.parts
    }
    fn difference(&self) -> Difference {
        self.difference
    }
    fn ends(&self) -> [(&str, i64); 2] {
        [(&self.first, self.start), (&self.last, self.end)]
    }
}

impl Told for Reliance {
    fn parts(&self) -> &[Reliance] {
        &self.parts
    }
    fn difference(&self) -> Difference {
        self.difference
    }
    fn ends(&self) -> [(&str, i64); 2] {
        [(&self.first, self.start), (&self.last, self.end)]
    }
}

/// Rows for a list, and below each line those that it was taken apart into in the end, whatever groups came between;
/// `row` is told whether it is of the list itself.
fn lines<T: Told, const N: usize>(
    list: &[T],
    indent: &str,
    most: Most,
    row: impl Fn(&T, bool) -> [String; N],
) -> Vec<[String; N]> {
    let more = |before: &str, hidden: usize| {
        let mut told = std::array::from_fn(|_| String::new());
        if let Some(first) = told.first_mut() {
            *first = format!("{before}and {} more", grouped(&hidden.to_string()));
        }
        told
    };
    let mut rows = Vec::new();
    for one in list.iter().take(most.lines) {
        rows.push(row(one, true));
        let mut inner = Vec::new();
        one.parts().iter().for_each(|part| innermost(part, &mut inner));
        inner.sort_by_key(|one| one.difference());
        for one in inner.iter().take(most.inner) {
            let mut told = row(one, false);
            if let Some(first) = told.first_mut() {
                first.insert_str(0, indent);
            }
            rows.push(told);
        }
        if inner.len() > most.inner {
            rows.push(more(indent, inner.len() - most.inner));
        }
    }
    if list.len() > most.lines {
        rows.push(more("", list.len() - most.lines));
    }
    rows
}

/// What was not taken apart any further.
fn innermost<'a, T: Told>(one: &'a T, found: &mut Vec<&'a T>) {
    if one.parts().is_empty() {
        found.push(one);
    } else {
        one.parts().iter().for_each(|part| innermost(part, found));
    }
}

/// A text, or as much of it as has `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Two explanations of one epoch, line by line: what, the first's, the second's.
pub fn side_by_side(first: &Words<'_>, second: &Words<'_>) -> Vec<[String; 3]> {
    let (one, two) = (first.explanation, second.explanation);
    let mut rows = vec![
        ["amount".to_owned(), first.amount(one.amount), second.amount(two.amount)],
        ["place".to_owned(), ordinal(one.place), ordinal(two.place)],
        ["contributions".to_owned(), grouped(&one.nodes.to_string()), grouped(&two.nodes.to_string())],
        ["relied on by".to_owned(), grouped(&one.relied.to_string()), grouped(&two.relied.to_string())],
    ];
    for (part, other) in one.parts.iter().zip(&two.parts) {
        for (measure, other) in part.measures.iter().zip(&other.measures) {
            rows.push([measure.name.clone(), number(measure.value), number(other.value)]);
        }
    }
    rows
}

/// Tenths of a percent, cut and not rounded: a part that is not all is never said to be.
fn percent(amount: u128, whole: u128) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    // Huge amounts lose their last bits first, so that the product stays within 128.
    let shift = if whole >> 112 == 0 { 0 } else { 16 };
    let all = if amount < whole { 999 } else { 1000 };
    let tenths = ((amount >> shift) * 1000 / (whole >> shift)).min(all);
    if tenths == 0 && amount > 0 {
        "less than 0.1 %".to_owned()
    } else {
        format!("{}.{} %", tenths / 10, tenths % 10)
    }
}

fn share(part: f64) -> String {
    if part < 0.001 { "less than 0.1 %".to_owned() } else { format!("{:.1} %", part * 100.0) }
}

/// `the most`, `the second most`, `the 7th most`.
fn most(place: usize, what: &str) -> String {
    if place == 1 { format!("the {what}") } else { format!("the {} {what}", ordinal(place)) }
}

fn ordinal(place: usize) -> String {
    let ending = match (place % 10, place % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{}{ending}", grouped(&place.to_string()))
}

/// A measure to four digits behind the point, a small one to its first few digits, without noise.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return grouped(&format!("{value:.0}"));
    }
    match value.abs() {
        1e-2..1e12 => grouped(&format!("{value:.4}")),
        1e-4..1e-2 => format!("{value:.6}"),
        1e-6..1e-4 => format!("{value:.8}"),
        1e-8..1e-6 => format!("{value:.10}"),
        _ => format!("{value:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_parts_read_well() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 21, 1002].map(ordinal).to_vec();
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "1,002nd"]);
        assert_eq!(percent(999, 1000), "99.9 %");
        assert_eq!(percent(u128::MAX - 1, u128::MAX), "99.9 %");
        assert_eq!(percent(1, 10_000), "less than 0.1 %");
        assert_eq!(
            [1234.5, -3.0, 0.00594, 0.0000000594, 1e-9].map(number),
            ["1,234.5000", "-3", "0.005940", "0.0000000594", "1.000e-9"]
        );
    }
}
