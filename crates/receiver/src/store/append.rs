//! One request on its way into the store: checked series by series, then committed or rolled back.

use narthex_model::Labels;
use narthex_protocol::decode;

use super::labels::{self, Pair};
use super::series::Committed;
use super::{Bounds, Refusal, Store};
use crate::dump::HeldSample;
use crate::{Behaviour, SampleCounts};

/// One request on its way into the store.
pub(crate) struct Append<'s, 'a> {
    store: &'s mut Store,
    behaviour: Behaviour,
    newest_allowed_ms: i64,
    bounds: Option<Bounds>,
    staged: Vec<(u32, HeldSample)>,
    counts: SampleCounts,
    refusal: Option<Refusal>,
    died: bool,
    // Reused from series to series.
    pairs: Vec<Pair<'a>>,
    key: Vec<u8>,
}

/// How a request ended in the store.
#[derive(Debug)]
pub(crate) enum End {
    /// Everything was taken, or dropped without a word.
    Accepted,
    /// Something was refused; the first refusal.
    Refused(Refusal),
    /// The handler died of a label string: no answer, and what came before it is committed.
    Died,
}

impl<'s, 'a> Append<'s, 'a> {
    pub(crate) fn new(store: &'s mut Store, behaviour: Behaviour, now_ms: i64) -> Self {
        Self {
            store,
            behaviour,
            newest_allowed_ms: behaviour.newest_allowed_ms(now_ms),
            bounds: None,
            staged: Vec::new(),
            counts: SampleCounts::default(),
            refusal: None,
            died: false,
            pairs: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Checks one series and stages its samples.
    pub(crate) fn series(&mut self, series: &decode::Series<'a>) {
        self.counts.received += series.samples.len() as u64;
        if self.died || (self.refusal.is_some() && self.behaviour.rolls_back()) {
            self.counts.rolled_back += series.samples.len() as u64;
            return;
        }
        if self.behaviour.dies_of_long_labels() && labels::has_fatal_length(&series.labels) {
            self.died = true;
            self.counts.rolled_back += series.samples.len() as u64;
            return;
        }
        self.pairs.clear();
        self.pairs.extend_from_slice(&series.labels);
        labels::sort(&mut self.pairs);
        match self.behaviour {
            Behaviour::Prometheus2_42 => self.stage_with_labels_last(series),
            _ => self.stage_with_labels_first(series),
        }
    }

    /// 2.42 looks at a sample's timestamp before the labels, and at neither when there is no sample.
    fn stage_with_labels_last(&mut self, series: &decode::Series<'a>) {
        let Some(&(_, first_ms)) = series.samples.first() else { return };
        let bounds = self.bounds_at(first_ms);
        let labels = if bounds.window_ms == 0 && first_ms < bounds.oldest_ms {
            Err(Refusal::OutOfBounds)
        } else {
            labels::check(&mut self.pairs, self.behaviour)
        };
        match labels {
            Ok(()) => self.stage(&series.samples),
            Err(refusal) => self.refuse_first(refusal, series.samples.len()),
        }
    }

    /// 3.x skips a series with bad labels whole; the receivers that keep the good part refuse its samples.
    fn stage_with_labels_first(&mut self, series: &decode::Series<'a>) {
        let samples = series.samples.len() as u64;
        match labels::check(&mut self.pairs, self.behaviour) {
            Ok(()) => self.stage(&series.samples),
            Err(_) if self.behaviour.rolls_back() => self.counts.skipped += samples,
            Err(refusal) => {
                *self.counts.refused.entry(refusal.reason()).or_default() += samples;
                self.refusal.get_or_insert(refusal);
            }
        }
    }

    fn stage(&mut self, samples: &[(u64, i64)]) {
        if samples.is_empty() {
            return;
        }
        labels::encode(&mut self.key, &self.pairs);
        let pairs = &self.pairs;
        let id = self.store.find_or_insert(&self.key, || Labels::from_pairs(pairs.iter().copied()));
        for (at, &(value_bits, timestamp_ms)) in samples.iter().enumerate() {
            let sample = HeldSample { timestamp_ms, value_bits };
            match self.check(id, sample) {
                Ok(()) => self.staged.push((id, sample)),
                Err(refusal) if self.behaviour.rolls_back() => {
                    return self.refuse_first(refusal, samples.len() - at);
                }
                Err(refusal) => {
                    *self.counts.refused.entry(refusal.reason()).or_default() += 1;
                    self.refusal.get_or_insert(refusal);
                }
            }
        }
    }

    fn check(&mut self, id: u32, sample: HeldSample) -> Result<(), Refusal> {
        if sample.timestamp_ms > self.newest_allowed_ms {
            return Err(Refusal::TooFarInFuture);
        }
        let bounds = self.bounds_at(sample.timestamp_ms);
        self.store.series[id as usize].place(sample, &bounds).map(|_| ())
    }

    fn bounds_at(&mut self, timestamp_ms: i64) -> Bounds {
        *self.bounds.get_or_insert_with(|| self.store.bounds_at(timestamp_ms))
    }

    /// The first of `rest` samples is refused, and with it the request.
    fn refuse_first(&mut self, refusal: Refusal, rest: usize) {
        *self.counts.refused.entry(refusal.reason()).or_default() += 1;
        self.counts.rolled_back += rest.saturating_sub(1) as u64;
        self.refusal = Some(refusal);
    }

    /// Commits what was staged, or rolls it back; the counts of this request and how it ended.
    pub(crate) fn finish(mut self) -> (SampleCounts, End) {
        let end = match self.refusal.take() {
            _ if self.died => End::Died,
            Some(refusal) => End::Refused(refusal),
            None => End::Accepted,
        };
        if matches!(end, End::Refused(_)) && self.behaviour.rolls_back() {
            self.counts.rolled_back += self.staged.len() as u64 + std::mem::take(&mut self.counts.skipped);
        } else if let Some(bounds) = self.bounds {
            for (id, sample) in std::mem::take(&mut self.staged) {
                self.commit(id, sample, &bounds);
            }
        }
        self.store.counts.add(&self.counts);
        (self.counts, end)
    }

    fn commit(&mut self, id: u32, sample: HeldSample, bounds: &Bounds) {
        let Store { keep, series, newest_ms, held_series, .. } = &mut *self.store;
        let series = &mut series[id as usize];
        let counts = &mut self.counts;
        counts.order_violations += u64::from(series.is_behind(sample));
        let was_empty = series.is_empty();
        match series.commit(sample, bounds, *keep) {
            Committed::Stored => {
                counts.stored += 1;
                *newest_ms = (*newest_ms).max(Some(sample.timestamp_ms));
            }
            Committed::StoredLate => counts.stored += 1,
            Committed::Overwrote => counts.overwritten += 1,
            Committed::Repeated => counts.repeated += 1,
            Committed::DroppedDisorder => counts.dropped_disorder += 1,
            Committed::DroppedConflict => counts.dropped_conflict += 1,
        }
        *held_series += u64::from(was_empty && !series.is_empty());
    }
}
