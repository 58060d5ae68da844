//! The golden cases (tests/flink/golden): what a real Flink wrote, this binary writes too, at parallelism 1 and 2.
//!
//! `NARTHEX_GOLDEN` names cases by a part of their folder's name. Cases that need joins are listed in `case.rs`;
//! should one of them be read, the test says so.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod case;

use crate::case::{Ran, cases, differences, name, needs_joins, run};

#[test]
fn cases_give_what_flink_gives() {
    let mut failed = Vec::new();
    let mut passed = 0;
    for case in cases().iter().filter(|case| !needs_joins(case)) {
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
fn cases_with_joins_are_refused_with_a_sentence() {
    for case in cases().iter().filter(|case| needs_joins(case)) {
        let Ran { output, .. } = run(case, 1);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{}: {said}", name(case));
        assert!(said.contains("mistake"), "{}: {said}", name(case));
    }
}
