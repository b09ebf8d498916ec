//! What text an object may hold, and how text from outside is shown.
//!
//! Two lists of characters, because they have different lives. What an object may *hold* is part of the formats: the list
//! is fixed, so that an epoch or a receipt that was valid stays valid. What is *shown as itself* is a matter of display:
//! that list holds more and may grow, and [`escape`] spells out every character on it.

use std::fmt::{self, Display, Write};

/// The most bytes of an id, a kind, a name of a payee or of a column.
pub const MAX_NAME: usize = 1024;
/// The most bytes of a word in a label column.
pub const MAX_WORD: usize = 4096;

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// A name must say something.
    #[error("is empty")]
    Empty,
    /// Longer than allowed.
    #[error("is {length} bytes long; {max} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
        /// The most allowed.
        max: usize,
    },
    /// A character that a terminal or browser would act on instead of showing it.
    #[error("holds the invisible character U+{0:04X}")]
    Invisible(u32),
}

/// Checks an id, a kind or a column's name: 1 to [`MAX_NAME`] bytes, every character visible.
pub fn check_name(text: &str) -> Result<(), TextProblem> {
    if text.is_empty() { Err(TextProblem::Empty) } else { check(text, MAX_NAME) }
}

/// Checks a word of a label column: up to [`MAX_WORD`] bytes, every character visible.
pub fn check_word(text: &str) -> Result<(), TextProblem> {
    check(text, MAX_WORD)
}

fn check(text: &str, max: usize) -> Result<(), TextProblem> {
    if text.len() > max {
        return Err(TextProblem::TooLong { length: text.len(), max });
    }
    // Nearly all text is plain ASCII; one pass over bytes settles it.
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Ok(());
    }
    match text.chars().find(|&c| is_invisible(c)) {
        Some(c) => Err(TextProblem::Invisible(u32::from(c))),
        None => Ok(()),
    }
}

/// The most bytes of a label.
pub const MAX_LABEL: usize = 64;

/// Whether a text is a label, as policies and their measures have: lower-case letters and digits in words joined by
/// single hyphens, at most [`MAX_LABEL`] bytes.
pub fn is_label(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= MAX_LABEL && text.split('-').all(word)
}

/// Whether a terminal or browser would act on `c`: controls, line and paragraph separators, direction marks.
///
/// The list is part of the formats: it is fixed here and not taken from a Unicode version, so that what is refused, and
/// what [`visible`] keeps in a receipt, never changes. For showing text see [`is_hidden`].
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether `c` is spelled out when it is shown: a terminal or browser would act on it, or would show nothing for it, so
/// that two different texts would look the same.
///
/// These are the characters that objects may not hold (controls, line separators, direction marks), Unicode's ignorable
/// characters (the soft hyphen, variation selectors, tags, Hangul fillers and others), letters without ink (the blank
/// Braille pattern), annotation marks and noncharacters. Blanks are not among them: see [`escape_name`].
pub fn is_hidden(c: char) -> bool {
    c >= '\u{7f}' && is_hidden_beyond_ascii(c) || c < ' '
}

fn is_hidden_beyond_ascii(c: char) -> bool {
    is_invisible(c)
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{2800}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{13440}' | '\u{16fe4}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Text from outside, shown on one line: every [hidden](is_hidden) character is spelled out as Rust spells it
/// (`\n`, `\u{202e}`), all others are themselves.
///
/// Whatever prints text that came from elsewhere passes it through here: ids, names, parameters, file names, and the
/// messages of this library's errors, which quote such text.
///
/// ```
/// let error = apportion_core::money::Asset::new("\u{1b}[2J", 2).unwrap_err();
/// assert!(apportion_core::text::escape(error).to_string().contains("\\u{1b}[2J"));
/// assert_eq!(apportion_core::text::escape("Zoë, 東京\n").to_string(), "Zoë, 東京\\n");
/// ```
pub fn escape<T: Display>(text: T) -> Escaped<T> {
    Escaped { text, blanks: Blanks::Kept }
}

/// As [`escape`], and blanks at either end are spelled out too: a name that ends in a blank looks like one that does not.
///
/// ```
/// assert_eq!(apportion_core::text::escape_name("Ann ").to_string(), "Ann\\u{20}");
/// assert_eq!(apportion_core::text::escape_name("Ann B").to_string(), "Ann B");
/// ```
pub fn escape_name(name: &str) -> Escaped<&str> {
    Escaped { text: name, blanks: Blanks::SpelledAtEnds(name.trim().len()) }
}

/// What [`escape`] and [`escape_name`] give: shows its text without a hidden character.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<T> {
    text: T,
    blanks: Blanks,
}

