//! How much time an instruction takes for what it costs: every instruction, at its width and in the shapes of code that
//! hand values over, and mixes of the most expensive, each against a plain loop that runs in turn with it.
//!
//! `cargo bench --package apportion-harden --bench prices [-- NAME...]`
//!
//! METERING.md, "What the costs are held to", has the table.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark ends at the first surprise")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "ratios of times"
)]

use apportion_harden::{HOST, MODULE, harden_module, meter_module};
use clock::seconds;
use wasmtime::{Config, Engine, Extern, Inlining, Instance, Linker, Module, OptLevel, Store, TypedFunc};

#[path = "clock/mod.rs"]
mod clock;

/// How long each measurement goes on at least, in seconds: the clock may tick every 4 ms.
const LONG: f64 = 0.1;
const ROUNDS: usize = 3;
/// How many mixes of expensive code are tried.
const MIXES: u64 = 60;

/// A loop as compilers write them: a load, a sum, a store.
const PLAIN: &str = "(i64.store (i32.const 0) (i64.add (i64.load (i32.const 8)) (i64.const 3)))";

/// Instructions of one operand, by the types of operand and result.
const UNARY: &[(&str, &str, &str)] = &[
    ("i32", "i32", "clz ctz popcnt eqz extend8_s extend16_s"),
    ("i64", "i64", "clz ctz popcnt extend8_s extend16_s extend32_s"),
    ("f32", "f32", "abs neg ceil floor trunc nearest sqrt"),
    ("f64", "f64", "abs neg ceil floor trunc nearest sqrt"),
    ("i64", "i32", "i64.eqz i32.wrap_i64"),
    (
        "f32",
        "i32",
        "i32.trunc_f32_s i32.trunc_f32_u i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.reinterpret_f32",
    ),
    ("f64", "i32", "i32.trunc_f64_s i32.trunc_f64_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u"),
    ("f32", "i64", "i64.trunc_f32_s i64.trunc_f32_u i64.trunc_sat_f32_s i64.trunc_sat_f32_u"),
    (
        "f64",
        "i64",
        "i64.trunc_f64_s i64.trunc_f64_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u i64.reinterpret_f64",
    ),
    ("i32", "i64", "i64.extend_i32_s i64.extend_i32_u"),
    ("i32", "f32", "f32.convert_i32_s f32.convert_i32_u f32.reinterpret_i32"),
    ("i64", "f32", "f32.convert_i64_s f32.convert_i64_u"),
    ("i32", "f64", "f64.convert_i32_s f64.convert_i32_u"),
    ("i64", "f64", "f64.convert_i64_s f64.convert_i64_u f64.reinterpret_i64"),
    ("f64", "f32", "f32.demote_f64"),
    ("f32", "f64", "f64.promote_f32"),
    ("i32", "v128", "i8x16.splat i16x8.splat i32x4.splat"),
    ("i64", "v128", "i64x2.splat"),
    ("f32", "v128", "f32x4.splat"),
    ("f64", "v128", "f64x2.splat"),
    (
        "v128",
        "i32",
        "v128.any_true i8x16.all_true i16x8.all_true i32x4.all_true i64x2.all_true i8x16.bitmask i16x8.bitmask \
         i32x4.bitmask i64x2.bitmask",
    ),
    (
        "v128",
        "v128",
        "v128.not i8x16.abs i8x16.neg i8x16.popcnt i16x8.abs i16x8.neg i32x4.abs i32x4.neg i64x2.abs i64x2.neg \
         f32x4.abs f32x4.neg f32x4.sqrt f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest f64x2.abs f64x2.neg \
         f64x2.sqrt f64x2.ceil f64x2.floor f64x2.trunc f64x2.nearest i32x4.trunc_sat_f32x4_s \
         i32x4.trunc_sat_f32x4_u i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f32x4.convert_i32x4_s \
         f32x4.convert_i32x4_u f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u f32x4.demote_f64x2_zero \
         f64x2.promote_low_f32x4 i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_u i32x4.extend_low_i16x8_s \
         i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_u i16x8.extadd_pairwise_i8x16_s \
         i16x8.extadd_pairwise_i8x16_u i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u",
    ),
];

