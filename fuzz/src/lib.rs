//! What the fuzz targets do with their bytes, as plain functions: cargo-fuzz drives them on a nightly compiler, and
//! `tests/corpus.rs` of the crates that they attack runs them over `corpus/` in each ordinary test run.

pub mod samples;
pub mod sql;
