//! Why a list cannot be used, or a signature does not count.

use crate::error::ErrorKind;

use super::keys::{Signer, supported};

/// The most bytes of a list of allowed signers.
pub const MAX_LIST: usize = 1 << 18;
/// The most keys of a list, and the most signatures that are counted at once.
pub const MAX_SIGNERS: usize = 256;

/// Why a list cannot be used, or a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// A list that is too long to read.
    #[error("the allowed signers take {length} bytes; {MAX_LIST} are allowed")]
    ListTooLong {
        /// Its bytes.
        length: usize,
    },
    /// A list without keys.
    #[error("the allowed signers name no key")]
    NoSigners,
    /// A list with more keys than [`MAX_SIGNERS`].
    #[error("the allowed signers name over {MAX_SIGNERS} keys")]
    TooManySigners,
    /// A line of the list that cannot be used.
    #[error("the allowed signers' line {line} {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A signature that cannot be read.
    #[error("the signature {problem}")]
    Form {
        /// What is wrong with it.
        problem: String,
    },
    /// A signature by a key of a type that is not verified here.
    #[error("the signature is by a key of the type `{0}`, which is not supported: sign with {supported}", supported = supported())]
    KeyType(String),
    /// A signature that was made for something else.
    #[error(
        "the signature is for `{found}`; expected one for `{wanted}`, as `ssh-keygen -Y sign -n {wanted}` makes it"
    )]
    Namespace {
        /// What it was made for.
        found: String,
        /// What it should have been made for.
        wanted: String,
    },
    /// A signature by a key that is not listed.
    #[error("the signature is by the key {fingerprint}, which is not among the allowed signers")]
    NotAllowed {
        /// The key's.
        fingerprint: String,
    },
    /// A signature by a key whose `namespaces` leave out this one.
    #[error("{signer} may not sign for `{namespace}`")]
    NamespaceNotAllowed {
        /// Whose key it is.
        signer: Box<Signer>,
        /// What was signed for.
        namespace: String,
    },
    /// A signature by a listed key over other bytes, or one that was changed.
    #[error("the signature by {signer} does not fit what should be signed")]
    Mismatch {
        /// Who is said to have signed.
        signer: Box<Signer>,
    },
    /// A signature that a hardware key made without being touched.
    #[error("the signature by {signer} was made without touching the hardware key")]
    Untouched {
        /// Whose key it is.
        signer: Box<Signer>,
    },
    /// One of several signatures does not count.
    #[error("signature {number}: {reason}")]
    OneOfMany {
        /// Which one, counted from 1.
        number: usize,
        /// Why.
        reason: Box<SignatureError>,
    },
    /// A required number of signatures that can never be reached, or 0.
    #[error("{required} signatures are required and {able} keys may sign: require 1 to {able}")]
    Unreachable {
        /// How many are required.
        required: u32,
        /// How many keys may sign for the namespace.
        able: usize,
    },
    /// More signatures than are counted at once.
    #[error("there are {given} signatures; {MAX_SIGNERS} are counted at once")]
    TooManySignatures {
        /// How many.
        given: usize,
    },
    /// Fewer keys signed than must.
    #[error("{missing} of {required} signatures are missing; {}", signed_by(signed))]
    Missing {
        /// Who signed, in the list's order.
        signed: Vec<Signer>,
        /// How many keys must sign.
        required: u32,
        /// How many of them did not.
        missing: u32,
    },
    /// A private key that cannot be used.
    #[error("the private key {problem}")]
    PrivateKey {
        /// What is wrong with it.
        problem: String,
    },
    /// A namespace to sign for that is empty.
    #[error("the namespace to sign for is empty")]
    NoNamespace,
}

impl SignatureError {
    /// Whose fault it is: always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

fn signed_by(signers: &[Signer]) -> String {
    match signers {
        [] => "nobody signed".to_owned(),
        _ => format!("signed by {}", signers.iter().map(Signer::to_string).collect::<Vec<_>>().join(", ")),
    }
}
