//! A policy cannot tell an audit from a programme, so one that behaves only in an audit is found.

use apportion::Engine;
use apportion::audit;
use apportion::audit::{Audit, Card, CardFormat};
use apportion::audit::{Property, Verdict};
use apportion::epoch::{EpochRows, Header, NodeRow, PayeeRow, Window};
use apportion::money::{Asset, Pool};
use apportion_tests::{data, hostile, small_epoch};
use serde_json::json;

use crate::retro_funding::standard;

fn audited(component: &[u8], trials: u32, seed: u32) -> Card {
    let policy = Engine::new().unwrap().admit(component).unwrap();
    let parameters = json!({});
    audit(&Audit { policy: &policy, parameters: &parameters, epochs: &[], trials, seed }, |_| {}).unwrap()
}

/// It pays everything to the first payee: names matter, and equal contributions are paid differently.
fn is_found(card: &Card, cheat: &str) {
    assert_eq!(card.terms().answered, card.terms().trials, "{cheat}");
    for property in [Property::Anonymity, Property::Symmetry] {
        let finding = card.finding(property);
        assert_eq!(finding.verdict(), Verdict::Fails, "{cheat}: {property}");
        assert!(2 * finding.failures >= finding.trials, "{cheat}: {property} fails in {}", finding.failures);
    }
}

#[test]
fn a_policy_that_behaves_while_audited_is_found() {
    let component = hostile::file("behaves-while-audited");
    for seed in 1..4 {
        is_found(&audited(&component, 20, seed), "by the asset");
    }
}

