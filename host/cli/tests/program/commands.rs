//! What every command has in common: help, refused files, files that are there already.

use std::fs;
use std::path::Path;

use apportion_tests::small_epoch;

use crate::run::{Folder, done, refused, run};

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
