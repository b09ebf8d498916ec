//! A change of the charter is adopted in the ledger and at the place that it was signed for, and ledgers in format 1 go on.

use std::fs;
use std::path::Path;

use apportion::charter::Signers;
use apportion::ledger::{LedgerError, LedgerIdentity};
use apportion::signature::{CHARTER_NAMESPACE, sign};
use apportion::store::{DirectoryStore, Objects};
use apportion::verify::Verification;
use apportion::{Charter, Digest, Engine, Ledger, verify};
use apportion_tests::{data, hostile, numbered_epoch, ssh};

use crate::folder::{Folder, commit, sentences};

fn key(name: &str) -> String {
    fs::read_to_string(ssh(name)).unwrap()
}

fn signed(change: &[u8]) -> Vec<String> {
    vec![sign(&key("ed25519"), CHARTER_NAMESPACE, change).unwrap()]
}

/// A charter of the harmless policy that a key must sign for.
pub fn signed_charter(engine: &Engine, name: &str) -> Charter {
    let policy = engine.admit(&hostile::harmless()).unwrap();
    let mut terms = Charter::single(name, &policy, serde_json::json!({})).unwrap().terms().clone();
    terms.signers = Some(Signers { required: 1, allowed: format!("ada {}", key("ed25519.pub")) });
    Charter::new(terms).unwrap()
}

fn begun(folder: &Folder, engine: &Engine) -> Ledger<DirectoryStore> {
    let mut ledger = folder.make();
    let charter = signed_charter(engine, "First");
    ledger.adopt(engine, &charter, 1, &[hostile::harmless()], &[]).unwrap();
    ledger
}

fn verified(folder: &Folder, engine: Option<&Engine>) -> Verification {
    verify(DirectoryStore::open(&folder.0).unwrap(), engine, &mut |_| {}).unwrap()
}

/// Sets the head back, as somebody with access to the folder can.
pub fn rewind(folder: &Folder, head: Digest) -> Ledger<DirectoryStore> {
    fs::write(folder.0.join("head"), format!("{head}\n")).unwrap();
    folder.open()
}

/// An entry in canonical JSON; `event` is the text of its event.
pub fn entry_text(format: u8, previous: &str, event: &str) -> String {
    format!(r#"{{"event":{event},"format":"apportion entry {format}","previous":{previous}}}"#)
}

#[test]
fn signed_change_is_refused_by_another_ledger_that_began_with_the_same_charter() {
    let engine = Engine::new().unwrap();
    let (ours, theirs) = (Folder::new("identity-ours"), Folder::new("identity-theirs"));
    let (mut ours, mut theirs) = (begun(&ours, &engine), begun(&theirs, &engine));
    assert_ne!(ours.identity(), theirs.identity());
    let next = signed_charter(&engine, "Next");
    let change = ours.change(&next, 2).unwrap();
    let text = String::from_utf8(change.clone()).unwrap();
    assert!(text.contains("\"apportion change 2\""), "{text}");
    assert!(text.contains(&ours.identity().unwrap().to_string()), "{text}");
    assert!(text.contains(&ours.head().unwrap().to_string()), "{text}");

    let refused = theirs.adopt(&engine, &next, 2, &[], &signed(&change));
    assert!(matches!(refused, Err(LedgerError::Signatures(_))), "{refused:?}");
    assert_eq!(ours.adopt(&engine, &next, 2, &[], &signed(&change)).unwrap().len(), 1);
}

#[test]
fn signed_change_is_refused_by_a_rewound_ledger() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("identity-rewound"));
    let mut ledger = begun(&folder, &engine);
    let before = ledger.head().unwrap();
    ledger.settle(&engine, &numbered_epoch(1)).unwrap();
    let next = signed_charter(&engine, "Next");
    let change = ledger.change(&next, 2).unwrap();
    let signatures = signed(&change);

    let mut rewound = rewind(&folder, before);
    let refused = rewound.adopt(&engine, &next, 2, &[], &signatures);
    assert!(matches!(refused, Err(LedgerError::Signatures(_))), "{refused:?}");

    // Whoever writes the entry by hand does not get past a verification.
    let store = rewound.objects();
    store.put(next.as_bytes()).unwrap();
    let (change, signature) = (store.put(&change).unwrap(), store.put(signatures[0].as_bytes()).unwrap());
    let event = format!(
        r#"{{"adoption":{{"change":"{change}","charter":"{}","effective":2,"signatures":["{signature}"]}}}}"#,
        next.digest()
    );
    let entry = entry_text(2, &format!("\"{before}\""), &event);
    commit(store, Some(before), &[], entry.as_bytes());
    let findings = sentences(&verified(&folder, None)).join("\n");
    assert!(findings.contains("what was signed is not this change"), "{findings}");
}

