//! What is known of a component that was admitted.

use super::parameters::ParameterSchema;
use crate::abi::{Description, Linked};
use apportion_core::canonical::Digest;

/// A component that was found to be a policy, compiled and linked.
pub(crate) struct Admitted {
    pub(crate) linked: Linked,
    pub(crate) digest: Digest,
    /// The version of the contract that it was built for.
    pub(crate) contract: &'static str,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    /// The component's size, in bytes.
    pub(crate) size: usize,
    /// The size of its machine code, in bytes.
    pub(crate) code_size: usize,
    pub(crate) description: Description,
    pub(crate) schema: ParameterSchema,
}
