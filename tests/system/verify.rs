//! Verification finds what is wrong, all of it, in the order of the chain and on any number of cores.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use apportion::store::{DirectoryStore, StoreError};
use apportion::verify::Verification;
use apportion::{Charter, Digest, Engine, Ledger, Store, verify};
use apportion_tests::{hostile, numbered_epoch};

use crate::ledger::{Folder, files, settled_months};
use crate::retro_funding::{TRACKS, Track, months};

fn verified(folder: &Folder, engine: Option<&Engine>) -> Verification {
    verify(DirectoryStore::open(&folder.0).unwrap(), engine, &mut |_| {}).unwrap()
}

fn object(folder: &Folder, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    folder.0.join("objects").join(&name[..2]).join(name)
}

/// Flips a bit in a file; flipping it again mends it.
fn flip(path: &Path, bit: u64) {
    flip_in(&mut fs::File::options().read(true).write(true).open(path).unwrap(), bit);
}

fn flip_in(file: &mut fs::File, bit: u64) {
    let mut byte = [0];
    file.seek(SeekFrom::Start(bit / 8)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(bit / 8)).unwrap();
    file.write_all(&[byte[0] ^ 1 << (bit % 8)]).unwrap();
}

/// Epochs 1 to 3 by a rule without state, 4 to 6 by one that reads what was paid before.
fn stateful_after_stateless(folder: &Folder, engine: &Engine) -> Ledger<DirectoryStore> {
    let mut ledger = folder.make();
    let lifetime = apportion_standard::find("lifetime").unwrap().bytes.to_vec();
    for (component, parameters, from) in [
        (hostile::harmless(), serde_json::json!({}), 1),
        (lifetime, serde_json::json!({"edge_kinds": {"used": 1}}), 4),
    ] {
        let policy = engine.admit(&component).unwrap();
        let charter = Charter::single("Mixed", &policy, parameters).unwrap();
        ledger.adopt(engine, &charter, from, &[component], &[]).unwrap();
        for number in from..from + 3 {
            ledger.settle(engine, &numbered_epoch(number)).unwrap();
        }
    }
    ledger
}

/// What each entry that settles is found to be, as the text after its digest.
fn of_settlements(ledger: &Ledger<DirectoryStore>, found: &Verification) -> Vec<Vec<String>> {
    let settlements = ledger
        .entries()
        .iter()
        .filter(|(_, event)| matches!(event, apportion::ledger::Event::Settlement { .. }));
    settlements
        .map(|(entry, _)| {
            let begin = format!("entry `{entry}`: ");
            found
                .findings
                .iter()
                .filter_map(|finding| finding.strip_prefix(&begin))
                .map(str::to_owned)
                .collect()
        })
        .collect()
}

#[test]
fn a_rule_with_state_is_run_again_with_what_was_settled_before() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("stateful"));
    let ledger = stateful_after_stateless(&folder, &engine);
    let mut told = Vec::new();
    let store = DirectoryStore::open(&folder.0).unwrap();
    let found =
        verify(store, Some(&engine), &mut |progress| told.push((progress.done, progress.total))).unwrap();
    assert_eq!(found.findings, [""; 0]);
    assert_eq!((found.settlements, found.run_again, found.adoptions), (6, 6, 2));
    assert_eq!(told, (1..=6).map(|done| (done, 6)).collect::<Vec<_>>());

    // Without what was paid in epoch 2 none of the later three has its history.
    let (_, second) = ledger.settled().nth(1).unwrap();
    let payouts = ledger.receipt(&second).unwrap().terms().payouts;
    flip(&object(&folder, &payouts), 77);
    let found = verified(&folder, Some(&engine));
    let damaged = vec![format!("object `{payouts}` is damaged: its bytes have another digest")];
    let none = Vec::new();
    assert_eq!(found.findings[0], damaged[0]);
    let expected = [&none, &damaged, &none, &damaged, &damaged, &damaged];
    assert_eq!(of_settlements(&ledger, &found).iter().collect::<Vec<_>>(), expected);
    assert_eq!((found.settlements, found.run_again, found.findings.len()), (6, 2, 5));
}

/// Every third settlement is damaged in one object: first the objects are told by name, then the entries in their order.
#[test]
fn findings_are_in_order_whichever_is_ready_first() {
    let (engine, folder) = (Engine::new().unwrap(), Folder::new("order"));
    let mut ledger = folder.make();
    let component = hostile::harmless();
    let policy = engine.admit(&component).unwrap();
    let charter = Charter::single("Order", &policy, serde_json::json!({})).unwrap();
    ledger.adopt(&engine, &charter, 1, &[component], &[]).unwrap();
    for number in 1..=40 {
        ledger.settle(&engine, &numbered_epoch(number)).unwrap();
    }
    let mut damaged = Vec::new();
    for (number, receipt) in ledger.settled().filter(|(number, _)| number % 3 == 0) {
        let receipt = ledger.receipt(&receipt).unwrap();
        let settled = receipt.terms();
        let digest = if number % 2 == 0 { settled.epoch } else { settled.payouts };
        flip(&object(&folder, &digest), number * 8);
        damaged.push(digest);
    }
    let sentence = |digest: &Digest| format!("object `{digest}` is damaged: its bytes have another digest");
    let in_chain: Vec<String> = ledger
        .entries()
        .iter()
        .skip(2)
        .zip(1..)
        .filter(|(_, number)| number % 3 == 0)
        .zip(&damaged)
        .map(|(((entry, _), _), digest)| format!("entry `{entry}`: {}", sentence(digest)))
        .collect();
    damaged.sort();
    let expected = [damaged.iter().map(sentence).collect(), in_chain].concat();
    for engine in [None, Some(&engine), None, Some(&engine)] {
        let found = verified(&folder, engine);
        assert_eq!(found.findings, expected);
        assert_eq!(found.run_again, if engine.is_some() { 27 } else { 0 });
        assert_eq!((found.settlements, found.unused.len()), (40, 0));
    }
}

