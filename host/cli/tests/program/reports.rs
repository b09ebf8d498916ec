//! Explanations, comparisons and audits: as text, as JSON and as pages.

use std::fs;
use std::path::Path;

use apportion::Digest;
use apportion_tests::{data, numbered_epoch, small_epoch};

use crate::run::{Folder, done, refused};

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
