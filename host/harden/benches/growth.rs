//! How much larger hardening makes components, and how much longer compiling then takes: ratios of two things done in
//! turn in one run.
//!
//! `cargo bench --package apportion-harden --bench growth -- COMPONENT.wasm ...`; without files the standard policies.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]
#![allow(clippy::cast_precision_loss, reason = "ratios of sizes and times")]

use std::hint::black_box;
use std::time::Instant;

use apportion_harden::harden;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, OptLevel};

const ROUNDS: usize = 3;

fn main() {
    let files: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let components: Vec<(String, Vec<u8>)> = if files.is_empty() {
        apportion_standard::all()
            .iter()
            .map(|policy| (policy.name.to_owned(), policy.bytes.to_vec()))
            .collect()
    } else {
        files.into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
    };
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::Speed);
    let engine = Engine::new(&config).unwrap();
    println!(
        "bytes, hardened: times as many; hardening takes; compiling takes: times as long as the original"
    );
    for (name, component) in components {
        let hardened = match harden(&component) {
            Ok(hardened) => hardened,
            Err(error) => {
                println!("{name}: {error}");
                continue;
            }
        };
        let seconds = |work: &dyn Fn()| {
            let started = Instant::now();
            work();
            started.elapsed().as_secs_f64()
        };
        let (mut hardening, mut compiling) = (Vec::new(), Vec::new());
        let mut plain = 0.0;
        for _ in 0..ROUNDS {
            hardening.push(seconds(&|| drop(black_box(harden(&component)))));
            plain = seconds(&|| drop(black_box(Component::new(&engine, &component).unwrap())));
            compiling.push(seconds(&|| drop(black_box(Component::new(&engine, &hardened).unwrap()))) / plain);
        }
        hardening.sort_by(f64::total_cmp);
        compiling.sort_by(f64::total_cmp);
        println!(
            "{name}: {} -> {}: {:.2}; {:.0} ms; {:.2} [{:.2} to {:.2}], the original in {plain:.2} s",
            component.len(),
            hardened.len(),
            hardened.len() as f64 / component.len() as f64,
            hardening[ROUNDS / 2] * 1e3,
            compiling[ROUNDS / 2],
            compiling[0],
            compiling[ROUNDS - 1],
        );
    }
}