/// Every label that audits once had in common, as the condition on which everyone is paid the same.
#[test]
fn no_label_of_an_epoch_tells_an_audit() {
    let epoch = "apportion:policy/epoch@0.1.0";
    let imports = format!(
        "(import \"{epoch}\" \"payee-count\" (func $payee_count (result i32)))
         (import \"{epoch}\" \"payee-ids\" (func $payee_ids (param i32 i32 i32)))
         (import \"{epoch}\" \"number\" (func $number (result i64)))
         (import \"{epoch}\" \"decimals\" (func $decimals (result i32)))
         (import \"{epoch}\" \"window\" (func $window (param i32)))
         (import \"{epoch}\" \"pool\" (func $pool (param i32)))"
    );
    for (cheat, condition) in [
        ("by the number", "(i64.eq (call $number) (i64.const 1))"),
        ("by the decimals", "(i32.eq (call $decimals) (i32.const 3))"),
        (
            "by the window",
            "(call $window (i32.const 2000)) (i64.eq (i64.load (i32.const 2000)) (i64.const 1735689600))",
        ),
        (
            "by the pool",
            "(call $pool (i32.const 2000)) (i64.eq (i64.load (i32.const 2008)) (i64.const 1000000000))",
        ),
        (
            "by the first payee, ann",
            "(call $payee_ids (i32.const 0) (call $payee_count) (i32.const 2000))
             (i32.eq (i32.load (i32.load (i32.const 2000))) (i32.const 0x006e6e61))",
        ),
    ] {
        let component = hostile::policy(
            &format!(
                "{imports}
                 (func (export \"apportion:policy/rule@0.1.0#allocate\") (param i32 i32) (result i32)
                   (local $weights i32) (local.set $weights (call $weights (call $payee_count)))
                   {condition}
                   (if (then (return (local.get $weights))))
                   (memory.fill (i32.const 4104) (i32.const 0)
                     (i32.mul (i32.sub (call $payee_count) (i32.const 1)) (i32.const 8)))
                   (local.get $weights))"
            ),
            &["imports"],
        );
        is_found(&audited(&component, 20, 1), cheat);
    }
}

/// The examples on a card are of epochs that could be anybody's.
#[test]
fn examples_do_not_name_an_audit() {
    let standard = standard(&Engine::new().unwrap(), "equal");
    let parameters = json!({});
    let of = |seed| {
        let audit = Audit { policy: &standard, parameters: &parameters, epochs: &[], trials: 20, seed };
        apportion::audit(&audit, |_| {}).unwrap()
    };
    let (one, other) = (of(1), of(2));
    for property in [Property::Splitting, Property::NullPlayer] {
        let [one, other] =
            [&one, &other].map(|card| &card.finding(property).example.as_ref().unwrap().epochs[0]);
        assert_ne!(one.epoch, other.epoch);
        for shown in [one, other] {
            let text = format!("{:?}", shown.rows);
            for word in ["UNIT", "newcomer", "spam", "nothing"] {
                assert!(!text.contains(word), "{word}: {text}");
            }
        }
    }
}

/// Six, six and two equal pieces of work: of a pool of 10 they get 4, 4, 2, and of 11 they get 5, 5, 1.
fn indivisible() -> EpochRows {
    let mut rows = EpochRows::of(&small_epoch());
    let pool = Pool { asset: Asset::new("MEDAL", 0).unwrap(), amount: 10 };
    rows.header = Header { number: 1, window: Window { start: 0, end: 100 }, pool };
    rows.columns = Default::default();
    (rows.payees, rows.nodes, rows.edges) = (Vec::new(), Vec::new(), Vec::new());
    for (payee, works) in [("ada", 6), ("ben", 6), ("cy", 2)] {
        rows.payees.push(PayeeRow { id: payee.into(), name: "".into() });
        rows.nodes.extend((0..works).map(|work| NodeRow {
            id: format!("{payee}/{work}").into(),
            kind: "work".into(),
            weight: 1.0,
            time: 0,
            payee: Some(payee.into()),
            metrics: Vec::new(),
            labels: Vec::new(),
        }));
    }
    rows
}

/// The Alabama paradox is reported, as the rounding's and not as the rule's; where weights are equal there is none.
#[test]
fn the_rounding_of_small_pools_is_reported_as_the_roundings() {
    let engine = Engine::new().unwrap();
    let proportional = standard(&engine, "proportional");
    let (epoch, parameters) = (indivisible().build().unwrap(), json!({"node_kinds": {"work": 1}}));
    let epochs = std::slice::from_ref(&epoch);
    let card =
        audit(&Audit { policy: &proportional, parameters: &parameters, epochs, trials: 40, seed: 1 }, |_| {})
            .unwrap();
    let finding = card.finding(Property::HouseMonotonicity);
    assert_eq!(finding.verdict(), Verdict::Fails);
    assert!(finding.property.is_of_rounding() && !finding.property.is_attack());
    assert_eq!(finding.extent(), "1 base unit");
    let example = finding.example.as_ref().unwrap();
    let [before, after] = &example.epochs[..] else { panic!("two pools") };
    assert_eq!(after.rows.header.pool.amount, before.rows.header.pool.amount + 1);
    assert_eq!((before.rows.nodes.len(), example.size), (after.rows.nodes.len(), 1));
    // A rule cannot help it: of large pools, where a unit does not count, the same rule breaks nothing.
    assert_eq!(card.finding(Property::ResourceMonotonicity).verdict(), Verdict::Holds);
    assert!(apportion_report::card(&card).contains("by the rounding and not by the rule"));

    let equal = standard(&engine, "equal");
    let parameters = json!({});
    let card = audit(&Audit { policy: &equal, parameters: &parameters, epochs, trials: 40, seed: 1 }, |_| {});
    assert_eq!(card.unwrap().finding(Property::HouseMonotonicity).verdict(), Verdict::Holds);
}

/// Cards that were made before are read for ever; what they did not look at is not tried.
#[test]
fn cards_of_format_1_are_read() {
    let bytes = std::fs::read(data("cards/equal-format-1.json")).unwrap();
    let card = Card::from_bytes(&bytes).unwrap();
    assert_eq!((card.format(), card.as_bytes()), (CardFormat::One, &bytes[..]));
    assert_eq!(card.finding(Property::HouseMonotonicity).verdict(), Verdict::Untried);
    assert_eq!(card.finding(Property::Splitting).verdict(), Verdict::Fails);
    assert_eq!(card.finding(Property::Withholding).property, Property::Withholding);
}
