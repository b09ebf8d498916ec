#![no_main]

// The same run as the tests of the crate make.
#[allow(dead_code, reason = "parts of it are for those tests alone")]
#[path = "../../../host/harden/tests/harden/engine.rs"]
mod engine;
#[allow(dead_code, reason = "so are the numbers that it begins with there")]
#[path = "../../../host/harden/tests/harden/wide.rs"]
mod wide;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wide::fuzz(bytes));
