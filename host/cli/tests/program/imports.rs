//! Data in, an epoch out, settled.

use std::fs;
use std::path::Path;

use apportion::Digest;
use apportion_tests::data;

use crate::run::{Folder, done, refused, run, text};

#[test]
fn a_month_is_imported_settled_and_shown() {
    let folder = Folder::new("month");
    let month = data("retro-funding/M6").display().to_string();
    let (out, settled) = (folder.path("m6"), folder.path("settled"));
    done(&["import", "retro-funding", "--track", "devtooling", &month, "-o", &out]);
    let epoch = Path::new(&out).join("epoch").display().to_string();
    let charter = Path::new(&out).join("charter.json").display().to_string();

    let table = done(&["settle", "--epoch", &epoch, "--charter", &charter, "-o", &settled]);
    assert!(table.contains("1,300,000 OP divided by optimism-devtooling"), "{table}");
    assert!(
        table.contains("retained in the treasury") && table.contains("1,300,000.000000000000000000"),
        "{table}"
    );

    let csv = done(&["settle", "--epoch", &epoch, "--charter", &charter, "--format", "csv"]);
    let mut lines = csv.lines();
    assert!(lines.next().unwrap().starts_with("payee,name,asset,amount,base_units,"), "{csv}");
    assert_eq!(lines.count(), 258);

    let json = done(&["settle", "--epoch", &epoch, "--charter", &charter, "--format", "json"]);
    assert!(json.contains(r#""pool":"1300000000000000000000000""#), "the pool is a string in base units");

    let receipt = Path::new(&settled).join("receipt.json").display().to_string();
    let payouts = Path::new(&settled).join("payouts.json").display().to_string();
    let words = done(&["inspect", &epoch, &charter, &receipt, &payouts]);
    for part in ["epoch ", "charter of ", "receipt of epoch ", "payouts\n", "payees   258", "1,300,000 OP"] {
        assert!(words.contains(part), "{part:?} is not in {words}");
    }
    let digest = Digest::of(&fs::read(&receipt).unwrap()).to_string();
    assert!(words.contains(&digest) && table.contains(&digest), "the receipt's digest is that of its file");
}

/// What was paid, settled as it was recorded; what comes next, by SourceCred's rule; the one replayed under the other.
#[test]
fn a_sourcecred_instance_is_imported_settled_and_replayed() {
    let folder = Folder::new("sourcecred");
    let instance = data("sourcecred/test-instance").display().to_string();
    let (out, ledger) = (folder.path("out"), folder.path("ledger"));
    let import = ["import", "sourcecred", &instance, "-o", &out];
    let told = text(&run(&import).stderr);
    for part in
        ["note: 2 entries `TRANSFER_GRAIN`", "wrote epoch 7 (", "wrote 6 past epochs", "recorded.json"]
    {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
    done(&import); // the same again is no change
    let file = |name: &str| Path::new(&out).join(name).display().to_string();
    done(&["charter", "adopt", &file("recorded.json"), "--ledger", &ledger, "--from", "1"]);
    for number in 1..=6 {
        done(&["settle", "--epoch", &file(&format!("past-{number:04}.epoch")), "--ledger", &ledger]);
    }
    let rule = file("charter.json");
    let replayed = done(&["replay", "--ledger", &ledger, "--charter", &rule]);
    assert!(replayed.contains("6 epochs"), "{replayed}");
    done(&["charter", "adopt", &rule, "--ledger", &ledger, "--from", "7"]);
    let csv = done(&["settle", "--epoch", &file("epoch"), "--ledger", &ledger, "--format", "csv"]);
    assert_eq!(csv.lines().count(), 4, "{csv}");

    let without = folder.path("without");
    done(&[
        "import",
        "sourcecred",
        &instance,
        "-o",
        &without,
        "--no-past",
        "--pool",
        "5",
        "--until",
        "2020-01-05",
    ]);
    let names = fs::read_dir(&without).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.count(), 2);
    let nothing = folder.path("nothing");
    refused(&["import", "sourcecred", &ledger, "-o", &nothing], 3, "sourcecred.json: there is no such file");
    assert!(!Path::new(&nothing).exists());
}

#[test]
fn traces_are_imported_and_settled() {
    let help = done(&["import", "traces", "--help"]);
    for part in ["PROV-JSON", "OpenLineage", "OTLP", "[traces]", "examples/agents/", "Exit codes"] {
        assert!(help.contains(part), "{part:?} is not in {help}");
    }
    assert!(done(&["import", "--help"]).contains("[alias: traces]"));
    let folder = Folder::new("traces");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/agents");
    let file = |name: &str| example.join(name).display().to_string();
    let epoch = folder.path("july.epoch");
    let output = run(&["import", "traces", &file("epoch.toml"), "-o", &epoch]);
    let told = text(&output.stderr);
    assert!(output.status.success() && told.contains("6 payees, 18 nodes, 22 edges, 500 EUR"), "{told}");
    assert!(
        told.contains("note: not in the graph: a span that no outcome of the window leads to (2 times"),
        "{told}"
    );
    done(&["import", "tables", &file("epoch.toml"), "-o", &epoch]); // the same again is no change
    let settle = ["settle", "--epoch", &epoch, "--rule", "lineage", "--parameters", &file("lineage.json")];
    let csv = done(&[&settle[..], &["--format", "csv"]].concat());
    assert!(csv.contains("rangers,The park rangers,EUR,118,11800,"), "{csv}");

    let head = fs::read_to_string(example.join("epoch.toml")).unwrap();
    let head = head.split("[traces]").next().unwrap();
    let nothing = folder.path("nothing.epoch");
    for (name, body, sentence) in [
        (
            "no-list",
            "[traces]",
            "names no files under `[traces]`: list some as `prov`, `openlineage` or `otlp`",
        ),
        (
            "key",
            "[traces]\nspans = [\"a\"]",
            "unknown field `spans`, expected one of `prov`, `openlineage`, `otlp`",
        ),
        ("missing", "[traces]\notlp = [\"gone.jsonl\"]", "gone.jsonl: there is no such file"),
        ("no-json", "[traces]\nprov = [\"no-json.toml\"]", "no-json.toml, row 1: is not JSON"),
        (
            "attributes",
            "[traces]\nprov = [\"attributes.toml\"]\nattributes = { earned = \"fee\" }",
            "under `[traces.attributes]`, but lists no files with such attributes",
        ),
        ("nothing", "", "names no files: list some under `[nodes]` or `[traces]`"),
    ] {
        let description = folder.file(&format!("{name}.toml"), format!("{head}{body}"));
        refused(&["import", "traces", &description, "-o", &nothing], 3, sentence);
    }
    assert!(!Path::new(&nothing).exists(), "nothing is written of what is refused");
}
