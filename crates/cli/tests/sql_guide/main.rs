//! What `narthex run` takes of Flink SQL, each entry run: docs/sql-reference.md is written from these lists, and the
//! metrics of a job in docs/metrics.md from a scrape. `NARTHEX_UPDATE=1` writes the pages anew, to be read as a
//! difference.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod differences;
mod entry;
mod expressions;
mod flags;
#[path = "../golden/case.rs"]
#[allow(dead_code, reason = "the other test uses all of it")]
mod golden;
mod metrics;
mod page;
mod queries;
mod statements;
mod types;

use crate::entry::Entry;

#[test]
fn every_entry_is_as_the_page_says() {
    let chapters =
        [statements::ENTRIES, queries::ENTRIES, expressions::REFUSED, types::REFUSED, differences::ENTRIES];
    let entries: Vec<&Entry> = chapters.into_iter().flatten().collect();
    let wrong: Vec<String> = entries
        .iter()
        .filter_map(|entry| Some(format!("{} ({})\n{}\n", entry.what, entry.sql, entry.problem()?)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} entries:\n{}", wrong.len(), entries.len(), wrong.join("\n"));
}

#[test]
fn the_page_is_what_the_lists_say() {
    page::compare_or_update();
}
