//! Core modules and components run plain and hardened.

use apportion_harden::{HOST, MODULE, Resource, harden_module, meter_module};
use wasmtime::{
    Config, Engine, Extern, Instance, Linker, Module, OperatorCost, ResourceLimiter, Store, Val,
    VariableOperatorCost,
};

/// What the embedder keeps: the limits it answers with, by their codes, and what it was told.
pub struct Host {
    pub limits: [u64; 4],
    pub exhausted: Option<Resource>,
}

impl Host {
    /// So many instructions, 512 KiB of depth, and memory and tables without limit.
    pub fn with(instructions: u64) -> Self {
        Self { limits: [instructions, 1 << 19, u64::MAX, u64::MAX], exhausted: None }
    }
}

/// What wasmtime tells of growth: the only word of it where a component may not call out.
impl ResourceLimiter for Host {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        match Resource::from_table_growth(desired, maximum) {
            Some(resource) => {
                self.exhausted.get_or_insert(resource);
                Err(wasmtime::Error::msg("exhausted"))
            }
            None => Ok(true),
        }
    }
}

/// What a limit of `u64::MAX` is taken as.
pub const MOST: u64 = 1 << 62;

/// The engine as an embedder sets it: no fuel, no NaN canonicalisation, native stack to spare.
pub fn plain_engine() -> Engine {
    let mut config = Config::new();
    config.async_stack_size(80 << 20); // unused, and checked against the next line all the same
    config.max_wasm_stack(64 << 20);
    Engine::new(&config).unwrap()
}

/// Runs on a thread whose stack holds what the engine may use.
pub fn on_deep_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(96 << 20).spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

pub fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A hardened core module beside its meter.
pub struct Hardened {
    pub store: Store<Host>,
    pub instance: Instance,
    meter: Instance,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    Values(Vec<Bits>),
    Exhausted(Resource),
    Trap(String),
}

/// A value, floats by their bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bits {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    V128(u128),
    Null(bool),
}

pub fn bits(value: &Val) -> Bits {
    match value {
        Val::I32(value) => Bits::I32(*value),
        Val::I64(value) => Bits::I64(*value),
        Val::F32(value) => Bits::F32(*value),
        Val::F64(value) => Bits::F64(*value),
        Val::V128(value) => Bits::V128(value.as_u128()),
        Val::FuncRef(value) => Bits::Null(value.is_none()),
        Val::ExternRef(value) => Bits::Null(value.is_none()),
        other => panic!("{other:?}"),
    }
}

impl Hardened {
    pub fn new(engine: &Engine, module: &[u8], instructions: u64) -> Self {
        Self::with(engine, module, Host::with(instructions)).unwrap()
    }

    pub fn with(engine: &Engine, module: &[u8], host: Host) -> wasmtime::Result<Self> {
        let hardened = harden_module(module).unwrap();
        let module = Module::new(engine, hardened).unwrap();
        let mut store = Store::new(engine, host);
        let mut linker = Linker::new(engine);
        let meter = link_meter(&mut store, &mut linker);
        let instance = linker.instantiate(&mut store, &module)?;
        Ok(Self { store, instance, meter })
    }

    pub fn call(&mut self, name: &str, arguments: &[Val]) -> Ending {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        call(&mut self.store, function, arguments, |host| host.exhausted.take())
    }

    pub fn left(&mut self) -> i64 {
        self.meter
            .get_typed_func::<u32, i64>(&mut self.store, "left")
            .unwrap()
            .call(&mut self.store, Resource::Instructions.code())
            .unwrap()
    }

    pub fn refill(&mut self, limit: u64) {
        self.meter
            .get_typed_func::<u64, ()>(&mut self.store, "refill")
            .unwrap()
            .call(&mut self.store, limit)
            .unwrap();
    }

    /// Calls with all the limit there is, and tells what that used.
    pub fn count(&mut self, name: &str, arguments: &[Val]) -> (Ending, u64) {
        self.refill(u64::MAX);
        let ending = self.call(name, arguments);
        (ending, MOST - u64::try_from(self.left()).unwrap())
    }
}

/// Makes a meter, and its exports what hardened modules import.
pub fn link_meter(store: &mut Store<Host>, linker: &mut Linker<Host>) -> Instance {
    linker
        .func_wrap(HOST, "limit", |caller: wasmtime::Caller<'_, Host>, of: u32| {
            caller.data().limits[of as usize]
        })
        .unwrap()
        .func_wrap(
            HOST,
            "exhausted",
            |mut caller: wasmtime::Caller<'_, Host>, kind: u32| -> wasmtime::Result<()> {
                caller.data_mut().exhausted = Resource::from_code(kind);
                Err(wasmtime::Error::msg("exhausted"))
            },
        )
        .unwrap();
    let meter = Module::new(store.engine(), meter_module()).unwrap();
    let meter = linker.instantiate(&mut *store, &meter).unwrap();
    let exports: Vec<(String, Extern)> =
        meter.exports(&mut *store).map(|export| (export.name().to_owned(), export.into_extern())).collect();
    for (name, export) in exports {
        linker.define(&mut *store, MODULE, &name, export).unwrap();
    }
    meter
}

pub fn call<T>(
    store: &mut Store<T>,
    function: wasmtime::Func,
    arguments: &[Val],
    exhausted: impl FnOnce(&mut T) -> Option<Resource>,
) -> Ending {
    let mut results = vec![Val::I32(0); function.ty(&mut *store).results().len()];
    match function.call(&mut *store, arguments, &mut results) {
        Ok(()) => Ending::Values(results.iter().map(bits).collect()),
        Err(error) => match exhausted(store.data_mut()) {
            Some(kind) => Ending::Exhausted(kind),
            None => Ending::Trap(trap(&error)),
        },
    }
}

pub fn trap(error: &wasmtime::Error) -> String {
    error.downcast_ref::<wasmtime::Trap>().map_or_else(|| error.to_string(), |trap| format!("{trap:?}"))
}

/// Fuel as the number of instructions executed and functions entered, with nothing for sizes.
pub fn count_instructions(config: &mut Config) {
    let variable = VariableOperatorCost {
        memory_copy_per_byte: 0,
        memory_fill_per_byte: 0,
        memory_init_per_byte: 0,
        table_copy_per_element: 0,
        table_fill_per_element: 0,
        table_init_per_element: 0,
        table_grow_per_element: 0,
        ..VariableOperatorCost::new()
    };
    config.consume_fuel(true).operator_cost(OperatorCost { variable, ..OperatorCost::new() });
}

/// The original on an engine that counts with fuel: how it ended, and how much it executed.
pub fn original(module: &[u8], name: &str, arguments: &[Val]) -> (Ending, u64) {
    let mut config = Config::new();
    count_instructions(&mut config);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, module).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(u64::MAX / 2).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let function = instance.get_func(&mut store, name).unwrap();
    let before = store.get_fuel().unwrap();
    let ending = call(&mut store, function, arguments, |()| None);
    (ending, before - store.get_fuel().unwrap())
}
