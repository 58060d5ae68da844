//! One WARN per request that lost samples, and a summary above ten a second (R6).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::fate::{ByReason, Reason};

/// Lines a second before the rest is only counted.
const LINES_PER_SECOND: u32 = 10;
/// Shortest time between two WARNs about retries.
const BETWEEN_RETRY_WARNINGS: Duration = Duration::from_secs(30);

/// Throttles the sink's warnings. Shared by all shards.
#[derive(Debug, Default)]
pub(crate) struct LossLog {
    losses: Mutex<Window>,
    retries: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    lines: u32,
    silent_requests: u64,
    silent_samples: u64,
}

/// What one request lost.
#[derive(Debug)]
pub(crate) struct Loss<'a> {
    pub(crate) lost: &'a ByReason,
    pub(crate) of: usize,
    pub(crate) first_reason: Reason,
    pub(crate) first_series: String,
    pub(crate) status: Option<u16>,
    pub(crate) message: &'a str,
}

impl LossLog {
    /// Logs the loss, or counts it for the next summary.
    pub(crate) fn lost(&self, loss: &Loss<'_>) {
        let samples = loss.lost.losses();
        let mut window = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if window.began.is_none_or(|began| now.duration_since(began) >= Duration::from_secs(1)) {
            window.summarise();
            *window = Window { began: Some(now), ..Window::default() };
        }
        if window.lines == LINES_PER_SECOND {
            window.silent_requests += 1;
            window.silent_samples += samples;
            return;
        }
        window.lines += 1;
        let status = loss.status.map(|status| format!(" the receiver answered {status}: {}", loss.message));
        tracing::warn!(
            "lost {samples} of a request's {} samples, first {}: {}{}",
            loss.of,
            loss.first_reason,
            loss.first_series,
            status.map(|status| format!(";{status}")).unwrap_or_default(),
        );
    }

    /// Logs what was only counted; called at the end.
    pub(crate) fn finish(&self) {
        let mut window = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
        window.summarise();
        *window = Window::default();
    }

    /// Logs a retry, at most every 30 s.
    pub(crate) fn retrying(&self, url: &str, cause: &str, wait: Duration, since: Duration) {
        let mut last = self.retries.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if last.is_some_and(|last| now.duration_since(last) < BETWEEN_RETRY_WARNINGS) {
            return;
        }
        *last = Some(now);
        tracing::warn!(
            "{url}: {cause}; trying for {:.1} s, again in {:.2} s",
            since.as_secs_f32(),
            wait.as_secs_f32()
        );
    }
}

impl Window {
    fn summarise(&self) {
        if self.silent_requests > 0 {
            tracing::warn!(
                "lost {} samples of {} further requests; the dead letters, if kept, hold every one",
                self.silent_samples,
                self.silent_requests
            );
        }
    }
}
