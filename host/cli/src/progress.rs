//! Signs of life on standard error while something takes long; nothing at all where nobody watches a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line that says what is going on and for how long.
pub struct Spinner(ProgressBar);

impl Spinner {
    pub fn new(what: String) -> Spinner {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        Spinner(bar)
    }

    /// Says something else from now on.
    pub fn say(&self, what: String) {
        self.0.set_message(what);
    }

    pub fn done(self) {
        self.0.finish_and_clear();
    }
}
