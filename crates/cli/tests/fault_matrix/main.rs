//! The fault matrix (R19): every way in which a receiver may fail, against the real binary.
//!
//! `rows/` is the table, `place.rs` the other end, `run.rs` what must hold. docs/fault-matrix.md is written
//! from the table; `NARTHEX_UPDATE=1` rewrites it. `NARTHEX_ROW=text` runs the rows whose name holds the text.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod page;
mod place;
mod row;
mod rows;
mod run;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt as _, StreamExt as _};

/// Rows that run at once: most of their time is waiting.
const AT_ONCE: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_has_its_outcome() {
    let wanted = std::env::var("NARTHEX_ROW").unwrap_or_default();
    let rows: Vec<(usize, row::Row)> =
        (1..).zip(rows::all()).filter(|(_, row)| row.name.contains(&wanted)).collect();
    let runs = futures_util::stream::iter(&rows).map(async |(number, row)| {
        let result = AssertUnwindSafe(run::run(row)).catch_unwind().await;
        (number, row, result.unwrap_or_else(|_| Err("it panicked, see above".to_owned())))
    });
    let failed: Vec<String> = runs
        .buffer_unordered(AT_ONCE)
        .filter_map(async |(number, row, result)| {
            Some(format!("row {number}, {}:\n  {}", row.name, result.err()?))
        })
        .collect()
        .await;
    assert!(failed.is_empty(), "{} of {} rows:\n\n{}", failed.len(), rows.len(), failed.join("\n\n"));
}

#[test]
fn the_table_covers_what_it_must() {
    let rows = rows::all();
    assert!(rows.len() >= 48, "{} rows", rows.len());
    let has = |what: &str, is: &dyn Fn(&row::Row) -> bool| assert!(rows.iter().any(is), "no row with {what}");
    has("on-reject isolate", &|row| !row.discards_rejected);
    has("on-reject discard", &|row| row.discards_rejected);
    has("on-exhausted discard", &|row| row.discards_exhausted);
    has("checks off", &|row| row.checks == "off");
    has("a bounded input", &row::Row::is_bounded);
    has("SIGTERM", &|row| matches!(row.end, row::End::Signal("TERM", _)));
    has("SIGINT", &|row| matches!(row.end, row::End::Signal("INT", _)));
    for fault in rows::FAULTS {
        has(fault, &|row| row.name.starts_with(fault));
    }
}

#[test]
fn the_page_is_the_table() {
    page::compare_or_update();
}
