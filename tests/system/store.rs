//! Ledgers over any store: opened in few calls, read on from where they were, written by several, and never half written.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use apportion::charter::Signers;
use apportion::error::ErrorKind;
use apportion::ledger::{Entry, EntryFormat, Event, LedgerError, LedgerIdentity, ObjectKind};
use apportion::signature::{CHARTER_NAMESPACE, sign};
use apportion::store::{
    Commit, Committed, DirectoryStore, FailingStore, Failure, MemoryStore, Object, Objects, Part, Store,
    StoreError, conformance,
};
use apportion::verify::Problem;
use apportion::{Charter, Digest, Engine, Ledger, verify};
use apportion_tests::{hostile, numbered_epoch, ssh};

use crate::folder::{Folder, sentences};

const IDENTITY: [u8; 32] = [7; 32];

fn charter(engine: &Engine, name: &str) -> Charter {
    let policy = engine.admit(&hostile::harmless()).unwrap();
    Charter::single(name, &policy, serde_json::json!({})).unwrap()
}

/// A ledger with a charter from epoch 1 on.
fn begun<S: Store>(store: S, engine: &Engine) -> Ledger<S> {
    let mut ledger = Ledger::create(store, LedgerIdentity::from_bytes(IDENTITY)).unwrap();
    ledger.adopt(engine, &charter(engine, "First"), 1, &[hostile::harmless()], &[]).unwrap();
    ledger
}

fn assert_sound<S: Store>(store: &S, engine: Option<&Engine>) {
    assert_eq!(sentences(&verify(store, engine, &mut |_| {}).unwrap()), [""; 0]);
}

/// The bytes of a chain of so many entries, each a settlement after the first.
fn chain(length: u64) -> Vec<Vec<u8>> {
    let mut previous = None;
    let mut entries = Vec::new();
    for number in 0..length {
        let event = match number {
            0 => Event::Creation { identity: LedgerIdentity::from_bytes(IDENTITY) },
            number => Event::Settlement { number, receipt: Digest::of(&number.to_le_bytes()) },
        };
        let entry = Entry::to_bytes(EntryFormat::Two, previous, event).unwrap();
        previous = Some(Digest::of(&entry));
        entries.push(entry);
    }
    entries
}

/// A ledger's folder with a chain in it, written without waiting for the disk.
fn write_folder(folder: &Path, entries: &[Vec<u8>]) {
    DirectoryStore::create(folder).unwrap();
    for entry in entries {
        let name = Digest::of(entry).to_string();
        let above = folder.join("objects").join(&name[..2]);
        fs::create_dir_all(&above).unwrap();
        fs::write(above.join(name), entry).unwrap();
    }
    fs::write(folder.join("head"), format!("{}\n", Digest::of(entries.last().unwrap()))).unwrap();
}

fn lines(entries: &[Vec<u8>]) -> Vec<u8> {
    entries.iter().flat_map(|entry| [entry.as_slice(), b"\n"].concat()).collect()
}

/// How many calls opening takes.
fn calls_to_open(store: &impl Store, expected: &[Vec<u8>]) -> usize {
    let counted = FailingStore::new(store, Failure::Never);
    let ledger = Ledger::open(&counted).unwrap();
    let digests = ledger.entries().iter().map(|(digest, _)| *digest);
    assert!(digests.eq(expected.iter().map(|entry| Digest::of(entry))));
    counted.calls()
}

