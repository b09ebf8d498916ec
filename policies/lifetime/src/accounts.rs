//! What is remembered from epoch to epoch: each payee's lifetime credit and what this policy paid it.
//!
//! The bytes of a carry, numbers little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 11 | `lifetime/1\n` |
//! | 1 | the asset's decimals |
//! | 2 + n | the asset's symbol: its length, then UTF-8 |
//! | 4 | how many payees follow |
//! | per payee, sorted by id | |
//! | 2 + n | the payee's id: its length, then UTF-8 |
//! | 8 | lifetime credit: a double, finite and above 0 |
//! | 16 | what this policy paid, in base units |

use std::collections::BTreeMap;

use apportion_guest::exact::{MAX_WHOLE, portion};
use apportion_guest::{Epoch, Refusal, weights_from_scores};

const FORMAT: &[u8] = b"lifetime/1\n";

/// The most that the contract lets a policy hand over, in bytes.
const MAX_CARRY: usize = 1 << 20;

/// The asset that is paid in.
pub(crate) struct Money {
    symbol: String,
    decimals: u8,
}

impl Money {
    pub(crate) fn of(epoch: &Epoch) -> Result<Self, Refusal> {
        let decimals = u8::try_from(epoch.decimals())
            .map_err(|_| Refusal::NoAnswer(format!("the asset has `{}` decimals", epoch.decimals())))?;
        Ok(Self { symbol: epoch.asset().to_owned(), decimals })
    }

    /// An amount in whole units, to the nearest double, for people to read.
    pub(crate) fn in_units(&self, amount: u128) -> f64 {
        amount as f64 / 10_u128.saturating_pow(self.decimals.into()) as f64
    }
}

/// One payee's.
#[derive(Clone, Copy, Default)]
pub(crate) struct Account {
    /// Finite, 0 or more; never falls.
    pub(crate) credit: f64,
    /// In base units, by this policy alone.
    pub(crate) paid: u128,
}

/// Of everyone who ever earned credit, present or not. Together they were paid at most [`MAX_WHOLE`].
pub(crate) struct Accounts {
    by_payee: BTreeMap<String, Account>,
}

impl Accounts {
    /// Reads a carry; an empty one is that of the first epoch.
    pub(crate) fn read(carry: &[u8], money: &Money) -> Result<Self, Refusal> {
        if carry.is_empty() {
            return Ok(Self { by_payee: BTreeMap::new() });
        }
        let damaged = || Refusal::no_answer("what was handed over from the last epoch is damaged");
        let Some(rest) = carry.strip_prefix(FORMAT) else {
            return Err(Refusal::no_answer(
                "what was handed over from the last epoch is not of the form `lifetime/1`",
            ));
        };
        let mut bytes = Bytes(rest);
        let [decimals] = bytes.array().ok_or_else(damaged)?;
        let symbol = bytes.text().ok_or_else(damaged)?;
        if (symbol, decimals) != (money.symbol.as_str(), money.decimals) {
            return Err(Refusal::NoAnswer(format!(
                "the pool is in `{}` of {} decimals, but so far was paid in `{symbol}` of {decimals}",
                money.symbol, money.decimals
            )));
        }
        let by_payee = accounts(bytes).ok_or_else(damaged)?;
        Ok(Self { by_payee })
    }

    pub(crate) fn of(&self, payee: &str) -> Account {
        self.by_payee.get(payee).copied().unwrap_or_default()
    }

    /// Adds credit of an epoch. Someone without any is not remembered.
    pub(crate) fn earn(&mut self, payee: &str, credit: f64) -> Result<(), Refusal> {
        let sum = self.of(payee).credit + credit;
        if !sum.is_finite() || credit < 0.0 {
            return Err(Refusal::NoAnswer(format!(
                "the lifetime credit of `{payee}` would be `{sum}`: make the factors smaller"
            )));
        }
        if sum > 0.0 {
            self.by_payee.entry(payee.to_owned()).or_default().credit = sum;
        }
        Ok(())
    }

    /// What each should have been paid when another `pool` is: everything paid so far and the pool, in proportion to
    /// lifetime credit, rounded down.
    pub(crate) fn targets(&self, pool: u128) -> Result<BTreeMap<&str, u128>, Refusal> {
        let paid: u128 = self.by_payee.values().map(|account| account.paid).sum();
        let Some(sum) = paid.checked_add(pool).filter(|sum| *sum <= MAX_WHOLE) else {
            return Err(Refusal::no_answer(
                "what was paid so far and the pool are together more than 2^126 base units",
            ));
        };
        let credit: Vec<f64> = self.by_payee.values().map(|account| account.credit).collect();
        let weights = weights_from_scores(&credit)?;
        let whole: u128 = weights.iter().copied().map(u128::from).sum();
        if whole == 0 {
            return Err(Refusal::no_answer("no payee has any credit, in this epoch or before"));
        }
        // A weight is at most their sum, and that at most `MAX_WHOLE`.
        let target = |weight: u64| portion(sum, weight.into(), whole).map_or(0, |(target, _)| target);
        Ok(self.by_payee.keys().map(String::as_str).zip(weights.into_iter().map(target)).collect())
    }

    /// Notes a payment. Only who has credit is underpaid, so nobody without an account gets one here.
    pub(crate) fn pay(&mut self, payee: &str, amount: u128) {
        if let Some(account) = self.by_payee.get_mut(payee) {
            account.paid += amount;
        }
    }

    /// The carry, at most [`MAX_CARRY`] bytes.
    pub(crate) fn write(&self, money: &Money) -> Result<Vec<u8>, Refusal> {
        let mut carry = FORMAT.to_vec();
        carry.push(money.decimals);
        write_text(&mut carry, &money.symbol)?;
        let count = u32::try_from(self.by_payee.len()).unwrap_or(u32::MAX);
        carry.extend(count.to_le_bytes());
        for (payee, account) in &self.by_payee {
            write_text(&mut carry, payee)?;
            carry.extend(account.credit.to_le_bytes());
            carry.extend(account.paid.to_le_bytes());
        }
        if carry.len() > MAX_CARRY {
            return Err(Refusal::NoAnswer(format!(
                "remembering the credit of {} payees takes {} bytes, and at most {MAX_CARRY} can be handed over",
                self.by_payee.len(),
                carry.len()
            )));
        }
        Ok(carry)
    }
}

/// The accounts, which end with the bytes; none if any byte is not as it is written.
fn accounts(mut bytes: Bytes<'_>) -> Option<BTreeMap<String, Account>> {
    let (mut by_payee, mut sum) = (BTreeMap::new(), 0_u128);
    for _ in 0..u32::from_le_bytes(bytes.array()?) {
        let payee = bytes.text()?;
        let account =
            Account { credit: f64::from_le_bytes(bytes.array()?), paid: u128::from_le_bytes(bytes.array()?) };
        sum = sum.checked_add(account.paid).filter(|sum| *sum <= MAX_WHOLE)?;
        let sorted = by_payee.last_key_value().is_none_or(|(last, _): (&String, _)| last.as_str() < payee);
        if !sorted || !account.credit.is_finite() || account.credit <= 0.0 {
            return None;
        }
        by_payee.insert(payee.to_owned(), account);
    }
    bytes.0.is_empty().then_some(by_payee)
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
        std::str::from_utf8(text).ok()
    }
}
