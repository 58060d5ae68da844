//! The last sent sample of each series: what the order checks look at.
//!
//! One million series must cost at most 32 bytes each and, looked up in random order, not much time. So:
//! 24 bytes a series (a 62-bit keyed hash, a timestamp, the value's bits) with a load of at least 7/9, reached
//! by many small segments that each grow by an eighth. Keys lie in buckets of eight, one cache line, that are
//! compared all at once: at such a load a probe slot by slot would mispredict its end more often than not.
//! [`SeriesTable::touch`] and [`SeriesTable::probe`], called for a whole run of series before the first is
//! used, let their cache misses happen side by side instead of one after another.
//!
//! Two series that share a 62-bit hash would be taken for one. The hash is keyed per process, so this is
//! chance alone: about 10⁻⁷ for a million series.
//!
//! A series that was idle between two sweeps is forgotten; then only the receiver can tell that its next
//! sample is late.

use prefetch_index::prefetch_index;

/// A series' last sent sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Last {
    /// [`Last::NONE`]'s value when nothing of the series has been accepted yet.
    pub(crate) timestamp_ms: i64,
    pub(crate) value_bits: u64,
}

impl Last {
    /// Nothing of the series has been accepted.
    pub(crate) const NONE: Self = Self { timestamp_ms: i64::MIN, value_bits: 0 };

    pub(crate) fn is_some(self) -> bool {
        self.timestamp_ms != i64::MIN
    }
}

const SEGMENTS: usize = 64;
const SEGMENT_BITS: u32 = SEGMENTS.trailing_zeros();
/// Lowest bit of a key: set when the series was used since the last sweep.
const USED: u64 = 1;
/// Set in every stored key, so that none is [`EMPTY`] when its mark goes.
const PRESENT: u64 = 2;
const MARKS: u64 = USED | PRESENT;
/// No key.
const EMPTY: u64 = 0;

/// Keys of a bucket: a cache line.
const BUCKET: usize = 8;

/// Eight series. Slots are taken from the first to the last, so that the last tells whether the bucket is full.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
struct Bucket {
    keys: [u64; BUCKET],
    lasts: [Last; BUCKET],
}

const EMPTY_BUCKET: Bucket = Bucket { keys: [EMPTY; BUCKET], lasts: [Last::NONE; BUCKET] };

#[derive(Debug, Default)]
struct Segment {
    buckets: Vec<Bucket>,
    len: usize,
}

/// Where a series probably is: [`SeriesTable::probe`]'s answer. A growing table makes it wrong, not unsafe.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slot {
    bucket: u32,
    at: u32,
}

/// Last samples by series, bounded.
#[derive(Debug)]
pub(crate) struct SeriesTable {
    segments: Vec<Segment>,
    max_per_segment: usize,
    next_sweep: usize,
}

impl SeriesTable {
    /// A table of at most about `max_series` series.
    pub(crate) fn new(max_series: usize) -> Self {
        let segments = (0..SEGMENTS).map(|_| Segment::default()).collect();
        Self { segments, max_per_segment: max_series.div_ceil(SEGMENTS).max(8), next_sweep: 0 }
    }

    /// Series remembered.
    pub(crate) fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.len).sum()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let buckets: usize = self.segments.iter().map(|segment| segment.buckets.capacity()).sum();
        buckets * size_of::<Bucket>() + size_of_val(self.segments.as_slice())
    }

    /// Has the keys where the look-up will begin brought into the cache.
    #[inline]
    pub(crate) fn prefetch(&self, key: u64) {
        let segment = &self.segments[segment_of(key)];
        prefetch_index(&segment.buckets, home(key, segment.buckets.len()));
    }

    /// Looks up where the series is, or would go, and has its last sample brought into the cache.
    #[inline]
    pub(crate) fn probe(&self, key: u64) -> Slot {
        let segment = &self.segments[segment_of(key)];
        match segment.find(key | MARKS) {
            Ok(slot) => {
                prefetch_index(segment.buckets[slot.bucket as usize].lasts.as_slice(), slot.at as usize);
                slot
            }
            Err(free) => free,
        }
    }

    /// The last sample of the series, which is [`Last::NONE`] for one not seen before; marks it as used.
    /// `slot` is where it probably is.
    #[inline]
    pub(crate) fn last_mut(&mut self, key: u64, slot: Slot) -> &mut Last {
        let max = self.max_per_segment;
        let segment = &mut self.segments[segment_of(key)];
        let key = key | MARKS;
        let slot = if segment.holds(key, slot) { slot } else { segment.find_or_insert(key, max) };
        let bucket = &mut segment.buckets[slot.bucket as usize];
        bucket.keys[slot.at as usize % BUCKET] = key;
        &mut bucket.lasts[slot.at as usize % BUCKET]
    }

    /// Sets the last sample of a series, if it is still remembered.
    pub(crate) fn restore(&mut self, key: u64, last: Last) {
        let segment = &mut self.segments[segment_of(key)];
        if let Ok(slot) = segment.find(key | MARKS) {
            segment.buckets[slot.bucket as usize].lasts[slot.at as usize] = last;
        }
    }

    /// Forgets the series of the next segment that were not used since its last sweep. A full round over
    /// the table takes [`Self::SWEEPS_PER_ROUND`] calls.
    pub(crate) fn sweep_one_segment(&mut self) {
        self.segments[self.next_sweep].sweep();
        self.next_sweep = (self.next_sweep + 1) % SEGMENTS;
    }

    /// Calls of [`Self::sweep_one_segment`] in a round.
    pub(crate) const SWEEPS_PER_ROUND: u32 = SEGMENTS as u32;
}