#[derive(Clone, Copy, Debug)]
enum Blanks {
    Kept,
    /// How many bytes the text has without them.
    SpelledAtEnds(usize),
}

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gate = Gate { to: f, blanks: self.blanks, inside: 0 };
        write!(gate, "{}", self.text)
    }
}

struct Gate<'a, 'b> {
    to: &'a mut fmt::Formatter<'b>,
    blanks: Blanks,
    /// How many bytes after the leading blanks have been written.
    inside: usize,
}

impl Gate<'_, '_> {
    /// Whether `c` is a blank at one of the ends of a name. Counts on.
    fn is_at_an_end(&mut self, c: char) -> bool {
        let Blanks::SpelledAtEnds(length) = self.blanks else { return false };
        let outside = c.is_whitespace() && (self.inside == 0 || self.inside >= length);
        if !outside {
            self.inside += c.len_utf8();
        }
        outside
    }
}

impl Write for Gate<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            let outside = self.is_at_an_end(c);
            match c {
                '\n' => self.to.write_str("\\n")?,
                '\r' => self.to.write_str("\\r")?,
                '\t' => self.to.write_str("\\t")?,
                c if outside || is_hidden(c) => write!(self.to, "\\u{{{:x}}}", u32::from(c))?,
                c => self.to.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// `text` from a stranger (a policy's message), cut to `max` bytes, with a space for every character that no object may
/// hold: for text that is kept. Text that is only shown goes through [`escape`].
pub fn visible(text: &str, max: usize) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        let c = if is_invisible(c) { ' ' } else { c };
        if shown.len() + c.len_utf8() > max {
            break;
        }
        shown.push(c);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_seen_passes() {
        assert_eq!(check_name("0x1F/Ünï-wörk=東京"), Ok(()));
        assert_eq!(check_name(""), Err(TextProblem::Empty));
        assert_eq!(check_name("a\u{1b}[2J"), Err(TextProblem::Invisible(0x1b)));
        assert_eq!(check_name("a\u{202e}b"), Err(TextProblem::Invisible(0x202e)));
        assert_eq!(check_name(&"x".repeat(1025)), Err(TextProblem::TooLong { length: 1025, max: 1024 }));
        assert_eq!(visible("a\nbc", 3), "a b");
    }

    #[test]
    fn what_hides_is_spelled_out_when_it_is_shown() {
        // One of each family: objects hold some of these, since format 1 allows them.
        for hidden in [
            '\u{7}',
            '\u{7f}',
            '\u{9b}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200d}',
            '\u{202e}',
            '\u{2060}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{ffff}',
            '\u{e0041}',
            '\u{e0100}',
        ] {
            let code = u32::from(hidden);
            assert_eq!(
                escape(format!("a{hidden}b")).to_string(),
                format!("a\\u{{{code:x}}}b"),
                "U+{code:04X}"
            );
        }
        assert_eq!(escape("a\r\n\tb").to_string(), "a\\r\\n\\tb");
        for shown in ["0x1F/Ünï-wörk=東京", "שלום", "e\u{301}", "山田\u{3000}太郎", "C:\\x", "…“”"]
        {
            assert_eq!(escape(shown).to_string(), shown);
        }
    }

    #[test]
    fn every_character_that_no_object_may_hold_is_hidden() {
        assert!(('\0'..=char::MAX).all(|c| !is_invisible(c) || is_hidden(c)));
    }

    #[test]
    fn blanks_at_the_ends_of_a_name_are_spelled_out() {
        for (name, shown) in [
            (" a b ", "\\u{20}a b\\u{20}"),
            ("\u{3000}a\u{a0}\u{a0}", "\\u{3000}a\\u{a0}\\u{a0}"),
            ("  ", "\\u{20}\\u{20}"),
            ("", ""),
            ("é", "é"),
        ] {
            assert_eq!(escape_name(name).to_string(), shown);
        }
    }
}
