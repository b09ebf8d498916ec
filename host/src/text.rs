//! What text an object may hold, so that showing it can fool nobody: no control characters (a terminal would obey
//! them) and nothing that reverses the reading direction.

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
pub(crate) fn check_name(text: &str) -> Result<(), TextProblem> {
    if text.is_empty() { Err(TextProblem::Empty) } else { check(text, MAX_NAME) }
}

/// Checks a word of a label column: up to [`MAX_WORD`] bytes, every character visible.
pub(crate) fn check_word(text: &str) -> Result<(), TextProblem> {
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

/// Whether a terminal or browser would act on `c`: controls, line and paragraph separators, direction marks.
///
/// The list is fixed here and not taken from a Unicode version, so that what is refused never changes.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `text` from a stranger (a policy's message), cut to `max` bytes, with a space for every invisible character.
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
}
