//! What a module's functions share while they are written: moved indices, added types and functions.

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{BlockType, Function, RefType, ValType};

use crate::cost;
use crate::depth::Depth;
use crate::error::Error;
use crate::resource::Resource;
use crate::scan::CoreModule;

/// The most that a memory can have, and the most that engines give a table (the limits of the JavaScript API).
pub(crate) const MOST_PAGES: u64 = 65_536;
pub(crate) const MOST_ELEMENTS: u64 = 10_000_000;

/// What a module's functions share while they are written.
pub(crate) struct Output {
    pub indices: Indices,
    pub counters: Counters,
    /// The meter's function, by its index in this module.
    pub stop: u32,
    pub stop_type: u32,
    pub spend_type: Option<u32>,
    /// The place of the function that is being written, where what functions are charged is noted.
    pub place: Option<u32>,
    first_added_type: u32,
    pub added_types: Vec<(Vec<ValType>, Vec<ValType>)>,
    type_of: BTreeMap<(Vec<ValType>, Vec<ValType>), u32>,
    first_added_function: u32,
    /// The functions behind the author's.
    pub added: Vec<Added>,
    /// What stands for `memory.grow` and `table.grow`, by whether it is a table's, and the memory's or table's index.
    grower_of: BTreeMap<(bool, u32), u32>,
    /// The inner functions of those of the author's that are recursive: see `emit`.
    pub inner_of: BTreeMap<u32, u32>,
    memories: Vec<Option<u64>>,
    tables: Vec<(Option<u64>, RefType)>,
}

/// The meter's counters, by the indices of their globals in this module: in the order of `meter::COUNTERS`.
#[derive(Clone, Copy)]
pub(crate) struct Counters {
    pub instructions: u32,
    pub depth: u32,
    memory: u32,
    table: u32,
}

/// A function that no function of the author's has the place of.
pub(crate) struct Added {
    pub ty: u32,
    pub body: Function,
}

impl Output {
    pub(crate) fn new(module: &CoreModule, place: Option<u32>) -> Self {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let indices = Indices {
            functions: module.imported_function_count(),
            added_functions: if place.is_some() { 2 } else { 1 },
            globals: module.imported_globals,
        };
        let first_added_function = count(module.function_types.len()) + indices.added_functions;
        let mut output = Self {
            counters: Counters {
                instructions: indices.globals,
                depth: indices.globals + 1,
                memory: indices.globals + 2,
                table: indices.globals + 3,
            },
            stop: indices.functions,
            spend_type: None,
            place,
            indices,
            stop_type: 0,
            first_added_type: count(module.types.len()),
            added_types: Vec::new(),
            type_of: BTreeMap::new(),
            first_added_function,
            added: Vec::new(),
            grower_of: BTreeMap::new(),
            inner_of: BTreeMap::new(),
            memories: module.memories.iter().map(|memory| memory.maximum).collect(),
            tables: module
                .tables
                .iter()
                .map(|table| {
                    let is_function = table.element_type == wasmparser::RefType::FUNCREF;
                    (table.maximum, if is_function { RefType::FUNCREF } else { RefType::EXTERNREF })
                })
                .collect(),
        };
        output.stop_type = output.added_type(vec![ValType::I32], Vec::new());
        if place.is_some() {
            output.spend_type = Some(output.added_type(vec![ValType::I32, ValType::I64], Vec::new()));
        }
        output
    }

    fn added_type(&mut self, params: Vec<ValType>, results: Vec<ValType>) -> u32 {
        let next = self.first_added_type + u32::try_from(self.added_types.len()).unwrap_or(u32::MAX);
        let wanted = (params, results);
        if let Some(known) = self.type_of.get(&wanted) {
            return *known;
        }
        self.added_types.push(wanted.clone());
        self.type_of.insert(wanted, next);
        next
    }

    /// The type of a block that takes nothing and gives these.
    pub(crate) fn block_type(&mut self, results: &[wasmparser::ValType]) -> Result<BlockType, Error> {
        let mut types = Vec::new();
        for ty in results {
            types.push(self.indices.val_type(*ty)?);
        }
        Ok(match types[..] {
            [] => BlockType::Empty,
            [one] => BlockType::Result(one),
            _ => BlockType::FunctionType(self.added_type(Vec::new(), types)),
        })
    }

    pub(crate) fn memory_grower(&mut self, memory: u32) -> u32 {
        if let Some(known) = self.grower_of.get(&(false, memory)) {
            return *known;
        }
        let declared = self.memories.get(memory as usize).copied().flatten();
        let ty = self.added_type(vec![ValType::I32], vec![ValType::I32]);
        let growth = Growth {
            maximum: declared.unwrap_or(MOST_PAGES),
            counter: self.counters.memory,
            resource: Resource::Memory,
            size: cost::PAGE_BYTES,
            cost: cost::PAGE,
            count: 0,
        };
        let size = |function: &mut Function| {
            function.instructions().memory_size(memory);
        };
        let grow = |function: &mut Function| {
            function.instructions().local_get(0).memory_grow(memory);
        };
        let body = growth.body(self, size, grow);
        let index = self.add(Added { ty, body });
        self.grower_of.insert((false, memory), index);
        index
    }

