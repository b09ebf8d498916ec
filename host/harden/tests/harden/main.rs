//! The pass held to what it promises, with wasmtime as the engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod components;
mod damage;
mod engine;
mod frames;
mod limits;
mod metering;
mod nan;
mod smith;
mod suite;
mod wide;
