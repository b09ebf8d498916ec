//! Policies: what they are called, what they may do, and how bad ones end.

use std::fs;
use std::path::Path;
use std::process::Output;

use apportion::Digest;
use apportion_tests::hostile::End;
use apportion_tests::{data, hostile, small_epoch};

use crate::run::{Folder, done, program, refused, run, text};

/// A component that takes a standard policy's name is shown as what it is wherever a policy is named.
#[test]
fn a_strangers_policy_with_a_standard_name_is_shown_as_what_it_is() {
    const IMPOSTOR: &str = "lineage 0.1.0 (not the standard policy of that name)";
    let folder = Folder::new("squat");
    let component = folder.file("component.wasm", hostile::file("takes-a-standard-name"));
    let digest = Digest::of(&fs::read(&component).unwrap()).to_string();
    let says = |arguments: &[&str], where_from: fn(&Output) -> &[u8]| {
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(where_from(&output))
    };
    let stdout: fn(&Output) -> &[u8] = |output| &output.stdout;
    let stderr: fn(&Output) -> &[u8] = |output| &output.stderr;

    for command in [&["inspect", &component][..], &["policy", "inspect", &component]] {
        assert!(says(command, stdout).contains(IMPOSTOR), "{command:?}");
    }
    assert!(done(&["inspect", "lineage"]).contains("policy lineage 0.1.0 (standard)"));

    let draft = folder.file("draft.toml", "name = \"Test\"\n[[policies]]\npolicy = \"component.wasm\"\n");
    let (charter, ledger) = (folder.path("charter.json"), folder.path("ledger"));
    let warning = format!("warning: policy {IMPOSTOR}: {digest}");
    assert!(says(&["charter", "new", &draft, "-o", &charter], stderr).contains(&warning));
    assert!(done(&["inspect", &charter]).contains(IMPOSTOR));
    let adopt = ["charter", "adopt", &charter, "--ledger", &ledger, "--from", "1", "--policy", &component];
    assert!(says(&adopt, stderr).contains(&warning));

    let (epoch, settled) = (folder.file("epoch", small_epoch().as_bytes()), folder.path("settled"));
    let table = done(&["settle", "--epoch", &epoch, "--ledger", &ledger, "-o", &settled]);
    assert!(table.contains(&format!("divided by {IMPOSTOR}")), "{table}");
    assert!(done(&["inspect", &format!("{settled}/receipt.json")]).contains(IMPOSTOR));
    let number = small_epoch().number().to_string();
    let explained = done(&["explain", "--ledger", &ledger, "--epoch", &number, "--payee", "ada"]);
    assert!(explained.contains(IMPOSTOR), "{explained}");
    assert!(done(&["verify", "--ledger", &ledger]).contains(&format!("note: policy {IMPOSTOR}: {digest}")));
    let replayed = done(&["replay", "--ledger", &ledger, "--charter", &charter]);
    assert!(replayed.contains(IMPOSTOR) && replayed.contains("it is the charter that was in force"));
    let audited = done(&["audit", &component, "--trials", "2"]);
    assert!(audited.contains(IMPOSTOR) && audited.contains(&digest), "{audited}");
}

#[test]
fn several_policies_share_a_pool_by_portions() {
    let folder = Folder::new("portions");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    folder.file("mine.wasm", hostile::harmless());
    let draft = "name = \"Two\"\n[[policies]]\npolicy = \"equal\"\nportion = 3\n[[policies]]\npolicy = \"mine.wasm\"\n";
    let draft = folder.file("draft.toml", draft);
    let charter = folder.path("charter.json");
    done(&["charter", "new", &draft, "-o", &charter]);
    refused(
        &["settle", "--epoch", &epoch, "--charter", &charter],
        3,
        "names policies that are not here: `hostile 1.0.0`",
    );
    let mine = folder.path("mine.wasm");
    let table = done(&["settle", "--epoch", &epoch, "--charter", &charter, "--policy", &mine]);
    assert!(table.contains("1,000.01 EUR divided by equal 0.1.0 (standard) and hostile 1.0.0"), "{table}");
    assert!(done(&["inspect", &charter]).contains("3 of 4 parts of the pool"));
}

#[test]
fn components_that_are_no_policy_are_not_admitted() {
    let folder = Folder::new("components");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    for (bytes, sentence) in [
        (hostile::core_module(), "this is a core module; a policy is a component"),
        (b"#!/bin/sh".to_vec(), "not a WebAssembly component"),
    ] {
        let component = folder.file("policy.wasm", bytes);
        refused(&["settle", "--epoch", &epoch, "--rule", &component], 4, sentence);
    }
    refused(
        &["settle", "--epoch", &epoch, "--rule", "no-such"],
        3,
        "no standard policy of that name; those are ",
    );
}