/// Instructions of two operands of one type, by the types of operands and result.
const BINARY: &[(&str, &str, &str)] = &[
    (
        "i32",
        "i32",
        "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr eq ne lt_s lt_u gt_s le_u ge_s",
    ),
    ("i64", "i64", "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr"),
    ("i64", "i32", "i64.eq i64.lt_s i64.lt_u i64.ge_u"),
    ("f32", "f32", "add sub mul div min max copysign"),
    ("f64", "f64", "add sub mul div min max copysign"),
    ("f32", "i32", "f32.eq f32.lt f32.ge"),
    ("f64", "i32", "f64.eq f64.ne f64.lt f64.ge"),
    (
        "v128",
        "v128",
        "v128.and v128.andnot v128.or v128.xor i8x16.swizzle i8x16.eq i8x16.lt_u i8x16.ge_u i16x8.lt_u i32x4.lt_u \
         i64x2.eq i64x2.lt_s i64x2.ge_s i8x16.add i8x16.add_sat_s i8x16.sub_sat_u i8x16.min_s i8x16.max_u \
         i8x16.avgr_u i16x8.mul i16x8.q15mulr_sat_s i32x4.mul i32x4.min_u i64x2.add i64x2.mul i32x4.dot_i16x8_s \
         i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u \
         i16x8.extmul_low_i8x16_s i32x4.extmul_high_i16x8_u i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_u \
         f32x4.add f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.lt f64x2.add f64x2.mul f64x2.div \
         f64x2.min f64x2.max f64x2.pmax f64x2.ge",
    ),
];

/// Shifts of vectors, by a number.
const SHIFTS: &str =
    "i8x16.shl i8x16.shr_s i8x16.shr_u i16x8.shl i16x8.shr_s i32x4.shr_u i64x2.shl i64x2.shr_s i64x2.shr_u";

