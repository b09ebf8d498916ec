//! Every setting of the engine that can change a result, a verdict or a risk, each with its reason. None is left to a
//! default: defaults change between versions, and with the crate features that other crates of a program ask for.
//!
//! What wasmtime 48's `Config` has and this file does not set:
//! - `target` (but for the interpreter), `detect_host_feature`, `cranelift_flag_enable`, `cranelift_flag_set`, `x86_float_abi_ok`: code is made for
//!   the processor at hand, with all that it can do. Instructions of one processor and not of another change how fast a
//!   policy runs, and not what it gives: WebAssembly leaves no result to the processor but NaNs and relaxed SIMD.
//! - `with_host_memory`, `with_host_stack`, `with_custom_code_memory`: memory is the system's.
//! - `emit_clif`, `debug_adapter_modules`, `gc_zeal_alloc_counter`: for those who work on wasmtime.
//! - `collector`, `gc_heap_*`: there is no collector, because no type needs one (`FEATURES`).
//! - `cache`, `enable_incremental_compilation`, `coredump_on_trap`, `guest_debug`, `rr`: their crate features are left
//!   out. What is compiled is kept by us, under rules that we can state.
//! - `wasm_*`, `gc_support`: all of them at once, by `FEATURES`.
//! - `async_support`, `wasm_backtrace`: without effect, or another name for what is set.

use wasmparser::WasmFeatures;
use wasmtime::{
    Config, Engine, Inlining, InstanceAllocationStrategy, ModuleVersionStrategy, OptLevel, ProfilingStrategy,
    RegallocAlgorithm, Strategy, WasmBacktraceDetails,
};

use crate::host_error::HostError;

use super::{RUN_STACK, WASM_STACK, calls};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("a policy's memory is bounded by addresses that are reserved, which takes 64 bits");

/// What a policy may be made of: what compilers emit. All else is refused at admission, also what a later version of
/// wasmtime turns on by itself: memory64, multi-memory, relaxed SIMD (its results depend on the processor by design),
/// threads and shared memory (they race), tail calls (the meter has to do something behind a call), garbage collection and typed references, exceptions, stack switching, wide
/// arithmetic, custom page sizes, and of components async, threads, error contexts, maps, fixed-length lists, values.
pub(super) const FEATURES: WasmFeatures = WasmFeatures::FLOATS
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES) // tables of functions; references to host objects need GC_TYPES
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// Addresses reserved for a memory: all that 32 bits can name, so that no access needs a bound checked by code.
const MEMORY_RESERVATION: u64 = 4 << 30;
/// What lies after a memory and faults: an access may add a constant to its 32 bits.
const MEMORY_GUARD: u64 = 32 << 20;

/// What makes a policy run. Settlements, counts and faults are the same on each, to the byte; only the time differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Machine code by wasmtime's optimising compiler: the fastest to run.
    #[default]
    Cranelift,
    /// Wasmtime's portable interpreter, where no machine code may be made.
    #[cfg(feature = "pulley")]
    Pulley,
    /// Machine code by wasmtime's one-pass compiler: the fastest to begin. It has no vectors on some processors.
    #[cfg(feature = "winch")]
    Winch,
}

/// How an engine is set up. No choice here changes what is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// What makes policies run.
    pub backend: Backend,
    /// Whether a run in progress can be ended from outside, by a [`Cancel`](crate::Cancel) or by the limit of
    /// [`Engine::with_run_time`](crate::Engine::with_run_time). A policy then looks in every
    /// turn of a loop whether it is to end, which takes rules that mostly loop half as long again. Without it what
    /// waits, and what has not begun, is still ended; a run goes on until it ends by itself or by its limits.
    pub interruptible: bool,
}

impl Default for Setup {
    /// The optimising compiler, interruptible.
    fn default() -> Setup {
        Setup { backend: Backend::default(), interruptible: true }
    }
}

pub(crate) fn engine(setup: Setup) -> Result<Engine, HostError> {
    let refused = |error: wasmtime::Error| HostError::Engine(format!("{error:#}"));
    Engine::new(&config(setup).map_err(refused)?).map_err(refused)
}

