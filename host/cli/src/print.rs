//! The program's only way to a terminal.
//!
//! What the program prints quotes people it does not know: file names, ids, parameters, messages of policies, texts of
//! errors. So nothing is printed but through here, and here every character that a terminal would act on, or would show
//! nothing for, is spelled out ([`apportion::text::escape`]), wherever it came from:
//!
//! - Text for people is [`Lines`], made line by line. A line break within a line is spelled out too, so that a quoted text
//!   cannot add a line of its own that looks like the program's.
//! - Notes, warnings and errors are single messages on standard error.
//! - [`Data`] for programs (JSON, CSV) is written byte for byte, but for a terminal it is gated as well.
//!
//! `tests/system/house.rs` holds that no other file of the program names standard output or standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, StdoutLock, Write};
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, Result};
use apportion::text::{escape, is_hidden};

/// Text for people. Every line in it has passed the gate; there is no way to add one that has not.
#[derive(Debug, Default)]
pub struct Lines(String);

impl Lines {
    /// Adds one line. Line breaks in `line` are spelled out: see [`Lines::block`].
    pub fn line(&mut self, line: impl Display) {
        self.0.push_str(&format!("{}\n", escape(line)));
    }

    pub fn blank(&mut self) {
        self.0.push('\n');
    }

    /// Adds a text that has lines of its own, each further in, so that none of them looks like the program's.
    pub fn block(&mut self, indent: &'static str, text: &str) {
        for line in text.lines() {
            self.line(format_args!("{indent}{line}"));
        }
    }

    pub fn append(&mut self, lines: Lines) {
        self.0.push_str(&lines.0);
    }

    /// The same lines, each further in.
    pub fn indented(self, indent: &'static str) -> Lines {
        let mut indented = Lines::default();
        indented.block(indent, &self.0);
        indented
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The characters of the longest line.
    pub fn width(&self) -> usize {
        self.0.lines().map(|line| line.chars().count()).max().unwrap_or(0)
    }

    /// The lines without their indentation, to compare them.
    pub fn trimmed(&self) -> Vec<String> {
        self.0.lines().map(|line| line.trim().to_owned()).collect()
    }

    /// Prints them as the program's result.
    pub fn print(&self) -> Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(self.0.as_bytes()).and_then(|()| out.flush()).context("cannot print the result")
    }

