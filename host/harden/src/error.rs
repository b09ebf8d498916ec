use wasmparser::{Error as Invalid, FuncToValidate};

/// Why a component was not hardened, and the place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a valid component, or it uses a feature that is not on the list in METERING.md.
    #[error("not a component that can be metered: {reason} (byte {offset})")]
    Invalid {
        /// What is wrong.
        reason: String,
        /// Where in the component, in bytes.
        offset: usize,
    },
    /// The same, inside a function.
    #[error("function {function} of core module {module} cannot be metered: {reason} (byte {offset})")]
    Function {
        /// Which core module of the component, from 0.
        module: usize,
        /// The function's index in its module, imports first.
        function: u32,
        /// What is wrong.
        reason: String,
        /// Where in the component, in bytes.
        offset: usize,
    },
    /// The component meters itself already, or pretends to.
    #[error("the component is hardened already: it names `{0}`")]
    Hardened(String),
    /// The bytes are a core module where a component is wanted, or the other way about.
    #[error("expected a {expected}")]
    Kind {
        /// `component` or `core module`.
        expected: &'static str,
    },
    /// A part of the component that code could hide in.
    #[error("{what} cannot be metered (byte {offset})")]
    Refused {
        /// The part.
        what: &'static str,
        /// Where in the component, in bytes.
        offset: usize,
    },
    /// A table starts larger than engines take.
    #[error("table {index} of core module {module} starts with {initial} elements, and may have 10000000")]
    TableTooLarge {
        /// Its index among those the module defines.
        index: usize,
        /// Which core module of the component, from 0.
        module: usize,
        /// Its least size.
        initial: u64,
    },
    /// The rewritten component is larger than components may be.
    #[error("too large once metered: {reason}")]
    Grown {
        /// Which bound it is over.
        reason: String,
    },
}

impl Error {
    pub(crate) fn in_function<T>(module: usize, function: &FuncToValidate<T>, error: &Invalid) -> Self {
        let (reason, offset) = (error.message().to_owned(), error.offset());
        Self::Function { module, function: function.index, reason, offset }
    }
}

impl From<Invalid> for Error {
    fn from(error: Invalid) -> Self {
        Self::Invalid { reason: error.message().to_owned(), offset: error.offset() }
    }
}

impl From<wasm_encoder::reencode::Error<std::convert::Infallible>> for Error {
    fn from(error: wasm_encoder::reencode::Error<std::convert::Infallible>) -> Self {
        match error {
            wasm_encoder::reencode::Error::ParseError(error) => error.into(),
            other => Self::Invalid { reason: other.to_string(), offset: 0 },
        }
    }
}
