//! What was paid beside what another charter would have paid.

pub use apportion_core::comparison::*;
