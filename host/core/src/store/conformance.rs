//! What every store must do, as a test that anyone can run on a store of their own.

#![allow(clippy::panic, reason = "a test ends at the first thing that is wrong")]

use std::sync::Arc;

use super::backend::{Committed, Object, Part, Store};
use super::error::StoreError;
use super::failing::{FailingStore, Failure};
use super::objects::Objects;
use crate::canonical::Digest;

/// Tests that a store does what [`Store`] promises; `make` makes an empty store at each call.
///
/// It reads and writes objects whole and in ranges, lists them in pages, commits with the right head and a wrong one, lets
/// two writers take turns and (where there are threads) race, compares the list of entries, and makes every call of a
/// writer fail in turn, before and after it did its work, to see that the store is as before or as after and goes on.
/// It knows nothing of how a store keeps its bytes: whether it survives a crash or a power cut is for the store's own tests.
///
/// ```
/// use apportion_core::store::{MemoryStore, conformance};
///
/// conformance(MemoryStore::new);
/// ```
///
/// # Panics
///
/// If the store does not conform; the message says in what.
pub fn conformance<S: Store>(make: impl Fn() -> S) {
    empty_store_is_empty(&make());
    objects_are_read_as_written(&make());
    objects_are_listed_in_pages(&make());
    commit_is_all_or_nothing(&make());
    entries_are_cached_in_order(&make());
    pointers_are_stores(make());
    two_writers_take_turns(&make());
    #[cfg(not(target_family = "wasm"))]
    writers_race(&make());
    calls_fail_one_after_the_other(&make);
}

/// A call that must not fail here.
#[track_caller]
fn ok<T>(what: &str, result: Result<T, StoreError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            panic!("store conformance: {what} failed: {error}{}", cause.unwrap_or_default())
        }
    }
}

macro_rules! holds {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            panic!("store conformance: {}", format_args!($($message)+));
        }
    };
}

fn empty_store_is_empty(store: &impl Store) {
    let nothing = Digest::of(b"nothing");
    holds!(ok("head", store.head()).is_none(), "an empty store has a head");
    holds!(ok("list", store.list(None, 10)).is_empty(), "an empty store lists objects");
    holds!(ok("read", store.read(&nothing, 0, 10)).is_none(), "an empty store has an object");
    let entries = ok("entries", store.entries(0, 10)).unwrap_or_default();
    holds!(entries.is_empty(), "an empty store has entries");
    let foreign = ok("foreign_files", store.foreign_files());
    holds!(foreign == Default::default(), "an empty store has foreign files: {foreign:?}");
}

fn objects_are_read_as_written(store: &impl Store) {
    let contents: [Vec<u8>; 5] =
        [vec![], b"one".to_vec(), vec![0; 1025], (0..=255).cycle().take(100_000).collect(), b"{}\n".to_vec()];
    for bytes in &contents {
        let object = Object::new(bytes);
        for _ in 0..2 {
            ok("write", store.write(object));
        }
        let length = bytes.len();
        for (offset, at_most) in [
            (0, length),
            (0, length + 1),
            (0, 0),
            (0, 1),
            (1, 7),
            (length / 2, length),
            (length.saturating_sub(1), 5),
            (length, 5),
            (length + 1, 5),
        ] {
            let expected = Part::of(bytes, offset as u64, at_most);
            let part = ok("read", store.read(&object.digest, offset as u64, at_most));
            holds!(
                part.as_ref() == Some(&expected),
                "reading at most {at_most} bytes from {offset} on of an object of {length} gave {}",
                part.map_or("no object".to_owned(), |p| format!("{} of {}", p.bytes.len(), p.length))
            );
        }
        let far = ok("read", store.read(&object.digest, u64::MAX, usize::MAX));
        holds!(far.is_some_and(|part| part.bytes.is_empty()), "bytes were read far beyond an object's end");
    }
    holds!(ok("head", store.head()).is_none(), "writing an object moved the head");
}

