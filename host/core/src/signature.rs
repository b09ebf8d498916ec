//! Signatures made with people's SSH keys, and who may make them: k of n listed keys agree to some bytes.
//!
//! People sign with what they have: `ssh-keygen -Y sign -n apportion-charter -f KEY FILE` writes `FILE.sig`, and
//! [`AllowedSigners`] is the list that `ssh-keygen -Y verify` reads. Nothing here reads a clock or draws a random
//! number, so a signature that was good stays good: whoever is to stop signing is struck from the list.
//!
//! | key type | verified | [`sign`] |
//! |---|---|---|
//! | `ssh-ed25519` | yes | yes |
//! | `ecdsa-sha2-nistp256`, `ecdsa-sha2-nistp384` | yes | yes, by RFC 6979 |
//! | `sk-ssh-ed25519@openssh.com`, `sk-ecdsa-sha2-nistp256@openssh.com` | yes, if the key was touched | no: the key is in the hardware |
//! | `ssh-rsa`, `ssh-dss`, `ecdsa-sha2-nistp521`, certificates | no | no |
//!
//! Formats: ssh-keygen(1), ALLOWED SIGNERS; OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f.

mod list;

use std::collections::BTreeSet;
use std::fmt;

use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use crate::text::visible;

use list::{Entry, read_line};

/// What a signature of a charter is made for: `ssh-keygen -Y sign -n apportion-charter`.
pub const CHARTER_NAMESPACE: &str = "apportion-charter";
/// The key types whose signatures are verified.
pub const KEY_TYPES: [&str; 5] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];
/// The most bytes of a list of allowed signers.
pub const MAX_LIST: usize = 1 << 18;
/// The most keys of a list, and the most signatures that are counted at once.
pub const MAX_SIGNERS: usize = 256;
/// The most bytes of one armored signature.
pub const MAX_SIGNATURE: usize = 1 << 13;
/// The most bytes of a private key's file.
pub const MAX_PRIVATE_KEY: usize = 1 << 14;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// How many characters OpenSSH puts on a line of armor; the reader takes no other width.
const ARMOR_WIDTH: usize = 70;
/// Of a hardware key's flags: somebody touched it (PROTOCOL.u2f).
const USER_PRESENT: u8 = 1;

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

/// Somebody whose signature was verified, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The names that the list gives to the key; at least one.
    pub principals: Vec<String>,
    /// The key's hash as OpenSSH shows it: `SHA256:` and 43 characters.
    pub fingerprint: String,
    /// The public key as in a `.pub` file, without its comment.
    pub key: String,
}

/// Why a list is none, or a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// A line of the list that cannot be.
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
        "the signature is for `{found}`; wanted is one for `{wanted}`, as `ssh-keygen -Y sign -n {wanted}` makes it"
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
    /// A number of signatures that could never be reached, or says nothing.
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
    /// Nothing is signed for no purpose.
    #[error("the namespace to sign for is empty")]
    NoNamespace,
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

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.principals.join(","), self.fingerprint)
    }
}

