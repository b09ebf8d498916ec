//! The component written anew: the meter first, every core module behind it, the lifted functions last.

use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ComponentExportKind,
    ComponentExportSection, ComponentImportSection, ComponentInstanceSection, ComponentTypeRef,
    ComponentTypeSection, ExportKind, InstanceSection, InstanceType, ModuleArg, ModuleSection,
    PrimitiveValType, RawSection,
};
use wasmparser::{Encoding, Instance, InstantiationArgKind, Parser, Payload, Validator};

use crate::body;
use crate::cost;
use crate::depth::{self, Calls};
use crate::error::Error;
use crate::meter::{self, Initial};
use crate::module;
use crate::names;
use crate::profile::Profiled;
use crate::scan::{self, CoreInstance, Scan};

pub(crate) fn harden(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let scan = scan::scan(bytes, Encoding::Component)?;
    rewrite(bytes, &scan, &calls(&scan)?, false)
}

/// Hardened, with what each function is charged noted; and the functions.
pub(crate) fn profile(bytes: &[u8]) -> Result<Profiled, Error> {
    let scan = scan::scan(bytes, Encoding::Component)?;
    let calls = calls(&scan)?;
    let component = rewrite(bytes, &scan, &calls, true)?;
    let functions = names::functions(bytes, &scan, &calls)?;
    let memory = meter::places(u32::try_from(functions.len()).unwrap_or(u32::MAX)) * cost::PAGE_BYTES;
    Ok(Profiled { component, functions, memory })
}

fn rewrite(bytes: &[u8], scan: &Scan, calls: &[Vec<Calls>], noted: bool) -> Result<Vec<u8>, Error> {
    let depths = depth::of(scan, calls);

    let mut component = Component::new();
    let mut shift = Shift { scopes: 0 };
    let count = |functions: usize| u32::try_from(functions).unwrap_or(u32::MAX);
    let all = count(scan.modules.iter().map(|module| module.functions.len()).sum());
    prelude(&mut component, &meter::module(initial(scan), noted.then_some(all)));
    let mut place = noted.then_some(0);
    let mut modules = scan.modules.iter().zip(&depths).enumerate();
    let mut parser = Parser::new(0);
    parser.set_features(scan::features());
    let mut rest = bytes;
    while !rest.is_empty() {
        let (consumed, payload) = match parser.parse(rest, true)? {
            wasmparser::Chunk::Parsed { consumed, payload } => (consumed, payload),
            wasmparser::Chunk::NeedMoreData(_) => break,
        };
        rest = rest.get(consumed..).unwrap_or_default();
        match &payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                rest = rest.get(unchecked_range.len()..).unwrap_or_default();
                if let Some((number, (module, depths))) = modules.next() {
                    let own = bytes.get(unchecked_range.clone()).unwrap_or_default();
                    let written = module::rewrite(own, number, module, depths, place)?;
                    place = place.map(|place| place + count(module.functions.len()));
                    component.section(&ModuleSection(&written));
                }
                continue;
            }
            Payload::ComponentSection { unchecked_range, .. } => {
                rest = rest.get(unchecked_range.len()..).unwrap_or_default();
            }
            _ => {}
        }
        component_utils::parse_component_payload(&mut shift, &mut component, payload, bytes)?;
    }
    checked(component.finish())
}

pub(crate) fn harden_module(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let scan = scan::scan(bytes, Encoding::Module)?;
    let depths = depth::of(&scan, &calls(&scan)?);
    match (&scan.modules[..], &depths[..]) {
        ([module], [depths]) => checked(module::rewrite(bytes, 0, module, depths, None)?.finish()),
        _ => Err(Error::Kind { expected: "core module" }),
    }
}

pub(crate) fn is_hardened(bytes: &[u8]) -> bool {
    matches!(scan::scan(bytes, Encoding::Component), Err(Error::Hardened(_)))
}

/// What the call graph needs of each function of each core module.
fn calls(scan: &Scan) -> Result<Vec<Vec<Calls>>, Error> {
    let mut calls = Vec::new();
    for (number, module) in scan.modules.iter().enumerate() {
        let mut of_module = Vec::new();
        for (function, code) in &module.functions {
            let body =
                body::read(function, code).map_err(|error| Error::in_function(number, function, &error))?;
            of_module.push(Calls::of(&body));
        }
        calls.push(of_module);
    }
    Ok(calls)
}

/// What the component's instances start with, all together.
fn initial(scan: &Scan) -> Initial {
    let mut all = Initial::default();
    for instance in &scan.instances {
        let CoreInstance::Of { module, .. } = instance else { continue };
        let Some(module) = scan.modules.get(*module) else { continue };
        let memories = module.memories.iter().skip(module.imported_memories);
        let pages = memories.fold(0_u64, |pages, memory| pages.saturating_add(memory.initial));
        all.memory = all.memory.saturating_add(pages.saturating_mul(cost::PAGE_BYTES));
        let tables = module.tables.iter().skip(module.imported_tables);
        all.table = tables.fold(all.table, |elements, table| elements.saturating_add(table.initial));
    }
    all
}

/// What was written is valid, or over a bound of what engines take.
fn checked(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    match Validator::new_with_features(scan::features()).validate_all(&bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::Grown { reason: error.to_string() }),
    }
}

