//! One corpus, the same outcomes under every engine: `tests/src/conformance.rs` says of what.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;

use apportion::Engine;
use apportion::engine::{Backend, Setup};
use apportion::fault::FaultCode;
use apportion_tests::conformance::{Came, Case, Slice, check, corpus, write};

/// Every engine that the corpus is run by, by name. What the first says is what the others are held to.
fn engines() -> Vec<(&'static str, Engine)> {
    [("cranelift", Backend::Cranelift), ("pulley", Backend::Pulley), ("winch", Backend::Winch)]
        .map(|(name, backend)| (name, Engine::of(Setup { backend, ..Setup::default() }).unwrap()))
        .into()
}

/// With the case's own limit, with exactly what was used, with one more and with one less.
#[test]
fn every_case_comes_to_the_same_under_every_engine() {
    let engines = engines();
    let cases = corpus(&engines[0].1);
    let mut runs = 0;
    for case in &cases {
        let mut known: Option<Vec<(u64, Came)>> = None;
        for (name, engine) in &engines {
            let came = case.runs(engine);
            runs += came.len();
            let known = known.get_or_insert_with(|| came.clone());
            assert!(*known == came, "{}: {name} says otherwise than {}", case.name, engines[0].0);
        }
    }
    let names: Vec<&str> = engines.iter().map(|(name, _)| *name).collect();
    // Not by `println!`, which shows nothing of a test that passes.
    writeln!(std::io::stdout(), "{} cases, {runs} runs by {}", cases.len(), names.join(", ")).unwrap();
}

/// What `cargo xtask conformance` relies on: a corpus that was written is read back as it was, and a byte that differs is
/// found.
#[test]
fn a_written_corpus_is_checked_byte_for_byte() {
    let engine = Engine::new().unwrap();
    let names = ["lifetime-m2-onchain-looking-back", "memory-limit-3", "hostile-refuses"];
    let cases: Vec<Case> =
        corpus(&engine).into_iter().filter(|case| names.contains(&case.name.as_str())).collect();
    let folder = tempfile::tempdir().unwrap();
    let written = write(&cases, &engine, folder.path());
    assert_eq!(written.cases, names.len());

    let slices = ["1/2", "2/2"].map(|slice| check(folder.path(), &engine, slice.parse().unwrap()));
    assert_eq!(slices.iter().map(|slice| slice.cases).sum::<usize>(), written.cases);
    assert_eq!(slices.iter().map(|slice| slice.runs).sum::<usize>(), written.runs);
    assert!(slices.iter().all(|slice| slice.different.is_empty()), "{slices:?}");

    let outcome = folder.path().join("cases/memory-limit-3/expected.json");
    let changed = fs::read_to_string(&outcome).unwrap().replace("out-of-memory", "out-of-mammoth");
    fs::write(&outcome, changed).unwrap();
    let different = check(folder.path(), &engine, "1/1".parse().unwrap()).different;
    assert_eq!(different.len(), 1, "{different:?}");
    assert!(different[0].starts_with("cases/memory-limit-3/expected.json differs"), "{different:?}");
}

#[test]
fn slices_are_counted_from_one() {
    for wrong in ["0/24", "25/24", "1", "1/0", "a/b"] {
        assert!(wrong.parse::<Slice>().is_err(), "{wrong}");
    }
}

/// A corpus that shows little would pass everywhere.
#[test]
fn the_corpus_shows_what_it_is_for() {
    let engine = Engine::new().unwrap();
    let cases = corpus(&engine);
    let came: BTreeMap<&str, Came> =
        cases.iter().map(|case| (case.name.as_str(), whole(case, &engine))).collect();
    let fault = |name: &str| came[name].answer.as_ref().err().map(|fault| fault.code);

    let codes: Vec<FaultCode> =
        came.values().filter_map(|came| Some(came.answer.as_ref().err()?.code)).collect();
    let missing: Vec<FaultCode> = FaultCode::ALL.into_iter().filter(|code| !codes.contains(code)).collect();
    assert_eq!(missing, [FaultCode::NativeStack], "every fault occurs but the one that metering rules out");
    for case in
        cases.iter().filter(|case| case.name.contains("onchain") && case.name.contains("looking-back"))
    {
        assert!(came[case.name.as_str()].answer.is_ok(), "{}", case.name);
    }
    for (name, code) in [
        ("depth-1", None),
        ("depth-2", None),
        ("depth-3", Some(FaultCode::StackOverflow)),
        ("memory-limit-1", None),
        ("memory-limit-2", None),
        ("memory-limit-3", Some(FaultCode::OutOfMemory)),
        ("table-limit-1", None),
        ("table-limit-2", None),
        ("table-limit-3", Some(FaultCode::OutOfTable)),
    ] {
        assert_eq!(fault(name), code, "{name}");
    }
}

fn whole(case: &Case, engine: &Engine) -> Came {
    case.run(&case.policy(engine), case.limits.instructions)
}
