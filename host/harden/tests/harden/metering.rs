//! What is charged, and what happens at the limit.

use apportion_harden::{Exhausted, Limits};
use wasmtime::Val;

use crate::engine::{Bits, Ending, Hardened, on_deep_stack, original, plain_engine, wasm};

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
        assert_eq!(hardened.call("run", &[Val::I32(argument)]), Ending::Exhausted(Exhausted::Instructions));
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
        let limits = Limits { depth: 8000, ..Limits::default() };
        let mut hardened = Hardened::with(&plain_engine(), &module, &limits, 0).unwrap();
        hardened.refill(u64::MAX);
        // One parameter and three operands: 64 + 4 * 8 = 96 a call; 83 calls are 7968.
        assert_eq!(hardened.call("run", &[Val::I32(82)]), Ending::Values(vec![Bits::I32(82)]));
        assert_eq!(hardened.call("run", &[Val::I32(83)]), Ending::Exhausted(Exhausted::Depth));
    });
}

/// Ordinary programs (see benches/kernels.rs), with sizes at which they do not take long.
const KERNELS: [(&str, i32); 12] = [
    ("pagerank", 1000),
    ("fibonacci", 20),
    ("sort", 10_000),
    ("btree", 3000),
    ("nbody", 1000),
    ("matrix", 40),
    ("strings", 1000),
    ("sieve", 100_000),
    ("sha256", 200),
    ("mandelbrot", 30),
    ("dijkstra", 1000),
    ("distance", 200),
];

#[test]
fn programs_are_charged_what_they_execute_and_little_more() {
    let module = include_bytes!("../../benches/kernels.wasm");
    for (name, size) in KERNELS {
        let (wanted, executed) = original(module, name, &[Val::I32(size)]);
        let mut fresh = Hardened::new(&plain_engine(), module, u64::MAX);
        let (ending, count) = fresh.count(name, &[Val::I32(size)]);
        assert_eq!(ending, wanted, "{name}");
        println!("{name}: {executed} executed, {count} counted, {:.3}", count as f64 / executed as f64);
        assert!(count >= executed, "{name}: {count} counted, {executed} executed");
        assert!(count < executed + executed / 2, "{name}: {count} counted, {executed} executed");
    }
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
