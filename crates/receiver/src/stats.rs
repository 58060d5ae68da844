//! What the receiver counts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::RefusalReason;

/// Everything that the receiver counts, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Write requests by the status that went out.
    pub requests: BTreeMap<u16, u64>,
    /// Write requests that got no answer, by script or because the handler died.
    pub unanswered: u64,
    /// The fates of samples.
    pub samples: SampleCounts,
    /// `TimeSeries` messages in the requests that could be decoded; a series counts each time it is sent.
    pub series_received: u64,
    /// Distinct series that hold a sample.
    pub series_held: u64,
    /// Bytes of the write requests' bodies, packed.
    pub body_bytes: u64,
}

impl Stats {
    /// Write requests, answered or not.
    pub fn all_requests(&self) -> u64 {
        self.requests.values().sum::<u64>() + self.unanswered
    }
}

/// The fates of samples. Each received one is in exactly one of the others, but for
/// [`Self::order_violations`], which looks across them: see [`Self::adds_up`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SampleCounts {
    /// Samples in requests that reached the store; what a script answered before is not among them.
    pub received: u64,
    /// Taken and held, also late ones inside the out-of-order window.
    pub stored: u64,
    /// Taken late, in place of a value that was held at the timestamp.
    pub overwritten: u64,
    /// Held already, with the same bits: a no-op.
    pub repeated: u64,
    /// Dropped at commit without a word: older than another sample of the request.
    pub dropped_disorder: u64,
    /// Dropped at commit without a word: another value was held at the timestamp.
    pub dropped_conflict: u64,
    /// Skipped without a word because of their labels.
    pub skipped: u64,
    /// Refused by reason: the sample that made the request fail; every bad one where good parts are kept.
    pub refused: BTreeMap<RefusalReason, u64>,
    /// Rolled back because another sample of the request was refused.
    pub rolled_back: u64,
    /// Counted and forgotten ([`crate::Keep::Nothing`]).
    pub discarded: u64,
    /// Accepted samples that were older than what their series had accepted before, whatever became of them:
    /// zero when the sender keeps order.
    pub order_violations: u64,
}

impl SampleCounts {
    /// Accepted samples at a timestamp that their series held already, with the same value or another.
    pub fn duplicates(&self) -> u64 {
        self.repeated + self.overwritten + self.dropped_conflict
    }

    /// All refused samples.
    pub fn all_refused(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Samples in requests that were taken, whole or in part: all but the refused and the rolled back.
    pub fn acknowledged(&self) -> u64 {
        self.received - self.all_refused() - self.rolled_back
    }

    /// Whether each received sample has exactly one fate.
    pub fn adds_up(&self) -> bool {
        let dropped = self.dropped_disorder + self.dropped_conflict + self.skipped + self.discarded;
        self.received
            == self.stored
                + self.overwritten
                + self.repeated
                + dropped
                + self.all_refused()
                + self.rolled_back
    }

    pub(crate) fn add(&mut self, other: &SampleCounts) {
        self.received += other.received;
        self.stored += other.stored;
        self.overwritten += other.overwritten;
        self.repeated += other.repeated;
        self.dropped_disorder += other.dropped_disorder;
        self.dropped_conflict += other.dropped_conflict;
        self.skipped += other.skipped;
        for (&reason, &count) in &other.refused {
            *self.refused.entry(reason).or_default() += count;
        }
        self.rolled_back += other.rolled_back;
        self.discarded += other.discarded;
        self.order_violations += other.order_violations;
    }
}
