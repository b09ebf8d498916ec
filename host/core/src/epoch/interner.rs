//! Texts by number.

use std::sync::Arc;

use super::writer::count;

/// Gives every different text a number, in the order in which texts come first.
#[derive(Debug, Default)]
pub(super) struct Interner {
    texts: Vec<Arc<str>>,
    #[expect(clippy::disallowed_types, reason = "looked up by the million, never iterated")]
    numbers: std::collections::HashMap<Arc<str>, u32>,
}

impl Interner {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let (number, text) = (count(self.texts.len()), Arc::<str>::from(text));
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// The texts in the order of their numbers.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(|text| &**text).collect()
    }
}
