//! The fuzzer's targets on every machine: all that is in the committed corpora, and a little around it.
//!
//! `cargo xtask fuzz` runs the same targets under libFuzzer. `APPORTION_BLESS=1 cargo test --workspace corpora` writes
//! the first inputs of each corpus anew.

use std::fs;
use std::path::{Path, PathBuf};

use apportion_tests::fuzz::{TARGETS, seeds};

/// How many damaged forms of each input are tried.
const DAMAGED: u64 = 40;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder().join("corpus").join(target)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// The corpora hold what the project writes today, so that the fuzzer begins behind the front door.
#[test]
fn corpora_begin_with_what_is_valid() {
    for (target, name, bytes) in seeds::all() {
        let path = folder().join("corpus").join(target).join(name);
        if std::env::var_os("APPORTION_BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        // What holds an engine's counts differs with the engine, and is as good a beginning.
        assert!(path.is_file(), "{}: bless the corpora", path.display());
    }
}

#[test]
fn no_input_breaks_a_target() {
    let mut inputs = 0;
    for (target, run) in TARGETS {
        for (path, bytes) in corpus(target) {
            println!("{}", path.display()); // shown if the target panics
            run(&bytes);
            for number in 0..DAMAGED {
                run(&damaged(&bytes, number));
            }
            inputs += 1;
        }
    }
    println!("{inputs} inputs in {} corpora", TARGETS.len());
    assert!(inputs >= 25, "only {inputs} inputs");
}

/// A changed, a missing or a doubled piece, the same in every run.
fn damaged(bytes: &[u8], number: u64) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    let mut dice = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |end: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % u64::try_from(end.max(1)).unwrap()).unwrap()
    };
    let place = below(damaged.len());
    match number % 4 {
        0 => damaged.truncate(place),
        1 => drop(damaged.drain(place..(place + 1 + below(8)).min(bytes.len()))),
        2 => damaged
            .splice(place..place, bytes[place..].iter().copied().take(1 + below(32)).collect::<Vec<_>>())
            .for_each(drop),
        _ => {
            if let Some(byte) = damaged.get_mut(place) {
                *byte ^= 1 << below(8);
            }
        }
    }
    damaged
}

/// A target without a program or a corpus would be run by nobody.
#[test]
fn every_target_has_its_program_and_its_corpus() {
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        let program = fs::read_to_string(folder().join(format!("fuzz_targets/{target}.rs"))).unwrap();
        assert!(program.contains(&format!("fuzz::{target}(bytes)")), "{target}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
        assert!(!corpus(target).is_empty(), "{target}");
    }
}
