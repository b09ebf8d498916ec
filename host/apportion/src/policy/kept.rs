//! What was made once and is used again, by digest: each made by one thread while others wait for it, and the ones used
//! last kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use apportion_core::canonical::Digest;

pub(super) struct Kept<T> {
    most: usize,
    most_bytes: usize,
    entries: Mutex<Entries<T>>,
    changed: Condvar,
}

struct Entries<T> {
    by_digest: BTreeMap<Digest, Entry<T>>,
    /// Counts uses, so that which one was used last needs no clock.
    uses: u64,
}

enum Entry<T> {
    InTheMaking,
    Made { value: Arc<T>, bytes: usize, last_use: u64 },
}

impl<T> Kept<T> {
    pub(super) fn new(most: usize, most_bytes: usize) -> Kept<T> {
        let entries = Entries { by_digest: BTreeMap::new(), uses: 0 };
        Kept { most, most_bytes, entries: Mutex::new(entries), changed: Condvar::new() }
    }

    pub(super) fn get(&self, digest: &Digest) -> Option<Arc<T>> {
        self.lock().used(digest)
    }

    /// Makes it if it is not there. If that fails the next who wants it tries again.
    pub(super) fn get_or_make<E>(
        &self,
        digest: Digest,
        make: impl FnOnce() -> Result<T, E>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Result<Arc<T>, E> {
        let mut entries = self.lock();
        loop {
            if let Some(value) = entries.used(&digest) {
                return Ok(value);
            }
            if !entries.by_digest.contains_key(&digest) {
                break;
            }
            entries = self.changed.wait(entries).unwrap_or_else(PoisonError::into_inner);
        }
        entries.by_digest.insert(digest, Entry::InTheMaking);
        drop(entries);

        let making = Making { kept: self, digest };
        let value = Arc::new(make()?);
        let bytes = bytes(&value);
        let mut entries = self.lock();
        entries.uses += 1;
        let last_use = entries.uses;
        entries.by_digest.insert(digest, Entry::Made { value: Arc::clone(&value), bytes, last_use });
        entries.shrink(self.most, self.most_bytes);
        drop(entries);
        drop(making);
        Ok(value)
    }

    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whatever comes of making it, who waits goes on.
struct Making<'a, T> {
    kept: &'a Kept<T>,
    digest: Digest,
}

impl<T> Drop for Making<'_, T> {
    fn drop(&mut self) {
        let mut entries = self.kept.lock();
        if let Some(Entry::InTheMaking) = entries.by_digest.get(&self.digest) {
            entries.by_digest.remove(&self.digest);
        }
        drop(entries);
        self.kept.changed.notify_all();
    }
}

impl<T> Entries<T> {
    fn used(&mut self, digest: &Digest) -> Option<Arc<T>> {
        let Some(Entry::Made { value, last_use, .. }) = self.by_digest.get_mut(digest) else { return None };
        self.uses += 1;
        *last_use = self.uses;
        Some(Arc::clone(value))
    }

    /// Lets go of what was not used for longest. Who holds it still has it.
    fn shrink(&mut self, most: usize, most_bytes: usize) {
        loop {
            let made = self.by_digest.iter().filter_map(|(digest, entry)| match entry {
                Entry::Made { bytes, last_use, .. } => Some((*last_use, *digest, *bytes)),
                Entry::InTheMaking => None,
            });
            let (mut count, mut all_bytes, mut oldest) = (0, 0_usize, None);
            for (last_use, digest, bytes) in made {
                count += 1;
                all_bytes = all_bytes.saturating_add(bytes);
                oldest = oldest.min(Some((last_use, digest))).or(Some((last_use, digest)));
            }
            match oldest {
                Some((_, digest)) if count > most || all_bytes > most_bytes => {
                    self.by_digest.remove(&digest);
                }
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    fn digest(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    #[test]
    fn what_was_used_last_is_kept() {
        let kept = Kept::new(3, 100);
        let add = |name: &'static str, bytes| {
            kept.get_or_make(digest(name), || Ok::<_, ()>(name), |_| bytes).unwrap();
        };
        let has = || ["a", "b", "c", "d", "e"].map(|name| kept.get(&digest(name)).is_some());
        add("a", 10);
        add("b", 10);
        add("c", 10);
        assert!(kept.get(&digest("a")).is_some());
        add("d", 10); // four are too many, and `b` was not used for longest
        assert_eq!(has(), [true, false, true, true, false]);
        add("e", 85); // 115 bytes are too many, and so are 105
        assert_eq!(has(), [false, false, false, true, true]);
        add("b", 101); // too large to be kept with anything, or alone
        assert_eq!(has(), [false; 5]);
    }

    #[test]
    fn what_many_want_at_once_is_made_once_and_a_failure_does_not_stay() {
        let (kept, made) = (Kept::new(8, 100), AtomicUsize::new(0));
        assert_eq!(kept.get_or_make(digest("a"), || Err::<u8, _>("no"), |_| 1).map(|_| ()), Err("no"));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let make = || {
                        made.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        Ok::<_, ()>(7)
                    };
                    assert_eq!(*kept.get_or_make(digest("a"), make, |_| 1).unwrap(), 7);
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }
}
