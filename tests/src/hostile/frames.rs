//! Policies that make a compiler keep as many values on the native stack as it can, in as many calls as the limit of
//! depth allows: one call more is a fault, and as many as fit are no engine's problem.

use super::case::{Case, End};
use super::component::policy;

/// The limit of depth, in bytes.
const DEPTH: u64 = 96 << 20;

/// What a function computes again and again, `#` standing for another odd number each time.
struct Shape {
    name: &'static str,
    keeps: &'static str,
    computes: &'static str,
    times: usize,
    /// Where it calls itself.
    calls: Calls,
}

/// Where the function calls itself.
#[derive(Clone, Copy)]
enum Calls {
    /// In a loop, behind what it computes: whatever does not change is computed before the loop.
    InLoop,
    /// Between computing everything and computing the same again.
    Between,
}

const SHAPES: [Shape; 8] = [
    Shape {
        name: "products",
        keeps: "products that do not change in a loop",
        computes: "(global.set $g (i64.xor (global.get $g) (i64.mul (local.get $x) (i64.const #))))",
        times: 900,
        calls: Calls::InLoop,
    },
    Shape {
        name: "quotients",
        keeps: "quotients that do not change in a loop",
        computes: "(global.set $g (i64.xor (global.get $g) (i64.reinterpret_f64
            (f64.div (f64.convert_i64_u (local.get $x)) (f64.const #)))))",
        times: 600,
        calls: Calls::InLoop,
    },
    Shape {
        name: "vectors",
        keeps: "vectors that do not change in a loop",
        computes: "(global.set $v (v128.xor (global.get $v)
            (i64x2.add (i64x2.splat (local.get $x)) (v128.const i64x2 # #))))",
        times: 500,
        calls: Calls::InLoop,
    },
    Shape {
        name: "shared-products",
        keeps: "products that are wanted before and after a call",
        computes: "(global.set $g (i64.xor (global.get $g) (i64.mul (local.get $x) (i64.const #))))",
        times: 900,
        calls: Calls::Between,
    },
    Shape {
        name: "shared-vectors",
        keeps: "vectors that are wanted before and after a call",
        computes: "(global.set $v (v128.xor (global.get $v)
            (i64x2.mul (i64x2.splat (local.get $x)) (v128.const i64x2 # #))))",
        times: 300,
        calls: Calls::Between,
    },
    Shape {
        name: "selections",
        keeps: "wide values that are chosen between",
        computes: "(global.set $v (v128.xor (global.get $v)
            (select (i8x16.shl (i64x2.splat (local.get $x)) (i32.const #))
                (i64x2.splat (i64.mul (local.get $x) (i64.const #))) (i32.gt_s (local.get $n) (i32.const #)))))",
        times: 300,
        calls: Calls::Between,
    },
    Shape {
        name: "addresses",
        keeps: "addresses that are far from their base",
        computes: "(if (i32.eq (local.get $n) (i32.const -#)) (then
            (global.set $g (i64.load offset=0x70000# (i32.wrap_i64 (local.get $x))))))",
        times: 200,
        calls: Calls::Between,
    },
    Shape {
        name: "merges",
        keeps: "locals that differ by the way that was taken",
        computes: "(if (i32.eq (local.get $n) (i32.const #))
            (then (local.set $a (local.get $b)) (local.set $b (local.get $c)) (local.set $c (local.get $d))
                (local.set $d (local.get $x)))
            (else (local.set $d (local.get $a)) (local.set $a (local.get $c))))
            (global.set $g (i64.xor (global.get $g) (i64.mul (local.get $a) (local.get $d))))",
        times: 300,
        calls: Calls::Between,
    },
];

/// Two cases for each shape.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for shape in &SHAPES {
        cases.push(Case::made(
            &format!("keeps-{}-without-end", shape.name),
            &format!("to have {} kept on the native stack, in calls without end", shape.keeps),
            End::Fault("stack-overflow".to_owned()),
            || recursing(shape, i32::MAX),
        ));
        cases.push(Case::made(
            &format!("keeps-{}-to-the-limit", shape.name),
            &format!("to have {} kept on the native stack, as deep as its limit allows", shape.keeps),
            End::Pays(vec![33334, 33334, 33333]),
            || recursing(shape, deepest(shape)),
        ));
    }
    cases
}

/// How often the function can call itself and be within the limit of depth.
fn deepest(shape: &Shape) -> i32 {
    let functions = apportion_harden::profile(&recursing(shape, 1)).unwrap().functions;
    let largest = functions.iter().map(|function| function.frame).max().unwrap();
    i32::try_from(DEPTH / largest).unwrap() - 1
}

fn recursing(shape: &Shape, times: i32) -> Vec<u8> {
    let computed: String =
        (1..=shape.times).map(|n| shape.computes.replace('#', &(2 * n + 1).to_string())).collect();
    let call = "(if (local.get $n) (then
        (call $deep (i64.add (local.get $x) (i64.const 1)) (i32.sub (local.get $n) (i32.const 1)))))";
    let body = match shape.calls {
        Calls::InLoop => format!("(loop $l {computed} {call} (br_if $l (i64.eqz (global.get $g))))"),
        Calls::Between => format!("{computed} {call} {computed}"),
    };
    policy(
        &format!(
            "(global $g (mut i64) (i64.const 1)) (global $v (mut v128) (v128.const i64x2 1 1))
             (func $deep (param $x i64) (param $n i32) (local $a i64) (local $b i64) (local $c i64) (local $d i64) {body})
             (func (export \"apportion:policy/rule@0.1.0#allocate\") (param i32 i32) (result i32)
               (call $deep (i64.extend_i32_u (local.get 1)) (i32.const {times}))
               (call $weights (call $payee_count)))"
        ),
        &[],
    )
}
