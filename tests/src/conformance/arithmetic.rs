//! Components of whole families of instructions, each applied to every operand, or pair of operands, that is an edge
//! of its type; what came of it is handed over as bytes, in the carry. And one of traps, each a case of its own.

use std::fmt::Write;

use crate::hostile;

/// A family of instructions that take and give the same types.
struct Family {
    name: &'static str,
    operands: &'static [Type],
    result: Type,
    /// Parted by spaces; an underscore in place of a space before an immediate.
    instructions: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Type {
    I32,
    I64,
    F32,
    F64,
    V128,
}
use Type::{F32, F64, I32, I64, V128};

impl Type {
    fn name(self) -> &'static str {
        match self {
            I32 => "i32",
            I64 => "i64",
            F32 => "f32",
            F64 => "f64",
            V128 => "v128",
        }
    }

    fn bytes(self) -> usize {
        match self {
            I32 | F32 => 4,
            I64 | F64 => 8,
            V128 => 16,
        }
    }

    /// The edges of the type, little-endian.
    fn edges(self) -> Vec<Vec<u8>> {
        match self {
            I32 => INTEGERS_32.iter().map(|bits| bits.to_le_bytes().to_vec()).collect(),
            I64 => INTEGERS_64.iter().map(|bits| bits.to_le_bytes().to_vec()).collect(),
            F32 => FLOATS_32.iter().map(|bits| bits.to_le_bytes().to_vec()).collect(),
            F64 => FLOATS_64.iter().map(|bits| bits.to_le_bytes().to_vec()).collect(),
            V128 => vectors(),
        }
    }
}

