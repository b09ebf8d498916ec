//! The frame that METERING.md counts holds what a compiler puts on the native stack: read out of the machine code that
//! wasmtime's optimising compiler makes, of shapes that make it keep as much as it can.
//!
//! `APPORTION_FRAMES=MODULE.wasm:... cargo test --package apportion-harden --test harden frames -- --nocapture` holds
//! other core modules to it and prints by how much.

use std::fmt::Write;

use apportion_harden::{ProfiledFunction, Resource, harden_module, profile};
use wasm_encoder::{Component, ComponentSectionId, RawSection};
use wasmparser::{Operator, Parser, Payload};
use wasmtime::{Config, Engine, Inlining, Module, OptLevel, Val, ValType};

use crate::engine::{Ending, Hardened, Host, on_deep_stack, wasm};
use crate::smith;

/// As the library sets it (`sandbox/settings.rs`).
fn config() -> Config {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::Speed).compiler_inlining(Inlining::No).epoch_interruption(true);
    config
}

fn engine() -> Engine {
    Engine::new(&config()).unwrap()
}

/// A function's frame as it is counted and as it is, in bytes.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "printed where a frame is too large")]
struct Frame {
    index: u32,
    counted: u64,
    native: u64,
}

/// The frames of all functions with bodies. A function's native frame is the larger of its own and its inner one's.
fn frames(engine: &Engine, module: &[u8]) -> Vec<Frame> {
    let hardened = harden_module(module).unwrap();
    let compiled = Module::new(engine, &hardened).unwrap();
    let text = compiled.text();
    let native: Vec<(u32, u64)> = compiled
        .functions()
        .map(|function| {
            (function.index.as_u32(), native_frame(&text[function.offset..function.offset + function.len]))
        })
        .collect();
    let first = native.first().map_or(0, |(index, _)| *index);
    let of = |index: u32| native.get((index - first) as usize).map_or(0, |(_, frame)| *frame);
    let inner = inner_functions(&hardened, first);
    counted(module)
        .iter()
        .map(|function| {
            let written = function.index + 1; // behind the meter's `stop`
            let inside = inner[(written - first) as usize].map_or(0, of);
            Frame { index: function.index, counted: function.frame, native: of(written).max(inside) }
        })
        .collect()
}

/// What hardening counts, of a core module put into a component.
pub fn counted(module: &[u8]) -> Vec<ProfiledFunction> {
    let mut component = Component::new();
    component.section(&RawSection { id: ComponentSectionId::CoreModule.into(), data: module });
    profile(&component.finish()).unwrap().functions
}

/// For each function with a body, the only function that it calls, if that stands behind it: a door's inner function.
fn inner_functions(module: &[u8], first: u32) -> Vec<Option<u32>> {
    let mut inner = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
        let own = first + u32::try_from(inner.len()).unwrap();
        let calls: Vec<u32> = body
            .get_operators_reader()
            .unwrap()
            .into_iter()
            .filter_map(|op| match op.unwrap() {
                Operator::Call { function_index } => Some(function_index),
                _ => None,
            })
            .collect();
        inner.push(match calls[..] {
            [only] if only > own => Some(only),
            _ => None,
        });
    }
    inner
}

/// What a function takes of the stack, with the return address and the frame pointer. A function that calls first adds
/// its frame to the limit of the stack, to compare; another only takes it, less than a page.
#[cfg(target_arch = "x86_64")]
fn native_frame(code: &[u8]) -> u64 {
    let prologue = &code[..code.len().min(96)];
    let find = |long: [u8; 3], short: [u8; 3]| {
        prologue.windows(7).find_map(|bytes| match bytes {
            [a, b, c, size @ ..] if [*a, *b, *c] == long => {
                Some(u32::from_le_bytes(size.try_into().unwrap()))
            }
            [a, b, c, size, ..] if [*a, *b, *c] == short => Some(u32::from(*size)),
            _ => None,
        })
    };
    let checked = find([0x49, 0x81, 0xc2], [0x49, 0x83, 0xc2]);
    let taken = find([0x48, 0x81, 0xec], [0x48, 0x83, 0xec]);
    u64::from(checked.or(taken).unwrap_or(0)) + 16
}

/// The same: `sub sp, sp, #size`, or by a register for large ones, which is not read.
#[cfg(not(target_arch = "x86_64"))]
fn native_frame(_: &[u8]) -> u64 {
    0
}

