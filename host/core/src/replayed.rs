//! What came of a settled epoch under other charters.

use crate::charter::Charter;
use crate::epoch::Window;
use crate::fault::Fault;
use crate::limits::HostLimit;
use crate::payouts::Payouts;
use crate::receipt::Receipt;
use crate::settled::SettledEpoch;

/// An epoch replayed: what was, and what would have been under each candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayedEpoch {
    /// The period that the epoch covers.
    pub window: Window,
    /// The charter that was in force.
    pub charter: Charter,
    /// What was settled then.
    pub receipt: Receipt,
    /// Who got what.
    pub payouts: Payouts,
    /// What the epoch calls each payee, in the payouts' order; empty where it has no name.
    pub names: Vec<String>,
    /// One for each candidate, in their order.
    pub replayed: Vec<Replayed>,
}

/// What came of an epoch under a candidate.
#[derive(Clone, Debug, PartialEq)]
pub enum Replayed {
    /// It would have been settled. The receipt names as `previous` what the original names, so that a charter
    /// replayed on its own epoch gives the identical receipt.
    Settled {
        /// The receipt.
        receipt: Box<Receipt>,
        /// Who would have got what.
        payouts: Payouts,
    },
    /// A policy would have given no allocation, and the candidate says to stop then.
    Fault {
        /// The policy's name.
        policy: String,
        /// What happened.
        fault: Fault,
    },
    /// The host failed, as by a limit of its own: nothing is known about this epoch under this candidate. Of a candidate
    /// whose policies read history nothing is known about later epochs either.
    Unknown {
        /// Why, in a sentence.
        reason: String,
        /// The host's own limit that was met, if it was one.
        limit: Option<HostLimit>,
    },
}

impl From<SettledEpoch> for ReplayedEpoch {
    /// What a comparison needs of a settled epoch; replayed under no candidate yet.
    fn from(settled: SettledEpoch) -> ReplayedEpoch {
        let (epoch, charter, receipt, payouts) = settled.into_parts();
        let names = epoch.payee_names().iter().map(str::to_owned).collect();
        ReplayedEpoch { window: epoch.window(), charter, receipt, payouts, names, replayed: Vec::new() }
    }
}
