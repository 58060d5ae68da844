//! Lines of OpenMetrics.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| narthex_fuzz::samples::parse_openmetrics(data));