/// Holds every function of a module to it, and tells the worst ratio of what a frame takes to what is counted.
fn hold(engine: &Engine, name: &str, module: &[u8]) -> f64 {
    let mut worst = 0.0_f64;
    for frame in frames(engine, module) {
        assert!(frame.native <= frame.counted, "{name}: {frame:?}");
        #[allow(clippy::cast_precision_loss, reason = "a ratio to print")]
        let ratio = frame.native as f64 / frame.counted as f64;
        worst = worst.max(ratio);
    }
    worst
}

/// A function of a parameter `$x` that calls itself in the middle, with what stands before and behind the call.
fn recursive(locals: &str, before: &str, after: &str) -> String {
    format!(
        "(module (memory 28800) (global $g (mut i64) (i64.const 1)) (global $v (mut v128) (v128.const i64x2 1 1))
            (func $deep (export \"f\") (param $x i64) (param $n i32) {locals}
                {before}
                (if (local.get $n) (then
                    (call $deep (i64.add (local.get $x) (i64.const 1)) (i32.sub (local.get $n) (i32.const 1)))))
                {after}))"
    )
}

/// So many copies of a text, each with its number in the place of `#`.
fn repeated(count: usize, text: &str) -> String {
    let mut all = String::new();
    for number in 1..=count {
        let _ = writeln!(all, "{}", text.replace('#', &(2 * number + 1).to_string()));
    }
    all
}

fn in_a_loop(count: usize, text: &str) -> String {
    let body = repeated(count, text);
    recursive(
        "",
        "",
        &format!(
            "(loop $l {body} (if (local.get $n) (then (call $deep (local.get $x) (i32.sub (local.get $n) (i32.const 1))))) (br_if $l (i64.eqz (global.get $g))))"
        ),
    )
}

/// The shapes that keep values: by name, as text.
fn shapes() -> Vec<(&'static str, String)> {
    let xor = |value: &str| format!("(global.set $g (i64.xor (global.get $g) {value}))");
    let product = xor("(i64.mul (local.get $x) (i64.const #))");
    let rotated = xor("(i64.rotl (local.get $x) (i64.const #))");
    let float = xor("(i64.reinterpret_f64 (f64.div (f64.convert_i64_u (local.get $x)) (f64.const #)))");
    let vector = "(global.set $v (v128.xor (global.get $v) (i64x2.mul (i64x2.splat (local.get $x)) (v128.const i64x2 # #))))";
    let load = xor("(i64.load offset=# (i32.wrap_i64 (local.get $x)))");
    let far = xor("(i64.load offset=0x70000# (i32.wrap_i64 (local.get $x)))");
    let sum = xor("(i64.add (local.get $x) (i64.const #))");
    let selected = xor(
        "(select (i64.mul (local.get $x) (i64.const #)) (i64.rotl (local.get $x) (i64.const #)) (i32.lt_u (local.get $n) (i32.const #)))",
    );
    let wide_select = "(global.set $v (v128.xor (global.get $v) (select (i8x16.shl (i64x2.splat (local.get $x)) (i32.const #)) (i64x2.splat (i64.mul (local.get $x) (i64.const #))) (i32.gt_s (local.get $n) (i32.const #)))))";
    let twice = |count: usize, text: &str| {
        let body = repeated(count, text);
        recursive("", &body, &body)
    };
    let locals = repeated(200, "(local $l# i64)");
    let rotate: String = (1..200)
        .map(|number| format!("(local.set $l{} (local.get $l{}))", 2 * number + 1, 2 * number + 3))
        .collect();
    let gather = repeated(200, &xor("(local.get $l#)"));
    let swaps = recursive(
        &locals,
        "",
        &format!(
            "(loop $l (local.set $l401 (local.get $x)) {rotate}
                (if (local.get $n) (then (local.set $l3 (i64.const 7)) {rotate}))
                (if (i32.eq (local.get $n) (i32.const 3)) (then {rotate}))
                (if (local.get $n) (then (call $deep (local.get $x) (i32.sub (local.get $n) (i32.const 1)))))
                (br_if $l (i64.eqz (global.get $g)))) {gather}"
        ),
    );
    let many = |count: usize, ty: &str| vec![ty; count].join(" ");
    let arguments = format!(
        "(module (memory 1)
            (func $wide (param {i}) (result {i}) {gets} (if (param {i}) (result {i}) (local.get 0) (then (call $wide)) (else)))
            (func (export \"f\") {consts} (call $wide) {drops}))",
        i = many(900, "i32"),
        gets = (0..900).map(|n| format!("(local.get {n})")).collect::<String>(),
        consts = (1..=900).map(|n| format!("(i32.const {n})")).collect::<String>(),
        drops = "drop ".repeat(900),
    );
    let table = format!(
        "(module (func $f (export \"f\") (param $x i64) (param $n i32) (result i64)
            {opens} (local.get $x) (br_table {labels} (local.get $n)) {ends}))",
        opens = "(block (result i64) ".repeat(200),
        labels = (0..200).map(|label| format!("{label} ")).collect::<String>(),
        ends = ") (i64.add (local.get $x)) (call $f (i32.const 1))".repeat(200),
    );
    let dense = format!(
        "(module (func $wide (param {i}))
            (func $f (export \"f\") (param $x i64) (param $t i64)
                {values}
                (call $f (local.get $x) (local.get $t)) (call $wide)))",
        i = many(900, "i64"),
        values = "(local.tee $t (i64.mul (local.get $t) (local.get $x)))".repeat(900),
    );
    vec![
        ("products on the stack", dense),
        ("invariant products", in_a_loop(900, &product)),
        ("invariant rotations", in_a_loop(900, &rotated)),
        ("invariant quotients", in_a_loop(900, &float)),
        ("invariant vectors", in_a_loop(500, vector)),
        ("loads in a loop", in_a_loop(900, &load)),
        ("far loads in a loop", in_a_loop(300, &far)),
        ("sums in a loop", in_a_loop(900, &sum)),
        ("shared products", twice(900, &product)),
        ("shared quotients", twice(900, &float)),
        ("shared vectors", twice(500, vector)),
        ("shared loads", twice(900, &load)),
        ("shared far loads", twice(300, &far)),
        ("shared sums", twice(900, &sum)),
        ("shared selections", twice(500, &selected)),
        ("shared wide selections", twice(500, wide_select)),
        ("invariant wide selections", in_a_loop(500, wide_select)),
        ("locals that change places", swaps),
        ("many arguments and results", arguments),
        ("a table of blocks", table),
    ]
}

