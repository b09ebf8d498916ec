//! Whole components: the standard policies, many modules with one counter, and what is refused.

use apportion_harden::{Error, HOST, METER, Resource, harden, is_hardened, profile};
use wasmtime::component::{Component, Instance, Linker, Val};
use wasmtime::{Engine, Store};

use crate::engine::{Host, plain_engine, wasm};

/// A component and, if it is hardened, its meter.
struct Run {
    store: Store<Host>,
    instance: Instance,
}

impl Run {
    fn new(engine: &Engine, bytes: &[u8], instructions: u64) -> Result<Self, Option<Resource>> {
        Self::within(engine, bytes, Host::with(instructions).limits)
    }

    fn within(engine: &Engine, bytes: &[u8], limits: [u64; 4]) -> Result<Self, Option<Resource>> {
        let component = Component::new(engine, bytes).unwrap();
        let mut linker: Linker<Host> = Linker::new(engine);
        policy_imports(&mut linker);
        let mut host = linker.instance(HOST).unwrap();
        host.func_wrap("limit", |store, (of,): (u32,)| Ok((store.data().limits[of as usize],))).unwrap();
        host.func_wrap("exhausted", |mut store, (kind,): (u32,)| -> wasmtime::Result<()> {
            store.data_mut().exhausted = Resource::from_code(kind);
            Err(wasmtime::Error::msg("exhausted"))
        })
        .unwrap();
        let mut store = Store::new(engine, Host { limits, exhausted: None });
        store.limiter(|host| host);
        match linker.instantiate(&mut store, &component) {
            Ok(instance) => Ok(Self { store, instance }),
            Err(_) => Err(store.data_mut().exhausted.take()),
        }
    }

    fn call(
        &mut self,
        interface: Option<&str>,
        name: &str,
        arguments: &[Val],
    ) -> Result<Val, Option<Resource>> {
        let outer = interface
            .map(|interface| self.instance.get_export_index(&mut self.store, None, interface).unwrap());
        let index = self.instance.get_export_index(&mut self.store, outer.as_ref(), name).unwrap();
        let function = self.instance.get_func(&mut self.store, index).unwrap();
        let mut results = vec![Val::Bool(false); function.ty(&self.store).results().len()];
        match function.call(&mut self.store, arguments, &mut results) {
            Ok(()) => Ok(results.pop().unwrap_or(Val::Bool(true))),
            Err(_) => Err(self.store.data_mut().exhausted.take()),
        }
    }

    fn left(&mut self) -> i64 {
        match self.call(Some(METER), "left", &[Val::U32(0)]) {
            Ok(Val::S64(left)) => left,
            other => panic!("{other:?}"),
        }
    }
}

