//! What is charged, and what happens at the limit.

use apportion_harden::Resource;
use wasmtime::Val;

use crate::engine::{Bits, Ending, Hardened, Host, MOST, on_deep_stack, original, plain_engine, wasm};
use crate::frames::counted;

const FIBONACCI: &str = r#"(module (func $fib (export "run") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                       (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#;

const SUM: &str = r#"(module (func (export "run") (param i32) (result i32) (local i32)
    (block $done (loop $next
        (br_if $done (i32.eqz (local.get 0)))
        (local.set 1 (i32.add (local.get 1) (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br $next)))
    (local.get 1)))"#;

#[test]
fn a_limit_of_the_count_is_enough_and_one_less_is_not() {
    for (text, argument) in [(FIBONACCI, 15), (SUM, 1000)] {
        let module = wasm(text);
        let mut hardened = Hardened::new(&plain_engine(), &module, 0);
        let (ending, count) = hardened.count("run", &[Val::I32(argument)]);
        let (expected, fuel) = original(&module, "run", &[Val::I32(argument)]);
        assert_eq!(ending, expected);
        assert!(count >= fuel, "{count} counted, {fuel} executed");

        hardened.refill(count);
        assert_eq!(hardened.call("run", &[Val::I32(argument)]), expected);
        assert_eq!(hardened.left(), 0);
        hardened.refill(count - 1);
        assert_eq!(hardened.call("run", &[Val::I32(argument)]), Ending::Exhausted(Resource::Instructions));
    }
}

#[test]
fn depth_is_counted_and_not_the_native_stack() {
    let module = wasm(
        r#"(module (func $down (export "run") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0)))))"#,
    );
    on_deep_stack(|| {
        let limits = [0, 8000, u64::MAX, u64::MAX];
        let mut hardened =
            Hardened::with(&plain_engine(), &module, Host { limits, exhausted: None }).unwrap();
        hardened.refill(u64::MAX);
        // One parameter, three operands at most, values: `if` 5, `call` 6, `sub`, `add`, three constants and two ends 1
        // each, and the counter where the arms meet: 128 + 8 * 23 = 312 a call; 25 calls are 7800.
        assert_eq!(hardened.call("run", &[Val::I32(24)]), Ending::Values(vec![Bits::I32(24)]));
        assert_eq!(hardened.call("run", &[Val::I32(25)]), Ending::Exhausted(Resource::Depth));
    });
}

/// Code all of whose ways end in `unreachable` is free if nothing is called before: what is called could get there again.
#[test]
fn code_that_calls_before_it_traps_is_paid_for() {
    for (before, calls, count) in [
        ("", "", 0),
        ("(call $f)", "(func $f)", 1000 + 1 + 1),
        ("(call_indirect (i32.const 0))", "(func $f) (table funcref (elem $f))", 1000 + 2 + 1),
        ("(if (local.get 0) (then (call $f)))", "(func $f)", 1000 + 2 + 1 + 1),
    ] {
        let work = "(local.set 1 (local.get 0))".repeat(500);
        let text = format!(
            "(module {calls} (func (export \"run\") (param i32) (local i32)
                (block (br_if 0 (local.get 0)) return) {work} {before} unreachable))"
        );
        let mut run = Hardened::new(&plain_engine(), &wasm(&text), 1 << 20);
        assert_eq!(run.call("run", &[Val::I32(1)]), Ending::Trap("UnreachableCodeReached".to_owned()));
        // Entering, and the branch.
        assert_eq!((1 << 20) - run.left() - 3, count, "{before}");
        // It is paid where it begins.
        run.refill(500);
        let stopped = if count == 0 {
            Ending::Trap("UnreachableCodeReached".to_owned())
        } else {
            Ending::Exhausted(Resource::Instructions)
        };
        assert_eq!(run.call("run", &[Val::I32(1)]), stopped, "{before}");
    }
}

#[test]
fn values_that_are_handed_over_are_paid_for() {
    let types = |count: usize| "i64 ".repeat(count);
    let zeros = |count: usize| "(i64.const 0)".repeat(count);
    for (text, count) in [
        // Eight arguments and sixteen results: of the call 3, of the function's start 1 and its end 2.
        (
            format!(
                "(func $f (param {a}) (result {r}) {z}) (func (export \"run\") {n} (call $f) {d})",
                a = types(8),
                r = types(16),
                z = zeros(16),
                n = zeros(8),
                d = "drop ".repeat(16)
            ),
            1 + 8 + 1 + 3 + 1 + 1 + 16 + 2,
        ),
        // A block of eight results: at its end, and by a branch.
        (
            format!(
                "(func (export \"run\") (block (result {r}) {z}) {d})",
                r = types(8),
                z = zeros(8),
                d = "drop ".repeat(8)
            ),
            1 + 8 + 1,
        ),
        (
            format!(
                "(func (export \"run\") (block (result {r}) {z} (br 0)) {d})",
                r = types(8),
                z = zeros(8),
                d = "drop ".repeat(8)
            ),
            1 + 8 + 1 + 1,
        ),
        // Seven are free.
        (
            format!(
                "(func (export \"run\") (block (result {r}) {z}) {d})",
                r = types(7),
                z = zeros(7),
                d = "drop ".repeat(7)
            ),
            1 + 7,
        ),
    ] {
        let mut run = Hardened::new(&plain_engine(), &wasm(&format!("(module {text})")), 0);
        assert_eq!(run.count("run", &[]), (Ending::Values(Vec::new()), count), "{text}");
    }
}

