//! How much native stack a run has.

use crate::metering;

/// The native stack of a run, in bytes. What the meter counts for a frame is the most that it can take, so that the
/// meter's limit is always met first. A quarter more is there for what is not counted (METERING.md, "Depth"), and in
/// case that a compiler takes more than the proof there allows. The system provides only the part that a run uses.
pub(super) const WASM_STACK: usize = 128 << 20;
const _: () = assert!(WASM_STACK as u64 >= metering::DEPTH + metering::DEPTH / 4);

/// The stack of a thread that runs policies. Runs have threads of their own, so that how much stack the embedder has left
/// changes no verdict.
pub(crate) const RUN_STACK: usize = WASM_STACK + (2 << 20);