/// A small epoch, told through the contract's imports.
fn policy_imports(linker: &mut Linker<Host>) {
    let rows = |arguments: &[Val]| -> Vec<u32> {
        let Some(Val::Record(fields)) = arguments.last() else { return Vec::new() };
        match (&fields[0].1, &fields[1].1) {
            (Val::U32(start), Val::U32(count)) => (*start..start + count).collect(),
            other => panic!("{other:?}"),
        }
    };
    let amount = |low: u64| Val::Record(vec![("high".into(), Val::U64(0)), ("low".into(), Val::U64(low))]);
    type Answer = fn(u32) -> Val;
    let answers: [(&str, &str, Answer); 24] = [
        ("epoch", "payee-ids", |row| Val::String(format!("payee-{row}"))),
        ("graph", "node-kinds", |_| Val::String("person".into())),
        ("graph", "edge-kinds", |_| Val::String("used".into())),
        ("graph", "node-ids", |row| Val::String(format!("node-{row}"))),
        ("graph", "node-kind", |_| Val::U32(0)),
        ("graph", "node-weight", |row| Val::Float64(f64::from(row) + 0.5)),
        ("graph", "node-time", |row| Val::S64(i64::from(row))),
        ("graph", "node-payee", |row| Val::U32(row % 5)),
        ("graph", "edge-source", |row| Val::U32(row / 2)),
        ("graph", "edge-target", |row| Val::U32(row * 3 % 10)),
        ("graph", "edge-kind", |_| Val::U32(0)),
        ("graph", "edge-weight", |row| Val::Float64(f64::from(row) + 1.25)),
        ("graph", "edge-time", |row| Val::S64(i64::from(row))),
        ("graph", "edge-offsets", |row| Val::U32(row * 2)),
        ("graph", "node-metrics", |_| Val::String("size".into())),
        ("graph", "node-labels", |_| Val::String("name".into())),
        ("graph", "edge-metrics", |_| Val::String("size".into())),
        ("graph", "edge-labels", |_| Val::String("name".into())),
        ("graph", "node-metric", |row| Val::Float64(f64::from(row))),
        ("graph", "edge-metric", |row| Val::Float64(f64::from(row))),
        ("graph", "node-label", |_| Val::U32(0)),
        ("graph", "edge-label", |_| Val::U32(0)),
        ("graph", "node-dictionary", |_| Val::String(String::new())),
        ("graph", "edge-dictionary", |_| Val::String(String::new())),
    ];
    for (interface, name, answer) in answers {
        let mut instance = linker.instance(&format!("apportion:policy/{interface}@0.1.0")).unwrap();
        instance
            .func_new(name, move |_, _, arguments, results| {
                let asked = rows(arguments);
                // What is asked without rows has one entry.
                let asked = if matches!(arguments.last(), Some(Val::Record(_))) { asked } else { vec![0] };
                let list = Val::List(asked.into_iter().map(answer).collect());
                let named = matches!(arguments.first(), Some(Val::String(_)));
                results[0] = if named { Val::Option(Some(Box::new(list))) } else { list };
                Ok(())
            })
            .unwrap();
    }
    let single: [(&str, &str, Val); 11] = [
        ("epoch", "number", Val::U64(7)),
        ("epoch", "window", Val::Tuple(vec![Val::S64(0), Val::S64(1000)])),
        ("epoch", "pool", amount(1_000_000)),
        ("epoch", "asset", Val::String("OP".into())),
        ("epoch", "decimals", Val::U32(18)),
        ("epoch", "seed", Val::U64(42)),
        ("epoch", "payee-count", Val::U32(5)),
        ("graph", "node-count", Val::U32(10)),
        ("graph", "edge-count", Val::U32(20)),
        ("history", "carry", Val::List(Vec::new())),
        ("history", "paid", Val::List((0..5).map(amount).collect())),
    ];
    for (interface, name, value) in single {
        let mut instance = linker.instance(&format!("apportion:policy/{interface}@0.1.0")).unwrap();
        instance
            .func_new(name, move |_, _, _, results| {
                results[0] = value.clone();
                Ok(())
            })
            .unwrap();
    }
    let mut diagnostics = linker.instance("apportion:policy/diagnostics@0.1.0").unwrap();
    diagnostics.func_new("log", |_, _, _, _| Ok(())).unwrap();
}

const RULE: &str = "apportion:policy/rule@0.1.0";

#[test]
fn the_standard_policies_answer_the_same() {
    let engine = plain_engine();
    for policy in apportion_standard::all() {
        let hardened = harden(policy.bytes).unwrap();
        assert_eq!(hardened, harden(policy.bytes).unwrap());
        let mut plain = Run::new(&engine, policy.bytes, 0).unwrap_or_else(|_| panic!());
        let mut metered = Run::new(&engine, &hardened, u64::MAX).unwrap_or_else(|_| panic!());
        let described = plain.call(Some(RULE), "describe", &[]).unwrap();
        assert_eq!(metered.call(Some(RULE), "describe", &[]).unwrap(), described);

        let arguments = [Val::String("{}".into())];
        let before = metered.left();
        let divided = plain.call(Some(RULE), "allocate", &arguments);
        assert_eq!(metered.call(Some(RULE), "allocate", &arguments), divided, "{}", policy.name);
        let count = before - metered.left();
        println!(
            "{}: {} bytes, hardened {}; {count} counted",
            policy.name,
            policy.bytes.len(),
            hardened.len()
        );
        if divided.is_err() {
            continue;
        }

        // The limit that it needs; one less, which its cleaning up finds; and too little for the rule itself.
        for (limit, left) in [(count, Some(0)), (count - 1, None), (count / 2, None)] {
            let mut run = Run::new(&engine, &hardened, u64::MAX).unwrap_or_else(|_| panic!());
            run.call(Some(RULE), "describe", &[]).unwrap();
            run.call(Some(METER), "refill", &[Val::U64(u64::try_from(limit).unwrap())]).unwrap();
            let ending = run.call(Some(RULE), "allocate", &arguments);
            match left {
                Some(left) => assert_eq!((ending, run.left()), (divided.clone(), left), "{}", policy.name),
                None => assert_eq!(ending, Err(Some(Resource::Instructions)), "{}", policy.name),
            }
        }
    }
}

