//! What the tests of the binary share: the binary as a child process, a proxy that loses answers, input lines.
#![allow(dead_code, reason = "each test binary uses its share")]

pub(crate) mod http;
pub(crate) mod input;
pub(crate) mod job;
pub(crate) mod ledger;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod scene;
