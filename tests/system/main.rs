//! The whole system over real months, hostile policies and damaged files: one binary, one module a subject.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod asset;
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
mod docs;
mod eigentrust;
mod embedding;
mod explain;
mod folder;
mod forks;
mod fuzz;
mod golden;
mod hostile;
mod identity;
mod influence;
mod irregular;
mod jury;
mod ledger;
mod lifetime;
mod limits;
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
mod store;
mod structure;
mod verify;
mod wasi;
mod written_by;
