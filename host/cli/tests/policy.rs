//! `apportion policy` as an author uses it, without any language's tools: those are run by `cargo xtask kits`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use apportion_tests::{hostile, small_epoch};
use tempfile::TempDir;

const LANGUAGES: [&str; 6] = ["rust", "javascript", "typescript", "python", "c", "zig"];

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_apportion"));
    program.current_dir(folder).env("APPORTION_CACHE", "").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// It ended with this code; what it printed, and what it said.
fn ended(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = run(folder, arguments);
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {printed}{said}");
    assert!(!said.contains("panicked"), "{said}");
    (printed, said)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder, by their paths within it.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.is_dir() {
            true if name == "__pycache__" => {}
            true => found.extend(files(&path).iter().map(|file| format!("{name}/{file}"))),
            false => drop(found.insert(name)),
        }
    }
    found
}

/// A project of a component that is there already, with a case of the small epoch.
fn project(component: &[u8], parameters: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    fs::write(at("policy.toml"), "name = \"mine\"\nlanguage = \"javascript\"\n").unwrap();
    fs::create_dir_all(at("build")).unwrap();
    fs::write(at("rule.js"), "").unwrap();
    fs::write(at("build/mine.wasm"), component).unwrap();
    fs::create_dir_all(at("cases/small")).unwrap();
    fs::write(at("cases/small/epoch"), small_epoch().as_bytes()).unwrap();
    fs::write(at("cases/small/parameters.json"), parameters).unwrap();
    folder
}

fn standard(name: &str) -> Vec<u8> {
    fs::read(repository().join("policies/dist").join(name).with_extension("wasm")).unwrap()
}

/// Whoever adds a file to a kit or a template has to list it, and what is listed is what is written.
#[test]
fn a_new_project_holds_the_kit_and_the_template_of_its_language() {
    let folder = tempfile::tempdir().unwrap();
    for language in LANGUAGES {
        let (printed, _) =
            ended(folder.path(), &["policy", "new", &format!("my-{language}"), "--lang", language], 0);
        assert!(printed.contains("apportion policy build\n  apportion policy test"), "{printed}");

        let guests = repository().join("guest-sdk");
        let mut expected: BTreeSet<String> =
            [".gitignore", "kit/CONTRACT.md", "kit/wit/policy.wit"].map(str::to_owned).into();
        let shared = files(&guests.join("template"));
        expected.extend(shared.into_iter().filter(|file| file != "gitignore"));
        expected.extend(files(&guests.join(language).join("template")));
        let kit = if language == "typescript" { "javascript" } else { language };
        expected.extend(files(&guests.join(kit).join("kit")).iter().map(|file| format!("kit/{file}")));
        if language == "rust" {
            expected.extend(files(&guests.join("src")).iter().map(|file| format!("kit/src/{file}")));
        }
        if language == "zig" {
            for shared in ["bindings", "include"] {
                let files = files(&guests.join("c/kit").join(shared));
                expected.extend(files.iter().map(|file| format!("kit/{shared}/{file}")));
            }
        }
        let project = folder.path().join(format!("my-{language}"));
        assert_eq!(files(&project), expected, "{language}");
        for file in &expected {
            let bytes = fs::read(project.join(file)).unwrap();
            if file.ends_with(".o") {
                let given = fs::read(guests.join("c").join(file)).unwrap();
                assert!(bytes == given, "{language}: {file} is copied as it is");
            } else {
                assert!(!text(&bytes).contains("policy-name"), "{language}: {file} has the name put in");
            }
        }
        let manifest = fs::read_to_string(project.join("policy.toml")).unwrap();
        assert!(manifest.contains(&format!("name = \"my-{language}\"")), "{manifest}");
    }
}

#[test]
fn nothing_is_overwritten_and_no_name_goes_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("mine")).unwrap();
    let new =
        |name: &str, code: i32| ended(folder.path(), &["policy", "new", name, "--lang", "python"], code).1;
    assert!(new("mine", 3).contains("`mine` is there already"));
    assert!(files(&folder.path().join("mine")).is_empty());
    for name in ["Mine", "../mine", "my_rule", "my--rule", "9th", "mine-", &"a".repeat(65)] {
        let said = new(name, 3);
        assert!(said.contains("cannot be a policy's name: write lower-case words"), "{said}");
    }
    assert!(new("other", 0).is_empty());
    let (_, said) = ended(folder.path(), &["policy", "new", "more", "--lang", "cobol"], 2);
    assert!(said.contains("[possible values: rust, javascript, typescript, python"), "{said}");
    let names: BTreeSet<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing half-made is left: {names:?}");
}