/// Noting what each function is charged changes no answer and no count, and all that is charged is noted.
#[test]
fn what_functions_are_charged_is_what_is_counted() {
    let engine = plain_engine();
    for policy in apportion_standard::all() {
        let profiled = profile(policy.bytes).unwrap();
        let run = |component: &[u8]| {
            let mut run = Run::new(&engine, component, 1 << 40).unwrap_or_else(|_| panic!());
            let answer = run.call(Some(RULE), "allocate", &[Val::String("{}".into())]);
            (run, answer)
        };
        let (mut plain, wanted) = run(&harden(policy.bytes).unwrap());
        let (mut noted, answer) = run(&profiled.component);
        assert_eq!(answer, wanted, "{}", policy.name);
        if answer.is_err() {
            continue;
        }
        let count = (1 << 40) - plain.left();
        assert_eq!((1 << 40) - noted.left(), count, "{}", policy.name);
        let charged: i64 = (4_u32..)
            .zip(&profiled.functions)
            .map(|(place, _)| match noted.call(Some(METER), "left", &[Val::U32(place)]) {
                Ok(Val::S64(charged)) => charged,
                other => panic!("{other:?}"),
            })
            .sum();
        let pages = (count - charged) / 8192;
        assert_eq!(count - charged, pages * 8192, "{}: the rest is memory that grew", policy.name);
        assert!(charged > 0 && pages < 100, "{}: {charged} of {count}", policy.name);
    }
}

#[test]
fn functions_have_the_names_that_the_component_gives_them() {
    let component = wasm("(component (core module (import \"\" \"f\" (func)) (func $named) (func)))");
    let names: Vec<_> =
        profile(&component).unwrap().functions.into_iter().map(|f| (f.index, f.name)).collect();
    assert_eq!(names, [(1, Some("named".to_owned())), (2, None)]);
}

#[test]
fn hardening_twice_is_refused() {
    for policy in apportion_standard::all() {
        assert!(!is_hardened(policy.bytes));
        let hardened = harden(policy.bytes).unwrap();
        assert!(is_hardened(&hardened));
        assert!(matches!(harden(&hardened), Err(Error::Hardened(_))));
    }
}

/// Two modules that call each other through a table that a third fills, as toolchains link them.
const LINKED: &str = r#"(component
    (core module $main
        (import "other" "step" (func $step (param i32) (result i32)))
        (func (export "run") (param i32) (result i32) (call $step (local.get 0)))
        (func (export "again") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (call $step (i32.sub (local.get 0) (i32.const 1))))
                (else (i32.const 7)))))
    (core module $shim
        (type $f (func (param i32) (result i32)))
        (table (export "table") 1 1 funcref)
        (func (export "step") (param i32) (result i32)
            (call_indirect (type $f) (local.get 0) (i32.const 0))))
    (core module $fixup
        (import "" "table" (table 1 1 funcref))
        (import "" "again" (func $again (param i32) (result i32)))
        (elem (i32.const 0) func $again))
    (core instance $shim (instantiate $shim))
    (core instance $main (instantiate $main (with "other" (instance $shim))))
    (alias core export $shim "table" (core table $table))
    (alias core export $main "again" (core func $again))
    (core instance $wires (export "table" (table $table)) (export "again" (func $again)))
    (core instance (instantiate $fixup (with "" (instance $wires))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $main "run"))))"#;

#[test]
fn modules_that_call_each_other_share_one_counter_and_one_depth() {
    let engine = plain_engine();
    let hardened = harden(&wasm(LINKED)).unwrap();
    let limits = [10_000, 20_000, 0, 1];
    let mut run = Run::within(&engine, &hardened, limits).unwrap_or_else(|_| panic!());
    assert_eq!(run.call(None, "run", &[Val::U32(10)]), Ok(Val::U32(7)));
    let used = 10_000 - run.left();
    // Each turn: again has five instructions besides the call and both constants, step three.
    assert!((80..130).contains(&used), "{used}");
    // A turn over both modules takes more than 200 bytes.
    assert_eq!(run.call(None, "run", &[Val::U32(100)]), Err(Some(Resource::Depth)));
}

#[test]
fn what_runs_while_instantiating_is_metered() {
    let engine = plain_engine();
    let component = wasm(
        r#"(component
            (core module $m
                (func $start (local i32)
                    (loop (br_if 0 (i32.lt_u
                        (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000)))))
                (start $start))
            (core instance (instantiate $m)))"#,
    );
    let hardened = harden(&component).unwrap();
    let used = 1_000_000 - Run::new(&engine, &hardened, 1_000_000).unwrap_or_else(|_| panic!()).left();
    assert!((7000..7100).contains(&used), "{used}");
    let used = u64::try_from(used).unwrap();
    assert!(Run::new(&engine, &hardened, used).is_ok());
    assert_eq!(Run::new(&engine, &hardened, used - 1).err(), Some(Some(Resource::Instructions)));
}

