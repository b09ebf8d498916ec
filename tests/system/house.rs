//! The house's own rules, held by reading the code: who may use whom.

use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The modules of the two crates of the library, lowest first: one may use only those before it. ARCHITECTURE.md draws the
/// same.
const LAYERS: [(&str, &[&str]); 2] = [
    (
        "host/core/src",
        &[
            "error",
            "text",
            "number",
            "sorting",
            "canonical",
            "signature",
            "money",
            "graph",
            "epoch",
            "apportionment",
            "limits",
            "fault",
            "charter",
            "payouts",
            "receipt",
            "proof",
            "settled",
            "replayed",
            "comparison",
            "explanation",
            "property",
            "card",
            "store",
            "entry",
        ],
    ),
    (
        "host/apportion/src",
        &[
            "parallel",
            "progress",
            "host_error",
            "sandbox",
            "abi",
            "policy",
            "engine",
            "source",
            "standard",
            "resolve",
            "charter",
            "settle",
            "replay",
            "compare",
            "explain",
            "audit",
            "ledger",
            "verify",
        ],
    ),
];

pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The module of the library that a file belongs to: `epoch` for `epoch.rs` and all of `epoch/`.
fn module(path: &Path) -> String {
    let folders = ["host/core/src", "host/apportion/src"];
    let inside = folders.iter().find_map(|folder| path.strip_prefix(root().join(folder)).ok()).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn modules_use_only_what_stands_below_them() {
    for (folder, layers) in LAYERS {
        for path in rust_files(&root().join(folder)) {
            let user = module(&path);
            let place = layers.iter().position(|layer| *layer == user).unwrap_or(layers.len());
            for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
                let uses = line.split("crate::").skip(1);
                for used in uses
                    .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
                {
                    let Some(below) = layers.iter().position(|layer| *layer == used) else { continue };
                    assert!(
                        below <= place,
                        "{}:{}: `{user}` may not use `{used}`",
                        path.display(),
                        number + 1
                    );
                }
            }
        }
    }
}

/// The files of both crates of the library.
fn library() -> Vec<PathBuf> {
    LAYERS.iter().flat_map(|(folder, _)| rust_files(&root().join(folder))).collect()
}

#[test]
fn wasmtime_is_named_in_three_places() {
    for path in library() {
        let names = fs::read_to_string(&path).unwrap().lines().any(|line| line.contains("wasmtime::"));
        let may = ["sandbox", "abi", "policy"].contains(&module(&path).as_str());
        assert!(may || !names, "{} names wasmtime", path.display());
    }
}

/// Who embeds the library and needs no WASI does not pay for it.
#[test]
fn wasi_is_there_only_where_it_is_asked_for() {
    let manifest = fs::read_to_string(root().join("host/apportion/Cargo.toml")).unwrap();
    assert!(manifest.contains("wasmtime-wasi = { workspace = true, optional = true }"));
    assert!(manifest.contains("\ndefault = [\"standard\"]\n"));
}

#[test]
fn only_canonical_hashes() {
    for path in library() {
        let text = fs::read_to_string(&path).unwrap();
        let names = ["blake3::", "bao::"].iter().any(|name| text.contains(name));
        assert!(!names || module(&path) == "canonical", "{} hashes", path.display());
    }
}

/// Text from outside passes one gate on its way to a terminal, which is where the program prints.
#[test]
fn only_the_program_prints_and_only_through_its_gate() {
    let ways = [
        "stdout()",
        "stderr()",
        "println!",
        "print!(",
        "dbg!",
        "Stdout",
        "Stderr",
        "/dev/std",
        "/dev/tty",
        ".exit()",
        "::parse()",
        "write_stdout",
    ];
    for folder in [
        "host/core/src",
        "host/apportion/src",
        "host/harden/src",
        "host/import/src",
        "host/report/src",
        "host/cli/src",
    ] {
        for path in rust_files(&root().join(folder)) {
            if path.ends_with("host/cli/src/print.rs") {
                continue;
            }
            for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
                let is_comment = line.trim_start().starts_with("//");
                let way = ways.iter().find(|way| line.contains(**way));
                // A policy's own streams under WASI are called so too, and end in its log.
                let is_wasi = path.ends_with("host/apportion/src/sandbox/wasi.rs");
                assert!(
                    is_comment || is_wasi || way.is_none(),
                    "{}:{}: {way:?} belongs into print.rs",
                    path.display(),
                    number + 1
                );
            }
        }
    }
    // What draws progress prints too; it shows one text, and gates it.
    for path in rust_files(&root().join("host/cli/src")) {
        let text = fs::read_to_string(&path).unwrap();
        let draws = ["indicatif::", "set_message(", "set_prefix("].iter().any(|name| text.contains(name));
        assert!(!draws || path.ends_with("progress.rs"), "{} draws progress", path.display());
        let ungated = |line: &str| line.contains("set_message(") && !line.contains("set_message(escape(");
        assert!(!text.lines().any(ungated), "{} shows progress without the gate", path.display());
    }
}

