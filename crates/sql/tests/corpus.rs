//! Runs the fuzz target over its committed corpus, on the stable compiler; finds of the fuzzer stay found.

#![allow(clippy::unwrap_used)]

#[allow(unreachable_pub, clippy::panic)]
#[path = "../../../fuzz/src/sql.rs"]
mod target;

use std::fs;
use std::path::Path;

#[test]
fn every_seed_of_the_front_ends_fuzz_target_passes() {
    let folder = Path::new("../../fuzz/corpus/sql");
    let mut count = 0;
    for seed in fs::read_dir(folder).unwrap() {
        let path = seed.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if let Err(cause) = std::panic::catch_unwind(|| target::read_job(&bytes)) {
            eprintln!("target sql fails on {}", path.display());
            std::panic::resume_unwind(cause);
        }
        count += 1;
    }
    assert!(count > 0, "the corpus is empty");
}
