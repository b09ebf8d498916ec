//! The library embedded in a service: `host/apportion/examples/service.rs`, driven as its callers would.

#[path = "../../host/apportion/examples/service.rs"]
mod service;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apportion::store::conformance;
use apportion::{Cancel, Charter, Digest, Limits};
use apportion_tests::hostile;
use service::{Service, epoch};

const TENANTS: [&str; 3] = ["cooperative", "library", "runaway"];
const LONG: Duration = Duration::from_secs(600);

fn draft(rule: &str) -> String {
    format!("name = \"Tenant\"\n[[policies]]\npolicy = \"{rule}\"\n")
}

/// A service with three tenants. The third's policy never ends, and its charter would let it go on for years.
fn three_tenants() -> Service {
    let service = Service::new().unwrap();
    for (number, tenant) in (0..).zip(TENANTS) {
        service.add_tenant(tenant, [number; 32]).unwrap();
    }
    service.adopt("cooperative", &draft("equal"), 1, &[]).unwrap();
    service.adopt("library", &draft("equal"), 1, &[]).unwrap();
    let component = hostile::allocating("(loop (br 0)) unreachable", "");
    let policy = service.engine().admit(&component).unwrap();
    let mut terms = Charter::single("Runaway", &policy, serde_json::json!({})).unwrap().terms().clone();
    terms.limits =
        Limits { instructions: Limits::MAX, memory: 64 << 20, output: 1 << 20, ..Limits::default() };
    service.put_in_force("runaway", &Charter::new(terms).unwrap(), 1, &[component]).unwrap();
    service
}

fn settle(service: &Service, tenant: &str, number: u64) -> Digest {
    service.settle(tenant, &epoch(number).unwrap(), LONG, &Cancel::new()).unwrap().digest()
}

#[test]
fn rule_is_swapped_while_other_tenants_settle() {
    let service = three_tenants();
    let swapped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 1;
            // At least one epoch after the swap.
            while !swapped.load(Ordering::Acquire) || number < 4 {
                settle(&service, "cooperative", number);
                number += 1;
            }
        });
        let before = settle(&service, "library", 1);
        service.adopt("library", &draft("pagerank"), 2, &[]).unwrap();
        swapped.store(true, Ordering::Release);
        assert_ne!(settle(&service, "library", 2), before);
    });
    assert!(service.verify("cooperative").unwrap() >= 3);
    assert_eq!(service.verify("library").unwrap(), 2);
}

#[test]
fn deadline_and_cancellation_end_one_tenants_run_and_nothing_else() {
    let service = three_tenants();
    let late = service.settle("runaway", &epoch(1).unwrap(), Duration::from_millis(100), &Cancel::new());
    let late = late.unwrap_err();
    assert_eq!(late.status, 500);
    assert!(late.sentence.contains("longer than"), "{}", late.sentence);

    let cancel = Cancel::new();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| service.settle("runaway", &epoch(1).unwrap(), LONG, &cancel));
        settle(&service, "cooperative", 1);
        cancel.cancel();
        assert_eq!(running.join().unwrap().unwrap_err().status, 499);
    });
    assert_eq!(service.engine().memory_taken(), 0);
    assert_eq!(service.verify("runaway").unwrap(), 0, "nothing was settled");
    assert_eq!(service.verify("cooperative").unwrap(), 1);
}

#[test]
fn what_a_caller_does_wrong_has_a_status_and_a_sentence() {
    let service = three_tenants();
    settle(&service, "library", 2);
    let again = service.settle("library", &epoch(2).unwrap(), LONG, &Cancel::new()).unwrap_err();
    assert_eq!(again.status, 422);
    assert!(again.sentence.contains("epoch 2 is settled already"), "{}", again.sentence);
    assert_eq!(service.adopt("library", &draft("no-such-rule"), 3, &[]).unwrap_err().status, 422);
    assert_eq!(
        service.adopt("library", &draft("equal"), 3, &[b"no component".to_vec()]).unwrap_err().status,
        422
    );
    assert_eq!(service.settle("nobody", &epoch(1).unwrap(), LONG, &Cancel::new()).unwrap_err().status, 404);
}

#[test]
fn tenants_share_a_table_and_each_has_a_store_that_conforms() {
    conformance(|| service::Table::default().tenant("one"));
}
