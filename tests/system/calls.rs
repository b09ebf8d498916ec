//! Which functions a policy was in when it broke off: told to authors, the same on every backend, and in no receipt.

use apportion::charter::OnFault;
use apportion::engine::{Backend, Setup};
use apportion::receipt::Outcome;
use apportion::settle::SettleError;
use apportion::{Charter, Engine, History, Limits, Policy, settle};
use apportion_tests::{hostile, small_epoch};

/// A policy whose rule calls `outer`, and that one `inner`, which does this. The rule itself has no name.
fn policy(engine: &Engine, inner: &str) -> Policy {
    let parts = format!("(func $inner {inner}) (func $outer (call $inner))");
    engine.admit(&hostile::allocating("(call $outer) unreachable", &parts)).unwrap()
}

fn charter(policy: &Policy, on_fault: OnFault) -> Charter {
    let mut terms = Charter::single("Calls", policy, serde_json::json!({})).unwrap().terms().clone();
    (terms.limits.instructions, terms.on_fault) = (10_000_000, on_fault);
    Charter::new(terms).unwrap()
}

const ENDS: [(&str, &str); 8] = [
    ("unreachable", "unreachable"),
    ("out-of-instructions", "(loop (br 0))"),
    ("memory-access", "(drop (i32.load (i32.const -1)))"),
    ("arithmetic", "(drop (i32.div_s (i32.const 1) (i32.const 0)))"),
    ("out-of-memory", "(drop (memory.grow (i32.const 65000)))"),
    // Three that end inside the host, which the last lets call back.
    ("bad-call", "(call $carry (i32.const 1300))"),
    ("bad-call", "(call $node_weight (i32.const 1000000) (i32.const 1) (i32.const 1300))"),
    ("stack-overflow", "(call $inner)"),
];

#[test]
fn a_fault_is_told_with_the_functions_that_it_is_in() {
    for backend in [Backend::Cranelift, Backend::Pulley, Backend::Winch] {
        let engine = Engine::of(Setup { backend, ..Setup::default() }).unwrap();
        for (code, inner) in ENDS {
            let policy = policy(&engine, inner);
            let settled = |on_fault| {
                settle(
                    &small_epoch(),
                    &charter(&policy, on_fault),
                    std::slice::from_ref(&policy),
                    &History::default(),
                )
            };
            let Err(SettleError::Fault { fault, calls, .. }) = settled(OnFault::Stop) else {
                panic!("{inner}")
            };
            assert_eq!(fault.code.as_str(), code, "{inner}");
            assert!(!fault.sentence.contains("inner") && !fault.sentence.contains("0x"), "{fault}");
            if code == "stack-overflow" {
                assert!(calls.len() > 20 && calls.len() <= 32, "{calls:?}");
                assert!(calls.iter().all(|name| name == "inner"), "{calls:?}");
            } else {
                assert_eq!(calls, ["inner", "outer"], "{code} {backend:?}");
            }
            let receipt = settled(OnFault::Retain).unwrap().receipt;
            assert_eq!(receipt.terms().runs[0].outcome, Outcome::Fault(fault));
            assert!(!String::from_utf8_lossy(receipt.as_bytes()).contains("inner"), "{code}");
        }
    }
}

#[test]
fn a_profile_tells_them_too() {
    let engine = Engine::new().unwrap();
    let parts = "(func $inner (loop (br 0))) (func $outer (call $inner))";
    let component = hostile::allocating("(call $outer) unreachable", parts);
    let limits = Limits { instructions: 1_000_000, ..Limits::default() };
    let profile = engine.profile(&component, &small_epoch(), &serde_json::json!({}), &limits).unwrap();
    assert_eq!(profile.ended.unwrap_err().code.as_str(), "out-of-instructions");
    assert_eq!(profile.calls, ["inner", "outer"]);
}

/// A stranger's names: what a terminal would obey is gone, and a long one is cut.
#[test]
fn names_are_told_as_they_can_be_shown() {
    let engine = Engine::new().unwrap();
    let long = "x".repeat(100_000);
    let parts = format!("(func $\"\\1b[2J\" unreachable) (func ${long} (call $\"\\1b[2J\"))");
    let policy = engine.admit(&hostile::allocating(&format!("(call ${long}) unreachable"), &parts)).unwrap();
    let charter = charter(&policy, OnFault::Stop);
    let settled = settle(&small_epoch(), &charter, &[policy], &History::default());
    let Err(SettleError::Fault { calls, .. }) = settled else { panic!("{settled:?}") };
    let [cleared, long] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(cleared, " [2J");
    assert!(long.len() < 250, "{}", long.len());
}
