//! The binary as its users meet it: bad input, wrong flags, signals, the admin listener, secrets.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod admin;
mod bad_input;
mod closed_pipes;
mod flags;
mod formats;
mod full_disk;
mod replay;
mod same_file;
mod secrets;
mod signals;
#[path = "../support/mod.rs"]
mod support;
