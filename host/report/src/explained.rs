//! An explanation in plain words, for a terminal and for a page.

use apportion::Asset;
use apportion::Difference;
use apportion::explain::{Change, Contribution, ExplainedMeasure, Explanation, Path, Reliance, Without};

use crate::wording::{counted, grouped};

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

    /// An amount to two decimals: `1,300,000.50`.
    pub fn figure(&self, amount: u128) -> String {
        let rounded = self.asset.as_ref().map(|asset| asset.format_rounded(amount, 2));
        grouped(&rounded.unwrap_or_else(|| amount.to_string()))
    }

    /// An amount in a sentence: `1,300,000.50 OP`.
    pub fn amount(&self, amount: u128) -> String {
        format!("{} {}", self.figure(amount), self.explanation.asset)
    }

    /// `Ann gets 30.00 EUR, 30.0 % of the 100.00 EUR of epoch 1: the second most of 4 payees.`
    pub fn headline(&self) -> String {
        let explanation = self.explanation;
        let (amount, pool) = (self.amount(explanation.amount), self.amount(explanation.pool));
        if explanation.amount == 0 {
            return format!("{} gets nothing of the {pool} of epoch {}.", self.who(), explanation.number);
        }
        format!(
            "{} gets {amount}, {} of the {pool} of epoch {}: {} of {}.",
            self.who(),
            percent(explanation.amount, explanation.pool),
            explanation.number,
            most(explanation.place, "most"),
            counted(explanation.payees, "payee"),
        )
    }

    /// A measure: its name, the value, where it stands.
    pub fn measure(&self, measure: &ExplainedMeasure) -> [String; 3] {
        let place = format!(
            "{} of {}",
            most(measure.place, "highest"),
            grouped(&self.explanation.payees.to_string())
        );
        [measure.name.clone(), number(measure.value), place]
    }

    /// A contribution: what it is, what the payee would get without it, how much less or more that is.
    fn contribution(&self, contribution: &Contribution) -> [String; 3] {
        let what = if contribution.nodes == 1 {
            format!("{} {}", contribution.kind, contribution.first)
        } else {
            let (kind, nodes) = (&contribution.kind, grouped(&contribution.nodes.to_string()));
            format!("{nodes} of kind {kind}, {} to {}", contribution.first, contribution.last)
        };
        [what, self.without(&contribution.without), self.less(contribution.difference)]
    }

    /// What follows the list of contributions.
    pub fn together(&self) -> String {
        let explanation = self.explanation;
        match explanation.nodes {
            0 => return format!("{} owns nothing in this epoch.", self.who()),
            1 => return "It is its only contribution.".to_owned(),
            _ => {}
        }
        let all = match &explanation.without_all {
            Without::Amount(amount) => format!("Without any of them it would get {}.", self.amount(*amount)),
            Without::Fault(fault) => format!("Without any of them the rule would have no answer ({fault})."),
        };
        let unmoved = explanation.contributions.iter().all(|one| one.difference.magnitude() == 0);
        if unmoved && explanation.without_all.amount() == explanation.amount {
            return format!("{all} Nothing that it contributed changes what it gets.");
        }
        if explanation.adds_up {
            return format!("{all} The differences above add up to exactly that.");
        }
        format!(
            "{all} The differences above do not add up to that: what one contribution is worth depends on the others, so \
             each line is true by itself only."
        )
    }

    /// All contributions as rows, groups with what they were taken apart into below them, further in by `indent`.
    pub fn contributions(&self, indent: &str) -> Vec<[String; 3]> {
        fn collect(
            words: &Words<'_>,
            which: &[Contribution],
            before: &str,
            indent: &str,
            rows: &mut Vec<[String; 3]>,
        ) {
            for contribution in which {
                let [what, gets, less] = words.contribution(contribution);
                rows.push([format!("{before}{what}"), gets, less]);
                collect(words, &contribution.parts, &format!("{before}{indent}"), indent, rows);
            }
        }
        let mut rows = Vec::new();
        collect(self, &self.explanation.contributions, "", indent, &mut rows);
        rows
    }

    /// Somebody who relied on the payee: who, how, what the payee would get without, how much less or more that is.
    pub fn reliance(&self, reliance: &Reliance) -> [String; 4] {
        let who = if reliance.payee { reliance.who.clone() } else { format!("{} (nobody's)", reliance.who) };
        let edges = counted(reliance.edges, "edge");
        [who, edges, self.without(&reliance.without), self.less(reliance.difference)]
    }

    /// What follows the list of those who relied on it, if it is not all of them.
    pub fn further(&self) -> Option<String> {
        let more = self.explanation.relied.saturating_sub(self.explanation.reliances.len());
        (more > 0).then(|| format!("{} more relied on it with lighter edges.", grouped(&more.to_string())))
    }

    /// A way: `answer:1 --cites 50.0 %--> paper:2 (paper): 50.0 % of what leaves answer:1`.
    pub fn path(&self, path: &Path) -> String {
        let mut words = path.from.clone();
        for step in &path.steps {
            words.push_str(&format!(" --{} {}--> {}", step.edge, share(step.part), step.to));
        }
        format!("{words}: {} of what leaves {}", share(path.part), path.from)
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
        for (name, old, new) in change.measures.iter().filter(|(_, old, new)| old != new) {
            sentences.push(format!(
                "The rule's {name} was {} then and is {} now.",
                number(*old),
                number(*new)
            ));
        }
        sentences
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

/// A measure to four digits behind the point, without noise.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return grouped(&format!("{value:.0}"));
    }
    if (1e-4..1e12).contains(&value.abs()) {
        return grouped(&format!("{value:.4}"));
    }
    format!("{value:.3e}")
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
            (number(1234.5), number(-3.0), number(1e-9)),
            ("1,234.5000".into(), "-3".into(), "1.000e-9".into())
        );
    }
}
