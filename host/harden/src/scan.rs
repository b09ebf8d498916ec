//! A component read and validated, with what the pass must know of its core modules and how they are linked.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind,
    ComponentType, ComponentTypeRef, CompositeInnerType, ElementItems, Encoding, ExternalKind,
    FuncToValidate, FunctionBody, Instance, MemoryType, Operator, Parser, Payload, TableType, TypeRef,
    ValType, ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use crate::error::Error;
use crate::meter;

/// The features that may be used: section "What is refused" of METERING.md.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::WASM2
        .union(WasmFeatures::BULK_MEMORY_OPT)
        .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
        .union(WasmFeatures::EXTENDED_CONST)
        .union(WasmFeatures::COMPONENT_MODEL)
}

/// A core module of the component.
#[derive(Default)]
pub(crate) struct CoreModule<'a> {
    /// Where it stands in the component.
    pub range: Range<usize>,
    pub types: Vec<(Vec<ValType>, Vec<ValType>)>,
    /// The types of all functions, imported ones first.
    pub function_types: Vec<u32>,
    pub imported_functions: Vec<(&'a str, &'a str)>,
    pub imported_globals: u32,
    pub memories: Vec<MemoryType>,
    pub imported_memories: usize,
    pub tables: Vec<TableType>,
    pub imported_tables: usize,
    /// Exported functions.
    pub exports: BTreeMap<&'a str, u32>,
    /// Functions that a table may hold.
    pub taken: BTreeSet<u32>,
    pub functions: Vec<(FuncToValidate<ValidatorResources>, FunctionBody<'a>)>,
}

/// A core instance of the component.
pub(crate) enum CoreInstance<'a> {
    Of { module: usize, arguments: BTreeMap<&'a str, usize> },
    Bundle(BTreeMap<&'a str, usize>),
}

/// A core function of the component.
pub(crate) enum CoreFunction<'a> {
    /// Lowered, or of a resource: not code of the component's. While it runs, the host may call the `realloc` that it
    /// was lowered with, to hand something over.
    Host {
        realloc: Option<usize>,
    },
    Export {
        instance: usize,
        name: &'a str,
    },
}

/// A component or core module.
pub(crate) struct Scan<'a> {
    pub modules: Vec<CoreModule<'a>>,
    pub instances: Vec<CoreInstance<'a>>,
    pub functions: Vec<CoreFunction<'a>>,
}

/// Reads and validates all but the bodies of functions.
pub(crate) fn scan(bytes: &[u8], expected: Encoding) -> Result<Scan<'_>, Error> {
    let mut validator = Validator::new_with_features(features());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    let mut scan = Scan { modules: Vec::new(), instances: Vec::new(), functions: Vec::new() };
    let mut nesting: Vec<Encoding> = Vec::new();
    for payload in parser.parse_all(bytes) {
        let payload = payload?;
        if let Payload::Version { encoding, .. } = &payload
            && nesting.is_empty()
            && *encoding != expected
        {
            let expected = if expected == Encoding::Component { "component" } else { "core module" };
            return Err(Error::Kind { expected });
        }
        let valid = validator.payload(&payload)?;
        match &payload {
            Payload::Version { encoding, range, .. } => {
                nesting.push(*encoding);
                if *encoding == Encoding::Module {
                    scan.modules.push(CoreModule { range: range.start..range.end, ..CoreModule::default() });
                }
            }
            Payload::End(end) => {
                if let (Some(Encoding::Module), Some(module)) = (nesting.pop(), scan.modules.last_mut()) {
                    module.range.end = *end;
                }
            }
            _ => {}
        }
        if let (ValidPayload::Func(function, body), Some(module)) = (valid, scan.modules.last_mut()) {
            module.functions.push((function, body));
        }
        match (nesting.last(), nesting.len()) {
            (Some(Encoding::Module), _) => {
                if let Some(module) = scan.modules.last_mut() {
                    module.section(&payload)?;
                }
            }
            (_, depth) => {
                no_resources(&payload)?;
                if depth == 1 { scan.section(&payload)? } else { nested(&payload)? }
            }
        }
    }
    Ok(scan)
}

/// A resource of the component's own may have a destructor, which the engine calls wherever a handle is dropped: code
/// would be entered by a way that no call in the code shows.
fn no_resources(payload: &Payload) -> Result<(), Error> {
    let Payload::ComponentTypeSection(types) = payload else { return Ok(()) };
    for ty in types.clone().into_iter_with_offsets() {
        if let (offset, ComponentType::Resource { .. }) = ty? {
            return Err(Error::Refused { what: "a resource that the component defines", offset });
        }
    }
    Ok(())
}

