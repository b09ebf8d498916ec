//! Signs of life on standard error while something takes long; nothing at all where nobody watches a terminal. What they
//! quote (file names) is spelled out as everything else that the program prints.

use std::time::Duration;

use apportion::text::escape;
use indicatif::{ProgressBar, ProgressStyle};

/// A line that says what is going on and for how long.
pub struct Spinner(ProgressBar);

impl Spinner {
    pub fn new(what: String) -> Spinner {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(escape(what).to_string());
        bar.enable_steady_tick(Duration::from_millis(120));
        Spinner(bar)
    }

    /// Says something else from now on.
    pub fn say(&self, what: String) {
        self.0.set_message(escape(what).to_string());
    }

    pub fn done(self) {
        self.0.finish_and_clear();
    }
}

/// How much of something counted is done, and how long the rest will take.
pub struct Bar(ProgressBar);

impl Bar {
    pub fn new(what: &'static str) -> Bar {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(escape(what).to_string());
        bar.enable_steady_tick(Duration::from_millis(250));
        Bar(bar)
    }

    /// Says how far it is; a number told late by another thread does not turn it back.
    pub fn at(&self, done: usize, total: usize) {
        self.0.set_length(total as u64);
        self.0.set_position(self.0.position().max(done as u64));
    }

    pub fn done(self) {
        self.0.finish_and_clear();
    }
}
