//! An unpacked Remote-Write request.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| narthex_fuzz::samples::decode_write_request(data));
