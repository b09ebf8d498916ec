//! How much larger hardening makes components, and how much longer compiling then takes: ratios of two things done in
//! turn in one run.
//!
//! `cargo bench --package apportion-harden --bench growth -- COMPONENT.wasm ...`; without files the standard policies.
//!
//! Of a component that is refused, as one whose nested components have code, the core modules are hardened and
//! compiled each by itself, and the line says so.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends at the first surprise")]
#![allow(clippy::cast_precision_loss, reason = "ratios of sizes and times")]

use std::hint::black_box;
use std::time::Instant;

use apportion_harden::{harden, harden_module};
use wasmparser::{Parser, Payload};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, Module, OptLevel};

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
        let (parts, note) = match harden(&component) {
            Ok(hardened) => (vec![(component, hardened)], String::new()),
            Err(error) => (core_modules(&component), format!(" (its core modules: {error})")),
        };
        let (mut hardening, mut compiling) = (Vec::new(), Vec::new());
        let mut plain = 0.0;
        for _ in 0..ROUNDS {
            hardening.push(seconds(|| parts.iter().for_each(|(original, _)| drop(rewritten(original)))));
            plain = seconds(|| parts.iter().for_each(|(original, _)| compile(&engine, original)));
            let hardened = seconds(|| parts.iter().for_each(|(_, hardened)| compile(&engine, hardened)));
            compiling.push(hardened / plain);
        }
        hardening.sort_by(f64::total_cmp);
        compiling.sort_by(f64::total_cmp);
        let before: usize = parts.iter().map(|(original, _)| original.len()).sum();
        let after: usize = parts.iter().map(|(_, hardened)| hardened.len()).sum();
        println!(
            "{name}{note}: {before} -> {after}: {:.2}; {:.0} ms; {:.2} [{:.2} to {:.2}], the original in {plain:.2} s",
            after as f64 / before as f64,
            hardening[ROUNDS / 2] * 1e3,
            compiling[ROUNDS / 2],
            compiling[0],
            compiling[ROUNDS - 1],
        );
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64()
}

fn rewritten(bytes: &[u8]) -> Vec<u8> {
    black_box(if Parser::is_component(bytes) { harden(bytes) } else { harden_module(bytes) }).unwrap()
}

fn compile(engine: &Engine, bytes: &[u8]) {
    if Parser::is_component(bytes) {
        drop(black_box(Component::new(engine, bytes).unwrap()));
    } else {
        drop(black_box(Module::new(engine, bytes).unwrap()));
    }
}

/// All core modules of a component, however deep, each with its hardened form.
fn core_modules(component: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let payloads = Parser::new(0).parse_all(component).map(Result::unwrap);
    let ranges = payloads.filter_map(|payload| match payload {
        Payload::ModuleSection { unchecked_range, .. } => Some(unchecked_range),
        _ => None,
    });
    ranges.map(|range| (component[range.clone()].to_vec(), rewritten(&component[range]))).collect()
}