#[test]
fn ten_thousand_entries_open_in_few_calls() {
    const ENTRIES: u64 = 10_000;
    let entries = chain(ENTRIES);
    let memory = MemoryStore::new();
    let mut head = None;
    for entry in &entries {
        assert_eq!(Objects::new(&memory).commit(head, &[], entry).unwrap(), Committed::Done);
        head = Some(Digest::of(entry));
    }
    let in_memory = calls_to_open(&memory, &entries);

    let folder = Folder::new("store-many");
    write_folder(&folder.0, &entries);
    let store = DirectoryStore::open(&folder.0).unwrap();
    let without_list = calls_to_open(&store, &entries);
    // The next commit writes the list.
    let mut ledger = Ledger::open(&store).unwrap();
    let engine = Engine::new().unwrap();
    let first = charter(&engine, "First");
    ledger.adopt(&engine, &first, ENTRIES, &[hostile::harmless()], &[]).unwrap();
    let written = fs::read(folder.0.join("entries")).unwrap();
    assert!(written.starts_with(&lines(&entries)));
    let entry = ledger.objects().get(&ledger.head().unwrap()).unwrap().unwrap();
    let with_list = calls_to_open(&store, &[entries, vec![entry]].concat());

    eprintln!(
        "calls to open {ENTRIES} entries: {in_memory} in memory, {without_list} then {with_list} in a folder"
    );
    assert!(in_memory <= 10 && with_list <= 10, "{in_memory} and {with_list} calls");
    assert_eq!(without_list as u64, ENTRIES + 2);
}

#[test]
fn ledger_written_before_entries_were_listed_gains_the_list() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("store-gains"));
    let mut ledger = begun(DirectoryStore::create(&folder.0).unwrap(), &engine);
    let list = folder.0.join("entries");
    for number in 1..=3 {
        // As a version that did not write the list would have left it: without it, or with an old one.
        if number == 2 {
            fs::remove_file(&list).unwrap();
        }
        let old = fs::read(&list).unwrap_or_default();
        ledger.settle(&engine, &numbered_epoch(number)).unwrap();
        if number == 3 {
            fs::write(&list, &old).unwrap();
        }
        ledger = Ledger::open(DirectoryStore::open(&folder.0).unwrap()).unwrap();
    }
    ledger.settle(&engine, &numbered_epoch(4)).unwrap();
    let entries: Vec<Vec<u8>> =
        ledger.entries().iter().map(|(entry, _)| ledger.objects().get(entry).unwrap().unwrap()).collect();
    assert_eq!(entries.len(), 6);
    assert_eq!(fs::read(&list).unwrap(), lines(&entries));
}

/// Whatever is done to the list of entries, the ledger opens as it is, and the next commit mends the list.
#[test]
fn cached_entries_are_never_trusted() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("store-cache"));
    let mut ledger = begun(DirectoryStore::create(&folder.0).unwrap(), &engine);
    ledger.settle(&engine, &numbered_epoch(1)).unwrap();
    let path = folder.0.join("entries");
    let whole = fs::read(&path).unwrap();
    let opens = |what: &str, bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let opened = Ledger::open(DirectoryStore::open(&folder.0).unwrap()).unwrap();
        assert_eq!(opened.entries(), ledger.entries(), "{what}");
        assert_eq!(opened.head(), ledger.head(), "{what}");
    };
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        opens(&format!("bit {bit}"), &damaged);
    }
    for length in 0..whole.len() {
        opens(&format!("cut at {length}"), &whole[..length]);
    }
    let mut reversed: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    reversed.reverse();
    let other = lines(&chain(5));
    let long = vec![b'x'; 1 << 20];
    for (what, bytes) in [
        ("reversed", reversed.concat()),
        ("twice", [whole.as_slice(), &whole].concat()),
        ("of another ledger", other.clone()),
        ("of another ledger besides", [whole.as_slice(), &other].concat()),
        ("one long line", long),
        ("blank lines", b"\n\n\n".to_vec()),
    ] {
        opens(what, &bytes);
        assert_sound(&DirectoryStore::open(&folder.0).unwrap(), None);
    }
    // What stands in its place is reported and not opened: `irregular` tests it.
    fs::write(&path, &other).unwrap();
    let mut ledger = Ledger::open(DirectoryStore::open(&folder.0).unwrap()).unwrap();
    ledger.settle(&engine, &numbered_epoch(2)).unwrap();
    let last = ledger.objects().get(&ledger.head().unwrap()).unwrap().unwrap();
    assert_eq!(fs::read(&path).unwrap(), [whole, lines(&[last])].concat());
}

