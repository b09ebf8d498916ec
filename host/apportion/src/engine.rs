//! What compiles and runs policies, its settings, and how it can fail through no fault of a policy.

pub use crate::host_error::{HostError, RunError};
pub use crate::policy::{CacheError, Engine};
pub use crate::sandbox::{Backend, Cancel, Setup};
