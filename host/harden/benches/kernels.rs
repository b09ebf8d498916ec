//! What hardening costs, as ratios of one run: native Rust, plain wasmtime, wasmtime's fuel and NaN canonicalisation,
//! hardened.
//!
//! `cargo bench --package apportion-harden --bench kernels [NAME...]`
//!
//! kernels.wasm is built from kernels/ by `cargo build --release --target wasm32-unknown-unknown`; what the standard
//! library's allocator has of the folder that it was built in is overwritten with hyphens.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark ends at the first surprise")]

use std::time::Instant;

use apportion_harden::{HOST, MODULE, harden_module, meter_module};
use clock::seconds;
use wasmtime::{Config, Engine, Extern, Linker, Module, Store, TypedFunc};

#[allow(
    dead_code,
    missing_docs,
    unsafe_code,
    clippy::cast_possible_truncation,
    clippy::needless_range_loop,
    reason = "the kernels' own crate, here natively"
)]
#[path = "kernels/src/lib.rs"]
mod kernels;

#[path = "clock/mod.rs"]
mod clock;

const KERNELS: &[u8] = include_bytes!("kernels.wasm");

type Native = extern "C" fn(u32) -> u64;

/// With sizes that take some tenths of a second: the clock of what a thread was given may tick every 4 ms.
const ALL: [(&str, Native, u32); 12] = [
    ("pagerank", kernels::pagerank, 1_000_000),
    ("fibonacci", kernels::fibonacci, 39),
    ("sort", kernels::sort, 5_000_000),
    ("btree", kernels::btree, 500_000),
    ("nbody", kernels::nbody, 5_000_000),
    ("matrix", kernels::matrix, 700),
    ("strings", kernels::strings, 200_000),
    ("sieve", kernels::sieve, 50_000_000),
    ("sha256", kernels::sha256, 800_000),
    ("mandelbrot", kernels::mandelbrot, 1200),
    ("dijkstra", kernels::dijkstra, 300_000),
    ("distance", kernels::distance, 12_000),
];
const ROUNDS: usize = 9;

/// The kernels compiled in one way.
struct Build {
    engine: Engine,
    module: Module,
    hardened: bool,
}

impl Build {
    fn new(config: &Config, hardened: bool) -> Self {
        let engine = Engine::new(config).unwrap();
        let bytes = if hardened { harden_module(KERNELS).unwrap() } else { KERNELS.to_vec() };
        let started = Instant::now();
        let module = Module::new(&engine, &bytes).unwrap();
        println!("{} bytes, compiled in {:?}", bytes.len(), started.elapsed());
        Self { engine, module, hardened }
    }

    fn run(&self, fuel: bool) -> Run {
        let mut store = Store::new(&self.engine, ());
        if fuel {
            store.set_fuel(u64::MAX).unwrap();
        }
        let mut linker = Linker::new(&self.engine);
        let mut meter = None;
        if self.hardened {
            linker.func_wrap(HOST, "limit", |_: u32| u64::MAX).unwrap();
            linker.func_wrap(HOST, "exhausted", |kind: u32| -> () { panic!("exhausted {kind}") }).unwrap();
            let module = Module::new(&self.engine, meter_module()).unwrap();
            let instance = linker.instantiate(&mut store, &module).unwrap();
            let exports: Vec<(String, Extern)> = instance
                .exports(&mut store)
                .map(|export| (export.name().to_owned(), export.into_extern()))
                .collect();
            for (name, export) in exports {
                linker.define(&mut store, MODULE, &name, export).unwrap();
            }
            meter = Some(instance);
        }
        let instance = linker.instantiate(&mut store, &self.module).unwrap();
        Run { store, instance, meter }
    }
}

/// The kernels instantiated, each for itself.
struct Run {
    store: Store<()>,
    instance: wasmtime::Instance,
    meter: Option<wasmtime::Instance>,
}

impl Run {
    fn run(&mut self, name: &str, size: u32) -> (f64, u64) {
        let kernel: TypedFunc<u32, u64> = self.instance.get_typed_func(&mut self.store, name).unwrap();
        let started = seconds();
        let checksum = kernel.call(&mut self.store, size).unwrap();
        (seconds() - started, checksum)
    }

    fn left(&mut self) -> u64 {
        let left: TypedFunc<u32, u64> = self.meter.unwrap().get_typed_func(&mut self.store, "left").unwrap();
        left.call(&mut self.store, 0).unwrap()
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let plain = Config::new();
    let mut counting = Config::new();
    counting.consume_fuel(true).cranelift_nan_canonicalization(true);
    println!("plain, with fuel and NaN canonicalisation, hardened:");
    let [plain, fuelled, hardened] =
        [Build::new(&plain, false), Build::new(&counting, false), Build::new(&Config::new(), true)];
    println!(
        "\n{:<12}{:>10}{:>10}{:>10}{:>10}{:>14}{:>9}",
        "", "plain", "native", "fuel", "hardened", "counted", "/ fuel"
    );

    let (mut logs, mut count) = ([0.0; 3], 0.0);
    for (name, native, size) in ALL {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let (mut plain, mut fuelled, mut hardened) =
            (plain.run(false), fuelled.run(true), hardened.run(false));
        let mut times = [const { Vec::new() }; 4];
        let (mut counted, mut burnt) = (0, 0);
        for _ in 0..ROUNDS {
            let (time, checksum) = plain.run(name, size);
            times[0].push(time);
            let started = seconds();
            assert_eq!(native(size), checksum, "{name}");
            times[1].push(seconds() - started);
            let before = fuelled.store.get_fuel().unwrap();
            let (time, other) = fuelled.run(name, size);
            assert_eq!(other, checksum, "{name}");
            burnt = before - fuelled.store.get_fuel().unwrap();
            times[2].push(time);
            let before = hardened.left();
            let (time, other) = hardened.run(name, size);
            assert_eq!(other, checksum, "{name}");
            counted = before - hardened.left();
            times[3].push(time);
        }
        // The least of several: what disturbs only ever adds.
        let [plain, native, fuel, hard] =
            times.map(|times| times.into_iter().min_by(f64::total_cmp).unwrap());
        for (log, time) in logs.iter_mut().zip([native, fuel, hard]) {
            *log += (time / plain).ln();
        }
        count += 1.0;
        println!(
            "{name:<12}{:>7.0} ms{:>10.2}{:>10.2}{:>10.2}{counted:>14}{:>9.2}",
            plain * 1e3,
            native / plain,
            fuel / plain,
            hard / plain,
            counted as f64 / burnt as f64,
        );
    }
    let [native, fuel, hard] = logs.map(|log: f64| (log / count).exp());
    println!("{:<12}{:>10}{native:>10.2}{fuel:>10.2}{hard:>10.2}", "geometric", "");
}
