//! What is remembered from epoch to epoch: when payees earned what the programme paid them.
//!
//! The contract says how much each payee was paid so far, but not when. An epoch pays only its payees, so what a
//! payee was paid more since the last epoch that it was a payee of was paid in that epoch.
//!
//! The bytes of a carry; numbers are LEB128 (seven bits a byte, the lowest first), so that most are short:
//!
//! | what |
//! |---|
//! | `credrank/1\n` |
//! | how many payees follow |
//! | per payee, sorted by id: the id's length in bytes, the id |
//! | - what it had been paid before the last epoch that it was a payee of, in base units |
//! | - the week in which that epoch's window ended |
//! | - how many weeks follow |
//! | - per week, ascending: its number, what was earned in it, above 0 |
//!
//! Weeks are numbered from the one before the first Sunday of 1970 (1), earlier ones and what was paid before there was
//! a memory being 0.

use std::collections::BTreeMap;

use apportion_guest::{Epoch, Refusal};

use crate::weeks::{Lookback, containing};

const FORMAT: &[u8] = b"credrank/1\n";

/// The most that the contract lets a policy hand over, in bytes.
const MAX_CARRY: usize = 1 << 20;

/// How many weeks of a payee are kept apart: those that `balanced` can look back on, and the one that is not complete.
/// What was earned before counts in the earliest of them.
const KEPT_WEEKS: usize = 105;

/// Number 0 of the format: it comes before all others.
const LONG_AGO: i64 = -2;

/// One payee's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Account {
    /// Before the last epoch that it was a payee of.
    paid_before: u128,
    /// Of that epoch's end.
    last_week: i64,
    /// By week.
    earned: BTreeMap<i64, u128>,
}

/// Of everyone who was ever a payee.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    accounts: BTreeMap<String, Account>,
}

impl Memory {
    /// Reads the carry, and notes what the payees of the epoch were paid since.
    pub(crate) fn of(epoch: &Epoch) -> Result<Self, Refusal> {
        let mut memory = Self::read(epoch.carry())
            .ok_or_else(|| Refusal::no_answer("what was handed over from the last epoch is damaged"))?;
        let this_week = number(containing(epoch.window().1));
        for (payee, paid) in epoch.payees().iter().zip(epoch.paid()) {
            let first = Account { last_week: LONG_AGO, ..Account::default() };
            let account = memory.accounts.entry(payee.clone()).or_insert(first);
            let Some(earned) = paid.checked_sub(account.paid_before) else {
                return Err(Refusal::NoAnswer(format!(
                    "`{payee}` was paid {} base units so far, and less now: {paid}",
                    account.paid_before
                )));
            };
            if earned > 0 {
                *account.earned.entry(account.last_week).or_default() += earned;
            }
            while account.earned.len() > KEPT_WEEKS
                && let Some((_, earliest)) = account.earned.pop_first()
                && let Some(mut next) = account.earned.first_entry()
            {
                *next.get_mut() += earliest;
            }
            (account.paid_before, account.last_week) = (*paid, this_week);
        }
        Ok(memory)
    }

    /// What a payee earned in the weeks looked back on, before this epoch.
    pub(crate) fn earned(&self, payee: &str, lookback: Lookback) -> u128 {
        let weeks = self.accounts.get(payee).into_iter().flat_map(|account| &account.earned);
        weeks.filter(|(week, _)| lookback.has(**week)).map(|(_, earned)| earned).sum()
    }

    /// The carry, at most [`MAX_CARRY`] bytes.
    pub(crate) fn write(&self) -> Result<Vec<u8>, Refusal> {
        let mut carry = FORMAT.to_vec();
        write_number(&mut carry, self.accounts.len() as u128);
        for (payee, account) in &self.accounts {
            write_number(&mut carry, payee.len() as u128);
            carry.extend(payee.as_bytes());
            write_number(&mut carry, account.paid_before);
            write_week(&mut carry, account.last_week);
            write_number(&mut carry, account.earned.len() as u128);
            for (week, earned) in &account.earned {
                write_week(&mut carry, *week);
                write_number(&mut carry, *earned);
            }
        }
        if carry.len() > MAX_CARRY {
            return Err(Refusal::NoAnswer(format!(
                "remembering when {} payees earned what takes {} bytes, and at most {MAX_CARRY} can be handed over",
                self.accounts.len(),
                carry.len()
            )));
        }
        Ok(carry)
    }

