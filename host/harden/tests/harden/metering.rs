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
        println!("{count} counted, {fuel} executed");

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