const FAMILIES: [Family; 40] = [
    family("f32-unary", &[F32], F32, "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt"),
    family("f64-unary", &[F64], F64, "f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt"),
    family("f32-binary", &[F32, F32], F32, "f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign"),
    family("f64-binary", &[F64, F64], F64, "f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign"),
    family("f32-comparisons", &[F32, F32], I32, "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge"),
    family("f64-comparisons", &[F64, F64], I32, "f64.eq f64.ne f64.lt f64.gt f64.le f64.ge"),
    family("f32-from-f64", &[F64], F32, "f32.demote_f64"),
    family("f64-from-f32", &[F32], F64, "f64.promote_f32"),
    family("f32-from-i32", &[I32], F32, "f32.convert_i32_s f32.convert_i32_u f32.reinterpret_i32"),
    family("f32-from-i64", &[I64], F32, "f32.convert_i64_s f32.convert_i64_u"),
    family("f64-from-i32", &[I32], F64, "f64.convert_i32_s f64.convert_i32_u"),
    family("f64-from-i64", &[I64], F64, "f64.convert_i64_s f64.convert_i64_u f64.reinterpret_i64"),
    family("i32-from-f32", &[F32], I32, "i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.reinterpret_f32"),
    family("i32-from-f64", &[F64], I32, "i32.trunc_sat_f64_s i32.trunc_sat_f64_u"),
    family("i64-from-f32", &[F32], I64, "i64.trunc_sat_f32_s i64.trunc_sat_f32_u"),
    family("i64-from-f64", &[F64], I64, "i64.trunc_sat_f64_s i64.trunc_sat_f64_u i64.reinterpret_f64"),
    family("i32-unary", &[I32], I32, "i32.clz i32.ctz i32.popcnt i32.eqz i32.extend8_s i32.extend16_s"),
    family(
        "i64-unary",
        &[I64],
        I64,
        "i64.clz i64.ctz i64.popcnt i64.extend8_s i64.extend16_s i64.extend32_s",
    ),
    family(
        "i32-binary",
        &[I32, I32],
        I32,
        "i32.add i32.sub i32.mul i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr \
         i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u",
    ),
    family(
        "i64-binary",
        &[I64, I64],
        I64,
        "i64.add i64.sub i64.mul i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr",
    ),
    family(
        "i64-comparisons",
        &[I64, I64],
        I32,
        "i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u",
    ),
    family("wrap", &[I64], I32, "i32.wrap_i64 i64.eqz"),
    family("extend", &[I32], I64, "i64.extend_i32_s i64.extend_i32_u"),
    family(
        "f32x4-unary",
        &[V128],
        V128,
        "f32x4.abs f32x4.neg f32x4.sqrt f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest",
    ),
    family(
        "f64x2-unary",
        &[V128],
        V128,
        "f64x2.abs f64x2.neg f64x2.sqrt f64x2.ceil f64x2.floor f64x2.trunc f64x2.nearest",
    ),
    family(
        "f32x4-binary",
        &[V128, V128],
        V128,
        "f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax",
    ),
    family(
        "f64x2-binary",
        &[V128, V128],
        V128,
        "f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax",
    ),
    family("f32x4-comparisons", &[V128, V128], V128, "f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge"),
    family("f64x2-comparisons", &[V128, V128], V128, "f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge"),
    family(
        "vector-conversions",
        &[V128],
        V128,
        "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4 f32x4.convert_i32x4_s f32x4.convert_i32x4_u \
         f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u \
         i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero",
    ),
    family(
        "vector-lanes-f32",
        &[V128],
        F32,
        "f32x4.extract_lane_0 f32x4.extract_lane_1 f32x4.extract_lane_2 f32x4.extract_lane_3",
    ),
    family("vector-lanes-f64", &[V128], F64, "f64x2.extract_lane_0 f64x2.extract_lane_1"),
    family("vector-splats-f32", &[F32], V128, "f32x4.splat"),
    family("vector-splats-f64", &[F64], V128, "f64x2.splat"),
    family("vector-replacing-f32", &[V128, F32], V128, "f32x4.replace_lane_0 f32x4.replace_lane_3"),
    family("vector-replacing-f64", &[V128, F64], V128, "f64x2.replace_lane_0 f64x2.replace_lane_1"),
    family(
        "vector-shifts",
        &[V128, I32],
        V128,
        "i8x16.shl i8x16.shr_s i8x16.shr_u i16x8.shl i16x8.shr_s i16x8.shr_u i32x4.shl i32x4.shr_s i32x4.shr_u \
         i64x2.shl i64x2.shr_s i64x2.shr_u",
    ),
    family(
        "vector-integers-unary",
        &[V128],
        V128,
        "v128.not i8x16.abs i8x16.neg i8x16.popcnt i16x8.abs i16x8.neg i32x4.abs i32x4.neg i64x2.abs i64x2.neg \
         i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u i32x4.extadd_pairwise_i16x8_s \
         i32x4.extadd_pairwise_i16x8_u i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_u \
         i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_s i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_u",
    ),
    family(
        "vector-integers-binary",
        &[V128, V128],
        V128,
        "v128.and v128.andnot v128.or v128.xor i8x16.swizzle i8x16.add i8x16.sub i8x16.add_sat_s i8x16.add_sat_u \
         i8x16.sub_sat_s i8x16.sub_sat_u i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u i8x16.avgr_u i16x8.mul \
         i16x8.q15mulr_sat_s i16x8.avgr_u i16x8.add_sat_s i16x8.sub_sat_u i16x8.min_s i16x8.max_u i32x4.mul \
         i32x4.dot_i16x8_s i32x4.min_u i32x4.max_s i64x2.add i64x2.sub i64x2.mul i8x16.narrow_i16x8_s \
         i8x16.narrow_i16x8_u i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u i16x8.extmul_low_i8x16_s \
         i32x4.extmul_high_i16x8_u i64x2.extmul_low_i32x4_s i8x16.eq i16x8.lt_s i32x4.gt_u i64x2.ge_s",
    ),
    family(
        "vector-tests",
        &[V128],
        I32,
        "v128.any_true i8x16.all_true i16x8.all_true i32x4.all_true i64x2.all_true i8x16.bitmask i16x8.bitmask \
         i32x4.bitmask i64x2.bitmask i8x16.extract_lane_s_15 i8x16.extract_lane_u_15 i16x8.extract_lane_s_7",
    ),
];