/// An entry that is lost is reported although the list has it.
#[test]
fn verification_reads_entries_and_not_the_list() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("store-lost"));
    let ledger = begun(DirectoryStore::create(&folder.0).unwrap(), &engine);
    let first = ledger.entries()[0].0;
    let name = first.to_string();
    fs::remove_file(folder.0.join("objects").join(&name[..2]).join(&name)).unwrap();
    let found = verify(ledger.store(), None, &mut |_| {}).unwrap();
    let problems: Vec<&Problem> = found.findings.iter().map(|finding| &finding.problem).collect();
    assert_eq!(problems, [&Problem::Missing { what: ObjectKind::Entry, object: first }]);
    assert_eq!((problems[0].code(), problems[0].object()), ("missing", Some(first)));
}

#[test]
fn refresh_reads_what_is_new_and_reports_a_rewound_ledger() {
    let (engine, store) = (Engine::new().unwrap(), MemoryStore::new());
    let mut writer = begun(store.clone(), &engine);
    let counted = FailingStore::new(&store, Failure::Never);
    let mut reader = Ledger::open(&counted).unwrap();
    for number in 1..=5 {
        writer.settle(&engine, &numbered_epoch(number)).unwrap();
    }
    let before = counted.calls();
    assert_eq!(reader.refresh().unwrap(), 5);
    assert_eq!(counted.calls() - before, 2, "the head and one page");
    assert_eq!(reader.refresh().unwrap(), 0);
    assert_eq!(counted.calls() - before, 3, "the head");
    assert_eq!(reader.entries(), writer.entries());

    let folder = Folder::new("store-rewound");
    let mut ledger = begun(DirectoryStore::create(&folder.0).unwrap(), &engine);
    let early = ledger.head().unwrap();
    ledger.settle(&engine, &numbered_epoch(1)).unwrap();
    let known = ledger.head().unwrap();
    let mut rewound = crate::identity::rewind(&folder, early);
    for settled in [None, Some(2)] {
        if let Some(number) = settled {
            rewound.settle(&engine, &numbered_epoch(number)).unwrap();
        }
        let error = ledger.refresh().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        let LedgerError::Rewound { known: lost, head } = error else { panic!("{error}") };
        assert_eq!((lost, head), (known, rewound.head()));
        assert_eq!(ledger.head(), Some(known), "what was read stays");
    }
    fs::remove_file(folder.0.join("head")).unwrap();
    assert!(matches!(ledger.refresh(), Err(LedgerError::Rewound { head: None, .. })));
}

