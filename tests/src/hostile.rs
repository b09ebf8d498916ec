//! Policies that behave badly: the files of `tests/hostile/`, and those that are too large to write down.
//!
//! A file says in its header what it tries and how that must end:
//!
//! ```text
//! ;; Tries: to grow its memory without end.
//! ;; Ends: fault out-of-memory
//! ```
//!
//! | ends | what must come of it |
//! |---|---|
//! | `fault CODE` | it is admitted, and every run ends in this fault |
//! | `not admitted: WORDS` | it is refused, and the error says so |
//! | `pays AMOUNTS` | it does no harm: these are the payouts, the same as anybody's |
//!
//! Further lines of a header: `Instead of: SECTIONS` leaves out sections of `prelude.wat`, `Wit: TEXT` adds to the
//! world of the contract, `Parameters: JSON` is what the policy is given. A file that begins with `(component` after
//! its header is the whole component.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "for tests: the text is theirs, and a wrong one is told by its file"
)]

mod case;
mod component;
mod files;
mod frames;
mod made;

pub use case::{Case, End};
pub use component::{allocating, core_module, policy};
pub use files::{file, files, harmless, stateful};
pub use frames::all as frames;
pub use made::{described_by, slow_to_compile};

/// Every case: those of the files by name, then those that are made.
pub fn all() -> Vec<Case> {
    files().into_iter().chain(made::all()).chain(frames::all()).collect()
}