fn objects_are_listed_in_pages(store: &impl Store) {
    let mut expected: Vec<Digest> = Vec::new();
    for number in 0..100_u32 {
        let bytes = number.to_le_bytes();
        let object = Object::new(&bytes);
        ok("write", store.write(object));
        expected.push(object.digest);
    }
    expected.sort();
    for limit in [1, 7, 99, 100, 101] {
        let mut listed: Vec<Digest> = Vec::new();
        loop {
            let page = ok("list", store.list(listed.last(), limit));
            holds!(page.len() <= limit, "a page of at most {limit} objects has {}", page.len());
            if page.is_empty() {
                break;
            }
            listed.extend(page);
            holds!(listed.len() <= expected.len(), "objects are listed twice, in pages of {limit}");
        }
        holds!(listed == expected, "in pages of {limit}, not all objects are listed in ascending order");
    }
    // A place between two objects is as good as one of them.
    let between = Digest::of(b"not an object");
    let after = ok("list", store.list(Some(&between), 1000));
    let there = expected.iter().filter(|digest| **digest > between);
    holds!(there.eq(&after), "listing after a digest that is not there is wrong");
}

/// An entry like a ledger's: it differs from every other by what it follows and by its writer.
fn entry(follows: Option<Digest>, writer: &str) -> Vec<u8> {
    let follows = follows.map_or("nothing".to_owned(), |digest| digest.to_string());
    format!("{{\"follows\":\"{follows}\",\"writer\":\"{writer}\"}}").into_bytes()
}

/// The chain of entries from the head to the first, and that all of it can be read.
fn chain<S: Store>(objects: &Objects<S>) -> Vec<Digest> {
    let mut chain = Vec::new();
    let mut next = ok("head", objects.head());
    while let Some(digest) = next {
        let bytes = ok("read", objects.get(&digest));
        let Some(bytes) = bytes else { panic!("store conformance: entry `{digest}` is missing") };
        let text = String::from_utf8_lossy(&bytes);
        let follows = text.split('"').nth(3).unwrap_or_default();
        next = follows.parse().ok();
        chain.push(digest);
    }
    chain.reverse();
    chain
}

fn commit_is_all_or_nothing(store: &impl Store) {
    let objects = Objects::new(store);
    let has = |bytes: &[u8]| ok("read", objects.get(&Digest::of(bytes))).is_some();
    let wrong = Some(Digest::of(b"not the head"));
    let first = entry(None, "ada");
    let refused = ok("commit", objects.commit(wrong, &[b"early"], &first));
    holds!(
        refused == Committed::Moved { head: None },
        "a commit after an entry that is not there: {refused:?}"
    );
    holds!(!has(b"early") && !has(&first), "a commit that was refused kept an object");

    // One object is there already, and one is given twice.
    ok("put", objects.put(b"there"));
    let done = ok("commit", objects.commit(None, &[b"there", b"new", b"new", b""], &first));
    let head = Some(Digest::of(&first));
    holds!(done == Committed::Done, "the first commit was refused: {done:?}");
    holds!(ok("head", objects.head()) == head, "a commit did not move the head");
    holds!([&b"there"[..], b"new", b"", &first].into_iter().all(has), "a commit did not keep all objects");

    for expected in [None, wrong] {
        let late = entry(expected, "ben");
        let refused = ok("commit", objects.commit(expected, &[b"late", b"there"], &late));
        holds!(refused == Committed::Moved { head }, "a commit that came too late: {refused:?}");
        holds!(!has(b"late") && !has(&late), "a commit that came too late kept an object");
    }
    holds!(has(b"there") && has(b"new"), "a commit that came too late removed objects");
    holds!(ok("head", objects.head()) == head, "a commit that came too late moved the head");
    let second = entry(head, "ada");
    holds!(
        ok("commit", objects.commit(head, &[], &second)) == Committed::Done,
        "the second commit was refused"
    );
    holds!(
        chain(&objects) == [Digest::of(&first), Digest::of(&second)],
        "the chain is not what was committed"
    );
}

fn entries_are_cached_in_order(store: &impl Store) {
    let objects = Objects::new(store);
    let mut entries = Vec::new();
    let mut head = None;
    for _ in 0..25 {
        let next = entry(head, "ada");
        holds!(ok("commit", objects.commit(head, &[], &next)) == Committed::Done, "a commit was refused");
        head = Some(Digest::of(&next));
        entries.push(next);
    }
    let (Some(head), Some(_)) = (head, ok("entries", store.entries(0, 1))) else { return };
    let listed = |skip, limit| ok("entries", store.entries(skip, limit)).unwrap_or_default();
    for (skip, limit) in [(0, 100), (0, 1), (1, 10), (11, 10), (24, 10), (25, 10), (1000, 10), (3, 4), (7, 4)]
    {
        let expected = entries.iter().skip(skip).take(limit);
        holds!(expected.eq(&listed(skip, limit)), "{limit} entries after {skip} are not those committed");
    }
    let elsewhere = Digest::of(b"not the head");
    ok("rewrite_entries", store.rewrite_entries(&elsewhere, &[b"{}".to_vec()]));
    holds!(listed(0, 100) == entries, "entries were rewritten for a head that is not the newest");
    ok("rewrite_entries", store.rewrite_entries(&head, &entries));
    holds!(listed(0, 100) == entries, "entries are wrong after rewriting them");
    let next = entry(Some(head), "ada");
    holds!(ok("commit", objects.commit(Some(head), &[], &next)) == Committed::Done, "a commit was refused");
    holds!(listed(25, 100) == [next], "an entry is not listed that was committed after rewriting");
}

