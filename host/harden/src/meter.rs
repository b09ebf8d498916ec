//! The core module that holds the counters, and the names by which everything finds it.

use wasm_encoder::{
    CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, ImportSection, Module, StartSection, TypeSection, ValType,
};

use crate::Limits;

/// The instance that a hardened component imports: `limit` and `exhausted`.
pub const HOST: &str = "apportion:metering/host@1.0.0";

/// The instance that a hardened component exports: `left` and `refill`.
pub const METER: &str = "apportion:metering/meter@1.0.0";

/// The module name under which a hardened core module imports the counters.
pub const MODULE: &str = "apportion:metering/counters@1";

/// The counters' names. `left` (i64) and `depth` (i32) are mutable globals and count down; below 0 is exhausted.
pub(crate) const LEFT: &str = "left";
pub(crate) const DEPTH: &str = "depth";
/// The function (i32) -> () that reports and does not return.
pub(crate) const STOP: &str = "stop";
/// The functions that are lifted: () -> i64 and (i64) -> ().
pub(crate) const GET: &str = "get";
pub(crate) const SET: &str = "set";

pub(crate) const LIMIT: &str = "limit";
pub(crate) const EXHAUSTED: &str = "exhausted";

/// The deepest that the counter of depth can be set to, so that taking an amount from it cannot overflow.
pub(crate) const DEEPEST: u32 = 1 << 30;

/// By how much a function that the host calls may overdraw the counter while it may not call out to say so.
pub(crate) const OVERDRAFT: i64 = 1 << 32;

/// The most that the counter is set to, so that it can be overdrawn and charged without overflow.
pub(crate) const MOST: i64 = 1 << 62;

pub(crate) fn depth(limits: &Limits) -> i32 {
    i32::try_from(limits.depth.min(DEEPEST)).unwrap_or(i32::MAX)
}

pub(crate) fn module(limits: &Limits) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I64]);
    types.ty().function([ValType::I32], []);
    types.ty().function([ValType::I64], []);
    types.ty().function([], []);
    let [get_type, stop_type, set_type, start_type] = [0, 1, 2, 3];

    let mut imports = ImportSection::new();
    imports.import(HOST, LIMIT, EntityType::Function(get_type));
    imports.import(HOST, EXHAUSTED, EntityType::Function(stop_type));
    let [limit, exhausted, get, stop, set, start] = [0, 1, 2, 3, 4, 5];

    let mut functions = FunctionSection::new();
    for ty in [get_type, stop_type, set_type, start_type] {
        functions.function(ty);
    }
    let mut globals = GlobalSection::new();
    let counter = |val_type| GlobalType { val_type, mutable: true, shared: false };
    globals.global(counter(ValType::I64), &ConstExpr::i64_const(0));
    globals.global(counter(ValType::I32), &ConstExpr::i32_const(depth(limits)));
    let [left_global, depth_global] = [0, 1];

    let mut exports = ExportSection::new();
    exports.export(LEFT, ExportKind::Global, left_global);
    exports.export(DEPTH, ExportKind::Global, depth_global);
    exports.export(STOP, ExportKind::Func, stop);
    exports.export(GET, ExportKind::Func, get);
    exports.export(SET, ExportKind::Func, set);

    let mut code = CodeSection::new();
    let mut body = Function::new([]);
    body.instructions().global_get(left_global).end();
    code.function(&body);

    let mut body = Function::new([]);
    body.instructions().local_get(0).call(exhausted).unreachable().end();
    code.function(&body);

    // A limit that does not fit is as good as the largest that does.
    let mut body = Function::new([]);
    body.instructions()
        .local_get(0)
        .i64_const(MOST)
        .local_get(0)
        .i64_const(MOST)
        .i64_lt_u()
        .select()
        .global_set(left_global)
        .i32_const(depth(limits))
        .global_set(depth_global)
        .end();
    code.function(&body);

    let mut body = Function::new([]);
    body.instructions().call(limit).call(set).end();
    code.function(&body);

    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&globals).section(&exports);
    module.section(&StartSection { function_index: start }).section(&code);
    module.finish()
}
