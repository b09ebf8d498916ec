//! Apportion turns a contribution graph into a reward split by a rule that is a WebAssembly component.
//!
//! A community swaps its fairness rule by naming another component: nothing is rebuilt, nothing is redeployed.
//! Anyone who runs the same rule on the same epoch gets the same bytes, on any machine.
//!
//! ```
//! use apportion::{Charter, Engine, Epoch, History, settle};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new()?;
//! let policy = engine.admit(&std::fs::read("../policies/dist/equal.wasm")?)?;
//! let epoch = Epoch::from_bytes(&std::fs::read("../tests/golden/cooperative.epoch")?)?;
//! let charter = Charter::single("Cooperative", &policy, serde_json::json!({}))?;
//!
//! let settlement = settle(&epoch, &charter, &[policy], &History::default())?;
//! let asset = &epoch.pool().asset;
//! for payout in &settlement.payouts.list().payouts {
//!     println!("{} gets {} {}", payout.payee, asset.format(payout.amount), asset.symbol());
//! }
//! println!("receipt {}", settlement.receipt.digest());
//! # Ok(())
//! # }
//! ```
//!
//! # What is here
//!
//! | step | types |
//! |---|---|
//! | rows become an epoch, and rows again | [`EpochBuilder`], [`Node`], [`Edge`], [`Epoch`], [`EpochRows`] |
//! | bytes become a policy | [`Engine`], [`Policy`] |
//! | policies, parameters and portions become a charter | [`Charter`], [`Terms`], [`Appointment`], [`Limits`] |
//! | two charters are compared setting by setting | [`Terms::settings`], [`ComparedSetting`] |
//! | people agree to a charter | [`signature::AllowedSigners`], [`signature::Signer`], [`signature::sign`] |
//! | an epoch is settled | [`settle`](settle()), [`Settlement`], [`Receipt`], [`Payouts`] |
//! | one payee's payout is proven to who has the receipt's digest | [`Proof`], [`Proven`] |
//! | charters are adopted, epochs settled and everything checked | [`Ledger`], [`DirectoryStore`], [`verify`](verify()) |
//! | one payout is explained, by settling again without what was contributed | [`explain`] |
//! | past epochs are replayed under another charter | [`replay`](replay()), [`Past`], [`Comparison`] |
//! | a rule is tested for fairness and against attacks | [`audit`](audit()), [`Card`], [`Property`] |
//! | runs are ended from outside, and bounded together | [`Cancel`], [`Engine::with_memory`], [`Engine::with_run_time`] |
//! | a policy fails | [`Fault`], [`FaultCode`]; and what is never its fault: [`HostError`] |
//!
//! Every object ([`Epoch`], [`Policy`], [`Charter`], [`Receipt`], [`Payouts`]) is known by the [`Digest`] of its
//! bytes, which is what `b3sum` prints of the file. An [`Engine`] is made once and shared between threads; policies
//! are admitted once and run as often as wanted.
//!
//! Nothing here reads a clock, draws a random number or depends on the order of threads. Money is integers.
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

#![deny(unsafe_code)] // but for one function of `policy::folder`, which `tests/house` holds

mod abi;
pub mod apportionment;
pub mod audit;
mod canonical;
mod charter;
mod compare;
mod epoch;
pub mod explain;
mod fault;
mod graph;
mod ledger;
mod money;
pub mod number;
mod parallel;
mod payouts;
mod policy;
mod proof;
mod receipt;
mod replay;
mod sandbox;
mod settle;
pub mod signature;
mod store;
mod text;
mod verify;

pub use audit::{
    Audit, AuditError, AuditProgress, AuditStep, Card, CardError, CardFormat, CardTerms, Example, Finding,
    Property, Verdict, audit,
};
pub use canonical::{CanonicalError, Digest, DigestError, SliceError};
pub use charter::{
    Appointment, AssetTerms, CarryChange, Charter, CharterError, ComparedSetting, MAX_PARAMETERS,
    MAX_POLICIES, OnFault, PaidChange, PolicySetting, Ratio, SettingKey, SettingThen, SettingValue, Signers,
    Terms,
};
pub use compare::{
    CandidateSide, CompareError, ComparedEpoch, ComparedPayee, Comparing, Comparison, ComparisonTerms,
    Difference, NamedCharter, PolicyFault, Side, Spread, Statistics, Totals,
};
pub use epoch::{
    BuildError, ColumnNames, EdgeRow, Epoch, EpochBuilder, EpochError, EpochRows, Header, MAX_NUMBER,
    NodeRow, PayeeRow, RowText, Window,
};
pub use fault::{Fault, FaultCode, HostError, HostLimit};
pub use graph::{Edge, Label, MAX_COLUMNS, MAX_ROWS, NO_PAYEE, Node, Row, RowError, RowProblem, Texts};
pub use ledger::{Event, IdentityError, Ledger, LedgerError, LedgerIdentity, PastEpochs};
pub use money::{Asset, AssetError, MAX_DECIMALS, Pool};
pub use payouts::{Part, Payout, PayoutList, Payouts, PayoutsError, PolicyColumns};
pub use policy::{
    AdmissionError, CacheError, CheckError, Engine, FunctionCharge, MAX_CARRY, MAX_COMPONENT, MAX_MEASURES,
    Measure, ParametersError, Policy, Profile,
};
pub use proof::{MAX_PROOF, Proof, ProofError, Proven};
pub use receipt::{Agreement, Outcome, Receipt, ReceiptError, RunReport, SettlementTerms};
pub use replay::{Past, ReplayError, Replayed, ReplayedEpoch, Settled, SettledError, replay};
pub use sandbox::{Backend, Cancel, Limits, Setup, Usage};
pub use settle::{AssetChangeError, History, SettleError, Settlement, settle};
pub use store::{DirectoryStore, Inventory, Irregular, MAX_OBJECT, Store, StoreError};
pub use text::{Escaped, MAX_NAME, MAX_WORD, TextProblem, escape, escape_name, is_hidden, visible};
pub use verify::{Progress, Unchecked, Verification, VerifyOptions, verify};

#[cfg(test)]
mod tests {
    /// A service keeps these in its state and uses them from any thread.
    #[test]
    fn what_a_service_shares_can_be_shared() {
        fn shared<T: Send + Sync + 'static>() {}
        shared::<(crate::Engine, crate::Policy, crate::Epoch, crate::Charter, crate::Cancel)>();
        shared::<(crate::signature::AllowedSigners, crate::signature::SignatureError)>();
        shared::<(
            crate::Settlement,
            crate::Receipt,
            crate::Payouts,
            crate::Proof,
            crate::SettleError,
            crate::AdmissionError,
        )>();
    }
}
