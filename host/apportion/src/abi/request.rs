//! What a policy is asked and what it answers, in one form for every version of the contract.

/// What a policy is asked.
#[derive(Clone)]
pub(crate) enum Request {
    /// What it says of itself.
    Describe,
    /// How it divides the pool of the epoch that the run's state holds.
    Allocate {
        /// Canonical JSON.
        parameters: String,
    },
    /// The same of a component that notes what each of its functions is charged.
    Profile {
        /// Canonical JSON.
        parameters: String,
        /// How many functions note their charges.
        functions: usize,
        /// The memory, in bytes, that noting takes, which the meter does not count.
        memory: u64,
    },
}

/// What a policy answers to the [`Request`] of the same name, as given.
pub(crate) enum Response {
    Describe(Description),
    Allocate(Result<Allocation, Refusal>),
    Profile {
        allocation: Result<Allocation, Refusal>,
        /// Instructions, one number for each function.
        charged: Vec<u64>,
    },
}

/// What a policy says of itself, as given.
pub(crate) struct Description {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) summary: String,
    pub(crate) parameters: String,
    pub(crate) stateful: bool,
}

/// How a policy wants the pool divided, as given.
pub(crate) enum Division {
    ByWeight { shares: Vec<u64>, retained: u64 },
    ByAmount(Vec<u128>),
}

/// A named number per payee, as given.
pub(crate) struct RawMeasure {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

/// What a policy returns, as given.
pub(crate) struct Allocation {
    pub(crate) division: Division,
    pub(crate) measures: Vec<RawMeasure>,
    pub(crate) carry: Vec<u8>,
}

/// A policy declined, in its own words.
pub(crate) enum Refusal {
    BadParameters(String),
    NoAnswer(String),
}
