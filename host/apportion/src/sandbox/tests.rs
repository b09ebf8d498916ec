//! Whose fault an end is.

use wasmtime::{Instance, Module, OutOfMemory, Trap};

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
    let mut state = State::new(None, &Limits::default(), u64::MAX);
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

/// `(module (func $f (export "f") (call $f)))`: no meter is in it, so that nothing but the native stack stops it.
const RECURSION: &[u8] =
    b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x06\x01\x04\0\x10\0\x0b";

/// The meter stops every policy first, so it takes code without a meter to show what would become of one.
#[test]
fn a_native_overflow_is_the_fault_of_the_policy() {
    let runtime = Runtime::new(Setup::default()).unwrap();
    for _ in 0..2 {
        let ran = run(
            &runtime,
            &Limits::default(),
            None,
            |store| {
                let module = Module::new(store.engine(), RECURSION)?;
                Instance::new(store, &module, &[])
            },
            |instance, store| {
                instance.get_typed_func::<(), ()>(&mut *store, "f")?.call(&mut *store, ())?;
                Ok(((), Metered { instructions: 0, memory: 0, table: 0 }))
            },
        );
        let Err(Failed { error: RunError::Fault(fault), .. }) = ran else { panic!("a fault") };
        assert_eq!(fault.to_string(), "native-stack: it used up the native stack before its counted depth");
    }
}

/// An endless loop without a meter ends when its time is over, and a run beside it does not.
#[test]
fn a_run_ends_when_its_time_is_over() {
    /// `(module (func (export "f") (loop (br 0))))`
    const LOOP: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x09\x01\x07\0\x03\x40\x0c\0\x0b\x0b";
    let mut runtime = Runtime::new(Setup::default()).unwrap();
    runtime.run_time = Some(Duration::from_millis(50));
    let ran = run(
        &runtime,
        &Limits::default(),
        None,
        |store| {
            let module = Module::new(store.engine(), LOOP)?;
            Instance::new(store, &module, &[])
        },
        |instance, store| {
            instance.get_typed_func::<(), ()>(&mut *store, "f")?.call(&mut *store, ())?;
            Ok(((), Metered { instructions: 0, memory: 0, table: 0 }))
        },
    );
    let Err(Failed { error: RunError::Host(error), .. }) = ran else { panic!("the host's") };
    assert!(matches!(error, HostError::RunTime(_)), "{error}");
}
