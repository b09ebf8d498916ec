//! Component in, metered component out: the same results, the same count and the same verdict on every engine.
//!
//! An engine's own means of limiting a program differ between engines and between their versions. [`harden`] rewrites
//! a component into an equivalent one that carries its own meter: it counts the instructions it executes, limits how
//! deep it calls, and shows no bit of a NaN that processors may choose. What is charged where is specified in
//! `METERING.md` beside this crate, closely enough for a second implementation to give the same counts.
//!
//! ```
//! use apportion_harden::{Limits, harden, is_hardened};
//!
//! let component = wat::parse_str(
//!     r#"(component
//!         (core module $m (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))
//!         (core instance $i (instantiate $m))
//!         (func (export "double") (param "n" u32) (result u32) (canon lift (core func $i "double"))))"#,
//! )?;
//! let hardened = harden(&component, &Limits::default())?;
//! assert!(is_hardened(&hardened) && !is_hardened(&component));
//! // Who hardens twice is told so.
//! assert!(harden(&hardened, &Limits::default()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the embedder does
//!
//! A hardened component imports one instance more than before and exports one more:
//!
//! ```wit
//! package apportion:metering@1.0.0;
//!
//! interface host {
//!     /// Asked once, while the component is instantiated: how much it may use.
//!     limit: func() -> u64;
//!     /// Called when the component is stopped; 0 instructions, 1 depth, 2 memory or table. Must not return.
//!     exhausted: func(kind: u32);
//! }
//!
//! interface meter {
//!     /// How much it may still use; below 0 if the last thing that ran was too much.
//!     left: func() -> s64;
//!     /// Sets how much it may use from here on, and the depth to nothing.
//!     refill: func(limit: u64);
//! }
//! ```
//!
//! What was used is the limit less what is left. The embedder asks after every call: what the host itself called (to
//! allocate, or to clean up after a call) cannot call out to say that it was too much, and leaves it said here. It gives the engine so much native stack that the depth
//! limit always comes first, makes `exhausted` end the run in a way that it knows again ([`Exhausted`] reads the
//! argument), and takes every other trap as the program's own.

#![forbid(unsafe_code)]

mod body;
mod charge;
mod component;
mod cost;
mod depth;
mod emit;
mod error;
mod link;
mod meter;
mod module;
mod nan;
mod scan;

pub use error::Error;
pub use meter::{HOST, METER, MODULE};

/// The version of METERING.md that this crate follows. Two versions may give different counts; one never does.
pub const VERSION: u32 = 1;

/// What a hardened program may have, whatever its author declared. Part of what the hardened bytes depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pages of 64 KiB that one memory may have; at most 65536.
    pub memory_pages: u32,
    /// The most elements that one table may have.
    pub table_elements: u32,
    /// How deep calls may nest, in the units of METERING.md, which are about bytes of stack; at most 2^30.
    pub depth: u32,
}

impl Default for Limits {
    /// 4 GiB of memory, a million elements of a table, and 512 KiB of stack.
    fn default() -> Self {
        Self { memory_pages: 65_536, table_elements: 1_000_000, depth: 1 << 19 }
    }
}

/// What a hardened program ran out of: the argument of `exhausted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// It executed more than the limit.
    Instructions,
    /// It called deeper than [`Limits::depth`].
    Depth,
    /// It asked for more than [`Limits::memory_pages`] or [`Limits::table_elements`].
    Memory,
}

impl Exhausted {
    /// Reads the argument of `exhausted`.
    ///
    /// ```
    /// use apportion_harden::Exhausted;
    /// assert_eq!(Exhausted::from_code(1), Some(Exhausted::Depth));
    /// assert_eq!(Exhausted::from_code(3), None);
    /// ```
    pub fn from_code(code: u32) -> Option<Self> {
        [Self::Instructions, Self::Depth, Self::Memory].into_iter().find(|kind| kind.code() == code)
    }

    /// What `exhausted` is called with.
    pub fn code(self) -> u32 {
        match self {
            Self::Instructions => 0,
            Self::Depth => 1,
            Self::Memory => 2,
        }
    }
}

/// Rewrites a component into an equivalent one that meters itself. The same bytes and limits give the same bytes.
///
/// # Errors
///
/// If the bytes are no valid component, use what METERING.md does not allow, are hardened already, or declare a
/// memory or table larger than the limits.
pub fn harden(component: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    component::harden(component, limits)
}

/// Whether a component imports or exports what only hardening adds.
pub fn is_hardened(component: &[u8]) -> bool {
    component::is_hardened(component)
}

/// Rewrites one core module, for those who link core modules themselves: it imports the exports of [`meter_module`]
/// under the module name [`MODULE`]. What it imports besides is taken to be able to call it back.
///
/// ```
/// use apportion_harden::{Limits, harden_module};
/// let module = wat::parse_str(r#"(module (func (export "f") (loop br 0)))"#)?;
/// let hardened = harden_module(&module, &Limits::default())?;
/// assert!(hardened.len() > module.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`harden`].
pub fn harden_module(module: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    component::harden_module(module, limits)
}

/// The core module that holds the counters: it imports `limit` and `exhausted` under the module name [`HOST`].
pub fn meter_module(limits: &Limits) -> Vec<u8> {
    meter::module(limits)
}