// How many of each index space the prelude takes, which is how far the author's own move.
const TYPES: u32 = 3;
const INSTANCES: u32 = 3;
const FUNCTIONS: u32 = 4;
const CORE_FUNCTIONS: u32 = 4;
const CORE_MODULES: u32 = 1;
const CORE_INSTANCES: u32 = 2;
/// The meter's core instance.
const METER_INSTANCE: u32 = 1;

/// The host's two functions imported and lowered, the meter made with them, and its two functions lifted and exported.
fn prelude(component: &mut Component, meter: &[u8]) {
    let mut host = InstanceType::new();
    let of = [("of", PrimitiveValType::U32)];
    host.ty().function().params(of).result(Some(PrimitiveValType::U64.into()));
    host.export(meter::LIMIT, ComponentTypeRef::Func(0));
    host.ty().function().params(of).result(None);
    host.export(meter::EXHAUSTED, ComponentTypeRef::Func(1));
    let mut types = ComponentTypeSection::new();
    types.instance(&host);
    types.function().params(of).result(Some(PrimitiveValType::S64.into()));
    types.function().params([("instructions", PrimitiveValType::U64)]).result(None);
    component.section(&types);

    let mut imports = ComponentImportSection::new();
    imports.import(meter::HOST, ComponentTypeRef::Instance(0));
    component.section(&imports);

    let mut aliases = ComponentAliasSection::new();
    for name in [meter::LIMIT, meter::EXHAUSTED] {
        aliases.alias(Alias::InstanceExport { instance: 0, kind: ComponentExportKind::Func, name });
    }
    component.section(&aliases);

    let mut canonical = CanonicalFunctionSection::new();
    canonical.lower(0, []).lower(1, []);
    component.section(&canonical);

    component.section(&RawSection { id: wasm_encoder::ComponentSectionId::CoreModule.into(), data: meter });
    let mut instances = InstanceSection::new();
    instances.export_items([(meter::LIMIT, ExportKind::Func, 0), (meter::EXHAUSTED, ExportKind::Func, 1)]);
    instances.instantiate(0, [(meter::HOST, ModuleArg::Instance(0))]);
    component.section(&instances);

    let mut aliases = ComponentAliasSection::new();
    for name in [meter::LEFT, meter::REFILL] {
        let kind = ExportKind::Func;
        aliases.alias(Alias::CoreInstanceExport { instance: METER_INSTANCE, kind, name });
    }
    component.section(&aliases);

    let mut canonical = CanonicalFunctionSection::new();
    canonical.lift(2, 1, []).lift(3, 2, []);
    component.section(&canonical);
    let mut instances = ComponentInstanceSection::new();
    let func = ComponentExportKind::Func;
    instances.export_items([(meter::LEFT, func, 2), (meter::REFILL, func, 3)]);
    component.section(&instances);
    let mut exports = ComponentExportSection::new();
    exports.export(meter::METER, ComponentExportKind::Instance, 1, None);
    component.section(&exports);
}

/// How indices move in the outermost scope of the component; within types and nested components they do not.
struct Shift {
    /// How many scopes are open inside the outermost.
    scopes: u32,
}

impl Shift {
    fn by(&self, index: u32, shift: u32) -> u32 {
        if self.scopes == 0 { index + shift } else { index }
    }

    /// An index into a scope that is `count` further out.
    fn outer(&self, count: u32, index: u32, shift: u32) -> u32 {
        if self.scopes == count { index + shift } else { index }
    }
}

impl Reencode for Shift {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error<Infallible>> {
        Ok(self.by(function, CORE_FUNCTIONS))
    }
}

impl ReencodeComponent for Shift {
    fn component_type_index(&mut self, ty: u32) -> u32 {
        self.by(ty, TYPES)
    }

    fn component_instance_index(&mut self, instance: u32) -> u32 {
        self.by(instance, INSTANCES)
    }

    fn component_func_index(&mut self, function: u32) -> u32 {
        self.by(function, FUNCTIONS)
    }

    fn module_index(&mut self, module: u32) -> u32 {
        self.by(module, CORE_MODULES)
    }

    fn instance_index(&mut self, instance: u32) -> u32 {
        self.by(instance, CORE_INSTANCES)
    }

    fn outer_type_index(&mut self, _: u32, ty: u32) -> Result<u32, reencode::Error<Infallible>> {
        // The prelude declares no core types.
        Ok(ty)
    }

    fn outer_component_type_index(&mut self, count: u32, ty: u32) -> u32 {
        self.outer(count, ty, TYPES)
    }

    fn outer_component_index(&mut self, _: u32, component: u32) -> u32 {
        // Nor nested components.
        component
    }

    fn outer_module_index(&mut self, count: u32, module: u32) -> u32 {
        self.outer(count, module, CORE_MODULES)
    }

    fn push_depth(&mut self) {
        self.scopes += 1;
    }

    fn pop_depth(&mut self) {
        self.scopes -= 1;
    }

    fn parse_instance(
        &mut self,
        instances: &mut InstanceSection,
        instance: Instance<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        let Instance::Instantiate { module_index, args } = instance else {
            return component_utils::parse_instance(self, instances, instance);
        };
        let mut arguments = vec![(meter::MODULE, ModuleArg::Instance(METER_INSTANCE))];
        for argument in &args {
            let InstantiationArgKind::Instance = argument.kind;
            arguments.push((argument.name, ModuleArg::Instance(self.instance_index(argument.index))));
        }
        instances.instantiate(self.module_index(module_index), arguments);
        Ok(())
    }
}