#[test]
fn a_missing_tool_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for (language, said) in [
        (
            "rust",
            "cargo is missing, which builds a policy in Rust; in `rule`: install Rust from https://rustup.rs",
        ),
        (
            "javascript",
            "Node.js is missing, which builds a policy in JavaScript; in `rule`: install version 20 or newer",
        ),
        ("typescript", "Node.js is missing"),
        (
            "python",
            "componentize-py is missing, which builds a policy in Python; in `rule`: run `python3 -m venv .venv",
        ),
        (
            "c",
            "clang is missing, which builds a policy in C; in `rule`: install version 19 or newer, as by `apt install",
        ),
        (
            "zig",
            "Zig is missing, which builds a policy in Zig; in `rule`: run `python3 -m venv .venv && .venv/bin/pip",
        ),
    ] {
        ended(folder.path(), &["policy", "new", "rule", "--lang", language], 0);
        let mut program = Command::new(env!("CARGO_BIN_EXE_apportion"));
        let program = program.current_dir(folder.path()).env("PATH", "").env("APPORTION_CACHE", "");
        let output = program.args(["policy", "build", "rule"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let error = text(&output.stderr);
        assert!(error.starts_with("error: ") && error.contains(said), "{error}");
        assert!(!folder.path().join("rule/build").exists(), "nothing was begun");
        fs::remove_dir_all(folder.path().join("rule")).unwrap();
    }
    let (_, said) = ended(folder.path(), &["policy", "build"], 3);
    assert!(said.contains("`.` is no policy's project: it has no policy.toml"), "{said}");
    fs::write(folder.path().join("policy.toml"), "name = \"mine\"\nlanguage = \"cobol\"\n").unwrap();
    let (_, said) = ended(folder.path(), &["policy", "test"], 3);
    assert!(said.contains("there is no kit for `cobol`; there are rust, javascript"), "{said}");
}

#[test]
fn cases_are_compared_and_blessed() {
    let folder = project(&standard("proportional"), r#"{"node_kinds": {"code": 1, "paper": 3}}"#);
    let at = |path: &str| folder.path().join(path);
    let (printed, said) = ended(folder.path(), &["policy", "test"], 6);
    assert!(printed.contains("FAILED   small\n  nothing is expected yet"), "{printed}");
    assert!(said.contains("error: 1 of 1 case failed"), "{said}");

    ended(folder.path(), &["policy", "test", "--bless"], 0);
    let blessed = fs::read_to_string(at("cases/small/expected.json")).unwrap();
    let lines =
        ["{", "  \"payouts\": {", "    \"ada\": \"750.01\",", "    \"ben\": \"250\",", "    \"cy\": \"0\""];
    assert!(blessed.starts_with(&lines.join("\n")), "{blessed}");
    let (printed, _) = ended(folder.path(), &["policy", "test"], 0);
    assert_eq!(printed, "ok       small\n1 case, 0 failed\n");

    // Amounts are compared as amounts, and who differs is told.
    let other = blessed.replace("\"250\"", "\"250.00\"").replace("750.01", "75").replace("\"cy\"", "\"cyd\"");
    fs::write(at("cases/small/expected.json"), other).unwrap();
    let (printed, _) = ended(folder.path(), &["policy", "test"], 6);
    let table = "         expected         got\n  ada          75      750.01\n  cy   (no payee)           0\n  cyd           0  (no payee)\n";
    assert!(printed.contains(table), "{printed}");

    // A refusal can be expected like payouts.
    fs::write(at("cases/small/parameters.json"), r#"{"node_kinds": {"poem": 1}}"#).unwrap();
    let (printed, _) = ended(folder.path(), &["policy", "test"], 6);
    assert!(
        printed.contains("expected  payouts to 3 payees\n  got       no-answer: no payee has a point"),
        "{printed}"
    );
    ended(folder.path(), &["policy", "test", "--bless"], 0);
    let blessed = fs::read_to_string(at("cases/small/expected.json")).unwrap();
    assert_eq!(blessed, "{\n  \"refusal\": \"no-answer: no payee has a point\"\n}\n");
    ended(folder.path(), &["policy", "test"], 0);

    // The schema's word counts before the policy's.
    fs::write(at("cases/small/parameters.json"), r#"{"node_kinds": {"poem": -1}}"#).unwrap();
    let (printed, _) = ended(folder.path(), &["policy", "test", "--bless"], 6);
    assert!(printed.contains("parameters.json`") && printed.contains("minimum"), "{printed}");
}

#[test]
fn a_broken_rule_is_told_with_its_file_and_what_it_said() {
    let panics = fs::read(repository().join("tests/hostile/panics.wasm")).unwrap();
    let folder = project(&panics, r#"{"how": "saying"}"#);
    for arguments in [&["policy", "test"][..], &["policy", "test", "--bless"]] {
        let (printed, _) = ended(folder.path(), arguments, 6);
        assert!(printed.contains("  unreachable: it stopped itself"), "{printed}");
        assert!(printed.contains("`allocate` in `rule.js` broke off"), "{printed}");
        assert!(printed.contains("  the policy said:\n  panicked at tests/panics/src/lib.rs:"), "{printed}");
        assert!(printed.contains("the author's own words") && !printed.contains('\u{1b}'), "{printed}");
    }
    assert!(!folder.path().join("cases/small/expected.json").exists(), "a fault is never blessed");

    let folder = project(&hostile::file("loops"), "{}");
    let (printed, _) = ended(folder.path(), &["policy", "test", "--instructions", "1000000"], 6);
    let advice = "`allocate` in `rule.js` runs for ever, or longer than 1,000,000 instructions";
    assert!(printed.contains("out-of-instructions") && printed.contains(advice), "{printed}");
}

/// Of a language whose functions the component has, those that a fault is in are named: not what a panic goes through,
/// nor what calls the rule; of a loop the one that it is in.
#[test]
fn a_fault_is_told_with_the_authors_functions() {
    let parts = "(func $check_failed unreachable) (func $inner (param i32)
          (if (local.get 0) (then (loop (call $tiny) (br 0)))) (call $check_failed))
        (func $tiny (nop) (nop)) (func $mine (param i32) (call $inner (local.get 0)))
        (func $exports_apportion_policy_rule_allocate (param i32) (call $mine (local.get 0)))";
    let rule =
        |loops: u8| format!("(call $exports_apportion_policy_rule_allocate (i32.const {loops})) unreachable");
    let told = |loops: u8| {
        let folder = project(&hostile::allocating(&rule(loops), parts), "{}");
        ended(folder.path(), &["policy", "test", "--instructions", "1000000"], 6).0
    };
    let printed = told(0);
    let functions = "  it was in `inner`\n    called by `mine`\n  `allocate` in `rule.js` broke off";
    assert!(printed.contains(functions), "{printed}");
    let printed = told(1);
    assert!(
        printed.contains("`inner`\n    called by `mine`\n  at a half, a third and a fifth of the way it"),
        "{printed}"
    );
    assert!(printed.contains("the way it was in `inner` too"), "{printed}");
    // An interpreter's functions are not the author's.
    let parts_of_python = "(func $stat unreachable) (func $_PyEval_EvalFrameDefault (call $stat))";
    let python = hostile::allocating("(call $_PyEval_EvalFrameDefault) unreachable", parts_of_python);
    let (printed, _) = ended(project(&python, "{}").path(), &["policy", "test"], 6);
    assert!(printed.contains("unreachable") && !printed.contains("it was in"), "{printed}");

    let folder = project(&hostile::allocating(&rule(0), parts), "{}");
    let arguments = ["--epoch", "cases/small/epoch", "--rule", "build/mine.wasm"];
    let (_, said) = ended(folder.path(), &[&["settle"][..], &arguments].concat(), 5);
    assert!(said.contains("  it was in `inner`\n    called by `mine`\n"), "{said}");
    let epoch = ["build/mine.wasm", "--epoch", "cases/small/epoch"];
    let (printed, _) = ended(folder.path(), &[&["policy", "inspect"][..], &epoch].concat(), 0);
    assert!(printed.contains("unreachable: it stopped itself"), "{printed}");
    assert!(printed.contains("  it was in `inner`\n    called by `mine`\n"), "{printed}");
}

#[test]
fn what_is_no_project_or_no_case_is_told() {
    let folder = project(&standard("equal"), "{}");
    let at = |path: &str| folder.path().join(path);
    fs::write(at("cases/small/epoch.toml"), "").unwrap();
    let (_, said) = ended(folder.path(), &["policy", "test"], 3);
    assert!(said.contains("has both `epoch.toml` and `epoch`"), "{said}");
    fs::remove_file(at("cases/small/epoch")).unwrap();
    let (_, said) = ended(folder.path(), &["policy", "test"], 3);
    assert!(said.contains("epoch.toml`"), "{said}");
    fs::remove_dir_all(at("cases")).unwrap();
    let (_, said) = ended(folder.path(), &["policy", "test"], 3);
    assert!(said.contains("there is no case in `"), "{said}");
    fs::remove_file(at("build/mine.wasm")).unwrap();
    let (_, said) = ended(folder.path(), &["policy", "test"], 3);
    assert!(said.contains("`build/mine.wasm` is not there: `apportion policy build .` makes it"), "{said}");
}

#[test]
fn every_backend_settles_the_same() {
    let folder = project(&standard("proportional"), "{}");
    let settled = |backend: &str| {
        let arguments = ["--epoch", "cases/small/epoch", "--rule", "build/mine.wasm", "--format", "json"];
        let parameters = ["--parameters", "counted.json", "--backend", backend];
        fs::write(folder.path().join("counted.json"), r#"{"node_kinds": {"code": 1, "paper": 3}}"#).unwrap();
        ended(folder.path(), &[&["settle"][..], &arguments, &parameters].concat(), 0).0
    };
    let usual = settled("cranelift");
    assert!(usual.contains("\"instructions\""), "{usual}");
    assert_eq!(usual, settled("winch"));
    assert_eq!(usual, settled("pulley"));

    // The environment names one where the command line does not.
    let asked = |named: &str, arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_apportion"));
        let program = program.env("APPORTION_CACHE", "").env("APPORTION_BACKEND", named);
        program.args(["inspect", "equal"]).args(arguments).output().unwrap()
    };
    for (named, arguments, code) in
        [("pulley", &[][..], 0), ("", &[], 0), ("swift", &["--backend", "winch"], 0), ("swift", &[], 3)]
    {
        let output = asked(named, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{named}: {said}");
        let wrong = "APPORTION_BACKEND is `swift`, which is none of cranelift, winch, pulley";
        assert_eq!(said.contains(wrong), code == 3, "{said}");
    }
    let mut program = Command::new(env!("CARGO_BIN_EXE_apportion"));
    let program = program.current_dir(folder.path()).env("APPORTION_BACKEND", "swift");
    let output = program.args(["policy", "test"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
}

/// The compiler that is done soonest is asked first, and what it cannot do is asked of the other.
#[test]
fn what_is_no_policy_is_told_once_and_by_the_usual_compiler() {
    let folder = project(b"\0asm\x0d\0\x01\0", "{}");
    let (_, said) = ended(folder.path(), &["policy", "test"], 4);
    assert_eq!(said.matches("it does not export `apportion:policy/rule`").count(), 1, "{said}");
}

/// The kit of Rust has a manifest of its own, because a project lies in no workspace; it names what the workspace is
/// built and tested with.
#[test]
fn the_kit_of_rust_is_built_with_the_workspaces_versions() {
    let read =
        |path: &str| -> toml::Table { fs::read_to_string(repository().join(path)).unwrap().parse().unwrap() };
    let (kit, workspace, lock) =
        (read("guest-sdk/rust/kit/Cargo.toml"), read("Cargo.toml"), read("Cargo.lock"));
    let crates = read("guest-sdk/Cargo.toml");
    let of = |manifest: &toml::Table| {
        let mut all = manifest["dependencies"].as_table().unwrap().clone();
        all.extend(
            manifest["target"].as_table().unwrap().values().next().unwrap()["dependencies"]
                .as_table()
                .unwrap()
                .clone(),
        );
        all
    };
    let (kit, own) = (of(&kit), of(&crates));
    assert_eq!(kit.keys().collect::<BTreeSet<_>>(), own.keys().collect::<BTreeSet<_>>());
    let locked = |name: &str, version: &str| {
        let mut packages = lock["package"].as_array().unwrap().iter();
        packages.any(|package| {
            package["name"].as_str() == Some(name) && package["version"].as_str() == Some(version)
        })
    };
    let features = |dependency: Option<&toml::Value>| -> BTreeSet<String> {
        let features = dependency.and_then(|of| of.get("features")).and_then(toml::Value::as_array);
        features.into_iter().flatten().map(|feature| feature.as_str().unwrap().to_owned()).collect()
    };
    for (name, dependency) in &kit {
        let version = dependency.as_str().or_else(|| dependency.get("version")?.as_str()).unwrap();
        let version = version.strip_prefix('=').unwrap();
        assert!(locked(name, version), "{name} {version} is not what the workspace is locked to");
        let inherited = workspace["workspace"]["dependencies"].get(name);
        let wanted: BTreeSet<_> = features(inherited).union(&features(own.get(name))).cloned().collect();
        assert_eq!(features(Some(dependency)), wanted, "{name}");
    }
}
