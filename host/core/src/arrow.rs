//! Epochs and payouts as [Arrow](https://arrow.apache.org) record batches, for data frames, Parquet files and bindings.
//!
//! | batch | columns |
//! |---|---|
//! | payees | `id`: text; `name`: text, empty where there is none |
//! | nodes | `id`: text; `kind`: words; `weight`: float64; `time`: timestamp in seconds, UTC; `payee`: words, null where nobody owns the node |
//! | edges | `source`, `target`: the nodes' ids as words; `kind`: words; `weight`: float64; `time`: timestamp in seconds, UTC |
//! | nodes, edges | `metric.NAME`: float64; `label.NAME`: words, of which the empty one stands for absent |
//! | payouts | `payee`: text; `amount`: decimal; and of each policy, counted from 0, `amount.N`: decimal; `share.N`: uint64, null if it fixed amounts or failed; `measure.N.NAME`: float64 |
//!
//! *Words* are dictionaries with keys of 32 bits. Texts are `Utf8`, or `LargeUtf8` where a column has 2 GiB or more.
//!
//! **Out**, numbers, keys and nearly all texts are the epoch's own memory, which the batch keeps: nothing is copied.
//! **In**, [`build_epoch`] reads the same columns and takes the usual other types for them.
//!
//! Amounts are `Decimal256(39, 0)` in base units: an amount is an integer below 2^128, which has 39 digits, one more than
//! `Decimal128` holds. A fixed-size binary of 16 bytes would hold it too, but no tool could add it up.
//!
//! ```
//! use apportion_core::arrow::{build_epoch, edges_batch, nodes_batch, payees_batch};
//! use apportion_core::epoch::Epoch;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
//! let (payees, nodes, edges) = (payees_batch(&epoch)?, nodes_batch(&epoch)?, edges_batch(&epoch)?);
//! assert_eq!(nodes.num_rows(), epoch.node_count());
//!
//! let again = build_epoch(epoch.header().clone(), &[payees], &[nodes], &[edges])?;
//! assert_eq!(again.digest(), epoch.digest());
//! # Ok(())
//! # }
//! ```

mod error;
mod input;
mod output;
mod table;

pub use error::BatchError;
pub use input::build_epoch;
pub use output::{edges_batch, nodes_batch, payees_batch, payouts_batch};