    pub(crate) fn table_grower(&mut self, table: u32) -> u32 {
        if let Some(known) = self.grower_of.get(&(true, table)) {
            return *known;
        }
        let (declared, element) =
            self.tables.get(table as usize).copied().unwrap_or((None, RefType::FUNCREF));
        let ty = self.added_type(vec![ValType::Ref(element), ValType::I32], vec![ValType::I32]);
        let growth = Growth {
            maximum: declared.unwrap_or(MOST_ELEMENTS).min(MOST_ELEMENTS),
            counter: self.counters.table,
            resource: Resource::Table,
            size: 1,
            cost: cost::ELEMENT,
            count: 1,
        };
        let size = |function: &mut Function| {
            function.instructions().table_size(table);
        };
        let grow = |function: &mut Function| {
            function.instructions().local_get(0).local_get(1).table_grow(table);
        };
        let body = growth.body(self, size, grow);
        let index = self.add(Added { ty, body });
        self.grower_of.insert((true, table), index);
        index
    }

    /// Gives each recursive function an index for its inner one, whose body comes later.
    pub(crate) fn add_inner_functions(&mut self, module: &CoreModule, depths: &[Depth]) -> Result<(), Error> {
        for ((function, _), depth) in module.functions.iter().zip(depths) {
            let ty = module.function_types.get(function.index as usize);
            let Some((params, results)) = ty.and_then(|ty| module.types.get(*ty as usize)) else { continue };
            if !depth.recursive {
                continue;
            }
            let (mut taken, mut given) = (Vec::new(), Vec::new());
            for (types, own) in [(&mut taken, params), (&mut given, results)] {
                for ty in own {
                    types.push(self.indices.val_type(*ty)?);
                }
            }
            taken.extend([ValType::I64, ValType::I32]);
            given.push(ValType::I64);
            let ty = self.added_type(taken, given);
            let inner = self.add(Added { ty, body: Function::new([]) });
            self.inner_of.insert(function.index, inner);
        }
        Ok(())
    }

    pub(crate) fn set_body(&mut self, function: u32, body: Function) {
        let place = function.checked_sub(self.first_added_function);
        if let Some(added) = place.and_then(|place| self.added.get_mut(place as usize)) {
            added.body = body;
        }
    }

    fn add(&mut self, added: Added) -> u32 {
        self.added.push(added);
        self.first_added_function + u32::try_from(self.added.len() - 1).unwrap_or(u32::MAX)
    }
}

/// How a memory or table may grow.
struct Growth {
    /// What the author allows, or engines.
    maximum: u64,
    /// What counts it, and what that counts.
    counter: u32,
    resource: Resource,
    /// How much of the resource one page or element is, and how many instructions.
    size: u64,
    cost: i64,
    /// The parameter that says by how many.
    count: u32,
}

impl Growth {
    fn body(&self, output: &Output, size: impl Fn(&mut Function), grow: impl Fn(&mut Function)) -> Function {
        let stop = |function: &mut Function, resource: Resource| {
            function.instructions().i32_const(resource.as_i32()).call(output.stop).unreachable().end();
        };
        let wide = |bound: u64| i64::try_from(bound).unwrap_or(i64::MAX);
        let (wanted, count) = (self.count + 1, self.count);
        let mut function = Function::new([(1, ValType::I64)]);
        size(&mut function);
        // Over the maximum the answer is -1, as ever.
        function
            .instructions()
            .i64_extend_i32_u()
            .local_get(count)
            .i64_extend_i32_u()
            .i64_add()
            .local_tee(wanted)
            .i64_const(wide(self.maximum))
            .i64_gt_u()
            .if_(BlockType::Empty)
            .i32_const(-1)
            .return_()
            .end();
        for (counter, each, resource) in [
            (self.counter, wide(self.size), self.resource),
            (output.counters.instructions, self.cost, Resource::Instructions),
        ] {
            function
                .instructions()
                .global_get(counter)
                .local_get(count)
                .i64_extend_i32_u()
                .i64_const(each)
                .i64_mul()
                .i64_sub()
                .local_tee(wanted)
                .global_set(counter)
                .local_get(wanted)
                .i64_const(0)
                .i64_lt_s()
                .if_(BlockType::Empty);
            stop(&mut function, resource);
        }
        grow(&mut function);
        function.instructions().end();
        function
    }
}

/// How many globals of the meter's a module imports.
const OURS: u32 = 4;

/// How indices move: the meter's imports come behind the author's imports, before what the module defines.
pub(crate) struct Indices {
    functions: u32,
    /// How many functions of the meter's the module imports.
    added_functions: u32,
    globals: u32,
}

impl Reencode for Indices {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error<Infallible>> {
        Ok(if function < self.functions { function } else { function + self.added_functions })
    }

    fn global_index(&mut self, global: u32) -> Result<u32, reencode::Error<Infallible>> {
        Ok(if global < self.globals { global } else { global + OURS })
    }
}
