//! One request in the making: series of the backlog, checked, merged, laid out in sending order and encoded.
//!
//! The layout is flat. `samples` holds what will be sent, series after series; a [`Group`] is one series'
//! range in it. Samples are then named by their index, which is also the order of the request, so that
//! isolation can speak of any part of a request as a list of indices.

use std::ops::Range;

use narthex_model::{LabelFaults, Labels, Sample, TimeSeries};
use narthex_protocol::encode;
use prefetch_index::prefetch_index;

use crate::fate::Reason;
use crate::origin::Origin;
use crate::series_table::{Last, SeriesTable, Slot};

/// Series in a run. While one is placed, what the next reads is on its way into the cache, and of the one after
/// that where to look it up, so that cache misses cost no waiting.
const AHEAD: usize = 32;

/// After this many requests that had to be laid out, one is tried as plain again.
const PLAIN_AGAIN_EVERY: u32 = 16;

/// A series of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    /// The item that has the labels.
    pub(crate) item: u32,
    first: u32,
    len: u32,
    /// What the series' last sample was before this request.
    pub(crate) before: Last,
    /// A late sample, sent alone after the request's samples in order; the order checks do not know it.
    pub(crate) is_late: bool,
}

impl Group {
    /// Whether the receiver has accepted a sample of the series from us, older than this request's.
    pub(crate) fn has_history(self) -> bool {
        self.before.is_some()
    }
}

/// A sample that was dropped before sending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropped {
    pub(crate) item: u32,
    pub(crate) sample: Sample,
    pub(crate) reason: Reason,
}

/// How samples are checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckRules {
    /// Label faults that drop a series.
    pub(crate) faults: LabelFaults,
    /// Longest distance behind the series' newest sample that the receiver takes, in milliseconds.
    pub(crate) out_of_order_window_ms: i64,
    /// Longest distance ahead of the clock, in milliseconds.
    pub(crate) max_future_ms: i64,
}

/// A request in the making. Its memory is kept from one to the next.
///
/// While every series comes once, with one good sample, nothing is laid out at all: series are encoded where
/// they lie (the batch is *plain*). The first that is otherwise, or a request that the receiver does not
/// simply accept, makes the layout be written down.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Samples to send, in the order of the request.
    pub(crate) samples: Vec<Sample>,
    /// The series of each sample.
    pub(crate) owner: Vec<u32>,
    /// Series to send.
    pub(crate) groups: Vec<Group>,
    /// Samples that will not be sent.
    pub(crate) dropped: Vec<Dropped>,
    /// Series that must wait for the next request: what follows a series' very first sample.
    pub(crate) deferred: Vec<TimeSeries>,
    /// Where all series of the request come from.
    pub(crate) origin: Origin,
    /// The request's items in the backlog.
    range: Range<usize>,
    is_plain: bool,
    /// Whether the last request was plain; then this one probably is.
    was_plain: bool,
    requests_laid_out: u32,
    /// What the series of a plain batch had before.
    befores: Vec<Last>,
    late: Vec<(u32, Sample)>,
    index: MergeIndex,
    is_contiguous: bool,
}

impl Batch {
    /// Checks and lays out the items of `range`, and encodes them. With a table, order is checked against it
    /// and it is brought up to date.
    pub(crate) fn prepare(
        &mut self,
        items: &[TimeSeries],
        range: Range<usize>,
        rules: CheckRules,
        mut table: Option<&mut SeriesTable>,
        now_ms: i64,
        out: &mut Vec<u8>,
    ) {
        self.reset(range.clone());
        self.origin = items[range.clone()].first().map_or(Origin::New, Origin::of);
        let newest_ms = now_ms.saturating_add(rules.max_future_ms);
        let run = |from: usize| from.min(range.end)..(from + AHEAD).min(range.end);
        let mut slots = [Slot::default(); AHEAD];
        let mut next_slots = slots;
        self.prefetch_slots(&items[run(range.start)], table.as_deref());
        self.prefetch_slots(&items[run(range.start + AHEAD)], table.as_deref());
        prefetch_series(&items[run(range.start)], table.as_deref(), &mut slots);
        for begin in range.clone().step_by(AHEAD) {
            self.prefetch_slots(&items[run(begin + 2 * AHEAD)], table.as_deref());
            prefetch_series(&items[run(begin + AHEAD)], table.as_deref(), &mut next_slots);
            let mut at = begin;
            let to = run(begin).end;
            while self.is_plain && at < to {
                let table = table.as_deref_mut().map(|table| (table, slots[at - begin]));
                if !self.place_plain(items, at, rules, table, newest_ms) {
                    self.lay_out(items, at);
                    out.clear();
                    break;
                }
                encode::put_single(out, &items[at].labels, items[at].samples[0]);
                at += 1;
            }
            for item in at..to {
                match table.as_deref_mut() {
                    Some(table) => {
                        self.place_checked(items, item, rules, (table, slots[item - begin]), newest_ms);
                    }
                    None => self.place_unchecked(items, item, rules),
                }
            }
            slots = next_slots;
        }
        self.was_plain = self.is_plain;
        if !self.is_plain {
            if !self.is_contiguous {
                self.gather();
            }
            self.append_late();
            self.encode_all(items, out);
        }
    }

