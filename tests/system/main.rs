//! The whole system over real months, hostile policies and damaged files: one binary, one module a subject.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod audit;
mod cache;
mod concurrency;
mod conformance;
mod crash;
mod damage;
mod fuzz;
mod golden;
mod hostile;
mod house;
mod ledger;
mod lifetime;
mod pagerank;
mod proof;
mod replay;
mod retro_funding;
mod sandbox;
mod signature;
mod verify;
mod wasi;