#[test]
fn settlement_after_signing_makes_it_necessary_to_sign_again() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("identity-outdated"));
    let mut ledger = begun(&folder, &engine);
    let next = signed_charter(&engine, "Next");
    let signatures = signed(&ledger.change(&next, 5).unwrap());
    let signed_at = ledger.head().unwrap();
    ledger.settle(&engine, &numbered_epoch(1)).unwrap();
    ledger.settle(&engine, &numbered_epoch(2)).unwrap();
    let refused = ledger.adopt(&engine, &next, 5, &[], &signatures).unwrap_err();
    let LedgerError::Outdated { follows, head } = refused else { panic!("{refused}") };
    assert_eq!((follows, Some(head)), (signed_at, ledger.head()));
    assert!(refused.to_string().contains("propose it and sign it again"), "{refused}");

    let signatures = signed(&ledger.change(&next, 5).unwrap());
    ledger.adopt(&engine, &next, 5, &[], &signatures).unwrap();
    assert_eq!(verified(&folder, Some(&engine)).findings, []);
}

#[test]
fn ledger_is_created_once_and_before_anything_else() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("identity-created"));
    let mut empty = Ledger::open(DirectoryStore::create(&folder.0).unwrap()).unwrap();
    assert_eq!((empty.identity(), empty.head()), (None, None));
    let charter = signed_charter(&engine, "First");
    let refused = empty.adopt(&engine, &charter, 1, &[hostile::harmless()], &[]);
    assert!(matches!(refused, Err(LedgerError::NotCreated)), "{refused:?}");

    let identity: LedgerIdentity = "0123456789abcdef".repeat(4).parse().unwrap();
    let created = Ledger::create(DirectoryStore::open(&folder.0).unwrap(), identity).unwrap();
    assert_eq!((created.identity(), folder.open().identity()), (Some(identity), Some(identity)));
    let again = Ledger::create(DirectoryStore::open(&folder.0).unwrap(), identity).err();
    assert!(matches!(again, Some(LedgerError::Created(head)) if Some(head) == created.head()));
    for text in ["", "12", &"0123456789ABCDEF".repeat(4), &"0123456789abcdeg".repeat(4)] {
        assert!(text.parse::<LedgerIdentity>().is_err(), "{text}");
    }
}

