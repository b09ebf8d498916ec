//! What is paid from now on: `config/grain.json` and `config/dependencies.json`.

use apportion_core::money::Asset;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::cell::parse_time;
use crate::problem::{Fault, shortened};

use super::float::Float;

/// As it is written; what concerns the paying out is left alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawGrain {
    #[serde(default)]
    allocation_policies: Vec<RawPolicy>,
    // The way before `allocationPolicies`.
    immediate_per_week: Option<Box<RawValue>>,
    recent_per_week: Option<Box<RawValue>>,
    balanced_per_week: Option<Box<RawValue>>,
    recent_weekly_decay_rate: Option<Float>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPolicy {
    policy_type: String,
    budget: Box<RawValue>,
    num_intervals_lookback: Option<u32>,
    discount: Option<Float>,
    #[serde(default)]
    exclusions: Vec<String>,
    recipient: Option<String>,
}

/// What one distribution pays, and by which policies.
#[derive(Debug, Default)]
pub(super) struct Grain {
    /// In base units.
    pub(super) budget: u128,
    /// The parameter `allocations` of the policy `credrank`; empty if nothing is paid.
    pub(super) allocations: Vec<Value>,
}

/// A dependency on another project, which is minted a part of every week's cred.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) identity: String,
    /// From when on, in milliseconds since 1970, which part: ascending.
    periods: Vec<(i64, f64)>,
}

#[derive(Deserialize)]
pub(super) struct RawDependency {
    id: String,
    #[serde(default)]
    periods: Vec<RawPeriod>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawPeriod {
    start_time: String,
    weight: Float,
}

/// A name of the currency; what else is there concerns how it is shown and paid out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawCurrency {
    pub(super) currency_name: Option<String>,
}

impl Grain {
    pub(super) fn read(raw: RawGrain, asset: &Asset) -> Result<Grain, Fault> {
        let old = |name: &str, budget: Option<Box<RawValue>>, discount| {
            budget.map(|budget| RawPolicy {
                policy_type: name.to_owned(),
                budget,
                num_intervals_lookback: None,
                discount,
                exclusions: Vec::new(),
                recipient: None,
            })
        };
        let before = [
            old("IMMEDIATE", raw.immediate_per_week, None),
            old("RECENT", raw.recent_per_week, raw.recent_weekly_decay_rate),
            old("BALANCED", raw.balanced_per_week, None),
        ];
        let mut budgets = Vec::new();
        let mut policies = Vec::new();
        for policy in raw.allocation_policies.into_iter().chain(before.into_iter().flatten()) {
            let budget = amount(&policy.budget, asset)?;
            if budget > 0 {
                policies.push(of_credrank(policy)?);
                budgets.push(budget);
            }
        }
        let sum = budgets.iter().try_fold(0_u128, |sum, budget| sum.checked_add(*budget));
        let budget =
            sum.ok_or_else(|| Fault::Parameters("the budgets are more than can be held".to_owned()))?;
        let unit = budgets.iter().copied().fold(0, greatest_common_divisor).max(1);
        for (policy, budget) in policies.iter_mut().zip(&budgets) {
            let portion = u64::try_from(budget / unit).ok().filter(|portion| *portion <= 1 << 53);
            let Some(portion) = portion else {
                return Err(Fault::Parameters("the budgets have no simple proportion".to_owned()));
            };
            policy["portion"] = json!(portion);
        }
        Ok(Grain { budget, allocations: policies })
    }
}

/// A policy in the words of `credrank`, without its portion.
fn of_credrank(policy: RawPolicy) -> Result<Value, Fault> {
    let lacks = |what: &str| Fault::Parameters(format!("a policy `{}` has no `{what}`", policy.policy_type));
    Ok(match policy.policy_type.as_str() {
        "IMMEDIATE" => json!({"policy": "immediate", "weeks": policy.num_intervals_lookback.unwrap_or(1)}),
        "BALANCED" => json!({"policy": "balanced", "weeks": policy.num_intervals_lookback.unwrap_or(0)}),
        "RECENT" => json!({
            "policy": "recent",
            "discount": policy.discount.ok_or_else(|| lacks("discount"))?.0,
            "exclude": policy.exclusions,
        }),
        "SPECIAL" => {
            json!({"policy": "special", "recipient": policy.recipient.as_ref().ok_or_else(|| lacks("recipient"))?})
        }
        other => {
            let shown = shortened(other);
            return Err(Fault::Parameters(format!(
                "`{}` is not a policy that is known",
                shown.escape_debug()
            )));
        }
    })
}