#[test]
fn no_shape_takes_more_stack_than_is_counted() {
    let engine = engine();
    for (name, text) in shapes() {
        let worst = hold(&engine, name, &wasm(&text));
        println!("{worst:.2} {name}");
    }
}

/// With no more native stack than is counted, and what a frame may take that calls nothing.
#[test]
fn every_shape_that_recurses_is_stopped_by_its_depth() {
    const DEPTH: u64 = 4 << 20;
    let mut config = config();
    config.epoch_interruption(false);
    config.async_stack_size(16 << 20); // unused, and checked against the next line all the same
    config.max_wasm_stack((DEPTH + (64 << 10)).try_into().unwrap());
    let engine = Engine::new(&config).unwrap();
    for (name, text) in shapes() {
        let mut ending = None;
        on_deep_stack(|| {
            let limits = [1 << 40, DEPTH, u64::MAX, u64::MAX];
            let mut run = Hardened::with(&engine, &wasm(&text), Host { limits, exhausted: None }).unwrap();
            let function = run.instance.get_func(&mut run.store, "f").unwrap();
            let arguments: Vec<Val> = function
                .ty(&run.store)
                .params()
                .map(|ty| if matches!(ty, ValType::I32) { Val::I32(-1) } else { Val::I64(3) })
                .collect();
            ending = Some(run.call("f", &arguments));
        });
        assert_eq!(ending, Some(Ending::Exhausted(Resource::Depth)), "{name}");
    }
}

#[test]
fn no_module_that_nobody_wrote_takes_more_stack_than_is_counted() {
    let engine = engine();
    let mut worst = 0.0_f64;
    for (seed, module) in smith::modules(100) {
        if Module::new(&engine, &module).is_ok() {
            worst = worst.max(hold(&engine, &format!("seed {seed}"), &module));
        }
    }
    println!("{worst:.2}");
}

#[test]
fn no_standard_policy_takes_more_stack_than_is_counted() {
    let engine = engine();
    for policy in apportion_standard::all() {
        for payload in Parser::new(0).parse_all(policy.bytes) {
            if let Payload::ModuleSection { unchecked_range, .. } = payload.unwrap() {
                let worst = hold(&engine, policy.name, &policy.bytes[unchecked_range]);
                println!("{worst:.2} {}", policy.name);
            }
        }
    }
}

#[test]
fn no_given_module_takes_more_stack_than_is_counted() {
    let Ok(paths) = std::env::var("APPORTION_FRAMES") else { return };
    for path in paths.split(':') {
        let bytes = std::fs::read(path).unwrap();
        let mut frames = frames(&engine(), &bytes);
        frames.sort_by_key(|frame| frame.native);
        println!("{path}: {:?}", &frames[frames.len() - 8..]);
        println!("{:.2}", hold(&engine(), path, &bytes));
    }
}