/// Two processes settle and adopt in turn without telling each other.
#[test]
fn lost_race_is_tried_again_or_reported_as_what_it_is() {
    let (engine, store) = (Engine::new().unwrap(), MemoryStore::new());
    let mut ada = begun(store.clone(), &engine);
    let mut ben = Ledger::open(store.clone()).unwrap();

    // Another epoch: settled again after the other one.
    let first = ada.settle(&engine, &numbered_epoch(1)).unwrap();
    let second = ben.settle(&engine, &numbered_epoch(2)).unwrap();
    assert_eq!(second.receipt.terms().previous, Some(first.receipt.digest()));
    // The same epoch.
    let error = ada.settle(&engine, &numbered_epoch(2)).unwrap_err();
    assert!(
        matches!(error, LedgerError::Settled { number: 2, receipt } if receipt == second.receipt.digest())
    );
    assert_eq!(ada.entries(), ben.entries(), "it has read what is new");
    // One that is too late now.
    ada.settle(&engine, &numbered_epoch(4)).unwrap();
    let error = ben.settle(&engine, &numbered_epoch(3)).unwrap_err();
    assert!(matches!(error, LedgerError::OutOfOrder { number: 3, last: 4 }));

    // A charter that is not in force for the epoch changes nothing about it.
    let later = charter(&engine, "Later");
    ada.adopt(&engine, &later, 9, &[], &[]).unwrap();
    ben.settle(&engine, &numbered_epoch(5)).unwrap();
    // One that is in force now.
    ada.refresh().unwrap();
    let now = charter(&engine, "Now");
    ada.adopt(&engine, &now, 6, &[], &[]).unwrap();
    let error = ben.settle(&engine, &numbered_epoch(6)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    let LedgerError::CharterChanged { charter: newer, head } = error else { panic!("{error}") };
    assert_eq!((newer, Some(head)), (now.digest(), ada.head()));
    // Called again it settles under the charter that the caller knows of now.
    let sixth = ben.settle(&engine, &numbered_epoch(6)).unwrap();
    assert_eq!(sixth.receipt.terms().charter, now.digest());

    // A charter that nobody must sign is adopted after an epoch that was settled meanwhile, and not over another charter.
    ada.adopt(&engine, &later, 10, &[], &[]).unwrap();
    let error = ben.adopt(&engine, &now, 11, &[], &[]).unwrap_err();
    assert!(matches!(error, LedgerError::CharterChanged { charter: newer, .. } if newer == later.digest()));
    // Not even one that reaches back by now.
    ada.settle(&engine, &numbered_epoch(7)).unwrap();
    assert!(matches!(ben.adopt(&engine, &now, 7, &[], &[]), Err(LedgerError::Effective { .. })));
    assert_sound(&store, Some(&engine));
}

#[test]
fn signed_change_that_lost_a_race_is_outdated() {
    let (engine, store) = (Engine::new().unwrap(), MemoryStore::new());
    let mut ada = begun(store.clone(), &engine);
    let key = |name: &str| fs::read_to_string(ssh(name)).unwrap();
    let mut terms = charter(&engine, "Signed").terms().clone();
    terms.signers = Some(Signers { required: 1, allowed: format!("ada {}", key("ed25519.pub")) });
    ada.adopt(&engine, &Charter::new(terms).unwrap(), 2, &[], &[]).unwrap();
    let mut ben = Ledger::open(store.clone()).unwrap();

    let (follows, next) = (ada.head().unwrap(), charter(&engine, "Next"));
    let signature = sign(&key("ed25519"), CHARTER_NAMESPACE, &ada.change(&next, 5).unwrap()).unwrap();
    ben.settle(&engine, &numbered_epoch(3)).unwrap();
    let error = ada.adopt(&engine, &next, 5, &[], &[signature]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    let LedgerError::Outdated { follows: signed_at, head } = error else { panic!("{error}") };
    assert_eq!((signed_at, Some(head)), (follows, ben.head()));
    assert_eq!(ada.head(), ben.head());
}

/// A store in which another writer is always faster.
struct Overtaken<'a> {
    store: &'a MemoryStore,
    other: Mutex<Box<dyn FnMut() + Send + 'a>>,
}

impl Store for Overtaken<'_> {
    fn read(&self, digest: &Digest, offset: u64, at_most: usize) -> Result<Option<Part>, StoreError> {
        self.store.read(digest, offset, at_most)
    }
    fn write(&self, object: Object<'_>) -> Result<(), StoreError> {
        self.store.write(object)
    }
    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        self.store.list(after, limit)
    }
    fn head(&self) -> Result<Option<Digest>, StoreError> {
        self.store.head()
    }
    fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
        (self.other.lock().unwrap())();
        self.store.commit(commit)
    }
}

