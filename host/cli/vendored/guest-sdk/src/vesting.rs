//! Awards that are paid over several epochs, with a cliff: for stateful policies, exact to the base unit.
//!
//! A policy awards money in one epoch; what it awards to a payee vests in equal parts, the first in the same epoch, and
//! what does not vest yet stays in the treasury. **The pool of every epoch holds what stayed back before and is still
//! promised**, and new money beside it: what the epoch can award is its pool less all promises. So promises are always
//! covered, and a pool that does not cover them has no answer.
//!
//! An award A over N epochs has given its payee floor(A k / N) base units after k epochs, and nothing while k is less
//! than the cliff. An epoch is one that this policy settled: gaps in the numbers, and epochs in which it had no answer,
//! do not count. Who is no payee of an epoch keeps what came due, and gets it when it is one again. Another version of
//! the component begins without memory; changed parameters hold for new awards.
//!
//! ```
//! use apportion_guest::schemars::JsonSchema;
//! use apportion_guest::serde::Deserialize;
//! use apportion_guest::vesting::{Promises, Vesting};
//! use apportion_guest::{Allocation, Division, Epoch, Policy, Refusal, constraints::Constraints};
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
//! #[schemars(crate = "apportion_guest::schemars")]
//! struct Parameters {
//!     vesting: Vesting,
//!     #[serde(default)]
//!     constraints: Constraints,
//! }
//!
//! struct Equally;
//!
//! impl Policy for Equally {
//!     type Parameters = Parameters;
//!     const NAME: &'static str = "equally-vested";
//!     const VERSION: &'static str = "1.0.0";
//!     const SUMMARY: &'static str = "The same for every payee, over several epochs.";
//!     const STATEFUL: bool = true;
//!
//!     fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
//!         let mut promises = Promises::read(epoch)?;
//!         let scores = vec![1.0; epoch.payees().len()];
//!         let award = parameters.constraints.amounts(epoch, &scores, promises.free(epoch)?)?;
//!         promises.award(epoch, &award, parameters.vesting);
//!         promises.pay(epoch)
//!     }
//! }
//!
//! let settle = |pool, carry: Vec<u8>| {
//!     let epoch = Epoch::builder().payee("ann").payee("bob").pool(pool).carry(carry).build().unwrap();
//!     apportion_guest::run::<Equally>(&epoch, r#"{"vesting": {"epochs": 4}}"#).unwrap()
//! };
//! let first = settle(800, vec![]);
//! assert_eq!(first.division, Division::ByAmount(vec![100, 100]));
//! // 600 stayed and are promised; 80 are new.
//! let second = settle(680, first.carry);
//! assert_eq!(second.division, Division::ByAmount(vec![110, 110]));
//! ```

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::exact::portion;
use crate::{Allocation, Epoch, Refusal};

/// How an award is paid. The [module](self) says what is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vesting {
    /// Over how many epochs an award is paid, the one of the award among them; 1: at once.
    #[schemars(range(min = 1, max = 1000))]
    pub epochs: u16,
    /// Nothing is paid before the award's so many-th epoch, and then all that has vested: 0 and 1 mean no waiting.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    pub cliff: u16,
}

/// What was awarded and not yet paid, by payee.
///
/// The bytes of a carry, numbers little-endian: `vesting/1` and a line feed; the asset's decimals (1); its symbol (its
/// length in 2, then UTF-8); how many payees follow (4); of each, sorted by id: its id (length in 2, then UTF-8), how
/// many epochs follow (2), and what comes due in each of them, in base units (16 each).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// What comes due in this epoch, in the next and so on; the last is above 0.
    due: BTreeMap<String, Vec<u128>>,
}

const FORMAT: &[u8] = b"vesting/1\n";

/// The most that the contract lets a policy hand over, in bytes.
const MAX_CARRY: usize = 1 << 20;

/// The most epochs that an award is paid over.
const MAX_EPOCHS: u16 = 1_000;

impl Promises {
    /// What the policy handed over at the last epoch: nothing at the first.
    ///
    /// # Errors
    /// [`Refusal::NoAnswer`] if the asset is another than before, or the bytes are damaged.
    pub fn read(epoch: &Epoch) -> Result<Self, Refusal> {
        let carry = epoch.carry();
        if carry.is_empty() {
            return Ok(Self::default());
        }
        let Some(rest) = carry.strip_prefix(FORMAT) else {
            return Err(Refusal::no_answer(
                "what was handed over from the last epoch is not of the form `vesting/1`",
            ));
        };
        let mut bytes = Bytes(rest);
        let damaged = || Refusal::no_answer("what was handed over from the last epoch is damaged");
        let [decimals] = bytes.array().ok_or_else(damaged)?;
        let symbol = bytes.text().ok_or_else(damaged)?;
        if (symbol, u32::from(decimals)) != (epoch.asset(), epoch.decimals()) {
            return Err(Refusal::NoAnswer(format!(
                "the pool is in `{}` of {} decimals, but `{symbol}` of {decimals} was promised",
                epoch.asset(),
                epoch.decimals()
            )));
        }
        let due = promises(bytes).ok_or_else(damaged)?;
        Ok(Self { due })
    }