    fn reset(&mut self, range: Range<usize>) {
        self.samples.clear();
        self.owner.clear();
        self.groups.clear();
        self.dropped.clear();
        self.late.clear();
        self.befores.clear();
        self.index.reset(range.len());
        self.is_contiguous = true;
        self.is_plain = self.was_plain || self.requests_laid_out.is_multiple_of(PLAIN_AGAIN_EVERY);
        self.requests_laid_out = if self.is_plain { 1 } else { self.requests_laid_out + 1 };
        self.range = range;
    }

    /// Writes the layout down, if it is not yet: from here on samples have indices.
    pub(crate) fn make_layout(&mut self, items: &[TimeSeries]) {
        if self.is_plain {
            self.lay_out(items, self.range.end);
        }
    }

    /// Samples that will be sent.
    pub(crate) fn sent(&self) -> usize {
        if self.is_plain { self.range.len() } else { self.samples.len() }
    }

    /// The newest timestamp that will be sent.
    pub(crate) fn newest_ms(&self, items: &[TimeSeries]) -> Option<i64> {
        if self.is_plain {
            items[self.range.clone()].iter().map(|series| series.samples[0].timestamp_ms).max()
        } else {
            self.samples.iter().map(|sample| sample.timestamp_ms).max()
        }
    }

