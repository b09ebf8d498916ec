//! The fuzzer's inputs, which may have parts.

/// Between the parts of an input that has several.
pub(super) const SEPARATOR: &[u8] = b"\n===\n";

/// An input with a name.
pub(super) type Seed = (String, Vec<u8>);

/// What stands before and after the first separator.
pub(super) fn parts(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        Some(place) => (&bytes[..place], &bytes[place + SEPARATOR.len()..]),
        None => (bytes, &[]),
    }
}
