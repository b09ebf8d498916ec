//! Proofs of one payout: every payee of a real month has one, and nobody can make one that says otherwise.

use std::sync::OnceLock;

use apportion::proof::{ProofError, ProvenPayout};
use apportion::{Digest, Engine, Payouts, Proof, Settlement};
use apportion_tests::small_epoch;
use proptest::prelude::*;
use serde_json::Value;

use crate::retro_funding::{TRACKS, months, standard};

/// The last month, developer tools: settled once for all tests here.
fn month() -> &'static Settlement {
    static MONTH: OnceLock<Settlement> = OnceLock::new();
    MONTH.get_or_init(|| months(&Engine::new().unwrap(), TRACKS[0]).pop().unwrap().settle())
}

/// The payee in the middle of the list that gets something.
fn somebody(payouts: &Payouts) -> &str {
    let paid: Vec<_> = payouts.iter().filter(|payout| payout.amount > 0).collect();
    &paid[paid.len() / 2].payee
}

fn proof(settlement: &Settlement, payee: &str) -> Proof {
    Proof::new(&settlement.receipt, &settlement.payouts, payee).unwrap()
}

fn checked(bytes: &[u8], receipt: Digest) -> Result<ProvenPayout, ProofError> {
    Proof::from_bytes(bytes)?.check(receipt)
}

/// A proof whose JSON was changed, in its canonical spelling: members in serde_json's order are sorted.
fn forged(proof: &Proof, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut json: Value = serde_json::from_slice(proof.as_bytes()).unwrap();
    change(&mut json);
    json.to_string().into_bytes()
}

#[test]
fn every_payee_of_a_month_is_proven() {
    let settlement = month();
    let receipt = settlement.receipt.digest();
    let payouts = settlement.payouts.rows();
    assert_eq!(payouts.len(), 258);
    for payout in payouts {
        let made = proof(settlement, &payout.payee);
        assert!(made.as_bytes().len() < 20_000, "{} bytes", made.as_bytes().len());
        let read = Proof::from_bytes(made.as_bytes()).unwrap();
        assert_eq!((&read, read.receipt_digest()), (&made, receipt));
        let proven = read.check(receipt).unwrap();
        assert_eq!((&proven.payout, proven.receipt), (payout, receipt));
        assert_eq!(&proven.settlement, settlement.receipt.terms());
        assert_eq!(proven.policies, settlement.payouts.policies());
        assert_eq!((proven.asset.symbol(), proven.asset.decimals()), ("OP", 18));
    }
}

/// The first, the last and the only entry stand beside brackets instead of commas, and lists of a few chunks have
/// slices that overlap.
#[test]
fn the_smallest_lists_are_proven_too() {
    let engine = Engine::new().unwrap();
    let policy = standard(&engine, "equal");
    let epoch = small_epoch();
    let charter = apportion::Charter::single("Small", &policy, serde_json::json!({})).unwrap();
    let settlement = apportion::settle(&epoch, &charter, &[policy], &Default::default()).unwrap();
    for payout in settlement.payouts.rows() {
        let proven = proof(&settlement, &payout.payee).check(settlement.receipt.digest()).unwrap();
        assert_eq!(&proven.payout, payout);
    }
}

#[test]
fn there_is_no_proof_for_who_is_not_in_the_list() {
    let settlement = month();
    let payee = somebody(&settlement.payouts);
    let refused =
        |payee: &str| Proof::new(&settlement.receipt, &settlement.payouts, payee).unwrap_err().to_string();
    assert!(refused(&payee.to_uppercase()).contains(&format!("is it `{payee}`?")), "{payee}");
    assert!(refused(&format!(" {payee}")).contains(&format!("is it `{payee}`?")), "{payee}");
    assert!(refused("").contains("the payouts have no payee ``"));
    let other = months(&Engine::new().unwrap(), TRACKS[0]).swap_remove(0).settle();
    let mixed = Proof::new(&other.receipt, &settlement.payouts, payee).unwrap_err();
    assert!(mixed.to_string().contains("the payouts are not those of the receipt"), "{mixed}");
}

#[test]
fn another_receipt_refuses_the_proof() {
    let settlement = month();
    let made = proof(settlement, somebody(&settlement.payouts));
    let other = Digest::of(b"another receipt");
    assert_eq!(
        made.check(other),
        Err(ProofError::OtherReceipt { asked: other, found: settlement.receipt.digest() })
    );
    assert!(made.check(settlement.payouts.digest()).is_err());
}