    #[cfg(test)]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Adds a line to [`Lines`]: `say!(lines, "epoch {}", number)`; without words an empty one.
macro_rules! say {
    ($lines:expr) => { $lines.blank() };
    ($lines:expr, $($words:tt)*) => { $lines.line(format_args!($($words)*)) };
}
pub(crate) use say;

/// Says on standard error what was done.
macro_rules! status {
    ($($words:tt)*) => { $crate::print::message("", format_args!($($words)*)) };
}
pub(crate) use status;

/// Says on standard error what is worth knowing about a result.
macro_rules! note {
    ($($words:tt)*) => { $crate::print::message("note: ", format_args!($($words)*)) };
}
pub(crate) use note;

/// Says on standard error what is probably not meant.
macro_rules! warning {
    ($($words:tt)*) => { $crate::print::message("warning: ", format_args!($($words)*)) };
}
pub(crate) use warning;

/// Says why the program failed, and what there is to tell about that.
pub fn error(text: impl Display, details: &Lines) {
    message("error: ", text);
    let _ = io::stderr().write_all(details.0.as_bytes()); // nobody is left to tell
}

/// For the macros above.
pub fn message(lead: &str, text: impl Display) {
    let _ = io::stderr().write_all(marked(lead, &text.to_string()).0.as_bytes()); // as above
}

/// A message with a mark before all lines but its first: some errors show the line of a file that they are about.
fn marked(lead: &str, text: &str) -> Lines {
    let mut lines = Lines::default();
    let mut parts = text.trim_end_matches('\n').lines();
    lines.line(format_args!("{lead}{}", parts.next().unwrap_or_default()));
    for part in parts {
        lines.line(format_args!("  | {part}"));
    }
    lines
}

/// Says why the command line is not understood, or shows the help that it asks for. Arguments that are quoted may hold
/// anything; help is the program's own text.
pub fn arguments(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let text = error.render().to_string();
        let mut lines = Lines::default();
        lines.block("", &text);
        let _ = io::stderr().write_all(lines.0.as_bytes()); // as above
    } else {
        let _ = error.print(); // as above
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// A panic is a bug, and its message may quote anything too.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| message("", panic)));
}

/// Where the tools that build an author's own policy write: they have the terminal as if the author had called them.
pub fn to_tools() -> Stdio {
    Stdio::from(io::stderr())
}

/// Passes on what such a tool wrote.
pub fn pass_on(bytes: &[u8]) -> io::Result<()> {
    io::stderr().write_all(bytes)
}

/// A result for programs, on standard output: its bytes as they are, unless a terminal is there to act on them.
pub type Data = Gated<StdoutLock<'static>>;

/// Opens standard output for data.
pub fn data() -> Data {
    let out = io::stdout().lock();
    let is_terminal = out.is_terminal();
    Gated { out, is_terminal, cut: Vec::new() }
}

/// Bytes on their way out.
pub struct Gated<W> {
    out: W,
    is_terminal: bool,
    /// The beginning of a character whose end is still to come.
    cut: Vec<u8>,
}

impl<W: Write> Gated<W> {
    /// As much of `bytes` as can be shown: line breaks are kept, other hidden characters and what is not UTF-8 are spelled
    /// out. What may be the beginning of a character is left for later.
    fn shown(&mut self, bytes: &[u8]) -> String {
        let mut text = String::new();
        self.cut.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.cut);
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            for c in chunk.valid().chars() {
                match c {
                    '\n' => text.push('\n'),
                    c if is_hidden(c) => text.push_str(&escape(c).to_string()),
                    c => text.push(c),
                }
            }
            let invalid = chunk.invalid();
            let may_continue = std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if chunks.peek().is_none() && may_continue {
                self.cut = invalid.to_vec();
            } else {
                text.extend(invalid.iter().map(|byte| format!("\\x{byte:02x}")));
            }
        }
        text
    }
}

impl<W: Write> Write for Gated<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_terminal {
            return self.out.write(bytes);
        }
        let shown = self.shown(bytes);
        self.out.write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_adds_no_line_and_moves_no_cursor() {
        let mut lines = Lines::default();
        say!(lines, "wrong: {}", "a\u{1b}[2J\nsound\r");
        lines.block("  ", "b\u{202e}\nc\u{9b}1A");
        assert_eq!(lines.as_str(), "wrong: a\\u{1b}[2J\\nsound\\r\n  b\\u{202e}\n  c\\u{9b}1A\n");
        assert_eq!(lines.indented("> ").as_str().lines().count(), 3);
    }

    #[test]
    fn further_lines_of_a_message_are_marked() {
        let shown = marked("error: ", "`a\u{1b}c`: no\nerror: none\n1 epoch settled and sound");
        assert_eq!(
            shown.as_str(),
            "error: `a\\u{1b}c`: no\n  | error: none\n  | 1 epoch settled and sound\n"
        );
    }

    #[test]
    fn data_is_exact_but_for_a_terminal() {
        let bytes = "{\"a\":\"\u{9b}2J\"}\nä\u{1b}".as_bytes();
        let write = |is_terminal| {
            let mut out = Gated { out: Vec::new(), is_terminal, cut: Vec::new() };
            // One byte at a time: characters arrive in pieces.
            bytes.iter().for_each(|byte| out.write_all(&[*byte]).unwrap());
            out.write_all(&[0xff, b'x']).unwrap();
            out.out
        };
        assert_eq!(write(false), [bytes, &[0xff, b'x']].concat());
        assert_eq!(write(true), "{\"a\":\"\\u{9b}2J\"}\nä\\u{1b}\\xffx".as_bytes());
    }
}
