#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod calendar;
mod cast;
mod chance;
mod graph;
mod month;
mod provenance;
pub mod report;
mod steps;
mod tables;
mod traces;
pub mod worked;
mod year;

pub use cast::{PAYEES, Part};
pub use graph::Owners;
pub use report::Paid;
pub use tables::Files;

pub use month::{INFLUENCE, LINEAGE, Month, SEED, WITHDRAWN, year};