    /// The newest sample to be sent of every `step`th series, with its place among the samples.
    pub(crate) fn newest_of<'a>(
        &'a self,
        items: &'a [TimeSeries],
        step: impl Fn(usize) -> usize,
    ) -> Vec<(usize, &'a Labels, Sample)> {
        if self.is_plain {
            let series = items[self.range.clone()].iter().enumerate();
            let every = step(self.range.len());
            return series
                .step_by(every)
                .map(|(at, series)| (at, &series.labels, series.samples[0]))
                .collect();
        }
        let groups = self.groups.iter().filter(|group| group.len > 0);
        let newest = groups.step_by(step(self.groups.len())).map(|group| {
            let at = (group.first + group.len - 1) as usize;
            (at, &items[group.item as usize].labels, self.samples[at])
        });
        newest.collect()
    }

    /// The labels of a sample's series.
    pub(crate) fn labels_of<'a>(&self, items: &'a [TimeSeries], sample: u32) -> &'a Labels {
        &items[self.groups[self.owner[sample as usize] as usize].item as usize].labels
    }

    /// The samples of a group, as indices.
    pub(crate) fn indices(&self, group: usize) -> Range<u32> {
        let group = self.groups[group];
        group.first..group.first + group.len
    }

    fn encode_all(&self, items: &[TimeSeries], out: &mut Vec<u8>) {
        for group in self.groups.iter().filter(|group| group.len > 0) {
            let samples = &self.samples[group.first as usize..][..group.len as usize];
            encode::put_series(out, &items[group.item as usize].labels, samples.iter().copied());
        }
    }

    /// Appends the samples of these indices, which ascend, to `out`.
    pub(crate) fn encode_part(&self, items: &[TimeSeries], part: &[u32], out: &mut Vec<u8>) {
        for run in part.chunk_by(|&a, &b| self.owner[a as usize] == self.owner[b as usize]) {
            let samples = run.iter().map(|&sample| self.samples[sample as usize]);
            encode::put_series(out, self.labels_of(items, run[0]), samples);
        }
    }

    /// Has the slots that will be looked at brought into the cache.
    #[inline]
    fn prefetch_slots(&self, items: &[TimeSeries], table: Option<&SeriesTable>) {
        for item in items {
            let key = item.labels.key();
            if let Some(table) = table {
                table.prefetch(key);
            }
            self.index.prefetch(key);
        }
    }

    /// Takes a series that comes for the first time, with one good sample; false leaves everything as it was.
    #[inline]
    fn place_plain(
        &mut self,
        items: &[TimeSeries],
        item: usize,
        rules: CheckRules,
        table: Option<(&mut SeriesTable, Slot)>,
        newest_ms: i64,
    ) -> bool {
        let series = &items[item];
        let [sample] = series.samples[..] else { return false };
        if series.labels.faults().worst_in(rules.faults).is_some() {
            return false;
        }
        let begin = self.range.start;
        let key = series.labels.key();
        let Err(slot) = self.index.find(key, |other| items[begin + other as usize].labels == series.labels)
        else {
            return false;
        };
        if let Some((table, slot)) = table {
            let last = table.last_mut(key, slot);
            if sample.timestamp_ms <= last.timestamp_ms || sample.timestamp_ms > newest_ms {
                return false;
            }
            self.befores.push(*last);
            *last = Last { timestamp_ms: sample.timestamp_ms, value_bits: sample.value_bits() };
        }
        self.index.set(slot, (item - begin) as u32);
        true
    }

    /// Writes down the plain items before `end`; their groups are numbered as the index has them.
    fn lay_out(&mut self, items: &[TimeSeries], end: usize) {
        self.is_plain = false;
        for (at, item) in (self.range.start..end).enumerate() {
            let before = self.befores.get(at).copied().unwrap_or(Last::NONE);
            self.groups.push(Group { item: item as u32, first: at as u32, len: 1, before, is_late: false });
            self.samples.push(items[item].samples[0]);
            self.owner.push(at as u32);
        }
    }

    /// Places the samples of one item against the series' last sample.
    fn place_checked(
        &mut self,
        items: &[TimeSeries],
        item: usize,
        rules: CheckRules,
        (table, slot): (&mut SeriesTable, Slot),
        newest_ms: i64,
    ) {
        if self.drop_faulty(items, item, rules) {
            return;
        }
        let series = &items[item];
        let last = table.last_mut(series.labels.key(), slot);
        let group = self.group_of(items, item, *last);
        for (at, &sample) in series.samples.iter().enumerate() {
            let Group { len, before, .. } = self.groups[group as usize];
            if len > 0 && !before.is_some() && self.origin == Origin::New {
                // The series' first sample goes alone: if its answer gets lost, the repeat tells for certain
                // whether it was stored (see docs/adr/0003).
                let rest = series.samples[at..].iter().copied();
                self.deferred.push(TimeSeries::new(series.labels.clone(), rest));
                break;
            }
            match judge(sample, *last, rules, newest_ms) {
                Placing::InOrder => {
                    *last = Last { timestamp_ms: sample.timestamp_ms, value_bits: sample.value_bits() };
                    self.push(group, sample);
                }
                Placing::Late => self.late.push((item as u32, sample)),
                Placing::Drop(reason) => {
                    let reason = self.origin.reason_of_disorder(reason);
                    self.dropped.push(Dropped { item: item as u32, sample, reason });
                }
            }
        }
    }

    fn place_unchecked(&mut self, items: &[TimeSeries], item: usize, rules: CheckRules) {
        if self.drop_faulty(items, item, rules) {
            return;
        }
        let group = self.group_of(items, item, Last::NONE);
        for &sample in &items[item].samples {
            self.push(group, sample);
        }
    }

    fn drop_faulty(&mut self, items: &[TimeSeries], item: usize, rules: CheckRules) -> bool {
        let Some(fault) = items[item].labels.faults().worst_in(rules.faults) else { return false };
        let reason = Reason::of_fault(fault);
        let samples = items[item].samples.iter();
        self.dropped.extend(samples.map(|&sample| Dropped { item: item as u32, sample, reason }));
        true
    }

    #[inline]
    fn push(&mut self, group: u32, sample: Sample) {
        self.is_contiguous &= group as usize + 1 == self.groups.len();
        self.groups[group as usize].len += 1;
        self.samples.push(sample);
        self.owner.push(group);
    }

    /// The group of the item's series; a new one remembers `before`.
    #[inline]
    fn group_of(&mut self, items: &[TimeSeries], item: usize, before: Last) -> u32 {
        let labels = &items[item].labels;
        let groups = &self.groups;
        let slot = self.index.find(labels.key(), |group| {
            let other = &items[groups[group as usize].item as usize].labels;
            other == labels
        });
        match slot {
            Ok(group) => group,
            Err(free) => {
                let group = self.groups.len() as u32;
                self.index.set(free, group);
                let first = self.samples.len() as u32;
                self.groups.push(Group { item: item as u32, first, len: 0, before, is_late: false });
                group
            }
        }
    }

    /// Brings each series' samples together, keeping their order: a counting sort by group.
    fn gather(&mut self) {
        let mut next = 0;
        for group in &mut self.groups {
            group.first = next;
            next += group.len;
        }
        let mut at: Vec<u32> = self.groups.iter().map(|group| group.first).collect();
        let mut sorted = self.samples.clone();
        for (&sample, &group) in self.samples.iter().zip(&self.owner) {
            let slot = &mut at[group as usize];
            sorted[*slot as usize] = sample;
            *slot += 1;
        }
        self.samples = sorted;
        self.owner.clear();
        for (group, g) in self.groups.iter().enumerate() {
            self.owner.extend(std::iter::repeat_n(group as u32, g.len as usize));
        }
    }

    /// Late samples follow, each as a series of its own: a receiver with a window takes them in any order,
    /// and none of them can keep another from being judged alone.
    fn append_late(&mut self) {
        for (item, sample) in self.late.drain(..) {
            let first = self.samples.len() as u32;
            self.owner.push(self.groups.len() as u32);
            self.groups.push(Group { item, first, len: 1, before: Last::NONE, is_late: true });
            self.samples.push(sample);
        }
    }
}