/// Signs `message` for `namespace` as `ssh-keygen -Y sign` does, with a private key that has no passphrase, in
/// OpenSSH's format. The same key and message always give the same signature.
///
/// ```
/// use apportion_core::signature::{CHARTER_NAMESPACE, sign};
///
/// # let folder = std::path::Path::new("tests/data/ssh");
/// let key = std::fs::read_to_string(folder.join("ed25519"))?;
/// let message = std::fs::read(folder.join("message"))?;
/// let signature = sign(&key, CHARTER_NAMESPACE, &message)?;
/// assert_eq!(signature, std::fs::read_to_string(folder.join("ed25519.sig"))?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign(
    private_key_openssh_text: &str,
    namespace: &str,
    message: &[u8],
) -> Result<String, SignatureError> {
    let wrong = |problem: String| SignatureError::PrivateKey { problem };
    if namespace.is_empty() {
        return Err(SignatureError::NoNamespace);
    }
    if private_key_openssh_text.len() > MAX_PRIVATE_KEY {
        return Err(wrong(format!("takes over {MAX_PRIVATE_KEY} bytes")));
    }
    let key = PrivateKey::from_openssh(private_key_openssh_text)
        .map_err(|_| wrong("is not in OpenSSH's format, or is damaged".to_owned()))?;
    let instead = format!("sign with `ssh-keygen -Y sign -n {} -f KEY FILE`", visible(namespace, 64));
    if key.is_encrypted() {
        return Err(wrong(format!("is locked by a passphrase: {instead}")));
    }
    match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 | EcdsaCurve::NistP384 } => {}
        Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => {
            return Err(wrong(format!("is in hardware: {instead}")));
        }
        other => return Err(wrong(unsupported(other.as_str()))),
    }
    // Also tells whether the file's public half belongs to its private one.
    let signature = key.sign(namespace, HashAlg::Sha512, message).ok();
    signature
        .filter(|signature| key.public_key().verify(namespace, message, signature).is_ok())
        .and_then(|signature| signature.to_pem(LineEnding::LF).ok())
        .ok_or_else(|| wrong("is damaged".to_owned()))
}

fn supported() -> String {
    KEY_TYPES.map(|name| format!("`{name}`")).join(", ")
}

fn unsupported(key_type: &str) -> String {
    format!(
        "has the key type `{}`, which is not supported: use one of {}",
        visible(key_type, 64),
        supported()
    )
}

fn signed_by(signers: &[Signer]) -> String {
    match signers {
        [] => "nobody signed".to_owned(),
        _ => format!("signed by {}", signers.iter().map(Signer::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn read_signature(text: &str) -> Result<SshSig, SignatureError> {
    let wrong = |problem: &str| SignatureError::Form { problem: problem.to_owned() };
    if text.len() > MAX_SIGNATURE {
        return Err(wrong(&format!("takes {} bytes; {MAX_SIGNATURE} are allowed", text.len())));
    }
    let body = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let Some(body) = body else {
        return Err(wrong(&format!("does not begin with `{BEGIN}` and end with `{END}`")));
    };
    let armor = rewrapped(body);
    let signature = SshSig::from_pem(&armor).map_err(|error| match error {
        ssh_key::Error::Version { number } => wrong(&format!("has the version {number}; read is 1")),
        _ => wrong("is damaged"),
    })?;
    if signature.version() != SshSig::VERSION {
        return Err(wrong(&format!("has the version {}; read is 1", signature.version())));
    }
    let key_type = signature.public_key().algorithm();
    if !KEY_TYPES.contains(&key_type.as_str()) {
        return Err(SignatureError::KeyType(visible(key_type.as_str(), 64)));
    }
    // The reader overlooks lengths that say too much. Of this one type it cannot write what it reads.
    let written_alike = signature.algorithm() == Algorithm::SkEcdsaSha2NistP256
        || signature.to_pem(LineEnding::LF).as_deref() == Ok(&armor);
    if written_alike { Ok(signature) } else { Err(wrong("is damaged")) }
}

/// The armor with lines as OpenSSH breaks them: mail and web forms break them elsewhere.
fn rewrapped(body: &str) -> String {
    let mut armor = BEGIN.to_owned();
    for (index, c) in body.chars().filter(|c| !c.is_ascii_whitespace()).enumerate() {
        if index % ARMOR_WIDTH == 0 {
            armor.push('\n');
        }
        armor.push(c);
    }
    armor + "\n" + END + "\n"
}

/// Whether somebody was present at a hardware key; other keys do not tell.
fn touched(signature: &SshSig) -> bool {
    match signature.algorithm() {
        Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => {
            // After the signature itself: a byte of flags and a counter of four bytes.
            let flags = signature.signature_bytes().iter().rev().nth(4);
            flags.is_some_and(|flags| flags & USER_PRESENT != 0)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
