//! One series: where a sample goes, and what becomes of it at commit.

use std::collections::BTreeMap;

use narthex_model::Labels;

use super::{Bounds, Refusal};
use crate::Keep;
use crate::dump::{HeldSample, HeldSeries};

/// One series of the store.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) labels: Labels,
    /// The newest sample that is in order.
    newest: Option<HeldSample>,
    /// All samples in order, oldest first; empty when only the newest is kept.
    in_order: Vec<HeldSample>,
    /// Samples that came late, inside the window: timestamp to value. Few series ever have any.
    late: BTreeMap<i64, u64>,
}

/// Where a sample would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    InOrder,
    Late,
}

/// What became of a sample at commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Committed {
    /// Held now, after all others of its series.
    Stored,
    /// Held now, before others of its series (out-of-order window).
    StoredLate,
    /// Held now, and reads show it in place of the value that was there (out-of-order window).
    Overwrote,
    /// Held already: same timestamp, same bits.
    Repeated,
    /// Dropped: older than what is held, seen only at commit.
    DroppedDisorder,
    /// Dropped: another value is held at its timestamp, seen only at commit.
    DroppedConflict,
}

impl Series {
    pub(super) fn new(labels: Labels) -> Self {
        Self { labels, newest: None, in_order: Vec::new(), late: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.newest.is_none() && self.late.is_empty()
    }

    /// Where the sample would go, by what is committed; the check that answers 400.
    pub(super) fn place(&self, sample: HeldSample, bounds: &Bounds) -> Result<Place, Refusal> {
        if sample.timestamp_ms >= bounds.oldest_ms {
            match self.newest {
                Some(newest) if sample.timestamp_ms < newest.timestamp_ms => {}
                Some(newest)
                    if sample.timestamp_ms == newest.timestamp_ms
                        && sample.value_bits != newest.value_bits =>
                {
                    return Err(Refusal::Duplicate {
                        timestamp_ms: sample.timestamp_ms,
                        existing_bits: newest.value_bits,
                        new_bits: sample.value_bits,
                    });
                }
                _ => return Ok(Place::InOrder),
            }
        }
        if bounds.in_window(sample.timestamp_ms) {
            Ok(Place::Late)
        } else if bounds.window_ms > 0 {
            Err(Refusal::TooOld)
        } else if sample.timestamp_ms < bounds.oldest_ms {
            Err(Refusal::OutOfBounds)
        } else {
            Err(Refusal::OutOfOrder)
        }
    }

    /// Whether the sample is older than the newest one that was accepted.
    pub(super) fn is_behind(&self, sample: HeldSample) -> bool {
        self.newest.is_some_and(|newest| sample.timestamp_ms < newest.timestamp_ms)
    }

    /// Takes a sample that passed the check. By now others of its request may be committed, so it is placed
    /// again, and what no longer fits is dropped without a word, as Prometheus does.
    pub(super) fn commit(&mut self, sample: HeldSample, bounds: &Bounds, keep: Keep) -> Committed {
        match self.place(sample, bounds) {
            Ok(Place::Late) => self.insert_late(sample, keep),
            Ok(Place::InOrder) if self.newest == Some(sample) => Committed::Repeated,
            Ok(Place::InOrder) => {
                self.newest = Some(sample);
                if keep == Keep::All {
                    self.in_order.push(sample);
                }
                Committed::Stored
            }
            Err(Refusal::Duplicate { .. }) => Committed::DroppedConflict,
            Err(_) => Committed::DroppedDisorder,
        }
    }

    fn insert_late(&mut self, sample: HeldSample, keep: Keep) -> Committed {
        if keep != Keep::All {
            return Committed::StoredLate;
        }
        if let Some(&bits) = self.late.get(&sample.timestamp_ms) {
            return if bits == sample.value_bits { Committed::Repeated } else { Committed::DroppedConflict };
        }
        self.late.insert(sample.timestamp_ms, sample.value_bits);
        let held = self.in_order.binary_search_by_key(&sample.timestamp_ms, |s| s.timestamp_ms);
        match held.ok().and_then(|at| self.in_order.get(at)) {
            None => Committed::StoredLate,
            Some(held) if held.value_bits == sample.value_bits => Committed::Repeated,
            Some(_) => Committed::Overwrote,
        }
    }

    /// What a read shows: both kinds merged, the late value where both have one.
    pub(super) fn dump(&self) -> HeldSeries {
        let in_order: &[HeldSample] = match &self.newest {
            Some(newest) if self.in_order.is_empty() => std::slice::from_ref(newest),
            _ => &self.in_order,
        };
        if self.late.is_empty() {
            return HeldSeries { labels: self.labels.clone(), samples: in_order.to_vec() };
        }
        let mut merged: BTreeMap<i64, u64> =
            in_order.iter().map(|s| (s.timestamp_ms, s.value_bits)).collect();
        merged.extend(&self.late);
        let samples =
            merged.into_iter().map(|(timestamp_ms, value_bits)| HeldSample { timestamp_ms, value_bits });
        HeldSeries { labels: self.labels.clone(), samples: samples.collect() }
    }
}