#[inline]
fn segment_of(key: u64) -> usize {
    (key >> (64 - SEGMENT_BITS)) as usize
}

/// The bucket where probing begins: bits below the segment's, scaled to the number of buckets.
#[inline]
fn home(key: u64, buckets: usize) -> usize {
    let bits = (key << SEGMENT_BITS) >> 32;
    ((bits * buckets as u64) >> 32) as usize
}

impl Bucket {
    /// A bit for each slot that holds `key`, whose marks are set.
    #[inline]
    fn matches(&self, key: u64) -> u32 {
        (0..BUCKET).fold(0, |found, at| found | u32::from(self.keys[at] | USED == key) << at)
    }

    fn is_full(&self) -> bool {
        self.keys[BUCKET - 1] != EMPTY
    }

    fn taken(&self) -> usize {
        self.keys.iter().take_while(|&&key| key != EMPTY).count()
    }
}

impl Segment {
    /// Where `key` is, or would go.
    #[inline]
    fn find(&self, key: u64) -> Result<Slot, Slot> {
        let mut at = home(key, self.buckets.len());
        while let Some(bucket) = self.buckets.get(at) {
            let found = bucket.matches(key);
            if found != 0 {
                return Ok(Slot { bucket: at as u32, at: found.trailing_zeros() });
            }
            if !bucket.is_full() {
                return Err(Slot { bucket: at as u32, at: bucket.taken() as u32 });
            }
            at = if at + 1 == self.buckets.len() { 0 } else { at + 1 };
        }
        Err(Slot::default())
    }

    #[inline]
    fn holds(&self, key: u64, slot: Slot) -> bool {
        let bucket = self.buckets.get(slot.bucket as usize);
        bucket.is_some_and(|bucket| bucket.keys[slot.at as usize % BUCKET] | USED == key)
    }

    #[cold]
    fn find_or_insert(&mut self, key: u64, max: usize) -> Slot {
        match self.find(key) {
            Ok(slot) => slot,
            Err(free) => self.insert(key, free, max),
        }
    }

    fn slots(&self) -> usize {
        self.buckets.len() * BUCKET
    }

    fn insert(&mut self, key: u64, free: Slot, max: usize) -> Slot {
        let mut free = free;
        // Load stays at or below 7/8, so that there is always a bucket that is not full to end a probe.
        if self.len + 1 > self.slots() * 7 / 8 {
            if self.len >= max {
                self.make_room();
            } else {
                self.rebuild(self.buckets.len() + self.buckets.len() / 8 + 1, |_| true);
            }
            free = match self.find(key) {
                Ok(slot) | Err(slot) => slot,
            };
        }
        self.put(free, key, Last::NONE);
        free
    }

    fn put(&mut self, free: Slot, key: u64, last: Last) {
        let bucket = &mut self.buckets[free.bucket as usize];
        bucket.keys[free.at as usize] = key;
        bucket.lasts[free.at as usize] = last;
        self.len += 1;
    }

    fn keys(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().flat_map(|bucket| bucket.keys)
    }

    fn used(&self) -> usize {
        self.keys().filter(|key| key & USED != 0).count()
    }

