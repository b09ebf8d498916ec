//! One core module written anew.

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, EntityType, ExportSection, FunctionSection,
    GlobalSection, GlobalType, ImportSection, MemorySection, Module, NameMap, NameSection, StartSection,
    TableSection, TypeSection,
};
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload};

use crate::body;
use crate::charge;
use crate::depth::Depth;
use crate::emit;
use crate::error::Error;
use crate::meter;
use crate::nan;
use crate::output::{Indices, MOST_ELEMENTS, MOST_PAGES, Output};
use crate::scan::{self, CoreModule};

/// Writes the module whose bytes are given; `depths` tells what its functions with bodies do with the depth. What
/// these are charged is noted by their places, from `first_place` on, if there is one.
pub(crate) fn rewrite(
    bytes: &[u8],
    number: usize,
    module: &CoreModule,
    depths: &[Depth],
    first_place: Option<u32>,
) -> Result<Module, Error> {
    let mut output = Output::new(module, first_place);
    output.add_inner_functions(module, depths)?;
    let mut code = CodeSection::new();
    for ((function, body), depth) in module.functions.iter().zip(depths) {
        let body =
            body::read(function, body).map_err(|error| Error::in_function(number, function, &error))?;
        let charges = charge::charges(&body);
        let places = nan::places(&body);
        let written = emit::function(&body, &charges, &places, *depth, &mut output)?;
        match output.inner_of.get(&function.index).copied() {
            None => code.function(&written),
            Some(inner) => {
                output.set_body(inner, written);
                code.function(&emit::door(body.params, inner, &output.counters))
            }
        };
        output.place = output.place.map(|place| place + 1);
    }
    sections(bytes, number, output, code)
}

/// Puts the module together: the author's sections with what was added, in the order of the specification.
fn sections(bytes: &[u8], number: usize, mut output: Output, mut code: CodeSection) -> Result<Module, Error> {
    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    let mut functions = FunctionSection::new();
    let mut tables = TableSection::new();
    let mut memories = MemorySection::new();
    let mut globals = GlobalSection::new();
    let mut exports = ExportSection::new();
    let mut start = None;
    let mut elements = ElementSection::new();
    let mut data_count = None;
    let mut data = DataSection::new();
    let mut names = None;
    let indices = &mut output.indices;
    let mut parser = Parser::new(0);
    parser.set_features(scan::features());
    for payload in parser.parse_all(bytes) {
        match payload? {
            Payload::TypeSection(section) => utils::parse_type_section(indices, &mut types, section)?,
            Payload::ImportSection(section) => {
                utils::parse_import_section(indices, &mut imports, section)?;
            }
            Payload::FunctionSection(section) => {
                utils::parse_function_section(indices, &mut functions, section)?;
            }
            Payload::TableSection(section) => {
                for (index, table) in section.into_iter().enumerate() {
                    let table = table?;
                    let mut ty = indices.table_type(table.ty)?;
                    if ty.minimum > MOST_ELEMENTS {
                        return Err(Error::TableTooLarge { index, module: number, initial: ty.minimum });
                    }
                    ty.maximum = Some(ty.maximum.map_or(MOST_ELEMENTS, |own| own.min(MOST_ELEMENTS)));
                    tables.table(ty);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let mut ty = indices.memory_type(memory?)?;
                    ty.maximum = Some(ty.maximum.unwrap_or(MOST_PAGES));
                    memories.memory(ty);
                }
            }
            Payload::GlobalSection(section) => {
                utils::parse_global_section(indices, &mut globals, section)?;
            }
            Payload::ExportSection(section) => {
                utils::parse_export_section(indices, &mut exports, section)?;
            }
            Payload::StartSection { func, .. } => start = Some(indices.function_index(func)?),
            Payload::ElementSection(section) => {
                utils::parse_element_section(indices, &mut elements, section)?;
            }
            Payload::DataCountSection { count, .. } => data_count = Some(count),
            Payload::DataSection(section) => utils::parse_data_section(indices, &mut data, section)?,
            Payload::CustomSection(section) => {
                // Of what is beside the code only the names still fit it. A damaged list of names is no list.
                if let KnownCustom::Name(section) = section.as_known() {
                    names = function_names(section, indices, &output.inner_of).ok();
                }
            }
            _ => {}
        }
    }
    let counter = |val_type| EntityType::Global(GlobalType { val_type, mutable: true, shared: false });
    for (name, ty, _) in meter::COUNTERS {
        imports.import(meter::MODULE, name, counter(ty));
    }
    imports.import(meter::MODULE, meter::STOP, EntityType::Function(output.stop_type));
    if let Some(ty) = output.spend_type {
        imports.import(meter::MODULE, meter::SPEND, EntityType::Function(ty));
    }
    for added in &output.added {
        functions.function(added.ty);
        code.function(&added.body);
    }
    for (params, results) in &output.added_types {
        types.ty().function(params.iter().copied(), results.iter().copied());
    }

    let mut written = Module::new();
    written.section(&types).section(&imports).section(&functions).section(&tables).section(&memories);
    written.section(&globals).section(&exports);
    if let Some(function_index) = start {
        written.section(&StartSection { function_index });
    }
    written.section(&elements);
    if let Some(count) = data_count {
        written.section(&DataCountSection { count });
    }
    written.section(&code).section(&data);
    if let Some(names) = names {
        written.section(&names);
    }
    Ok(written)
}

/// What functions are called; an inner function as the one it is the body of.
fn function_names(
    section: NameSectionReader,
    indices: &mut Indices,
    inner_of: &BTreeMap<u32, u32>,
) -> Result<NameSection, reencode::Error<Infallible>> {
    let (mut names, mut inner) = (NameMap::new(), BTreeMap::new());
    for part in section {
        let Name::Function(functions) = part? else { continue };
        for naming in functions {
            let naming = naming?;
            names.append(indices.function_index(naming.index)?, naming.name);
            inner.extend(inner_of.get(&naming.index).map(|inner| (*inner, naming.name)));
        }
    }
    for (index, name) in inner {
        names.append(index, name);
    }
    let mut section = NameSection::new();
    section.functions(&names);
    Ok(section)
}
