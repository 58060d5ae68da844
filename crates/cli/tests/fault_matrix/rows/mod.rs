//! The table, by chapters.

mod accepted;
mod ambiguous;
mod network;
mod refused;
mod retried;
mod stopped;

use crate::row::Row;

/// What R19 names; each is how the name of at least one row begins.
pub(crate) const FAULTS: &[&str] = &[
    "200",
    "202",
    "204",
    "400 for one sample",
    "400 for all",
    "400, the good part kept",
    "401",
    "403",
    "404",
    "408",
    "409",
    "413",
    "415",
    "422",
    "429",
    "429 with Retry-After",
    "500",
    "500 for one sample",
    "503",
    "connection refused",
    "timeout",
    "reset in the middle of the body",
    "answer lost after commit",
    "301",
    "TLS error",
    "DNS error",
];

/// Title and rows of each chapter.
pub(crate) fn chapters() -> [(&'static str, Vec<Row>); 6] {
    [
        ("Accepted", accepted::rows()),
        ("Refused for the data", refused::rows()),
        ("Not what the configuration says", stopped::rows()),
        ("Try again", retried::rows()),
        ("No answer", network::rows()),
        ("Stored, perhaps", ambiguous::rows()),
    ]
}

/// All rows in the order of the docs.
pub(crate) fn all() -> Vec<Row> {
    chapters().into_iter().flat_map(|(_, rows)| rows).collect()
}
