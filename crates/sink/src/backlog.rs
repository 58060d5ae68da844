//! What a shard's task has taken from its queue: series in order, of which a request takes the next few.
//!
//! Series stay where they are while their request is under way, and are dropped together afterwards.

use std::collections::VecDeque;
use std::ops::Range;

use narthex_model::TimeSeries;
use tokio::time::Instant;

/// Bytes that a sample takes in a request besides its labels, at most.
const SAMPLE_BYTES: usize = 22;

/// Bytes that a series takes in a request, at most.
#[inline]
pub(crate) fn bytes_of(series: &TimeSeries) -> usize {
    8 + series.labels.encoded().len() + SAMPLE_BYTES * series.samples.len()
}

/// Series in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// Series before `next` are done and wait to be dropped.
    items: Vec<TimeSeries>,
    next: usize,
    /// Series before are settled; between requests that is `next`.
    settled: usize,
    samples: usize,
    bytes: usize,
    /// Whether a series was restored: a request holds series of one origin.
    has_restored: bool,
    /// When what lies before an index began to wait.
    ages: VecDeque<(usize, Instant)>,
}

impl Backlog {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.next == self.items.len()
    }

    /// When the oldest of them began to wait.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.ages.iter().find(|(end, _)| *end > self.next).map(|(_, since)| *since)
    }

    /// Samples that wait.
    pub(crate) fn samples(&self) -> usize {
        self.samples
    }

    /// Bytes that they take in requests, at most.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All series, those of the request under way among them.
    pub(crate) fn items(&self) -> &[TimeSeries] {
        &self.items
    }

    /// Series that are not settled, those of the request under way first.
    pub(crate) fn unsettled(&self) -> &[TimeSeries] {
        &self.items[self.settled..]
    }

    /// Takes over what was queued since `oldest`.
    pub(crate) fn append(&mut self, queued: &mut Vec<TimeSeries>, oldest: Option<Instant>) {
        if queued.is_empty() {
            return;
        }
        if self.is_empty() {
            self.drop_all();
        }
        for series in queued.iter() {
            self.samples += series.samples.len();
            self.bytes += bytes_of(series);
            self.has_restored |= series.labels.mark() != 0;
        }
        if self.items.is_empty() {
            std::mem::swap(&mut self.items, queued);
        } else {
            self.items.drain(..self.next);
            self.ages.retain_mut(|(end, _)| {
                *end = end.saturating_sub(self.next);
                *end > 0
            });
            (self.next, self.settled) = (0, 0);
            self.items.append(queued);
        }
        if let Some(oldest) = oldest {
            self.ages.push_back((self.items.len(), oldest));
        }
    }

    /// The next request: at most `max_samples` samples and, but for a single series, `max_bytes` bytes. A
    /// series with more samples than a request takes is cut.
    pub(crate) fn next_request(&mut self, max_samples: usize, max_bytes: usize) -> Range<usize> {
        let begin = self.next;
        let waiting = self.items.len() - begin;
        let (mut samples, mut bytes, mut end) = (0, 0, begin);
        let all = self.samples == waiting && self.samples <= max_samples && self.bytes <= max_bytes;
        if all && !self.has_restored {
            (samples, bytes, end) = (self.samples, self.bytes, self.items.len());
        } else {
            self.cut_first(max_samples);
            for series in &self.items[begin..] {
                let next = (series.samples.len(), bytes_of(series));
                let fits = samples + next.0 <= max_samples && bytes + next.1 <= max_bytes;
                let is_alike = series.labels.mark() == self.items[begin].labels.mark();
                if end > begin && !(fits && is_alike) {
                    break;
                }
                (samples, bytes, end) = (samples + next.0, bytes + next.1, end + 1);
            }
        }
        self.samples -= samples;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.next = end;
        begin..end
    }

    /// A first series with more samples than fit becomes two, the first of which fills a request.
    fn cut_first(&mut self, max_samples: usize) {
        let Some(first) = self.items.get_mut(self.next).filter(|first| first.samples.len() > max_samples)
        else {
            return;
        };
        let rest = TimeSeries::new(first.labels.clone(), first.samples.drain(max_samples..));
        self.bytes += 8 + rest.labels.encoded().len();
        self.items.insert(self.next + 1, rest);
        self.ages.iter_mut().for_each(|(end, _)| *end += 1);
    }

    /// Ends a request. `deferred` are series that it left for the next one; they come before all others.
    pub(crate) fn done(&mut self, deferred: &mut Vec<TimeSeries>) {
        for series in deferred.drain(..).rev() {
            self.samples += series.samples.len();
            self.bytes += bytes_of(&series);
            // Each comes from a series of the request, so there is a place before `next` for it.
            self.next -= 1;
            self.items[self.next] = series;
        }
        self.settled = self.next;
        if self.is_empty() {
            self.drop_all();
        }
    }

    fn drop_all(&mut self) {
        // The counts of references lie far apart: let their cache misses overlap.
        for chunk in self.items.chunks(64) {
            let touched =
                chunk.iter().fold(0, |sum, series| sum ^ series.labels.encoded().first().map_or(0, |b| *b));
            std::hint::black_box(touched);
        }
        self.items.clear();
        self.ages.clear();
        (self.next, self.settled, self.has_restored) = (0, 0, false);
    }
}
