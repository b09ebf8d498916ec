//! Modules that nobody wrote: original and hardened do the same.

use std::sync::LazyLock;

use apportion_harden::{Resource, harden_module};
use arbitrary::Unstructured;
use wasmtime::{Config, Engine, ExternType, Instance, Linker, Module, Store, Val, ValType};

use crate::engine::{
    Bits, Ending, Host, MOST, bits, call, count_instructions, link_meter, on_deep_stack, plain_engine, trap,
};

/// How many modules are tried. `HARDEN_SMITH=20000` for a long night.
fn tries() -> u64 {
    std::env::var("HARDEN_SMITH").ok().and_then(|tries| tries.parse().ok()).unwrap_or(400)
}

/// A generator of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ (self.0 >> 29)
    }
}

/// A module made of bytes; `seed` chooses the features that it may use.
fn module(seed: u64, bytes: &[u8]) -> Option<Vec<u8>> {
    let config = wasm_smith::Config {
        allow_start_export: seed.is_multiple_of(3),
        exceptions_enabled: false,
        export_everything: true,
        gc_enabled: false,
        compact_imports_enabled: false,
        max_imports: 0,
        max_instructions: 400,
        max_memory32_bytes: 1 << 20,
        max_table_elements: 1000,
        max_funcs: 12,
        memory64_enabled: false,
        min_funcs: 2,
        min_memories: 1,
        reference_types_enabled: seed.is_multiple_of(2),
        relaxed_simd_enabled: false,
        simd_enabled: seed % 4 < 2,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..wasm_smith::Config::default()
    };
    let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(bytes)).ok()?;
    module.ensure_termination(2000).ok()?;
    Some(module.to_bytes())
}

/// Modules from the seeds below `count`, those that the generator gives.
pub fn modules(count: u64) -> impl Iterator<Item = (u64, Vec<u8>)> {
    (0..count).filter_map(|seed| {
        let mut numbers = Numbers(seed);
        let bytes: Vec<u8> = (0..2048).flat_map(|_| numbers.next().to_le_bytes()).collect();
        Some((seed, module(seed, &bytes)?))
    })
}

/// The original on an engine that counts with fuel and gives the canonical NaN from all arithmetic, as the pass
/// promises to behave.
fn counting_engine() -> Engine {
    let mut config = Config::new();
    count_instructions(&mut config);
    config.cranelift_nan_canonicalization(true);
    Engine::new(&config).unwrap()
}

#[derive(Default)]
struct Tally {
    modules: usize,
    calls: usize,
    values: usize,
    not_taken: usize,
}

#[test]
fn modules_that_nobody_wrote_do_the_same() {
    let mut tally = Tally::default();
    on_deep_stack(|| {
        let (counting, plain) = (counting_engine(), plain_engine());
        for (seed, bytes) in modules(tries()) {
            compare(seed, &bytes, &counting, &plain, &mut tally);
        }
    });
    println!(
        "{} modules, {} calls of which {} returned; {} modules with types the engine does not take",
        tally.modules, tally.calls, tally.values, tally.not_taken
    );
    assert!(tally.modules > 100 && tally.values > 100);
}

/// What the fuzzer does with its bytes: the first chooses features, the rest becomes a module.
pub fn fuzz(bytes: &[u8]) {
    static ENGINES: LazyLock<(Engine, Engine)> = LazyLock::new(|| (counting_engine(), plain_engine()));
    let Some((&seed, bytes)) = bytes.split_first() else { return };
    let Some(module) = module(seed.into(), bytes) else { return };
    on_deep_stack(|| compare(seed.into(), &module, &ENGINES.0, &ENGINES.1, &mut Tally::default()));
}

#[test]
fn what_the_fuzzer_kept_does_the_same() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus/hardening");
    let inputs: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|input| input.unwrap().path()).collect();
    assert!(!inputs.is_empty());
    for input in inputs {
        fuzz(&std::fs::read(input).unwrap());
    }
}

