//! The host's own limits over other people's policies: what they stop is never a result, and the rest goes on.

use std::convert::Infallible;
use std::time::Duration;

use apportion::charter::{Appointment, OnFault};
use apportion::engine::HostError;
use apportion::fault::FaultCode;
use apportion::ledger::LedgerError;
use apportion::limits::HostLimit;
use apportion::policy::CheckError;
use apportion::receipt::Outcome;
use apportion::replay::{Replayed, SettledEpoch, SettledEpochs};
use apportion::settle::SettleError;
use apportion::store::DirectoryStore;
use apportion::verify::Verification;
use apportion::{Cancel, Charter, Engine, History, Limits, Policy, settle};
use apportion_tests::{hostile, numbered_epoch, replay_all, small_epoch};
use serde_json::json;

use crate::ledger::Folder;

/// As much as a policy of the tests needs, and too little for one run under a charter's usual limits.
const SMALL: u64 = 1 << 30;

fn modest() -> Limits {
    Limits { memory: 64 << 20, output: 1 << 20, ..Limits::default() }
}

fn charter(policy: &Policy, limits: Limits) -> Charter {
    let mut terms = Charter::single("Limits", policy, json!({})).unwrap().terms().clone();
    (terms.limits, terms.on_fault) = (limits, OnFault::Retain);
    Charter::new(terms).unwrap()
}

/// A ledger whose epochs 1 and 3 need little memory, and whose epoch 2 may take much.
fn mixed(folder: &Folder, engine: &Engine, component: &[u8]) {
    let mut ledger = folder.make();
    let policy = engine.admit(component).unwrap();
    for (number, limits) in [(1, modest()), (2, Limits::default()), (3, modest())] {
        ledger.adopt(engine, &charter(&policy, limits), number, &[component.to_vec()], &[]).unwrap();
        ledger.settle(engine, &numbered_epoch(number)).unwrap();
    }
}

fn verified(folder: &Folder, engine: &Engine) -> Result<Verification, HostError> {
    apportion::verify(DirectoryStore::open(&folder.0).unwrap(), Some(engine), &mut |_| {})
}

fn limits_met(found: &Verification) -> Vec<Option<HostLimit>> {
    found.unchecked.iter().map(|unchecked| unchecked.limit).collect()
}

#[test]
fn entry_that_the_host_cannot_check_is_reported_and_the_others_are_verified() {
    let engine = Engine::new().unwrap();
    for (name, component) in [("unchecked", hostile::harmless()), ("unchecked-stateful", hostile::stateful())]
    {
        let folder = Folder::new(name);
        mixed(&folder, &engine, &component);
        let found = verified(&folder, &engine).unwrap();
        assert_eq!((found.run_again, limits_met(&found)), (3, vec![]));

        let found = verified(&folder, &engine.clone().with_memory(SMALL)).unwrap();
        assert_eq!((found.run_again, limits_met(&found)), (2, vec![Some(HostLimit::Memory)]));
        assert!(found.findings.is_empty(), "{:?}", found.findings);
        assert!(found.unchecked[0].reason.contains("1073741824"), "{:?}", found.unchecked);
        let entries: Vec<_> = folder.open().entries().iter().map(|(entry, _)| *entry).collect();
        assert_eq!(found.unchecked[0].entry, entries[4], "the second settlement's");
    }
}

#[test]
fn policy_that_is_not_compiled_in_time_leaves_its_entries_unchecked() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("not-compiled"));
    mixed(&folder, &engine, &hostile::harmless());
    let hasty = Engine::new().unwrap().with_compile_time(Duration::ZERO);
    let found = verified(&folder, &hasty).unwrap();
    assert_eq!(limits_met(&found), [Some(HostLimit::CompileTime); 6], "adoptions and settlements");
    assert_eq!((found.run_again, found.findings), (0, vec![]));
}

