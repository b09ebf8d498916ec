//! A ledger that was forked or rewound is reported, and an interrupted writer is not taken for one.

use std::fs;

use apportion::store::DirectoryStore;
use apportion::verify::{Verification, VerifyOptions};
use apportion::{Charter, Digest, Engine, Ledger, verify};
use apportion_tests::{hostile, numbered_epoch};

use crate::identity::rewind;
use crate::ledger::Folder;

/// Epochs 1 to 3, settled.
fn three(folder: &Folder, engine: &Engine) -> Ledger<DirectoryStore> {
    let mut ledger = folder.make();
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let charter = Charter::single("Forks", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(engine, &charter, 1, &[hostile::harmless()], &[]).unwrap();
    for number in 1..=3 {
        ledger.settle(engine, &numbered_epoch(number)).unwrap();
    }
    ledger
}

fn verified(folder: &Folder, contains: &[Digest]) -> Verification {
    let options = VerifyOptions { contains, ..VerifyOptions::default() };
    verify(DirectoryStore::open(&folder.0).unwrap(), options, &mut |_| {}).unwrap()
}

#[test]
fn rewound_and_resettled_ledger_is_reported() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("forks-rewound"));
    let ledger = three(&folder, &engine);
    let entries: Vec<Digest> = ledger.entries().iter().map(|(entry, _)| *entry).collect();
    let receipts: Vec<Digest> = ledger.settled().map(|(_, receipt)| receipt).collect();
    assert_eq!(verified(&folder, &[]).findings, [""; 0]);

    // Epochs 2 and 3 are forgotten and epoch 4 is settled in their place.
    let mut rewound = rewind(&folder, entries[2]);
    rewound.settle(&engine, &numbered_epoch(4)).unwrap();
    let found = verified(&folder, &[]);
    let (entry, receipt) = (rewound.head().unwrap(), rewound.settled().nth(1).unwrap().1);
    let mut expected = vec![
        format!(
            "entry `{}` follows entry `{}`, which `{entry}` follows in the chain: the ledger was forked or rewound",
            entries[3], entries[2]
        ),
        format!(
            "entry `{}` follows entry `{}`, which is not in the chain: the ledger was forked or rewound",
            entries[4], entries[3]
        ),
        format!(
            "receipt `{}` follows receipt `{}`, which `{receipt}` follows in the chain: the ledger was forked or rewound",
            receipts[1], receipts[0]
        ),
        format!(
            "receipt `{}` follows receipt `{}`, which is not in the chain: the ledger was forked or rewound",
            receipts[2], receipts[1]
        ),
    ];
    let mut findings = found.findings.clone();
    findings.sort();
    expected.sort();
    assert_eq!(findings, expected);
    // The epochs and payouts that only those led to are still unused objects.
    assert!(found.unused.iter().all(|unused| !entries.contains(unused) && !receipts.contains(unused)));
    assert!(!found.unused.is_empty());
}

#[test]
fn ledger_that_was_begun_again_is_reported() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("forks-again"));
    let ledger = three(&folder, &engine);
    fs::remove_file(folder.0.join("head")).unwrap();
    let store = DirectoryStore::open(&folder.0).unwrap();
    Ledger::create(store, apportion::ledger::LedgerIdentity::from_bytes([1; 32])).unwrap();
    let findings = verified(&folder, &[]).findings.join("\n");
    let first = ledger.entries()[0].0;
    let expected = format!("entry `{first}` begins another chain than this ledger's: the ledger was forked");
    assert!(findings.contains(&expected), "{findings}");
}

/// A chain that was only set back by one entry looks like an interrupted append: what was noted shows that it was not.
#[test]
fn what_was_noted_must_be_in_the_chain() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("forks-noted"));
    let ledger = three(&folder, &engine);
    let entries: Vec<Digest> = ledger.entries().iter().map(|(entry, _)| *entry).collect();
    let receipts: Vec<Digest> = ledger.settled().map(|(_, receipt)| receipt).collect();
    let noted = [entries[0], entries[4], receipts[1], receipts[2]];
    assert_eq!(verified(&folder, &noted).findings, [""; 0]);

    drop(rewind(&folder, entries[3]));
    let found = verified(&folder, &[]);
    assert_eq!(found.findings, [""; 0]);
    assert!(found.unused.contains(&entries[4]) && found.unused.contains(&receipts[2]));
    let found = verified(&folder, &noted);
    assert_eq!(found.findings.len(), 2, "{:?}", found.findings);
    for (finding, noted) in found.findings.iter().zip([entries[4], receipts[2]]) {
        assert!(
            finding.starts_with(&format!("`{noted}` is neither an entry nor a receipt in the chain")),
            "{finding}"
        );
    }
    // Set back by two it is clear also without a note.
    drop(rewind(&folder, entries[2]));
    let findings = verified(&folder, &[]).findings.join("\n");
    assert!(
        findings.contains(&format!("entry `{}` follows entry `{}`", entries[4], entries[3])),
        "{findings}"
    );
}