const fn family(
    name: &'static str,
    operands: &'static [Type],
    result: Type,
    instructions: &'static str,
) -> Family {
    Family { name, operands, result, instructions }
}

/// Around every width that something is shifted by, and every sign.
const INTEGERS_32: [u32; 18] = [
    0,
    1,
    2,
    7,
    8,
    15,
    16,
    31,
    32,
    33,
    63,
    64,
    0x80,
    0x8000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ff80,
    0xffff_ffff,
];
const INTEGERS_64: [u64; 18] = [
    0,
    1,
    31,
    32,
    63,
    64,
    65,
    0x80,
    0x8000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x0020_0000_0000_0001, // 2^53 + 1: between two doubles
    0x7fff_ffff_ffff_fc00,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_8000_0000,
    0xffff_ffff_ffff_ffff,
];

/// Zeros, denormals, the least and the largest, halves and their neighbours, ends of integers' ranges, infinities, and
/// NaNs of both signs: canonical, with a payload, signalling.
const FLOATS_32: [u32; 32] = [
    0x0000_0000,
    0x8000_0000,
    0x0000_0001,
    0x8000_0001,
    0x0000_0003,
    0x007f_ffff,
    0x807f_ffff,
    0x0080_0000,
    0x0100_0001,
    0x3eff_ffff,
    0x3f00_0000,
    0xbf00_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x3fc0_0000,
    0x4020_0000,
    0xc020_0000,
    0x4b00_0001,
    0x4eff_ffff,
    0x4f00_0000,
    0xcf00_0001,
    0x4f80_0000,
    0x5f00_0000,
    0x7f7f_ffff,
    0xff7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc0_0000,
    0x7fc1_2345,
    0x7fa0_0001,
    0xff80_0001,
];
const FLOATS_64: [u64; 34] = [
    0x0000_0000_0000_0000,
    0x8000_0000_0000_0000,
    0x0000_0000_0000_0001,
    0x8000_0000_0000_0001,
    0x0000_0000_0000_0003,
    0x000f_ffff_ffff_ffff,
    0x800f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x0020_0000_0000_0001,
    0x3690_0000_0000_0000, // 2^-150: half of the least f32, which rounds to 0
    0x3690_0000_0000_0001, // the next above, which rounds up
    0x380f_ffff_ffff_ffff, // a denormal f32 or the least normal one, by rounding
    0x3fdf_ffff_ffff_ffff,
    0x3fe0_0000_0000_0000,
    0xbfe0_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0x4004_0000_0000_0000,
    0x4330_0000_0000_0001,
    0x41df_ffff_ffc0_0000,
    0x41ef_ffff_ffe0_0000,
    0xc1e0_0000_0020_0000,
    0x43e0_0000_0000_0000,
    0x47ef_ffff_f000_0000, // rounds to an infinite f32
    0x7fef_ffff_ffff_ffff,
    0xffef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_0000_0000,
    0x7ff8_1234_5678_9abc,
    0x7ff4_0000_0000_0001,
    0xfff0_0000_0000_0001,
];

/// Vectors of the floats' edges, four or two at a time, so that each stands in a lane; and one that counts.
fn vectors() -> Vec<Vec<u8>> {
    let narrow: Vec<u8> = FLOATS_32.iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let wide: Vec<u8> = FLOATS_64.iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let counting: Vec<u8> = (0..16).map(|lane| lane * 17).collect();
    narrow.chunks(16).chain(wide.chunks(16)).chain([counting.as_slice()]).map(<[u8]>::to_vec).collect()
}

/// Where operands lie, and where results go. Below is what the prelude uses.
const OPERANDS: usize = 0x1_0000;
const RESULTS: usize = 0x2_0000;
/// The carry's limit, in pages, behind the results' start.
const PAGES: usize = 18;

