//! Signs of life on standard error while something takes long; nothing at all where nobody watches a terminal.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::print;

/// A line that says what is going on and for how long.
pub struct Spinner(Drawn);

impl Spinner {
    pub fn new(what: String) -> Spinner {
        Spinner(Drawn::start(what, Duration::from_millis(120), spinner))
    }

    /// Says something else from now on.
    pub fn say(&self, what: String) {
        self.0.state().what = what;
    }

    /// Takes the line away, as dropping it does.
    pub fn done(self) {}
}

/// How much of something counted is done, and how long the rest will take.
pub struct Bar(Drawn);

impl Bar {
    pub fn new(what: &'static str) -> Bar {
        Bar(Drawn::start(what.to_owned(), Duration::from_millis(250), bar))
    }

    /// Says how far it is; a number told late by another thread does not turn it back.
    pub fn at(&self, done: usize, total: usize) {
        let mut state = self.0.state();
        state.total = total;
        state.done = state.done.max(done);
    }

    /// Takes the line away, as dropping it does.
    pub fn done(self) {}
}

/// What a line says.
#[derive(Debug, Default)]
struct State {
    what: String,
    done: usize,
    total: usize,
}

/// A line that a thread of its own draws over and over until it is dropped.
struct Drawn {
    state: Arc<Mutex<State>>,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Drawn {
    fn start(what: String, every: Duration, line: fn(&State, u32, Duration) -> String) -> Drawn {
        let state = Arc::new(Mutex::new(State { what, ..State::default() }));
        let shared = Arc::clone(&state);
        let thread = print::can_draw().then(|| {
            let (end, ended) = channel();
            let draw = move || {
                #[expect(clippy::disallowed_methods, reason = "for people who wait; no result depends on it")]
                let start = Instant::now();
                for frame in 0.. {
                    match ended.recv_timeout(every) {
                        Err(RecvTimeoutError::Timeout) => {}
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                    }
                    print::draw(&line(&lock(&shared), frame, start.elapsed()));
                }
                print::clear_drawn();
            };
            (end, thread::spawn(draw))
        });
        Drawn { state, thread }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// The line is gone when this returns, so that what is printed next stands alone.
impl Drop for Drawn {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.thread.take() {
            drop(end);
            let _ = thread.join(); // it only draws
        }
    }
}

/// Every state is a whole one, whoever panicked while they held it.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn spinner(state: &State, frame: u32, elapsed: Duration) -> String {
    const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
    let sign = FRAMES[frame as usize % FRAMES.len()];
    format!("{sign} {} ({})", state.what, human(elapsed))
}

fn bar(state: &State, _: u32, elapsed: Duration) -> String {
    const WIDTH: usize = 30;
    let State { what, done, total } = state;
    let filled = (WIDTH * done).checked_div(*total).unwrap_or(0).min(WIDTH);
    let (full, empty) = ("█".repeat(filled), "░".repeat(WIDTH - filled));
    let left = match u32::try_from(*done) {
        Ok(steps) if steps > 0 => {
            let each = elapsed / steps;
            human(each.saturating_mul(u32::try_from(total.saturating_sub(*done)).unwrap_or(u32::MAX)))
        }
        _ => "?".to_owned(),
    };
    format!("{what} {full}{empty} {done} of {total}, {left} left")
}

/// Seconds, minutes or hours, whichever says enough.
fn human(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..100 => format!("{seconds}s"),
        seconds @ 100..6000 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_and_says_what_is_left() {
        let state = |done, total| State { what: "replaying".to_owned(), done, total };
        let shown = bar(&state(1, 3), 0, Duration::from_secs(60));
        assert_eq!(shown, format!("replaying {}{} 1 of 3, 2m left", "█".repeat(10), "░".repeat(20)));
        assert!(bar(&state(0, 0), 0, Duration::ZERO).ends_with("0 of 0, ? left"));
        assert!(bar(&state(3, 3), 0, Duration::from_secs(9)).ends_with("3 of 3, 0s left"));
        assert!(bar(&state(4, 3), 0, Duration::from_secs(9)).contains(&"█".repeat(30)));
    }

    #[test]
    fn a_spinner_says_what_goes_on_and_for_how_long() {
        let state = State { what: "reading a".to_owned(), ..State::default() };
        assert_eq!(spinner(&state, 10, Duration::from_secs(7)), "⠋ reading a (7s)");
        assert_eq!(spinner(&state, 1, Duration::from_secs(7300)), "⠙ reading a (2h)");
    }
}