fn pointers_are_stores<S: Store>(store: S) {
    fn head(store: impl Store) -> Option<Digest> {
        ok("head", store.head())
    }
    let first = entry(None, "ada");
    let boxed: Box<dyn Store + '_> = Box::new(&store);
    let done = ok("commit", Objects::new(boxed).commit(None, &[], &first));
    holds!(done == Committed::Done, "a commit through a box was refused");
    let shared = Arc::new(store);
    let heads = [head(&shared), head(Arc::clone(&shared)), head(&*shared)];
    holds!(heads == [Some(Digest::of(&first)); 3], "a store has another head behind a pointer");
}

/// Each of two writers knows the head as it was: the slower one is told the new head, and goes on from there.
fn two_writers_take_turns(store: &impl Store) {
    let objects = Objects::new(store);
    let mut known = [None, None];
    let mut expected = Vec::new();
    for turn in 0..20 {
        let (writer, name) = if turn % 3 == 0 { (0, "ada") } else { (1, "ben") };
        let mine = entry(known[writer], name);
        let receipt = format!("receipt {turn}");
        match ok("commit", objects.commit(known[writer], &[receipt.as_bytes()], &mine)) {
            Committed::Done => {
                known[writer] = Some(Digest::of(&mine));
                expected.extend(known[writer]);
            }
            Committed::Moved { head } => {
                holds!(head == expected.last().copied(), "the loser of a race was told a wrong head");
                let kept = ok("read", objects.get(&Digest::of(receipt.as_bytes())));
                holds!(kept.is_none(), "the loser of a race left an object");
                known[writer] = head;
            }
        }
    }
    holds!(expected.len() > 5, "two writers got nothing done");
    holds!(chain(&objects) == expected, "what two writers committed is not the chain");
}

/// Four threads append ten entries each: all forty are in the chain.
#[cfg(not(target_family = "wasm"))]
fn writers_race(store: &impl Store) {
    const WRITERS: [&str; 4] = ["ada", "ben", "cy", "dee"];
    const EACH: usize = 10;
    std::thread::scope(|scope| {
        for writer in WRITERS {
            scope.spawn(move || (0..EACH).for_each(|number| append(store, writer, number)));
        }
    });
    let objects = Objects::new(store);
    let length = chain(&objects).len();
    holds!(length == WRITERS.len() * EACH, "of 40 entries that were committed, {length} are in the chain");
}

#[cfg(not(target_family = "wasm"))]
fn append(store: &impl Store, writer: &str, number: usize) {
    let objects = Objects::new(store);
    let object = format!("{writer} {number}");
    let mut head = ok("head", objects.head());
    loop {
        let next = entry(head, &object);
        match objects.commit(head, &[object.as_bytes()], &next) {
            Ok(Committed::Done) => break,
            Ok(Committed::Moved { head: newer }) => head = newer,
            Err(error) if error.kind() == crate::error::ErrorKind::Busy => std::thread::yield_now(),
            Err(error) => ok("commit", Err(error)),
        }
    }
}

/// What is kept by a writer whose calls fail.
fn write_some<S: Store>(objects: &Objects<S>) -> Result<(), StoreError> {
    for number in 0..3 {
        let head = objects.head()?;
        let loose = objects.put(format!("loose {number}").as_bytes())?;
        objects.get(&loose)?;
        let (object, next) = (format!("object {number}"), entry(head, "ada"));
        let committed = objects.commit(head, &[object.as_bytes()], &next)?;
        holds!(committed == Committed::Done, "a commit was refused");
        objects.list()?;
        objects.entries(0)?;
    }
    Ok(())
}

