//! Parts, places and measures as people read them.

use crate::wording::grouped;

/// A text, or as much of it as has `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Tenths of a percent, cut and not rounded: a part that is not all is never said to be.
pub(crate) fn percent(amount: u128, whole: u128) -> String {
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

/// A part of a whole, in percent.
pub(crate) fn share(part: f64) -> String {
    if part < 0.001 { "less than 0.1 %".to_owned() } else { format!("{:.1} %", part * 100.0) }
}

/// `the most`, `the second most`, `the 7th most`.
pub(crate) fn most(place: usize, what: &str) -> String {
    if place == 1 { format!("the {what}") } else { format!("the {} {what}", ordinal(place)) }
}

/// `1st`, `2nd`, `1,002nd`.
pub(crate) fn ordinal(place: usize) -> String {
    let ending = match (place % 10, place % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{}{ending}", grouped(&place.to_string()))
}

/// A measure to four digits behind the point, a small one to its first few digits, without noise.
pub(crate) fn number(value: f64) -> String {
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
