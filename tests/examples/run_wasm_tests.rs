//! Runs test binaries of `wasm32-unknown-unknown`, for `cargo xtask wasm`: each is instantiated and its `main` called.
//!
//! That target has no output and no unwinding: a test that fails ends its binary with a trap, and the trap's backtrace
//! names the test.

use std::process::ExitCode;

use wasmtime::{Engine, Instance, Module, Result, Store};

fn main() -> ExitCode {
    let engine = Engine::default();
    let mut is_ok = true;
    for path in std::env::args().skip(1) {
        match run(&engine, &path) {
            Ok(0) => println!("ok: {path}"),
            Ok(code) => {
                is_ok = false;
                println!("FAILED: {path}: it ended with the code {code}");
            }
            Err(error) => {
                is_ok = false;
                println!("FAILED: {path}: {error:?}");
            }
        }
    }
    if is_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(engine: &Engine, path: &str) -> Result<i32> {
    let module = Module::from_file(engine, path)?;
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let main = instance.get_typed_func::<(i32, i32), i32>(&mut store, "main")?;
    main.call(&mut store, (0, 0))
}