#[test]
fn cancelling_ends_a_whole_verification() {
    let (engine, folder, cancel) = (Engine::new().unwrap(), Folder::new("cancelled-verify"), Cancel::new());
    mixed(&folder, &engine, &hostile::harmless());
    cancel.cancel();
    let ended = verified(&folder, &engine.with_cancel(&cancel));
    assert!(matches!(ended, Err(HostError::Cancelled)), "{ended:?}");
}

/// It is not the policy's fault, although the charter would let it go on: no receipt, and the ledger is as before.
#[test]
fn run_that_takes_too_long_is_stopped_and_leaves_nothing() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("too-long"));
    let hasty = engine.clone().with_run_time(Duration::from_millis(200));
    let component = hostile::allocating("(loop (br 0)) unreachable", "");
    let policy = engine.admit(&component).unwrap();
    let mut ledger = folder.make();
    let endless = Limits { instructions: Limits::MAX, ..modest() };
    ledger.adopt(&engine, &charter(&policy, endless), 0, &[component], &[]).unwrap();
    let head = ledger.head();
    for _ in 0..3 {
        let stopped = ledger.settle(&hasty, &small_epoch()).unwrap_err();
        let LedgerError::Settle(SettleError::Host(error)) = &stopped else { panic!("{stopped}") };
        assert_eq!(error.limit(), Some(HostLimit::RunTime));
        assert_eq!(error.to_string(), "a run took longer than this engine's limit of 0.2 seconds");
    }
    assert_eq!((ledger.head(), folder.open().head()), (head, head));
    assert_eq!(engine.memory_taken(), 0);

    // A limit changes no run that meets it.
    let patient = engine.clone().with_run_time(Duration::from_secs(600));
    let digest = |engine: &Engine| {
        let policy = engine.admit(&hostile::harmless()).unwrap();
        let charter = charter(&policy, modest());
        settle(&small_epoch(), &charter, &[policy], &History::default()).unwrap().receipt.digest()
    };
    assert_eq!(digest(&patient), digest(&engine));
}

/// Settled epochs in memory.
struct Settlements(Vec<SettledEpoch>);

impl SettledEpochs for Settlements {
    type Error = Infallible;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn load(&self, index: usize) -> Result<SettledEpoch, Infallible> {
        Ok(self.0[index].clone())
    }
}

#[test]
fn replay_reports_an_epoch_that_the_host_cannot_replay_and_goes_on() {
    let engine = Engine::new().unwrap();
    let small = engine.clone().with_memory(SMALL);
    let (harmless, stateful) = (hostile::harmless(), hostile::stateful());
    let policy = engine.admit(&harmless).unwrap();
    let by = charter(&policy, modest());
    let settled = |number| {
        let epoch = numbered_epoch(number);
        let then = settle(&epoch, &by, std::slice::from_ref(&policy), &History::default()).unwrap();
        SettledEpoch::new(epoch, by.clone(), then.receipt, then.payouts).unwrap()
    };
    let past = Settlements((1..=3).map(settled).collect());

    let policies = [small.admit(&harmless).unwrap(), small.admit(&stateful).unwrap()];
    let candidates = [
        charter(&policies[0], modest()),
        charter(&policies[0], Limits::default()),
        charter(&policies[1], modest()),
        charter(&policies[1], Limits::default()),
    ];
    let epochs = replay_all(&past, &candidates, &policies, &History::default()).unwrap();
    assert_eq!(epochs.len(), 3);
    for (index, epoch) in epochs.iter().enumerate() {
        let [known, unknown, known_with_state, unknown_with_state] = epoch.replayed.as_slice() else {
            panic!("four candidates")
        };
        for settled in [known, known_with_state] {
            assert!(matches!(settled, Replayed::Settled { .. }), "{settled:?}");
        }
        for (replayed, words) in [
            (unknown, "1073741824 for all runs together"),
            // Of later epochs nothing is known either: they would be settled by another history.
            (unknown_with_state, if index == 0 { "1073741824" } else { "epoch 1 could not be replayed" }),
        ] {
            let Replayed::Unknown { reason, limit } = replayed else { panic!("{replayed:?}") };
            assert_eq!(*limit, Some(HostLimit::Memory));
            assert!(reason.contains(words), "{reason}");
        }
    }

    let cancel = Cancel::new();
    cancel.cancel();
    let policies = policies.map(|policy| policy.with_cancel(&cancel));
    let ended = replay_all(&past, &candidates, &policies, &History::default());
    assert!(matches!(ended, Err(apportion::replay::ReplayError::Host(HostError::Cancelled))), "{ended:?}");
}

