//! The program as a user runs it: what it prints, what it writes, how it ends when something is wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use apportion::store::DirectoryStore;
use apportion::{Charter, Digest, Engine, Ledger};
use apportion_tests::hostile::{self, End};
use apportion_tests::{create_ledger, data, numbered_epoch, small_epoch};

/// A folder of a test's own, removed when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("apportion-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.0.join(name), bytes).unwrap();
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program, which leaves nothing in the user's own cache folder.
fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_apportion"));
    program.env("APPORTION_CACHE", "");
    program
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// It ended well, said nothing on standard error but what it wrote, and printed this.
fn done(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// It ended with this code and one sentence that says this, and printed nothing.
fn refused(arguments: &[&str], code: i32, sentence: &str) {
    let output = run(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(sentence), "{arguments:?}: {said:?} does not say {sentence:?}");
    assert!(said.starts_with("error: ") && !said.contains("panicked") && !said.contains('\u{1b}'), "{said}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
}

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

/// From a ledger and from a folder, as words, as JSON and as a page; and what is refused.
#[test]
fn a_payout_is_explained() {
    let folder = Folder::new("explain");
    let draft = folder.file("draft.toml", "name = \"Stars\"\n[[policies]]\npolicy = \"proportional\"\n[policies.parameters]\nnode_metrics = { stars = 1.0 }\n");
    let (charter, ledger) = (folder.path("charter.json"), folder.path("ledger"));
    done(&["charter", "new", &draft, "-o", &charter]);
    done(&["charter", "adopt", &charter, "--ledger", &ledger, "--from", "1"]);
    for number in [6, 7] {
        let epoch = folder.file("epoch", numbered_epoch(number).as_bytes());
        done(&["settle", "--epoch", &epoch, "--ledger", &ledger]);
    }
    let page = folder.path("why.html");
    let asked = ["explain", "--ledger", &ledger, "--epoch", "7", "--payee", "ada"];
    let words = done(&[&asked[..], &["--payee", "cy", "--html", &page]].concat());
    for part in [
        "Ada (payee ada) gets 193.55 EUR, 19.3 % of the 1,000.01 EUR of epoch 7: the 2nd most of 3 payees.",
        "The rule proportional 0.1.0 (standard) gave it 193.55 EUR. What it measured:",
        "It has one contribution, paper (paper). Without that it would get 0.00 EUR, 193.55 EUR less.",
        "used from misc",
        " 1. misc (code)\n    100.0 % of it by used to paper (paper)\n",
        "- In epoch 6 it got as much.",
        "Side by side",
    ] {
        assert!(words.contains(part), "{part:?} is not in {words}");
    }
    let html = fs::read_to_string(&page).unwrap();
    assert!(
        html.contains("<svg class=\"ways\"") && html.contains("Ada (payee ada) gets 193.55\u{a0}EUR"),
        "{html}"
    );
    let json = done(&[&asked[..], &["--format", "json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told[0]["amount"], "19355");
    assert_eq!(told[0]["contributions"][0]["difference"], "-19355");
    assert_eq!(told[0]["without_all"], serde_json::json!({"amount": "0"}));

    let epoch = folder.file("alone", numbered_epoch(7).as_bytes());
    let settled = folder.path("settled");
    done(&["settle", "--epoch", &epoch, "--charter", &charter, "-o", &settled]);
    assert!(
        done(&["explain", "--settled", &settled, "--payee", "ada"])
            .contains("Ada (payee ada) gets 193.55 EUR")
    );

    for (arguments, said) in [
        (vec!["--ledger", &ledger, "--epoch", "8", "--payee", "ada"], "epoch 8 is not settled in"),
        (vec!["--ledger", &ledger, "--epoch", "7", "--payee", "AD"], "did you mean `ada`?"),
        (vec!["--settled", &settled, "--payee", "zoe"], "ids look like `ada`, `ben`, `cy`"),
    ] {
        refused(&[&["explain"][..], &arguments].concat(), 3, said);
    }
    assert!(
        done(&["explain", "--settled", &settled, "--payee", "Ada"])
            .contains("Ada (payee ada) gets 193.55 EUR")
    );
    let itself = ["explain", "--settled", &settled, "--before", &settled, "--payee", "ada"];
    refused(&itself, 3, "epoch 7 does not come before epoch 7");
    refused(&[&asked[..], &["--runs", "0"]].concat(), 2, "without any run there is nothing to tell");
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

/// Two settled epochs under two other charters: every form, the page, and what is refused.
#[test]
fn settled_epochs_are_replayed_under_other_charters() {
    let folder = Folder::new("replay");
    let charter = |name: &str, policy: &str, parameters: &str| {
        let draft = format!(
            "name = \"{name}\"\n[[policies]]\npolicy = \"{policy}\"\n[policies.parameters]\n{parameters}\n"
        );
        let draft = folder.file("draft.toml", draft);
        let charter = folder.path(&format!("{name}.json"));
        done(&["charter", "new", &draft, "-o", &charter]);
        charter
    };
    let equal = charter("Equal", "equal", "");
    let stars = charter("<b>Stars</b>", "proportional", "node_metrics = { stars = 1.0 }");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let settled = folder.path("settled");
    done(&["settle", "--epoch", &epoch, "--charter", &equal, "-o", &settled]);

    let (page, second) = (folder.path("page.html"), folder.path("page-2.html"));
    let arguments =
        ["replay", "--settled", &settled, "--charter", &stars, "--charter", &equal, "--html", &page];
    let table = done(&arguments);
    assert!(table.contains("1 epoch under <b>Stars</b>") && table.contains("to others"), "{table}");
    assert!(table.contains("divided by proportional 0.1.0 (standard); the charters differ in "), "{table}");
    let json = done(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(json.lines().count(), 2, "a line per charter");
    for line in json.lines() {
        let whole: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(whole["comparison"]["format"], "apportion comparison 1");
        assert_eq!(whole["epochs"][0]["payees"].as_array().unwrap().len(), 3);
        let (comparison, _) = line.split_once(r#","epochs":[{"number""#).unwrap();
        let comparison = comparison.strip_prefix(r#"{"comparison":"#).unwrap();
        assert!(table.contains(&Digest::of(comparison.as_bytes()).to_string()), "its digest is told");
    }
    let csv = done(&[&arguments[..], &["--format", "csv"]].concat());
    assert_eq!(csv.lines().count(), 1 + 2 * 3, "{csv}");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && !html.contains("<b>Stars</b>"), "names are escaped");
    let same = fs::read_to_string(&second).unwrap();
    assert!(same.contains("everyone would have got exactly what they got"), "the second is its own rule");

    let twice = ["replay", "--settled", &settled, "--settled", &settled, "--charter", &equal];
    refused(&twice, 3, "give each epoch once");
    fs::copy(&stars, Path::new(&settled).join("charter.json")).unwrap();
    refused(&["replay", "--settled", &settled, "--charter", &equal], 3, "the receipt is of charter");
}

/// A card is printed, written, read again and put into a page; its examples can be settled.
#[test]
fn a_rule_is_audited() {
    let folder = Folder::new("audit");
    let (card, examples) = (folder.path("card.json"), folder.path("examples"));
    let told = done(&["audit", "equal", "--trials", "12", "-o", &card, "--examples", &examples]);
    assert!(told.contains("null-player fails: who contributes nothing is paid"), "{told}");
    assert!(told.starts_with("Of everything that fails an example, with the epochs that show it."), "{told}");
    assert!(told.contains("12 epochs from seed 1, made; 12 answered"), "{told}");
    assert_eq!(done(&["inspect", &card]), told);
    let json = done(&["audit", "equal", "--trials", "12", "--format", "json"]);
    assert_eq!(json.trim_end(), fs::read_to_string(&card).unwrap());

    assert_eq!(done(&["audit", "equal", "--again", &card]), told);
    refused(&["audit", "pagerank", "--again", &card], 3, "the card is of equal 0.1.0");
    let alone = folder.file("alone", small_epoch().as_bytes());
    refused(
        &["audit", "equal", "--again", &card, "--epoch", &alone],
        3,
        "it names none, given with --epoch are",
    );
    let text = fs::read_to_string(&card).unwrap();
    let better =
        text.replacen("\"property\":\"spam\",\"trials\":12", "\"property\":\"spam\",\"trials\":11", 1);
    assert_ne!(better, text);
    let better = folder.file("better.json", better);
    refused(&["audit", "equal", "--again", &better], 3, "auditing again gives another card");
    let torn = folder.file("torn.json", &text[..text.len() / 2]);
    refused(&["audit", "equal", "--again", &torn], 3, "not a card");

    // A card of the audits that announced themselves is read and shown, and cannot be made again.
    let old = data("cards/equal-format-1.json").display().to_string();
    let shown = done(&["inspect", &old]);
    assert!(shown.contains("an earlier version of the audit") && shown.contains("UNIT"), "{shown}");
    refused(&["audit", "equal", "--again", &old], 3, "whose trials are no longer made");

    let payees = |role: &str| {
        let file = |name: &str| Path::new(&examples).join("splitting").join(name).display().to_string();
        let (epoch, parameters) = (file(role), file("parameters.json"));
        let settle = ["settle", "--epoch", &epoch, "--rule", "equal", "--parameters", &parameters];
        done(&[&settle[..], &["--format", "csv"]].concat()).lines().count()
    };
    assert!(payees("after") > payees("before"));

    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let settled = folder.path("settled");
    done(&["settle", "--epoch", &epoch, "--rule", "equal", "-o", &settled]);
    let charter = Path::new(&settled).join("charter.json").display().to_string();
    let page = folder.path("page.html");
    let replay = ["replay", "--settled", &settled, "--charter", &charter, "--html", &page];
    done(&[&replay[..], &["--card", &card]].concat());
    assert!(fs::read_to_string(&page).unwrap().contains("who contributes nothing is paid"));
    let other = folder.path("other.json");
    done(&["audit", "pagerank", "--trials", "2", "-o", &other]);
    refused(&[&replay[..], &["--force", "--card", &other]].concat(), 3, "no charter here gives it");

    // A charter's parameters, and an epoch from its tables: as a standard policy's page says.
    let told = done(&["audit", "equal", "--trials", "2", "--parameters", &charter]);
    assert!(told.contains("parameters {}"), "{told}");
    refused(&["audit", "pagerank", "--parameters", &charter], 3, "does not appoint this version of pagerank");
    let policies = data("../../policies").display().to_string();
    let (card, tables) =
        (format!("{policies}/jury/card.json"), format!("{policies}/jury/example/comparisons.toml"));
    let told = done(&["audit", "jury", "--again", &card, "--epoch", &tables]);
    assert!(told.contains("in turn made and parts of 1 given one; 30 answered"), "{told}");

    let wrong = folder.file("wrong.json", r#"{"kinds": []}"#);
    refused(&["audit", "equal", "--parameters", &wrong], 3, "kinds");
    refused(&["audit", "proportional"], 3, "refuses its parameters");
    refused(&["audit", "no-such-rule"], 3, "no standard policy of that name");
}

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
fn one_payout_is_proven_to_who_has_the_digest() {
    let folder = Folder::new("proof");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    done(&["settle", "--epoch", &epoch, "--rule", "equal", "-o", &folder.path("settled")]);
    let (receipt, payouts) = (folder.path("settled/receipt.json"), folder.path("settled/payouts.json"));
    let digest = Digest::of(&fs::read(&receipt).unwrap()).to_string();
    let list = apportion::Payouts::from_bytes(&fs::read(&payouts).unwrap()).unwrap();
    let payee = &list.rows()[0];
    let proof = folder.path("proof.json");
    let prove = |payee: &str, more: &[&str]| {
        let arguments =
            ["prove", "--receipt", &receipt, "--payouts", &payouts, "--payee", payee, "-o", &proof];
        [&arguments[..], more].concat().into_iter().map(str::to_owned).collect::<Vec<String>>()
    };
    fn words(arguments: &[String]) -> Vec<&str> {
        arguments.iter().map(String::as_str).collect()
    }

    assert_eq!(done(&words(&prove(&payee.payee, &[]))), "");
    let check = ["check-proof", &proof, "--receipt", &digest];
    let said = done(&check);
    assert!(said.starts_with(&format!("{} is paid 333.34 EUR in epoch ", payee.payee)), "{said}");
    assert!(
        said.contains(&digest) && said.contains("by equal 0.1.0 (standard): 333.34 EUR of 1,000.01 EUR"),
        "{said}"
    );
    let json = done(&[&check[..], &["--format", "json"]].concat());
    assert!(json.contains(r#""amount":"33334""#) && json.contains(r#""asset":"EUR""#), "{json}");
    let inspected = done(&["inspect", &proof]);
    assert!(inspected.starts_with("proof of a payout, if the receipt below") && inspected.contains(&said));

    let other = Digest::of(b"other").to_string();
    refused(&["check-proof", &proof, "--receipt", &other], 3, &format!("is for receipt {digest}, not for"));
    refused(&["check-proof", &proof, "--receipt", "123"], 3, "`123` is not a digest");
    let whole = fs::read_to_string(&proof).unwrap();
    let forged = folder.file("forged", whole.replace(r#"\"paid\":\"100001\""#, r#"\"paid\":\"100002\""#));
    refused(&["check-proof", &forged, "--receipt", &digest], 3, "not for");
    refused(&["inspect", &forged], 3, "the receipt contradicts itself");
    let cut = folder.file("cut", &whole[..whole.len() / 2]);
    refused(&["check-proof", &cut, "--receipt", &digest], 3, "not a proof: ");
    refused(&["check-proof", &payouts, "--receipt", &digest], 3, "not a proof: ");
    refused(&["check-proof", &folder.path("none"), "--receipt", &digest], 1, "cannot open");

    let second = &list.rows()[1].payee;
    refused(&words(&prove(second, &[])), 3, "is there with other content; --force replaces it");
    refused(&words(&prove("nobody", &["--force"])), 3, "the payouts have no payee `nobody`");
    let shouted = payee.payee.to_uppercase();
    refused(&words(&prove(&shouted, &["--force"])), 3, &format!("is it `{}`?", payee.payee));
    assert_eq!(fs::read_to_string(&proof).unwrap(), whole, "a refusal writes nothing");
    done(&words(&prove(second, &["--force"])));
    assert!(done(&check).starts_with(second.as_str()));
    let swapped = ["prove", "--receipt", &payouts, "--payouts", &receipt, "--payee", second, "-o", &proof];
    refused(&swapped, 3, "not a receipt: ");
}

#[test]
fn a_payout_in_a_ledger_is_proven() {
    let folder = Folder::new("ledger-proof");
    let (ledger, proof) = (folder.path("ledger"), folder.path("proof.json"));
    tiny_ledger(&ledger);
    let prove = |number: &'static str| {
        ["prove", "--ledger", &ledger, "--epoch", number, "--payee", "ada", "-o", &proof]
    };
    refused(&prove("7"), 3, "epoch 7 is not settled in `");
    refused(&prove("7"), 3, "`; none is yet");
    for number in [2, 3, 4, 7, 9, 10] {
        let epoch = folder.file("epoch", numbered_epoch(number).as_bytes());
        done(&["settle", "--epoch", &epoch, "--ledger", &ledger]);
    }
    refused(&prove("8"), 3, "`; settled are 2..4, 7, 9..10");
    assert!(!Path::new(&proof).exists(), "a refusal writes nothing");

    done(&prove("7"));
    let held = Ledger::open(DirectoryStore::open(Path::new(&ledger)).unwrap()).unwrap();
    let (_, digest) = held.settled().find(|(number, _)| *number == 7).unwrap();
    let said = done(&["check-proof", &proof, "--receipt", &digest.to_string()]);
    assert!(said.starts_with("ada is paid 333.34 EUR in epoch 7\n"), "{said}");
    refused(&[&prove("9")[..], &["--receipt", "receipt.json"]].concat(), 2, "cannot be used with");
    refused(&["prove", "--ledger", &ledger, "--payee", "ada", "-o", &proof], 2, "--epoch <N>");
    refused(&["prove", "--epoch", "7", "--payee", "ada", "-o", &proof], 2, "--ledger <DIR>");
    let mut nobody = prove("7");
    nobody[6] = "nobody";
    refused(&nobody, 3, "the payouts have no payee `nobody`");

    let payouts = held.receipt(&digest).unwrap().terms().payouts.to_string();
    let file = Path::new(&ledger).join("objects").join(&payouts[..2]).join(&payouts);
    fs::write(&file, "damaged").unwrap();
    refused(&prove("7"), 3, &format!("object `{payouts}` is damaged"));
    fs::remove_file(&file).unwrap();
    refused(&prove("7"), 3, &format!("payouts `{payouts}` is missing from the ledger"));
    refused(
        &["prove", "--ledger", &folder.path("none"), "--epoch", "7", "--payee", "ada", "-o", &proof],
        3,
        "there is no ledger in",
    );
}

/// A charter changed by a signed decision, epochs settled into a ledger, the whole verified; and damage named.
#[test]
fn a_ledger_is_kept_and_verified() {
    let folder = Folder::new("ledger");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let key = data("../../host/core/tests/data/ssh/ed25519").display().to_string();
    let public = fs::read_to_string(data("../../host/core/tests/data/ssh/ed25519.pub")).unwrap();
    folder.file("allowed_signers", format!("keeper@test {public}"));
    let draft = "name = \"Ledger\"\nsigners = { required = 1, file = \"allowed_signers\" }\n[[policies]]\npolicy = \"equal\"\n";
    let draft = folder.file("draft.toml", draft);
    let open = folder.file("open.toml", "name = \"Open\"\n[[policies]]\npolicy = \"equal\"\n");
    let (charter, other, ledger) = (folder.path("charter"), folder.path("other"), folder.path("ledger"));
    done(&["charter", "new", &draft, "-o", &charter]);
    done(&["charter", "new", &open, "-o", &other]);
    refused(&["settle", "--epoch", &epoch, "--ledger", &ledger], 3, "there is no ledger in");
    let (identity, other_identity) = ("0123456789abcdef".repeat(4), "fedcba9876543210".repeat(4));
    let adopt = ["charter", "adopt", &charter, "--ledger", &ledger, "--from", "1", "--identity", &identity];
    let said = text(&run(&adopt).stderr);
    assert!(said.contains(&format!("with the identity {identity}")), "{said}");
    let table = done(&["settle", "--epoch", &epoch, "--ledger", &ledger]);
    assert!(table.contains("1,000.01 EUR divided by equal"), "{table}");
    let noted = done(&["verify", "--ledger", &ledger]);
    let noted = noted.trim_end().rsplit(' ').next().unwrap();
    refused(
        &["settle", "--epoch", &epoch, "--ledger", &ledger],
        3,
        "epoch 7 is settled already, by receipt `",
    );

    let (change, signature) = (folder.path("change"), folder.path("signature"));
    refused(
        &["charter", "propose", &other, "--ledger", &ledger, "--from", "7", "-o", &change],
        3,
        "epoch 7 is settled",
    );
    let propose = ["charter", "propose", &other, "--ledger", &ledger, "--from", "8", "-o", &change];
    refused(
        &[&propose[..], &["--identity", &other_identity]].concat(),
        3,
        "has the identity 0123456789abcdef",
    );
    done(&propose);
    let adopt = ["charter", "adopt", &other, "--ledger", &ledger, "--from", "8"];
    refused(&adopt, 3, "the change is not signed as the charter in force demands");
    done(&["charter", "sign", &change, "--key", &key, "-o", &signature]);
    let adopted = run(&[&adopt[..], &["--signature", &signature]].concat());
    let said = text(&adopted.stderr);
    assert!(
        said.contains("signed by keeper@test")
            && said.contains("warning: the charter in force names no signers"),
        "{said}"
    );
    let shown = done(&["charter", "show", "--ledger", &ledger]);
    assert!(shown.contains("in force for epoch 8\ncharter of Open"), "{shown}");
    assert!(shown.contains(&format!("ledger {identity}\n")), "{shown}");
    assert!(
        done(&["charter", "show", "--ledger", &ledger, "--epoch", "7"])
            .contains("changed by 1 signatures of these keys")
    );

    let verified = done(&["verify", "--ledger", &ledger]);
    assert!(
        verified.contains("2 charters adopted, 1 by signatures")
            && verified.contains("1 settlement run again")
    );
    assert!(
        verified.lines().last().unwrap().starts_with("1 epoch settled and sound up to entry "),
        "{verified}"
    );
    assert!(done(&["verify", "--ledger", &ledger, "--structure-only"]).contains("not checked, because"));
    done(&["verify", "--ledger", &ledger, "--contains", noted, "--structure-only"]);
    let never = "00".repeat(32);
    let output =
        run(&["verify", "--ledger", &ledger, "--contains", noted, "--contains", &never, "--structure-only"]);
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stdout);
    assert!(
        said.contains(&format!("wrong: `{never}` is neither an entry nor a receipt in the chain")),
        "{said}"
    );
    fs::write(Path::new(&ledger).join("head"), "nothing\n").unwrap();
    let output = run(&["verify", "--ledger", &ledger]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).contains("wrong: `head` is damaged"), "{}", text(&output.stdout));
}

/// A ledger with a charter that names a tiny policy.
fn tiny_ledger(path: &str) {
    let engine = Engine::new().unwrap();
    let mut ledger = create_ledger(Path::new(path));
    let component = hostile::harmless();
    let policy = engine.admit(&component).unwrap();
    let charter = Charter::single("Tiny", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(&engine, &charter, 0, &[component], &[]).unwrap();
}

/// A stranger's charter may let a run take more than this machine gives: the command says which limit stopped it and
/// which option raises that, and goes on where it can.
#[test]
fn limits_of_this_machine_stop_a_run_and_say_so() {
    let folder = Folder::new("limits");
    let ledger = folder.path("ledger");
    tiny_ledger(&ledger);
    for number in [1, 2] {
        let epoch = folder.file("epoch", numbered_epoch(number).as_bytes());
        done(&["settle", "--epoch", &epoch, "--ledger", &ledger]);
    }
    let stopped = |arguments: &[&str], printed: &str, sentences: &[&str]| {
        let output = run(arguments);
        let (out, said) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(out.contains(printed), "{arguments:?}: {out}");
        for sentence in sentences {
            assert!(said.contains(sentence), "{arguments:?}: {said:?} does not say {sentence:?}");
        }
    };
    let memory = "this engine has 1073741824 for all runs together";
    let help = "help: `--max-memory` sets how much memory";
    let verify = ["verify", "--ledger", &ledger, "--max-memory", "1GiB"];
    stopped(&verify, &format!("bytes of memory, and {memory}"), &["entries not checked: 2", help]);
    let found = text(&run(&verify).stdout);
    assert_eq!(found.matches("not checked: entry `").count(), 2, "{found}");
    assert!(!found.contains("wrong: ") && !found.contains("sound"), "{found}");

    let epoch = folder.file("epoch", numbered_epoch(3).as_bytes());
    let settle = ["settle", "--epoch", &epoch, "--ledger", &ledger, "--max-memory", "1GiB"];
    stopped(&settle, "", &["error: ", memory, help]);
    let explain = ["explain", "--ledger", &ledger, "--epoch", "2", "--payee", "ada", "--max-memory", "1GiB"];
    stopped(&explain, "", &["error: ", memory, help]);
    stopped(&["inspect", "equal", "--max-memory", "1MiB"], "", &["for all runs together", help]);

    let draft = "name = \"Much\"\n[[policies]]\npolicy = \"equal\"\n";
    let modest = format!("{draft}[limits]\nmemory = 67108864\noutput = 1048576\n").replace("Much", "Little");
    let (much, little) = (folder.path("much.json"), folder.path("little.json"));
    done(&["charter", "new", &folder.file("much.toml", draft), "-o", &much]);
    done(&["charter", "new", &folder.file("little.toml", modest), "-o", &little]);
    let replay =
        ["replay", "--ledger", &ledger, "--charter", &much, "--charter", &little, "--max-memory", "1GiB"];
    let sentences = [
        "not replayed: epoch 1 under `Much`",
        "not replayed: epoch 2 under `Much`",
        "the comparison is incomplete: 2 epochs left out",
        help,
    ];
    stopped(&replay, "Little", &sentences);

    let endless = hostile::allocating("(loop (br 0)) unreachable", "");
    let endless = folder.file("endless.wasm", endless);
    let sentences =
        ["error: a run took longer than this engine's limit of 1 second", "help: `--timeout` sets"];
    stopped(&["settle", "--epoch", &epoch, "--rule", &endless, "--timeout", "1"], "", &sentences);

    for (option, value) in
        [("--max-memory", "8GB"), ("--max-memory", "0"), ("--timeout", "0"), ("--timeout", "1h")]
    {
        refused(&["inspect", "equal", option, value], 2, "invalid value");
    }
}

/// The head of a ledger of sound structure.
fn sound_head(ledger: &str) -> Option<Digest> {
    let store = || DirectoryStore::open(Path::new(ledger)).unwrap();
    let verified = apportion::verify(store(), None, &mut |_| {}).unwrap();
    assert_eq!(verified.findings, [""; 0]);
    verified.head
}

/// Killed at its first moment, at each file that it writes, and when it has appended: the epoch is settled or it is
/// not, and then it can be.
#[test]
fn a_killed_settle_is_done_or_not_done() {
    /// Three objects, the entry, the head.
    const FILES: u64 = 5;
    let folder = Folder::new("killed");
    let ledger = folder.path("ledger");
    tiny_ledger(&ledger);
    let (mut before_append, mut after_append) = (0, 0);
    for number in 1..=40 {
        let epoch = folder.file("epoch", numbered_epoch(number).as_bytes());
        let old = sound_head(&ledger);
        let settle = ["settle", "--epoch", &epoch, "--ledger", &ledger];
        let mut writer = program().args(settle).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        match number % (FILES + 2) {
            // It says so only when it has appended.
            6 => {
                let mut said = String::new();
                BufReader::new(writer.stderr.take().unwrap()).read_line(&mut said).unwrap();
                assert!(said.starts_with("appended receipt "), "{said}");
            }
            files => {
                let mut seen = BTreeSet::new();
                while (seen.len() as u64) < files && writer.try_wait().unwrap().is_none() {
                    let unfinished = fs::read_dir(Path::new(&ledger).join("unfinished")).unwrap();
                    seen.extend(unfinished.map(|entry| entry.unwrap().file_name()));
                }
            }
        }
        let _ = writer.kill();
        writer.wait().unwrap();
        if sound_head(&ledger) == old {
            before_append += 1;
            done(&settle);
        } else {
            after_append += 1;
            refused(&settle, 3, &format!("epoch {number} is settled already"));
        }
    }
    eprintln!("40 kills of the program: {before_append} before it appended, {after_append} after");
    assert!(before_append > 0 && after_append > 0, "{before_append} before, {after_append} after");
    assert!(done(&["verify", "--ledger", &ledger]).contains("40 settlements run again"));
}

/// Files where folders should be: root may write everywhere, so permissions would show nothing.
#[test]
fn a_ledger_that_cannot_be_written_is_told_and_as_before() {
    let folder = Folder::new("unwritable");
    let ledger = folder.path("ledger");
    tiny_ledger(&ledger);
    let head = sound_head(&ledger);
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let settle = ["settle", "--epoch", &epoch, "--ledger", &ledger];
    for (name, sentence) in [
        ("unfinished", "`unfinished` is a file and not a part of a ledger"),
        ("objects", "`objects` is a file and not a part of a ledger"),
        ("lock", "`lock` is a folder and not a part of a ledger"),
    ] {
        let (place, kept) = (Path::new(&ledger).join(name), folder.path("kept"));
        fs::rename(&place, &kept).unwrap();
        // A folder in place of the lock, a file in place of the others.
        if name == "lock" {
            fs::create_dir(&place).unwrap()
        } else {
            fs::write(&place, "").unwrap()
        }
        refused(&settle, 3, sentence);
        if name == "lock" {
            fs::remove_dir(&place).unwrap()
        } else {
            fs::remove_file(&place).unwrap()
        }
        fs::rename(&kept, &place).unwrap();
        assert_eq!(sound_head(&ledger), head, "{name}");
    }
    let file = folder.file("file", "");
    refused(&["settle", "--epoch", &epoch, "--ledger", &file], 1, "the ledger's folder cannot be opened: ");
    done(&settle);
}

/// Unmounts its folder when the test is over.
struct Mounted(String);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// A disk that runs full at every step of a settlement: told, the ledger as before; with room again it goes on.
#[test]
fn a_full_disk_is_told_and_the_ledger_as_before() {
    let folder = Folder::new("full");
    let disk = folder.path("disk");
    fs::create_dir(&disk).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", &disk];
    if !Command::new("mount").args(mount).stderr(Stdio::null()).status().is_ok_and(|done| done.success()) {
        eprintln!("skipped: no right to mount a small disk");
        return;
    }
    let disk = Mounted(disk);
    let (ledger, filler) = (format!("{}/ledger", disk.0), format!("{}/filler", disk.0));
    tiny_ledger(&ledger);
    let head = sound_head(&ledger);
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let settle = ["settle", "--epoch", &epoch, "--ledger", &ledger];
    fs::write(&filler, vec![0; 512 << 10]).unwrap_err();
    let mut refusals = 0;
    while !run(&settle).status.success() {
        refused(&settle, 1, "No space left on device");
        assert_eq!(sound_head(&ledger), head);
        refusals += 1;
        // One page more room.
        let file = fs::File::options().write(true).open(&filler).unwrap();
        file.set_len(file.metadata().unwrap().len().saturating_sub(4096)).unwrap();
        assert!(refusals < 40, "there is room enough");
    }
    assert!(refusals >= 3, "only {refusals} steps were refused");
    assert!(sound_head(&ledger) != head);
    assert!(done(&["verify", "--ledger", &ledger]).contains("1 settlement run again"));
}

/// Whoever printed into a full file is told, and that the receipt was appended.
#[test]
#[cfg(target_os = "linux")]
fn printing_into_a_full_file_is_told() {
    let folder = Folder::new("print");
    let ledger = folder.path("ledger");
    tiny_ledger(&ledger);
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output =
        program().args(["settle", "--epoch", &epoch, "--ledger", &ledger]).stdout(full).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("appended receipt ") && said.contains("error: cannot print the result: "),
        "{said}"
    );
}

#[test]
fn damaged_epochs_are_refused_and_nothing_is_written() {
    let folder = Folder::new("damaged");
    let whole = small_epoch().as_bytes().to_vec();
    let out = folder.path("out");
    let settle = |bytes: &[u8], sentence: &str| {
        let epoch = folder.file("epoch", bytes);
        refused(&["settle", "--epoch", &epoch, "--rule", "equal", "-o", &out], 3, sentence);
        assert_eq!(folder.names(), ["epoch"], "nothing was written");
    };
    settle(&whole[..whole.len() - 9], "the epoch is cut short or damaged");
    settle(&whole[..50], "the epoch is cut short or damaged");
    settle(b"", "not an epoch");
    settle(b"id,kind\n", "not an epoch");
    let flipped = |byte: usize| {
        let mut damaged = whole.clone();
        damaged[byte] ^= 0x10;
        damaged
    };
    settle(&flipped(16), "the epoch's format is version 17");
    settle(&flipped(76), "the epoch is damaged: ");
    settle(&flipped(whole.len() - 3), "the epoch is damaged: ");
    refused(&["settle", "--epoch", &folder.path("none"), "--rule", "equal"], 1, "cannot open");
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

#[test]
fn what_is_there_is_not_replaced_unasked() {
    let folder = Folder::new("replace");
    let epoch = folder.file("epoch", small_epoch().as_bytes());
    let out = folder.path("out");
    let settle = ["settle", "--epoch", &epoch, "--rule", "equal", "-o", &out];
    done(&settle);
    done(&settle); // the same again is no change
    fs::write(Path::new(&out).join("payouts.json"), "mine").unwrap();
    refused(&settle, 3, "is there with other content; --force replaces it");
    assert_eq!(fs::read(Path::new(&out).join("payouts.json")).unwrap(), b"mine");
    done(&[&settle[..], &["--force"]].concat());
    let names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "no files are left aside: {names:?}");
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

#[test]
fn every_command_explains_itself() {
    for command in [
        &["settle"][..],
        &["replay"],
        &["audit"],
        &["inspect"],
        &["import"],
        &["import", "tables"],
        &["import", "retro-funding"],
        &["import", "sourcecred"],
        &["charter", "new"],
        &["prove"],
        &["check-proof"],
    ] {
        let help = done(&[command, &["--help"]].concat());
        assert!(help.contains("Usage: apportion"), "{help}");
    }
    assert!(done(&["--help"]).contains("A first try"));
    assert_eq!(run(&["settle", "--epoch"]).status.code(), Some(2));
}

#[test]
fn inspect_tells_what_it_does_not_know() {
    let folder = Folder::new("inspect");
    let other = folder.file("other", "hello");
    refused(&["inspect", &other], 3, "is no object of this program");
    let policy = done(&["inspect", "equal"]);
    assert!(policy.contains("policy equal ") && policy.contains("contract 0.1.0"), "{policy}");
    let charter = folder.file("charter.json", r#"{"format":"apportion charter 1"}"#);
    refused(&["inspect", &charter], 3, "not a charter: missing field");
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
