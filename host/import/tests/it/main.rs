//! Imports as a person meets them: files in a folder, and what comes out.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod folder;
mod formats;
mod git;
mod limits;
mod retro_funding;
mod rounding;
mod sourcecred;
mod traces;
mod wrong;
