//! Proofs of a payout.

use std::fs;
use std::path::Path;

use apportion::store::DirectoryStore;
use apportion::{Digest, Ledger};
use apportion_tests::{numbered_epoch, small_epoch};

use crate::run::{Folder, done, refused, tiny_ledger};

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
