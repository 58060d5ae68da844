//! Runs each fuzz target over its committed corpus, on the stable compiler; finds of the fuzzer stay found.

#[allow(unreachable_pub, clippy::expect_used)]
#[path = "../../../fuzz/src/samples.rs"]
mod targets;

use std::fs;
use std::path::Path;

#[test]
fn every_seed_of_every_fuzz_target_passes() {
    let corpora = Path::new("../../fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let folder = corpora.join(name);
        let seeds =
            fs::read_dir(&folder).unwrap_or_else(|e| panic!("no corpus at {}: {e}", folder.display()));
        let mut count = 0;
        for seed in seeds {
            let path = seed.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            if let Err(cause) = std::panic::catch_unwind(|| target(&bytes)) {
                eprintln!("target {name} fails on {}", path.display());
                std::panic::resume_unwind(cause);
            }
            count += 1;
        }
        assert!(count > 0, "the corpus of {name} is empty");
    }
}

#[test]
fn every_corpus_belongs_to_a_target() {
    let fuzz = Path::new("../../fuzz");
    for folder in fs::read_dir(fuzz.join("corpus")).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(fuzz.join(format!("fuzz_targets/{name}.rs")).exists(), "{name} is no target");
    }
}
