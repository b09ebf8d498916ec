//! A bound on the memory of all runs together.
//!
//! A run takes its share before it begins, and gives it back when it ends: at first a part of what its limits allow, and
//! if it needs more than that it ends and is begun again with all. So a run in progress never waits, and no result tells
//! that memory was short: what others do changes when a run begins, never how it ends. As nobody
//! who holds a share waits for another, there is no deadlock; and as shares are given in the order in which they were
//! asked for, everyone's turn comes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::host_error::HostError;

use super::cancel::Cancel;

pub(crate) struct Budget {
    total: u64,
    shares: Mutex<Shares>,
    changed: Condvar,
}

struct Shares {
    taken: u64,
    waiting: VecDeque<u64>,
    next_ticket: u64,
}

/// A run's share, given back when dropped.
pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub(crate) fn new(total: u64) -> Budget {
        let shares = Shares { taken: 0, waiting: VecDeque::new(), next_ticket: 0 };
        Budget { total, shares: Mutex::new(shares), changed: Condvar::new() }
    }

    /// What the runs in progress hold.
    pub(crate) fn taken(&self) -> u64 {
        self.lock().taken
    }

    /// Whether there is a bound at all.
    pub(super) fn is_bounded(&self) -> bool {
        self.total < u64::MAX
    }

    /// Whether so many bytes can ever be had.
    pub(super) fn check(&self, bytes: u64) -> Result<(), HostError> {
        if bytes > self.total {
            return Err(HostError::Memory { needed: bytes, budget: self.total });
        }
        Ok(())
    }

    /// Waits for a share of `bytes`, unless it is cancelled or can never come.
    pub(super) fn share(&self, bytes: u64, cancel: Option<&Cancel>) -> Result<Share<'_>, HostError> {
        self.check(bytes)?;
        let mut shares = self.lock();
        let ticket = shares.next_ticket;
        shares.next_ticket += 1;
        shares.waiting.push_back(ticket);
        loop {
            if cancel.is_some_and(Cancel::is_cancelled) {
                shares.waiting.retain(|&waiting| waiting != ticket);
                self.changed.notify_all(); // someone behind may be first now
                return Err(HostError::Cancelled);
            }
            let fits = shares.taken.checked_add(bytes).is_some_and(|taken| taken <= self.total);
            if shares.waiting.front() == Some(&ticket) && fits {
                shares.waiting.pop_front();
                shares.taken += bytes;
                self.changed.notify_all(); // there may be room for the next as well
                return Ok(Share { budget: self, bytes });
            }
            shares = self.changed.wait(shares).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets everyone who waits look whether it was cancelled.
    pub(super) fn wake(&self) {
        drop(self.lock()); // whoever has just looked is waiting now, and hears it
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.budget.lock().taken -= self.bytes;
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn shares_never_exceed_the_budget_and_everyone_gets_one() {
        let (budget, held, most, runs) =
            (Budget::new(100), AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let run = |bytes: u64| {
            let share = budget.share(bytes, None).unwrap();
            most.fetch_max(held.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
            thread::yield_now();
            held.fetch_sub(bytes, Ordering::SeqCst);
            drop(share);
            runs.fetch_add(1, Ordering::SeqCst);
        };
        thread::scope(|scope| {
            for bytes in [1, 10, 40, 60, 99, 100] {
                scope.spawn(move || (0..200).for_each(|_| run(bytes)));
            }
        });
        assert_eq!((runs.into_inner(), budget.taken()), (1200, 0));
        assert!(most.into_inner() <= 100);
    }

    #[test]
    fn what_can_never_fit_is_told_and_not_waited_for() {
        let refused = Budget::new(100).share(101, None).map(drop);
        assert!(matches!(refused, Err(HostError::Memory { needed: 101, budget: 100 })));
    }

    #[test]
    fn who_waits_can_be_cancelled_and_holds_up_nobody() {
        let budget = Budget::new(100);
        let first = budget.share(60, None).unwrap();
        let cancel = Cancel::new();
        thread::scope(|scope| {
            let waits = scope.spawn(|| budget.share(50, Some(&cancel)).map(drop));
            while budget.lock().waiting.is_empty() {
                thread::yield_now();
            }
            let behind = scope.spawn(|| budget.share(40, None).map(drop));
            while budget.lock().waiting.len() < 2 {
                thread::yield_now();
            }
            cancel.cancel();
            budget.wake();
            assert!(matches!(waits.join().unwrap(), Err(HostError::Cancelled)));
            behind.join().unwrap().unwrap();
        });
        drop(first);
        assert_eq!(budget.taken(), 0);
    }
}
