//! What grows and what is copied: charged by its size, and bounded.

use apportion_harden::Resource;
use wasmtime::Val;

use crate::engine::{Bits, Ending, Hardened, Host, plain_engine, wasm};

/// With room for nine pages and eighteen elements more than there are at first.
fn hardened(text: &str) -> Hardened {
    let limits = [0, 1 << 19, 9 << 16, 18];
    Hardened::with(&plain_engine(), &wasm(text), Host { limits, exhausted: None }).unwrap()
}

#[test]
fn memories_and_tables_grow_up_to_the_authors_maximum_or_the_limit() {
    for (memory, table) in [("(memory 1)", "(table 2 funcref)"), ("(memory 1 8)", "(table 2 9 funcref)")] {
        let text = format!(
            "(module {memory} {table}
                (func (export \"pages\") (param i32) (result i32) (memory.grow (local.get 0)))
                (func (export \"elements\") (param i32) (result i32)
                    (table.grow (ref.null func) (local.get 0))))"
        );
        let again = || hardened(&text);
        let mut run = again();
        let (ending, count) = run.count("pages", &[Val::I32(3)]);
        assert_eq!(ending, Ending::Values(vec![Bits::I32(1)]));
        assert_eq!(count, 1 + 1 + 128 + 3 * 8192);
        let (ending, count) = run.count("elements", &[Val::I32(5)]);
        assert_eq!(ending, Ending::Values(vec![Bits::I32(2)]));
        assert_eq!(count, 1 + 2 + 128 + 5);

        // More than the author allows is -1 as ever and costs no pages; more than the limit ends the run.
        for (name, by, resource) in [
            ("pages", 7, Resource::Memory),
            ("elements", 14, Resource::Table),
            ("pages", 60_000, Resource::Memory),
            ("elements", 1 << 30, Resource::Table),
        ] {
            let mut run = again();
            run.refill(100_000);
            let (grown, _) = (run.call("pages", &[Val::I32(3)]), run.call("elements", &[Val::I32(5)]));
            assert_eq!(grown, Ending::Values(vec![Bits::I32(1)]));
            let bounded = memory != "(memory 1)" || by == 1 << 30; // by what engines give a table
            let over =
                if !bounded { Ending::Exhausted(resource) } else { Ending::Values(vec![Bits::I32(-1)]) };
            assert_eq!(run.call(name, &[Val::I32(by)]), over, "{memory} {name} {by}");
        }
        // Within the limits, but not paid for.
        run.refill(1000);
        assert_eq!(run.call("pages", &[Val::I32(1)]), Ending::Exhausted(Resource::Instructions));
        assert_eq!(run.call("pages", &[Val::I32(0)]), Ending::Exhausted(Resource::Instructions));
        run.refill(1000);
        assert_eq!(run.call("pages", &[Val::I32(0)]), Ending::Values(vec![Bits::I32(4)]));
    }
}

#[test]
fn bulk_instructions_are_charged_before_they_run() {
    let mut run = hardened(
        r#"(module (memory 2) (table 10 10 funcref) (data $d "0123456789abcdef") (elem $e func 0 0)
            (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 7) (local.get 0)))
            (func (export "copy") (param i32) (memory.copy (i32.const 0) (i32.const 9) (local.get 0)))
            (func (export "init") (param i32) (memory.init $d (i32.const 0) (i32.const 0) (local.get 0)))
            (func (export "table-fill") (param i32) (table.fill (i32.const 0) (ref.null func) (local.get 0)))
            (func (export "table-copy") (param i32) (table.copy (i32.const 0) (i32.const 1) (local.get 0)))
            (func (export "table-init") (param i32)
                (table.init $e (i32.const 0) (i32.const 0) (local.get 0))))"#,
    );
    for (name, size, by_size) in [
        ("fill", 80_000, 10_000),
        ("copy", 80_007, 10_000),
        ("init", 15, 1),
        ("table-fill", 9, 9),
        ("table-copy", 8, 8),
        ("table-init", 2, 2),
    ] {
        let (ending, count) = run.count(name, &[Val::I32(size)]);
        assert_eq!((ending, count), (Ending::Values(Vec::new()), 1 + 3 + 128 + by_size), "{name}");
    }
    // Out of bounds, and more than is left: it stops for want of instructions before it can trap.
    run.refill(100);
    assert_eq!(run.call("fill", &[Val::I32(-1)]), Ending::Exhausted(Resource::Instructions));
    run.refill(1 << 40);
    assert_eq!(run.call("fill", &[Val::I32(-1)]), Ending::Trap("MemoryOutOfBounds".to_owned()));
}
