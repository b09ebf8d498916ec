//! No policy can harm the host, and each way to fail has its own code.

use apportion::{
    AdmissionError, Charter, Engine, History, Limits, OnFault, Outcome, Policy, SettleError, settle,
};
use apportion_tests::{hostile, small_epoch};

/// Limits that a hostile policy reaches within a second.
fn limits() -> Limits {
    Limits {
        instructions: 200_000_000,
        memory: 64 << 20,
        table: 1 << 20,
        transfer: 16 << 20,
        output: 16 << 20,
    }
}

fn charter(policy: &Policy, on_fault: OnFault) -> Charter {
    let single = Charter::single("Hostile", policy, serde_json::json!({})).unwrap();
    let mut terms = single.terms().clone();
    (terms.limits, terms.on_fault) = (limits(), on_fault);
    Charter::new(terms).unwrap()
}

#[test]
fn each_way_to_fail_has_its_code_and_harms_nothing() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    let mut wrong = Vec::new();
    for case in hostile::all() {
        let policy = engine.admit(&case.component).unwrap();
        let settled = settle(
            &epoch,
            &charter(&policy, OnFault::Stop),
            std::slice::from_ref(&policy),
            &History::default(),
        );
        let Err(SettleError::Fault { fault, .. }) = settled else {
            panic!("{}: {settled:?}", case.name);
        };
        if fault.code.as_str() != case.code {
            wrong.push(format!("{}: {fault} instead of {}", case.name, case.code));
        }
        // The same end again, and in a receipt where the charter wants one: the pool stays whole.
        let retained =
            settle(&epoch, &charter(&policy, OnFault::Retain), &[policy], &History::default()).unwrap();
        let settlement = retained.receipt.settlement();
        assert_eq!(settlement.runs[0].outcome, Outcome::Fault(fault), "{}", case.name);
        assert_eq!((settlement.paid, settlement.retained), (0, epoch.pool().amount), "{}", case.name);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_harmless_policy_made_the_same_way_is_paid_by() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let settled = settle(&epoch, &charter(&policy, OnFault::Stop), &[policy], &History::default()).unwrap();
    let amounts: Vec<u128> = settled.payouts.list().payouts.iter().map(|payout| payout.amount).collect();
    assert_eq!(amounts, [33334, 33334, 33333]);
}

/// Without canonical NaNs this policy stops itself on x86 and divides on other processors.
#[test]
fn a_nan_has_the_same_bits_everywhere() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    let policy = engine.admit(&hostile::looks_at_nan()).unwrap();
    let settled = settle(&epoch, &charter(&policy, OnFault::Stop), &[policy], &History::default()).unwrap();
    assert_eq!(settled.receipt.settlement().paid, epoch.pool().amount);
}

#[test]
fn a_refusal_keeps_the_policys_own_words() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    let refuses = hostile::all().pop().unwrap();
    let policy = engine.admit(&refuses.component).unwrap();
    let settled = settle(&epoch, &charter(&policy, OnFault::Stop), &[policy], &History::default());
    let Err(SettleError::Fault { fault, log, .. }) = settled else { panic!("{settled:?}") };
    assert_eq!(fault.to_string(), "no-answer: I am told to say this.");
    assert_eq!(log, "I am told to say this.\n");
}

#[test]
fn what_is_no_policy_is_not_admitted_and_told_why() {
    let engine = Engine::new().unwrap();
    let says = |bytes: &[u8]| engine.admit(bytes).unwrap_err().to_string();
    assert!(says(b"").contains("not a WebAssembly component"));
    assert!(says(b"PK\x03\x04 a zip file").contains("not a WebAssembly component"));
    assert!(says(&hostile::core_module()).contains("this is a core module; a policy is a component"));
    assert!(
        says(&hostile::with_foreign_import())
            .contains("imports `wasi:sockets/network@0.2.0`, which no policy gets")
    );
    assert!(
        says(&hostile::with_unknown_interface())
            .contains("imports `apportion:policy/secrets@0.1.0`, which no policy gets")
    );
    assert!(
        says(&hostile::of_later_contract())
            .contains("built for version 7.0.0 of the contract; this engine runs 0.1.0")
    );
    assert!(says(&hostile::without_rule()).contains("does not export `apportion:policy/rule`"));

    let whole = hostile::harmless();
    assert!(matches!(engine.admit(&whole[..whole.len() / 2]), Err(AdmissionError::Invalid(_))));
    assert!(matches!(engine.admit(&vec![0; 65 << 20]), Err(AdmissionError::NotWebAssembly)));
}

#[test]
fn compiling_that_takes_too_long_is_the_hosts_affair() {
    let engine = Engine::new().unwrap().with_compile_time(std::time::Duration::ZERO);
    assert!(matches!(engine.admit(&hostile::harmless()), Err(AdmissionError::Host(_))));
}

#[test]
fn parameters_are_held_to_the_schema() {
    let policy = Engine::new().unwrap().admit(&hostile::harmless()).unwrap();
    assert!(policy.check_parameters(&serde_json::json!({"cap": 0.5})).is_ok());
    let error = policy.check_parameters(&serde_json::json!({"cap": 2, "cup": 1})).unwrap_err().to_string();
    assert!(
        error.contains("`cap`: 2 is greater than the maximum of 1") && error.contains("'cup'"),
        "{error}"
    );
}

/// What one flipped bit makes of a component: still admitted or refused, never a panic.
#[test]
fn damaged_components_are_refused_or_run_within_limits() {
    let (engine, epoch, whole) = (Engine::new().unwrap(), small_epoch(), hostile::harmless());
    for bit in (0..whole.len() * 8).step_by(97) {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(policy) = engine.admit(&damaged) {
            let _ = settle(&epoch, &charter(&policy, OnFault::Retain), &[policy], &History::default());
        }
    }
}
