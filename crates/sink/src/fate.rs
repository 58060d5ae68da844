//! The doors through which a sample leaves the sink, and the ledger that counts them (B2).
//!
//! `received = written + replayed + rejected + dropped + pending` holds in every snapshot: each number is
//! counted where it happens, and `pending` is what queues and requests really hold.

use std::collections::BTreeMap;
use std::fmt;

use narthex_model::LabelFault;
use serde::{Serialize, Serializer};

macro_rules! reasons {
    ($($(#[doc = $doc:expr])+ $variant:ident = $name:literal, $side:ident;)+) => {
        /// Why a sample was lost: one list for metrics, dead letters, logs and docs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason { $($(#[doc = $doc])+ $variant,)+ }

        impl Reason {
            /// All reasons, in the order of the docs.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)+];

            /// The name in metrics, dead letters and logs.
            pub const fn name(self) -> &'static str {
                match self { $(Reason::$variant => $name,)+ }
            }

            /// Who refused the sample.
            pub const fn side(self) -> Side {
                match self { $(Reason::$variant => Side::$side,)+ }
            }

            /// One sentence for the docs.
            pub const fn doc(self) -> &'static str {
                match self { $(Reason::$variant => concat!($($doc),+),)+ }
            }
        }
    };
}

reasons! {
    /// There is no label at all; no receiver takes it. Dropped even with checks off.
    EmptyLabels = "empty_labels", Dropped;
    /// A label name occurs twice. Dropped even with checks off.
    RepeatedLabel = "repeated_label", Dropped;
    /// A label name or value is longer than 64 KiB. Dropped even with checks off.
    LabelTooLong = "label_too_long", Dropped;
    /// A label's name is empty.
    EmptyLabelName = "empty_label_name", Dropped;
    /// A label name or value is not valid UTF-8.
    InvalidUtf8 = "invalid_utf8", Dropped;
    /// There is no `__name__` label.
    MissingMetricName = "missing_metric_name", Dropped;
    /// The metric name does not match `[a-zA-Z_:][a-zA-Z0-9_:]*` (with `sink.name-validation` = `legacy`).
    InvalidMetricName = "invalid_metric_name", Dropped;
    /// A label name does not match `[a-zA-Z_][a-zA-Z0-9_]*` (with `sink.name-validation` = `legacy`).
    InvalidLabelName = "invalid_label_name", Dropped;
    /// A label name other than `__name__` begins with `__`.
    ReservedLabelName = "reserved_label_name", Dropped;
    /// Older than the series' newest sample, and outside `sink.out-of-order-window`.
    OutOfOrder = "out_of_order", Dropped;
    /// The series has a sample with this timestamp and another value.
    Duplicate = "duplicate", Dropped;
    /// The series has this very sample already; nothing is lost, and there is no dead letter.
    DuplicateSame = "duplicate_same", Dropped;
    /// Further ahead of the clock than `sink.max-future`.
    TooFarInFuture = "too_far_in_future", Dropped;
    /// The input gave no timestamp.
    NoTimestamp = "no_timestamp", Dropped;
    /// The input gave a null value or timestamp.
    Null = "null", Dropped;
    /// The record holds more samples than its source allows.
    RecordTooLarge = "record_too_large", Dropped;
    /// Retries ended and `sink.on-exhausted` = `discard`; the receiver may hold it all the same.
    RetriesExhausted = "retries_exhausted", Dropped;
    /// Restored after rescaling, and found too old or a duplicate, by the receiver or by the checks: newer
    /// samples of its series may have gone before it.
    Overtaken = "overtaken", Dropped;
    /// The receiver answered 400 to this sample.
    BadRequest = "bad_request", Rejected;
    /// The receiver answered 409 to this sample.
    Conflict = "conflict", Rejected;
    /// The receiver answered 422 to this sample.
    Unprocessable = "unprocessable", Rejected;
    /// The receiver answered 413 to this sample alone.
    TooLarge = "too_large", Rejected;
    /// The receiver answered another 4xx to the request.
    ClientError = "client_error", Rejected;
    /// The receiver answers 5xx to this sample alone, and accepts others.
    ServerError = "server_error", Rejected;
    /// The request's share of requests for isolation was used up before this sample's turn came.
    IsolationBudget = "isolation_budget", Rejected;
}

/// Who refused a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// We did, before sending or after giving up.
    Dropped,
    /// The receiver did.
    Rejected,
}

impl Reason {
    /// The reason of a faulty label set.
    pub fn of_fault(fault: LabelFault) -> Self {
        match fault {
            LabelFault::EmptySet => Reason::EmptyLabels,
            LabelFault::RepeatedName => Reason::RepeatedLabel,
            LabelFault::TooLong => Reason::LabelTooLong,
            LabelFault::EmptyName => Reason::EmptyLabelName,
            LabelFault::InvalidUtf8 => Reason::InvalidUtf8,
            LabelFault::MissingMetricName => Reason::MissingMetricName,
            LabelFault::InvalidMetricName => Reason::InvalidMetricName,
            LabelFault::ReservedLabelName => Reason::ReservedLabelName,
            // `LabelFault` may grow; a new fault is about a name until it gets a reason of its own.
            _ => Reason::InvalidLabelName,
        }
    }

