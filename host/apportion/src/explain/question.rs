//! What is to be explained.

use apportion_core::charter::Charter;
use apportion_core::epoch::Epoch;
use apportion_core::payouts::Payouts;

use crate::policy::Policy;
use crate::settle::History;

/// What is to be explained.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The epoch.
    pub epoch: &'a Epoch,
    /// The charter that it is settled by.
    pub charter: &'a Charter,
    /// The policies that the charter names.
    pub policies: &'a [Policy],
    /// What was settled before.
    pub history: &'a History,
    /// The epoch before and what it paid, to say what changed. One that paid another asset is left out, because amounts
    /// of two assets cannot be compared.
    pub before: Option<(&'a Epoch, &'a Payouts)>,
    /// How often the epoch is settled again for a payee at most, 0 being taken for 1. With fewer than it takes to try
    /// each contribution and each who relied on it they are tried in groups, and the groups that matter most are
    /// taken apart.
    pub runs: usize,
}
