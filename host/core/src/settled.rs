//! An epoch as it was settled: the epoch, the charter, the receipt and the payouts, checked against one another.

use crate::canonical::Digest;
use crate::charter::Charter;
use crate::epoch::Epoch;
use crate::error::ErrorKind;
use crate::payouts::Payouts;
use crate::receipt::{Receipt, ReceiptError};

/// An epoch as it was settled: four objects that belong together.
#[derive(Clone, Debug)]
pub struct SettledEpoch {
    epoch: Epoch,
    charter: Charter,
    receipt: Receipt,
    payouts: Payouts,
}

/// Why four objects are not one settlement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettledEpochError {
    /// The receipt is of another epoch.
    #[error("the receipt is of epoch {receipt}, and this is {epoch}")]
    Epoch {
        /// The receipt's.
        receipt: Digest,
        /// The one given.
        epoch: Digest,
    },
    /// The receipt is of another charter.
    #[error("the receipt is of charter {receipt}, and this is {charter}")]
    Charter {
        /// The receipt's.
        receipt: Digest,
        /// The one given.
        charter: Digest,
    },
    /// The receipt says another number, pool or payees than the epoch.
    #[error("the receipt or the payouts say another {0} than the epoch")]
    Terms(&'static str),
    /// The payouts are not the receipt's.
    #[error(transparent)]
    Payouts(#[from] ReceiptError),
}

impl SettledEpochError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

impl SettledEpoch {
    /// Holds the four against one another. It is not settled anew: that is what replaying its own charter does.
    pub fn new(
        epoch: Epoch,
        charter: Charter,
        receipt: Receipt,
        payouts: Payouts,
    ) -> Result<SettledEpoch, SettledEpochError> {
        let said = receipt.terms();
        if said.epoch != epoch.digest() {
            return Err(SettledEpochError::Epoch { receipt: said.epoch, epoch: epoch.digest() });
        }
        if said.charter != charter.digest() {
            return Err(SettledEpochError::Charter { receipt: said.charter, charter: charter.digest() });
        }
        receipt.check_payouts(&payouts)?;
        let pool = epoch.pool();
        let asset = (said.asset.as_str(), said.decimals);
        for (what, same) in [
            ("number", said.number == epoch.number()),
            ("pool", said.pool == pool.amount && asset == (pool.asset.symbol(), pool.asset.decimals())),
            ("payees", epoch.payees().iter().eq(payouts.iter().map(|p| p.payee.as_str()))),
        ] {
            if !same {
                return Err(SettledEpochError::Terms(what));
            }
        }
        Ok(SettledEpoch { epoch, charter, receipt, payouts })
    }

    /// The epoch.
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The charter it was settled under.
    pub fn charter(&self) -> &Charter {
        &self.charter
    }

    /// What was settled.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Who got what.
    pub fn payouts(&self) -> &Payouts {
        &self.payouts
    }

    /// Takes it apart.
    pub fn into_parts(self) -> (Epoch, Charter, Receipt, Payouts) {
        (self.epoch, self.charter, self.receipt, self.payouts)
    }
}