/// Every family's component, by name.
pub(super) fn families() -> Vec<(String, Vec<u8>)> {
    FAMILIES.iter().map(|family| (family.name.to_owned(), component(family))).collect()
}

fn component(family: &Family) -> Vec<u8> {
    let mut parts = carrying(PAGES);
    let mut at = OPERANDS;
    let mut tables = Vec::new();
    for operand in family.operands {
        let edges = operand.edges();
        let data: String = edges.iter().flatten().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "\\{byte:02x}");
            text
        });
        let _ = writeln!(parts, "(data (i32.const {at}) \"{data}\")");
        tables.push((at, at + edges.len() * operand.bytes(), *operand));
        at += 0x1000;
    }

    let parameters: String =
        family.operands.iter().map(|operand| format!(" (param {})", operand.name())).collect();
    let arguments: String = (0..family.operands.len()).map(|index| format!(" (local.get {index})")).collect();
    let (result, bytes) = (family.result, family.result.bytes());
    let _ = writeln!(parts, "(func $apply{parameters}");
    let mut applied = 0;
    for instruction in family.instructions.split_whitespace() {
        let instruction = with_immediate(instruction);
        let offset = applied * bytes;
        let store = result.name();
        let _ = writeln!(
            parts,
            "  ({store}.store offset={offset} (global.get $place) ({instruction}{arguments}))"
        );
        applied += 1;
    }
    let _ = writeln!(
        parts,
        "  (global.set $place (i32.add (global.get $place) (i32.const {}))))",
        applied * bytes
    );

    // A loop for each operand, one inside the other.
    let mut locals = String::new();
    let (mut open, mut close, mut loads) = (String::new(), String::new(), String::new());
    for (index, (start, end, operand)) in tables.iter().enumerate() {
        let (name, size) = (operand.name(), operand.bytes());
        let _ = write!(locals, " (local $at{index} i32)");
        let _ = writeln!(open, "(local.set $at{index} (i32.const {start})) (loop $each{index}");
        let _ = write!(loads, " ({name}.load (local.get $at{index}))");
        let step = format!(
            "(local.set $at{index} (i32.add (local.get $at{index}) (i32.const {size}))) \
             (br_if $each{index} (i32.lt_u (local.get $at{index}) (i32.const {end}))))\n"
        );
        close.insert_str(0, &step);
    }
    let _ = writeln!(parts, "(func $all{locals} {open} (call $apply{loads})\n{close})");
    let _ = writeln!(
        parts,
        "(func (export \"apportion:policy/rule@0.1.0#allocate\") (param i32 i32) (result i32) (call $all) \
         (call $carried))"
    );
    hostile::policy(&parts, &["memory", "describe"])
}

/// `f32x4.extract_lane_3` -> `f32x4.extract_lane 3`.
fn with_immediate(instruction: &str) -> String {
    match instruction.rsplit_once('_') {
        Some((name, lane)) if lane.bytes().all(|byte| byte.is_ascii_digit()) => format!("{name} {lane}"),
        _ => instruction.to_owned(),
    }
}

/// What a policy has that hands over what it wrote from `RESULTS` up to `$place`.
fn carrying(pages: usize) -> String {
    format!(
        r#"(memory (export "memory") {pages})
(global $place (mut i32) (i32.const {RESULTS}))
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 24) (i32.const 700)) (i32.store (i32.const 28) (i32.const 17))
  (i32.store8 (i32.const 32) (i32.const 1))
  (i32.const 0))
(data (i32.const 700) "{{\"type\":\"object\"}}")
(func $carried (result i32)
  (drop (call $weights (call $payee_count)))
  (i32.store (i32.const 1064) (i32.const {RESULTS}))
  (i32.store (i32.const 1068) (i32.sub (global.get $place) (i32.const {RESULTS})))
  (i32.const 1024))
"#
    )
}

