//! A charter taken apart into single settings, so that two charters can be compared setting by setting.
//!
//! Settings are compared by key and value and never by how they are displayed: a parameter called `portion` is not the
//! portion, `1` is not `"1"`, and a policy is its whole digest. Two charters with different digests differ in at least
//! one setting. Every struct is destructured without `..`, so a new member of a charter does not compile until it is
//! listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::asset::{AssetTerms, CarryChange, PaidChange};
use super::terms::{Appointment, CharterTerms, OnFault, Signers};
use crate::canonical::Digest;
use crate::limits::Limits;

/// Which setting of a charter. Sorted by how much depends on it: who can change the charter comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettingKey {
    /// How many signatures a change of the charter needs; 0 if it names no signers.
    SignaturesRequired,
    /// The keys that may sign a change, as OpenSSH's allowed-signers file lists them.
    AllowedSigners,
    /// A setting of one policy.
    Policy {
        /// What the charter calls the policy.
        name: String,
        /// 1 for the first policy of that name, 2 for the second.
        occurrence: usize,
        /// Which setting of it.
        setting: PolicySetting,
    },
    /// The asset of the epochs that it divides, where the charter decides it.
    Asset,
    /// The charter's name.
    Name,
    /// What happens when a policy gives no allocation.
    OnFault,
    /// A limit of each run, by its name: `instructions`.
    Limit(&'static str),
}

/// Which setting of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicySetting {
    /// The component that is run.
    Component,
    /// Its portion of the pool in relation to the others'.
    Portion,
    /// Its place among the charter's policies, counted from 1. Units left over by rounding go to earlier ones first.
    Position,
    /// A parameter, by the names of the members that lead to it.
    Parameter(Vec<String>),
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// A text: the charter's name, the list of signers.
    Text(String),
    /// A count.
    Number(u64),
    /// What happens when a policy gives no allocation.
    OnFault(OnFault),
    /// The asset, and what happens to the history where another one was before.
    Asset(AssetTerms),
    /// A policy's component with the version that the charter gives it.
    Component {
        /// The component's hash.
        digest: Digest,
        /// Its version, a label.
        version: String,
    },
    /// A parameter: anything in JSON but an object with members, whose members are settings of their own.
    Parameter(Value),
}

/// All settings of a charter by their keys. Two charters have equal settings if and only if their digests are equal.
///
/// ```
/// use apportion_core::canonical::Digest;
/// use apportion_core::charter::{Charter, PolicyId, PolicySetting, SettingKey, SettingValue, settings};
///
/// let component = std::fs::read("../../policies/dist/equal.wasm")?;
/// let equal = PolicyId { digest: Digest::of(&component), name: "equal".into(), version: "0.1.0".into() };
/// let charter = Charter::single("Cooperative", equal, serde_json::json!({}))?;
/// let portion =
///     SettingKey::Policy { name: "equal".to_owned(), occurrence: 1, setting: PolicySetting::Portion };
/// assert_eq!(settings(charter.terms())[&portion], SettingValue::Number(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn settings(terms: &CharterTerms) -> BTreeMap<SettingKey, SettingValue> {
    let CharterTerms { name, asset, policies, limits, on_fault, signers } = terms;
    let mut settings = BTreeMap::from([
        (SettingKey::Name, SettingValue::Text(name.clone())),
        (SettingKey::OnFault, SettingValue::OnFault(*on_fault)),
    ]);
    settings.extend(of_signers(signers.as_ref()));
    settings.extend(asset.iter().map(|asset| (SettingKey::Asset, SettingValue::Asset(asset.clone()))));
    settings.extend(of_limits(limits));
    let mut occurrences: BTreeMap<&str, usize> = BTreeMap::new();
    for (position, appointment) in (1..).zip(policies) {
        let occurrence = occurrences.entry(&appointment.name).or_default();
        *occurrence += 1;
        settings.extend(of_policy(appointment, *occurrence, position));
    }
    settings
}