/// The first entry, and only the first, creates the ledger, and no entry in format 1 comes after one in format 2.
#[test]
fn chain_whose_formats_are_out_of_order_is_refused() {
    let engine = Engine::new().unwrap();
    let creation =
        r#"{"creation":{"identity":"0000000000000000000000000000000000000000000000000000000000000000"}}"#;
    for (format, event, problem) in [
        (2, creation, "a ledger's first entry, and no other, creates it"),
        (1, creation, "a ledger's first entry, and no other, creates it"),
        (1, r#"{"settlement":{"number":9,"receipt":"@"}}"#, "formats only go up"),
        (3, r#"{"settlement":{"number":9,"receipt":"@"}}"#, "its format is `apportion entry 3`"),
    ] {
        let folder = Folder::new("identity-formats");
        let ledger = begun(&folder, &engine);
        let head = ledger.head().unwrap();
        let event = event.replace('@', &head.to_string());
        let entry = entry_text(format, &format!("\"{head}\""), &event);
        commit(ledger.objects(), Some(head), &[], entry.as_bytes());
        let opened = Ledger::open(DirectoryStore::open(&folder.0).unwrap());
        let error = opened.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(problem), "{error}");
        assert!(sentences(&verified(&folder, None)).join("\n").contains(problem));
    }
    let folder = Folder::new("identity-formats");
    let store = DirectoryStore::create(&folder.0).unwrap();
    let receipt = Digest::of(b"a receipt");
    let event = format!(r#"{{"settlement":{{"number":9,"receipt":"{receipt}"}}}}"#);
    commit(&Objects::new(&store), None, &[], entry_text(2, "null", &event).as_bytes());
    let error = Ledger::open(store).err().unwrap().to_string();
    assert!(error.contains("a ledger's first entry, and no other, creates it"), "{error}");
}

/// Copies a folder with all that is in it.
pub fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() {
            copied(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// `tests/data/ledger-format-1` was written by the program before format 2: `charter adopt` of a charter of the harmless
/// policy that Ada must sign for, epochs 1 and 2 settled, a charter of `lifetime` proposed, signed and adopted, epochs 3 and 4.
#[test]
fn ledger_in_format_1_opens_verifies_and_goes_on_in_format_2() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("identity-format-1"));
    copied(&data("ledger-format-1"), &folder.0);
    let mut ledger = folder.open();
    let known = "073754ed770aa87a6819bd836e56f12dcd6787f8e44c4f7af564a44ea33c5678";
    assert_eq!(ledger.head().unwrap().to_string(), known);
    assert_eq!(ledger.identity().unwrap().to_string(), ledger.entries()[0].0.to_string());
    for engine in [None, Some(&engine)] {
        let found = verified(&folder, engine);
        assert_eq!(found.findings, []);
        assert_eq!((found.settlements, found.adoptions, found.signed), (4, 2, 1));
        assert!(found.unused.is_empty());
    }

    let signature = signed(&ledger.change(&signed_charter(&engine, "Third"), 6).unwrap());
    let fifth = ledger.settle(&engine, &numbered_epoch(5)).unwrap();
    // What was signed for the ledger in format 1 is bound to its place too.
    let third = signed_charter(&engine, "Third");
    let refused = ledger.adopt(&engine, &third, 6, &[], &signature);
    assert!(matches!(refused, Err(LedgerError::Outdated { .. })), "{refused:?}");
    let signature = signed(&ledger.change(&third, 6).unwrap());
    ledger.adopt(&engine, &third, 6, &[], &signature).unwrap();
    ledger.settle(&engine, &numbered_epoch(6)).unwrap();

    let found = verified(&folder, Some(&engine));
    assert_eq!(found.findings, []);
    assert_eq!((found.settlements, found.run_again, found.adoptions, found.signed), (6, 6, 3, 2));
    // Receipts of the same version of metering agree in their counts too.
    let old = ledger.receipt(&ledger.settled().next().unwrap().1).unwrap();
    let metering = |receipt: &apportion::Receipt| receipt.terms().runs[0].metering;
    let expected = if metering(&old) == metering(&fifth.receipt) { 0 } else { 4 };
    assert_eq!(found.without_counts, expected);
}

/// `Charter::new` makes no such charter; somebody else's program may.
#[test]
fn charter_whose_keys_may_not_sign_for_charters_is_not_adopted() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("identity-namespaces"));
    let honest = signed_charter(&engine, "Namespaces");
    let text = String::from_utf8(honest.as_bytes().to_vec()).unwrap();
    let charter = text.replace("ada ssh-ed25519", r#"ada namespaces=\"git\" ssh-ed25519"#);
    let charter = Charter::from_bytes(charter.as_bytes()).unwrap();
    let problem = "may not sign for `apportion-charter`";
    let mut ledger = folder.make();
    let refused = ledger.adopt(&engine, &charter, 1, &[hostile::harmless()], &[]).unwrap_err();
    let LedgerError::Charter(cause) = refused else { panic!("{refused}") };
    assert!(cause.to_string().contains(problem), "{cause}");

    let (store, head) = (ledger.objects(), ledger.head().unwrap());
    let change = store.put(&ledger.change(&charter, 1).unwrap()).unwrap();
    let charter = store.put(charter.as_bytes()).unwrap();
    store.put(&hostile::harmless()).unwrap();
    let event = format!(
        r#"{{"adoption":{{"change":"{change}","charter":"{charter}","effective":1,"signatures":[]}}}}"#
    );
    commit(store, Some(head), &[], entry_text(2, &format!("\"{head}\""), &event).as_bytes());
    let findings = sentences(&verified(&folder, None)).join("\n");
    assert!(findings.contains(problem), "{findings}");
}
