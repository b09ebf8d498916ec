//! Where the instructions of a run go, function by function: for the author of a policy.

use apportion_harden::ProfiledFunction;

use crate::abi::Linked;
use crate::sandbox::calls;
use apportion_core::fault::Fault;
use apportion_core::limits::Usage;

/// One run, and what each of the policy's functions was charged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// How it ended: with an allocation, or at fault.
    pub ended: Result<(), Fault>,
    /// What it used; `None` if it ended before it returned. The same as in a receipt.
    pub used: Option<Usage>,
    /// The functions that were charged something, most expensive first; empty if the run ended before it returned.
    pub functions: Vec<FunctionCharge>,
    /// What the policy wrote to its log.
    pub log: String,
    /// The functions that it was in if it broke off, as in [`SettleError::Fault`](crate::settle::SettleError::Fault).
    pub calls: Vec<String>,
}

/// What one function was charged, without what it called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionCharge {
    /// Its name in the component, or its place there.
    pub name: String,
    /// Instructions, as METERING.md of `apportion-harden` counts them.
    pub instructions: u64,
}

/// A policy's component that notes what each function is charged, compiled and linked.
pub(crate) struct Instrumented {
    pub(crate) linked: Linked,
    pub(crate) functions: Vec<ProfiledFunction>,
    /// The memory that noting takes, in bytes.
    pub(crate) memory: u64,
}

/// What was charged to which function, most expensive first.
pub(super) fn charges(functions: Vec<ProfiledFunction>, charged: &[u64]) -> Vec<FunctionCharge> {
    let charges = functions.into_iter().zip(charged).filter(|(_, instructions)| **instructions > 0);
    let mut charges: Vec<FunctionCharge> = charges
        .map(|(ProfiledFunction { module, index, name, .. }, &instructions)| FunctionCharge {
            name: name.map_or_else(
                || format!("function {index} of core module {module}"),
                |name| calls::shown(&name),
            ),
            instructions,
        })
        .collect();
    charges.sort_by(|a, b| b.instructions.cmp(&a.instructions).then_with(|| a.name.cmp(&b.name)));
    charges
}
