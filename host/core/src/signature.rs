//! Signatures made with people's SSH keys, and who may make them: k of n listed keys agree to some bytes.
//!
//! People sign with what they have: `ssh-keygen -Y sign -n apportion-charter -f KEY FILE` writes `FILE.sig`, and
//! [`AllowedSigners`] is the list that `ssh-keygen -Y verify` reads. Nothing here reads a clock or draws a random
//! number, so a signature that was good stays good: to stop someone from signing, remove their line from the list.
//!
//! | key type | verified | [`sign`] |
//! |---|---|---|
//! | `ssh-ed25519` | yes | yes |
//! | `ecdsa-sha2-nistp256`, `ecdsa-sha2-nistp384` | yes | yes, by RFC 6979 |
//! | `sk-ssh-ed25519@openssh.com`, `sk-ecdsa-sha2-nistp256@openssh.com` | yes, if the key was touched | no: the key is in the hardware |
//! | `ssh-rsa`, `ssh-dss`, `ecdsa-sha2-nistp521`, certificates | no | no |
//!
//! Formats: ssh-keygen(1), ALLOWED SIGNERS; OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f.

mod armor;
mod error;
mod keys;
mod list;
mod sign;

use std::collections::BTreeSet;

use ssh_key::PublicKey;

use crate::text::visible;

use armor::{read_signature, touched};
use keys::fingerprint;
use list::{Entry, read_line};

pub use armor::MAX_SIGNATURE;
pub use error::{MAX_LIST, MAX_SIGNERS, SignatureError};
pub use keys::{KEY_TYPES, Signer};
pub use sign::{MAX_PRIVATE_KEY, sign};

/// What a signature of a charter is made for: `ssh-keygen -Y sign -n apportion-charter`.
pub const CHARTER_NAMESPACE: &str = "apportion-charter";
/// The keys that may sign, from OpenSSH's file of allowed signers.
///
/// ```
/// use apportion_core::signature::{AllowedSigners, CHARTER_NAMESPACE};
///
/// # let folder = std::path::Path::new("tests/data/ssh");
/// let key = std::fs::read_to_string(folder.join("ed25519.pub"))?;
/// let signature = std::fs::read_to_string(folder.join("ed25519.sig"))?;
/// let message = std::fs::read(folder.join("message"))?;
///
/// let allowed = AllowedSigners::parse(&format!("ada@example.org {key}"))?;
/// let signer = allowed.verify(CHARTER_NAMESPACE, &message, &signature)?;
/// assert_eq!(signer.principals, ["ada@example.org"]);
/// assert!(allowed.verify(CHARTER_NAMESPACE, b"another message", &signature).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedSigners {
    text: String,
    entries: Vec<Entry>,
}

