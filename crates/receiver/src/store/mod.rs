//! What the receiver holds: series, their samples, and the newest timestamp of all of them.
//!
//! The rules are those of Prometheus' head block: a series' order is checked against what is committed and
//! not against the request itself, a sample more than an hour behind the head's newest is out of bounds, and
//! an empty head takes any first timestamp. Values compare by their bits.

mod append;
mod labels;
mod refusal;
mod series;

use hashbrown::HashTable;
use narthex_model::Labels;
use xxhash_rust::xxh3::xxh3_64;

pub(crate) use append::{Append, End};
pub(crate) use refusal::Refusal;
pub use refusal::RefusalReason;

use crate::dump::HeldSeries;
use crate::{Keep, ReceiverConfig, SampleCounts};
use series::Series;

/// How far behind the head's newest timestamp an in-order sample may be: half of the head's 2 h chunk range.
const HEAD_REACH_MS: i64 = 60 * 60 * 1000;

/// What the receiver holds.
#[derive(Debug)]
pub(crate) struct Store {
    keep: Keep,
    window_ms: i64,
    /// Positions in `series`, found by the hash of the encoded labels.
    index: HashTable<u32>,
    series: Vec<Series>,
    /// Newest timestamp that is committed in order; none while the head is empty.
    newest_ms: Option<i64>,
    /// The fate of every sample so far.
    pub(crate) counts: SampleCounts,
    held_series: u64,
}

impl Store {
    pub(crate) fn new(config: &ReceiverConfig) -> Self {
        Self {
            keep: config.keep,
            window_ms: i64::try_from(config.out_of_order_window.as_millis()).unwrap_or(i64::MAX),
            index: HashTable::new(),
            series: Vec::new(),
            newest_ms: None,
            counts: SampleCounts::default(),
            held_series: 0,
        }
    }

    /// Series that hold a sample.
    pub(crate) fn held_series(&self) -> u64 {
        self.held_series
    }

    /// The series that hold a sample, sorted by labels.
    pub(crate) fn dump(&self) -> Vec<HeldSeries> {
        let mut held: Vec<_> = self.series.iter().filter(|s| !s.is_empty()).map(Series::dump).collect();
        held.sort_by(|a, b| a.labels.iter().cmp(b.labels.iter()));
        held
    }

    /// The samples of one series, empty when it is unknown.
    pub(crate) fn series_of(&self, labels: &Labels) -> Option<HeldSeries> {
        let id = self.find(labels.encoded())?;
        self.series.get(id as usize).map(Series::dump)
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        let series = &self.series;
        self.index.find(xxh3_64(key), |&id| series[id as usize].labels.encoded() == key).copied()
    }

    /// The position of the series with these encoded labels; a new one is created empty, as Prometheus does
    /// for a sample that is refused later.
    fn find_or_insert(&mut self, key: &[u8], labels: impl FnOnce() -> Labels) -> u32 {
        if let Some(id) = self.find(key) {
            return id;
        }
        let id = self.series.len() as u32;
        self.series.push(Series::new(labels()));
        let series = &self.series;
        self.index.insert_unique(xxh3_64(key), id, |&id| series[id as usize].labels.shard_hash());
        id
    }

    /// What bounds a request's timestamps, fixed when its first sample comes. That sample sets the time of an
    /// empty head, also when it is refused afterwards.
    fn bounds_at(&mut self, first_ms: i64) -> Bounds {
        let newest_ms = *self.newest_ms.get_or_insert(first_ms);
        Bounds { newest_ms, oldest_ms: newest_ms.saturating_sub(HEAD_REACH_MS), window_ms: self.window_ms }
    }
}

/// What bounds the timestamps of one request.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// The head's newest when the request began.
    newest_ms: i64,
    /// Oldest timestamp that can be in order.
    oldest_ms: i64,
    /// The out-of-order window; zero without one.
    window_ms: i64,
}

impl Bounds {
    fn in_window(&self, timestamp_ms: i64) -> bool {
        self.window_ms > 0 && timestamp_ms >= self.newest_ms.saturating_sub(self.window_ms)
    }
}
