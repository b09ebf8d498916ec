//! Functions of many parameters, results, locals and values along branches, that call each other in all ways: whatever
//! their shape, they end within their limits and on the native stack that their depth is counted in.

use std::fmt::Write;

use apportion_harden::{Resource, harden_module};
use arbitrary::{Result, Unstructured};
use wasmtime::{Config, Engine, Module, Val, ValType};

use crate::engine::{Ending, Hardened, Host, on_deep_stack};

/// The limit of depth, in bytes, and of instructions.
const DEPTH: u64 = 4 << 20;
const INSTRUCTIONS: u64 = 3_000_000;

const TYPES: [&str; 5] = ["i32", "i64", "f32", "f64", "v128"];

/// How many functions a module has.
const FUNCTIONS: usize = 4;

struct Signature {
    params: Vec<usize>,
    results: Vec<usize>,
}

impl Signature {
    fn new(bytes: &mut Unstructured) -> Result<Self> {
        let types = |bytes: &mut Unstructured| -> Result<Vec<usize>> {
            let few = bytes.ratio(2, 3)?;
            let count = bytes.int_in_range(0..=if few { 6 } else { 900 })?;
            let ty = bytes.int_in_range(0..=9)?;
            // Mostly of one type, so that a few bytes say much.
            Ok((0..count).map(|place| if ty < 5 { ty } else { (place + ty) % 5 }).collect())
        };
        Ok(Self { params: types(bytes)?, results: types(bytes)? })
    }
}

fn names(types: &[usize]) -> String {
    types.iter().map(|ty| format!("{} ", TYPES[*ty])).collect()
}

/// A value of a type that no compiler knows.
fn value(ty: usize) -> &'static str {
    [
        "(i32.load (i32.const 8))",
        "(i64.load (i32.const 16))",
        "(f32.load (i32.const 24))",
        "(f64.load (i32.const 32))",
        "(v128.load (i32.const 48))",
    ][ty]
}

fn values(types: &[usize]) -> String {
    types.iter().map(|ty| value(*ty)).collect()
}

/// One statement of a function's body, which leaves the stack as it was.
fn statement(bytes: &mut Unstructured, signatures: &[Signature], deep: u32, text: &mut String) -> Result<()> {
    let local = |bytes: &mut Unstructured| -> Result<usize> { bytes.int_in_range(0..=7) };
    match bytes.int_in_range(0..=9)? {
        0 | 1 => {
            let (to, from) = (local(bytes)?, local(bytes)?);
            let operation = *bytes.choose(&["mul", "add", "rotl", "div_u", "xor"])?;
            let number: u8 = bytes.arbitrary()?;
            let _ = write!(
                text,
                "(local.set $l{to} (i64.{operation} (local.get $l{from}) (i64.const {})))",
                u16::from(number) + 1
            );
        }
        2 => {
            let number: u8 = bytes.arbitrary()?;
            let _ = write!(
                text,
                "(local.set $v (i64x2.mul (local.get $v) (v128.const i64x2 {number} {number})))
                 (local.set $d (f64.div (local.get $d) (f64.const {number}.5)))"
            );
        }
        3 | 4 => {
            let callee = bytes.int_in_range(0..=signatures.len() - 1)?;
            let signature = &signatures[callee];
            text.push_str(&values(&signature.params));
            let _ = if bytes.arbitrary()? {
                write!(text, "(call $f{callee})")
            } else {
                write!(text, "(call_indirect (type $t{callee}) (i32.const {callee}))")
            };
            text.push_str(&"drop ".repeat(signature.results.len()));
        }
        5 if deep > 0 => {
            let Signature { params, results } = Signature::new(bytes)?;
            let _ = write!(
                text,
                "{} (loop (param {}) (result {}) ",
                values(&params),
                names(&params),
                names(&results)
            );
            text.push_str(&"drop ".repeat(params.len()));
            statement(bytes, signatures, deep - 1, text)?;
            let _ = write!(
                text,
                "{} (br_if 0 (i32.load (i32.const 8))) {} {}) {}",
                values(&params),
                "drop ".repeat(params.len()),
                values(&results),
                "drop ".repeat(results.len())
            );
        }
        6 | 7 if deep > 0 => {
            let Signature { results, .. } = Signature::new(bytes)?;
            let _ = write!(text, "(block (result {}) ", names(&results));
            statement(bytes, signatures, deep - 1, text)?;
            text.push_str(&values(&results));
            text.push_str(if bytes.arbitrary()? {
                "(br_if 0 (i32.load (i32.const 8)))"
            } else {
                "(br_table 0 0 0 (i32.load (i32.const 8)))"
            });
            let _ = write!(text, ") {}", "drop ".repeat(results.len()));
        }
        8 if deep > 0 => {
            text.push_str("(if (i32.load (i32.const 8)) (then ");
            statement(bytes, signatures, deep - 1, text)?;
            text.push_str(if bytes.ratio(1, 3)? { "unreachable) (else " } else { ") (else " });
            statement(bytes, signatures, deep - 1, text)?;
            text.push_str("))");
        }
        _ => {
            let (to, from) = (local(bytes)?, local(bytes)?);
            let _ = write!(
                text,
                "(global.set $g (i64.xor (global.get $g) (local.get $l{from}))) (local.set $l{to} (global.get $g))"
            );
        }
    }
    Ok(())
}