/// Functions that call each other directly are handed what is left, others find it with the meter: which way a call goes
/// must make no difference.
#[test]
fn depth_is_the_same_by_whatever_way_a_call_goes() {
    let module = wasm(
        r#"(module
            (type $count (func (param i32) (result i32)))
            (table funcref (elem $even))
            (func $even (export "run") (type $count) (local $seven i64)
                (local.set $seven (i64.const 7))
                (if (i32.eqz (local.get 0)) (then (return (i32.wrap_i64 (local.get $seven)))))
                (if (result i32) (i32.and (local.get 0) (i32.const 1))
                    (then (i32.add (i32.const 1) (call $even (i32.sub (local.get 0) (i32.const 1)))))
                    (else (i32.add (i32.const 1) (call $odd (i32.sub (local.get 0) (i32.const 1)))))))
            (func $odd (type $count)
                (if (result i32) (i32.and (local.get 0) (i32.const 2))
                    (then (i32.add (i32.const 1) (call $even (i32.sub (local.get 0) (i32.const 1)))))
                    (else (i32.add (i32.const 1)
                        (call_indirect (type $count) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))))"#,
    );
    let counted: Vec<u64> = counted(&module).iter().map(|function| function.frame).collect();
    let [even, odd] = counted[..] else { panic!("{counted:?}") };
    let mut deepest = even;
    let mut number = 40;
    let mut in_even = true;
    while number > 0 {
        in_even = !in_even || number % 2 == 1;
        deepest += if in_even { even } else { odd };
        number -= 1;
    }
    for (depth, wanted) in
        [(deepest, Ending::Values(vec![Bits::I32(47)])), (deepest - 1, Ending::Exhausted(Resource::Depth))]
    {
        let limits = [0, depth, u64::MAX, u64::MAX];
        let mut hardened =
            Hardened::with(&plain_engine(), &module, Host { limits, exhausted: None }).unwrap();
        let (ending, count) = hardened.count("run", &[Val::I32(40)]);
        assert_eq!(ending, wanted);
        if let Ending::Values(_) = wanted {
            // What was taken was given back: a second time is as the first.
            assert_eq!(hardened.call("run", &[Val::I32(40)]), wanted);
            assert_eq!(u64::try_from(hardened.left()).unwrap(), MOST - 2 * count);
        }
    }
}

/// Ordinary programs (see benches/kernels.rs) with sizes at which they do not take long, and their counts: these are
/// what METERING.md gives, and change with its version only.
const KERNELS: [(&str, i32, u64); 12] = [
    ("pagerank", 1000, 5_115_062),
    ("fibonacci", 20, 300_699),
    ("sort", 10_000, 3_714_538),
    ("btree", 3000, 5_164_423),
    ("nbody", 1000, 1_866_233),
    ("matrix", 40, 2_724_410),
    ("strings", 1000, 15_834_526),
    ("sieve", 100_000, 7_834_123),
    ("sha256", 200, 1_679_680),
    ("mandelbrot", 30, 1_709_840),
    ("dijkstra", 1000, 2_569_914),
    ("distance", 200, 1_787_093),
];

#[test]
fn programs_are_charged_what_they_execute_and_little_more() {
    let module = include_bytes!("../../benches/kernels.wasm");
    let mut changed = Vec::new();
    for (name, size, golden) in KERNELS {
        let (wanted, executed) = original(module, name, &[Val::I32(size)]);
        let mut fresh = Hardened::new(&plain_engine(), module, u64::MAX);
        let (ending, count) = fresh.count(name, &[Val::I32(size)]);
        assert_eq!(ending, wanted, "{name}");
        println!("{name}: {executed} executed, {count} counted, {:.3}", count as f64 / executed as f64);
        assert!(count >= executed, "{name}: {count} counted, {executed} executed");
        assert!(count < executed + executed / 2, "{name}: {count} counted, {executed} executed");
        if count != golden {
            changed.push(format!("(\"{name}\", {size}, {count})"));
        }
    }
    assert!(changed.is_empty(), "another version of metering? {}", changed.join(", "));
}

#[test]
fn the_more_it_may_use_the_further_it_gets() {
    let module = wasm(
        r#"(module (memory (export "memory") 1)
            (func (export "run") (param i32) (local i32)
                (loop
                    (i32.store (i32.const 0) (local.get 1))
                    (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))))"#,
    );
    let (_, count) = Hardened::new(&plain_engine(), &module, 0).count("run", &[Val::I32(10)]);
    let mut last = 0;
    for limit in 0..count + 20 {
        let mut hardened = Hardened::new(&plain_engine(), &module, limit);
        let ending = hardened.call("run", &[Val::I32(10)]);
        let memory = hardened.instance.get_memory(&mut hardened.store, "memory").unwrap();
        let far = memory.data(&hardened.store)[0];
        assert!(far >= last, "{limit}");
        assert_eq!(ending == Ending::Values(Vec::new()), limit >= count, "{limit}: {ending:?}");
        last = far;
    }
    assert_eq!(last, 9);
}
