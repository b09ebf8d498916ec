//! Policies that import WASI, written as core modules by hand and made into components.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// Makes a policy that runs `describing` when it is asked for its description and `allocating` before it divides the
/// pool equally among three payees.
///
/// Either may call the functions of WASI below, and `(call $say (i64))`, which logs a number in sixteen digits. Memory
/// is free from 4096 to 65536; what the host returns lies behind that. There is an `$at` of type i32 to count with.
///
/// # Panics
///
/// If the text is not a module.
#[allow(clippy::expect_used, reason = "for tests: the text is theirs")]
pub fn guest(describing: &str, allocating: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let contract = include_str!("../../wit/0.1.0/policy.wit");
    resolve.push_str("policy.wit", contract).expect("the contract is valid WIT");
    let package = resolve.push_str("wasi.wit", include_str!("wasi.wit")).expect("a valid part of WASI");
    let world = resolve.select_world(&[package], Some("guest")).expect("the world is there");
    let mut core = wat::parse_str(module(describing, allocating)).expect("the module is valid text");
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8)
        .expect("metadata can be embedded");
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&core).expect("the module is of the contract");
    encoder.validate(true).encode().expect("the module makes a component")
}

/// Makes a policy that imports every function of WASI that is granted, of a version such as `0.2.3`, and stops itself
/// (`unreachable`) as soon as it is called.
///
/// # Panics
///
/// If the host's interfaces cannot be read.
#[allow(clippy::expect_used, reason = "for tests: the interfaces are ours")]
pub fn importer_of_all(version: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/apportion/src/abi/wasi/wit");
    let mut resolve = Resolve::default();
    resolve.push_str("policy.wit", include_str!("../../wit/0.1.0/policy.wit")).expect("valid WIT");
    // Each after those that it uses.
    for name in ["deps/io.wit", "deps/clocks.wit", "deps/random.wit", "deps/filesystem.wit", "deps/cli.wit"] {
        let text = std::fs::read_to_string(folder.join(name)).expect("the host has it");
        // When a function came is left out: a world of an older version has it too.
        let lines = text.lines().filter(|line| !line.trim().starts_with("@since"));
        let text = lines.collect::<Vec<_>>().join("\n").replace("@0.2.12", &format!("@{version}"));
        resolve.push_str(name, &text).expect("valid WIT");
    }
    let world = std::fs::read_to_string(folder.join("world.wit")).expect("the host has it");
    let world = world.replace("@0.2.12", &format!("@{version}"));
    let world =
        world.replace("world granted {", "world granted {\n    include apportion:policy/policy@0.1.0;");
    let package = resolve.push_str("world.wit", &world).expect("valid WIT");
    let world = resolve.select_world(&[package], Some("granted")).expect("the world is there");
    let mut core = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8)
        .expect("metadata can be embedded");
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&core).expect("the module is of the contract");
    encoder.encode().expect("the module makes a component")
}

/// Imports that nothing calls are left in: the policy is granted all of them.
fn module(describing: &str, allocating: &str) -> String {
    format!(
        r#"(module
  (import "apportion:policy/diagnostics@0.1.0" "log" (func $log (param i32 i32)))
  (import "wasi:cli/environment@0.2.3" "get-environment" (func $environment (param i32)))
  (import "wasi:cli/environment@0.2.3" "get-arguments" (func $arguments (param i32)))
  (import "wasi:cli/exit@0.2.3" "exit" (func $exit (param i32)))
  (import "wasi:cli/stdin@0.2.3" "get-stdin" (func $stdin (result i32)))
  (import "wasi:cli/stdout@0.2.3" "get-stdout" (func $stdout (result i32)))
  (import "wasi:cli/terminal-stdout@0.2.3" "get-terminal-stdout" (func $terminal (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.3" "now" (func $ticks (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.3" "subscribe-instant" (func $at_instant (param i64) (result i32)))
  (import "wasi:clocks/monotonic-clock@0.2.3" "subscribe-duration" (func $after (param i64) (result i32)))
  (import "wasi:clocks/wall-clock@0.2.3" "now" (func $time (param i32)))
  (import "wasi:filesystem/preopens@0.2.3" "get-directories" (func $directories (param i32)))
  (import "wasi:io/poll@0.2.3" "poll" (func $poll (param i32 i32 i32)))
  (import "wasi:io/poll@0.2.3" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.3" "[method]pollable.ready" (func $ready (param i32) (result i32)))
  (import "wasi:io/poll@0.2.3" "[resource-drop]pollable" (func $drop_pollable (param i32)))
  (import "wasi:io/streams@0.2.3" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
  (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.3" "[method]output-stream.write-zeroes" (func $zeros (param i32 i64 i32)))
  (import "wasi:io/streams@0.2.3" "[method]output-stream.subscribe" (func $writable (param i32) (result i32)))
  (import "wasi:random/random@0.2.3" "get-random-u64" (func $random (result i64)))
  (import "wasi:random/random@0.2.3" "get-random-bytes" (func $random_bytes (param i64 i32)))
  (import "wasi:random/insecure@0.2.3" "get-insecure-random-u64" (func $insecure (result i64)))
  (import "wasi:random/insecure-seed@0.2.3" "insecure-seed" (func $seed (param i32)))
  (memory (export "memory") 128)
  (global $free (mut i32) (i32.const 65536))
  (data (i32.const 100) "guest")
  (data (i32.const 120) "1.0.0")
  (data (i32.const 140) "It lives on WASI.")
  (data (i32.const 200) "{{}}")
  (data (i32.const 300) "0123456789abcdef")
  (data (i32.const 400) "hello ")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get 3))))
  (func $say (param $number i64) (local $digit i32)
    (local.set $digit (i32.const 16))
    (loop $next
      (local.set $digit (i32.sub (local.get $digit) (i32.const 1)))
      (i32.store8
        (i32.add (i32.const 320) (local.get $digit))
        (i32.load8_u (i32.add (i32.const 300) (i32.wrap_i64 (i64.and (local.get $number) (i64.const 15))))))
      (local.set $number (i64.shr_u (local.get $number) (i64.const 4)))
      (br_if $next (local.get $digit)))
    (call $log (i32.const 320) (i32.const 16)))
  (func (export "apportion:policy/rule@0.1.0#describe") (result i32) (local $at i32)
    {describing}
    (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 5))
    (i32.store (i32.const 8) (i32.const 120)) (i32.store (i32.const 12) (i32.const 5))
    (i32.store (i32.const 16) (i32.const 140)) (i32.store (i32.const 20) (i32.const 17))
    (i32.store (i32.const 24) (i32.const 200)) (i32.store (i32.const 28) (i32.const 2))
    (i32.store8 (i32.const 32) (i32.const 0))
    (i32.const 0))
  (func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) (local $at i32)
    {allocating}
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
    (i32.store (i32.const 1040) (i32.const 2048)) (i32.store (i32.const 1044) (i32.const 3))
    (i64.store (i32.const 2048) (i64.const 1))
    (i64.store (i32.const 2056) (i64.const 1))
    (i64.store (i32.const 2064) (i64.const 1))
    (i32.const 1024)))"#
    )
}
