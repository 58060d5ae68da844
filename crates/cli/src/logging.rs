//! Logs on standard error: text for people, JSON for collectors; standard output carries data only.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::sink_flags::keys_as_flags;

/// Whether a progress line stands on the terminal and must be wiped before anything else is written.
pub(crate) static PROGRESS_LINE: AtomicBool = AtomicBool::new(false);

/// Starts logging in `format` (`text` or `json`). `NARTHEX_LOG` takes a filter such as `debug`.
///
/// # Errors
/// A sentence when the format is unknown.
pub(crate) fn init(format: &str) -> Result<(), String> {
    start(format, true)
}

/// The same for a job file, whose tables have options and no flags.
///
/// # Errors
/// A sentence when the format is unknown.
pub(crate) fn init_for_job(format: &str) -> Result<(), String> {
    start(format, false)
}

fn start(format: &str, has_flags: bool) -> Result<(), String> {
    let filter = EnvFilter::try_from_env("NARTHEX_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .log_internal_errors(false)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .with_writer(ToStandardError { has_flags });
    let started = match format {
        "text" => builder.try_init(),
        "json" => builder.json().flatten_event(true).try_init(),
        other => return Err(format!("{other:?} is not one of text, json")),
    };
    drop(started); // fails only when logging runs already
    Ok(())
}

struct ToStandardError {
    has_flags: bool,
}

impl<'a> MakeWriter<'a> for ToStandardError {
    type Writer = StandardError;

    fn make_writer(&'a self) -> StandardError {
        StandardError { names_flags: false }
    }

    /// The library says why it stopped in the words of its options; who typed flags should read flags.
    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> StandardError {
        StandardError {
            names_flags: self.has_flags
                && *meta.level() == Level::ERROR
                && meta.target().starts_with("narthex_sink"),
        }
    }
}

/// Standard error that wipes the progress line first, and whose failures are nobody's business.
struct StandardError {
    names_flags: bool,
}

impl Write for StandardError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut out = io::stderr().lock();
        if PROGRESS_LINE.swap(false, Ordering::Relaxed) {
            let _ = out.write_all(b"\r\x1b[2K");
        }
        let _ = match std::str::from_utf8(bytes) {
            Ok(line) if self.names_flags => out.write_all(keys_as_flags(line).as_bytes()),
            _ => out.write_all(bytes),
        };
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
