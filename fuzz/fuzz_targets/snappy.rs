//! A snappy block.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| narthex_fuzz::samples::unpack_snappy(data));
