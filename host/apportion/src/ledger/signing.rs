//! Changes of the charter and who signed them.

use super::{Ledger, LedgerError};
use apportion_core::canonical::Digest;
use apportion_core::charter::Charter;
use apportion_core::entry::{self, Event};
use apportion_core::signature::{
    AllowedSigners, CHARTER_NAMESPACE, MAX_SIGNATURE, MAX_SIGNERS, SignatureError, Signer,
};
use apportion_core::store::Store;

impl<S: Store> Ledger<S> {
    /// The bytes that signers of a change sign, by `ssh-keygen -Y sign -n apportion-charter`.
    ///
    /// They name this ledger and its newest entry, so that nobody can adopt the change in another ledger or at another
    /// place of this one. Once another entry is appended the change must be proposed and signed again.
    pub fn change(&self, charter: &Charter, effective: u64) -> Result<Vec<u8>, LedgerError> {
        self.check_effective(effective)?;
        self.change_after(charter, effective, self.head.ok_or(LedgerError::NotCreated)?)
    }

    fn change_after(
        &self,
        charter: &Charter,
        effective: u64,
        follows: Digest,
    ) -> Result<Vec<u8>, LedgerError> {
        let ledger = self.identity().ok_or(LedgerError::NotCreated)?;
        Ok(entry::change(charter.digest(), effective, ledger, follows)?)
    }

    /// Who signed a change, if those did who must; an error that says so if they signed it for an earlier entry.
    pub(super) fn check_signed(
        &self,
        charter: &Charter,
        effective: u64,
        change: &[u8],
        signatures: &[String],
    ) -> Result<Vec<Signer>, LedgerError> {
        let in_force = self.latest_charter()?;
        let error = match check_signatures(in_force.as_ref(), change, signatures) {
            Err(LedgerError::Signatures(error)) => error,
            checked => return checked,
        };
        let (Some((newest, earlier)), false) = (self.entries().split_last(), signatures.is_empty()) else {
            return Err(error.into());
        };
        // Since the charter in force was adopted: nobody else's signers count.
        for (follows, event) in earlier.iter().rev() {
            let change = self.change_after(charter, effective, *follows)?;
            if check_signatures(in_force.as_ref(), &change, signatures).is_ok() {
                return Err(LedgerError::Outdated { follows: *follows, head: newest.0 });
            }
            if matches!(event, Event::Adoption { .. }) {
                break;
            }
        }
        Err(error.into())
    }
}

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