fn compare(seed: u64, bytes: &[u8], counting: &Engine, plain: &Engine, tally: &mut Tally) {
    let Ok(original) = Module::new(counting, bytes) else {
        tally.not_taken += 1;
        return;
    };
    let hardened = harden_module(bytes).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert_eq!(hardened, harden_module(bytes).unwrap(), "seed {seed}: not the same twice");
    let hardened = Module::new(plain, hardened).unwrap();

    let mut left = Store::new(counting, ());
    left.set_fuel(u64::MAX / 2).unwrap();
    let mut right = Store::new(plain, Host::with(u64::MAX));
    let mut linker = Linker::new(plain);
    let meter = link_meter(&mut right, &mut linker);
    tally.modules += 1;
    let (first, second) =
        match (Instance::new(&mut left, &original, &[]), linker.instantiate(&mut right, &hardened)) {
            (Ok(first), Ok(second)) => (first, second),
            (Err(first), Err(second)) => {
                if right.data().exhausted.is_none() {
                    assert_eq!(trap(&first), trap(&second), "seed {seed}");
                }
                return;
            }
            (first, second) => panic!("seed {seed}: {first:?} and {second:?}"),
        };
    let (get, set) = (
        meter.get_typed_func::<u32, i64>(&mut right, "left").unwrap(),
        meter.get_typed_func::<u64, ()>(&mut right, "refill").unwrap(),
    );

    for export in original.exports() {
        let ExternType::Func(ty) = export.ty() else { continue };
        for pattern in 0..3 {
            let arguments: Option<Vec<Val>> = ty.params().map(|ty| argument(&ty, pattern)).collect();
            let Some(arguments) = arguments else { continue };
            left.set_fuel(u64::MAX / 2).unwrap();
            set.call(&mut right, u64::MAX).unwrap();
            let function = first.get_func(&mut left, export.name()).unwrap();
            let wanted = call(&mut left, function, &arguments, |()| None);
            let function = second.get_func(&mut right, export.name()).unwrap();
            let ending = call(&mut right, function, &arguments, |host| host.exhausted.take());
            tally.calls += 1;
            match (&wanted, &ending) {
                // What is too deep is told by the native stack there, by the count here.
                (Ending::Trap(text), _) if text == "StackOverflow" => return,
                (_, Ending::Exhausted(Resource::Depth)) => return,
                (Ending::Values(_), Ending::Values(_)) => {
                    tally.values += 1;
                    let executed = u64::MAX / 2 - left.get_fuel().unwrap();
                    let counted = MOST - u64::try_from(get.call(&mut right, 0).unwrap()).unwrap();
                    assert!(counted >= executed, "seed {seed}: {counted} counted, {executed} executed");
                }
                _ => {}
            }
            assert_eq!(ending, wanted, "seed {seed}, {}", export.name());
        }
    }
    for export in original.exports() {
        match export.ty() {
            ExternType::Global(_) => {
                let wanted = first.get_global(&mut left, export.name()).unwrap().get(&mut left);
                let global = second.get_global(&mut right, export.name()).unwrap().get(&mut right);
                assert_eq!(bits(&global), bits(&wanted), "seed {seed}, {}", export.name());
            }
            ExternType::Memory(_) => {
                let wanted = first.get_memory(&mut left, export.name()).unwrap();
                let memory = second.get_memory(&mut right, export.name()).unwrap();
                assert!(memory.data(&right) == wanted.data(&left), "seed {seed}, {}", export.name());
            }
            _ => {}
        }
    }
}

/// Zeros, ordinary numbers, and NaNs with payloads.
fn argument(ty: &ValType, pattern: u32) -> Option<Val> {
    let pattern = pattern as usize;
    Some(match ty {
        ValType::I32 => Val::I32([0, 77, -16][pattern]),
        ValType::I64 => Val::I64([0, 77, -6][pattern]),
        ValType::F32 => Val::F32([0, 0x4049_0fdb, 0xffa1_2345][pattern]),
        ValType::F64 => Val::F64([0, 0x4009_21fb_5444_2d18, 0xfff4_0000_0001_2345][pattern]),
        ValType::V128 => {
            let half: u128 = [0, 0x4009_21fb_4049_0fdb, 0xfff4_0000_ffa1_2345][pattern];
            Val::V128((half << 64 | half).into())
        }
        ValType::Ref(_) => return None,
    })
}

#[test]
fn a_value_knows_its_bits() {
    // The comparison above would be worth nothing if it took all NaNs for one.
    assert_ne!(Bits::F64(0x7ff8_0000_0000_0000), Bits::F64(0xfff8_0000_0000_0000));
}
