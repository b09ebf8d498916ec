//! What a policy may be made of, and the holes through which a verdict could differ between machines: each closed, or
//! its behaviour shown. docs/sandbox.md has the table.

use apportion::charter::OnFault;
use apportion::fault::Fault;
use apportion::policy::AdmissionError;
use apportion::settle::SettleError;
use apportion::{Charter, Engine, History, Limits, Policy, Settlement, settle};
use apportion_tests::{hostile, small_epoch};

/// Settles the small epoch by a policy within limits.
fn ran(policy: &Policy, limits: Limits) -> Result<Settlement, Fault> {
    let mut terms = Charter::single("Sandbox", policy, serde_json::json!({})).unwrap().terms().clone();
    (terms.limits, terms.on_fault) = (limits, OnFault::Stop);
    let charter = Charter::new(terms).unwrap();
    match settle(&small_epoch(), &charter, std::slice::from_ref(policy), &History::default()) {
        Ok(settlement) => Ok(settlement),
        Err(SettleError::Fault { fault, .. }) => Err(fault),
        Err(error) => panic!("{error}"),
    }
}

/// How a policy made of the body of `allocate` and further parts ends: `paid`, or its fault's code.
fn end(engine: &Engine, body: &str, parts: &str, limits: Limits) -> &'static str {
    let policy = engine.admit(&hostile::allocating(body, parts)).unwrap();
    match ran(&policy, limits) {
        Ok(_) => "paid",
        Err(fault) => fault.code.as_str(),
    }
}

const PAY: &str = "(call $weights (call $payee_count))";