/// Which bits of a file are tried: all of a small one; of a large one those of the first and last bytes, those at the
/// bounds of every section of an epoch, and some spread over all of it.
fn bits(bytes: &[u8]) -> Vec<u64> {
    const SMALL: usize = 2_000;
    const SPREAD: usize = 300;
    let all = bytes.len() * 8;
    let mut bits: Vec<usize> = if bytes.len() <= SMALL {
        (0..all).collect()
    } else {
        let ends = (0..16).chain(all - 16..all);
        // An odd step comes by every bit of a byte.
        ends.chain((0..all).step_by((all / SPREAD) | 1)).collect()
    };
    if bytes.starts_with(b"apportion epoch\n") {
        bits.extend(section_bounds(bytes).into_iter().flat_map(|byte| [byte * 8, byte * 8 + 7]));
    }
    bits.sort_unstable();
    bits.dedup();
    bits.into_iter().map(|bit| bit as u64).collect()
}

/// The first and last bytes of every section and of its length, as `host/docs/epoch-format.md` lays them out.
fn section_bounds(epoch: &[u8]) -> Vec<usize> {
    const HEADER: usize = 104;
    let (mut bounds, mut at) = (vec![HEADER - 1], HEADER);
    while at < epoch.len() {
        let length = u64::from_le_bytes(epoch[at..at + 8].try_into().unwrap());
        let end = at + 8 + usize::try_from(length).unwrap();
        bounds.extend([at, at + 7, at + 8, end - 1]);
        at = end.next_multiple_of(8);
        bounds.push(at - 1);
    }
    assert!(at == epoch.len() && bounds.len() > 5 * 20, "an epoch has its sections");
    bounds.retain(|&byte| byte < epoch.len());
    bounds
}

#[test]
fn no_flipped_bit_of_six_real_months_of_devtooling_is_missed() {
    no_flipped_bit_is_missed(TRACKS[0]);
}

#[test]
fn no_flipped_bit_of_six_real_months_of_onchain_is_missed() {
    no_flipped_bit_is_missed(TRACKS[1]);
}

/// Every flip is read through the store, which is how everything reads objects; one in every thousand goes through a
/// verification of the whole ledger besides.
fn no_flipped_bit_is_missed(track: Track) {
    const WHOLE: usize = 1_000;
    let (engine, folder) = (Engine::new().unwrap(), Folder::new(&format!("bits-{}", track.name)));
    let ledger = settled_months(&folder, &engine, track, &months(&engine, track));
    let (mut flips, mut whole) = (0_usize, 0_usize);
    for path in files(&folder.0.join("objects")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let digest: Digest = name.parse().unwrap();
        let mut file = fs::File::options().read(true).write(true).open(&path).unwrap();
        for bit in bits(&fs::read(&path).unwrap()) {
            flip_in(&mut file, bit);
            let got = ledger.store().get(&digest);
            assert!(matches!(got, Err(StoreError::Damaged(found)) if found == digest), "bit {bit} of {name}");
            if flips.is_multiple_of(WHOLE) {
                let found = folder.findings(None);
                let sentence = format!("object `{name}` is damaged: its bytes have another digest");
                assert!(found.contains(&sentence), "bit {bit} of {name}: {found:?}");
                whole += 1;
            }
            flip_in(&mut file, bit);
            flips += 1;
        }
    }
    for name in ["head", "format"] {
        let path = folder.0.join(name);
        for bit in 0..fs::metadata(&path).unwrap().len() * 8 {
            flip(&path, bit);
            let opened = DirectoryStore::open(&folder.0).map_err(|error| error.to_string());
            let opened = opened.and_then(|store| Ledger::open(store).map_err(|error| error.to_string()));
            let error = opened.err().unwrap_or_default();
            assert!(error.contains(&format!("`{name}`")), "bit {bit} of {name}: {error:?}");
            flip(&path, bit);
            flips += 1;
        }
    }
    assert_eq!(folder.findings(None), [""; 0]);
    assert!(flips > 100_000 && whole > 100, "{flips} flips, {whole} of them by verifying the whole ledger");
    let line = format!(
        "{}: {flips} flipped bits were found, {whole} of them by verifying the whole ledger\n",
        track.name
    );
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
