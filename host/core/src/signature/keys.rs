//! Types of keys, and the people who hold keys.

use std::fmt;

use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use crate::text::visible;

/// The key types whose signatures are verified.
pub const KEY_TYPES: [&str; 5] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// Someone whose signature was verified, or who may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The names that the list gives to the key; at least one.
    pub principals: Vec<String>,
    /// The key's hash as OpenSSH shows it: `SHA256:` and 43 characters.
    pub fingerprint: String,
    /// The public key as in a `.pub` file, without its comment.
    pub key: String,
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.principals.join(","), self.fingerprint)
    }
}

/// The key types in a sentence.
pub(super) fn supported() -> String {
    KEY_TYPES.map(|name| format!("`{name}`")).join(", ")
}

/// What is wrong with a key of another type.
pub(super) fn unsupported(key_type: &str) -> String {
    format!(
        "has the key type `{}`, which is not supported: use one of {}",
        visible(key_type, 64),
        supported()
    )
}

/// The hash of a key as OpenSSH shows it.
pub(super) fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