#[test]
fn writer_that_is_always_overtaken_is_told_so_after_two_tries() {
    let (engine, store) = (Engine::new().unwrap(), MemoryStore::new());
    let mut other = begun(store.clone(), &engine);
    let mut number = 0;
    let settle_next = || {
        number += 1;
        other.settle(&engine, &numbered_epoch(number)).unwrap();
    };
    let overtaken = Overtaken { store: &store, other: Mutex::new(Box::new(settle_next)) };
    let mut ledger = Ledger::open(overtaken).unwrap();
    let error = ledger.settle(&engine, &numbered_epoch(100)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(matches!(error, LedgerError::Moved(head) if Some(head) == store.head().unwrap()), "{error}");
    let error = ledger.adopt(&engine, &charter(&engine, "Next"), 100, &[], &[]).unwrap_err();
    assert!(matches!(error, LedgerError::Moved(head) if Some(head) == store.head().unwrap()), "{error}");
    assert_eq!(Ledger::open(&store).unwrap().settled().count(), 4);
    assert_sound(&store, Some(&engine));
}

/// All that is done with a ledger, up to its fourth epoch, from wherever it is.
fn go_on<S: Store>(store: S, engine: &Engine) -> Result<Ledger<S>, LedgerError> {
    let mut ledger = Ledger::open(store)?;
    if ledger.head().is_none() {
        ledger = Ledger::create(ledger.into_store(), LedgerIdentity::from_bytes(IDENTITY))?;
    }
    if ledger.adoptions().count() == 0 {
        ledger.adopt(engine, &charter(engine, "First"), 1, &[hostile::harmless()], &[])?;
    }
    while ledger.settled().count() < 3 {
        let next = ledger.settled().next_back().map_or(1, |(last, _)| last + 1);
        ledger.settle(engine, &numbered_epoch(next))?;
        ledger.refresh()?;
        ledger.past(next..=next);
    }
    Ok(ledger)
}

/// Every call fails once, before or after it did its work: the ledger is as before or one entry further, verifies, and goes on.
fn calls_fail_one_after_the_other<S: Store>(make: impl Fn() -> S) -> usize {
    let engine = Engine::new().unwrap();
    let mut failures = 0;
    for at in 1.. {
        for failure in [Failure::Before(at), Failure::After(at)] {
            let store = make();
            let failing = FailingStore::new(&store, failure);
            let failed = go_on(&failing, &engine);
            let Err(error) = failed else {
                // A failure that changed nothing: the list of entries is only a cache.
                if failing.calls() < at {
                    return failures;
                }
                continue;
            };
            failures += 1;
            assert_eq!(error.kind(), ErrorKind::Host, "{failure:?}: {error}");
            let before = Ledger::open(&store).unwrap();
            assert_sound(&store, None);
            let found = verify(&store, None, &mut |_| {}).unwrap();
            assert_eq!((found.unused.len(), found.unfinished.len()), (0, 0), "{failure:?}");
            let after = go_on(&store, &engine).unwrap();
            assert!(after.entries().starts_with(before.entries()), "{failure:?}");
            assert_eq!(after.entries().len(), 5, "{failure:?}");
            assert_sound(&store, Some(&engine));
        }
    }
    failures
}

#[test]
fn failing_calls_leave_the_ledger_as_before_or_as_after() {
    let in_memory = calls_fail_one_after_the_other(MemoryStore::new);
    let folder = Folder::new("store-faults");
    let count = AtomicUsize::new(0);
    let in_folders = calls_fail_one_after_the_other(|| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        DirectoryStore::create(&folder.0.join(number.to_string())).unwrap()
    });
    eprintln!("calls that failed: {in_memory} in memory, {in_folders} in folders");
    assert!(in_memory >= 20 && in_folders >= 20);
}

#[test]
fn boxed_store_conforms() {
    conformance(|| Box::new(MemoryStore::new()) as Box<dyn Store>);
    let boxed: Box<dyn Store> = Box::new(MemoryStore::new());
    let ledger = Ledger::create(boxed, LedgerIdentity::from_bytes(IDENTITY)).unwrap();
    assert_sound(ledger.store(), None);
}
