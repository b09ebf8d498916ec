//! What an instruction costs: section "Costs" of METERING.md.

use wasmparser::Operator;

use crate::body::Op;

/// The cost that is known before the program runs.
pub(crate) fn fixed(op: &Op) -> i64 {
    use Operator as O;
    match &op.op {
        O::Nop | O::Drop | O::Unreachable | O::Else => 0,
        O::Block { .. } | O::Loop { .. } | O::Return | O::End => handed(op.pops),
        O::If { .. } | O::Br { .. } | O::BrIf { .. } | O::BrTable { .. } => 1 + handed(op.pops),
        O::Call { .. } | O::CallIndirect { .. } => 1 + handed(op.pops + op.pushes),
        O::MemoryGrow { .. }
        | O::MemoryCopy { .. }
        | O::MemoryFill { .. }
        | O::MemoryInit { .. }
        | O::DataDrop { .. }
        | O::TableGrow { .. }
        | O::TableCopy { .. }
        | O::TableFill { .. }
        | O::TableInit { .. }
        | O::ElemDrop { .. }
        | O::RefFunc { .. } => ENGINE,
        O::I32DivS
        | O::I32DivU
        | O::I32RemS
        | O::I32RemU
        | O::I64DivS
        | O::I64DivU
        | O::I64RemS
        | O::I64RemU
        | O::F32Div
        | O::F64Div
        | O::F32Sqrt
        | O::F64Sqrt
        | O::F32x4Div
        | O::F64x2Div
        | O::F32x4Sqrt
        | O::F64x2Sqrt => SLOW,
        other if is_vector(other) => 2,
        _ => 1,
    }
}

/// What an instruction costs that an engine does by a call of its own, whatever its size.
const ENGINE: i64 = 128;

/// What divisions and roots cost, which processors do step by step.
const SLOW: i64 = 8;

macro_rules! is_vector {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $type:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
        /// Whether it is one of the instructions on vectors, which some processors do in several steps.
        fn is_vector(op: &Operator) -> bool {
            matches!(op, $(Operator::$op { .. })|*)
        }
    };
}
wasmparser::for_each_visit_simd_operator!(is_vector);

/// What entering a function costs besides its code: its declared locals must be set to zero.
pub(crate) fn entry(params: u32, declared: u32) -> i64 {
    1 + handed(params as usize + declared as usize)
}

/// What it costs to hand so many values over: few are in registers, many are copied.
fn handed(values: usize) -> i64 {
    i64::try_from(values / 8).unwrap_or(i64::MAX)
}

/// By how many bits the size operand of a bulk instruction is shifted right to give what it costs besides.
pub(crate) fn bulk_shift(op: &Operator) -> Option<i64> {
    use Operator as O;
    match op {
        O::MemoryCopy { .. } | O::MemoryFill { .. } | O::MemoryInit { .. } => Some(3),
        O::TableCopy { .. } | O::TableFill { .. } | O::TableInit { .. } => Some(0),
        _ => None,
    }
}

/// What one page of memory has, in bytes.
pub(crate) const PAGE_BYTES: u64 = 65_536;

/// What one page costs a memory that grows: its bytes, eight at a time.
pub(crate) const PAGE: i64 = PAGE_BYTES.cast_signed() / 8;

/// What one element costs a table that grows.
pub(crate) const ELEMENT: i64 = 1;

/// Whether it loads from or stores to an address in memory: besides its result it makes that address.
pub(crate) fn accesses_memory(op: &Operator) -> bool {
    use Operator as O;
    matches!(
        op,
        O::I32Load { .. }
            | O::I64Load { .. }
            | O::F32Load { .. }
            | O::F64Load { .. }
            | O::I32Load8S { .. }
            | O::I32Load8U { .. }
            | O::I32Load16S { .. }
            | O::I32Load16U { .. }
            | O::I64Load8S { .. }
            | O::I64Load8U { .. }
            | O::I64Load16S { .. }
            | O::I64Load16U { .. }
            | O::I64Load32S { .. }
            | O::I64Load32U { .. }
            | O::I32Store { .. }
            | O::I64Store { .. }
            | O::F32Store { .. }
            | O::F64Store { .. }
            | O::I32Store8 { .. }
            | O::I32Store16 { .. }
            | O::I64Store8 { .. }
            | O::I64Store16 { .. }
            | O::I64Store32 { .. }
            | O::V128Load { .. }
            | O::V128Load8x8S { .. }
            | O::V128Load8x8U { .. }
            | O::V128Load16x4S { .. }
            | O::V128Load16x4U { .. }
            | O::V128Load32x2S { .. }
            | O::V128Load32x2U { .. }
            | O::V128Load8Splat { .. }
            | O::V128Load16Splat { .. }
            | O::V128Load32Splat { .. }
            | O::V128Load64Splat { .. }
            | O::V128Load32Zero { .. }
            | O::V128Load64Zero { .. }
            | O::V128Store { .. }
            | O::V128Load8Lane { .. }
            | O::V128Load16Lane { .. }
            | O::V128Load32Lane { .. }
            | O::V128Load64Lane { .. }
            | O::V128Store8Lane { .. }
            | O::V128Store16Lane { .. }
            | O::V128Store32Lane { .. }
            | O::V128Store64Lane { .. }
    )
}