/// Everything else, by name and as text.
fn others() -> Vec<(String, String)> {
    let loads = [
        ("i32.load", "i"),
        ("i64.load", "j"),
        ("f32.load", "f"),
        ("f64.load", "d"),
        ("i32.load8_s", "i"),
        ("i64.load16_u", "j"),
        ("i64.load32_s", "j"),
        ("v128.load", "v"),
        ("v128.load8x8_s", "v"),
        ("v128.load32_splat", "v"),
        ("v128.load64_zero", "v"),
    ];
    let stores = [
        ("i32.store", "i"),
        ("i64.store", "j"),
        ("f32.store", "f"),
        ("f64.store", "d"),
        ("i32.store8", "i"),
        ("i64.store32", "j"),
        ("v128.store", "v"),
    ];
    let mut all: Vec<(String, String)> = loads
        .iter()
        .map(|(op, local)| (op.to_string(), format!("(local.set ${local} ({op} offset=16 (i32.and (local.get $i) (i32.const 4088))))")))
        .chain(stores.iter().map(|(op, local)| (op.to_string(), format!("({op} offset=16 (i32.const 64) (local.get ${local}))"))))
        .chain([
            ("i64.load far", "(local.set $j (i64.load offset=0x6000000 (i32.const 8)))"),
            ("i64.load across lines", "(local.set $j (i64.load offset=4092 (i32.and (local.get $i) (i32.const 8))))"),
            ("v128.load8_lane", "(local.set $v (v128.load8_lane 3 (i32.const 64) (local.get $v)))"),
            ("v128.store16_lane", "(v128.store16_lane 3 (i32.const 64) (local.get $v))"),
            ("v128.bitselect", "(local.set $v (v128.bitselect (local.get $v) (local.get $w) (local.get $v)))"),
            ("i8x16.shuffle", "(local.set $v (i8x16.shuffle 0 31 1 30 2 29 3 28 4 27 5 26 6 25 7 24 (local.get $v) (local.get $w)))"),
            ("i8x16.extract_lane_s", "(local.set $i (i8x16.extract_lane_s 7 (local.get $v)))"),
            ("f32x4.extract_lane", "(local.set $f (f32x4.extract_lane 3 (local.get $v)))"),
            ("i8x16.replace_lane", "(local.set $v (i8x16.replace_lane 7 (local.get $v) (local.get $i)))"),
            ("f64x2.replace_lane", "(local.set $v (f64x2.replace_lane 1 (local.get $v) (local.get $d)))"),
            ("global.get, set", "(global.set $g (i64.add (global.get $g) (i64.const 1)))"),
            ("select", "(local.set $j (select (local.get $j) (i64.const 7) (i32.and (local.get $i) (i32.const 1))))"),
            ("br_if", "(local.set $i (i32.mul (local.get $i) (i32.const 0x915f77f5))) (block (br_if 0 (i32.lt_s (local.get $i) (i32.const 0))))"),
            ("br_if on chance", "(local.set $j (i64.mul (local.get $j) (i64.const 6364136223846793005))) (local.set $j (i64.add (local.get $j) (i64.const 1442695040888963407))) (block (br_if 0 (i64.lt_s (local.get $j) (i64.const 0))) (i32.store (i32.const 0) (i32.const 1)))"),
            ("br_table on chance", "(local.set $j (i64.add (i64.mul (local.get $j) (i64.const 6364136223846793005)) (i64.const 1442695040888963407))) (block (block (block (block (br_table 0 1 2 3 (i32.wrap_i64 (i64.shr_u (local.get $j) (i64.const 61))))) (i32.store (i32.const 0) (i32.const 1))) (i32.store (i32.const 4) (i32.const 1))) (i32.store (i32.const 8) (i32.const 1)))"),
            ("if", "(if (i32.and (local.get $i) (i32.const 1)) (then (local.set $i (i32.const 2))) (else (local.set $i (i32.const 3))))"),
            ("memory.size", "(local.set $i (memory.size))"),
            ("memory.grow by 0", "(drop (memory.grow (i32.const 0)))"),
            ("memory.grow past the maximum", "(drop (memory.grow (i32.const 65536)))"),
            ("memory.copy of 0", "(memory.copy (i32.const 64) (i32.const 128) (i32.const 0))"),
            ("memory.copy of 7", "(memory.copy (i32.const 64) (i32.const 128) (i32.const 7))"),
            ("memory.copy of 4096", "(memory.copy (i32.const 64) (i32.const 9000) (i32.const 4096))"),
            ("memory.fill of 0", "(memory.fill (i32.const 64) (i32.const 7) (i32.const 0))"),
            ("memory.fill of 7", "(memory.fill (i32.const 64) (i32.const 7) (i32.const 7))"),
            ("memory.init of 7", "(memory.init $data (i32.const 64) (i32.const 0) (i32.const 7))"),
            ("data.drop", "(data.drop $other)"),
            ("table.size", "(local.set $i (table.size $t))"),
            ("table.get", "(drop (table.get $t (i32.const 1)))"),
            ("table.set", "(table.set $t (i32.const 2) (ref.null func))"),
            ("table.set of a function", "(table.set $t (i32.const 2) (ref.func $nothing))"),
            ("table.grow by 0", "(drop (table.grow $t (ref.null func) (i32.const 0)))"),
            ("table.grow past the maximum", "(drop (table.grow $t (ref.null func) (i32.const 100000)))"),
            ("table.fill of 0", "(table.fill $t (i32.const 2) (ref.null func) (i32.const 0))"),
            ("table.fill of 8", "(table.fill $t (i32.const 2) (ref.null func) (i32.const 8))"),
            ("table.copy of 0", "(table.copy $t $t (i32.const 2) (i32.const 3) (i32.const 0))"),
            ("table.copy of 8", "(table.copy $t $t (i32.const 2) (i32.const 20) (i32.const 8))"),
            ("table.init of 0", "(table.init $t $elements (i32.const 2) (i32.const 0) (i32.const 0))"),
            ("table.init of 2", "(table.init $t $elements (i32.const 2) (i32.const 0) (i32.const 2))"),
            ("elem.drop", "(elem.drop $dropped)"),
            ("ref.func", "(drop (ref.func $nothing))"),
            ("ref.null, ref.is_null", "(local.set $i (ref.is_null (ref.null func)))"),
            ("call", "(call $nothing)"),
            ("call of what recurses", "(call $again (i32.const 1))"),
            ("call_indirect", "(call_indirect $t (i32.const 0))"),
            ("call of 7 declared locals", "(call $locals7)"),
            ("call of 1000 declared locals", "(call $locals1000)"),
            ("call of 7 results", "(call $results7) drop drop drop drop drop drop drop"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned())))
        .collect();
    let zeros = "(i64.const 0)".repeat(1000);
    let drops = "drop ".repeat(1000);
    let loads = "(i64.load (i32.const 8))".repeat(1000);
    let types = "i64 ".repeat(1000);
    all.push(("call of 1000 arguments".into(), format!("{zeros} (call $arguments1000)")));
    all.push(("call of 1000 results".into(), format!("(call $results1000) {drops}")));
    all.push(("call of 1000 results handed on".into(), format!("(call $on1000) {drops}")));
    all.push((
        "branch with 1000 values".into(),
        format!("(block (result {types}) {loads} (br_if 0 (i32.and (local.get $i) (i32.const 1)))) {drops}"),
    ));
    all.push(("loop of 1000 values".into(), format!("{loads} (loop (param {types}) (result {types}) (br_if 0 (local.tee $i (i32.eqz (local.get $i))))) {drops}")));
    all.push((
        "if of 1000 values".into(),
        format!("{loads} (if (param {types}) (result {types}) (local.get $i) (then) (else)) {drops}"),
    ));
    all
}

