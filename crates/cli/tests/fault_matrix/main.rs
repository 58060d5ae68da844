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
/// Names of rows whose receiver closes its listener and opens it again on the same port.
const SAME_PORT_AGAIN: [&str; 2] = ["for half a second", "another certificate for a while"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_has_its_outcome() {
    let wanted = std::env::var("NARTHEX_ROW").unwrap_or_default();
    let rows: Vec<(usize, row::Row)> =
        (1..).zip(rows::all()).filter(|(_, row)| row.name.contains(&wanted)).collect();
    // A row whose receiver gives its port up for a while runs alone: another row could get the port meanwhile.
    let gives_port_up = |row: &row::Row| SAME_PORT_AGAIN.iter().any(|words| row.name.contains(words));
    let (alone, together): (Vec<_>, Vec<_>) = rows.iter().partition(|(_, row)| gives_port_up(row));
    assert!(
        !wanted.is_empty() || alone.len() >= SAME_PORT_AGAIN.len(),
        "a row that gives its port up has another name"
    );
    let mut failed = Vec::new();
    for (rows, at_once) in [(together, AT_ONCE), (alone, 1)] {
        let runs = futures_util::stream::iter(rows).map(async |(number, row)| {
            let result = AssertUnwindSafe(run::run(row)).catch_unwind().await;
            (number, row, result.unwrap_or_else(|_| Err("it panicked, see above".to_owned())))
        });
        let failures = runs.buffer_unordered(at_once).filter_map(async |(number, row, result)| {
            Some(format!("row {number}, {}:\n  {}", row.name, result.err()?))
        });
        failed.extend(failures.collect::<Vec<String>>().await);
    }
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
