//! Where a NaN must be made canonical: section "NaN" of METERING.md.
//!
//! The rewritten program behaves as if every arithmetic instruction gave the one canonical NaN. To that end a value
//! is followed from where it is made to where its bits can be seen, and made canonical only on ways that lead there.

use wasm_encoder::{Ieee32, Ieee64, InstructionSink};
use wasmparser::Operator;

use crate::body::{Body, Float, Op};

/// What is known of a float's bits, and of which local's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bits {
    /// No NaN, or the canonical one: right either way.
    Plain,
    /// Made by arithmetic: if it is a NaN, its payload and sign are the processor's.
    Computed,
    /// The bits are the program's own and must stay.
    Own,
}

/// An operand: what is known of it, and which instruction made it.
#[derive(Clone, Copy)]
struct Operand {
    bits: Bits,
    maker: usize,
}

const OWN: Operand = Operand { bits: Bits::Own, maker: usize::MAX };

/// How often the locals are gone through before those not settled are taken as the program's own.
const ROUNDS: usize = 4;

/// For each instruction, whether what it leaves on top of the stack is made canonical there and then.
pub(crate) fn places(body: &Body) -> Vec<Option<Float>> {
    if !body.ops.iter().any(|op| op.float.is_some()) {
        return vec![None; body.ops.len()];
    }
    let mut locals = vec![Bits::Plain; (body.params + body.declared_count) as usize];
    locals.iter_mut().take(body.params as usize).for_each(|bits| *bits = Bits::Own);
    for _ in 0..ROUNDS {
        let before = locals.clone();
        let places = Pass { locals: &mut locals, places: vec![None; body.ops.len()] }.run(body);
        if locals == before {
            return places;
        }
    }
    locals.fill(Bits::Own);
    Pass { locals: &mut locals, places: vec![None; body.ops.len()] }.run(body)
}

/// One walk over a body. A local's class only ever rises.
struct Pass<'l> {
    locals: &'l mut [Bits],
    places: Vec<Option<Float>>,
}

impl Pass<'_> {
    fn run(mut self, body: &Body) -> Vec<Option<Float>> {
        let mut stack: Vec<Operand> = Vec::new();
        for (index, op) in body.ops.iter().enumerate() {
            // After a branch that is always taken the stack is what the next `end` says it is.
            stack.resize(op.height, OWN);
            let taken = stack.split_off(op.height.saturating_sub(op.pops));
            let given = self.step(body, op, &taken);
            stack.resize(stack.len() + op.pushes, OWN);
            if let (1.., Some(top)) = (op.pushes, stack.last_mut()) {
                *top = Operand { bits: given, maker: index };
            }
        }
        self.places
    }

    /// What the instruction makes of its operands.
    fn step(&mut self, body: &Body, op: &Op, taken: &[Operand]) -> Bits {
        use Operator as O;
        match &op.op {
            O::LocalGet { local_index } => self.local(*local_index),
            O::LocalSet { local_index } | O::LocalTee { local_index } => {
                if let Some(value) = taken.first() {
                    self.set(body, *local_index, *value);
                }
                // A copy left on the stack is what the local holds, made canonical or not.
                match taken.first() {
                    Some(value) if value.bits < self.local(*local_index) => self.local(*local_index),
                    Some(value) => value.bits,
                    None => Bits::Own,
                }
            }
            O::Select | O::TypedSelect { .. } => match taken {
                [a, b, _] if a.bits.max(b.bits) == Bits::Own => {
                    self.see(body, *a);
                    self.see(body, *b);
                    Bits::Own
                }
                [a, b, _] => a.bits.max(b.bits),
                _ => Bits::Own,
            },
            O::F32Abs | O::F64Abs => taken.first().map_or(Bits::Own, |value| value.bits),
            O::F32Const { value } => {
                plain(value.bits() & 0x7fff_ffff <= 0x7f80_0000 || value.bits() == CANON_32)
            }
            O::F64Const { value } => {
                plain(value.bits() & (u64::MAX >> 1) <= 0x7ff0_0000_0000_0000 || value.bits() == CANON_64)
            }
            other if makes_plain(other) => Bits::Plain,
            other if is_arithmetic(other) => Bits::Computed,
            other if sees_no_bits(other) => Bits::Own,
            _ => {
                for value in taken {
                    self.see(body, *value);
                }
                Bits::Own
            }
        }
    }

    fn local(&self, index: u32) -> Bits {
        self.locals.get(index as usize).copied().unwrap_or(Bits::Own)
    }

    fn set(&mut self, body: &Body, index: u32, value: Operand) {
        if let Some(class) = self.locals.get_mut(index as usize) {
            *class = (*class).max(value.bits);
        }
        if self.local(index) == Bits::Own {
            self.see(body, value);
        }
    }

    /// The value's bits can be seen from here on.
    fn see(&mut self, body: &Body, value: Operand) {
        if value.bits == Bits::Computed
            && let (Some(place), Some(op)) = (self.places.get_mut(value.maker), body.ops.get(value.maker))
        {
            *place = op.float;
        }
    }
}

