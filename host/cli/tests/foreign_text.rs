//! Text from outside reaches a terminal, a table or a spreadsheet only as text: nothing in a file name, a parameter, a
//! policy's description, an id or an argument moves a cursor, hides, adds a line of the program's or runs as a formula.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use apportion::charter::CharterTerms;
use apportion::epoch::{ColumnNames, Header, Window};
use apportion::ledger::LedgerIdentity;
use apportion::money::{Asset, Pool};
use apportion::store::DirectoryStore;
use apportion::text::is_hidden;
use apportion::{Charter, Engine, EpochBuilder, Ledger, Node};
use apportion_tests::{hostile, small_epoch};
use tempfile::TempDir;

/// The line that `verify` ends with when all is well.
const SOUND: &str = "1 epoch settled and sound up to entry ";

/// Clears the screen in two encodings, goes to its first line, and says what a user wants to read there.
fn forged() -> String {
    format!("\u{1b}[2J\u{1b}[H\u{9b}2J\u{202e}\r\n{SOUND}0\n")
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(&name), bytes).unwrap();
        self.path(name)
    }
}

/// What a run says, on both streams: only what can be seen, and no line that somebody else wrote.
fn run<A: AsRef<OsStr>>(arguments: &[A]) -> (Output, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_apportion"));
    let output = program.env("APPORTION_CACHE", "").args(arguments).output().unwrap();
    let said = String::from_utf8([&output.stdout[..], &output.stderr].concat()).unwrap();
    let hidden = said.chars().find(|c| is_hidden(*c) && *c != '\n');
    let arguments: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
    assert_eq!(hidden, None, "{arguments:?}: {said:?}");
    let forged = said.lines().find(|line| line.trim_start().starts_with(&format!("{SOUND}0")));
    assert_eq!(forged, None, "{arguments:?}: {said}");
    (output, said)
}

fn words<'a>(arguments: &[&'a dyn AsRef<OsStr>]) -> Vec<&'a OsStr> {
    arguments.iter().map(|argument| (*argument).as_ref()).collect()
}

/// An epoch of these payees by id and name, each with a node of its own and of equal weight.
fn epoch(payees: &[(&str, &str)]) -> apportion::Epoch {
    let pool = Pool { asset: Asset::new("EUR", 2).unwrap(), amount: 100_000 };
    let header = Header { number: 1, window: Window { start: 0, end: 86_400 }, pool };
    let mut epoch = EpochBuilder::new(header, ColumnNames::default()).unwrap();
    for (id, name) in payees {
        epoch.payee(id, name);
        let node = Node {
            id: &format!("node of {id}"),
            kind: "work",
            weight: 1.0,
            time: None,
            payee: Some(id),
            metrics: &[],
            labels: &[],
        };
        epoch.node(node);
    }
    epoch.finish().unwrap()
}