    /// All that is promised and not paid, in base units.
    pub fn sum(&self) -> u128 {
        self.due.values().flatten().sum()
    }

    /// What the epoch can award, in base units: its pool less all promises.
    ///
    /// # Errors
    /// [`Refusal::NoAnswer`] if the pool is less than what is promised.
    pub fn free(&self, epoch: &Epoch) -> Result<u128, Refusal> {
        let (pool, promised) = (epoch.pool(), self.sum());
        pool.checked_sub(promised).ok_or_else(|| {
            Refusal::NoAnswer(format!(
                "the pool of {pool} base units does not cover the {promised} that are promised: put what stayed in the \
                 treasury into it"
            ))
        })
    }

    /// Awards base units to the epoch's payees, one amount each, in payee order; together at most what is
    /// [free](Self::free).
    pub fn award(&mut self, epoch: &Epoch, amounts: &[u128], vesting: Vesting) {
        let epochs = vesting.epochs.clamp(1, MAX_EPOCHS);
        let cliff = vesting.cliff.min(epochs);
        for (payee, amount) in epoch.payees().iter().zip(amounts) {
            let mut vested = 0;
            for passed in 1..=epochs {
                // At most the amount, whose part it is: never none.
                let by_now = portion(*amount, passed.into(), epochs.into()).map_or(0, |part| part.0);
                if passed >= cliff && by_now > vested {
                    let due = self.due.entry(payee.clone()).or_default();
                    due.resize(due.len().max(passed.into()), 0);
                    due[usize::from(passed) - 1] += by_now - vested;
                    vested = by_now;
                }
            }
        }
    }

    /// Pays what is due to those who are payees of the epoch, and hands over the rest.
    ///
    /// # Errors
    /// [`Refusal::NoAnswer`] if the rest takes more than the 1 MiB that can be handed over.
    pub fn pay(mut self, epoch: &Epoch) -> Result<Allocation, Refusal> {
        let mut amounts = Vec::with_capacity(epoch.payees().len());
        for payee in epoch.payees() {
            amounts.push(self.due.get_mut(payee).and_then(|due| due.first_mut()).map_or(0, core::mem::take));
        }
        let carry = self.after().write(epoch)?;
        Ok(Allocation::by_amount(amounts).carry(carry))
    }

    /// The promises as the next epoch finds them: what was due and not paid is due then.
    fn after(self) -> Self {
        let next = |(payee, mut due): (String, Vec<u128>)| {
            let late = due.remove(0);
            if late > 0 {
                due.resize(due.len().max(1), 0);
                due[0] += late;
            }
            (!due.is_empty()).then_some((payee, due))
        };
        Self { due: self.due.into_iter().filter_map(next).collect() }
    }

    fn write(&self, epoch: &Epoch) -> Result<Vec<u8>, Refusal> {
        if self.due.is_empty() {
            return Ok(Vec::new());
        }
        let mut carry = FORMAT.to_vec();
        carry.push(u8::try_from(epoch.decimals()).unwrap_or(u8::MAX));
        write_text(&mut carry, epoch.asset())?;
        carry.extend(u32::try_from(self.due.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (payee, due) in &self.due {
            write_text(&mut carry, payee)?;
            carry.extend(u16::try_from(due.len()).unwrap_or(u16::MAX).to_le_bytes());
            carry.extend(due.iter().flat_map(|amount| amount.to_le_bytes()));
        }
        if carry.len() > MAX_CARRY {
            return Err(Refusal::NoAnswer(format!(
                "remembering what is promised to {} payees takes {} bytes, and at most {MAX_CARRY} can be handed over",
                self.due.len(),
                carry.len()
            )));
        }
        Ok(carry)
    }
}

/// The promises, which end with the bytes; none if any byte is not as it is written.
fn promises(mut bytes: Bytes<'_>) -> Option<BTreeMap<String, Vec<u128>>> {
    let (mut promised, mut sum) = (BTreeMap::new(), 0_u128);
    for _ in 0..u32::from_le_bytes(bytes.array()?) {
        let payee = bytes.text()?;
        let mut due = Vec::new();
        for _ in 0..u16::from_le_bytes(bytes.array()?) {
            let amount = u128::from_le_bytes(bytes.array()?);
            sum = sum.checked_add(amount)?;
            due.push(amount);
        }
        let sorted = promised.last_key_value().is_none_or(|(last, _): (&String, _)| last.as_str() < payee);
        if !sorted || due.last().is_none_or(|last| *last == 0) || due.len() > MAX_EPOCHS.into() {
            return None;
        }
        promised.insert(payee.to_owned(), due);
    }
    (bytes.0.is_empty() && !promised.is_empty()).then_some(promised)
}

fn write_text(carry: &mut Vec<u8>, text: &str) -> Result<(), Refusal> {
    let length = u16::try_from(text.len()).map_err(|_| {
        Refusal::NoAnswer(format!("an id has {} bytes; at most 65535 can be kept", text.len()))
    })?;
    carry.extend(length.to_le_bytes());
    carry.extend(text.as_bytes());
    Ok(())
}

/// The bytes that are still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = u16::from_le_bytes(self.array()?).into();
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        core::str::from_utf8(text).ok()
    }
}
