//! One request in the making: series taken from the queue, checked, merged and laid out in sending order.
//!
//! The layout is flat. `samples` holds what will be sent, series after series; a [`Group`] is one series'
//! range in it. Samples are then named by their index, which is also the order of the request, so that
//! isolation can speak of any part of a request as a list of indices.

use narthex_model::{Labels, LabelFaults, Sample, TimeSeries};
use narthex_protocol::encode;

use crate::Reason;
use crate::series_table::{Last, SeriesTable};

/// Look-ups whose first cache misses are taken side by side.
const TOUCH_AHEAD: usize = 64;

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
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// What was taken from the queue; holds the labels.
    pub(crate) items: Vec<TimeSeries>,
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
    late: Vec<(u32, Sample)>,
    index: MergeIndex,
    is_contiguous: bool,
}

impl Batch {
    /// Checks and lays out the items. With a table, order is checked against it and it is brought up to date.
    pub(crate) fn prepare(&mut self, rules: CheckRules, table: Option<&mut SeriesTable>, now_ms: i64) {
        self.samples.clear();
        self.owner.clear();
        self.groups.clear();
        self.dropped.clear();
        self.late.clear();
        self.index.reset(self.items.len());
        self.is_contiguous = true;
        match table {
            Some(table) => self.place_all_checked(rules, table, now_ms.saturating_add(rules.max_future_ms)),
            None => (0..self.items.len()).for_each(|item| self.place_unchecked(rules, item)),
        }
        if !self.is_contiguous {
            self.gather();
        }
        self.append_late();
    }

    /// Forgets everything, dropping the series.
    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.samples.clear();
        self.groups.clear();
    }

    /// The labels of a sample's series.
    pub(crate) fn labels_of(&self, sample: u32) -> &Labels {
        &self.items[self.groups[self.owner[sample as usize] as usize].item as usize].labels
    }

    /// The samples of a group, as indices.
    pub(crate) fn indices(&self, group: usize) -> std::ops::Range<u32> {
        let group = self.groups[group];
        group.first..group.first + group.len
    }

    /// Appends the whole request to `out`.
    pub(crate) fn encode_all(&self, out: &mut Vec<u8>) {
        for group in self.groups.iter().filter(|group| group.len > 0) {
            let samples = &self.samples[group.first as usize..][..group.len as usize];
            encode::put_series(out, &self.items[group.item as usize].labels, samples.iter().copied());
        }
    }

    /// Appends the samples of these indices, which ascend, to `out`.
    pub(crate) fn encode_part(&self, part: &[u32], out: &mut Vec<u8>) {
        for run in part.chunk_by(|&a, &b| self.owner[a as usize] == self.owner[b as usize]) {
            let samples = run.iter().map(|&sample| self.samples[sample as usize]);
            encode::put_series(out, self.labels_of(run[0]), samples);
        }
    }

    fn place_all_checked(&mut self, rules: CheckRules, table: &mut SeriesTable, newest_ms: i64) {
        let mut from = 0;
        while from < self.items.len() {
            let to = (from + TOUCH_AHEAD).min(self.items.len());
            let touched = self.items[from..to].iter().fold(0, |sum, item| sum ^ table.touch(item.labels.key()));
            std::hint::black_box(touched);
            for item in from..to {
                self.place_checked(rules, table, newest_ms, item);
            }
            from = to;
        }
    }

    /// Places the samples of one item against the series' last sample.
    fn place_checked(&mut self, rules: CheckRules, table: &mut SeriesTable, newest_ms: i64, item: usize) {
        if self.drop_faulty(rules, item) {
            return;
        }
        let key = self.items[item].labels.key();
        let last = table.last_mut(key);
        let group = self.group_of(item, *last);
        let samples = std::mem::take(&mut self.items[item].samples);
        for (at, &sample) in samples.iter().enumerate() {
            let Group { len, before, .. } = self.groups[group as usize];
            if len > 0 && !before.is_some() {
                // The series' first sample goes alone: if its answer gets lost, the repeat tells for certain
                // whether it was stored (see docs/adr/0003).
                let rest = samples[at..].iter().copied();
                self.deferred.push(TimeSeries::new(self.items[item].labels.clone(), rest));
                break;
            }
            match judge(sample, *last, rules, newest_ms) {
                Placing::InOrder => {
                    *last = Last { timestamp_ms: sample.timestamp_ms, value_bits: sample.value_bits() };
                    self.push(group, sample);
                }
                Placing::Late => self.late.push((item as u32, sample)),
                Placing::Drop(reason) => self.dropped.push(Dropped { item: item as u32, sample, reason }),
            }
        }
    }

    fn place_unchecked(&mut self, rules: CheckRules, item: usize) {
        if self.drop_faulty(rules, item) {
            return;
        }
        let group = self.group_of(item, Last::NONE);
        for at in 0..self.items[item].samples.len() {
            self.push(group, self.items[item].samples[at]);
        }
    }

    fn drop_faulty(&mut self, rules: CheckRules, item: usize) -> bool {
        let Some(fault) = self.items[item].labels.faults().worst_in(rules.faults) else { return false };
        let reason = Reason::of_fault(fault);
        let samples = &self.items[item].samples;
        self.dropped.extend(samples.iter().map(|&sample| Dropped { item: item as u32, sample, reason }));
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
    fn group_of(&mut self, item: usize, before: Last) -> u32 {
        let labels = &self.items[item].labels;
        let (items, groups) = (&self.items, &self.groups);
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
    fn find(&self, key: u64, is_it: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = key as usize >> 8 & mask;
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
