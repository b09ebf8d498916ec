//! Runs test binaries of `wasm32-unknown-unknown`, for `cargo xtask wasm`: each is instantiated and its `main` called.
//!
//! That target has no output and no unwinding: a test that fails ends its binary with a trap, and the trap's backtrace
//! names the test.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use wasmtime::{Engine, Instance, Module, Store};

fn main() -> Result<ExitCode> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    ensure!(!paths.is_empty(), "usage: run_wasm_tests FILE.wasm...");
    let engine = Engine::default();
    let mut failed = false;
    for path in &paths {
        match run(&engine, path) {
            Ok(()) => println!("ok: {path}"),
            Err(error) => {
                failed = true;
                println!("FAILED: {path}: {error:?}");
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn run(engine: &Engine, path: &str) -> Result<()> {
    let module = Module::from_file(engine, path)?;
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let main =
        instance.get_typed_func::<(i32, i32), i32>(&mut store, "main").context("it is not a test binary")?;
    let code = main.call(&mut store, (0, 0))?;
    ensure!(code == 0, "it ended with the code {code}");
    Ok(())
}