fn of_signers(signers: Option<&Signers>) -> Vec<(SettingKey, SettingValue)> {
    // A charter that names signers requires one signature at least, so 0 is that of a charter without any.
    let Some(Signers { required, allowed }) = signers else {
        return vec![(SettingKey::SignaturesRequired, SettingValue::Number(0))];
    };
    vec![
        (SettingKey::SignaturesRequired, SettingValue::Number(u64::from(*required))),
        (SettingKey::AllowedSigners, SettingValue::Text(allowed.clone())),
    ]
}

fn of_limits(limits: &Limits) -> [(SettingKey, SettingValue); 5] {
    let Limits { instructions, memory, table, transfer, output } = *limits;
    [
        ("instructions", instructions),
        ("memory", memory),
        ("table", table),
        ("transfer", transfer),
        ("output", output),
    ]
    .map(|(name, limit)| (SettingKey::Limit(name), SettingValue::Number(limit)))
}

fn of_policy(appointment: &Appointment, occurrence: usize, position: u64) -> Vec<(SettingKey, SettingValue)> {
    let Appointment { policy, name, version, portion, parameters } = appointment;
    let component = SettingValue::Component { digest: *policy, version: version.clone() };
    let mut settings = vec![
        (PolicySetting::Component, component),
        (PolicySetting::Portion, SettingValue::Number(u64::from(*portion))),
        (PolicySetting::Position, SettingValue::Number(position)),
    ];
    flatten(parameters, &mut Vec::new(), &mut settings);
    let key = |setting| SettingKey::Policy { name: name.clone(), occurrence, setting };
    settings.into_iter().map(|(setting, value)| (key(setting), value)).collect()
}

/// Every value inside an object by its path. An empty object has no members to stand for it, so it is a value; the
/// parameters themselves are always an object, and empty where nothing is set.
fn flatten(value: &Value, path: &mut Vec<String>, settings: &mut Vec<(PolicySetting, SettingValue)>) {
    match value {
        Value::Object(members) if path.is_empty() || !members.is_empty() => {
            for (name, member) in members {
                path.push(name.clone());
                flatten(member, path, settings);
                path.pop();
            }
        }
        leaf => {
            settings.push((PolicySetting::Parameter(path.clone()), SettingValue::Parameter(leaf.clone())));
        }
    }
}

/// The setting for people. Names in it may be a stranger's text and are not escaped for any medium.
impl fmt::Display for SettingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingKey::SignaturesRequired => f.write_str("signatures required to change the charter"),
            SettingKey::AllowedSigners => f.write_str("keys that may sign a change"),
            SettingKey::Policy { name, occurrence: 1, setting } => write!(f, "{name}: {setting}"),
            SettingKey::Policy { name, occurrence, setting } => write!(f, "{name} ({occurrence}): {setting}"),
            SettingKey::Asset => f.write_str("asset"),
            SettingKey::Name => f.write_str("name"),
            SettingKey::OnFault => f.write_str("when a policy gives no allocation"),
            SettingKey::Limit(name) => write!(f, "limit: {name}"),
        }
    }
}

/// `portion`; a parameter as TOML writes a dotted key, which a draft of a charter is written in: `parameter a.b` is a
/// member of a member and `parameter "a.b"` one member.
impl fmt::Display for PolicySetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicySetting::Component => f.write_str("component"),
            PolicySetting::Portion => f.write_str("portion"),
            PolicySetting::Position => f.write_str("position"),
            PolicySetting::Parameter(path) => {
                let names: Vec<String> = path.iter().map(|name| key(name)).collect();
                write!(f, "parameter {}", names.join("."))
            }
        }
    }
}

fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { spelled(&Value::from(name)) }
}

/// The value as JSON, so that different values of a setting are displayed differently. Not escaped for any medium.
impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingValue::Text(text) => f.write_str(&spelled(&Value::from(text.as_str()))),
            SettingValue::Number(number) => write!(f, "{number}"),
            SettingValue::OnFault(OnFault::Stop) => f.write_str("nothing is settled"),
            SettingValue::OnFault(OnFault::Retain) => f.write_str("its portion stays in the treasury"),
            SettingValue::Asset(asset) => write_asset(f, asset),
            SettingValue::Component { digest, version } => write!(f, "{version} {digest}"),
            SettingValue::Parameter(value) => f.write_str(&spelled(value)),
        }
    }
}

