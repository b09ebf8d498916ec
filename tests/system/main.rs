//! The whole system over real months, hostile policies and damaged files: one binary, one module a subject.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod crash;
mod damage;
mod golden;
mod hostile;
mod house;
mod ledger;
mod lifetime;
mod proof;
mod replay;
mod retro_funding;
mod signature;
mod wasi;
