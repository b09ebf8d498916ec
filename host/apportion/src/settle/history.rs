//! What was settled before an epoch, as its policies may see it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use apportion_core::canonical::Digest;
use apportion_core::charter::{AssetTerms, CarryChange, PaidChange};
use apportion_core::error::ErrorKind;
use apportion_core::money::Asset;
use apportion_core::payouts::Payouts;
use apportion_core::receipt::{Outcome, ReceiptTerms};

/// What was settled before this epoch. [`History::default`] is that of a first epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The receipt before.
    pub previous: Option<Digest>,
    /// The asset of the epochs before; none before the first. An epoch of another one is settled only under a charter that
    /// decides the change ([`AssetTerms`]).
    pub asset: Option<Asset>,
    /// What each payee was paid so far, in base units of the asset.
    pub paid: BTreeMap<String, u128>,
    /// What each policy handed over at the last epoch, by the policy's digest.
    pub carry: BTreeMap<Digest, Vec<u8>>,
}

/// Why an epoch's asset cannot follow that of the epochs before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssetChangeError {
    /// The charter names another asset.
    #[error("the epoch's pool is in {epoch}, and the charter divides {charter}")]
    Charter {
        /// The epoch's asset with its decimals.
        epoch: String,
        /// The charter's.
        charter: String,
    },
    /// The asset changed, and no charter decided that.
    #[error(
        "the epoch's pool is in {epoch}, and the epochs before are in {before}: a change of the asset or its \
         decimals is decided by a charter that names the new `asset`"
    )]
    Undecided {
        /// The epoch's asset with its decimals.
        epoch: String,
        /// That of the epochs before.
        before: String,
    },
    /// What a payee was paid is too much in the new asset.
    #[error("converted into {epoch}, what a payee was paid is more than 2^128 - 1 base units")]
    TooMuch {
        /// The epoch's asset with its decimals.
        epoch: String,
    },
}

impl AssetChangeError {
    /// Always [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

/// How an epoch's asset follows that of the epochs before.
enum Following<'a> {
    /// It is the same, or there are none before.
    Same,
    /// It is another one, and the charter says what happens to the history.
    Changed(&'a AssetTerms),
}

fn name(asset: &Asset) -> String {
    format!("{} with {} decimals", asset.symbol(), asset.decimals())
}

/// Checks that an epoch in `asset` can follow epochs in `before` under a charter with these terms.
pub(crate) fn check_asset(
    before: Option<&Asset>,
    asset: &Asset,
    terms: Option<&AssetTerms>,
) -> Result<(), AssetChangeError> {
    following(before, asset, terms).map(drop)
}

fn following<'a>(
    before: Option<&Asset>,
    asset: &Asset,
    terms: Option<&'a AssetTerms>,
) -> Result<Following<'a>, AssetChangeError> {
    match (terms, before) {
        (Some(terms), _) if !terms.is(asset) => Err(AssetChangeError::Charter {
            epoch: name(asset),
            charter: format!("{} with {} decimals", terms.symbol, terms.decimals),
        }),
        (Some(terms), Some(before)) if before != asset => Ok(Following::Changed(terms)),
        (None, Some(before)) if before != asset => {
            Err(AssetChangeError::Undecided { epoch: name(asset), before: name(before) })
        }
        _ => Ok(Following::Same),
    }
}

impl History {
    /// The history as an epoch in `asset` sees it that is settled under a charter with these terms.
    pub(crate) fn in_asset(
        &self,
        asset: &Asset,
        terms: Option<&AssetTerms>,
    ) -> Result<Cow<'_, History>, AssetChangeError> {
        match following(self.asset.as_ref(), asset, terms)? {
            Following::Same => Ok(Cow::Borrowed(self)),
            Following::Changed(terms) => Ok(Cow::Owned(self.changed(asset, terms)?)),
        }
    }

    /// The same in place: what the settlement of such an epoch goes on from.
    pub(crate) fn enter_asset(
        &mut self,
        asset: &Asset,
        terms: Option<&AssetTerms>,
    ) -> Result<(), AssetChangeError> {
        if let Following::Changed(terms) = following(self.asset.as_ref(), asset, terms)? {
            *self = self.changed(asset, terms)?;
        }
        self.asset = Some(asset.clone());
        Ok(())
    }

    fn changed(&self, asset: &Asset, terms: &AssetTerms) -> Result<History, AssetChangeError> {
        let paid = match terms.paid {
            PaidChange::Reset => BTreeMap::new(),
            PaidChange::Convert(ratio) => {
                let converted = self.paid.iter().map(|(payee, amount)| {
                    let amount = ratio.convert(*amount);
                    amount
                        .map(|amount| (payee.clone(), amount))
                        .ok_or_else(|| AssetChangeError::TooMuch { epoch: name(asset) })
                });
                converted.collect::<Result<_, _>>()?
            }
        };
        let carry = match terms.carry {
            CarryChange::Reset => BTreeMap::new(),
            CarryChange::Keep => self.carry.clone(),
        };
        Ok(History { previous: self.previous, asset: Some(asset.clone()), paid, carry })
    }

    /// Adds what the policies of the settlement after it handed over; `bytes` finds it by the policy and its digest.
    pub(crate) fn hand_over<E>(
        &mut self,
        settled: &ReceiptTerms,
        mut bytes: impl FnMut(&Digest, Digest) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        for run in &settled.runs {
            match run.outcome {
                Outcome::Allocated { carry: Some(digest), .. } => {
                    self.carry.insert(run.policy, bytes(&run.policy, digest)?);
                }
                // It ran and handed nothing over.
                Outcome::Allocated { carry: None, .. } => {
                    self.carry.remove(&run.policy);
                }
                // A failed policy keeps its previous carry.
                Outcome::Fault(_) => {}
            }
        }
        Ok(())
    }

    /// Adds what the settlement after it paid; none if that is more than 128 bits hold.
    pub(crate) fn pay(&mut self, payouts: &Payouts) -> Option<()> {
        for payout in payouts.rows() {
            let paid = self.paid.entry(payout.payee.clone()).or_default();
            *paid = paid.checked_add(payout.amount)?;
        }
        Some(())
    }
}
