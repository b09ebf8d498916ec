//! The program as a user runs it: what it prints, what it writes, how it ends when something is wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod commands;
mod imports;
mod ledgers;
mod policies;
mod proofs;
mod reports;
mod run;
