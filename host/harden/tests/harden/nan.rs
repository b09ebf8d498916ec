//! The bits of NaNs: after every instruction that can make one, wherever they can be seen.

use wasmtime::Val;

use crate::engine::{Bits, Ending, Hardened, plain_engine, wasm};

/// Expressions of type f64 that are a NaN of the processor's choice, and of f32.
const F64: [&str; 14] = [
    "(f64.div (f64.const 0) (f64.const 0))",
    "(f64.sub (f64.const inf) (local.get $inf))",
    "(f64.add (local.get $own) (f64.const 1))",
    "(f64.mul (f64.const 0) (local.get $inf))",
    "(f64.sqrt (f64.const -1))",
    "(f64.min (local.get $own) (f64.const 1))",
    "(f64.max (f64.const 1) (local.get $own))",
    "(f64.ceil (local.get $own))",
    "(f64.floor (local.get $own))",
    "(f64.trunc (local.get $own))",
    "(f64.nearest (local.get $own))",
    "(f64.promote_f32 (f32.div (f32.const 0) (f32.const 0)))",
    "(f64.abs (f64.div (f64.const 0) (f64.const 0)))",
    "(select (f64.sqrt (f64.const -1)) (f64.const 1) (i32.const 1))",
];

/// Ways in which the bits of `NAN` become visible as an i64.
const SEEN: [&str; 10] = [
    "(i64.reinterpret_f64 NAN)",
    "(block (f64.store (i32.const 8) NAN)) (i64.load (i32.const 8))",
    "(local.set $x NAN) (i64.reinterpret_f64 (local.get $x))",
    "(drop (local.tee $x NAN)) (i64.reinterpret_f64 (local.get $x))",
    "(global.set $g NAN) (i64.reinterpret_f64 (global.get $g))",
    "(i64.reinterpret_f64 (call $same NAN))",
    "(i64.reinterpret_f64 (block (result f64) (br 0 NAN)))",
    "(i64.reinterpret_f64 (if (result f64) (i32.const 1) (then NAN) (else (f64.const 0))))",
    "(i64x2.extract_lane 1 (f64x2.splat NAN))",
    "(i64.reinterpret_f64 (select (local.get $own) NAN (i32.const 0)))",
];

fn probe(seen: &str) -> Ending {
    let module = wasm(&format!(
        "(module (memory 1) (global $g (mut f64) (f64.const 0))
            (func $same (param f64) (result f64) (local.get 0))
            (func (export \"run\") (param $own f64) (param $inf f64) (result i64) (local $x f64) {seen}))"
    ));
    let mut hardened = Hardened::new(&plain_engine(), &module, u64::MAX);
    let own = 0x7ff4_dead_beef_0001;
    hardened.call("run", &[Val::F64(own), Val::F64(f64::INFINITY.to_bits())])
}

#[test]
fn arithmetic_shows_the_one_canonical_nan() {
    for nan in F64 {
        for seen in SEEN {
            let seen = seen.replace("NAN", nan);
            assert_eq!(probe(&seen), Ending::Values(vec![Bits::I64(0x7ff8_0000_0000_0000)]), "{seen}");
        }
    }
}

#[test]
fn signs_of_nans_are_as_if_arithmetic_gave_the_canonical_one() {
    for nan in F64 {
        let negated = format!("(i64.reinterpret_f64 (f64.neg {nan}))");
        assert_eq!(probe(&negated), Ending::Values(vec![Bits::I64(0xfff8 << 48)]), "{negated}");
        let sign = format!("(i64.reinterpret_f64 (f64.copysign (f64.const 1) {nan}))");
        assert_eq!(probe(&sign), Ending::Values(vec![Bits::I64(0x3ff0 << 48)]), "{sign}");
    }
}

#[test]
fn what_is_the_programs_own_keeps_its_bits() {
    for own in [
        "(i64.reinterpret_f64 (local.get $own))",
        "(block (f64.store (i32.const 0) (local.get $own))) (i64.load (i32.const 0))",
        "(local.set $x (local.get $own)) (i64.reinterpret_f64 (local.get $x))",
        // A local that holds now the one, now the other.
        "(local.set $x (f64.sqrt (f64.const -1))) (local.set $x (local.get $own))
         (i64.reinterpret_f64 (local.get $x))",
        "(i64.reinterpret_f64 (call $same (local.get $own)))",
        "(i64.reinterpret_f64 (select (local.get $own) (f64.sqrt (f64.const -1)) (i32.const 1)))",
        "(i64x2.extract_lane 0 (f64x2.splat (local.get $own)))",
    ] {
        assert_eq!(probe(own), Ending::Values(vec![Bits::I64(0x7ff4_dead_beef_0001)]), "{own}");
    }
}

#[test]
fn single_precision_and_lanes_too() {
    let canonical = Ending::Values(vec![Bits::I64(0x7fc0_0000)]);
    for nan in [
        "(f32.div (f32.const 0) (f32.const 0))",
        "(f32.demote_f64 (local.get $own))",
        "(f32.sqrt (f32.const -1))",
        "(f32.nearest (f32.demote_f64 (local.get $own)))",
    ] {
        let seen = format!("(i64.extend_i32_u (i32.reinterpret_f32 {nan}))");
        assert_eq!(probe(&seen), canonical, "{seen}");
    }
    for vector in [
        "(f32x4.div (v128.const f32x4 0 0 0 0) (v128.const f32x4 0 0 0 0))",
        "(f32x4.sqrt (f32x4.splat (f32.const -1)))",
        "(f32x4.demote_f64x2_zero (f64x2.splat (local.get $own)))",
        "(f32x4.min (v128.const i32x4 -1 -1 -1 -1) (v128.const f32x4 1 1 1 1))",
    ] {
        let seen = format!("(i64.extend_i32_u (i32x4.extract_lane 1 {vector}))");
        assert_eq!(probe(&seen), canonical, "{seen}");
    }
    let promoted = "(i64x2.extract_lane 0 (f64x2.promote_low_f32x4 (v128.const i32x4 -1 -1 -1 -1)))";
    assert_eq!(probe(promoted), Ending::Values(vec![Bits::I64(0x7ff8 << 48)]));
}
