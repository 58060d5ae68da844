//! A sink at one moment, for a page or a program that watches it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fate::Ledger;
use crate::metrics::{Labelled, SinkMetrics};
use crate::recent::{RecentLoss, RecentWrite};

/// A sink at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct SinkStatus {
    /// What tells it from others.
    pub labels: BTreeMap<String, String>,
    /// Where it writes to, without credentials.
    pub url: String,
    /// What has become of every sample.
    pub ledger: Ledger,
    /// Samples that wait in queues.
    pub queued: u64,
    /// Samples at which the queues are full and the source waits.
    pub limit: u64,
    /// Attempts by the code of their answer; 0: none came.
    pub requests_by_code: BTreeMap<u16, u64>,
    /// The newest timestamp among written samples, in milliseconds.
    pub newest_written_ms: Option<i64>,
    /// The last samples that came to nothing, the latest first.
    pub losses: Vec<RecentLoss>,
    /// Some of the newest samples that were written.
    pub writes: Vec<RecentWrite>,
}

impl SinkMetrics {
    /// Each sink at this moment.
    pub fn status(&self) -> Vec<SinkStatus> {
        let sinks = self.sinks().into_iter().map(|Labelled { labels, shared }| {
            let (ledger, queued) = shared.ledger();
            let newest = shared.metrics.newest_written_ms();
            SinkStatus {
                labels: labels.into_iter().collect(),
                url: shared.url.clone(),
                ledger,
                queued,
                limit: shared.queued_limit(),
                requests_by_code: shared.metrics.by_code(),
                newest_written_ms: (newest > i64::MIN).then_some(newest),
                losses: shared.recent.losses(),
                writes: shared.recent.writes(),
            }
        });
        sinks.collect()
    }
}
