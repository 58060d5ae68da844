//! What a sink did lately, for whoever watches it: the last samples that came to nothing, with the receiver's words, and
//! some of the newest that were written. It keeps a few of each, and costs nothing while there is no loss and no second
//! has passed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use narthex_model::{Labels, Sample};
use serde::Serialize;

use crate::fate::Reason;

/// Losses that are kept.
const LOSSES: usize = 30;
/// Losses of one request that are kept: a request of nothing else is not to push out all others.
const LOSSES_OF_REQUEST: usize = 3;
/// Written samples that are kept.
const WRITES: usize = 24;
/// How long written samples stand before others take their place.
const WRITES_EVERY_MS: i64 = 1_000;
/// Characters of a label set or of a receiver's words.
const LONGEST: usize = 512;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    losses: Mutex<VecDeque<RecentLoss>>,
    writes: Mutex<Vec<(Labels, Sample)>>,
    writes_from_ms: AtomicI64,
}

/// A sample that came to nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecentLoss {
    /// When that was known, in milliseconds.
    pub at_ms: i64,
    /// Its label set.
    pub labels: String,
    /// Its value as text: JSON has no NaN.
    pub value: Option<String>,
    /// Its time in milliseconds.
    pub timestamp_ms: Option<i64>,
    /// Why.
    pub reason: &'static str,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// The receiver's words.
    pub message: String,
}

/// A sample that was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecentWrite {
    /// Its label set.
    pub labels: String,
    /// Its value as text: JSON has no NaN.
    pub value: String,
    /// Its time in milliseconds.
    pub timestamp_ms: i64,
}

/// What is known of a lost sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lost<'a> {
    pub(crate) labels: &'a Labels,
    pub(crate) sample: Option<Sample>,
    pub(crate) reason: Reason,
    pub(crate) status: Option<u16>,
    pub(crate) message: &'a str,
}

impl Recent {
    /// Notes the first lost samples of a request.
    pub(crate) fn lost<'a>(&self, now_ms: i64, lost: impl Iterator<Item = Lost<'a>>) {
        let mut losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
        for lost in lost.take(LOSSES_OF_REQUEST) {
            losses.truncate(LOSSES - 1);
            losses.push_front(RecentLoss {
                at_ms: now_ms,
                labels: cut(lost.labels.to_string()),
                value: lost.sample.map(|sample| text_of(sample.value())),
                timestamp_ms: lost.sample.map(|sample| sample.timestamp_ms),
                reason: lost.reason.name(),
                status: lost.status,
                message: cut(lost.message.to_owned()),
            });
        }
    }

    /// Whether it is time to note what was written.
    pub(crate) fn wants_writes(&self, now_ms: i64) -> bool {
        let from = self.writes_from_ms.load(Ordering::Relaxed);
        // A clock that was set back does not stop it.
        (now_ms >= from || from > now_ms + WRITES_EVERY_MS)
            && self
                .writes_from_ms
                .compare_exchange(from, now_ms + WRITES_EVERY_MS, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Notes some of what was written: of each series its newest.
    pub(crate) fn wrote<'a>(&self, writes: impl Iterator<Item = (&'a Labels, Sample)>) {
        // In memory of their own: the sets share blocks with others.
        let writes = writes.take(WRITES).map(|(labels, sample)| (labels.detached(), sample)).collect();
        *self.writes.lock().unwrap_or_else(PoisonError::into_inner) = writes;
    }

    /// The last losses, the latest first.
    pub(crate) fn losses(&self) -> Vec<RecentLoss> {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Some of the newest written samples.
    pub(crate) fn writes(&self) -> Vec<RecentWrite> {
        let writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        let write = |(labels, sample): &(Labels, Sample)| RecentWrite {
            labels: cut(labels.to_string()),
            value: text_of(sample.value()),
            timestamp_ms: sample.timestamp_ms,
        };
        writes.iter().map(write).collect()
    }
}

/// How many written samples are looked for among so many series: every so many-th one.
pub(crate) fn step(series: usize) -> usize {
    series.div_ceil(WRITES).max(1)
}

fn text_of(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

/// A text as it may stand in a log or on a page.
pub(crate) fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(number: i64) -> Labels {
        Labels::from_pairs([("__name__", "m"), ("n", number.to_string().as_str())])
    }

    #[test]
    fn the_latest_losses_are_kept_and_a_request_brings_few() {
        let recent = Recent::default();
        for request in 0..50 {
            let labels: Vec<Labels> = (0..10).map(|sample| labels(request * 10 + sample)).collect();
            let lost = labels.iter().map(|labels| Lost {
                labels,
                sample: Some(Sample::new(f64::NAN, request)),
                reason: Reason::BadRequest,
                status: Some(400),
                message: "out of order sample",
            });
            recent.lost(1_000 + request, lost);
        }
        let losses = recent.losses();
        assert_eq!(losses.len(), LOSSES);
        assert_eq!((losses[0].at_ms, losses[0].labels.as_str()), (1_049, r#"m{n="492"}"#));
        assert_eq!((losses[0].value.as_deref(), losses[0].timestamp_ms), (Some("NaN"), Some(49)));
        assert_eq!((losses[3].at_ms, losses[3].reason), (1_048, "bad_request"));
    }

    #[test]
    fn writes_are_noted_once_a_second_whatever_the_clock_does() {
        let recent = Recent::default();
        assert!(recent.wants_writes(5_000));
        assert!(!recent.wants_writes(5_999));
        assert!(recent.wants_writes(6_000));
        assert!(recent.wants_writes(3_000), "the clock was set back");
        let all: Vec<Labels> = (0..100).map(labels).collect();
        recent.wrote(all.iter().map(|labels| (labels, Sample::new(1.5, 7))));
        let writes = recent.writes();
        assert_eq!(
            (writes.len(), writes[1].labels.as_str(), writes[1].value.as_str()),
            (WRITES, r#"m{n="1"}"#, "1.5")
        );
    }
}
