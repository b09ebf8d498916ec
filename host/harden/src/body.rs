//! A function's body as the pass sees it: its live instructions, with what each takes and gives.

use wasmparser::{FuncToValidate, FuncValidatorAllocations, FunctionBody, ValType, ValidatorResources};
use wasmparser::{Operator, WasmModuleResources};

/// The two types that have NaNs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Float {
    F32,
    F64,
}

impl Float {
    fn of(ty: ValType) -> Option<Self> {
        match ty {
            ValType::F32 => Some(Self::F32),
            ValType::F64 => Some(Self::F64),
            _ => None,
        }
    }
}

/// An instruction that can be reached, and the operand stack around it.
pub(crate) struct Op<'a> {
    pub op: Operator<'a>,
    /// Operands on the stack before it.
    pub height: usize,
    pub pops: usize,
    pub pushes: usize,
    /// The type on top of the stack after it, if it pushed a float.
    pub float: Option<Float>,
}

pub(crate) struct Body<'a> {
    /// Without what stands behind a branch that is always taken, up to the `end` or `else` that follows it.
    pub ops: Vec<Op<'a>>,
    pub params: u32,
    pub results: Vec<ValType>,
    /// The declared locals, as declared.
    pub declared: Vec<(u32, ValType)>,
    pub declared_count: u32,
    /// The greatest height of the operand stack.
    pub highest: u32,
    /// Whether a parameter, a declared local or an operand is a vector.
    pub wide: bool,
}

/// Reads and validates a body.
pub(crate) fn read<'a>(
    function: &FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'a>,
) -> wasmparser::Result<Body<'a>> {
    let function = FuncToValidate {
        resources: function.resources.clone(),
        index: function.index,
        ty: function.ty,
        features: function.features,
    };
    let (mut params, mut results) = (Vec::new(), Vec::new());
    if let Some(ty) = function.resources.sub_type_at(function.ty) {
        let ty = ty.unwrap_func();
        params.extend_from_slice(ty.params());
        results.extend_from_slice(ty.results());
    }
    let mut validator = function.into_validator(FuncValidatorAllocations::default());

    let mut declared = Vec::new();
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    for local in body.get_locals_reader()? {
        declared.push(local?);
    }

    let mut ops = Vec::new();
    let (mut highest, mut dead_blocks) = (0, 0_usize);
    let mut vectors = false;
    let mut reader = body.get_operators_reader()?;
    while !reader.eof() {
        let (op, offset) = reader.read_with_offset()?;
        let live = is_live(&op, &validator, &mut dead_blocks);
        let height = validator.operand_stack_height() as usize;
        let arity = if live { op.operator_arity(&validator) } else { None };
        validator.op(offset, &op)?;
        highest = highest.max(validator.operand_stack_height());
        vectors |= matches!(validator.get_operand_type(0), Some(Some(ValType::V128)));
        if let (true, Some((pops, pushes))) = (live, arity) {
            let float = match validator.get_operand_type(0) {
                Some(Some(ty)) if pushes > 0 => Float::of(ty),
                _ => None,
            };
            ops.push(Op { op, height, pops: pops as usize, pushes: pushes as usize, float });
        }
    }
    reader.finish()?;

    let declared_count: u32 = declared.iter().map(|(count, _)| count).sum();
    let locals = validator.len_locals();
    let wide =
        vectors || params.iter().chain(declared.iter().map(|(_, ty)| ty)).any(|ty| *ty == ValType::V128);
    Ok(Body { ops, params: locals - declared_count, results, declared, declared_count, highest, wide })
}

/// Whether an instruction can be reached, and not merely stands behind one that never goes on.
fn is_live(
    op: &Operator,
    validator: &wasmparser::FuncValidator<ValidatorResources>,
    dead_blocks: &mut usize,
) -> bool {
    // A block that opens in dead code is as live as any to the validator.
    if *dead_blocks == 0 && !validator.get_control_frame(0).is_some_and(|frame| frame.unreachable) {
        return true;
    }
    match op {
        Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
            *dead_blocks += 1;
            false
        }
        Operator::Else => *dead_blocks == 0,
        Operator::End if *dead_blocks > 0 => {
            *dead_blocks -= 1;
            false
        }
        Operator::End => true,
        _ => false,
    }
}
