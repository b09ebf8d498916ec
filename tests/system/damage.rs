//! Damaged epochs are refused whole: every flipped bit is found, every missing byte, without a panic.

use apportion::{Digest, Epoch};
use apportion_tests::small_epoch;

/// Text may be changed into other valid text and numbers into other numbers; then the digest is another. All else is
/// refused.
#[test]
fn a_flipped_bit_is_refused_or_changes_the_digest() {
    let whole = small_epoch();
    let mut refused = 0;
    for bit in 0..whole.as_bytes().len() * 8 {
        let mut damaged = whole.as_bytes().to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        match Epoch::from_bytes(&damaged) {
            Ok(epoch) => assert_ne!(epoch.digest(), whole.digest(), "bit {bit}"),
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(
        refused > whole.as_bytes().len() * 8 / 2,
        "most of an epoch is structure: only {refused} were refused"
    );
}

#[test]
fn an_epoch_cut_short_or_lengthened_is_refused() {
    let whole = small_epoch();
    for length in 0..whole.as_bytes().len() {
        assert!(Epoch::from_bytes(&whole.as_bytes()[..length]).is_err(), "{length} bytes");
    }
    let mut longer = whole.as_bytes().to_vec();
    longer.extend_from_slice(&[0; 8]);
    assert!(Epoch::from_bytes(&longer).is_err());
}

/// Reading from a file checks before it takes memory: a header that promises terabytes is refused at once.
#[test]
fn a_reader_is_not_believed() {
    let whole = small_epoch();
    let length = whole.as_bytes().len() as u64;
    assert_eq!(Epoch::read(whole.as_bytes(), length).unwrap().digest(), whole.digest());
    assert!(Epoch::read(whole.as_bytes(), length - 1).is_err());
    assert!(Epoch::read(whole.as_bytes(), length + 1).is_err());
    assert!(Epoch::read(&whole.as_bytes()[..200], length).is_err());
    assert!(Epoch::read(&b"nothing of the kind"[..], 1 << 50).is_err());
    let mut boastful = whole.as_bytes().to_vec();
    boastful[64..72].copy_from_slice(&(1_u64 << 45).to_le_bytes());
    assert!(Epoch::read(&boastful[..], boastful.len() as u64).is_err());
}

#[test]
fn the_digest_is_the_hash_of_the_file() {
    let whole = small_epoch();
    assert_eq!(whole.digest(), Digest::of(whole.as_bytes()));
}
