//! What can be wrong with a ledger: where, what, with which values, and the one sentence for each.

use std::fmt;

use crate::ledger::{LedgerError, ObjectKind, Sighting, sentence};
use apportion_core::canonical::Digest;
use apportion_core::store::{Irregular, StoreError};

/// Something wrong with a ledger. Its display is a sentence that names the place; a program matches on `problem`, or on its
/// [`code`](Problem::code).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The entry at which it was found; `None` if it does not concern a single entry of the chain.
    pub entry: Option<Digest>,
    /// The number of the epoch that the entry settles.
    pub epoch: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

impl From<Problem> for Finding {
    fn from(problem: Problem) -> Finding {
        Finding { entry: None, epoch: None, problem }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(f, "entry `{entry}`: {}", self.problem),
            None => self.problem.fmt(f),
        }
    }
}

/// What is wrong, with the object or file that is concerned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// An object whose bytes are not those of its name.
    #[error("object `{object}` is damaged: its bytes have another digest")]
    Damaged {
        /// The object.
        object: Digest,
    },
    /// An object with more bytes than any of its kind.
    #[error("object `{object}` has {length} bytes; at most {at_most} are read here")]
    TooLarge {
        /// The object.
        object: Digest,
        /// Its length, in bytes.
        length: u64,
        /// The most bytes that are read of an object of this kind.
        at_most: u64,
    },
    /// An object that was there at first.
    #[error("object `{object}` disappeared during the verification")]
    Disappeared {
        /// The object.
        object: Digest,
    },
    /// An object that an entry leads to and that is not there.
    #[error("{what} `{object}` is missing from the ledger")]
    Missing {
        /// What it should be.
        what: ObjectKind,
        /// The object.
        object: Digest,
    },
    /// The newest entry is not there.
    #[error("`head` names entry `{object}`, which is missing from the ledger")]
    HeadMissing {
        /// The entry that the head names.
        object: Digest,
    },
    /// A file that is not one of a ledger's.
    #[error("`{file}` is not a file of a ledger")]
    UnknownFile {
        /// Its path in the ledger, safe to print.
        file: String,
    },
    /// Something other than the regular file or folder that belongs there.
    #[error("`{}` is {} and not a part of a ledger; it was not opened", .0.name, .0.kind)]
    IrregularFile(Irregular),
    /// The store, or something in it, cannot be read.
    #[error("{reason}")]
    Unreadable {
        /// Why, in a sentence.
        reason: String,
    },
    /// An object that is not a valid one of its kind.
    #[error("{what} `{object}`: {reason}")]
    Invalid {
        /// What it should be.
        what: ObjectKind,
        /// The object.
        object: Digest,
        /// Why, in a sentence.
        reason: String,
    },
    /// A charter takes effect in an epoch that was settled before it was adopted.
    #[error(
        "charter `{charter}`: it is effective from epoch {effective}, and epoch {settled} was settled before"
    )]
    EffectiveTooEarly {
        /// The charter.
        charter: Digest,
        /// The first epoch that it divides.
        effective: u64,
        /// The newest epoch settled before it was adopted.
        settled: u64,
    },
    /// The change that was signed is not the one that was adopted.
    #[error("change `{change}`: what was signed is not this change")]
    OtherChange {
        /// What was signed, as the entry says.
        change: Digest,
    },
    /// Signatures do not carry an adoption.
    #[error("{reason}")]
    Signatures {
        /// Why, in a sentence.
        reason: String,
    },
    /// An adopted charter that must not be.
    #[error("{reason}")]
    Charter {
        /// Why, in a sentence.
        reason: String,
    },
    /// A policy that is not admitted.
    #[error("policy `{policy}` cannot be used: {reason}")]
    Policy {
        /// The policy.
        policy: Digest,
        /// Why, in a sentence.
        reason: String,
    },
    /// The policies of a charter do not do what it says: another name, parameters that break a schema, a fault.
    #[error("{reason}")]
    Rule {
        /// Why, in a sentence.
        reason: String,
    },
    /// A settlement that does not follow from the ledger.
    #[error("receipt `{receipt}`: {problem}")]
    Settlement {
        /// Its receipt.
        receipt: Digest,
        /// What is wrong with it.
        problem: SettlementProblem,
    },
    /// An object that was part of another chain than the ledger's.
    #[error("{what} `{object}` {}: the ledger was forked or rewound{}", .evidence.describe(*what), remark(*in_format_1))]
    Fork {
        /// An entry or a receipt.
        what: ObjectKind,
        /// The object.
        object: Digest,
        /// How it shows.
        evidence: ForkEvidence,
        /// It is in format 1, whose writers could leave such objects.
        in_format_1: bool,
    },
    /// What was noted outside of the ledger is not in its chain.
    #[error(
        "`{object}` is neither an entry nor a receipt in the chain: the ledger was rewound or forked since this was noted, \
         or it is another ledger"
    )]
    NotContained {
        /// What was noted.
        object: Digest,
    },
}

