//! The core module that holds the counters, and the names by which everything finds it.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, HeapType, ImportSection, MemArg, MemorySection, MemoryType, Module, RefType,
    StartSection, TableSection, TableType, TypeSection, ValType,
};

use crate::cost::PAGE_BYTES;
use crate::resource::{Resource, SIGNAL};

/// The instance that a hardened component imports: `limit` and `exhausted`.
pub const HOST: &str = "apportion:metering/host@1.0.0";

/// The instance that a hardened component exports: `left` and `refill`.
pub const METER: &str = "apportion:metering/meter@1.0.0";

/// The module name under which a hardened core module imports the counters.
pub const MODULE: &str = "apportion:metering/counters@1";

/// The counters, all mutable globals that count down: below 0 is exhausted. In the order in which a hardened module
/// imports them.
pub(crate) const COUNTERS: [(&str, ValType, Resource); 4] = [
    ("instructions", ValType::I64, Resource::Instructions),
    ("depth", ValType::I32, Resource::Depth),
    ("memory", ValType::I64, Resource::Memory),
    ("table", ValType::I64, Resource::Table),
];
/// The function (i32) -> () that reports and does not return.
pub(crate) const STOP: &str = "stop";
/// The resource that it reported first, or -1: for an embedder who can look into core instances.
const STOPPED: &str = "stopped";
/// The function (i32, i64) -> () that notes what a function of the author's was charged. Only where that is asked for.
pub(crate) const SPEND: &str = "spend";
/// The functions that are lifted: (i32) -> i64 and (i64) -> ().
pub(crate) const LEFT: &str = "left";
pub(crate) const REFILL: &str = "refill";

pub(crate) const LIMIT: &str = "limit";
pub(crate) const EXHAUSTED: &str = "exhausted";

/// The deepest that the counter of depth can be set to, so that taking an amount from it cannot overflow.
pub(crate) const DEEPEST: i64 = 1 << 30;

/// The most that another counter is set to, so that it can be charged without overflow.
pub(crate) const MOST: i64 = 1 << 62;

/// Where the first function's place is.
const SPENT: MemArg = MemArg { offset: 0, align: 3, memory_index: 0 };

/// Linear memory in bytes and table elements that there are before any code runs.
#[derive(Clone, Copy, Default)]
pub(crate) struct Initial {
    pub memory: u64,
    pub table: u64,
}