    /// The reason of a status that refuses data.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            400 => Reason::BadRequest,
            409 => Reason::Conflict,
            413 => Reason::TooLarge,
            422 => Reason::Unprocessable,
            500..=599 => Reason::ServerError,
            _ => Reason::ClientError,
        }
    }

    /// The reason of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }

    /// Whether losing the sample loses anything: not for a repetition of what is already there.
    pub fn is_loss(self) -> bool {
        self != Reason::DuplicateSame
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Counts by reason.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ByReason([u64; Reason::ALL.len()]);

impl Default for ByReason {
    fn default() -> Self {
        Self([0; Reason::ALL.len()])
    }
}

impl fmt::Debug for ByReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.of_side(Side::Dropped)).entries(self.of_side(Side::Rejected)).finish()
    }
}

impl ByReason {
    pub(crate) fn add(&mut self, reason: Reason, samples: u64) {
        self.0[reason as usize] += samples;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.fill(0);
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Samples lost; repetitions of what is there are none.
    pub(crate) fn losses(&self) -> u64 {
        self.total() - self.0[Reason::DuplicateSame as usize]
    }

    fn of_side(&self, side: Side) -> BTreeMap<Reason, u64> {
        let all = Reason::ALL.iter().map(|&reason| (reason, self.0[reason as usize]));
        all.filter(|&(reason, samples)| reason.side() == side && samples > 0).collect()
    }
}

/// What one shard has counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) received: u64,
    pub(crate) written: u64,
    pub(crate) replayed: u64,
    pub(crate) lost: ByReason,
}

/// What became of every sample that entered the sink, as of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Samples that entered.
    pub received: u64,
    /// Samples that the receiver acknowledged.
    pub written: u64,
    /// Samples that were refused, but that the receiver may already hold from an attempt whose answer got lost.
    pub replayed: u64,
    /// Samples that the receiver refused, by reason.
    #[serde(serialize_with = "by_name")]
    pub rejected: BTreeMap<Reason, u64>,
    /// Samples that we did not send or gave up, by reason.
    #[serde(serialize_with = "by_name")]
    pub dropped: BTreeMap<Reason, u64>,
    /// Samples in queues and unsettled requests.
    pub pending: u64,
    /// Attempts made, retries among them.
    pub requests: u64,
    /// Attempts that repeated an earlier one.
    pub retries: u64,
    /// Attempts that were answered with 2xx.
    pub requests_accepted: u64,
    /// Requests that were refused for good, or whose retries ended; parts of a refused request count again.
    pub requests_refused: u64,
    /// Packed bytes of requests, each counted once however often it is tried.
    pub request_bytes: u64,
    /// Dead letters that could not be written.
    pub dead_letters_failed: u64,
}

impl Ledger {
    pub(crate) fn add(&mut self, counts: &Counts, pending: u64) {
        self.received += counts.received;
        self.written += counts.written;
        self.replayed += counts.replayed;
        self.pending += pending;
        for (reason, samples) in counts.lost.of_side(Side::Rejected) {
            *self.rejected.entry(reason).or_default() += samples;
        }
        for (reason, samples) in counts.lost.of_side(Side::Dropped) {
            *self.dropped.entry(reason).or_default() += samples;
        }
    }

    /// Samples that the receiver refused.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Samples that we dropped, repetitions included.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.values().sum()
    }

    /// Samples rejected or dropped, repetitions of what is there left out.
    pub fn lost(&self) -> u64 {
        let same = self.dropped.get(&Reason::DuplicateSame).copied().unwrap_or(0);
        self.rejected_total() + self.dropped_total() - same
    }

    /// Whether every sample is accounted for; false only for a defect of this crate.
    pub fn adds_up(&self) -> bool {
        self.received
            == self.written + self.replayed + self.rejected_total() + self.dropped_total() + self.pending
    }
}

fn by_name<S: Serializer>(counts: &BTreeMap<Reason, u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().map(|(reason, samples)| (reason.name(), samples)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
        }
    }

    #[test]
    fn the_ledger_is_the_documented_json() {
        let mut counts = Counts { received: 10, written: 6, replayed: 1, ..Counts::default() };
        counts.lost.add(Reason::BadRequest, 1);
        counts.lost.add(Reason::OutOfOrder, 1);
        let mut ledger = Ledger::default();
        ledger.add(&counts, 1);
        assert!(ledger.adds_up());
        assert_eq!(
            serde_json::to_string(&ledger).unwrap(),
            r#"{"received":10,"written":6,"replayed":1,"rejected":{"bad_request":1},"dropped":{"out_of_order":1},"pending":1,"requests":0,"retries":0,"requests_accepted":0,"requests_refused":0,"request_bytes":0,"dead_letters_failed":0}"#
        );
    }
}
