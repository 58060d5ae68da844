//! Fixtures for narthex' own tests; a development dependency only, never part of a release.
//!
//! [`in_process`] puts the strict receiver behind a client's transport, without sockets, so that a paused
//! clock works; [`generated`] compares pages with the code that they tell of; [`logs`] captures what is logged;
//! [`prometheus`] starts real Prometheus servers and reads back what they hold.

pub mod generated;
pub mod in_process;
pub mod logs;
pub mod prometheus;