/// A component that does one thing of many: what its parameters' `case` counts to. Each is text that gives an i64.
fn one_of(bodies: &[String]) -> Vec<u8> {
    let mut parts = carrying(3);
    let _ = writeln!(parts, "(func $one (param $case i32) (result i64)");
    for (case, body) in bodies.iter().enumerate() {
        let _ =
            writeln!(parts, "  (if (i32.eq (local.get $case) (i32.const {case})) (then (return {body})))");
    }
    parts.push_str("  (unreachable))\n");
    // The parameters are `{"case":12}`: digits from the ninth byte up to the last.
    parts.push_str(
        r#"(func (export "apportion:policy/rule@0.1.0#allocate") (param $at i32) (param $length i32) (result i32)
  (local $end i32) (local $case i32)
  (local.set $end (i32.add (local.get $at) (i32.sub (local.get $length) (i32.const 1))))
  (local.set $at (i32.add (local.get $at) (i32.const 8)))
  (loop $digit
    (local.set $case (i32.add (i32.mul (local.get $case) (i32.const 10))
      (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br_if $digit (i32.lt_u (local.get $at) (local.get $end))))
  (i64.store (global.get $place) (call $one (local.get $case)))
  (global.set $place (i32.add (global.get $place) (i32.const 8)))
  (call $carried))
"#,
    );
    hostile::policy(&parts, &["memory", "describe"])
}

/// Divisions that trap or nearly do. The second number is how many there are.
pub(super) fn divisions() -> (Vec<u8>, usize) {
    let mut bodies = Vec::new();
    for (of, least) in [("i32", "0x80000000"), ("i64", "0x8000000000000000")] {
        let wide = if of == "i32" { "i64.extend_i32_s " } else { "i64.or (i64.const 0) " };
        for name in ["div_s", "div_u", "rem_s", "rem_u"] {
            for (dividend, divisor) in [(least, "-1"), ("1", "0"), ("-7", "2"), (least, "1"), ("0", "0")] {
                bodies.push(format!("({wide}({of}.{name} ({of}.const {dividend}) ({of}.const {divisor})))"));
            }
        }
    }
    (one_of(&bodies), bodies.len())
}

/// Conversions of floats to integers at the first value that does not fit and the last that does, at both ends.
pub(super) fn conversions() -> (Vec<u8>, usize) {
    let mut bodies = Vec::new();
    for (conversion, ends) in [
        ("i32.trunc_f32_s", ["2147483520", "2147483648", "-2147483648", "-2147483904"]),
        ("i32.trunc_f32_u", ["4294967040", "4294967296", "-0x1.fffffep-1", "-1"]),
        ("i32.trunc_f64_s", ["0x1.fffffffffffffp+30", "2147483648", "-0x1.00000001fffffp+31", "-2147483649"]),
        ("i32.trunc_f64_u", ["0x1.fffffffffffffp+31", "4294967296", "-0x1.fffffffffffffp-1", "-1"]),
        (
            "i64.trunc_f32_s",
            ["9223371487098961920", "9223372036854775808", "-9223372036854775808", "-9223373136366403584"],
        ),
        ("i64.trunc_f32_u", ["18446742974197923840", "18446744073709551616", "-0x1.fffffep-1", "-1"]),
        (
            "i64.trunc_f64_s",
            ["9223372036854774784", "9223372036854775808", "-9223372036854775808", "-9223372036854777856"],
        ),
        ("i64.trunc_f64_u", ["18446744073709549568", "18446744073709551616", "-0x1.fffffffffffffp-1", "-1"]),
    ] {
        let from = if conversion.contains("f32") { "f32" } else { "f64" };
        let wide = if conversion.starts_with("i32") { "i64.extend_i32_s " } else { "i64.or (i64.const 0) " };
        for value in ends.into_iter().chain(["nan", "-inf", "inf", "-0"]) {
            bodies.push(format!("({wide}({conversion} ({from}.const {value})))"));
        }
    }
    (one_of(&bodies), bodies.len())
}