/// All pieces of code, by name and as text.
fn pieces() -> Vec<(String, String)> {
    let local = |ty: &str| match ty {
        "i32" => "$i",
        "i64" => "$j",
        "f32" => "$f",
        "f64" => "$d",
        _ => "$v",
    };
    let full = |ty: &str, op: &str| if op.contains('.') { op.to_owned() } else { format!("{ty}.{op}") };
    let mut pieces = Vec::new();
    for (from, to, ops) in UNARY {
        for op in ops.split_whitespace().map(|op| full(from, op)) {
            pieces
                .push((op.clone(), format!("(local.set {} ({op} (local.get {})))", local(to), local(from))));
        }
    }
    for (from, to, ops) in BINARY {
        let other = match *from {
            "i32" => "(i32.const 0x7fff_fff3)",
            "i64" => "(i64.const 0x7fff_ffff_ffff_fff1)",
            "f32" => "(f32.const 1.0000001)",
            "f64" => "(f64.const 1.000000000000001)",
            _ => "(local.get $w)",
        };
        for op in ops.split_whitespace().map(|op| full(from, op)) {
            let (from, to) = (local(from), local(to));
            pieces.push((op.clone(), format!("(local.set {to} ({op} (local.get {from}) {other}))")));
            if op.contains("div") || op.contains("rem") {
                // By what no compiler knows, and of large numbers each time.
                let large = if op.starts_with("i64") { "(global.get $large)" } else { "(local.get $i)" };
                if op.starts_with('i') {
                    let by = if op.starts_with("i64") { "(global.get $g)" } else { "(i32.const 3)" };
                    pieces.push((
                        format!("{op} by a variable"),
                        format!("(local.set {to} ({op} (i64.or (local.get {from}) {large}) {by}))")
                            .replace("i64.or (local.get $i)", "i32.or (local.get $i)"),
                    ));
                }
            }
        }
    }
    for op in SHIFTS.split_whitespace() {
        pieces.push((op.to_owned(), format!("(local.set $v ({op} (local.get $v) (local.get $i)))")));
    }
    for op in ["add", "mul", "div"] {
        pieces.push((
            format!("f64.{op} of the smallest"),
            format!(
                "(local.set $d (f64.{op} (f64.const 0x1p-1060) (f64.add (local.get $e) (f64.const 0x1p-1))))"
            ),
        ));
    }
    pieces.push((
        "f64.mul of the smallest, again".into(),
        "(local.set $s (f64.mul (local.get $s) (f64.const 0.9999999)))".into(),
    ));
    pieces.push((
        "f64.sqrt of the smallest".into(),
        "(local.set $d (f64.sqrt (f64.add (local.get $s) (f64.const 0x1p-1070))))".into(),
    ));
    pieces.push((
        "f32.demote_f64 to the smallest".into(),
        "(local.set $f (f32.demote_f64 (f64.mul (local.get $e) (f64.const 0x1p-140))))".into(),
    ));
    pieces.extend(others());
    pieces
}

/// A module that runs a piece of code over and over.
fn module(piece: &str, times: usize) -> Vec<u8> {
    let many = |count: usize, text: &str| text.repeat(count);
    wat::parse_str(format!(
        r#"(module
            (memory 1700 1800) (table $t 64 64 funcref) (elem $elements func $nothing $nothing)
            (elem (table $t) (i32.const 0) func $nothing $nothing) (elem $dropped func $nothing)
            (data $data "0123456789abcdef") (data $other "0123456789abcdef")
            (global $g (mut i64) (i64.const 7)) (global $large (mut i64) (i64.const 0x7000000000000001))
            (func $nothing)
            (func $again (param i32) (if (i32.eqz (local.get 0)) (then (call $again (i32.const 0)))))
            (func $locals7 (local {l7})) (func $locals1000 (local {l1000}))
            (func $results7 (result {l7}) {z7})
            (func $results1000 (result {l1000}) {loads})
            (func $on1000 (result {l1000}) (call $results1000))
            (func $arguments1000 (param {l1000}))
            (func (export "run")
                (local $i i32) (local $j i64) (local $f f32) (local $d f64) (local $e f64) (local $s f64)
                (local $v v128) (local $w v128)
                (local.set $i (i32.const 12345)) (local.set $j (i64.const 0x123456789abcdef))
                (local.set $f (f32.const 1.5)) (local.set $d (f64.const 1.5)) (local.set $e (f64.const 1.25))
                (local.set $s (f64.const 0x1p-1050))
                (local.set $v (v128.const f64x2 1.5 2.5)) (local.set $w (v128.const f64x2 1.000001 0.999999))
                (loop $forever {body} (br $forever))))"#,
        l7 = many(7, "i64 "),
        l1000 = many(1000, "i64 "),
        z7 = many(7, "(i64.load (i32.const 8))"),
        loads = many(1000, "(i64.load (i32.const 8))"),
        body = piece.repeat(times),
    ))
    .unwrap_or_else(|error| panic!("{piece}: {error}"))
}

