//! Everything that Apportion records, and nothing that runs: epochs, charters, payouts, receipts, proofs, signatures,
//! comparisons, explanations and cards, with the exact arithmetic of a division.
//!
//! This crate has no WebAssembly engine in its tree and builds for `wasm32-unknown-unknown`. Whatever only reads, checks
//! or shows depends on it alone; the crate `apportion` re-exports all of it beside the engine.
//!
//! ```
//! use apportion_core::epoch::Epoch;
//! use apportion_core::canonical::Digest;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bytes = std::fs::read("../../tests/golden/cooperative.epoch")?;
//! let epoch = Epoch::from_bytes(&bytes)?;
//! assert_eq!(epoch.digest(), Digest::of(&bytes)); // what `b3sum` prints of the file
//! assert_eq!(epoch.pool().asset.symbol(), "EUR");
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `threads` | yes | hashing and sorting on all cores; the bytes are the same without |
//! | `toml` | no | [`charter::CharterDraft`], charters as people write them |
//! | `directory` | yes | [`store::DirectoryStore`], a ledger in a folder |

#![forbid(unsafe_code)]

pub mod apportionment;
pub mod canonical;
pub mod card;
pub mod charter;
pub mod comparison;
pub mod entry;
pub mod epoch;
pub mod error;
pub mod explanation;
pub mod fault;
mod graph;
pub mod limits;
pub mod money;
pub mod number;
pub mod payouts;
pub mod proof;
mod property;
pub mod receipt;
pub mod replayed;
pub mod settled;
pub mod signature;
mod sorting;
pub mod store;
pub mod text;
