//! Many settlements at once on one engine: bounded together, ended from outside, and never another result for it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use apportion::charter::OnFault;
use apportion::engine::HostError;
use apportion::ledger::LedgerError;
use apportion::settle::SettleError;
use apportion::{Cancel, Charter, Digest, Engine, History, Limits, Policy, settle};
use apportion_tests::{hostile, numbered_epoch, small_epoch};

use crate::ledger::Folder;

/// A policy that would go on for many seconds, and its charter.
fn endless(engine: &Engine) -> (Vec<u8>, Policy, Charter) {
    let component = hostile::allocating("(loop (br 0)) unreachable", "");
    let policy = engine.admit(&component).unwrap();
    let charter = charter(&policy, Limits { instructions: 20_000_000_000, ..Limits::default() });
    (component, policy, charter)
}

fn charter(policy: &Policy, limits: Limits) -> Charter {
    let mut terms = Charter::single("At once", policy, serde_json::json!({})).unwrap().terms().clone();
    (terms.limits, terms.on_fault) = (limits, OnFault::Retain);
    Charter::new(terms).unwrap()
}

/// Waits until so many bytes are promised to runs, which is when they begin.
fn wait_for_runs(engine: &Engine, bytes: u64) {
    while engine.memory_taken() < bytes {
        thread::yield_now();
    }
}

/// Cancelled in the middle of an endless loop: the ledger is as before, and goes on with a good policy.
#[test]
fn a_cancelled_run_leaves_nothing() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("cancelled"));
    let mut ledger = folder.make();
    let (component, _, charter) = endless(&engine);
    ledger.adopt(&engine, &charter, 0, &[component], &[]).unwrap();
    let (head, files) = (ledger.head(), fs_names(&folder));
    for _ in 0..20 {
        let cancel = Cancel::new();
        let failed = thread::scope(|scope| {
            scope.spawn(|| {
                wait_for_runs(&engine, 1);
                cancel.cancel();
            });
            ledger.settle(&engine.clone().with_cancel(&cancel), &small_epoch()).unwrap_err()
        });
        assert!(
            matches!(failed, LedgerError::Settle(SettleError::Host(HostError::Cancelled))),
            "a charter that retains at a fault makes no receipt of this: {failed}"
        );
    }
    assert_eq!((ledger.head(), folder.open().head(), fs_names(&folder)), (head, head, files));
    assert_eq!(folder.findings(None), [""; 0]);
    let good = hostile::harmless();
    let policy = engine.admit(&good).unwrap();
    let charter = Charter::single("Good", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(&engine, &charter, 0, &[good], &[]).unwrap();
    ledger.settle(&engine, &small_epoch()).unwrap();
    assert_eq!(folder.findings(Some(&engine)), [""; 0]);
}

fn fs_names(folder: &Folder) -> BTreeSet<String> {
    let objects = std::fs::read_dir(folder.0.join("objects")).unwrap();
    objects.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// The signal reaches all runs of an engine; those that were not meant must go on as if nothing had been.
#[test]
fn cancelling_one_run_changes_no_other() {
    let (engine, epoch) = (Engine::new().unwrap(), small_epoch());
    let (_, endless, endless_charter) = endless(&engine);
    let work = "(local $n i32)
        (loop (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $n) (i32.const 3000000))))
        (call $weights (call $payee_count))";
    let worker = engine.admit(&hostile::allocating(work, "")).unwrap();
    let worker_charter = charter(&worker, Limits::default());
    let alone = settle(&epoch, &worker_charter, std::slice::from_ref(&worker), &History::default()).unwrap();
    let (other, cancelled) = (Cancel::new(), AtomicU64::new(0));
    thread::scope(|scope| {
        let cancelling = scope.spawn(|| {
            for _ in 0..50 {
                let cancel = Cancel::new();
                let policies = [endless.with_cancel(&cancel)];
                thread::scope(|scope| {
                    scope.spawn(|| {
                        wait_for_runs(&engine, 1);
                        cancel.cancel();
                    });
                    let settled = settle(&epoch, &endless_charter, &policies, &History::default());
                    assert!(matches!(settled, Err(SettleError::Host(HostError::Cancelled))), "{settled:?}");
                });
                cancelled.fetch_add(1, Ordering::SeqCst);
            }
        });
        while !cancelling.is_finished() {
            for worker in [worker.clone(), worker.with_cancel(&other)] {
                let settled = settle(&epoch, &worker_charter, &[worker], &History::default()).unwrap();
                assert_eq!(settled, alone);
            }
        }
    });
    assert_eq!(cancelled.into_inner(), 50);
}

