//! Why something is not a charter.

use crate::canonical::CanonicalError;
use crate::error::ErrorKind;

/// The format that is read and written.
pub(super) const FORMAT: &str = "apportion charter 1";

/// Why something is not a charter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CharterError {
    /// Not the JSON of a charter, or not its canonical spelling.
    #[error("not a charter: {0}")]
    Form(#[from] CanonicalError),
    /// Another format, or a later version of this one.
    #[error("the charter's format is `{0}`; this engine reads `{FORMAT}`")]
    Format(String),
    /// A term that cannot be.
    #[error("the charter's {place}: {problem}")]
    Term {
        /// Which term.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl CharterError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

pub(super) fn wrong(place: impl Into<String>, problem: impl Into<String>) -> CharterError {
    CharterError::Term { place: place.into(), problem: problem.into() }
}