impl AllowedSigners {
    /// Reads a list in OpenSSH's format: on each line the principals (separated by commas), options, the key type,
    /// the key and a comment; `#` begins a line of comment.
    ///
    /// Of the options `namespaces="..."` is honoured. `cert-authority`, `valid-after` and `valid-before` are refused,
    /// as are patterns for principals: a listed key is somebody's, at any time.
    pub fn parse(text: &str) -> Result<AllowedSigners, SignatureError> {
        if text.len() > MAX_LIST {
            return Err(SignatureError::ListTooLong { length: text.len() });
        }
        let mut entries: Vec<Entry> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let wrong = |problem| SignatureError::Line { line: index.saturating_add(1), problem };
            let Some(entry) = read_line(line).map_err(wrong)? else { continue };
            if let Some(known) = entries.iter().find(|known| known.key == entry.key) {
                return Err(wrong(format!("lists a key again, that of {}", known.signer)));
            }
            if entries.len() == MAX_SIGNERS {
                return Err(SignatureError::TooManySigners);
            }
            entries.push(entry);
        }
        if entries.is_empty() {
            return Err(SignatureError::NoSigners);
        }
        Ok(AllowedSigners { text: text.to_owned(), entries })
    }

    /// The text that was read, unchanged: what is stored.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whom the list names, in its order.
    pub fn signers(&self) -> impl Iterator<Item = &Signer> {
        self.entries.iter().map(|entry| &entry.signer)
    }

    /// Whose keys may not sign for `namespace`, by their option `namespaces`; in the list's order.
    pub fn signers_not_allowed(&self, namespace: &str) -> impl Iterator<Item = &Signer> {
        let barred = self.entries.iter().filter(move |entry| !entry.may_sign_for(namespace));
        barred.map(|entry| &entry.signer)
    }

    /// Who signed `message` for `namespace`: `signature` is the armored text that `ssh-keygen -Y sign` writes.
    pub fn verify(&self, namespace: &str, message: &[u8], signature: &str) -> Result<Signer, SignatureError> {
        self.verified(namespace, message, signature).map(|(_, signer)| signer.clone())
    }

    /// Who signed, if at least `required` different keys did; in the list's order.
    ///
    /// Every signature must be good. A key that signed several times counts once.
    ///
    /// ```
    /// use apportion_core::signature::{AllowedSigners, CHARTER_NAMESPACE, SignatureError};
    ///
    /// # let folder = std::path::Path::new("tests/data/ssh");
    /// # let read = |name: &str| std::fs::read_to_string(folder.join(name));
    /// let (ada, bob) = (read("ed25519.pub")?, read("ed25519-second.pub")?);
    /// let allowed = AllowedSigners::parse(&format!("ada@example.org {ada}\nbob@example.org {bob}"))?;
    /// let message = std::fs::read(folder.join("message"))?;
    /// let (first, second) = (read("ed25519.sig")?, read("ed25519-second.sig")?);
    ///
    /// let signers = allowed.quorum(CHARTER_NAMESPACE, &message, &[&first, &second], 2)?;
    /// assert_eq!(signers.len(), 2);
    /// let too_few = allowed.quorum(CHARTER_NAMESPACE, &message, &[&first, &first], 2);
    /// assert!(matches!(too_few, Err(SignatureError::Missing { missing: 1, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SignatureError::Missing`] with who signed, [`SignatureError::OneOfMany`] for a signature that does not count, and
    /// [`SignatureError::Unreachable`] and [`SignatureError::TooManySignatures`].
    pub fn quorum(
        &self,
        namespace: &str,
        message: &[u8],
        signatures: &[&str],
        required: u32,
    ) -> Result<Vec<Signer>, SignatureError> {
        let able = self.entries.iter().filter(|entry| entry.may_sign_for(namespace)).count();
        let wanted = usize::try_from(required).unwrap_or(usize::MAX);
        if wanted == 0 || wanted > able {
            return Err(SignatureError::Unreachable { required, able });
        }
        if signatures.len() > MAX_SIGNERS {
            return Err(SignatureError::TooManySignatures { given: signatures.len() });
        }
        let mut places = BTreeSet::new();
        for (index, signature) in signatures.iter().enumerate() {
            let (place, _) = self.verified(namespace, message, signature).map_err(|reason| {
                SignatureError::OneOfMany { number: index.saturating_add(1), reason: Box::new(reason) }
            })?;
            places.insert(place);
        }
        let signed: Vec<Signer> = (self.signers().enumerate())
            .filter(|(place, _)| places.contains(place))
            .map(|(_, signer)| signer.clone())
            .collect();
        match required.saturating_sub(u32::try_from(signed.len()).unwrap_or(u32::MAX)) {
            0 => Ok(signed),
            missing => Err(SignatureError::Missing { signed, required, missing }),
        }
    }

    /// The signer and their place in the list.
    fn verified(
        &self,
        namespace: &str,
        message: &[u8],
        signature: &str,
    ) -> Result<(usize, &Signer), SignatureError> {
        let signature = read_signature(signature)?;
        if signature.namespace() != namespace {
            return Err(SignatureError::Namespace {
                found: visible(signature.namespace(), 64),
                wanted: visible(namespace, 64),
            });
        }
        let key = signature.public_key();
        let Some((place, entry)) = self.entries.iter().enumerate().find(|(_, entry)| entry.key == *key)
        else {
            return Err(SignatureError::NotAllowed { fingerprint: fingerprint(key) });
        };
        let signer = || Box::new(entry.signer.clone());
        if !entry.may_sign_for(namespace) {
            let namespace = visible(namespace, 64);
            return Err(SignatureError::NamespaceNotAllowed { signer: signer(), namespace });
        }
        let fits = signature.algorithm() == key.algorithm()
            && PublicKey::from(key.clone()).verify(namespace, message, &signature).is_ok();
        if !fits {
            return Err(SignatureError::Mismatch { signer: signer() });
        }
        if !touched(&signature) {
            return Err(SignatureError::Untouched { signer: signer() });
        }
        Ok((place, &entry.signer))
    }
}

#[cfg(test)]
mod tests;
