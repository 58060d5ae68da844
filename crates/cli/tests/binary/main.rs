//! The binary as its users meet it: bad input, wrong flags, signals, the admin listener, secrets.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod admin;
mod bad_input;
mod bench_jobs;
mod closed_pipes;
mod event_time;
mod flags;
mod formats;
mod full_disk;
mod job_drain;
mod job_flags;
mod job_inputs;
mod job_outputs;
mod job_receivers;
mod job_secrets;
mod job_signals;
mod job_signing;
mod processing_time;
mod rehearsal;
mod reorder;
mod replay;
mod same_file;
mod secrets;
mod shell;
mod signals;
mod state_ttl;
#[path = "../support/mod.rs"]
mod support;
