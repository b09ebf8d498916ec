//! The interfaces of `wit/` as Rust traits, and the types of their resources. No resource has a value on the host: a
//! handle is a number, and [`Wasi`](crate::state::Wasi) knows what it stands for.

#![allow(missing_docs, clippy::all, reason = "generated from wit/")]

wasmtime::component::bindgen!({
    path: "src/abi/wasi/wit",
    world: "apportion:wasi/granted",
    imports: { default: trappable },
});
