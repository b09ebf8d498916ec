#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| apportion_tests::fuzz::sourcecred(bytes));
