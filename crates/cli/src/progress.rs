//! How far the work is: a live line on a terminal, a log line now and then elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

use narthex_sink::Ledger;
use tokio::time::Instant;

use crate::logging::PROGRESS_LINE;

const ON_TERMINAL: Duration = Duration::from_millis(500);
const IN_LOGS: Duration = Duration::from_secs(10);

/// Shows progress until it is dropped; `read` counts records.
pub(crate) async fn show(ledger: impl Fn() -> Ledger, read: impl Fn() -> u64) {
    let on_terminal = std::io::stderr().is_terminal();
    let mut ticks = tokio::time::interval(if on_terminal { ON_TERMINAL } else { IN_LOGS });
    ticks.tick().await;
    let (mut last, mut last_written) = (Instant::now(), 0);
    loop {
        ticks.tick().await;
        let l = ledger();
        let settled = l.written + l.replayed;
        let rate = (settled - last_written) as f64 / last.elapsed().as_secs_f64();
        (last, last_written) = (Instant::now(), settled);
        let line = format!(
            "read {} · written {} · rejected {} · dropped {} · pending {} · {rate:.0} samples/s",
            read(),
            l.written,
            l.rejected_total(),
            l.dropped_total(),
            l.pending
        );
        if on_terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[2K{line}");
            PROGRESS_LINE.store(true, Ordering::Relaxed);
        } else {
            tracing::info!("{line}");
        }
    }
}

/// Wipes the live line.
pub(crate) fn wipe() {
    if PROGRESS_LINE.swap(false, Ordering::Relaxed) {
        let _ = write!(std::io::stderr(), "\r\x1b[2K");
    }
}