    /// At the bound: forget what is idle; if nearly all is in use, every other series.
    fn make_room(&mut self) {
        let buckets = self.buckets.len();
        if self.used() < self.slots() * 6 / 8 {
            self.rebuild(buckets, |key| key & USED != 0);
        } else {
            let mut odd = false;
            self.rebuild(buckets, |_| {
                odd = !odd;
                odd
            });
        }
        self.forget_use();
    }

    fn sweep(&mut self) {
        let used = self.used();
        let wanted = if used == 0 { 0 } else { (used * 8 / 7 + 1).div_ceil(BUCKET) };
        self.rebuild(wanted.min(self.buckets.len()), |key| key & USED != 0);
        self.forget_use();
    }

    fn forget_use(&mut self) {
        self.buckets.iter_mut().flat_map(|bucket| &mut bucket.keys).for_each(|key| *key &= !USED);
    }

    fn rebuild(&mut self, buckets: usize, mut keep: impl FnMut(u64) -> bool) {
        let before = std::mem::replace(&mut self.buckets, vec![EMPTY_BUCKET; buckets]);
        self.len = 0;
        for (key, last) in before.into_iter().flat_map(|bucket| bucket.keys.into_iter().zip(bucket.lasts)) {
            if key != EMPTY
                && keep(key)
                && let Err(free) = self.find(key | MARKS)
            {
                self.put(free, key, last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn key(n: u64) -> u64 {
        n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (n << 7)
    }

    /// As batches do it: the slot is looked up, then used.
    fn at(table: &mut SeriesTable, key: u64) -> &mut Last {
        let slot = table.probe(key);
        table.last_mut(key, slot)
    }

    fn last(n: i64) -> Last {
        Last { timestamp_ms: n, value_bits: n as u64 }
    }

    #[test]
    fn holds_what_a_hash_map_holds() {
        let mut table = SeriesTable::new(1_000_000);
        let mut model = HashMap::new();
        for n in 0..200_000u64 {
            let key = key(n * 7919 % 50_000);
            let slot = at(&mut table, key);
            assert_eq!(*slot, model.get(&key).copied().unwrap_or(Last::NONE));
            *slot = last(n as i64);
            model.insert(key, last(n as i64));
        }
        assert_eq!(table.len(), model.len());
    }

    #[test]
    fn a_series_costs_at_most_32_bytes() {
        let mut table = SeriesTable::new(10_000_000);
        let mut worst: f64 = 0.0;
        for n in 0..1_000_000u64 {
            at(&mut table, key(n));
            if n >= 100_000 && n % 10_000 == 0 {
                worst = worst.max(table.bytes() as f64 / table.len() as f64);
            }
        }
        assert!(worst <= 32.0, "{worst} bytes a series");
    }

    #[test]
    fn idle_series_are_forgotten_and_used_ones_kept() {
        let mut table = SeriesTable::new(1_000_000);
        let round = |table: &mut SeriesTable| {
            (0..SeriesTable::SWEEPS_PER_ROUND).for_each(|_| table.sweep_one_segment())
        };
        (0..10_000).for_each(|n| *at(&mut table, key(n)) = last(n as i64));
        round(&mut table);
        assert_eq!(table.len(), 10_000); // used since the start
        (0..100).for_each(|n| assert_eq!(*at(&mut table, key(n)), last(n as i64)));
        round(&mut table);
        assert_eq!(table.len(), 100);
        assert!(table.bytes() < 40_000, "{}", table.bytes());
        (0..100).for_each(|n| assert_eq!(*at(&mut table, key(n)), last(n as i64)));
        assert_eq!(*at(&mut table, key(5000)), Last::NONE);
    }

    #[test]
    fn the_bound_holds_however_many_series_come() {
        let mut table = SeriesTable::new(10_000);
        for n in 0..200_000 {
            *at(&mut table, key(n)) = last(n as i64);
            assert_eq!(at(&mut table, key(n)).timestamp_ms, n as i64);
        }
        assert!(table.len() <= 11_000, "{}", table.len());
        assert!(table.bytes() <= 32 * 11_000 + 8_000, "{}", table.bytes());
    }

    #[test]
    fn restore_puts_back_what_was_and_ignores_the_forgotten() {
        let mut table = SeriesTable::new(1000);
        *at(&mut table, key(1)) = last(5);
        table.restore(key(1), Last::NONE);
        table.restore(key(2), last(9));
        assert_eq!(*at(&mut table, key(1)), Last::NONE);
        assert_eq!(table.len(), 1);
    }
}
