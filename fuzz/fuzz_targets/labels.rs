//! A label set of any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| narthex_fuzz::samples::build_labels(data));
