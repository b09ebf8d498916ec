#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cell;
pub mod git;
mod problem;
mod progress;
pub mod retro_funding;
mod source;
pub mod sourcecred;
pub mod spreadsheet;
mod table;
pub mod tables;
mod traces;

pub use problem::{Fault, ImportError, Problem, Problems};
pub use progress::Progress;