/// The meter. With `functions` it has a place for what each of so many was charged, which `left` tells for the numbers
/// behind the resources'.
pub(crate) fn module(initial: Initial, functions: Option<u32>) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I64]);
    types.ty().function([ValType::I32], []);
    types.ty().function([ValType::I64], []);
    types.ty().function([], []);
    types.ty().function([ValType::I32, ValType::I64], []);
    let [get_type, stop_type, set_type, start_type, spend_type] = [0, 1, 2, 3, 4];

    let mut imports = ImportSection::new();
    imports.import(HOST, LIMIT, EntityType::Function(get_type));
    imports.import(HOST, EXHAUSTED, EntityType::Function(stop_type));
    let [limit, exhausted, stop, left, refill, start] = [0, 1, 2, 3, 4, 5];

    let mut defined = FunctionSection::new();
    for ty in [stop_type, get_type, set_type, start_type] {
        defined.function(ty);
    }
    let mut memories = MemorySection::new();
    if let Some(functions) = functions {
        defined.function(spend_type);
        let (minimum, maximum) = (places(functions), Some(places(functions)));
        memories.memory(MemoryType {
            minimum,
            maximum,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
    }
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        minimum: 0,
        maximum: Some(0),
        table64: false,
        shared: false,
    });
    let mut globals = GlobalSection::new();
    let mut exports = ExportSection::new();
    let mutable = |val_type| GlobalType { val_type, mutable: true, shared: false };
    for ((name, ty, _), index) in COUNTERS.into_iter().zip(0..) {
        let zero = if ty == ValType::I32 { ConstExpr::i32_const(0) } else { ConstExpr::i64_const(0) };
        globals.global(mutable(ty), &zero);
        exports.export(name, ExportKind::Global, index);
    }
    let [instructions, depth, memory, table, stopped, deepest] = [0, 1, 2, 3, 4, 5];
    globals.global(mutable(ValType::I32), &ConstExpr::i32_const(-1));
    globals.global(mutable(ValType::I32), &ConstExpr::i32_const(0));
    exports.export(STOPPED, ExportKind::Global, stopped);
    exports.export(STOP, ExportKind::Func, stop);
    exports.export(LEFT, ExportKind::Func, left);
    exports.export(REFILL, ExportKind::Func, refill);

    let mut code = CodeSection::new();
    code.function(&stop_body(exhausted, stopped));
    code.function(&left_body(functions.is_some()));
    // The depth is then as if nothing had been called: a core instance that trapped can be called again.
    let mut body = Function::new([]);
    body.instructions().local_get(0);
    clamp(&mut body, 0, MOST);
    body.instructions().global_set(instructions).global_get(deepest).global_set(depth).end();
    code.function(&body);

    let mut body = Function::new([(1, ValType::I64)]);
    body.instructions().i32_const(Resource::Depth.as_i32()).call(limit);
    clamp(&mut body, 0, DEEPEST);
    body.instructions().i32_wrap_i64().global_set(deepest);
    body.instructions().i32_const(Resource::Instructions.as_i32()).call(limit).call(refill);
    for (of, global, taken) in
        [(Resource::Memory, memory, initial.memory), (Resource::Table, table, initial.table)]
    {
        body.instructions().i32_const(of.as_i32()).call(limit);
        clamp(&mut body, 0, MOST);
        let mut body = body.instructions();
        body.i64_const(i64::try_from(taken).unwrap_or(MOST)).i64_sub().global_set(global);
        body.global_get(global).i64_const(0).i64_lt_s().if_(BlockType::Empty);
        body.i32_const(of.as_i32()).call(stop).end();
    }
    body.instructions().end();
    code.function(&body);

    if functions.is_some() {
        exports.export(SPEND, ExportKind::Func, start + 1);
        code.function(&spend_body());
    }

    let mut module = Module::new();
    module.section(&types).section(&imports).section(&defined).section(&tables).section(&memories);
    module.section(&globals);
    module.section(&exports).section(&StartSection { function_index: start }).section(&code);
    module.finish()
}

/// The pages that hold a place for each function.
pub(crate) fn places(functions: u32) -> u64 {
    (u64::from(functions) * 8).div_ceil(PAGE_BYTES)
}

/// Tells of it in every way there is, because the canonical ABI forbids calls out where the host is about to hand
/// something over or cleans up.
fn stop_body(exhausted: u32, stopped: u32) -> Function {
    let mut body = Function::new([]);
    let mut sink = body.instructions();
    sink.global_get(stopped).i32_const(0).i32_lt_s().if_(BlockType::Empty);
    sink.local_get(0).global_set(stopped).end();
    let signal = i32::from_ne_bytes(SIGNAL.to_ne_bytes());
    sink.ref_null(HeapType::FUNC).local_get(0).i32_const(signal).i32_add().table_grow(0).drop();
    sink.local_get(0).call(exhausted).unreachable().end();
    body
}

/// Adds to what a function was charged.
fn spend_body() -> Function {
    let mut body = Function::new([]);
    let mut sink = body.instructions();
    sink.local_get(0).i32_const(8).i32_mul().local_tee(0);
    sink.local_get(0).i64_load(SPENT).local_get(1).i64_add().i64_store(SPENT).end();
    body
}

fn left_body(functions: bool) -> Function {
    let mut body = Function::new([]);
    let mut sink = body.instructions();
    for ((_, ty, of), global) in COUNTERS.into_iter().zip(0..) {
        sink.local_get(0).i32_const(of.as_i32()).i32_eq().if_(BlockType::Empty).global_get(global);
        if ty == ValType::I32 {
            sink.i64_extend_i32_s();
        }
        sink.return_().end();
    }
    if functions {
        let resources = i32::try_from(COUNTERS.len()).unwrap_or(0);
        sink.local_get(0).i32_const(resources).i32_sub().i32_const(8).i32_mul().i64_load(SPENT).end();
    } else {
        sink.unreachable().end();
    }
    body
}

/// Makes the number on the stack at most `most`; a limit that does not fit is as good as the largest that does.
fn clamp(body: &mut Function, local: u32, most: i64) {
    let mut sink = body.instructions();
    sink.local_tee(local).i64_const(most).local_get(local).i64_const(most).i64_lt_u().select();
}