#[test]
fn a_policy_is_inspected_and_measured() {
    let epoch = data("../golden/cooperative.epoch").display().to_string();
    let shown = done(&["policy", "inspect", "equal", "--epoch", &epoch, "--against", "proportional"]);
    for words in
        ["policy equal", "hardened", "counted", "against proportional", "- edge_kinds: object, default {}"]
    {
        assert!(shown.contains(words), "{shown}");
    }
    let same = done(&["policy", "inspect", "equal", "--against", "equal"]);
    assert!(same.contains("the same component"), "{same}");

    let measured = done(&["policy", "bench", "equal", "--epoch", &epoch, "--runs", "2", "--functions", "3"]);
    for words in [
        "compiled anew",
        "2 runs",
        "instructions",
        "where instructions go",
        "other functions",
        "growing memory",
    ] {
        assert!(measured.contains(words), "{measured}");
    }
    refused(
        &["policy", "bench", "nothing-of-that-name", "--epoch", &epoch],
        3,
        "no standard policy of that name",
    );
}

/// Every hostile policy that has a file, through the program: what is wrong is told, nothing is written.
#[test]
fn hostile_policies_end_in_one_sentence() {
    let folder = Folder::new("hostile");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let (charter, out) = (folder.path("charter.json"), folder.path("out"));
    let draft = folder.file(
        "draft.toml",
        "name = \"Hostile\"\n[limits]\ninstructions = 200000000\nmemory = 67108864\ntransfer = 16777216\noutput = 16777216\n\
         [[policies]]\npolicy = \"policy.wasm\"\n",
    );
    for case in hostile::files() {
        let component = folder.file("policy.wasm", case.component());
        match &case.end {
            End::NotAdmitted(words) => {
                refused(&["settle", "--epoch", &epoch, "--rule", &component, "-o", &out], 4, words);
            }
            End::Fault(code) => {
                done(&["charter", "new", &draft, "-o", &charter, "--force"]);
                let arguments =
                    ["settle", "--epoch", &epoch, "--charter", &charter, "--policy", &component, "-o", &out];
                refused(&arguments, 5, &format!("policy `hostile` gave no allocation: {code}: "));
            }
            End::Pays(_) => {}
        }
        assert!(!Path::new(&out).exists(), "{}: nothing is written", case.name);
    }
}

#[test]
fn parameters_that_a_float_would_round_are_refused() {
    let folder = Folder::new("rounded");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    for number in ["9007199254740993", "18446744073709551617", "16054077974334921.0", "1.6054077974334921e16"]
    {
        let json = folder.file("parameters.json", format!("{{\"node_metrics\": {{\"stars\": {number}}}}}"));
        let settle = ["settle", "--epoch", &epoch, "--rule", "proportional", "--parameters", &json];
        refused(&settle, 3, &format!("{number} cannot be held exactly"));
        let draft = folder.file("draft.toml", format!("name = \"Stars\"\n[[policies]]\npolicy = \"proportional\"\n[policies.parameters]\nnode_metrics = {{ stars = {number} }}\n"));
        let output = folder.path("charter.json");
        // TOML has no integers beyond 64 bits.
        let expected = if number == "18446744073709551617" { "" } else { "exactly" };
        refused(&["charter", "new", &draft, "-o", &output], 3, expected);
    }
}

#[test]
fn parameters_that_break_the_schema_are_told_with_their_place() {
    let folder = Folder::new("parameters");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    folder.file("policy.wasm", hostile::harmless());
    let rule = folder.path("policy.wasm");
    let parameters = folder.file("parameters.json", r#"{"cap": 2, "cup": 1}"#);
    let arguments = ["settle", "--epoch", &epoch, "--rule", &rule, "--parameters", &parameters];
    refused(
        &arguments,
        3,
        "the parameters break the schema of `hostile`: `cap`: 2 is greater than the maximum of 1",
    );
    let parameters = folder.file("parameters.json", "{cap: 2}");
    let arguments = ["settle", "--epoch", &epoch, "--rule", &rule, "--parameters", &parameters];
    refused(&arguments, 3, "not JSON");
}

/// Compiled policies are kept from one run of the program to the next, and a folder that cannot be trusted is told.
#[cfg(unix)]
#[test]
fn compiled_policies_are_kept_where_nobody_else_can_write() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("compiled");
    let cache = folder.path("caches/apportion");
    let files = || fs::read_dir(&cache).map_or(0, Iterator::count);
    let inspect = |arguments: &[&str], variable: &str| {
        let output = program().env("APPORTION_CACHE", variable).args(arguments).output().unwrap();
        assert!(output.status.success() && text(&output.stdout).contains("equal"), "{output:?}");
        text(&output.stderr)
    };
    assert_eq!(inspect(&["inspect", "equal", "--no-cache"], &cache), "");
    assert_eq!(files(), 0);
    assert_eq!(inspect(&["inspect", "equal"], &cache), "");
    assert_eq!(files(), 1);
    assert_eq!(inspect(&["inspect", "equal", "--cache", &cache], ""), "");
    assert_eq!(files(), 1);
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    let warned = inspect(&["inspect", "equal", "--cache", &cache], "");
    assert!(
        warned.starts_with("warning: the folder for compiled policies") && warned.contains("chmod 700"),
        "{warned}"
    );
    // Without a name it is the user's own folder for such files.
    let output = program()
        .env_remove("APPORTION_CACHE")
        .env("XDG_CACHE_HOME", folder.path("of-the-user"))
        .env("HOME", folder.path("of-the-user"))
        .args(["inspect", "equal"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(folder.0.join("of-the-user/apportion").exists() || cfg!(target_os = "macos"));
}