/// A number or a text in whole units, exactly as it is written.
fn amount(raw: &RawValue, asset: &Asset) -> Result<u128, Fault> {
    let text = raw.get().trim_matches('"');
    asset.parse(text).map_err(|error| {
        Fault::Parameters(format!("a budget cannot be used: {}", error.to_string().escape_debug()))
    })
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Dependency {
    pub(super) fn read(raw: RawDependency) -> Result<Dependency, Fault> {
        let mut periods = Vec::new();
        for RawPeriod { start_time, weight: Float(weight) } in raw.periods {
            if !weight.is_finite() || weight < 0.0 {
                return Err(Fault::Parameters(format!("the weight of a period is `{weight}`, below 0")));
            }
            periods.push((parse_time(&start_time)? * 1000, weight));
        }
        periods.sort_by_key(|(start, _)| *start);
        Ok(Dependency { identity: raw.id, periods })
    }

    /// The part of a week's cred that the week's bonus mints.
    pub(super) fn weight_at(&self, time: i64) -> f64 {
        self.periods.iter().rev().find(|(start, _)| *start <= time).map_or(0.0, |(_, weight)| *weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Grain, Fault> {
        Grain::read(serde_json::from_str(json).unwrap(), &Asset::new("GRAIN", 18).unwrap())
    }

    #[test]
    fn budgets_become_portions_in_lowest_terms() {
        let grain = read(
            r#"{"allocationPolicies": [
                {"policyType": "IMMEDIATE", "budget": "100.5", "numIntervalsLookback": 2},
                {"policyType": "RECENT", "budget": 201, "discount": 0.16},
                {"policyType": "SPECIAL", "budget": "0", "memo": "", "recipient": "x"}
            ], "balancedPerWeek": 402, "maxSimultaneousDistributions": 1}"#,
        );
        let grain = grain.unwrap();
        assert_eq!(grain.budget, 703_500_000_000_000_000_000);
        let expected = json!([
            {"policy": "immediate", "weeks": 2, "portion": 1},
            {"policy": "recent", "discount": 0.16, "exclude": [], "portion": 2},
            {"policy": "balanced", "weeks": 0, "portion": 4},
        ]);
        assert_eq!(Value::from(grain.allocations), expected);
    }

    #[test]
    fn what_cannot_be_divided_is_told() {
        for (json, told) in [
            (r#"{"immediatePerWeek": -1}"#, "a budget cannot be used: `-1` is not an amount"),
            (r#"{"recentPerWeek": 1}"#, "a policy `RECENT` has no `discount`"),
            (r#"{"allocationPolicies": [{"policyType": "FAIR", "budget": "1"}]}"#, "`FAIR` is not a policy"),
            (
                r#"{"immediatePerWeek": 1000000, "balancedPerWeek": 1.000000000000000001}"#,
                "the budgets have no simple proportion",
            ),
        ] {
            let fault = read(json).unwrap_err().to_string();
            assert!(fault.starts_with(told), "{fault}");
        }
    }

    #[test]
    fn the_last_period_that_began_counts() {
        let raw = r#"{"id": "x", "periods": [
            {"startTime": "1970-01-02", "weight": 2}, {"startTime": "1970-01-01", "weight": 1}]}"#;
        let dependency = Dependency::read(serde_json::from_str(raw).unwrap()).unwrap();
        let day = 86_400_000;
        assert_eq!([-1, 0, day - 1, day].map(|time| dependency.weight_at(time)), [0.0, 1.0, 1.0, 2.0]);
    }
}