/// A text that a hard pattern would take long for is refused by the count; what is more than a little work is done on
/// the compiler's thread, within its time.
#[test]
fn checking_parameters_is_counted_and_bounded_in_time() {
    let engine = Engine::new().unwrap();
    let schema = r#"{"properties": {"hard": {"pattern": "\\w{120}0"}, "easy": {"pattern": "^[a-z]*$"}}}"#;
    let component = hostile::described_by(schema);
    let policy = engine.admit(&component).unwrap();
    let long = |name: &str| json!({name: "x".repeat(1 << 20)});

    let refused = policy.check_parameters(&long("hard")).unwrap_err();
    assert!(refused.to_string().contains("checking takes more than 4194304 steps"), "{refused}");
    policy.check_parameters(&long("easy")).unwrap();
    let refused = policy.check_parameters(&json!({"easy": "X"})).unwrap_err();
    assert!(matches!(refused, CheckError::Parameters(_)), "{refused}");

    let hasty = engine.with_compile_time(Duration::ZERO).admit(&component).unwrap();
    hasty.check_parameters(&json!({"easy": "x"})).unwrap();
    let stopped = hasty.check_parameters(&long("easy")).unwrap_err();
    assert!(matches!(stopped, CheckError::Host(HostError::CompileTime(_))), "{stopped}");
    let mut terms = Charter::single("Long", &hasty, json!({})).unwrap().terms().clone();
    terms.policies = vec![Appointment { parameters: long("easy"), ..terms.policies[0].clone() }];
    if let Ok(charter) = Charter::new(terms) {
        let stopped = settle(&small_epoch(), &charter, &[hasty], &History::default()).unwrap_err();
        assert!(matches!(stopped, SettleError::Host(HostError::CompileTime(_))), "{stopped}");
    }
}

/// Many values that do not depend on a loop are kept over a call in it, each in the native stack: whatever becomes of
/// that is the policy's own end, which a charter retains and verification repeats.
#[test]
fn deep_native_frames_are_never_the_hosts_fault() {
    let product = |n: u64| {
        let factor = 0x1e37_79b9_7f4a_7c15_u64.wrapping_mul(2 * n + 1) >> 2 | 1;
        format!("(global.set $g (i64.xor (global.get $g) (i64.mul (local.get $x) (i64.const {factor}))))")
    };
    let products: String = (0..900).map(product).collect();
    let parts = format!(
        "(global $g (mut i64) (i64.const 1))
         (func $deep (param $x i64) (param $n i32)
           (loop
             {products}
             (if (local.get $n) (then
               (call $deep (i64.add (local.get $x) (i64.const 1)) (i32.sub (local.get $n) (i32.const 1)))))
             (br_if 0 (i64.eqz (global.get $g)))))"
    );
    let body =
        "(call $deep (i64.extend_i32_u (local.get 1)) (i32.const 4000)) (call $weights (call $payee_count))";
    let component = hostile::allocating(body, &parts);
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("deep-frames"));
    let policy = engine.admit(&component).unwrap();
    let mut ledger = folder.make();
    ledger.adopt(&engine, &charter(&policy, modest()), 0, &[component], &[]).unwrap();
    let settled = ledger.settle(&engine, &small_epoch()).unwrap();
    if let Outcome::Fault(fault) = &settled.receipt.terms().runs[0].outcome {
        assert!([FaultCode::StackOverflow, FaultCode::NativeStack].contains(&fault.code), "{fault}");
    }
    let found = verified(&folder, &engine).unwrap();
    assert_eq!((found.run_again, found.findings, found.unchecked), (1, vec![], vec![]));
}