fn write_asset(f: &mut fmt::Formatter<'_>, asset: &AssetTerms) -> fmt::Result {
    let AssetTerms { symbol, decimals, paid, carry } = asset;
    write!(
        f,
        "{} with {decimals} decimals; amounts paid before in another asset ",
        spelled(&Value::from(symbol.as_str()))
    )?;
    match paid {
        PaidChange::Reset => f.write_str("are reset")?,
        PaidChange::Convert(ratio) => {
            write!(f, "are multiplied by {}/{}", ratio.numerator, ratio.denominator)?
        }
    }
    match carry {
        CarryChange::Reset => f.write_str("; what policies handed over is reset"),
        CarryChange::Keep => f.write_str("; what policies handed over is kept"),
    }
}

/// JSON in which every blank is seen: a browser shows several as one, and some are wider than others.
fn spelled(value: &Value) -> String {
    let mut spelled = String::new();
    let mut before = 'x';
    for c in value.to_string().chars() {
        match c {
            ' ' if before != ' ' => spelled.push(' '),
            // All of Unicode's blanks fit four digits.
            blank if blank.is_whitespace() => spelled.push_str(&format!("\\u{:04x}", u32::from(blank))),
            other => spelled.push(other),
        }
        before = c;
    }
    spelled
}

/// A setting of several charters: those that were in force, and a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedSetting {
    /// Which.
    pub key: SettingKey,
    /// The values that were in force, in the order of the epochs, each value once; none where a charter did not set it.
    pub then: Vec<SettingThen>,
    /// The candidate's value; none if it does not set it.
    pub new: Option<SettingValue>,
}

/// A value that was in force.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingThen {
    /// The value; none if it was not set.
    pub value: Option<SettingValue>,
    /// The numbers of the epochs that it was in force for.
    pub epochs: Vec<u64>,
}

impl ComparedSetting {
    /// Every setting of a candidate and of charters in force, each with the numbers of its epochs.
    pub fn all(in_force: &[(&CharterTerms, Vec<u64>)], candidate: &CharterTerms) -> Vec<ComparedSetting> {
        let mut new = settings(candidate);
        let mut then: Vec<_> =
            in_force.iter().map(|(terms, epochs)| (settings(terms), epochs.as_slice())).collect();
        let keys: BTreeSet<SettingKey> =
            new.keys().chain(then.iter().flat_map(|(settings, _)| settings.keys())).cloned().collect();
        let compared = keys.into_iter().map(|key| {
            let mut values: Vec<SettingThen> = Vec::new();
            for (settings, epochs) in &mut then {
                let value = settings.remove(&key);
                match values.iter_mut().find(|known| known.value == value) {
                    Some(known) => known.epochs.extend_from_slice(epochs),
                    None => values.push(SettingThen { value, epochs: epochs.to_vec() }),
                }
            }
            ComparedSetting { new: new.remove(&key), key, then: values }
        });
        compared.collect()
    }

