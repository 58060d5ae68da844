//! The sink's contracts, one module a subject; most under a paused clock, none with sockets.

#[path = "../support/mod.rs"]
mod support;

mod isolation;
mod keeps_good;
mod lost_answers;
mod order;
mod retries;
mod server_errors;
mod statuses;
mod too_large;
