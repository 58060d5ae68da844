//! Job files in Flink SQL.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| narthex_fuzz::sql::read_job(data));
