//! Write a policy for [apportion](https://docs.rs/apportion) in Rust: an ordinary function from an epoch to an
//! allocation, tested natively with `cargo test`, built to a WebAssembly component.
//!
//! # A policy, whole
//!
//! ```
//! use apportion_guest::{Allocation, Epoch, Node, Policy, Refusal};
//! use apportion_guest::schemars::JsonSchema;
//! use apportion_guest::serde::Deserialize;
//!
//! /// What a programme may set. These comments become the descriptions of the JSON Schema.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(crate = "apportion_guest::serde", deny_unknown_fields)]
//! #[schemars(crate = "apportion_guest::schemars")]
//! struct Parameters {
//!     /// What one star is worth, in points; 0 or more.
//!     #[schemars(range(min = 0))]
//!     #[serde(default = "one")]
//!     per_star: f64,
//! }
//!
//! fn one() -> f64 {
//!     1.0
//! }
//!
//! struct Stars;
//!
//! impl Policy for Stars {
//!     type Parameters = Parameters;
//!     const NAME: &'static str = "stars";
//!     const VERSION: &'static str = "1.0.0";
//!     const SUMMARY: &'static str = "Every payee in proportion to the stars of its nodes.";
//!
//!     fn allocate(epoch: &Epoch, parameters: &Parameters) -> Result<Allocation, Refusal> {
//!         let Some(stars) = epoch.node_metric("stars") else {
//!             return Err(Refusal::no_answer("the epoch has no node metric `stars`"));
//!         };
//!         let mut points = vec![0.0; epoch.payees().len()];
//!         for (payee, stars) in epoch.node_payee().iter().zip(stars) {
//!             // Nodes that nobody owns have the payee NO_PAYEE, which is no row of `points`.
//!             if let Some(points) = points.get_mut(*payee as usize) {
//!                 *points += stars * parameters.per_star;
//!             }
//!         }
//!         Ok(Allocation::from_scores(&points)?.measure("points", points))
//!     }
//! }
//!
//! apportion_guest::export!(Stars);
//!
//! // The test of a policy needs no engine.
//! let epoch = Epoch::builder()
//!     .node(Node::new("repository:a", "repository").payee("ann").metric("stars", 30.0))
//!     .node(Node::new("repository:b", "repository").payee("bob").metric("stars", 10.0))
//!     .build()?;
//! let allocation = apportion_guest::run::<Stars>(&epoch, "{}")?;
//! assert_eq!(allocation.shares(), [0.75, 0.25]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From there to a component
//!
//! The crate's manifest says `crate-type = ["cdylib", "rlib"]`. `cargo build --target wasm32-unknown-unknown` makes a
//! core module and `wasm-tools component new` a component of it; `cargo xtask policies` does both for the policies of
//! this repository. No option makes the two results differ: the same function runs natively and in a component, on
//! the same bits, because every operation that systems do differently is taken from [`math`].
//!
//! # What is here
//!
//! - [`Policy`], [`export!`], [`describe`] and [`run`]: what a policy is.
//! - [`Epoch`]: all that a policy can know, in columns. In a component a column is fetched when it is first asked for,
//!   whole, or by [`Epoch::runs`] some rows at a time.
//!   [`Epoch::builder`] makes one from a few nodes and edges, [`Epoch::from_columns`] from ready columns.
//! - [`Allocation`] and [`Refusal`]: what a policy answers.
//! - [`Factor`], [`Positive`], [`Share`]: numbers of parameters whose range is part of their type; [`by_kind`]: what they
//!   list for each kind of an epoch.
//! - [`propagate`], [`scale`], [`limits`], [`math`]: the arithmetic that most programmes use, each function with its
//!   units, its edge cases and its source.
//! - [`mod@constraints`] and [`vesting`]: parameters that any policy can take over: who is excluded, caps, floors, minimum
//!   payouts, budgets per category, and awards that are paid over several epochs. [`exact`] divides whole units. These
//!   three are the feature `constraints`, which is on unless a policy turns it off.
//! - [`random`]: for rules that sample, started by the epoch's seed.
//!
//! The crate is `no_std`; a policy may use `std`, and [`export!`] does, for the panic hook: a panic's message and place
//! reach the run's log before the trap.

#![no_std]
#![forbid(unsafe_op_in_unsafe_fn)]

extern crate alloc;

mod allocation;
#[rustfmt::skip]
#[doc(hidden)]
#[allow(missing_docs, warnings, clippy::all, clippy::unwrap_used, clippy::cast_possible_truncation)]
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::panic, clippy::expect_used)]
pub mod bindings;
#[cfg(feature = "constraints")]
mod bound;
mod builder;
mod columns;
#[doc(hidden)]
pub mod component;
#[cfg(feature = "constraints")]
pub mod constraints;
mod epoch;
#[cfg(feature = "constraints")]
pub mod exact;
#[cfg(feature = "constraints")]
mod fill;
pub mod limits;
pub mod math;
mod parameter;
mod policy;
pub mod propagate;
pub mod random;
mod runs;
pub mod scale;
#[cfg(feature = "constraints")]
pub mod vesting;

pub use allocation::{Allocation, BadScore, Division, Measure, Refusal, weights_from_scores};
#[cfg(feature = "constraints")]
pub use bound::{Bound, InvalidBound};
pub use builder::{Edge, EpochBuilder, Node};
pub use columns::{Columns, InvalidEpoch, LabelColumn, MetricColumn};
pub use epoch::{Epoch, Label, NO_PAYEE};
pub use parameter::{Factor, Positive, Share, by_kind};
pub use policy::{Description, Policy, describe, run};
pub use {schemars, serde};