/// A module made of bytes.
fn module(bytes: &[u8]) -> Result<String> {
    let mut bytes = Unstructured::new(bytes);
    let mut signatures = Vec::new();
    for _ in 0..FUNCTIONS {
        signatures.push(Signature::new(&mut bytes)?);
    }
    let mut text = String::from(
        "(module (memory (export \"memory\") 1) (data (i32.const 8) \"\\01\\02\\03\\04\\05\\06\\07\\08\\09\")
            (global $g (mut i64) (i64.const 7)) (table funcref (elem $f0 $f1 $f2 $f3))",
    );
    for (number, Signature { params, results }) in signatures.iter().enumerate() {
        let _ =
            write!(text, "(type $t{number} (func (param {}) (result {})))", names(params), names(results));
    }
    for (number, Signature { results, .. }) in signatures.iter().enumerate() {
        let _ = write!(text, "(func $f{number} (export \"f{number}\") (type $t{number})");
        for local in 0..8 {
            let _ = write!(text, "(local $l{local} i64)");
        }
        text.push_str("(local $v v128) (local $d f64) ");
        if !bytes.ratio(1, 4)? {
            text.push_str("(local.set $l0 (i64.load (i32.const 16)))");
        }
        for _ in 0..bytes.int_in_range(1..=6)? {
            let at = text.len();
            statement(&mut bytes, &signatures, 3, &mut text)?;
            // The same again, so that there is something to share.
            if bytes.ratio(1, 3)? {
                text.extend_from_within(at..);
            }
        }
        let _ = write!(text, "{})", values(results));
    }
    text.push(')');
    Ok(text)
}

/// With no more native stack than is counted, and what a frame may take that calls nothing.
fn engine() -> Engine {
    let mut config = Config::new();
    config.async_stack_size(16 << 20); // unused, and checked against the next line all the same
    config.max_wasm_stack((DEPTH + (1 << 20)).try_into().unwrap());
    Engine::new(&config).unwrap()
}

/// Hardens and runs what the bytes become. Gives how it ended, if they become a module.
fn run(engine: &Engine, bytes: &[u8]) -> Option<Ending> {
    let wasm = wat::parse_str(module(bytes).ok()?).unwrap();
    // What is valid can be hardened; only an engine may find it too large.
    let hardened = harden_module(&wasm).unwrap();
    Module::new(engine, hardened).ok()?;
    let limits = [INSTRUCTIONS, DEPTH, u64::MAX, u64::MAX];
    let mut run = Hardened::with(engine, &wasm, Host { limits, exhausted: None }).unwrap();
    let function = run.instance.get_func(&mut run.store, "f0").unwrap();
    let arguments: Vec<Val> = function.ty(&run.store).params().map(|ty| zero(&ty)).collect();
    let ending = run.call("f0", &arguments);
    assert_ne!(ending, Ending::Trap("StackOverflow".to_owned()));
    Some(ending)
}

fn zero(ty: &ValType) -> Val {
    match ty {
        ValType::I32 => Val::I32(0),
        ValType::I64 => Val::I64(0),
        ValType::F32 => Val::F32(0),
        ValType::F64 => Val::F64(0),
        _ => Val::V128(0.into()),
    }
}

/// What the fuzzer does with its bytes.
#[allow(dead_code, reason = "for the fuzzer's program")]
pub fn fuzz(bytes: &[u8]) {
    static ENGINE: std::sync::LazyLock<Engine> = std::sync::LazyLock::new(engine);
    on_deep_stack(|| drop(run(&ENGINE, bytes)));
}

#[test]
fn modules_of_wide_functions_end_within_their_limits() {
    let engine = engine();
    let (mut modules, mut deep) = (0, 0);
    on_deep_stack(|| {
        for seed in 0..150_u64 {
            let mut number = seed;
            let bytes: Vec<u8> = (0..64)
                .flat_map(|_| {
                    number = number
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    (number ^ (number >> 29)).to_le_bytes()
                })
                .collect();
            match run(&engine, &bytes) {
                Some(Ending::Exhausted(Resource::Depth)) => (modules, deep) = (modules + 1, deep + 1),
                Some(_) => modules += 1,
                None => {}
            }
        }
    });
    println!("{modules} modules, {deep} of them too deep");
    assert!(modules > 100 && deep > 20, "{modules} {deep}");
}

#[test]
fn what_the_fuzzer_kept_ends_within_its_limits() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus/wide");
    let inputs: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|input| input.unwrap().path()).collect();
    assert!(!inputs.is_empty());
    for input in inputs {
        fuzz(&std::fs::read(input).unwrap());
    }
}