impl<'a> Scan<'a> {
    /// A section of the outermost component.
    fn section(&mut self, payload: &Payload<'a>) -> Result<(), Error> {
        match payload {
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone().into_iter_with_offsets() {
                    let (offset, import) = import?;
                    if matches!(import.ty, ComponentTypeRef::Module(_)) {
                        return Err(Error::Refused { what: "an imported core module", offset });
                    }
                    if matches!(import.ty, ComponentTypeRef::Component(_)) {
                        return Err(Error::Refused { what: "an imported component", offset });
                    }
                    if import.name.name == meter::HOST {
                        return Err(Error::Hardened(meter::HOST.to_owned()));
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports.clone() {
                    if export?.name.name == meter::METER {
                        return Err(Error::Hardened(meter::METER.to_owned()));
                    }
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    self.instances.push(match instance? {
                        Instance::Instantiate { module_index, args } => CoreInstance::Of {
                            module: module_index as usize,
                            arguments: args.iter().map(|arg| (arg.name, arg.index as usize)).collect(),
                        },
                        Instance::FromExports(exports) => CoreInstance::Bundle(
                            exports
                                .iter()
                                .filter(|export| export.kind == ExternalKind::Func)
                                .map(|export| (export.name, export.index as usize))
                                .collect(),
                        ),
                    });
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases.clone().into_iter_with_offsets() {
                    let (offset, alias) = alias?;
                    self.alias(alias, offset)?;
                }
            }
            Payload::ComponentCanonicalSection(canonicals) => {
                for canonical in canonicals.clone() {
                    match canonical? {
                        CanonicalFunction::Lift { .. } => {}
                        CanonicalFunction::Lower { options, .. } => {
                            let realloc = options.iter().find_map(|option| match option {
                                CanonicalOption::Realloc(function) => Some(*function as usize),
                                _ => None,
                            });
                            self.functions.push(CoreFunction::Host { realloc });
                        }
                        _ => self.functions.push(CoreFunction::Host { realloc: None }),
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self, alias: ComponentAlias<'a>, offset: usize) -> Result<(), Error> {
        match alias {
            ComponentAlias::CoreInstanceExport { kind: ExternalKind::Func, instance_index, name } => {
                self.functions.push(CoreFunction::Export { instance: instance_index as usize, name });
                Ok(())
            }
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Module | ComponentExternalKind::Component,
                ..
            } => Err(Error::Refused { what: "a module or component out of an instance", offset }),
            _ => Ok(()),
        }
    }
}

/// A section of a component within the component: those that toolchains write rename types and functions, nothing
/// more. Code inside could not be given the counters.
fn nested(payload: &Payload) -> Result<(), Error> {
    let refused = |what, offset| Err(Error::Refused { what, offset });
    match payload {
        Payload::ModuleSection { unchecked_range, .. } => {
            refused("a core module in a nested component", unchecked_range.start)
        }
        Payload::InstanceSection(section) => {
            refused("a core instance in a nested component", section.range().start)
        }
        Payload::ComponentCanonicalSection(section) => {
            refused("a canonical function in a nested component", section.range().start)
        }
        Payload::ComponentAliasSection(aliases) => {
            for alias in aliases.clone().into_iter_with_offsets() {
                if let (offset, ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. }) =
                    alias?
                {
                    return refused("a core module in a nested component", offset);
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

impl<'a> CoreModule<'a> {
    pub(crate) fn imported_function_count(&self) -> u32 {
        u32::try_from(self.imported_functions.len()).unwrap_or(u32::MAX)
    }

    fn section(&mut self, payload: &Payload<'a>) -> Result<(), Error> {
        match payload {
            Payload::TypeSection(types) => {
                for group in types.clone() {
                    for ty in group?.into_types() {
                        if let CompositeInnerType::Func(ty) = &ty.composite_type.inner {
                            self.types.push((ty.params().to_vec(), ty.results().to_vec()));
                        }
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    let import = import?;
                    if import.module == meter::MODULE {
                        return Err(Error::Hardened(meter::MODULE.to_owned()));
                    }
                    match import.ty {
                        TypeRef::Func(ty) => {
                            self.imported_functions.push((import.module, import.name));
                            self.function_types.push(ty);
                        }
                        TypeRef::Global(_) => self.imported_globals += 1,
                        TypeRef::Memory(ty) => {
                            self.memories.push(ty);
                            self.imported_memories += 1;
                        }
                        TypeRef::Table(ty) => {
                            self.tables.push(ty);
                            self.imported_tables += 1;
                        }
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                for ty in functions.clone() {
                    self.function_types.push(ty?);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    self.memories.push(memory?);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables.clone() {
                    self.tables.push(table?.ty);
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals.clone() {
                    self.take(global?.init_expr.get_operators_reader().into_iter())?;
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.exports.insert(export.name, export.index);
                    }
                }
            }
            Payload::ElementSection(elements) => {
                for element in elements.clone() {
                    match element?.items {
                        ElementItems::Functions(functions) => {
                            for function in functions {
                                self.taken.insert(function?);
                            }
                        }
                        ElementItems::Expressions(_, items) => {
                            for item in items {
                                self.take(item?.get_operators_reader().into_iter())?;
                            }
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes the functions that a constant expression refers to.
    fn take(&mut self, ops: impl Iterator<Item = wasmparser::Result<Operator<'a>>>) -> Result<(), Error> {
        for op in ops {
            if let Operator::RefFunc { function_index } = op? {
                self.taken.insert(function_index);
            }
        }
        Ok(())
    }
}
