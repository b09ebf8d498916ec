//! Cells of CSV files that people open in spreadsheets.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, which can send the sheet elsewhere or start
//! a program; a tab, a line break or a carriage return at the beginning hides such a character from a careless check. Text
//! in such files comes from anyone, so it is written with an apostrophe before it, which spreadsheets take for "this is
//! text".
//!
//! The rule goes by the column and not by what a cell looks like: columns of text (ids, names, symbols, titles) are
//! guarded, columns of numbers never are, so that a difference of `-5` stays the number that it is and an id `-5` becomes
//! text.

use std::borrow::Cow;

/// A cell of text, guarded: an apostrophe is put before text that a spreadsheet could run.
///
/// Text that begins with apostrophes and then such a character gets one more, so that [`unguard_cell`] always gives the
/// text back. All other text is unchanged.
///
/// ```
/// use apportion_import::spreadsheet::{guard_cell, unguard_cell};
///
/// assert_eq!(guard_cell("=HYPERLINK(\"https://example.org\")"), "'=HYPERLINK(\"https://example.org\")");
/// assert_eq!(guard_cell("'t Hooft"), "'t Hooft");
/// assert_eq!(unguard_cell(&guard_cell("'@x")), "'@x");
/// ```
pub fn guard_cell(text: &str) -> Cow<'_, str> {
    if would_run(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that [`guard_cell`] made `cell` of, or that someone wrote without guarding it.
pub fn unguard_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| would_run(text)).unwrap_or(cell)
}

/// Whether text begins with what starts a formula, in any width, after any number of apostrophes.
fn would_run(text: &str) -> bool {
    let first = text.trim_start_matches('\'').chars().next();
    // Spreadsheets of East Asian languages take the wide forms for the same.
    first.is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_run_is_guarded_and_given_back() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''-1"] {
            let guarded = guard_cell(text);
            assert_eq!(guarded, format!("'{text}"));
            assert_eq!(unguard_cell(&guarded), text);
        }
        for text in ["", "ann", "'t Hooft", "''", "a=b", "0x1F", "1-2", "é"] {
            assert_eq!(guard_cell(text), text);
            assert_eq!(unguard_cell(text), text);
        }
    }
}