/// All of these are valid WebAssembly somewhere; here they are refused for what they are, before anything else.
#[test]
fn what_is_switched_off_is_refused_at_admission() {
    let engine = Engine::new().unwrap();
    let module = |inside: &str| format!("(component (core module {inside}))");
    let component = |inside: &str| format!("(component {inside})");
    let cases = [
        ("memory64", module("(memory i64 1)"), "memory64"),
        ("64-bit tables", module("(table i64 1 funcref)"), "memory64"),
        ("multi-memory", module("(memory 1) (memory 1)"), "multiple memories"),
        ("shared memory", module("(memory 1 1 shared)"), "threads"),
        (
            "atomics",
            module("(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"),
            "threads support is not enabled",
        ),
        (
            "relaxed SIMD",
            module(
                "(func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))",
            ),
            "relaxed SIMD",
        ),
        ("structures", module("(type (struct (field i32)))"), "gc"),
        ("arrays", module("(type (array i32))"), "gc"),
        ("references to host objects", module("(func (param externref))"), "gc"),
        ("small integers as references", module("(func (param i31ref))"), "gc"),
        (
            "typed references to functions",
            module("(type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0)))"),
            "function references",
        ),
        ("exceptions", module("(tag)"), "exceptions proposal"),
        ("exceptions as they were", module("(func try end)"), "exceptions"),
        ("stack switching", module("(type $f (func)) (type (cont $f))"), "stack switching"),
        (
            "wide arithmetic",
            module(
                "(func (param i64 i64 i64 i64) (result i64 i64)
                   (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))",
            ),
            "wide arithmetic",
        ),
        ("custom page sizes", module("(memory 1 (pagesize 1))"), "custom page sizes"),
        ("shared types", module("(type (shared (func)))"), "shared"),
        (
            "memory control",
            module("(memory 1) (func (memory.discard (i32.const 0) (i32.const 0)))"),
            "memory control",
        ),
        ("async functions", component(r#"(import "f" (func async))"#), "async"),
        ("streams", component("(type (stream u8))"), "async"),
        ("futures", component("(type (future u8))"), "async"),
        ("tasks", component("(core func (canon backpressure.inc))"), "async"),
        ("error contexts", component("(type $e error-context)"), "error-context"),
        ("threads of components", component("(core func (canon thread.index))"), "threading"),
        ("lists of a fixed length", component("(type (list u8 4))"), "fixed"),
        ("maps", component("(type (map string u32))"), "map"),
        ("values", component(r#"(import "v" (value u32))"#), "`value`s"),
    ];
    let mut wrong = Vec::new();
    for (name, text, says) in &cases {
        let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        match engine.admit(&bytes) {
            Err(AdmissionError::Invalid(why)) if why.contains(says) => {}
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Hole: instances that are made beside the policy's own. More than a policy may have are its own doing.
#[test]
fn a_policy_of_too_many_instances_is_refused() {
    let engine = Engine::new().unwrap();
    let with = |count: u8| {
        let mut bytes = hostile::harmless();
        let modules = sections(&bytes).filter(|id| *id == 1).count();
        let empty = b"\0asm\x01\0\0\0";
        bytes.extend([1, 8].iter().chain(empty)); // a core module
        let instances = [0, u8::try_from(modules).unwrap(), 0].repeat(usize::from(count)); // of it, without arguments
        bytes.extend([2, 0x80 | u8::try_from((instances.len() + 1) & 0x7f).unwrap()]);
        bytes.extend([u8::try_from((instances.len() + 1) >> 7).unwrap(), count]);
        bytes.extend(instances);
        engine.admit(&bytes)
    };
    assert!(with(50).is_ok());
    let refused = with(100).unwrap_err();
    assert!(matches!(refused, AdmissionError::Invalid(_)), "{refused:?}");
    assert!(refused.to_string().contains("more than 64 instances of core modules"), "{refused}");
}

/// The ids of a component's sections.
fn sections(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = &bytes[8..];
    std::iter::from_fn(move || {
        let (&id, mut after) = rest.split_first()?;
        let (mut size, mut shift) = (0, 0);
        loop {
            let (&byte, next) = after.split_first()?;
            size |= usize::from(byte & 0x7f) << shift;
            (after, shift) = (next, shift + 7);
            if byte < 0x80 {
                break;
            }
        }
        rest = &after[size..];
        Some(id)
    })
}

/// Hole: `memory.grow` at the limit. What the module itself forbids is answered by -1, as the standard says; up to the
/// charter's limit it is granted to the byte; one page more ends the run. What the *system* refuses is the host's
/// fault: `memory_that_the_system_does_not_give_is_the_hosts_fault` in `host/apportion/src/sandbox/tests.rs`.
#[test]
fn memory_grows_to_the_limit_and_not_a_page_further() {
    let engine = Engine::new().unwrap();
    let limits = |pages: u64| Limits { memory: pages << 16, ..Limits::default() };
    let grow = |pages: u32| {
        format!("(if (i32.ne (memory.grow (i32.const {pages})) (i32.const 1)) (then unreachable)) {PAY}")
    };
    assert_eq!(end(&engine, &grow(9), "", limits(10)), "paid");
    assert_eq!(end(&engine, &grow(10), "", limits(10)), "out-of-memory");
    assert_eq!(end(&engine, &grow(65_535), "", limits(10)), "out-of-memory");
    let denied = |pages: u32| {
        format!("(if (i32.ne (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable)) {PAY}")
    };
    // Beyond what 32 bits can name, and so beyond what the module's own type allows.
    assert_eq!(end(&engine, &denied(65_536), "", limits(10)), "paid");
    assert_eq!(end(&engine, &denied(0xffff_ffff), "", limits(10)), "paid");
    // The memory that it begins with counts as well.
    assert_eq!(end(&engine, PAY, "", limits(1)), "paid");
    let bytes = Limits { memory: (1 << 16) - 1, ..Limits::default() };
    assert_eq!(end(&engine, PAY, "", bytes), "out-of-memory");
}

/// Hole: the same of `table.grow`.
#[test]
fn tables_grow_to_the_limit_and_not_an_element_further() {
    let engine = Engine::new().unwrap();
    // The component's own tables, made around every policy that imports, take some of the limit.
    let limits = Limits { table: 1_000, ..Limits::default() };
    let grow = |by: u32| {
        format!(
            "(if (i32.eq (table.grow $t (ref.null func) (i32.const {by})) (i32.const -1)) (then unreachable)) {PAY}"
        )
    };
    let most = (0..1_000).rev().find(|&by| end(&engine, &grow(by), "(table $t 1 funcref)", limits) == "paid");
    let most = most.unwrap();
    assert!(most > 900, "{most}");
    assert_eq!(end(&engine, &grow(most + 1), "(table $t 1 funcref)", limits), "out-of-table");
    let denied = format!(
        "(if (i32.ne (table.grow $t (ref.null func) (i32.const 10)) (i32.const -1)) (then unreachable)) {PAY}"
    );
    assert_eq!(end(&engine, &denied, "(table $t 1 5 funcref)", limits), "paid");
}

/// Hole: stack depth. How much native stack a frame takes is the compiler's business; how deep a policy may call is
/// counted, and is the same everywhere: 128 bytes for a function, 8 for each of the 23 values that it can keep.
#[test]
fn recursion_that_fits_is_paid_and_without_end_is_a_fault() {
    let engine = Engine::new().unwrap();
    let parts = "(func $deep (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0))))";
    let deep = |calls: i32| format!("(drop (call $deep (i32.const {calls}))) {PAY}");
    // `allocate` itself does not count: it is on no cycle, and the way below it is short.
    let most = (96 << 20) / (128 + 23 * 8) - 1;
    assert_eq!(end(&engine, &deep(most), parts, Limits::default()), "paid");
    assert_eq!(end(&engine, &deep(most + 1), parts, Limits::default()), "stack-overflow");
    assert_eq!(end(&engine, &deep(-1), parts, Limits::default()), "stack-overflow");
}

/// Hole: the embedder's stack. A run has one of its own.
#[test]
fn the_callers_stack_changes_no_verdict() {
    let engine = Engine::new().unwrap();
    let parts = "(func $deep (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0))))";
    let policy = engine
        .admit(&hostile::allocating(&format!("(drop (call $deep (i32.const 10000))) {PAY}"), parts))
        .unwrap();
    let small = std::thread::Builder::new().stack_size(512 << 10);
    let settled = small.spawn(move || ran(&policy, Limits::default()).is_ok()).unwrap().join().unwrap();
    assert!(settled);
}

/// The instructions of a run that pays.
fn count(engine: &Engine, body: &str, more: &str) -> u64 {
    let policy = engine.admit(&hostile::allocating(body, more)).unwrap();
    ran(&policy, Limits::default()).unwrap().receipt.terms().runs[0].used.unwrap().instructions
}

/// Hole: what bringing data into memory costs. An engine's own count has it or not by the system it runs on (wasmtime
/// issue 14331); the policy's own has it nowhere.
#[test]
fn data_costs_no_instructions_on_any_system() {
    let engine = Engine::new().unwrap();
    let data = format!(r#"(data (i32.const 20000) "{}")"#, "x".repeat(20_000));
    assert_eq!(count(&engine, PAY, &data), count(&engine, PAY, ""));
}

/// Hole: counts that change with the engine's version. The prices are METERING.md's; these are what they come to.
#[test]
fn instructions_cost_what_they_cost() {
    let engine = Engine::new().unwrap();
    let plain = count(&engine, PAY, "");
    let more = |body: &str| count(&engine, &format!("{body} {PAY}"), "") - plain;
    assert_eq!(plain, 231);
    assert_eq!(more("nop (block (loop))"), 0);
    assert_eq!(more("(drop (i32.const 1))"), 1);
    assert_eq!(more("(drop (f64.sqrt (f64.load (i32.const 2000))))"), 2 + 8);
    assert_eq!(more("(memory.fill (i32.const 9000) (i32.const 0) (i32.const 1000))"), 3 + 128 + 1_000 / 8);
    assert_eq!(more("(memory.copy (i32.const 9000) (i32.const 9500) (i32.const 100))"), 3 + 128 + 100 / 8);
    assert_eq!(more("(drop (memory.grow (i32.const 3)))"), 1 + 128 + 3 * 8192);
}

/// Hole: the edge of the limit. What a run counts is what it needs, to the unit.
#[test]
fn the_limit_of_instructions_has_one_edge() {
    let engine = Engine::new().unwrap();
    let body = format!("(memory.fill (i32.const 9000) (i32.const 0) (i32.const 1000)) {PAY}");
    let used = count(&engine, &body, "");
    let policy = engine.admit(&hostile::allocating(&body, "")).unwrap();
    for instructions in 1..used + 3 {
        let ended = ran(&policy, Limits { instructions, ..Limits::default() });
        let code = ended.map_or_else(|fault| fault.code.as_str(), |_| "paid");
        assert_eq!(code, if instructions < used { "out-of-instructions" } else { "paid" }, "{instructions}");
    }
}

/// Hole: the bits of a NaN, which differ between processors wherever arithmetic makes one. Every operation that can is
/// tried on numbers and NaNs from memory, and the policy stops itself at any other bits than the canonical ones.
#[test]
fn every_nan_that_arithmetic_makes_has_the_same_bits() {
    let engine = Engine::new().unwrap();
    let f64s = "(f64.load (i32.const 2000))"; // 0
    let (infinite, odd) = ("(f64.load (i32.const 2016))", "(f64.load (i32.const 2024))");
    let (infinite32, odd32) = ("(f32.load (i32.const 2032))", "(f32.load (i32.const 2036))");
    // Infinities, and signalling NaNs with a sign and a payload.
    let parts = r#"(data (i32.const 2016) "\00\00\00\00\00\00\f0\7f" "\0d\f0\ad\8b\00\00\f4\ff")
                   (data (i32.const 2032) "\00\00\80\7f" "\ad\0b\a0\ff")"#;
    let mut made = vec![
        format!("(f64.div {f64s} {f64s})"),
        format!("(f64.mul {f64s} {infinite})"),
        format!("(f64.sub {infinite} {infinite})"),
        format!("(f64.sqrt (f64.sub (f64.const -1) {f64s}))"),
        format!("(f64.promote_f32 {odd32})"),
        format!("(f64.promote_f32 (f32.sub {infinite32} {infinite32}))"),
        format!("(f64.promote_f32 (f32.demote_f64 {odd}))"),
    ];
    for operation in ["add", "sub", "mul", "div", "min", "max"] {
        made.push(format!("(f64.{operation} {odd} (f64.const 1))"));
        made.push(format!("(f64.{operation} (f64.const 1) {odd})"));
        made.push(format!("(f64.promote_f32 (f32.{operation} {odd32} (f32.const 1)))"));
        made.push(format!(
            "(f64x2.extract_lane 1 (f64x2.{operation} (f64x2.splat {odd}) (f64x2.splat (f64.const 1))))"
        ));
        made.push(format!(
            "(f64.promote_f32 (f32x4.extract_lane 3 (f32x4.{operation} (f32x4.splat {odd32}) (f32x4.splat (f32.const 1)))))"
        ));
    }
    for operation in ["sqrt", "ceil", "floor", "trunc", "nearest"] {
        made.push(format!("(f64.{operation} {odd})"));
        made.push(format!("(f64.promote_f32 (f32.{operation} {odd32}))"));
        made.push(format!("(f64x2.extract_lane 0 (f64x2.{operation} (f64x2.splat {odd})))"));
    }
    made.push(format!("(f64x2.extract_lane 0 (f64x2.promote_low_f32x4 (f32x4.splat {odd32})))"));
    made.push(format!(
        "(f64.promote_f32 (f32x4.extract_lane 0 (f32x4.demote_f64x2_zero (f64x2.splat {odd}))))"
    ));
    let bits = |value: &str| {
        format!(
            "(if (i64.ne (i64.reinterpret_f64 {value}) (i64.const 0x7ff8000000000000)) (then unreachable))"
        )
    };
    let body: String = made.iter().map(|value| bits(value)).collect();
    assert_eq!(end(&engine, &format!("{body} {PAY}"), parts, Limits::default()), "paid");
    // It would notice: moving a NaN changes no bit of it.
    assert_eq!(end(&engine, &format!("{} {PAY}", bits(odd)), parts, Limits::default()), "unreachable");
}

/// Hole: which of several traps a policy ends in. It is the first, also where a compiler could drop both.
#[test]
fn the_first_trap_decides() {
    let engine = Engine::new().unwrap();
    let load = "(drop (i32.load (i32.const 0x7ffffff0)))";
    let divide = "(drop (i32.div_u (i32.const 1) (i32.load (i32.const 2000))))";
    let table = "(drop (call_indirect $t (result i32) (i32.const 0)))";
    for (first, second, code) in [
        (load, divide, "memory-access"),
        (divide, load, "arithmetic"),
        (table, load, "indirect-call"),
        (divide, "unreachable", "arithmetic"),
        ("unreachable", divide, "unreachable"),
    ] {
        let body = format!("{first} {second} {PAY}");
        assert_eq!(end(&engine, &body, "(table $t 1 funcref)", Limits::default()), code, "{body}");
    }
}