    /// None if any byte is not as it is written. An empty carry is that of the first epoch.
    fn read(carry: &[u8]) -> Option<Self> {
        let mut memory = Self::default();
        if carry.is_empty() {
            return Some(memory);
        }
        let mut bytes = Bytes(carry.strip_prefix(FORMAT)?);
        for _ in 0..bytes.number()? {
            let length = usize::try_from(bytes.number()?).ok()?;
            let payee = bytes.text(length)?;
            let mut account =
                Account { paid_before: bytes.number()?, last_week: bytes.week()?, earned: BTreeMap::new() };
            let mut sum = 0_u128;
            for _ in 0..bytes.number()? {
                let (week, earned) = (bytes.week()?, bytes.number()?);
                sum = sum.checked_add(earned).filter(|sum| *sum <= account.paid_before)?;
                let ascending = account.earned.last_key_value().is_none_or(|(last, _)| *last < week);
                if !ascending || earned == 0 {
                    return None;
                }
                account.earned.insert(week, earned);
            }
            // All that was paid was earned some time.
            let whole = sum == account.paid_before && account.earned.len() <= KEPT_WEEKS;
            let sorted = memory.accounts.last_key_value().is_none_or(|(last, _)| last.as_str() < payee);
            if !whole || !sorted {
                return None;
            }
            memory.accounts.insert(payee.to_owned(), account);
        }
        bytes.0.is_empty().then_some(memory)
    }
}

/// A week that the format can say.
fn number(week: i64) -> i64 {
    week.max(LONG_AGO)
}

fn write_week(carry: &mut Vec<u8>, week: i64) {
    write_number(carry, u128::from(week.abs_diff(LONG_AGO)));
}

fn write_number(carry: &mut Vec<u8>, mut number: u128) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            carry.push(low & 0x7f);
            return;
        }
        carry.push(low | 0x80);
    }
}

/// The bytes that are still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// A number in its one spelling: no byte more than it needs.
    fn number(&mut self) -> Option<u128> {
        let mut number = 0_u128;
        for shift in (0..u128::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u128::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return (*byte != 0 || shift == 0).then_some(number);
            }
        }
        None
    }

    fn week(&mut self) -> Option<i64> {
        i64::try_from(self.number()?).ok()?.checked_add(LONG_AGO)
    }

    fn text(&mut self, length: usize) -> Option<&'a str> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paid 1 in every week for longer than weeks are kept apart.
    #[test]
    fn what_was_earned_long_ago_is_kept_as_one() {
        const SECONDS: i64 = 7 * 24 * 60 * 60;
        let kept = i64::try_from(KEPT_WEEKS).unwrap();
        let (mut carry, mut memory) = (Vec::new(), Memory::default());
        for week in 0..kept + 20 {
            let epoch = Epoch::builder().window(0, week * SECONDS).carry(carry);
            let paid = u128::try_from(week).unwrap();
            memory = Memory::of(&epoch.paid("ann", paid).build().unwrap()).unwrap();
            carry = memory.write().unwrap();
        }
        let end = (kept + 19) * SECONDS;
        let earned = |weeks| memory.earned("ann", Lookback::until(end, weeks));
        assert_eq!(memory.accounts["ann"].earned.len(), KEPT_WEEKS);
        assert_eq!([earned(1), earned(104)], [1, 104]);
        assert_eq!(earned(0), u128::try_from(kept + 19).unwrap());
    }

    #[test]
    fn numbers_have_one_spelling() {
        for number in [0, 1, 127, 128, 1 << 64, u128::MAX] {
            let mut carry = Vec::new();
            write_number(&mut carry, number);
            let mut bytes = Bytes(&carry);
            assert_eq!((bytes.number(), bytes.0.len()), (Some(number), 0));
        }
        // 0 in two bytes, 2^128, and one that does not end.
        let too_large = [&[0x80; 18][..], &[0x04]].concat();
        for wrong in [&[0x80, 0x00][..], &too_large, &[0xff; 30], &[]] {
            assert_eq!(Bytes(wrong).number(), None, "{wrong:?}");
        }
    }
}
