//! One signature in its armor: OpenSSH's PROTOCOL.sshsig.

use ssh_key::{Algorithm, LineEnding, SshSig};

use crate::text::visible;

use super::error::SignatureError;
use super::keys::KEY_TYPES;

/// The most bytes of one armored signature.
pub const MAX_SIGNATURE: usize = 1 << 13;

pub(super) const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
pub(super) const END: &str = "-----END SSH SIGNATURE-----";
/// How many characters OpenSSH puts on a line of armor; the reader takes no other width.
const ARMOR_WIDTH: usize = 70;
/// Of a hardware key's flags: somebody touched it (PROTOCOL.u2f).
const USER_PRESENT: u8 = 1;

/// Reads an armored signature by a key of a type that is verified.
pub(super) fn read_signature(text: &str) -> Result<SshSig, SignatureError> {
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

/// Whether somebody touched the hardware key; other keys do not record it.
pub(super) fn touched(signature: &SshSig) -> bool {
    match signature.algorithm() {
        Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => {
            // After the signature itself: a byte of flags and a counter of four bytes.
            let flags = signature.signature_bytes().iter().rev().nth(4);
            flags.is_some_and(|flags| flags & USER_PRESENT != 0)
        }
        _ => true,
    }
}
