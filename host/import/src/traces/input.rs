//! A document on its way into a draft.

use std::io::Read;

use crate::limits::Quota;

/// A file's text on its way into a draft.
pub(crate) struct Input<'a> {
    pub(crate) text: &'a mut dyn Read,
    pub(crate) file: usize,
    pub(crate) quota: &'a Quota,
}

#[cfg(test)]
impl<'a> Input<'a> {
    /// A text as if it were a file.
    pub(crate) fn of_test(text: &'a mut dyn Read, file: usize) -> Input<'a> {
        let quota = std::sync::LazyLock::force(&TEST_QUOTA);
        Input { text, file, quota }
    }
}

#[cfg(test)]
static TEST_QUOTA: std::sync::LazyLock<Quota> = std::sync::LazyLock::new(Quota::default);
