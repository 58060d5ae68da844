//! Lines of Prometheus text exposition.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| narthex_fuzz::samples::parse_exposition(data));