/// What was cancelled stays so: nothing begins under it, no admission either.
#[test]
fn nothing_begins_once_it_is_cancelled() {
    let (engine, cancel) = (Engine::new().unwrap(), Cancel::new());
    cancel.cancel();
    let cancelled = engine.clone().with_cancel(&cancel);
    let admitted = cancelled.admit(&hostile::harmless());
    assert!(
        matches!(admitted, Err(apportion::policy::AdmissionError::Host(HostError::Cancelled))),
        "{admitted:?}"
    );
    engine.admit(&hostile::harmless()).unwrap();
}

/// As many as wanted, on one engine, with and without a bound on memory: every result is what it is alone.
#[test]
fn settlements_at_once_give_what_they_give_alone() {
    const LIMIT: u64 = 64 << 20;
    let engine = Engine::new().unwrap();
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let limits = Limits { memory: LIMIT, output: 1 << 20, ..Limits::default() };
    let small = charter(&policy, limits);
    let digest = |policy: &Policy, number: u64| -> Digest {
        let epoch = numbered_epoch(number);
        let settled = settle(&epoch, &small, std::slice::from_ref(policy), &History::default()).unwrap();
        settled.receipt.digest()
    };
    let alone: Vec<Digest> = (0..40).map(|number| digest(&policy, number)).collect();

    let bounded = engine.clone().with_memory(4 * LIMIT);
    let few = bounded.admit(&hostile::harmless()).unwrap();
    let most = AtomicU64::new(0);
    for policy in [&policy, &few] {
        thread::scope(|scope| {
            for shift in 0..8 {
                let (alone, digest, most, bounded) = (&alone, &digest, &most, &bounded);
                scope.spawn(move || {
                    for number in (0..40).map(|number| (number + shift * 5) % 40) {
                        assert_eq!(digest(policy, number), alone[usize::try_from(number).unwrap()]);
                        most.fetch_max(bounded.memory_taken(), Ordering::SeqCst);
                    }
                });
            }
        });
    }
    assert!(most.into_inner() <= 4 * LIMIT);
    assert_eq!((engine.memory_taken(), bounded.memory_taken()), (0, 0));
}

/// A run takes a part of what its charter allows it, so that many fit; one that needs more gets it, and is the same.
#[test]
fn run_that_needs_more_than_its_first_share_is_begun_again() {
    const GROWS: &str = "(drop (memory.grow (i32.const 8000))) (call $weights (call $payee_count))";
    let engine = Engine::new().unwrap();
    let bounded = engine.clone().with_memory(3 << 30);
    let component = hostile::allocating(GROWS, "");
    let settled = |engine: &Engine| {
        let policy = engine.admit(&component).unwrap();
        let charter = charter(&policy, Limits::default());
        settle(&small_epoch(), &charter, &[policy], &History::default()).unwrap()
    };
    let alone = settled(&engine);
    assert!(alone.receipt.terms().runs[0].used.unwrap().memory > 500 << 20);
    assert_eq!(settled(&bounded), alone);

    let cancel = Cancel::new();
    let (_, policy, _) = endless(&bounded);
    let charter = charter(&policy, Limits { instructions: Limits::MAX, ..Limits::default() });
    let (policies, mut taken) = ([policy.with_cancel(&cancel)], 0);
    thread::scope(|scope| {
        scope.spawn(|| settle(&small_epoch(), &charter, &policies, &History::default()));
        wait_for_runs(&bounded, 1);
        taken = bounded.memory_taken();
        cancel.cancel();
    });
    // 256 MiB of memory and as much of output, and the stack.
    assert!(taken < 700 << 20, "{taken}");
}

/// Limits beyond what the host gives are no fault of the policy: there is no receipt, and the ledger is as before.
#[test]
fn a_charter_beyond_the_hosts_memory_is_told_so_and_leaves_nothing() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("beyond"));
    let mut ledger = folder.make();
    let component = hostile::harmless();
    let policy = engine.admit(&component).unwrap();
    ledger.adopt(&engine, &charter(&policy, Limits::default()), 0, &[component], &[]).unwrap();
    let head = ledger.head();
    let failed = ledger.settle(&engine.clone().with_memory(1 << 30), &small_epoch()).unwrap_err();
    let LedgerError::Settle(SettleError::Host(error @ HostError::Memory { .. })) = &failed else {
        panic!("{failed}")
    };
    assert!(error.to_string().contains("this engine has 1073741824 for all runs together"), "{error}");
    assert_eq!((ledger.head(), folder.open().head()), (head, head));
    ledger.settle(&engine, &small_epoch()).unwrap();
}
