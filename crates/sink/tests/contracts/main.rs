//! The sink's contracts, one module a subject; most under a paused clock, none with sockets.

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
mod retries;
mod secrets;
mod server_errors;
mod statuses;
mod too_large;
