//! A share of something that there is only so much of: memory for runs, compilers.
//!
//! A run takes its share of memory before it begins, and gives it back when it ends: at first a part of what its limits
//! allow, and if it needs more than that it ends and is begun again with all of it. So a run in progress never waits, and no
//! result shows that memory was short: what others do changes when a run begins, never how it ends. As nobody who holds a
//! share waits for another share, there is no deadlock; and as shares are given in the order in which they were asked for,
//! everyone's turn comes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cancel::Cancel;
use crate::host_error::{HostError, Shortage};
use crate::trace;

/// How many may wait for the same thing, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) most: usize,
    pub(crate) time: Duration,
}

/// How much there is, how much of it is taken, and who waits for some.
pub(crate) struct Capacity {
    of: Shortage,
    total: u64,
    waiting: Waiting,
    shares: Mutex<Shares>,
    changed: Condvar,
}

struct Shares {
    taken: u64,
    waiting: VecDeque<u64>,
    next_ticket: u64,
}

/// A share, given back when dropped.
pub(crate) struct Share {
    capacity: Arc<Capacity>,
    amount: u64,
}

impl Capacity {
    pub(crate) fn new(of: Shortage, total: u64, waiting: Waiting) -> Capacity {
        let shares = Shares { taken: 0, waiting: VecDeque::new(), next_ticket: 0 };
        Capacity { of, total, waiting, shares: Mutex::new(shares), changed: Condvar::new() }
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// How much is taken at the moment.
    pub(crate) fn taken(&self) -> u64 {
        self.lock().taken
    }

    /// Takes a share, which must not be larger than the total. Waits for it if it must and may.
    pub(crate) fn take(self: &Arc<Self>, amount: u64, cancel: Option<&Cancel>) -> Result<Share, HostError> {
        let is_cancelled = || cancel.is_some_and(Cancel::is_cancelled);
        if is_cancelled() {
            return Err(HostError::Cancelled);
        }
        let mut shares = self.lock();
        let must_wait = !shares.waiting.is_empty() || !shares.fits(amount, self.total);
        if must_wait && shares.waiting.len() >= self.waiting.most {
            return Err(HostError::Busy(self.of));
        }
        let ticket = shares.join();
        if must_wait {
            trace::waiting(self.of, amount);
        }
        let not_yet = |shares: &mut Shares| !is_cancelled() && !shares.is_turn(ticket, amount, self.total);
        let waited = self.changed.wait_timeout_while(shares, self.waiting.time, not_yet);
        let (mut shares, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let granted = !is_cancelled() && shares.is_turn(ticket, amount, self.total);
        shares.waiting.retain(|&waiting| waiting != ticket);
        if granted {
            shares.taken += amount;
        }
        drop(shares);
        self.changed.notify_all(); // whether it took a share or gave up, the next may be first now
        match granted {
            true => Ok(Share { capacity: Arc::clone(self), amount }),
            false if is_cancelled() => Err(HostError::Cancelled),
            false => Err(HostError::Busy(self.of)),
        }
    }

    /// Makes all who wait check whether they were cancelled.
    pub(crate) fn wake(&self) {
        drop(self.lock()); // whoever has just checked is waiting now, and is woken
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shares {
    /// Joins the end of the queue.
    fn join(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiting.push_back(ticket);
        ticket
    }

    fn is_turn(&self, ticket: u64, amount: u64, total: u64) -> bool {
        self.waiting.front() == Some(&ticket) && self.fits(amount, total)
    }

    fn fits(&self, amount: u64, total: u64) -> bool {
        self.taken.checked_add(amount).is_some_and(|taken| taken <= total)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.capacity.lock().taken -= self.amount;
        self.capacity.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    const PATIENT: Waiting = Waiting { most: usize::MAX, time: Duration::MAX };

    fn capacity(waiting: Waiting) -> Arc<Capacity> {
        Arc::new(Capacity::new(Shortage::Memory, 100, waiting))
    }

    fn is_busy(taken: Result<Share, HostError>) -> bool {
        matches!(taken, Err(HostError::Busy(Shortage::Memory)))
    }

    fn wait_for_queue(capacity: &Capacity, length: usize) {
        while capacity.lock().waiting.len() < length {
            thread::yield_now();
        }
    }

    #[test]
    fn shares_never_exceed_the_total_and_everyone_gets_one() {
        let (capacity, held) = (capacity(PATIENT), AtomicU64::new(0));
        let (most, runs) = (AtomicU64::new(0), AtomicU64::new(0));
        let run = |amount: u64| {
            let share = capacity.take(amount, None).unwrap();
            most.fetch_max(held.fetch_add(amount, Ordering::SeqCst) + amount, Ordering::SeqCst);
            thread::yield_now();
            held.fetch_sub(amount, Ordering::SeqCst);
            drop(share);
            runs.fetch_add(1, Ordering::SeqCst);
        };
        thread::scope(|scope| {
            for amount in [1, 10, 40, 60, 99, 100] {
                scope.spawn(move || (0..200).for_each(|_| run(amount)));
            }
        });
        assert_eq!((runs.into_inner(), capacity.taken()), (1200, 0));
        assert!(most.into_inner() <= 100);
    }

    #[test]
    fn one_who_waits_can_be_cancelled_and_holds_up_nobody() {
        let capacity = capacity(PATIENT);
        let first = capacity.take(60, None).unwrap();
        let cancel = Cancel::new();
        thread::scope(|scope| {
            let waits = scope.spawn(|| capacity.take(50, Some(&cancel)).map(drop));
            wait_for_queue(&capacity, 1);
            let behind = scope.spawn(|| capacity.take(40, None).map(drop));
            wait_for_queue(&capacity, 2);
            cancel.cancel();
            capacity.wake();
            assert!(matches!(waits.join().unwrap(), Err(HostError::Cancelled)));
            behind.join().unwrap().unwrap();
        });
        drop(first);
        assert_eq!(capacity.taken(), 0);
    }

    #[test]
    fn one_too_many_in_the_queue_is_refused_at_once() {
        let capacity = capacity(Waiting { most: 1, ..PATIENT });
        let first = capacity.take(60, None).unwrap();
        drop(capacity.take(40, None).unwrap()); // nobody waits for what is there
        thread::scope(|scope| {
            let waits = scope.spawn(|| capacity.take(50, None).map(drop));
            wait_for_queue(&capacity, 1);
            assert!(is_busy(capacity.take(50, None)));
            assert!(is_busy(capacity.take(1, None)), "it would pass those before it");
            drop(first);
            waits.join().unwrap().unwrap();
        });
        drop(capacity.take(100, None).unwrap());
    }

    #[test]
    fn one_that_waited_too_long_is_refused_and_holds_up_nobody() {
        let capacity = capacity(Waiting { time: Duration::from_millis(1), ..PATIENT });
        let first = capacity.take(60, None).unwrap();
        assert!(is_busy(capacity.take(50, None)));
        drop(capacity.take(40, None).unwrap());
        drop(first);
        assert_eq!((capacity.taken(), capacity.lock().waiting.len()), (0, 0));
    }
}