/// Every call of a writer fails once, before or after its work: the chain is as before the call or as after it, and the next
/// writer goes on from there.
fn calls_fail_one_after_the_other<S: Store>(make: impl Fn() -> S) {
    for at in 1.. {
        for failure in [Failure::Before(at), Failure::After(at)] {
            let store = make();
            let failing = FailingStore::new(&store, failure);
            let failed = write_some(&Objects::new(&failing)).is_err();
            let objects = Objects::new(&store);
            let before = chain(&objects);
            holds!(!failed || before.len() <= 3, "there are more entries than were committed");
            for (number, digest) in before.iter().enumerate() {
                let object = format!("object {number}");
                let kept = ok("read", objects.get(&Digest::of(object.as_bytes())));
                holds!(kept.is_some(), "entry `{digest}` was kept without its object");
            }
            let kept = ok("read", objects.get(&Digest::of(format!("object {}", before.len()).as_bytes())));
            holds!(kept.is_none(), "an object was kept without its entry after a failure ({failure:?})");
            ok("writing after a failure", write_some(&objects));
            let after = chain(&objects);
            holds!(after.starts_with(&before), "what was committed before a failure is gone ({failure:?})");
            holds!(
                after.len() == before.len() + 3,
                "a commit after a failure is not in the chain ({failure:?})"
            );
            if !failed {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::backend::Commit;
    use super::super::memory::MemoryStore;
    use super::*;

    #[test]
    fn memory_store_conforms() {
        conformance(MemoryStore::new);
    }

    #[cfg(feature = "directory")]
    #[test]
    fn directory_store_conforms() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = std::env::temp_dir().join(format!("apportion-conformance-{}", std::process::id()));
        let count = AtomicUsize::new(0);
        conformance(|| {
            let number = count.fetch_add(1, Ordering::Relaxed);
            super::super::directory::DirectoryStore::create(&folder.join(number.to_string())).unwrap()
        });
        std::fs::remove_dir_all(&folder).unwrap();
    }

    /// A store with one fault.
    struct Broken {
        store: MemoryStore,
        fault: Fault,
    }

    #[derive(Clone, Copy, Debug)]
    enum Fault {
        KeepsWhatIsRefused,
        IgnoresExpected,
        CutsOff,
        ListsBackwards,
        ForgetsObjects,
    }

    impl Store for Broken {
        fn read(&self, digest: &Digest, offset: u64, at_most: usize) -> Result<Option<Part>, StoreError> {
            let part = self.store.read(digest, offset, at_most)?;
            match self.fault {
                Fault::CutsOff => {
                    Ok(part
                        .map(|part| Part { bytes: part.bytes[..part.bytes.len().min(512)].to_vec(), ..part }))
                }
                _ => Ok(part),
            }
        }
        fn write(&self, object: Object<'_>) -> Result<(), StoreError> {
            self.store.write(object)
        }
        fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
            let mut page = self.store.list(after, limit)?;
            if matches!(self.fault, Fault::ListsBackwards) {
                page.reverse();
            }
            Ok(page)
        }
        fn head(&self) -> Result<Option<Digest>, StoreError> {
            self.store.head()
        }
        fn commit(&self, commit: &Commit<'_>) -> Result<Committed, StoreError> {
            match self.fault {
                Fault::KeepsWhatIsRefused => {
                    commit.objects.iter().try_for_each(|object| self.store.write(*object))?;
                    self.store.commit(commit)
                }
                Fault::IgnoresExpected => {
                    let expected = self.store.head()?;
                    self.store.commit(&Commit { expected, ..*commit })
                }
                Fault::ForgetsObjects => self.store.commit(&Commit { objects: &[], ..*commit }),
                _ => self.store.commit(commit),
            }
        }
    }

    // A panic cannot be caught there.
    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn broken_stores_do_not_conform() {
        let faults = [
            Fault::KeepsWhatIsRefused,
            Fault::IgnoresExpected,
            Fault::CutsOff,
            Fault::ListsBackwards,
            Fault::ForgetsObjects,
        ];
        for fault in faults {
            let tested = std::panic::catch_unwind(|| {
                conformance(|| Broken { store: MemoryStore::new(), fault });
            });
            let panic = tested.expect_err(&format!("{fault:?} conforms"));
            let message = panic
                .downcast_ref::<String>()
                .map_or_else(|| panic.downcast_ref::<&str>().copied().unwrap_or_default(), String::as_str);
            assert!(message.starts_with("store conformance: "), "{fault:?}: {message}");
        }
    }
}
