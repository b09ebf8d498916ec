//! What was made once and is used again, by digest: each made by one thread while others wait for it, and the most recently
//! used kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::host_error::{HostError, Shortage};
use crate::runtime::{Cancel, Interrupt, Waiting};
use crate::trace;
use apportion_core::canonical::Digest;

pub(crate) struct Kept<T> {
    most: usize,
    most_bytes: usize,
    waiting: Waiting,
    entries: Mutex<Entries<T>>,
    changed: Condvar,
}

struct Entries<T> {
    by_digest: BTreeMap<Digest, Entry<T>>,
    /// Counts uses, so that no clock is needed to find the least recently used one.
    uses: u64,
    /// How many wait for another thread to make something.
    waiting: usize,
}

enum Entry<T> {
    InTheMaking,
    Made { value: Arc<T>, bytes: usize, last_use: u64 },
}

impl<T> Kept<T> {
    pub(super) fn new(most: usize, most_bytes: usize, waiting: Waiting) -> Kept<T> {
        let entries = Entries { by_digest: BTreeMap::new(), uses: 0, waiting: 0 };
        Kept { most, most_bytes, waiting, entries: Mutex::new(entries), changed: Condvar::new() }
    }

    pub(super) fn get(&self, digest: &Digest) -> Option<Arc<T>> {
        self.lock().used(digest)
    }

    /// Makes it if it is not there, unless another thread is making it, which is then waited for. If that fails, the next
    /// that waits tries again.
    pub(super) fn get_or_make<E: From<HostError>>(
        &self,
        digest: Digest,
        cancel: Option<&Cancel>,
        make: impl FnOnce() -> Result<T, E>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Result<Arc<T>, E> {
        let mut entries = self.wait_while_made(digest, cancel)?;
        if let Some(value) = entries.used(&digest) {
            trace::kept_in_memory(&digest);
            return Ok(value);
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

    /// Waits while another thread makes it.
    fn wait_while_made(
        &self,
        digest: Digest,
        cancel: Option<&Cancel>,
    ) -> Result<MutexGuard<'_, Entries<T>>, HostError> {
        let is_cancelled = || cancel.is_some_and(Cancel::is_cancelled);
        let mut entries = self.lock();
        if !entries.is_being_made(&digest) {
            return Ok(entries);
        }
        if entries.waiting >= self.waiting.most {
            return Err(HostError::Busy(Shortage::Admission));
        }
        entries.waiting += 1;
        let not_yet = |entries: &mut Entries<T>| !is_cancelled() && entries.is_being_made(&digest);
        let waited = self.changed.wait_timeout_while(entries, self.waiting.time, not_yet);
        let (mut entries, _) = waited.unwrap_or_else(PoisonError::into_inner);
        entries.waiting -= 1;
        match entries.is_being_made(&digest) {
            false => Ok(entries),
            true if is_cancelled() => Err(HostError::Cancelled),
            true => Err(HostError::Busy(Shortage::Admission)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + Sync> Interrupt for Kept<T> {
    fn interrupt(&self) {
        drop(self.lock()); // whoever has just checked is waiting now, and is woken
        self.changed.notify_all();
    }
}

/// Whatever comes of making it, those who wait go on.
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
    fn is_being_made(&self, digest: &Digest) -> bool {
        matches!(self.by_digest.get(digest), Some(Entry::InTheMaking))
    }

    fn used(&mut self, digest: &Digest) -> Option<Arc<T>> {
        let Some(Entry::Made { value, last_use, .. }) = self.by_digest.get_mut(digest) else { return None };
        self.uses += 1;
        *last_use = self.uses;
        Some(Arc::clone(value))
    }

    /// Lets go of the least recently used ones. Those who hold one keep it.
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

    use std::time::Duration;

    use super::*;

    const PATIENT: Waiting = Waiting { most: usize::MAX, time: Duration::MAX };

    fn digest(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    #[test]
    fn what_was_used_last_is_kept() {
        let kept = Kept::new(3, 100, PATIENT);
        let add = |name: &'static str, bytes| {
            kept.get_or_make(digest(name), None, || Ok::<_, HostError>(name), |_| bytes).unwrap();
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
        let (kept, made) = (Kept::new(8, 100, PATIENT), AtomicUsize::new(0));
        let failed = kept.get_or_make(digest("a"), None, || Err::<u8, _>(HostError::Cancelled), |_| 1);
        assert!(matches!(failed, Err(HostError::Cancelled)));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let make = || {
                        made.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        Ok::<_, HostError>(7)
                    };
                    assert_eq!(*kept.get_or_make(digest("a"), None, make, |_| 1).unwrap(), 7);
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }

    /// One thread makes it for as long as `kept` has not refused or let go another one.
    fn while_made<R>(kept: &Kept<u8>, other: impl FnOnce() -> R) -> R {
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        thread::scope(|scope| {
            let make = move || {
                let _ = finished.recv();
                Ok::<_, HostError>(7)
            };
            let making = scope.spawn(|| kept.get_or_make(digest("a"), None, make, |_| 1));
            while !kept.lock().is_being_made(&digest("a")) {
                thread::yield_now();
            }
            let seen = other();
            drop(finish);
            assert_eq!(*making.join().unwrap().unwrap(), 7);
            seen
        })
    }

    #[test]
    fn waiting_for_another_thread_is_bounded_and_can_be_cancelled() {
        let never = || -> Result<u8, HostError> { panic!("another thread makes it") };
        for waiting in [Waiting { most: 0, ..PATIENT }, Waiting { time: Duration::from_millis(1), ..PATIENT }]
        {
            let kept = Kept::new(8, 100, waiting);
            let busy = while_made(&kept, || kept.get_or_make(digest("a"), None, never, |_| 1));
            assert!(matches!(busy, Err(HostError::Busy(Shortage::Admission))), "{busy:?}");
            assert!(kept.get(&digest("a")).is_some());
        }
        let (kept, cancel) = (Kept::new(8, 100, PATIENT), Cancel::new());
        let cancelled = while_made(&kept, || {
            thread::scope(|scope| {
                let waits = scope.spawn(|| kept.get_or_make(digest("a"), Some(&cancel), never, |_| 1));
                while kept.lock().waiting == 0 {
                    thread::yield_now();
                }
                cancel.cancel();
                kept.interrupt();
                waits.join().unwrap()
            })
        });
        assert!(matches!(cancelled, Err(HostError::Cancelled)), "{cancelled:?}");
        assert_eq!(kept.lock().waiting, 0);
    }
}
