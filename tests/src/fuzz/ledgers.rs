//! Ledgers in memory, of objects that the fuzzer writes.
//!
//! Digests keep a fuzzer out, so an input names objects by place: `@02` stands for the digest of object 2. Objects 0
//! and 1 are the small epoch and a component; each line of the input is one more, and the last line is the head.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use apportion::store::{Inventory, StoreError};
use apportion::{Digest, Ledger, Store, verify};

use crate::{hostile, small_epoch};

/// The most lines that are looked at.
const LINES: usize = 64;

struct Objects {
    objects: BTreeMap<Digest, Vec<u8>>,
    head: Option<Digest>,
}

/// Nothing is written to it.
impl Store for &Objects {
    fn read(&self, digest: &Digest, at_most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(object) = self.objects.get(digest) else { return Ok(None) };
        let length = object.len() as u64;
        match length > at_most {
            true => Err(StoreError::TooLarge { digest: *digest, length, at_most }),
            false => Ok(Some(object.clone())),
        }
    }
    fn put(&self, _bytes: &[u8]) -> Result<Digest, StoreError> {
        Err(StoreError::Locked)
    }
    fn head(&self) -> Result<Option<Digest>, StoreError> {
        Ok(self.head)
    }
    fn append(
        &self,
        _expected: Option<Digest>,
        _attached: &[&[u8]],
        _entry: &[u8],
    ) -> Result<Digest, StoreError> {
        Err(StoreError::Locked)
    }
    fn inventory(&self) -> Result<Inventory, StoreError> {
        Ok(Inventory { objects: self.objects.keys().copied().collect(), ..Inventory::default() })
    }
}

pub fn check(bytes: &[u8]) {
    static FIRST: LazyLock<[Vec<u8>; 2]> =
        LazyLock::new(|| [small_epoch().as_bytes().to_vec(), hostile::harmless()]);
    let mut store = Objects { objects: BTreeMap::new(), head: None };
    let mut digests = Vec::new();
    let mut keep = |bytes: Vec<u8>| {
        let digest = Digest::of(&bytes);
        store.objects.insert(digest, bytes);
        digest
    };
    digests.extend(FIRST.iter().cloned().map(&mut keep));
    for line in bytes.split(|byte| *byte == b'\n').take(LINES).filter(|line| !line.is_empty()) {
        let object = named(line, &digests);
        digests.push(keep(object));
    }
    store.head = digests.get(FIRST.len()..).and_then(|lines| lines.last().copied());

    let verification = verify(&store, None, &mut |_| {}).expect("only an engine can fail");
    let ledger = match Ledger::open(&store) {
        Ok(ledger) => ledger,
        Err(error) => {
            assert!(!verification.findings.is_empty(), "verified, and does not open: {error}");
            return;
        }
    };
    assert_eq!((ledger.head(), verification.head), (store.head, store.head));
    for (_, receipt) in ledger.settled() {
        let Ok(receipt) = ledger.receipt(&receipt) else {
            assert!(!verification.findings.is_empty(), "verified, and a receipt cannot be read");
            continue;
        };
        let settled = receipt.terms();
        assert_eq!(settled.paid.checked_add(settled.retained), Some(settled.pool));
        let payouts = ledger.payouts(&settled.payouts);
        let held = payouts.is_ok_and(|payouts| receipt.check_payouts(&payouts).is_ok());
        assert!(held || !verification.findings.is_empty(), "verified, and the payouts are not the receipt's");
    }
    if ledger.latest_charter().is_err() {
        assert!(!verification.findings.is_empty(), "verified, and a charter cannot be read");
    }
    let receipts: Vec<Digest> = ledger.settled().map(|(_, receipt)| receipt).collect();
    let _ = ledger.history(&receipts, &[]);
}

/// Puts digests where `@` and two digits name an object before.
fn named(line: &[u8], digests: &[Digest]) -> Vec<u8> {
    let (mut object, mut rest) = (Vec::new(), line);
    while let Some((&byte, after)) = rest.split_first() {
        let place = match rest {
            [b'@', tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => {
                digests.get(usize::from((tens - b'0') * 10 + (ones - b'0')))
            }
            _ => None,
        };
        if let Some(digest) = place {
            object.extend(digest.to_string().into_bytes());
            rest = &rest[3..];
        } else {
            object.push(byte);
            rest = after;
        }
    }
    object
}
