//! What was settled before, as policies and replays see it.

use std::ops::RangeInclusive;

use super::{Ledger, LedgerError};
use crate::policy::Policy;
use crate::replay::SettledEpochs;
use crate::settle::History;
use apportion_core::canonical::Digest;
use apportion_core::charter::AssetTerms;
use apportion_core::money::Asset;
use apportion_core::receipt::Receipt;
use apportion_core::settled::SettledEpoch;
use apportion_core::store::Store;

impl<S: Store> Ledger<S> {
    /// What was settled by these receipts, oldest first, as `policies` may see it.
    ///
    /// Amounts paid are read only if a policy looks at them, because that means reading every list of payouts. What a
    /// policy handed over is that of its last run, however long ago.
    pub fn history(&self, receipts: &[Digest], policies: &[Policy]) -> Result<History, LedgerError> {
        let mut history = History { previous: receipts.last().copied(), ..History::default() };
        if policies.iter().any(Policy::is_stateful) {
            receipts.iter().try_for_each(|receipt| self.carry_on(&mut history, receipt))?;
        } else if let Some(last) = receipts.last() {
            history.asset = Some(asset(&self.receipt(last)?)?);
        }
        Ok(history)
    }

    /// Adds the settlement after it to a history.
    pub(crate) fn carry_on(&self, history: &mut History, receipt: &Digest) -> Result<(), LedgerError> {
        history.previous = Some(*receipt);
        let receipt = self.receipt(receipt)?;
        let settled = receipt.terms();
        let asset = asset(&receipt)?;
        if history.asset.as_ref() != Some(&asset) {
            let charter = self.charter(&settled.charter)?;
            let terms: Option<&AssetTerms> = charter.terms().asset.as_ref();
            history.enter_asset(&asset, terms).map_err(|error| LedgerError::Object {
                what: "receipt",
                digest: receipt.digest(),
                problem: error.to_string(),
            })?;
        }
        history.hand_over(settled, |_, digest| self.carry(&digest))?;
        history.pay(&self.payouts(&settled.payouts)?).ok_or_else(|| LedgerError::Object {
            what: "payouts",
            digest: settled.payouts,
            problem: "with those before it a payee is paid more than 2^128 - 1 base units".to_owned(),
        })
    }

    /// The settled epochs whose numbers are in `numbers`, oldest first, for [`replay`](crate::replay()).
    pub fn past(&self, numbers: RangeInclusive<u64>) -> LedgerEpochs<'_, S> {
        let receipts = self.settled().filter(|(number, _)| numbers.contains(number));
        LedgerEpochs { ledger: self, receipts: receipts.map(|(_, receipt)| receipt).collect() }
    }
}

/// The asset of a receipt.
fn asset(receipt: &Receipt) -> Result<Asset, LedgerError> {
    receipt.asset().map_err(|error| LedgerError::Object {
        what: "receipt",
        digest: receipt.digest(),
        problem: error.to_string(),
    })
}

/// Settled epochs of a ledger, loaded one at a time.
pub struct LedgerEpochs<'a, S> {
    ledger: &'a Ledger<S>,
    receipts: Vec<Digest>,
}

impl<S: Store> SettledEpochs for LedgerEpochs<'_, S> {
    type Error = LedgerError;

    fn count(&self) -> usize {
        self.receipts.len()
    }

    fn load(&self, index: usize) -> Result<SettledEpoch, LedgerError> {
        let digest = *self.receipts.get(index).ok_or(LedgerError::NoSuchEpoch(index))?;
        self.ledger.settlement(self.ledger.receipt(&digest)?)
    }
}

impl<S: Store> Ledger<S> {
    /// A receipt with the epoch, charter and payouts that it names, checked against one another.
    pub(crate) fn settlement(&self, receipt: Receipt) -> Result<SettledEpoch, LedgerError> {
        let (digest, settled) = (receipt.digest(), receipt.terms());
        let epoch = self.epoch(&settled.epoch)?;
        let charter = self.charter(&settled.charter)?;
        let payouts = self.payouts(&settled.payouts)?;
        SettledEpoch::new(epoch, charter, receipt, payouts).map_err(|error| LedgerError::Object {
            what: "receipt",
            digest,
            problem: error.to_string(),
        })
    }
}
