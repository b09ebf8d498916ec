//! Bytes from anyone: an answer, never a panic.

use apportion_harden::{harden, harden_module, is_hardened};
use proptest::prelude::*;
use proptest::sample::Index;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn damaged_components_never_panic(
        policy in any::<Index>(),
        hits in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<Index>()),
    ) {
        let policies = apportion_standard::all();
        let mut bytes = policies[policy.index(policies.len())].bytes.to_vec();
        for (place, value) in hits {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(hardened) = harden(&bytes) {
            prop_assert!(is_hardened(&hardened));
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), module in any::<bool>()) {
        let version: &[u8] = if module { b"\0asm\x01\0\0\0" } else { b"\0asm\x0d\0\x01\0" };
        let bytes = [version, &bytes].concat();
        let _ = harden(&bytes);
        let _ = harden_module(&bytes);
    }
}
