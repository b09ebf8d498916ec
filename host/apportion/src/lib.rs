//! Apportion turns a contribution graph into a reward split by a rule that is a WebAssembly component.
//!
//! A community swaps its fairness rule by naming another component: nothing is rebuilt, nothing is redeployed.
//! Anyone who runs the same rule on the same epoch gets the same bytes, on any machine.
//!
//! ```
//! use apportion::{Charter, Engine, Epoch, History, settle, standard};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new()?;
//! let policy = standard::admit(&engine, "equal")?; // or engine.admit(&std::fs::read("rule.wasm")?)?
//! let epoch = Epoch::from_bytes(&std::fs::read("../../tests/golden/cooperative.epoch")?)?;
//! let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
//!
//! let settlement = settle(&epoch, &charter, &[policy], &History::default())?;
//! let asset = &epoch.pool().asset;
//! for payout in &settlement.payouts {
//!     println!("{} receives {} {}", payout.payee, asset.format(payout.amount), asset.symbol());
//! }
//! println!("receipt {}", settlement.receipt.digest());
//! # Ok(())
//! # }
//! ```
//!
//! # Chapters
//!
//! | chapter | about |
//! |---|---|
//! | [`epoch`], [`money`] | a contribution graph with its pool: built from rows, stored as canonical bytes, read in columns |
//! | [`engine`], [`policy`] | WebAssembly components admitted as policies, and what bounds and cancels their runs |
//! | [`source`], [`standard`] | components found by digest: in folders, ledgers, memory; the standard policies |
//! | [`charter`], [`signature`], [`limits`] | which policies are in force, with which parameters, and who must sign a change |
//! | [`settle`](mod@settle), [`payouts`], [`receipt`] | an epoch, a charter and a history become exact payouts and a receipt |
//! | [`proof`] | one payout, proven to anyone who has the receipt's digest |
//! | [`ledger`], [`store`], [`verify`](mod@verify) | the chain of adopted charters and settled epochs, kept anywhere and checked whole |
//! | [`replay`](mod@replay), [`compare`](mod@compare) | what past epochs would have paid under another charter |
//! | [`explain`] | why one payee got its amount |
//! | [`audit`](mod@audit) | a rule tested for fairness and against attacks |
//! | [`guide`] | longer texts: [embedding the engine in a service](guide::services), async code, deadlines |
//! | [`progress`] | how far long work is |
//! | [`error`], [`fault`] | whose fault it was, and a policy's faults |
//! | [`apportionment`], [`canonical`], [`number`], [`text`] | exact division, digests and canonical JSON, numbers and text from outside |
//!
//! Every object ([`Epoch`], [`Policy`], [`Charter`], [`Receipt`], [`Payouts`]) is identified by the [`Digest`] of its
//! bytes, which is what `b3sum` prints for the file. An [`Engine`] is made once and shared between threads; policies
//! are admitted once and run any number of times.
//!
//! Nothing here reads a clock, draws a random number or depends on the order of threads. Money is integers.
//!
//! # The feature `tracing`
//!
//! Off unless asked for. With it the library reports spans and events by the crate `tracing`, with the target `apportion`:
//! the spans `settle`, `run`, `admit` and `compile` at the level `INFO`; at `DEBUG` what was found in a cache, what waits for
//! capacity, and what a run used. They hold digests, numbers and policies' names, and nothing of payees, parameters or a
//! policy's log.
//!
//! # The feature `wasi`
//!
//! Off unless asked for. With it a policy may import WASI 0.2: what the languages need that do not compile to plain
//! WebAssembly. It is the same for everyone who settles an epoch, and never waits:
//!
//! | of WASI | what a policy gets |
//! |---|---|
//! | wall clock | the end of the epoch's window; 1970 while the policy describes itself |
//! | monotonic clock | 0, moved by waiting, which takes no time |
//! | random, insecure, insecure seed | BLAKE3 of the epoch's seed, one stream each |
//! | environment, arguments, input, files, terminals | none |
//! | standard output, standard error | the run's log, which is bounded |
//! | exit | the policy's fault: `unreachable` |
//! | sockets, HTTP and all else | refused at admission, by name |
//!
//! Calls are charged to [`Limits::transfer`], and a receipt names the imports that a policy was granted.

#![deny(unsafe_code)] // but for one function of `engine::folder`, which `tests/house` holds

mod abi;
pub mod audit;
pub mod charter;
pub mod compare;
pub mod engine;
pub mod explain;
pub mod guide;
mod host_error;
pub mod ledger;
mod metering;
mod parallel;
pub mod policy;
pub mod progress;
pub mod replay;
mod resolve;
mod runtime;
mod sandbox;
pub mod settle;
pub mod source;
#[cfg(feature = "standard")]
pub mod standard;
mod state;
mod trace;
mod verdict;
pub mod verify;

#[cfg(feature = "arrow")]
pub use apportion_core::arrow;
pub use apportion_core::{
    apportionment, canonical, epoch, error, fault, limits, money, number, payouts, proof, receipt, signature,
    store, text,
};

pub use apportion_core::canonical::Digest;
pub use apportion_core::charter::Charter;
pub use apportion_core::epoch::{Edge, Epoch, EpochBuilder, Node};
pub use apportion_core::error::ErrorKind;
pub use apportion_core::limits::Limits;
pub use apportion_core::payouts::Payouts;
pub use apportion_core::proof::Proof;
pub use apportion_core::receipt::Receipt;
pub use apportion_core::store::Store;
pub use audit::audit;
pub use compare::compare;
pub use engine::{Cancel, Engine};
pub use ledger::Ledger;
pub use policy::Policy;
pub use replay::replay;
pub use settle::{History, Settlement, settle};
pub use verify::verify;

#[cfg(test)]
mod tests {
    /// A service keeps these in its state and uses them from any thread.
    #[test]
    fn what_a_service_shares_can_be_shared() {
        fn shared<T: Send + Sync + 'static>() {}
        shared::<(crate::Engine, crate::Policy, crate::Epoch, crate::Charter, crate::Cancel)>();
        shared::<(apportion_core::signature::AllowedSigners, apportion_core::signature::SignatureError)>();
        shared::<(
            crate::Settlement,
            crate::Receipt,
            crate::Payouts,
            crate::Proof,
            crate::settle::SettleError,
            crate::engine::AdmissionError,
        )>();
    }
}
