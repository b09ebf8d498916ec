//! What a function gets besides the author's code: its locals, and where the counter is kept.

use wasm_encoder::ValType;
use wasm_encoder::reencode::Reencode;
use wasmparser::Operator;

use crate::body::{Body, Float};
use crate::charge::Charges;
use crate::cost;
use crate::counter::Held;
use crate::depth::Depth;
use crate::error::Error;
use crate::nan;
use crate::output::Indices;

/// How many locals an inner function is handed behind the author's parameters.
pub(crate) const HANDED: u32 = 2;

/// A function's layout. Locals are of no meaning where they are not needed.
pub(crate) struct Layout {
    /// All declared locals, ours behind the author's.
    pub declared: Vec<(u32, ValType)>,
    /// Whether the function is the inner one of two.
    pub inner: bool,
    /// Whether anything is charged.
    pub metered: bool,
    /// Whether there is something to do on leaving.
    pub leaves: bool,
    /// Where the counter is kept.
    pub home: Held,
    /// The local for what is left of the instructions.
    pub left: u32,
    /// The local for the size of a bulk instruction, or for the operand of a `br_table`.
    pub size: u32,
    /// The local for what is left of the depth.
    pub deeper: u32,
    /// The locals through which floats go when NaNs are made canonical.
    pub f32: u32,
    pub f64: u32,
    pub vector: u32,
}

impl Layout {
    pub(crate) fn new(
        body: &Body,
        charges: &Charges,
        places: &[Option<Float>],
        depth: Depth,
        indices: &mut Indices,
    ) -> Result<Self, Error> {
        let inner = depth.recursive;
        let bulk = body.ops.iter().any(|op| cost::bulk_shift(&op.op).is_some());
        let metered = charges.any() || bulk;
        let is_kept_in_local = inner || metered && some_loop_never_calls(body, charges);
        let home = if is_kept_in_local { Held::Local } else { Held::Global };

        let handed = if inner { HANDED } else { 0 };
        let mut locals = Locals { next: body.params + handed + body.declared_count, declared: Vec::new() };
        for (count, ty) in &body.declared {
            locals.declared.push((*count, indices.val_type(*ty)?));
        }
        let left = match (inner, metered) {
            (true, _) => body.params,
            (false, true) => locals.add(ValType::I64),
            (false, false) => 0,
        };
        let size = locals.add_if(bulk || !charges.table.is_empty(), ValType::I32);
        let deeper = match (inner, depth.amount) {
            (true, _) => body.params + 1,
            (false, Some(_)) => locals.add(ValType::I32),
            (false, None) => 0,
        };
        let f32 = locals.add_if(places.contains(&Some(Float::F32)), ValType::F32);
        let f64 = locals.add_if(places.contains(&Some(Float::F64)), ValType::F64);
        let has_vectors = body.ops.iter().any(|op| nan::vector_lanes(&op.op).is_some());
        let vector = locals.add_if(has_vectors, ValType::V128);
        let leaves = depth.amount.is_some() || home == Held::Local;
        let declared = locals.declared;
        Ok(Self { declared, inner, metered, leaves, home, left, size, deeper, f32, f64, vector })
    }
}

/// The function's locals, ours behind the author's.
struct Locals {
    next: u32,
    declared: Vec<(u32, ValType)>,
}

impl Locals {
    fn add(&mut self, ty: ValType) -> u32 {
        self.declared.push((1, ty));
        self.next += 1;
        self.next - 1
    }

    fn add_if(&mut self, needed: bool, ty: ValType) -> u32 {
        if needed { self.add(ty) } else { 0 }
    }
}

/// Whether some loop that charges runs without calling: then the counter is best kept in a local.
fn some_loop_never_calls(body: &Body, charges: &Charges) -> bool {
    let mut open: Vec<Option<bool>> = Vec::new();
    for (index, op) in body.ops.iter().enumerate() {
        let charged = charges.ahead.get(index).is_some_and(|price| *price > 0);
        let doomed = charges.doomed.get(index).copied().unwrap_or(false);
        match &op.op {
            Operator::Loop { .. } if charged => open.push(Some(true)),
            Operator::Loop { .. } | Operator::Block { .. } | Operator::If { .. } => open.push(None),
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::MemoryGrow { .. }
            | Operator::TableGrow { .. }
                if !doomed =>
            {
                open.iter_mut().flatten().for_each(|callless| *callless = false);
            }
            Operator::End if open.pop().flatten() == Some(true) => {
                return true;
            }
            _ => {}
        }
    }
    false
}
