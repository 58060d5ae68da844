//! The binary against real servers, Prometheus 2.42 and 3.x: what it says it wrote is what can be queried.
//!
//! Run with `make it`. A version that is not on the machine is skipped, loudly; with NARTHEX_REQUIRE_SERVERS=1
//! it fails the test.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod bench;
mod formats;
mod isolation;
mod lost_answers;
mod million;
mod outage;
mod own_metrics;
mod replay;
#[path = "../support/mod.rs"]
mod support;
