//! What whole-system tests share: where the data lies, policies that behave badly, epochs made in memory.

mod comparison;
pub mod conformance;
mod epochs;
pub mod fees;
mod files;
pub mod fuzz;
pub mod git;
pub mod hostile;
pub mod native;
pub mod wasi;

pub use comparison::{compare, replay_all};
pub use epochs::{MONTHS, epoch_in, numbered_epoch, small_epoch};
pub use files::{create_ledger, data, ssh};
