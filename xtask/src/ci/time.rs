//! How long a step takes: by the clock, and of all processors.

use std::fs;
use std::ops::Add;
use std::time::{Duration, Instant};

/// Measures from when it is started.
pub struct Stopwatch {
    clock: Instant,
    processor: Option<Duration>,
}

/// Time by the clock and of the processors, the latter where the system reports it.
#[derive(Clone, Copy, Default)]
pub struct Time {
    passed: Duration,
    processor: Option<Duration>,
}

impl Stopwatch {
    pub fn start() -> Stopwatch {
        Stopwatch { clock: now(), processor: processor_time() }
    }

    pub fn elapsed(&self) -> Time {
        let before = self.processor;
        let processor = processor_time().and_then(|after| after.checked_sub(before?));
        Time { passed: now() - self.clock, processor }
    }
}

impl Time {
    /// `12:05` for twelve minutes and five seconds, by the clock.
    pub fn passed(&self) -> String {
        minutes(self.passed)
    }

    /// The same of the processors' time; `-` where it is unknown.
    pub fn processor(&self) -> String {
        self.processor.map_or_else(|| "-".to_owned(), minutes)
    }
}

impl Add for Time {
    type Output = Time;

    /// What is unknown adds nothing.
    fn add(self, other: Time) -> Time {
        let processor = [self.processor, other.processor].into_iter().flatten().reduce(Duration::add);
        Time { passed: self.passed + other.passed, processor }
    }
}

fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[expect(clippy::disallowed_methods, reason = "how long a step takes is what is asked for")]
fn now() -> Instant {
    Instant::now()
}

/// What the programs that this one started, and waited for, have used so far. Linux reports it in `/proc`.
fn processor_time() -> Option<Duration> {
    children_ticks(&fs::read_to_string("/proc/self/stat").ok()?)
        .map(|ticks| Duration::from_millis(ticks * 10))
}

/// The fields `cutime` and `cstime`, in hundredths of a second. The second field is the program's name in parentheses,
/// which may contain blanks.
fn children_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(13);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    user.checked_add(system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_children_are_read_behind_any_name() {
        let stat = "7 (a )b) S 1 7 7 0 -1 4194560 11 12 13 14 15 16 170 18 20 0 1 0 999";
        assert_eq!(children_ticks(stat), Some(170 + 18));
        assert_eq!(children_ticks("7 (a) S 1"), None);
    }

    #[test]
    fn times_are_minutes_and_seconds() {
        assert_eq!(minutes(Duration::from_secs(725)), "12:05");
        assert_eq!(minutes(Duration::from_secs(3600)), "60:00");
    }

    #[test]
    fn unknown_time_of_processors_adds_nothing() {
        let known = Time { passed: Duration::ZERO, processor: Some(Duration::from_secs(3)) };
        assert_eq!((known + Time::default()).processor(), "0:03");
        assert_eq!((Time::default() + Time::default()).processor(), "-");
    }
}
