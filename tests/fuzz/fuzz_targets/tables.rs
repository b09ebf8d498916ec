#![no_main]

use std::panic;
use std::sync::Once;

static CONTAINED: Once = Once::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // libFuzzer ends at every panic, also at those of the Parquet reader that the import contains. One that leaves the
    // import ends it still.
    CONTAINED.call_once(|| panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
    apportion_tests::fuzz::tables(bytes);
});
