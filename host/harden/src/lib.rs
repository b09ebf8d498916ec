//! Component in, metered component out: the same results, the same count and the same verdict on every engine.
//!
//! An engine's own means of limiting a program differ between engines and between their versions. [`harden`] rewrites
//! a component into an equivalent one that carries its own meter: it counts the instructions it executes, limits how
//! deep it calls, and shows no bit of a NaN that processors may choose. What is charged where is specified in
//! `METERING.md` beside this crate, closely enough for a second implementation to give the same counts.
//!
//! ```
//! use apportion_harden::{harden, is_hardened};
//!
//! let component = wat::parse_str(
//!     r#"(component
//!         (core module $m (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))
//!         (core instance $i (instantiate $m))
//!         (func (export "double") (param "n" u32) (result u32) (canon lift (core func $i "double"))))"#,
//! )?;
//! let hardened = harden(&component)?;
//! assert!(is_hardened(&hardened) && !is_hardened(&component));
//! // Who hardens twice is told so.
//! assert!(harden(&hardened).is_err());
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
//!     /// Asked while the component is instantiated, before any code of the author's: how much of a resource it may use.
//!     limit: func(of: u32) -> u64;
//!     /// Called when a resource is used up. Must not return.
//!     exhausted: func(of: u32);
//! }
//!
//! interface meter {
//!     /// How much of a resource may still be used.
//!     left: func(of: u32) -> s64;
//!     /// Sets how many instructions may be used from here on.
//!     refill: func(instructions: u64);
//! }
//! ```
//!
//! Resources are numbered as in [`Resource`]. What was used is the limit less what is left. The embedder gives the
//! engine so much native stack that the depth limit always comes first, makes `exhausted` end the run in a way that it
//! knows again, and takes every other trap as the program's own.
//!
//! While the host is about to hand over a list, or cleans up after a call, a component may not call out. So `exhausted`
//! is not the only word of it: before, the meter asks for a table to grow as no table can, which wasmtime tells its
//! embedder of (`ResourceLimiter::table_growing`, read by [`Resource::from_table_growth`]), and sets a global that is
//! exported by its core instance, for engines that show core instances.

#![forbid(unsafe_code)]

mod body;
mod charge;
mod component;
mod cost;
mod counter;
mod depth;
mod emit;
mod error;
mod frame;
mod layout;
mod link;
mod meter;
mod module;
mod names;
mod nan;
mod output;
mod profile;
mod resource;
mod scan;

pub use error::Error;
pub use meter::{HOST, METER, MODULE};
pub use profile::{Profiled, ProfiledFunction};
pub use resource::Resource;

/// The version of METERING.md that this crate follows. Two versions may give different counts; one never does.
pub const VERSION: u32 = 2;

/// Which release of this crate: another one may write other bytes that mean the same.
pub const RELEASE: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// Rewrites a component into an equivalent one that meters itself. The same bytes give the same bytes.
///
/// # Errors
///
/// If the bytes are no valid component, use what METERING.md does not allow, or are hardened already.
pub fn harden(component: &[u8]) -> Result<Vec<u8>, Error> {
    component::harden(component)
}

/// Hardens a component so that it tells what each function is charged.
///
/// # Errors
///
/// As [`harden`].
pub fn profile(component: &[u8]) -> Result<Profiled, Error> {
    component::profile(component)
}

/// Whether a component imports or exports what only hardening adds.
pub fn is_hardened(component: &[u8]) -> bool {
    component::is_hardened(component)
}

/// Rewrites one core module, for those who link core modules themselves: it imports the exports of [`meter_module`]
/// under the module name [`MODULE`]. What it imports besides is taken to be able to call it back.
///
/// ```
/// use apportion_harden::harden_module;
/// let module = wat::parse_str(r#"(module (func (export "f") (loop br 0)))"#)?;
/// assert!(harden_module(&module)?.len() > module.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`harden`].
pub fn harden_module(module: &[u8]) -> Result<Vec<u8>, Error> {
    component::harden_module(module)
}

/// The core module that holds the counters: it imports `limit` and `exhausted` under the module name [`HOST`]. Of
/// memories and tables it counts what grows; with what sizes they start is for those to limit who link the modules.
pub fn meter_module() -> Vec<u8> {
    meter::module(meter::Initial::default(), None)
}
