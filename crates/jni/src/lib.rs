//! The sink for Java: what `io.narthex.flink.internal.NativeSink` calls (docs/adr/0009).
//!
//! Java packs records into a buffer and hands it over with one call; everything else is [`narthex_sink`]. The
//! modules are laid out by how near they are to Java:
//!
//! - [`record`] reads and writes packed records, [`settings`] reads options: plain functions of bytes.
//! - [`handle`] is a sink with threads of its own, [`registry`] gives it a number. No Java here either.
//! - `entry` has the functions that Java calls, `guard` keeps panics inside, `callback` and `log` call Java.
//!
//! # Contracts
//! - No call blocks longer than it is told, and none panics across the border.
//! - A number that is no open handle is an exception, whatever it is: Rust never trusts a pointer of Java's.
//! - Bytes from Java are checked before they are believed; memory is asked for only for what is really there.

mod callback;
mod daemon;
mod entry;
pub mod error;
mod guard;
pub mod handle;
mod log;
pub mod record;
pub mod registry;
pub mod settings;