#[test]
#[cfg(unix)]
fn file_names_in_a_ledger_are_only_named() {
    let folder = Folder::new();
    let path = folder.path("ledger");
    let engine = Engine::new().unwrap();
    let identity = LedgerIdentity::from_bytes([1; 32]);
    let mut ledger = Ledger::create(DirectoryStore::create(&path).unwrap(), identity).unwrap();
    let component = hostile::harmless();
    let policy = engine.admit(&component).unwrap();
    let charter = Charter::single("Tiny", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(&engine, &charter, 0, &[component], &[]).unwrap();
    for place in ["", "unfinished", "objects", "objects/00"] {
        fs::create_dir_all(path.join(place)).unwrap();
        fs::write(path.join(place).join(forged()), "").unwrap();
    }
    let (output, said) = run(&words(&[&"verify", &"--ledger", &path]));
    assert_eq!(output.status.code(), Some(3), "{said}");
    for start in ["wrong: `", "wrong: `objects/", "wrong: `objects/00/", "left by an interrupted writer"] {
        let line = said
            .lines()
            .find(|line| line.starts_with(start) && line.contains("\\u{1b}[2J\\u{1b}[H\\u{9b}2J"));
        assert!(line.is_some(), "{start}: {said}");
    }
}

#[test]
fn arguments_are_quoted_without_what_acts_on_a_terminal() {
    let folder = Folder::new();
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let forged = forged();
    let flag = format!("--{forged}");
    let pool = format!("5 {forged}");
    for arguments in [
        words(&[&forged]),
        words(&[&"inspect", &forged]),
        words(&[&"inspect", &flag]),
        words(&[&"settle", &"--epoch", &forged, &"--rule", &"equal"]),
        words(&[&"settle", &"--epoch", &epoch, &"--rule", &forged]),
        words(&[&"settle", &"--epoch", &epoch, &"--rule", &"equal", &"--format", &forged]),
        words(&[&"check-proof", &epoch, &"--receipt", &forged]),
        words(&[&"try", &"git", &forged]),
        words(&[&"try", &"git", &".", &"--pool", &pool]),
        words(&[&"try", &"git", &".", &"--month", &forged]),
        words(&[&"replay", &"--ledger", &forged, &"--charter", &forged]),
        words(&[&"policy", &"new", &forged, &"--lang", &"rust"]),
        words(&[&"policy", &"test", &forged]),
        words(&[&"charter", &"show", &"--ledger", &forged]),
    ] {
        let (output, said) = run(&arguments);
        assert!(!output.status.success() && said.contains("[2J"), "{arguments:?}: {said}");
    }
}

#[test]
fn errors_about_files_show_their_text_safely() {
    let folder = Folder::new();
    let forged = forged();
    let draft = folder.file("draft.toml", format!("name = \"A{forged}\"\n"));
    let unknown = folder
        .file("unknown.toml", "name = \"A\"\n\"\\u001b[2J\\u202e\" = 1\n[[policies]]\npolicy = \"equal\"\n");
    let parameters = folder.file("p.json", r#"{"\u001b[2J\n1 epoch settled and sound up to entry 0":1}"#);
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let table = folder.file("epoch.toml", format!("pool = \"{forged}\"\n"));
    let proof = folder.file("proof", r#"{"format":"apportion proof \u001b[2J"}"#);
    let out = folder.path("out");
    for arguments in [
        words(&[&"charter", &"new", &draft, &"-o", &out]),
        words(&[&"charter", &"new", &unknown, &"-o", &out]),
        words(&[&"settle", &"--epoch", &epoch, &"--rule", &"equal", &"--parameters", &parameters]),
        words(&[&"import", &"tables", &table, &"-o", &out]),
        words(&[&"inspect", &proof]),
    ] {
        let (output, said) = run(&arguments);
        assert!(!output.status.success() && said.starts_with("error: "), "{arguments:?}: {said}");
    }
}

/// What a charter holds that objects may: its parameters are anybody's JSON.
#[test]
fn parameters_of_a_charter_are_shown_safely() {
    let folder = Folder::new();
    let engine = Engine::new().unwrap();
    let policy = engine.admit(apportion_standard::find("equal").unwrap().bytes).unwrap();
    let single =
        Charter::single("Soft\u{ad}ly", &policy, serde_json::json!({ (forged()): forged() })).unwrap();
    let charter =
        Charter::new(CharterTerms { name: "Soft\u{ad}ly".to_owned(), ..single.terms().clone() }).unwrap();
    let file = folder.file("charter", charter.as_bytes());
    let (output, said) = run(&words(&[&"inspect", &file]));
    assert!(output.status.success() && said.contains("\\u{202e}"), "{said}");
    assert!(said.contains("charter of Soft\\u{ad}ly"), "{said}");
}

/// A policy's schema; and ids that hide something, in a table and in a proof.
#[test]
fn what_a_policy_says_is_shown_safely() {
    let folder = Folder::new();
    let text = r"\\u001b[2J\\u009b2J\\n1 epoch settled and sound up to entry 0";
    let schema = format!(
        r#"{{\"type\":\"object\",\"properties\":{{\"a{text}\":{{\"type\":\"string\",\"description\":\"b{text}\",\"default\":\"c{text}\"}}}}}}"#
    );
    let length = schema.replace("\\\\", "\\").replace("\\\"", "\"").len();
    let component = hostile::policy(
        &format!(
            "(data (i32.const 3000) \"{schema}\")
             (func (export \"apportion:policy/rule@0.1.0#describe\") (result i32)
               (drop (call $described))
               (i32.store (i32.const 24) (i32.const 3000)) (i32.store (i32.const 28) (i32.const {length}))
               (i32.const 0))
             (func (export \"apportion:policy/rule@0.1.0#allocate\") (param i32 i32) (result i32)
               (call $weights (call $payee_count)))"
        ),
        &["describe"],
    );
    let policy = folder.file("policy.wasm", component);
    let (output, said) = run(&words(&[&"inspect", &policy]));
    assert!(output.status.success() && said.contains("\\u{1b}[2J\\u{9b}2J"), "{said}");

    let epoch = folder.file("epoch", epoch(&[("ann", ""), ("b\u{2800}b", "")]).as_bytes());
    let settled = folder.path("settled");
    let (output, said) = run(&words(&[&"settle", &"--epoch", &epoch, &"--rule", &policy, &"-o", &settled]));
    assert!(output.status.success() && said.contains("b\\u{2800}b"), "{said}");
    let proof = folder.path("proof");
    let (receipt, payouts) = (settled.join("receipt.json"), settled.join("payouts.json"));
    let prove: Vec<OsString> = words(&[
        &"prove",
        &"--receipt",
        &receipt,
        &"--payouts",
        &payouts,
        &"--payee",
        &"b\u{2800}b",
        &"-o",
        &proof,
    ])
    .into_iter()
    .map(ToOwned::to_owned)
    .collect();
    assert!(run(&prove).0.status.success());
    let (output, said) = run(&words(&[&"inspect", &proof]));
    assert!(output.status.success() && said.contains("b\\u{2800}b is paid 500 EUR"), "{said}");
}

/// Notes about ids, on standard error, wherever an epoch is taken in.
#[test]
fn ids_that_look_alike_or_hide_something_are_noted() {
    let folder = Folder::new();
    let epoch = epoch(&[("ann", ""), ("\u{430}nn", ""), ("bob ", ""), ("c\u{ad}c", ""), ("dan", "")]);
    let file = folder.file("epoch", epoch.as_bytes());
    for arguments in
        [words(&[&"inspect", &file]), words(&[&"settle", &"--epoch", &file, &"--rule", &"equal"])]
    {
        let (output, said) = run(&arguments);
        assert!(output.status.success(), "{said}");
        let notes: Vec<&str> = said.lines().filter(|line| line.starts_with("note: ")).collect();
        assert_eq!(
            notes,
            [
                "note: the ids of the payees `ann` and `\u{430}nn` (U+0430) look alike",
                "note: the id or name `bob\\u{20}` holds what cannot be seen: it is spelled out here",
                "note: the id or name `c\\u{ad}c` holds what cannot be seen: it is spelled out here",
                "note: 2 of the ids of nodes hold what cannot be seen, such as `node of bob\\u{20}`",
            ]
        );
    }
}

#[test]
fn a_payee_cannot_be_taken_for_another_or_for_a_sum() {
    let folder = Folder::new();
    let epoch = epoch(&[
        ("p1", "Ann"),
        ("p2", "Ann"),
        ("p3", "Bob"),
        ("p4", "total"),
        ("p5", "Retained in the treasury"),
        ("total", ""),
    ]);
    let file = folder.file("epoch", epoch.as_bytes());
    let (output, said) = run(&words(&[&"settle", &"--epoch", &file, &"--rule", &"equal"]));
    assert!(output.status.success(), "{said}");
    let lines: Vec<Vec<&str>> = said.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
    let rule = lines.iter().position(|line| line.concat().chars().all(|c| c == '-') && !line.is_empty());
    let (payees, sums) = lines.split_at(rule.unwrap());
    assert_eq!(payees[0][..2], ["payee", "id"]);
    let ids = [("Ann", "p1"), ("Ann", "p2"), ("total", "p4"), ("total", "total")];
    for (name, id) in ids {
        assert!(payees.iter().any(|line| line.starts_with(&[name, id])), "{said}");
    }
    assert!(payees.iter().any(|line| line.starts_with(&["Bob", "16.66"])), "no id beside Bob: {said}");
    let retained = ["Retained", "in", "the", "treasury", "p5"];
    assert!(payees.iter().any(|line| line.starts_with(&retained)), "{said}");
    assert_eq!(sums[1][..4], ["retained", "in", "the", "treasury"]);
    assert_eq!(sums[2][0], "total");
}

/// What stands in columns of text is text for a spreadsheet too; numbers stay numbers, and for programs all is as it is.
#[test]
fn cells_of_csv_are_no_formulas() {
    let folder = Folder::new();
    let formulas = ["=1+1", "+1", "-5", "@SUM(A1)", "'=1", "＝1"];
    let payees: Vec<(&str, &str)> = formulas.iter().map(|text| (*text, *text)).collect();
    let file = folder.file("epoch", epoch(&payees).as_bytes());
    let settle = |format: &str| {
        run(&words(&[&"settle", &"--epoch", &file, &"--rule", &"equal", &"--format", &format])).0.stdout
    };
    let cells = |csv: &[u8], column: usize| -> Vec<String> {
        let text = String::from_utf8(csv.to_vec()).unwrap();
        text.lines().skip(1).map(|line| line.split(',').nth(column).unwrap().to_owned()).collect()
    };
    let (guarded, raw) = (settle("csv"), settle("csv-raw"));
    for column in [0, 1] {
        let mut expected: Vec<String> = formulas.iter().map(|text| (*text).to_owned()).collect();
        expected.sort();
        assert_eq!(cells(&raw, column), expected);
        let expected: Vec<String> = expected.iter().map(|text| format!("'{text}")).collect();
        assert_eq!(cells(&guarded, column), expected);
    }
    assert_eq!(cells(&guarded, 4), cells(&raw, 4));

    // Half of it goes elsewhere under the new rule, so that differences are negative.
    let settled = folder.path("settled");
    assert!(
        run(&words(&[&"settle", &"--epoch", &file, &"--rule", &"equal", &"-o", &settled])).0.status.success()
    );
    let draft = folder.file(
        "draft.toml",
        "name = \"=New\"\n[[policies]]\npolicy = \"split\"\nparameters = { payees = { \"-5\" = 1000000 } }\n",
    );
    let charter = folder.path("charter");
    let (output, said) = run(&words(&[&"charter", &"new", &draft, &"-o", &charter]));
    assert!(output.status.success(), "{said}");
    let (output, said) =
        run(&words(&[&"replay", &"--settled", &settled, &"--charter", &charter, &"--format", &"csv"]));
    assert!(output.status.success(), "{said}");
    assert!(said.contains(",'=1+1,'=1+1,EUR,") && said.contains(",-16667"), "{said}");
}
