//! The whole system over real months, hostile policies and damaged files: one binary, one module a subject.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod attribution;
mod audit;
mod cache;
mod calls;
mod cheats;
mod commits;
mod compared_rules;
mod concurrency;
mod conformance;
mod crash;
mod credrank;
mod damage;
mod eigentrust;
mod explain;
mod fuzz;
mod golden;
mod hostile;
mod house;
mod influence;
mod jury;
mod ledger;
mod lifetime;
mod lineage;
mod pagerank;
mod proof;
mod quadratic_funding;
mod replay;
mod retro_funding;
mod sandbox;
mod shapley;
mod signature;
mod split;
mod verify;
mod wasi;