fn remark(in_format_1: bool) -> &'static str {
    if in_format_1 { "; or the program before format 2 was interrupted or refused here" } else { "" }
}

/// How an object shows that a ledger was forked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForkEvidence {
    /// Several objects follow the newest of the chain.
    FollowsNewest {
        /// How many others do.
        others: usize,
    },
    /// It follows nothing, as only the first of the chain does.
    Begins,
    /// What it follows is followed by something else in the chain.
    FollowsInChain {
        /// What it follows.
        previous: Digest,
        /// What follows that in the chain.
        next: Digest,
    },
    /// What it follows is not in the chain.
    FollowsUnknown {
        /// What it follows.
        previous: Digest,
    },
}

impl ForkEvidence {
    fn describe(self, what: ObjectKind) -> String {
        match self {
            ForkEvidence::FollowsNewest { others } => {
                format!("follows the newest {what} of the chain, as {others} others do")
            }
            ForkEvidence::Begins => "begins another chain than this ledger's".to_owned(),
            ForkEvidence::FollowsInChain { previous, next } => {
                format!("follows {what} `{previous}`, which `{next}` follows in the chain")
            }
            ForkEvidence::FollowsUnknown { previous } => {
                format!("follows {what} `{previous}`, which is not in the chain")
            }
        }
    }
}

/// Why a settlement does not follow from the ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettlementProblem {
    /// Its number is not its entry's, or not greater than the one before.
    #[error("its epoch's number is not the next one of its entry")]
    Number,
    /// It does not follow the receipt before it.
    #[error("it does not name the receipt before it")]
    Previous,
    /// It was not settled by the charter in force.
    #[error("it was settled by another charter than the one in force")]
    Charter,
    /// Its format is not one that goes with its entry's.
    #[error("it has another format than its entry")]
    Format,
    /// It has other runs than the charter has policies.
    #[error("its runs are not those of the charter's policies")]
    Runs,
    /// Its payouts have other columns than the charter has policies.
    #[error("its payouts are not by the charter's policies")]
    Columns,
    /// The pool cannot be divided by the charter's portions.
    #[error("{reason}")]
    Portions {
        /// Why, in a sentence.
        reason: String,
    },
    /// One of its runs is wrong.
    #[error("its run {run} (`{policy}`) {problem}")]
    Run {
        /// Which, counted from 1.
        run: usize,
        /// The policy's name.
        policy: String,
        /// What is wrong with it.
        problem: RunProblem,
    },
    /// Its asset cannot follow that of the epochs before.
    #[error("{reason}")]
    Asset {
        /// Why, in a sentence.
        reason: String,
    },
    /// Settling the epoch again gives other payouts.
    #[error("running it again gives another settlement{}", .metering.map_or(String::new(), other_metering))]
    Different {
        /// The versions of metering of the receipt and of this engine, where they differ.
        metering: Option<(u32, u32)>,
    },
}

fn other_metering((then, now): (u32, u32)) -> String {
    format!(
        "; it was counted by version {then} of metering and is counted by {now} now, so a run that reaches a limit can end \
         otherwise"
    )
}