    /// Whether some charter in force had another value than the candidate.
    pub fn differs(&self) -> bool {
        self.then.iter().any(|then| then.value != self.new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::charter::{Charter, Ratio};

    fn policy(name: &str, digest: &[u8], parameters: Value) -> Appointment {
        let (policy, name, version) = (Digest::of(digest), name.to_owned(), "1.0.0".to_owned());
        Appointment { policy, name, version, portion: 1, parameters }
    }

    fn terms(policies: Vec<Appointment>) -> CharterTerms {
        let (name, limits) = ("Test".to_owned(), Limits::default());
        CharterTerms { name, asset: None, policies, limits, on_fault: OnFault::Stop, signers: None }
    }

    fn differing(old: &CharterTerms, new: &CharterTerms) -> Vec<String> {
        let all = ComparedSetting::all(&[(old, vec![1])], new);
        all.iter().filter(|setting| setting.differs()).map(|setting| setting.key.to_string()).collect()
    }

    #[test]
    fn what_looks_alike_is_told_apart() {
        let with = |parameters| terms(vec![policy("equal", b"a", parameters)]);
        for (old, new, expected) in [
            (json!({"a": 1}), json!({"a": "1"}), &["equal: parameter a"][..]),
            (
                json!({"a": {"b": 1}}),
                json!({"a.b": 1}),
                &["equal: parameter a.b", "equal: parameter \"a.b\""],
            ),
            (json!({"a": {}}), json!({}), &["equal: parameter a"]),
            (json!({"a": []}), json!({"a": {}}), &["equal: parameter a"]),
            (json!({"a": null}), json!({"a": "null"}), &["equal: parameter a"]),
            (json!({"portion": 1}), json!({"portion": 2}), &["equal: parameter portion"]),
            (json!({"component": ""}), json!({}), &["equal: parameter component"]),
            (json!({"": 1}), json!({}), &["equal: parameter \"\""]),
        ] {
            assert_eq!(differing(&with(old), &with(new)), expected);
        }
        let parameters = json!({"portion": 1, "component": "1.0.0"});
        let one = terms(vec![policy("equal", b"a", parameters)]);
        let mut other = one.clone();
        other.policies[0].portion = 7;
        other.policies[0].policy = Digest::of(b"b");
        assert_eq!(differing(&one, &other), ["equal: component", "equal: portion"]);
    }

    #[test]
    fn signers_come_first_and_each_charter_has_a_threshold() {
        let none = terms(vec![policy("equal", b"a", json!({}))]);
        let signed = |required, allowed: &str| {
            let signers = Some(Signers { required, allowed: allowed.to_owned() });
            CharterTerms { signers, ..none.clone() }
        };
        let both = ["signatures required to change the charter", "keys that may sign a change"];
        assert_eq!(differing(&none, &signed(1, "ann")), both);
        assert_eq!(differing(&signed(1, "ann"), &signed(1, "mallory")), both[1..]);
        assert_eq!(differing(&signed(1, "ann\nbob"), &signed(2, "ann\nbob")), both[..1]);
        let keys: Vec<SettingKey> = settings(&signed(1, "ann")).into_keys().collect();
        assert_eq!(keys[..2], [SettingKey::SignaturesRequired, SettingKey::AllowedSigners]);
    }

    #[test]
    fn every_part_of_an_asset_is_compared() {
        let asset = |symbol: &str, decimals, paid, carry| {
            let asset = Some(AssetTerms { symbol: symbol.to_owned(), decimals, paid, carry });
            CharterTerms { asset, ..terms(vec![policy("equal", b"a", json!({}))]) }
        };
        let convert = |numerator| PaidChange::Convert(Ratio { numerator, denominator: 25 });
        let all = [
            terms(vec![policy("equal", b"a", json!({}))]),
            asset("EUR", 2, PaidChange::Reset, CarryChange::Reset),
            asset("EURO", 2, PaidChange::Reset, CarryChange::Reset),
            asset("EUR", 4, PaidChange::Reset, CarryChange::Reset),
            asset("EUR", 2, convert(27), CarryChange::Reset),
            asset("EUR", 2, convert(28), CarryChange::Reset),
            asset("EUR", 2, PaidChange::Reset, CarryChange::Keep),
        ];
        for (place, one) in all.iter().enumerate() {
            for other in &all[place + 1..] {
                assert_eq!(differing(one, other), ["asset"]);
                let shown =
                    |terms: &CharterTerms| settings(terms).get(&SettingKey::Asset).map(ToString::to_string);
                assert_ne!(shown(one), shown(other));
            }
        }
    }

    #[test]
    fn every_blank_of_a_value_is_displayed() {
        let shown = |text: &str| SettingValue::Text(text.to_owned()).to_string();
        assert_eq!(shown("a b"), "\"a b\"");
        assert_eq!(shown("a  b\u{a0}"), "\"a \\u0020b\\u00a0\"");
        assert_eq!(SettingValue::Parameter(json!(1)).to_string(), "1");
        assert_eq!(SettingValue::Parameter(json!("1")).to_string(), "\"1\"");
    }

    #[test]
    fn the_order_of_policies_is_a_setting() {
        let (one, other) = (policy("equal", b"a", json!({})), policy("pagerank", b"b", json!({})));
        let (forth, back) = (terms(vec![one.clone(), other.clone()]), terms(vec![other, one]));
        assert_eq!(differing(&forth, &back), ["equal: position", "pagerank: position"]);
    }

    #[test]
    fn values_over_time_are_grouped_with_their_epochs() {
        let (one, other) = (terms(vec![policy("equal", b"a", json!({}))]), terms(vec![]));
        let all = ComparedSetting::all(&[(&one, vec![1, 2]), (&other, vec![3]), (&one, vec![5])], &one);
        let portion = all.iter().find(|setting| setting.key.to_string() == "equal: portion").unwrap();
        assert!(portion.differs());
        let epochs: Vec<&[u64]> = portion.then.iter().map(|then| then.epochs.as_slice()).collect();
        assert_eq!(epochs, [&[1, 2, 5][..], &[3]]);
    }

    fn parameters() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            (0..3_u64).prop_map(Value::from),
            prop::sample::select(vec!["", "0", "1"]).prop_map(Value::from),
            Just(json!({})),
            Just(json!([])),
        ];
        let inner = leaf.prop_recursive(3, 12, 3, |inner| {
            let names = prop_oneof![Just("a"), Just("b"), Just("a.b"), Just(""), Just("portion")];
            let members = prop::collection::vec((names, inner.clone()), 0..3);
            prop_oneof![
                members.prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
                prop::collection::vec(inner, 0..2).prop_map(Value::from),
            ]
        });
        prop::collection::vec((prop_oneof![Just("a"), Just("a.b"), Just("portion")], inner), 0..3)
            .prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    }

