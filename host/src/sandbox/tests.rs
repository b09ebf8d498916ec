//! Whose fault an end is.

use wasmtime::{OutOfMemory, Trap};

use super::ends::trapped;
use super::*;

/// Every trap that the engine has, by the number it has in compiled code: a later version that has another one
/// fails here, and so does a change of what one means.
#[test]
fn every_trap_has_its_code() {
    let code = |trap: Trap| match trapped(trap) {
        RunError::Fault(fault) => fault.code.as_str(),
        RunError::Host(HostError::Cancelled) => "cancelled",
        RunError::Host(_) => "host",
    };
    let traps: Vec<Trap> = (0..=u8::MAX).filter_map(Trap::from_u8).collect();
    let known = [
        ("StackOverflow", "native-stack"),
        ("MemoryOutOfBounds", "memory-access"),
        ("HeapMisaligned", "trap"),
        ("TableOutOfBounds", "indirect-call"),
        ("IndirectCallToNull", "indirect-call"),
        ("BadSignature", "indirect-call"),
        ("IntegerOverflow", "arithmetic"),
        ("IntegerDivisionByZero", "arithmetic"),
        ("BadConversionToInteger", "arithmetic"),
        ("UnreachableCodeReached", "unreachable"),
        ("Interrupt", "cancelled"),
        ("OutOfFuel", "host"),
        ("AtomicWaitNonSharedMemory", "trap"),
        ("NullReference", "trap"),
        ("ArrayOutOfBounds", "trap"),
        ("AllocationTooLarge", "trap"),
        ("CastFailure", "trap"),
        ("CannotEnterComponent", "trap"),
        ("NoAsyncResult", "trap"),
        ("UnhandledTag", "trap"),
        ("ContinuationAlreadyConsumed", "trap"),
        ("DisabledOpcode", "host"),
        ("AsyncDeadlock", "trap"),
        ("CannotLeaveComponent", "trap"),
        ("CannotBlockSyncTask", "trap"),
        ("InvalidChar", "trap"),
        ("DebugAssertStringEncodingFinished", "host"),
        ("DebugAssertEqualCodeUnits", "host"),
        ("DebugAssertPointerAligned", "host"),
        ("DebugAssertUpperBitsUnset", "host"),
        ("StringOutOfBounds", "trap"),
        ("ListOutOfBounds", "trap"),
        ("InvalidDiscriminant", "trap"),
        ("UnalignedPointer", "trap"),
        ("TaskCancelNotCancelled", "trap"),
        ("TaskCancelOrReturnTwice", "trap"),
        ("SubtaskCancelAfterTerminal", "trap"),
        ("TaskReturnInvalid", "trap"),
        ("WaitableSetDropHasWaiters", "trap"),
        ("SubtaskDropNotResolved", "trap"),
        ("ThreadNewIndirectInvalidType", "trap"),
        ("ThreadNewIndirectUninitialized", "trap"),
        ("BackpressureOverflow", "trap"),
        ("UnsupportedCallbackCode", "trap"),
        ("CannotResumeThread", "trap"),
        ("ConcurrentFutureStreamOp", "trap"),
        ("ReferenceCountOverflow", "trap"),
        ("StreamOpTooBig", "trap"),
        ("WaitableSyncAndAsync", "trap"),
        ("UncaughtException", "trap"),
    ];
    let has: Vec<(String, &str)> = traps.into_iter().map(|trap| (format!("{trap:?}"), code(trap))).collect();
    let has: Vec<(&str, &str)> = has.iter().map(|(name, code)| (name.as_str(), *code)).collect();
    assert_eq!(has, known);
}

/// What the engine says of itself is never the policy's: it names addresses and differs between machines.
#[test]
fn no_word_of_the_engine_gets_into_a_fault() {
    let error = || wasmtime::Error::msg("mmap failed at 0x7f00dead").context("while growing");
    let RunError::Fault(fault) = whose(error(), Moment::Calling) else { panic!("a fault") };
    assert!(!fault.sentence.contains("0x"), "{fault}");
    assert!(matches!(whose(error(), Moment::Instantiating), RunError::Host(_)));
}

/// Else a policy would see how much memory the machine has.
#[test]
fn memory_that_the_system_does_not_give_is_the_hosts_fault() {
    let mut state = State::new(None, &Limits::default());
    let refused = [
        state.memory_grow_failed(wasmtime::Error::msg("ENOMEM")),
        state.table_grow_failed(wasmtime::Error::msg("ENOMEM")),
        Err(wasmtime::Error::new(OutOfMemory::new(16))),
    ];
    for refused in refused {
        assert!(matches!(whose(refused.unwrap_err(), Moment::Calling), RunError::Host(HostError::Run(_))));
    }
}

/// Who waits until one more compiler may run waits for so long and no longer, and is let go when cancelled.
#[test]
fn waiting_for_a_compiler_ends() {
    let cancel = Cancel::new();
    let mut runtime = Runtime::new(Setup::default()).unwrap();
    runtime.cancel = Some(cancel.clone());
    let mut running = Vec::new();
    while let Some(leave) = runtime.compilers.begin(Duration::ZERO) {
        running.push(leave);
    }
    runtime.compile_time = Duration::from_millis(1);
    let late = compile(&runtime, || ());
    assert!(matches!(late, Err(HostError::CompileTime(_))));
    cancel.cancel();
    runtime.compile_time = Duration::MAX;
    let cancelled = compile(&runtime, || ());
    assert!(matches!(cancelled, Err(HostError::Cancelled)));
}