fn config(Setup { backend, interruptible }: Setup) -> wasmtime::Result<Config> {
    let mut config = Config::new();

    // What a policy may be made of.
    config.wasm_features(WasmFeatures::all(), false);
    config.wasm_features(FEATURES, true);
    config.relaxed_simd_deterministic(true); // it is off; were it on, no processor would decide
    config.shared_memory(false); // threads race
    config.concurrency_support(false); // nor do tasks wait for one another
    config.wasm_branch_hinting(false); // a stranger's hints need not be read

    // When a run ends. What makes verdicts is in the policy itself, which was rewritten at admission.
    config.consume_fuel(false); // counts differ between versions
    config.epoch_interruption(interruptible); // the host's own abort and nothing else: it makes no verdict
    config.max_wasm_stack(WASM_STACK); // so much that it is never what ends a run
    config.async_stack_size(RUN_STACK); // unused, and checked against the line above all the same
    config.async_stack_zeroing(false); // unused

    // Memory.
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand); // a pool would bring limits of its own
    // Copy-on-write images are made on Linux alone, and a fault on one of their pages is the system's own business.
    // Copied, data is there or the instance is not. The two lines after this one are then without effect.
    config.memory_init_cow(false);
    config.force_memory_init_memfd(false);
    config.memory_guaranteed_dense_image_size(0);
    config.memory_reservation(MEMORY_RESERVATION);
    config.memory_guard_size(MEMORY_GUARD);
    config.guard_before_linear_memory(true); // against a compiler's mistake
    config.memory_may_move(false); // it never has to: all it can name is reserved
    config.memory_reservation_for_growth(0); // as it never moves
    config.table_lazy_init(true); // instances start faster; calls and their cost are the same

    // Code.
    match backend {
        Backend::Cranelift => cranelift(&mut config),
        #[cfg(feature = "pulley")]
        Backend::Pulley => {
            cranelift(&mut config);
            config.target("pulley64")?;
        }
        #[cfg(feature = "winch")]
        Backend::Winch => {
            config.strategy(Strategy::Winch);
        }
    }
    config.compiler_inlining(Inlining::No); // how much native stack a frame takes would be hard to tell
    config.parallel_compilation(true); // changes how long compiling takes, not what it gives
    config.signals_based_traps(true); // bounds by guard pages: fast, and the trap is the same
    config.macos_use_mach_ports(true); // an embedder's signal handlers stay its own
    config.module_version(ModuleVersionStrategy::WasmtimeVersion)?; // what is kept compiled is of this version only

    config.wmemcheck(false);
    config.metadata_for_internal_asserts(false);
    config.metadata_for_gc_heap_corruption(false);

    // Nothing of this machine in a result, and nothing for debuggers.
    config.wasm_backtrace_max_frames(calls::MOST); // for authors: by name alone, and apart from the fault
    config.wasm_backtrace_details(WasmBacktraceDetails::Disable); // the default asks an environment variable
    config.generate_address_map(false);
    config.debug_info(false);
    config.debug_symbols(false);
    config.native_unwind_info(cfg!(windows)); // Windows cannot do without
    config.profiler(ProfilingStrategy::None);
    Ok(config)
}

/// What the optimising compiler is told, and the one-pass compiler does not know.
fn cranelift(config: &mut Config) {
    config.strategy(Strategy::Cranelift);
    config.cranelift_opt_level(OptLevel::Speed);
    config.cranelift_regalloc_algorithm(RegallocAlgorithm::Backtracking);
    config.cranelift_nan_canonicalization(false); // paid at every operation; the policy does it where it can be seen
    // The compiler's checks of itself.
    config.cranelift_debug_verifier(false);
    config.cranelift_wasmtime_debug_checks(false);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also where other crates of a program ask wasmtime for more.
    #[test]
    fn nothing_is_on_but_what_is_named() {
        let engine = engine(Setup::default()).unwrap();
        assert_eq!(engine.get_wasm_features(), FEATURES);
        assert!(!engine.get_concurrency_support() && !engine.get_shared_memory());
        assert!(!engine.get_consume_fuel() && engine.get_epoch_interruption());
        assert_eq!(engine.get_cranelift_nan_canonicalization(), Some(false));
        assert_eq!(engine.get_wasm_backtrace_max_frames(), 32);
        assert!(!engine.get_memory_init_cow());
    }
}
