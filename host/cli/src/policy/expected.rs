//! What a case must give: `expected.json`, which people write and read, so its amounts are in whole units.

use std::collections::BTreeMap;

use anyhow::Result;
use apportion::fault::{Fault, FaultCode};
use apportion::money::Asset;
use apportion::text::escape_name;
use apportion::{Epoch, Settlement};
use serde::{Deserialize, Serialize};

use crate::print::{Lines, say};
use crate::table::{RETAINED, with_sums};

/// Payouts, or the sentence by which the policy declines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Expected {
    Payouts(Payouts),
    Refusal(Refusal),
}

/// Who gets what, by the payee's id, in whole units of the asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payouts {
    pub payouts: BTreeMap<String, String>,
    /// What stays in the treasury.
    pub retained: String,
}

/// As the receipt says it: `no-answer: no payee has a point`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    pub refusal: String,
}

impl Expected {
    /// What a settlement gave.
    pub fn of(epoch: &Epoch, settlement: &Settlement) -> Expected {
        let asset = &epoch.pool().asset;
        let payouts = settlement.payouts.iter();
        let payouts = payouts.map(|payout| (payout.payee.clone(), asset.format(payout.amount))).collect();
        let retained = asset.format(settlement.receipt.terms().retained);
        Expected::Payouts(Payouts { payouts, retained })
    }

    /// What a fault gave, if it is one that a case may expect: a policy that declines, and none that breaks.
    pub fn of_fault(fault: &Fault) -> Option<Expected> {
        let declines = matches!(fault.code, FaultCode::NoAnswer | FaultCode::BadParameters);
        declines.then(|| Expected::Refusal(Refusal { refusal: fault.to_string() }))
    }

    /// For the file.
    pub fn to_json(&self) -> Result<String> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// What is otherwise than expected, a line each; nothing if all is as expected.
    pub fn differences(&self, got: &Expected, asset: &Asset) -> Lines {
        match (self, got) {
            (Expected::Payouts(expected), Expected::Payouts(got)) => expected.differences(got, asset),
            (Expected::Refusal(expected), Expected::Refusal(got)) if expected == got => Lines::default(),
            (expected, got) => {
                let mut text = Lines::default();
                say!(text, "  expected  {}", expected.in_words());
                say!(text, "  got       {}", got.in_words());
                text
            }
        }
    }

    fn in_words(&self) -> String {
        match self {
            Expected::Payouts(Payouts { payouts, .. }) => {
                format!("payouts to {}", crate::table::count(payouts.len(), "payee"))
            }
            Expected::Refusal(Refusal { refusal }) => refusal.clone(),
        }
    }
}

impl Payouts {
    fn differences(&self, got: &Payouts, asset: &Asset) -> Lines {
        // `10` and `10.00` are the same; what is no amount differs from everything.
        let same = |a: Option<&String>, b: Option<&String>| {
            let parse = |text: Option<&String>| text.and_then(|text| asset.parse(text).ok());
            parse(a).is_some() && parse(a) == parse(b)
        };
        let row =
            |called: &str, expected: &str, got: &str| [called, expected, got].map(ToOwned::to_owned).to_vec();
        let mut rows = Vec::new();
        let payees: std::collections::BTreeSet<&String> =
            self.payouts.keys().chain(got.payouts.keys()).collect();
        for payee in payees {
            let (expected, got) = (self.payouts.get(payee), got.payouts.get(payee));
            if !same(expected, got) {
                rows.push(row(&escape_name(payee).to_string(), shown(expected), shown(got)));
            }
        }
        let mut sums = Vec::new();
        if !same(Some(&self.retained), Some(&got.retained)) {
            sums.push(row(RETAINED, &self.retained, &got.retained));
        }
        if rows.is_empty() && sums.is_empty() {
            return Lines::default();
        }
        with_sums(&["", "expected", "got"], rows, sums, &[1, 2]).indented(" ")
    }
}

fn shown(amount: Option<&String>) -> &str {
    amount.map_or("(no payee)", String::as_str)
}