const CANON_32: u32 = 0x7fc0_0000;
const CANON_64: u64 = 0x7ff8_0000_0000_0000;

fn plain(is_plain: bool) -> Bits {
    if is_plain { Bits::Plain } else { Bits::Own }
}

fn makes_plain(op: &Operator) -> bool {
    use Operator as O;
    matches!(
        op,
        O::F32ConvertI32S
            | O::F32ConvertI32U
            | O::F32ConvertI64S
            | O::F32ConvertI64U
            | O::F64ConvertI32S
            | O::F64ConvertI32U
            | O::F64ConvertI64S
            | O::F64ConvertI64U
    )
}

/// Instructions whose NaN the specification leaves open.
fn is_arithmetic(op: &Operator) -> bool {
    use Operator as O;
    matches!(
        op,
        O::F32Add
            | O::F32Sub
            | O::F32Mul
            | O::F32Div
            | O::F32Sqrt
            | O::F32Min
            | O::F32Max
            | O::F32Ceil
            | O::F32Floor
            | O::F32Trunc
            | O::F32Nearest
            | O::F32DemoteF64
            | O::F64Add
            | O::F64Sub
            | O::F64Mul
            | O::F64Div
            | O::F64Sqrt
            | O::F64Min
            | O::F64Max
            | O::F64Ceil
            | O::F64Floor
            | O::F64Trunc
            | O::F64Nearest
            | O::F64PromoteF32
    )
}

/// Instructions that take floats and give the same whatever the bits of a NaN. All others are taken to see them.
fn sees_no_bits(op: &Operator) -> bool {
    use Operator as O;
    matches!(
        op,
        O::Drop
            | O::F32Eq
            | O::F32Ne
            | O::F32Lt
            | O::F32Gt
            | O::F32Le
            | O::F32Ge
            | O::F64Eq
            | O::F64Ne
            | O::F64Lt
            | O::F64Gt
            | O::F64Le
            | O::F64Ge
            | O::I32TruncF32S
            | O::I32TruncF32U
            | O::I32TruncF64S
            | O::I32TruncF64U
            | O::I64TruncF32S
            | O::I64TruncF32U
            | O::I64TruncF64S
            | O::I64TruncF64U
            | O::I32TruncSatF32S
            | O::I32TruncSatF32U
            | O::I32TruncSatF64S
            | O::I32TruncSatF64U
            | O::I64TruncSatF32S
            | O::I64TruncSatF32U
            | O::I64TruncSatF64S
            | O::I64TruncSatF64U
    )
}

/// The lanes of a vector instruction whose NaNs the specification leaves open: made canonical there and then.
pub(crate) fn vector_lanes(op: &Operator) -> Option<Float> {
    use Operator as O;
    match op {
        O::F32x4Add
        | O::F32x4Sub
        | O::F32x4Mul
        | O::F32x4Div
        | O::F32x4Sqrt
        | O::F32x4Min
        | O::F32x4Max
        | O::F32x4Ceil
        | O::F32x4Floor
        | O::F32x4Trunc
        | O::F32x4Nearest
        | O::F32x4DemoteF64x2Zero => Some(Float::F32),
        O::F64x2Add
        | O::F64x2Sub
        | O::F64x2Mul
        | O::F64x2Div
        | O::F64x2Sqrt
        | O::F64x2Min
        | O::F64x2Max
        | O::F64x2Ceil
        | O::F64x2Floor
        | O::F64x2Trunc
        | O::F64x2Nearest
        | O::F64x2PromoteLowF32x4 => Some(Float::F64),
        _ => None,
    }
}

/// Makes the float on top of the stack canonical if it is a NaN, by way of a local.
pub(crate) fn make_canonical(float: Float, local: u32, sink: &mut InstructionSink<'_>) {
    sink.local_tee(local);
    // Measured against `ge`, `ne` and a branch: of these, Cranelift compiles `select` on `eq` best.
    match float {
        Float::F32 => {
            sink.f32_const(Ieee32::new(CANON_32)).local_get(local).local_get(local).f32_eq().select();
        }
        Float::F64 => {
            sink.f64_const(Ieee64::new(CANON_64)).local_get(local).local_get(local).f64_eq().select();
        }
    }
}

/// The same for every lane of a vector.
pub(crate) fn make_lanes_canonical(float: Float, local: u32, sink: &mut InstructionSink<'_>) {
    let canonical = match float {
        Float::F32 => i128::from(CANON_32) * 0x0000_0001_0000_0001_0000_0001_0000_0001,
        Float::F64 => i128::from(CANON_64) * 0x0000_0000_0000_0001_0000_0000_0000_0001,
    };
    sink.local_tee(local).v128_const(canonical).local_get(local).local_get(local);
    match float {
        Float::F32 => sink.f32x4_eq().v128_bitselect(),
        Float::F64 => sink.f64x2_eq().v128_bitselect(),
    };
}