/// Why a run of a receipt does not go with its charter or its payouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunProblem {
    /// It divided another amount than its portion of the pool.
    #[error("has another portion of the pool than the charter gives it")]
    Portion,
    /// It used more than it may.
    #[error("used more than the charter's limits allow")]
    Limits,
    /// It used nothing and gave an allocation.
    #[error("gave an allocation and used nothing")]
    UsedNothing,
    /// It ended in a fault under a charter that stops at one.
    #[error("ended in a fault, and the charter settles nothing then")]
    Fault,
    /// It ended in a fault and gave something.
    #[error("ended in a fault, and the payouts have amounts, weights or measures of it")]
    FaultWithPayouts,
    /// Its amounts do not sum to what it paid.
    #[error("paid another sum than its payouts have")]
    Sum,
    /// Payees have weights and the treasury has none.
    #[error("gave weights for payees and none for the treasury")]
    NoTreasuryWeight,
    /// The treasury has a weight and some payee has none.
    #[error("gave a weight for the treasury and none for some payee")]
    NoPayeeWeight,
    /// More weights than can be divided by.
    #[error("gave too many weights")]
    TooManyWeights,
    /// The amounts are not the pool divided by the weights.
    #[error("has amounts that do not follow from its weights")]
    Amounts,
}

impl Problem {
    /// The kind of problem in one word, which does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            Problem::Damaged { .. } => "damaged",
            Problem::TooLarge { .. } => "too-large",
            Problem::Disappeared { .. } => "disappeared",
            Problem::Missing { .. } => "missing",
            Problem::HeadMissing { .. } => "head-missing",
            Problem::UnknownFile { .. } => "unknown-file",
            Problem::IrregularFile(_) => "irregular-file",
            Problem::Unreadable { .. } => "unreadable",
            Problem::Invalid { .. } => "invalid",
            Problem::EffectiveTooEarly { .. } => "effective-too-early",
            Problem::OtherChange { .. } => "other-change",
            Problem::Signatures { .. } => "signatures",
            Problem::Charter { .. } => "charter",
            Problem::Policy { .. } => "policy",
            Problem::Rule { .. } => "rule",
            Problem::Settlement { .. } => "settlement",
            Problem::Fork { .. } => "fork",
            Problem::NotContained { .. } => "not-contained",
        }
    }

    /// The object that is concerned, if it is one.
    pub fn object(&self) -> Option<Digest> {
        match self {
            Problem::Damaged { object }
            | Problem::TooLarge { object, .. }
            | Problem::Disappeared { object }
            | Problem::Missing { object, .. }
            | Problem::HeadMissing { object }
            | Problem::Invalid { object, .. }
            | Problem::EffectiveTooEarly { charter: object, .. }
            | Problem::OtherChange { change: object }
            | Problem::Policy { policy: object, .. }
            | Problem::Settlement { receipt: object, .. }
            | Problem::Fork { object, .. }
            | Problem::NotContained { object } => Some(*object),
            Problem::UnknownFile { .. }
            | Problem::IrregularFile(_)
            | Problem::Unreadable { .. }
            | Problem::Signatures { .. }
            | Problem::Charter { .. }
            | Problem::Rule { .. } => None,
        }
    }

    /// What came of reading an object that should be there; `None` if it is whole.
    pub(super) fn of_sighting(sighting: Sighting, object: Digest, absent: Problem) -> Option<Problem> {
        match sighting {
            Sighting::Whole => None,
            Sighting::Absent => Some(absent),
            Sighting::Damaged => Some(Problem::Damaged { object }),
            Sighting::TooLarge { length, at_most } => Some(Problem::TooLarge { object, length, at_most }),
            Sighting::Unreadable(reason) => Some(Problem::Unreadable { reason }),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::Damaged(object) => Problem::Damaged { object },
            StoreError::TooLarge { digest, length, at_most } => {
                Problem::TooLarge { object: digest, length, at_most }
            }
            StoreError::Irregular(irregular) => Problem::IrregularFile(irregular),
            error => Problem::Unreadable { reason: sentence(&error) },
        }
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Problem {
        match error {
            LedgerError::Store(error) => error.into(),
            LedgerError::Missing { what, digest } => Problem::Missing { what, object: digest },
            LedgerError::Head(object) => Problem::HeadMissing { object },
            LedgerError::Object { what, digest, problem } => {
                Problem::Invalid { what, object: digest, reason: problem }
            }
            LedgerError::Signatures(_) => Problem::Signatures { reason: sentence(&error) },
            LedgerError::Charter(_) => Problem::Charter { reason: sentence(&error) },
            LedgerError::Policy { digest, error } => {
                Problem::Policy { policy: digest, reason: sentence(&error) }
            }
            error => Problem::Rule { reason: sentence(&error) },
        }
    }
}