/// A page is made of `Html`, and text gets into that only escaped: by its type, if nobody goes around it.
#[test]
fn pages_are_made_only_of_escaped_text() {
    for path in rust_files(&root().join("host/report/src")) {
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let is_gate = path.ends_with("escape.rs");
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            let place = format!("{}:{}: {code}", path.display(), number + 1);
            let around = [".write(format_args!", "leak(", "Shown(", "impl Markup"];
            assert!(is_gate || !around.iter().any(|way| code.contains(way)), "{place}: goes around the gate");
        }
    }
}

/// A test that waits for time to pass fails on a slow machine, or is slow on every one.
#[test]
fn nothing_sleeps() {
    let sleep = ["thread", "sleep"].join("::");
    for folder in ["host", "guest-sdk", "policies", "tests", "xtask"] {
        for path in rust_files(&root().join(folder)) {
            assert!(!fs::read_to_string(&path).unwrap().contains(&sleep), "{} sleeps", path.display());
        }
    }
}

/// Code that is taken as compiled is the only thing that the library trusts so far.
#[test]
fn unsafe_code_stands_in_one_place() {
    for path in library() {
        let text = fs::read_to_string(&path).unwrap();
        let uses = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .any(|line| line.contains("unsafe {"));
        assert!(!uses || path.ends_with("policy/folder.rs"), "{} uses unsafe code", path.display());
    }
}

/// What a crate of the workspace depends on, apart from the world outside.
#[test]
fn crates_depend_in_one_direction() {
    for (manifest, forbidden) in [
        (
            "host/core/Cargo.toml",
            &[
                "apportion ",
                "apportion.",
                "apportion-",
                "wasmtime",
                "wasmparser",
                "jsonschema",
                "clap",
                "anyhow",
            ][..],
        ),
        (
            "host/apportion/Cargo.toml",
            &["apportion-import", "apportion-cli", "apportion-guest", "clap", "csv", "parquet", "anyhow"][..],
        ),
        ("host/harden/Cargo.toml", &["apportion", "wasmtime", "clap", "anyhow"][..]),
        (
            "host/import/Cargo.toml",
            &["apportion ", "apportion.", "apportion-cli", "apportion-guest", "wasmtime", "clap", "anyhow"][..],
        ),
        (
            "host/report/Cargo.toml",
            &[
                "apportion ",
                "apportion.",
                "apportion-import",
                "apportion-cli",
                "apportion-guest",
                "wasmtime",
                "clap",
                "anyhow",
            ][..],
        ),
        ("host/cli/Cargo.toml", &["apportion-guest", "wasmtime", "blake3"][..]),
        ("guest-sdk/Cargo.toml", &["apportion.workspace", "apportion =", "wasmtime"][..]),
    ] {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        let dependencies =
            text.split("[dependencies]").nth(1).unwrap_or("").split("\n[").next().unwrap_or("");
        for name in forbidden {
            assert!(!dependencies.lines().any(|line| line.starts_with(name)), "{manifest} names {name}");
        }
    }
}

/// Rows reach an epoch only by way of what counts them, and no file is read whole without a bound.
#[test]
fn imports_are_bounded() {
    for path in rust_files(&root().join("host/import/src")) {
        let text = fs::read_to_string(&path).unwrap();
        let is_intake = path.ends_with("intake.rs");
        assert!(is_intake || !text.contains("EpochBuilder"), "{} passes by the intake", path.display());
        let is_test = path.ends_with("samples.rs") || path.ends_with("tests.rs");
        let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for line in product.lines().filter(|_| !is_test) {
            let reads =
                ["read_to_end(", "read_to_string(", "fs::read("].iter().any(|call| line.contains(call));
            let is_bounded = line.contains("bounded(") || line.contains(".min(most)");
            assert!(!reads || is_bounded, "{} reads without a bound: {line}", path.display());
        }
    }
}
