//! The log of write requests, bounded, newest last.

use std::collections::VecDeque;

use http::{HeaderMap, StatusCode};

/// One write request as the receiver saw it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// Wall time of arrival in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The status that went out; none when no answer did.
    pub status: Option<StatusCode>,
    /// Samples in the request; zero when it was not decoded.
    pub samples: u64,
    /// `TimeSeries` messages in the request; zero when it was not decoded.
    pub series: u64,
    /// Samples of it that are held now, or were already, or were counted and forgotten.
    pub taken: u64,
    /// Bytes of the packed body.
    pub body_bytes: u64,
    /// `Retry-Attempt`: zero on the first attempt.
    pub attempt: u32,
    /// Whether a script decided its fate.
    pub is_scripted: bool,
    /// The request's headers. They may hold credentials: not for printing.
    pub headers: HeaderMap,
}

/// Remembers the newest requests.
#[derive(Debug)]
pub(crate) struct RequestLog {
    limit: usize,
    entries: VecDeque<LoggedRequest>,
}

impl RequestLog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, entries: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, entry: impl FnOnce() -> LoggedRequest) {
        if self.limit == 0 {
            return;
        }
        if self.entries.len() == self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back(entry());
    }

    pub(crate) fn snapshot(&self) -> Vec<LoggedRequest> {
        self.entries.iter().cloned().collect()
    }
}
