//! What an instruction costs: section "Costs" of METERING.md.

use wasmparser::Operator;

/// The cost that is known before the program runs.
pub(crate) fn fixed(op: &Operator) -> i64 {
    use Operator as O;
    match op {
        O::Nop
        | O::Drop
        | O::Block { .. }
        | O::Loop { .. }
        | O::Unreachable
        | O::Return
        | O::Else
        | O::End => 0,
        _ => 1,
    }
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

/// What entering a function costs besides its code: its declared locals must be set to zero.
pub(crate) fn entry(declared: u32) -> i64 {
    1 + i64::from(declared / 8)
}

/// What a function's frame takes of the depth, given its parameters, locals and highest operand stack in slots.
pub(crate) fn frame(slots: u64) -> u64 {
    64 + 8 * slots
}
