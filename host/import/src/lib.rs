#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cell;
pub mod git;
mod intake;
mod limits;
mod problem;
mod progress;
pub mod retro_funding;
mod rounding;
mod source;
pub mod sourcecred;
pub mod spreadsheet;
mod table;
pub mod tables;
mod traces;

pub use limits::{Bound, LimitExceeded, Limits, UnknownBound};
pub use problem::{Fault, ImportError, Problem, Problems};
pub use progress::Progress;
