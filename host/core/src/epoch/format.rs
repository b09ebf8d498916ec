//! The fixed numbers of the format that `host/docs/epoch-format.md` specifies.

/// What every epoch begins with.
pub(super) const MAGIC: &[u8; 16] = b"apportion epoch\n";
/// The version that is written and read.
pub(super) const VERSION: u32 = 1;
/// The length of the fixed header.
pub(super) const HEADER_BYTES: usize = 104;
/// Where the header states the length of the whole.
pub(super) const LENGTH_AT: usize = 64;