/// The whole list with one amount raised, and the other lowered: its own proofs are in order and fit another receipt.
#[test]
fn a_forged_list_needs_a_forged_receipt() {
    let settlement = month();
    let receipt = settlement.receipt.digest();
    let text = std::str::from_utf8(settlement.payouts.as_bytes()).unwrap();
    let payout = settlement.payouts.iter().find(|payout| payout.amount > 10).unwrap();
    let more = text.replace(&format!("\"{}\"", payout.amount), &format!("\"{}\"", payout.amount - 1));
    let payouts = Payouts::from_bytes(more.as_bytes()).unwrap();
    assert!(Proof::new(&settlement.receipt, &payouts, &payout.payee).is_err());

    let receipt_text = std::str::from_utf8(settlement.receipt.as_bytes()).unwrap();
    let named = receipt_text.replace(&settlement.payouts.digest().to_string(), &payouts.digest().to_string());
    let made = proof(settlement, &payout.payee);
    let bytes = forged(&made, |json| json["receipt"] = named.clone().into());
    assert!(matches!(checked(&bytes, receipt), Err(ProofError::OtherReceipt { .. })));
    // Who believes the forged receipt still sees that these slices are of another list.
    assert!(matches!(checked(&bytes, Digest::of(named.as_bytes())), Err(ProofError::Slice { .. })));
}

/// Slices of one proof in another, ranges moved, pieces in each other's place: nothing but the payee's own is proven.
#[test]
fn pieces_of_true_proofs_make_no_other_proof() {
    let settlement = month();
    let receipt = settlement.receipt.digest();
    let payouts = settlement.payouts.rows();
    let made = proof(settlement, somebody(&settlement.payouts));
    let other = proof(settlement, &payouts[payouts.len() - 1].payee);
    let (mine, theirs): (Value, Value) =
        (serde_json::from_slice(made.as_bytes()).unwrap(), serde_json::from_slice(other.as_bytes()).unwrap());
    // Their whole entry is their proof; any part of it is none.
    let swapped = forged(&made, |json| json["entry"] = theirs["entry"].clone());
    assert_eq!(swapped, other.as_bytes());
    for member in ["bao", "start", "end"] {
        let bytes = forged(&made, |json| json["entry"][member] = theirs["entry"][member].clone());
        assert!(checked(&bytes, receipt).is_err(), "{member}");
    }
    for (to, from) in
        [("head", "entry"), ("tail", "entry"), ("entry", "head"), ("entry", "tail"), ("head", "tail")]
    {
        let bytes = forged(&made, |json| json[to] = mine[from].clone());
        assert!(checked(&bytes, receipt).is_err(), "{from} as {to}");
    }
    for piece in ["head", "entry", "tail"] {
        for edge in ["start", "end"] {
            for shift in [-1025_i64, -1024, -9, -2, -1, 1, 2, 9, 1024, 1025] {
                let place = mine[piece][edge].as_i64().unwrap() + shift;
                let bytes = forged(&made, |json| json[piece][edge] = place.into());
                assert!(checked(&bytes, receipt).is_err(), "{piece}.{edge} {shift:+}");
            }
        }
    }
}

#[test]
fn a_proof_cut_short_or_lengthened_is_refused() {
    let settlement = month();
    let receipt = settlement.receipt.digest();
    let made = proof(settlement, somebody(&settlement.payouts));
    for length in 0..made.as_bytes().len() {
        assert!(Proof::from_bytes(&made.as_bytes()[..length]).is_err(), "{length} bytes");
    }
    for more in [&b"\n"[..], b" ", b"\0", b"}", b"{}"] {
        assert!(Proof::from_bytes(&[made.as_bytes(), more].concat()).is_err());
    }
    let bytes = forged(&made, |json| json["note"] = "unknown".into());
    assert!(matches!(Proof::from_bytes(&bytes), Err(ProofError::Form(_))));
    let bytes = forged(&made, |json| json["format"] = "apportion proof 2".into());
    assert!(matches!(Proof::from_bytes(&bytes), Err(ProofError::Format(_))));
    let bytes = forged(&made, |json| {
        let receipt = format!("{} ", json["receipt"].as_str().unwrap());
        json["receipt"] = receipt.into();
    });
    assert!(checked(&bytes, receipt).is_err());
    let huge = vec![b' '; apportion::proof::MAX_PROOF + 1];
    assert_eq!(Proof::from_bytes(&huge), Err(ProofError::TooLarge(huge.len())));
}

#[test]
fn every_flipped_bit_of_a_proof_is_refused() {
    let settlement = month();
    let receipt = settlement.receipt.digest();
    let whole = proof(settlement, somebody(&settlement.payouts)).as_bytes().to_vec();
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = checked(&damaged, receipt).expect_err(&format!("bit {bit}")).to_string();
        assert!(!error.is_empty());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Proof::from_bytes(&bytes).is_err());
    }

    /// The frame of a proof with anything in it, so that the checks behind the first are reached.
    #[test]
    fn arbitrary_slices_are_answered(
        piece in prop_oneof![Just("head"), Just("entry"), Just("tail")],
        start in 0..1_u64 << 53,
        length in 0..5000_u64,
        cut in any::<proptest::sample::Index>(),
    ) {
        let settlement = month();
        let made = proof(settlement, somebody(&settlement.payouts));
        let bytes = forged(&made, |json| {
            json[piece]["start"] = start.into();
            json[piece]["end"] = start.saturating_add(length).min(1 << 53).into();
            let bao = json[piece]["bao"].as_str().unwrap();
            let bao = bao[..cut.index(bao.len()) / 4 * 4].to_owned();
            json[piece]["bao"] = bao.into();
        });
        prop_assert!(checked(&bytes, settlement.receipt.digest()).is_err());
    }
}