    fn charters() -> impl Strategy<Value = Charter> {
        let policy = (prop_oneof![Just("equal"), Just("split")], 0..2_u8, 1..3_u32, parameters()).prop_map(
            |(name, digest, portion, parameters)| Appointment {
                portion,
                ..policy(name, &[digest], parameters)
            },
        );
        let policies = prop::collection::vec(policy, 1..3);
        (policies, any::<bool>(), 1..3_u64).prop_map(|(policies, stops, memory)| {
            let on_fault = if stops { OnFault::Stop } else { OnFault::Retain };
            let limits = Limits { memory, ..Limits::default() };
            Charter::new(CharterTerms { limits, on_fault, ..terms(policies) }).unwrap()
        })
    }

    /// Two charters that have much in common.
    fn relatives() -> impl Strategy<Value = (Charter, Charter)> {
        (charters(), charters(), 0..4_u8).prop_map(|(one, other, part)| {
            let (mut terms, others) = (one.terms().clone(), other.terms().clone());
            match part {
                0 => terms.policies.reverse(),
                1 => terms.policies[0].parameters = others.policies[0].parameters.clone(),
                2 => terms.policies[0] = others.policies[0].clone(),
                _ => (terms.limits, terms.on_fault) = (others.limits, others.on_fault),
            }
            (one, Charter::new(terms).unwrap())
        })
    }

    proptest! {
        /// Nothing of a charter is outside its settings, and no two charters have the same.
        #[test]
        fn settings_are_equal_exactly_where_digests_are((one, other) in relatives()) {
            let (a, b) = (one.terms(), other.terms());
            prop_assert_eq!(settings(a) == settings(b), one.digest() == other.digest());
            prop_assert_eq!(differing(a, b).is_empty(), one.digest() == other.digest());
        }

        /// What is displayed is as unambiguous as the key.
        #[test]
        fn different_keys_are_displayed_differently((one, other) in relatives()) {
            let keys: BTreeSet<SettingKey> =
                settings(one.terms()).into_keys().chain(settings(other.terms()).into_keys()).collect();
            let shown: BTreeSet<String> = keys.iter().map(SettingKey::to_string).collect();
            prop_assert_eq!(shown.len(), keys.len());
        }
    }
}