#[test]
fn what_code_could_hide_in_is_refused_with_the_place() {
    for (text, words) in [
        ("(component (component (core module)))", "a core module in a nested component"),
        ("(component (import \"m\" (core module)))", "an imported core module"),
        ("(component (type (resource (rep i32))))", "a resource that the component defines"),
        ("(component (component (type (resource (rep i32)))))", "a resource that the component defines"),
        (
            "(component (core module $m (func (export \"d\") (param i32)))
                (core instance $i (instantiate $m))
                (type (resource (rep i32) (dtor (core func $i \"d\")))))",
            "a resource that the component defines",
        ),
        (
            "(component (core module (func (param v128) (drop (f32x4.relaxed_min (local.get 0) (local.get 0))))))",
            "function 0 of core module 0 cannot be metered: relaxed SIMD support is not enabled",
        ),
        ("(component (core module (func (return_call 0))))", "tail calls support is not enabled"),
        ("(component (core module (memory i64 1)))", "memory64 must be enabled"),
        ("(component (core module (memory 1 1 shared)))", "threads must be enabled"),
        ("(component (core module (tag)))", "exceptions proposal not enabled"),
        ("(module)", "expected a component"),
    ] {
        let error = harden(&wasm(text)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let error = harden(&wasm("(component (core module) (core module (table 10000001 funcref)))"));
    let words = "table 0 of core module 1 starts with 10000001 elements, and may have 10000000";
    assert_eq!(error.unwrap_err().to_string(), words);
}

#[test]
fn what_a_component_starts_with_counts() {
    let hardened = harden(&wasm(
        r#"(component
            (core module $m (memory (export "m") 2) (table 5 funcref))
            (core module $n (import "" "m" (memory 2)) (table 6 funcref) (func (export "f")))
            (core instance $a (instantiate $m))
            (core instance $b (instantiate $m))
            (core instance $c (instantiate $n (with "" (instance $a))))
            (func (export "f") (canon lift (core func $c "f"))))"#,
    ))
    .unwrap();
    let (memory, table) = (4 << 16, 16);
    let run = |memory, table| Run::within(&plain_engine(), &hardened, [100, 1 << 19, memory, table]);
    assert!(run(memory, table).is_ok());
    assert_eq!(run(memory - 1, table).err(), Some(Some(Resource::Memory)));
    assert_eq!(run(memory, table - 1).err(), Some(Some(Resource::Table)));
}

/// Whatever is used up while the host hands over a list is told all the same, though the component may not call out.
#[test]
fn a_stop_where_nothing_can_be_called_is_told() {
    for (doing, resource) in [
        ("(drop (memory.grow (i32.const 10)))", Resource::Memory),
        ("(drop (table.grow (ref.null func) (i32.const 10)))", Resource::Table),
        ("(loop (br 0))", Resource::Instructions),
        ("(drop (call $realloc (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))", Resource::Depth),
    ] {
        let hardened = harden(&wasm(&format!(
            r#"(component
                (core module $m (memory (export "m") 1) (table 1 funcref)
                    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32) {doing} i32.const 0)
                    (func (export "f") (param i32 i32)))
                (core instance $i (instantiate $m))
                (func (export "f") (param "text" string) (canon lift (core func $i "f")
                    (memory (core memory $i "m")) (realloc (core func $i "realloc")))))"#
        )))
        .unwrap();
        let mut run = Run::within(&plain_engine(), &hardened, [100_000, 1 << 16, 1 << 17, 5])
            .unwrap_or_else(|_| panic!());
        assert_eq!(run.call(None, "f", &[Val::String("text".into())]), Err(Some(resource)));
    }
}

#[test]
fn nested_components_that_only_rename_are_taken() {
    // What wit-component writes for an exported interface.
    let component = wasm(
        r#"(component
            (core module $m (func (export "f") (result i32) (i32.const 3)))
            (core instance $i (instantiate $m))
            (type $r (record (field "n" u32)))
            (func $f (result u32) (canon lift (core func $i "f")))
            (component $shim
                (import "f" (func $f (result u32)))
                (alias outer 1 $r (type $r))
                (export "g" (func $f)))
            (instance $s (instantiate $shim (with "f" (func $f))))
            (export "api" (instance $s)))"#,
    );
    let hardened = harden(&component).unwrap();
    let mut run = Run::new(&plain_engine(), &hardened, 100).unwrap_or_else(|_| panic!());
    assert_eq!(run.call(Some("api"), "g", &[]), Ok(Val::U32(3)));
}
