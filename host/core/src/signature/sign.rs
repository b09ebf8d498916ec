//! Signing with a private key in a file.

use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey};

use crate::text::visible;

use super::error::SignatureError;
use super::keys::unsupported;

/// The most bytes of a private key's file.
pub const MAX_PRIVATE_KEY: usize = 1 << 14;

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
