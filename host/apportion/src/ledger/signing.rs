//! Changes of the charter and who signed them.

use super::error::LedgerError;
use apportion_core::charter::Charter;
use apportion_core::signature::{
    AllowedSigners, CHARTER_NAMESPACE, MAX_SIGNATURE, MAX_SIGNERS, SignatureError, Signer,
};

/// Checks signatures against what the charter in force demands; a first charter, or one without signers, demands none.
pub(crate) fn check_signatures(
    in_force: Option<&Charter>,
    change: &[u8],
    signatures: &[String],
) -> Result<Vec<Signer>, LedgerError> {
    // Those that are not demanded are kept too, and whatever is kept must be readable again.
    if signatures.len() > MAX_SIGNERS {
        return Err(SignatureError::TooManySignatures { given: signatures.len() }.into());
    }
    if let Some(long) = signatures.iter().find(|text| text.len() > MAX_SIGNATURE) {
        let problem = format!("takes {} bytes; {MAX_SIGNATURE} are allowed", long.len());
        return Err(SignatureError::Form { problem }.into());
    }
    let Some(signers) = in_force.and_then(|charter| charter.terms().signers.as_ref()) else {
        return Ok(Vec::new());
    };
    let allowed = AllowedSigners::parse(&signers.allowed)?;
    let signatures: Vec<&str> = signatures.iter().map(String::as_str).collect();
    Ok(allowed.quorum(CHARTER_NAMESPACE, change, &signatures, signers.required)?)
}
