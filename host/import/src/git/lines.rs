//! How many lines differ between two versions of a file.

use imara_diff::{Algorithm, Diff, InternedInput};

/// Where git looks for a byte of 0, which makes a file one without lines.
const LOOKED_AT: usize = 8_000;

/// The largest file whose lines are compared.
pub(super) const MAX_COMPARED: usize = 32 << 20;

/// Lines added and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) added: u32,
    pub(super) removed: u32,
}

/// Counts as `git diff --numstat` counts; what is no text has no lines.
pub(super) fn between(old: &[u8], new: &[u8]) -> Lines {
    if [old, new].iter().any(|bytes| bytes.len() > MAX_COMPARED || is_binary(bytes)) {
        return Lines::default();
    }
    let input = InternedInput::new(old, new);
    let diff = Diff::compute(Algorithm::Myers, &input);
    Lines { added: diff.count_additions(), removed: diff.count_removals() }
}

fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(LOOKED_AT).any(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_what_is_no_text_has_none() {
        let counted = |old: &str, new: &str| {
            let Lines { added, removed } = between(old.as_bytes(), new.as_bytes());
            (added, removed)
        };
        assert_eq!(counted("a\nb\nc\n", "a\nx\nc\nd\n"), (2, 1));
        assert_eq!(counted("", "a\nb"), (2, 0));
        assert_eq!(counted("a", "a\n"), (1, 1));
        assert_eq!(counted("a\n", "a\0\n"), (0, 0));
        assert_eq!(counted("", ""), (0, 0));
    }
}
