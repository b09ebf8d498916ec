//! Numbers, dates and sentences as the page says them.

use std::collections::BTreeSet;

use apportion_core::canonical::Digest;
use apportion_core::charter::CharterTerms;
use apportion_core::comparison::{
    CandidateSide, ComparedEpoch, ComparedPayee, Comparison, ComparisonTerms, Difference,
};
use apportion_core::text::escape_name;

use crate::escape::{Html, html};

/// How many digits after the point amounts are shown with; the embedded data has all.
const DIGITS: u32 = 2;

/// The comparison, put in words.
pub(crate) struct Wording<'a> {
    comparison: &'a Comparison,
    pub(crate) terms: &'a ComparisonTerms,
}

impl<'a> Wording<'a> {
    pub(crate) fn of(comparison: &'a Comparison) -> Wording<'a> {
        Wording { comparison, terms: comparison.terms() }
    }

    /// An amount for people, with the exact base units beside it for programs.
    pub(crate) fn data(&self, amount: u128) -> Html {
        html!("<data value=\"{}\">{}</data>", amount, self.number(amount))
    }

    /// A difference, always with a sign that is no hyphen.
    pub(crate) fn difference(&self, difference: Difference) -> Html {
        let (class, sign) = match (difference.is_negative(), difference.magnitude()) {
            (_, 0) => ("level", ""),
            (true, _) => ("less", "\u{2212}"),
            (false, _) => ("more", "+"),
        };
        let number = self.number(difference.magnitude());
        html!("<data class=\"{}\" value=\"{}\">{}{}</data>", class, difference, sign, number)
    }

    fn number(&self, amount: u128) -> String {
        grouped(&self.comparison.asset().format_rounded(amount, DIGITS))
    }

    /// `1,234.50 OP`, which no line break tears apart.
    pub(crate) fn amount(&self, amount: u128) -> Html {
        html!("{}\u{a0}{}", self.data(amount), self.comparison.asset().symbol())
    }

    /// `1,234.50 OP`, with a line break between the two where there is no room.
    pub(crate) fn amount_in_parts(&self, amount: u128) -> Html {
        html!("{} {}", self.data(amount), self.comparison.asset().symbol())
    }

    pub(crate) fn payees(&self, count: usize) -> String {
        counted(count, "payee")
    }

    /// What to call a payee: its name, and its id in small where it has one.
    pub(crate) fn payee(&self, payee: &ComparedPayee) -> Html {
        let id = Html::text(escape_name(&payee.payee));
        if payee.name.is_empty() || payee.name == payee.payee {
            return html!("<bdi class=\"id\" title=\"{}\">{}</bdi>", id, id);
        }
        html!(
            "<bdi>{}</bdi> <bdi class=\"id minor\" title=\"{}\">{}</bdi>",
            Html::text(escape_name(&payee.name)),
            id,
            id
        )
    }

    pub(crate) fn candidate(&self) -> Option<&'a CharterTerms> {
        self.terms.charter(self.terms.candidate)
    }

    /// A policy of a charter by the name that the charter gives it, with its standing: `equal 0.1.0 (standard)`. Where a
    /// charter has several of that name, all that it could be.
    pub(crate) fn policy(&self, charter: Digest, name: &str) -> Html {
        let policies = self.terms.charter(charter).map_or(&[][..], |terms| &terms.policies);
        let named: BTreeSet<String> = policies
            .iter()
            .filter(|appointment| appointment.name == name)
            .map(|one| apportion_standard::describe(&one.name, &one.version, &one.policy.to_string()))
            .collect();
        let named = if named.is_empty() { BTreeSet::from([name.to_owned()]) } else { named };
        Html::join(named.iter().map(|one| html!("<bdi>{}</bdi>", one)), " or ")
    }

    pub(crate) fn title(&self) -> Html {
        let last = self.terms.epochs.last().and_then(|epoch| self.terms.charter(epoch.original.charter));
        Html::text(last.map_or("", |terms| &terms.name))
    }

    /// `6 epochs, 1 January 2025 to 30 June 2025`.
    pub(crate) fn period(&self) -> Html {
        let epochs = &self.terms.epochs;
        let (Some(first), Some(last)) = (epochs.first(), epochs.last()) else { return Html::default() };
        let new = self.candidate().map_or("", |terms| &terms.name);
        html!(
            "{}, {} to {}, under the rule that was in force and under \u{201c}<bdi>{}</bdi>\u{201d}",
            counted(epochs.len(), "epoch"),
            day(first.start),
            day(last.end - 1),
            new
        )
    }

    pub(crate) fn headline(&self) -> Html {
        let (totals, statistics) = (&self.terms.totals, &self.terms.statistics);
        if totals.epochs == 0 {
            return Html::of("The new rule could not have settled any of these epochs.");
        }
        if statistics.gain == 0 && statistics.lose == 0 {
            return Html::of("Under the new rule everyone would have got exactly what they got.");
        }
        let moved = if totals.changes_hands == 0 {
            Html::default()
        } else {
            html!(
                " {} would have gone to other payees, {} of what was paid.",
                self.amount(totals.changes_hands),
                percent(part(totals.changes_hands, totals.original))
            )
        };
        let treasury = match (totals.difference.magnitude(), totals.difference.is_negative()) {
            (0, _) => Html::default(),
            (less, true) => html!(" In all, {} less would have been paid.", self.amount(less)),
            (more, false) => html!(" In all, {} more would have been paid.", self.amount(more)),
        };
        html!(
            "Under the new rule {} would have got more and {} less.{}{}",
            self.payees(statistics.gain),
            grouped(&statistics.lose.to_string()),
            moved,
            treasury
        )
    }
}

/// An epoch in a sentence.
pub(crate) fn epoch(epoch: &ComparedEpoch) -> String {
    format!("Epoch {} ({} to {})", epoch.number, day(epoch.start), day(epoch.end - 1))
}

/// Whether both settled it.
pub(crate) fn is_compared(epoch: &ComparedEpoch) -> bool {
    matches!(epoch.candidate, CandidateSide::Settled(_))
}

/// A second since 1970 as its day.
pub(crate) fn day(second: i64) -> String {
    match jiff::Timestamp::from_second(second) {
        Ok(time) => time.strftime("%-d %B %Y").to_string(),
        Err(_) => format!("second {second}"),
    }
}

/// For drawing and for percentages alone.
pub(crate) fn part(amount: u128, whole: u128) -> Option<f64> {
    (whole > 0).then(|| amount as f64 / whole as f64)
}

pub(crate) fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| "\u{2013}".to_owned(), |part| format!("{:.1}\u{a0}%", part * 100.0))
}

pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(&count.to_string()), if count == 1 { "" } else { "s" })
}

/// `1300000.50` is `1,300,000.50`.
pub(crate) fn grouped(number: &str) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if part.is_empty() { grouped } else { format!("{grouped}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_read_well() {
        assert_eq!(grouped("1300000.50"), "1,300,000.50");
        assert_eq!(grouped("12"), "12");
        assert_eq!(day(1_735_689_600), "1 January 2025");
        assert_eq!(day(i64::MAX), "second 9223372036854775807");
        assert_eq!(percent(part(1, 8)), "12.5\u{a0}%");
        assert_eq!(percent(part(1, 0)), "\u{2013}");
    }
}