/// A loop ready to run.
struct Loop {
    store: Store<()>,
    run: TypedFunc<(), ()>,
    refill: TypedFunc<u64, ()>,
    /// What it is run for, in the meter's count.
    count: u64,
}

impl Loop {
    fn new(engine: &Engine, piece: &str, times: usize) -> Self {
        let module = Module::new(engine, harden_module(&module(piece, times)).unwrap()).unwrap();
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let mut linker = Linker::new(engine);
        linker.func_wrap(HOST, "limit", |_: u32| u64::MAX).unwrap();
        linker
            .func_wrap(HOST, "exhausted", |_: u32| -> wasmtime::Result<()> {
                Err(wasmtime::Error::msg("stop"))
            })
            .unwrap();
        let meter = Module::new(engine, meter_module()).unwrap();
        let meter: Instance = linker.instantiate(&mut store, &meter).unwrap();
        let exports: Vec<(String, Extern)> = meter
            .exports(&mut store)
            .map(|export| (export.name().to_owned(), export.into_extern()))
            .collect();
        for (name, export) in exports {
            linker.define(&mut store, MODULE, &name, export).unwrap();
        }
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = instance.get_typed_func(&mut store, "run").unwrap();
        let refill = meter.get_typed_func(&mut store, "refill").unwrap();
        Self { store, run, refill, count: 1_000_000 }
    }

    /// Seconds for each that is counted.
    fn per_count(&mut self) -> f64 {
        loop {
            let taken = self.seconds();
            if taken >= LONG {
                return taken / self.count as f64;
            }
            let times = if taken > 0.02 { 1.3 * LONG / taken } else { 8.0 };
            self.count = (self.count as f64 * times) as u64;
        }
    }

    /// Seconds until it has used up its count.
    fn seconds(&mut self) -> f64 {
        self.refill.call(&mut self.store, self.count).unwrap();
        let started = seconds();
        let ended = self.run.call(&mut self.store, ()).unwrap_err();
        let taken = seconds() - started;
        assert!(ended.downcast_ref::<wasmtime::Trap>().is_none(), "{ended:?}");
        taken
    }
}

/// How many times as long as the plain loop a piece takes for the same count: the median of some rounds.
fn ratio(engine: &Engine, plain: &mut Loop, piece: &str) -> f64 {
    // Long enough that the loop itself is little, short enough for the processor's caches.
    let mut tried = Loop::new(engine, piece, (40_000 / piece.len()).clamp(1, 64));
    let mut ratios: Vec<f64> = (0..ROUNDS).map(|_| tried.per_count() / plain.per_count()).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    // As the library sets it.
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::Speed).compiler_inlining(Inlining::No).epoch_interruption(true);
    let engine = Engine::new(&config).unwrap();
    let mut plain = Loop::new(&engine, PLAIN, 1);
    let mut measured: Vec<(f64, String, String)> = pieces()
        .into_iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted)))
        .map(|(name, piece)| (ratio(&engine, &mut plain, &piece), name, piece))
        .collect();
    measured.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("the plain loop: {:.2} ns a count", plain.per_count() * 1e9);
    for (ratio, name, _) in &measured {
        println!("{ratio:>6.2} {name}");
    }
    if !wanted.is_empty() {
        return;
    }
    // Mixes of two to four of the most expensive, by a generator that gives the same in every run.
    let mut number = 1_u64;
    let mut next = |below: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((number >> 33) % below as u64).unwrap()
    };
    let mut worst = (0.0, String::new());
    for _ in 0..MIXES {
        let chosen: Vec<&(f64, String, String)> = (0..2 + next(3)).map(|_| &measured[next(24)]).collect();
        let piece: String = chosen.iter().map(|(.., piece)| piece.as_str()).collect();
        let ratio = ratio(&engine, &mut plain, &piece);
        if ratio > worst.0 {
            let names: Vec<&str> = chosen.iter().map(|(_, name, _)| name.as_str()).collect();
            worst = (ratio, names.join(" + "));
        }
    }
    println!("{:>6.2} the worst of {MIXES} mixes: {}", worst.0, worst.1);
}
