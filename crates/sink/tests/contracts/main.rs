//! The sink's contracts, one module a subject; most under a paused clock, none with sockets.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod backpressure;
mod checks;
mod flush_close;
mod futures_sink;
mod isolation;
mod keeps_good;
mod ledger;
mod loss_logs;
mod lost_answers;
mod metrics;
mod options;
mod order;
mod restored;
mod retries;
mod secrets;
mod server_errors;
mod snapshots;
mod statuses;
mod too_large;
