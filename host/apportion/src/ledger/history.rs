//! What was settled before, as policies and replays see it.

use std::fmt;

use super::error::{LedgerError, ObjectKind};
use super::records::Records;
use crate::policy::Policy;
use crate::replay::SettledEpochs;
use crate::settle::History;
use apportion_core::canonical::Digest;
use apportion_core::charter::AssetTerms;
use apportion_core::money::Asset;
use apportion_core::receipt::Receipt;
use apportion_core::settled::SettledEpoch;
use apportion_core::store::Store;

/// What was settled by these receipts, oldest first, as `policies` may see it.
pub(super) fn history<S: Store>(
    records: &Records<S>,
    receipts: &[Digest],
    policies: &[Policy],
) -> Result<History, LedgerError> {
    let mut history = History { previous: receipts.last().copied(), ..History::default() };
    if policies.iter().any(Policy::is_stateful) {
        receipts.iter().try_for_each(|receipt| carry_on(records, &mut history, receipt))?;
    } else if let Some(last) = receipts.last() {
        history.asset = Some(asset(&records.receipt(last)?)?);
    }
    Ok(history)
}

/// Adds the settlement after it to a history.
pub(crate) fn carry_on<S: Store>(
    records: &Records<S>,
    history: &mut History,
    receipt: &Digest,
) -> Result<(), LedgerError> {
    history.previous = Some(*receipt);
    let receipt = records.receipt(receipt)?;
    let settled = receipt.terms();
    let asset = asset(&receipt)?;
    if history.asset.as_ref() != Some(&asset) {
        let charter = records.charter(&settled.charter)?;
        let terms: Option<&AssetTerms> = charter.terms().asset.as_ref();
        history.enter_asset(&asset, terms).map_err(|error| LedgerError::Object {
            what: ObjectKind::Receipt,
            digest: receipt.digest(),
            problem: error.to_string(),
        })?;
    }
    history.hand_over(settled, |_, digest| records.carry(&digest))?;
    history.pay(&records.payouts(&settled.payouts)?).ok_or_else(|| LedgerError::Object {
        what: ObjectKind::Payouts,
        digest: settled.payouts,
        problem: "with those before it a payee is paid more than 2^128 - 1 base units".to_owned(),
    })
}

/// The asset of a receipt.
fn asset(receipt: &Receipt) -> Result<Asset, LedgerError> {
    receipt.asset().map_err(|error| LedgerError::Object {
        what: ObjectKind::Receipt,
        digest: receipt.digest(),
        problem: error.to_string(),
    })
}

/// Settled epochs of a ledger, loaded one at a time: what [`Ledger::past`](crate::Ledger::past) gives.
pub struct LedgerEpochs<'a, S> {
    pub(super) records: &'a Records<S>,
    pub(super) receipts: Vec<Digest>,
}

impl<S> fmt::Debug for LedgerEpochs<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerEpochs").field("receipts", &self.receipts).finish()
    }
}

impl<S: Store> SettledEpochs for LedgerEpochs<'_, S> {
    type Error = LedgerError;

    fn count(&self) -> usize {
        self.receipts.len()
    }

    fn load(&self, index: usize) -> Result<SettledEpoch, LedgerError> {
        let digest = self.receipts.get(index).ok_or(LedgerError::NoSuchEpoch(index))?;
        self.records.settlement(self.records.receipt(digest)?)
    }
}
