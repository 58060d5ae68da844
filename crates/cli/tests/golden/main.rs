//! The golden cases (tests/flink/golden) and the cookbook (docs/cookbook): what a real Flink wrote, this binary writes too,
//! at parallelism 1 and 2.
//!
//! `NARTHEX_GOLDEN` names cases by a part of their folder's name.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod case;
mod cookbook;

use std::path::PathBuf;

use crate::case::{cases, cases_in, differences, name};

fn check(cases: &[PathBuf]) {
    let mut failed = Vec::new();
    let mut passed = 0;
    for case in cases {
        for parallelism in [1, 2] {
            match differences(case, parallelism) {
                None => passed += 1,
                Some(told) => failed.push(format!("{} at parallelism {parallelism}:\n{told}", name(case))),
            }
        }
    }
    println!("{passed} runs passed, {} did not", failed.len());
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[test]
fn cases_give_what_flink_gives() {
    check(&cases());
}

#[test]
fn the_cookbook_gives_what_flink_gives() {
    check(&cases_in(cookbook::FOLDER));
}