/// Looks up the series' slots in the table, and has their last samples and their labels brought into the cache.
#[inline]
fn prefetch_series(items: &[TimeSeries], table: Option<&SeriesTable>, slots: &mut [Slot; AHEAD]) {
    for (item, slot) in items.iter().zip(slots) {
        item.labels.prefetch();
        if let Some(table) = table {
            *slot = table.probe(item.labels.key());
        }
    }
}

enum Placing {
    InOrder,
    Late,
    Drop(Reason),
}

#[inline]
fn judge(sample: Sample, last: Last, rules: CheckRules, newest_ms: i64) -> Placing {
    if sample.timestamp_ms > newest_ms {
        return Placing::Drop(Reason::TooFarInFuture);
    }
    if sample.timestamp_ms > last.timestamp_ms || !last.is_some() {
        return Placing::InOrder;
    }
    if sample.timestamp_ms == last.timestamp_ms {
        let same = sample.value_bits() == last.value_bits;
        return Placing::Drop(if same { Reason::DuplicateSame } else { Reason::Duplicate });
    }
    if last.timestamp_ms.saturating_sub(sample.timestamp_ms) <= rules.out_of_order_window_ms {
        return Placing::Late;
    }
    Placing::Drop(Reason::OutOfOrder)
}

/// Finds a series' group within one batch: open addressing that fits the nearest cache, emptied by counting
/// the batches instead of by writing.
#[derive(Debug, Default)]
struct MergeIndex {
    slots: Vec<(u32, u32)>,
    batch: u32,
}

impl MergeIndex {
    fn reset(&mut self, items: usize) {
        let wanted = (items * 2).next_power_of_two().max(64);
        if self.slots.len() < wanted || self.batch == u32::MAX {
            self.slots = vec![(0, 0); wanted.max(self.slots.len())];
            self.batch = 0;
        }
        self.batch += 1;
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        key as usize >> 8 & (self.slots.len() - 1)
    }

    #[inline]
    fn prefetch(&self, key: u64) {
        prefetch_index(&self.slots, self.home(key));
    }

    #[inline]
    fn find(&self, key: u64, is_it: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = self.home(key);
        loop {
            let (batch, group) = self.slots[slot];
            if batch != self.batch {
                return Err(slot);
            }
            if is_it(group) {
                return Ok(group);
            }
            slot = (slot + 1) & mask;
        }
    }

    #[inline]
    fn set(&mut self, slot: usize, group: u32) {
        self.slots[slot] = (self.batch, group);
    }
}
