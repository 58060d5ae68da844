//! The last sent sample of each series: what the order checks look at.
//!
//! One million series must cost at most 32 bytes each and, looked up in random order, not much time. So:
//! 24 bytes a series (a 62-bit keyed hash, a timestamp, the value's bits) in open addressing with a load of
//! at least 7/9, reached by many small segments that each grow by an eighth; keys lie apart from the rest, so
//! that probing touches one cache line; and [`SeriesTable::touch`] lets a batch's first look-ups miss the
//! cache side by side instead of one after another.
//!
//! Two series that share a 62-bit hash would be taken for one. The hash is keyed per process, so this is
//! chance alone: about 10⁻⁷ for a million series.
//!
//! A series that was idle between two sweeps is forgotten; then only the receiver can tell that its next
//! sample is late.

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

#[derive(Debug, Default)]
struct Segment {
    keys: Vec<u64>,
    lasts: Vec<Last>,
    len: usize,
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
        let slots: usize = self.segments.iter().map(|segment| segment.keys.capacity()).sum();
        slots * (size_of::<u64>() + size_of::<Last>()) + size_of_val(self.segments.as_slice())
    }

    /// Reads where the look-up of `key` will begin and, as entries are often displaced by a few slots, the
    /// cache lines after. The sum keeps the reads from being optimised away.
    #[inline]
    pub(crate) fn touch(&self, key: u64) -> u64 {
        let segment = &self.segments[segment_of(key)];
        let home = home(key, segment.keys.len());
        let key = |ahead: usize| segment.keys.get(home + ahead).copied().unwrap_or(0);
        let last = |ahead: usize| segment.lasts.get(home + ahead).map_or(0, |last| last.value_bits);
        key(0) ^ key(7) ^ last(0) ^ last(4)
    }

    /// The last sample of the series, which is [`Last::NONE`] for one not seen before; marks it as used.
    #[inline]
    pub(crate) fn last_mut(&mut self, key: u64) -> &mut Last {
        let max = self.max_per_segment;
        let segment = &mut self.segments[segment_of(key)];
        let key = key | MARKS;
        let slot = match segment.find(key) {
            Ok(slot) => slot,
            Err(free) => segment.insert(key, free, max),
        };
        segment.keys[slot] = key;
        &mut segment.lasts[slot]
    }

    /// Sets the last sample of a series, if it is still remembered.
    pub(crate) fn restore(&mut self, key: u64, last: Last) {
        let segment = &mut self.segments[segment_of(key)];
        if let Ok(slot) = segment.find(key | MARKS) {
            segment.lasts[slot] = last;
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

/// The slot where probing begins: bits below the segment's, scaled to the capacity.
#[inline]
fn home(key: u64, capacity: usize) -> usize {
    let bits = (key << SEGMENT_BITS) >> 32;
    ((bits * capacity as u64) >> 32) as usize
}

impl Segment {
    /// The slot of `key`, or the free one where it would go.
    #[inline]
    fn find(&self, key: u64) -> Result<usize, usize> {
        let capacity = self.keys.len();
        let mut slot = home(key, capacity);
        while slot < capacity {
            let found = self.keys[slot];
            if found | USED == key {
                return Ok(slot);
            }
            if found == EMPTY {
                return Err(slot);
            }
            slot += 1;
            if slot == capacity {
                slot = 0;
            }
        }
        Err(0)
    }

    #[cold]
    fn insert(&mut self, key: u64, free: usize, max: usize) -> usize {
        let mut free = free;
        // Load stays at or below 7/8, so that there is always a free slot to end a probe.
        if self.len + 1 > self.keys.len() * 7 / 8 {
            if self.len >= max {
                self.make_room();
            } else {
                self.rebuild(self.keys.len() + self.keys.len() / 8 + 8, |_| true);
            }
            free = match self.find(key) {
                Ok(slot) | Err(slot) => slot,
            };
        }
        self.keys[free] = key;
        self.lasts[free] = Last::NONE;
        self.len += 1;
        free
    }

    /// At the bound: forget what is idle; if nearly all is in use, every other series.
    fn make_room(&mut self) {
        let capacity = self.keys.len();
        let used = self.keys.iter().filter(|&&key| key & USED != 0).count();
        if used < capacity * 6 / 8 {
            self.rebuild(capacity, |key| key & USED != 0);
        } else {
            let mut odd = false;
            self.rebuild(capacity, |_| {
                odd = !odd;
                odd
            });
        }
        self.forget_use();
    }

    fn sweep(&mut self) {
        let used = self.keys.iter().filter(|&&key| key & USED != 0).count();
        let capacity = if used == 0 { 0 } else { (used * 8 / 7 + 8).min(self.keys.len()) };
        self.rebuild(capacity, |key| key & USED != 0);
        self.forget_use();
    }

    fn forget_use(&mut self) {
        self.keys.iter_mut().for_each(|key| *key &= !USED);
    }

    fn rebuild(&mut self, capacity: usize, mut keep: impl FnMut(u64) -> bool) {
        let keys = std::mem::replace(&mut self.keys, vec![EMPTY; capacity]);
        let lasts = std::mem::replace(&mut self.lasts, vec![Last::NONE; capacity]);
        self.len = 0;
        for (key, last) in keys.into_iter().zip(lasts) {
            if key != EMPTY
                && keep(key)
                && let Err(free) = self.find(key | MARKS)
            {
                self.keys[free] = key;
                self.lasts[free] = last;
                self.len += 1;
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

    fn last(n: i64) -> Last {
        Last { timestamp_ms: n, value_bits: n as u64 }
    }

    #[test]
    fn holds_what_a_hash_map_holds() {
        let mut table = SeriesTable::new(1_000_000);
        let mut model = HashMap::new();
        for n in 0..200_000u64 {
            let key = key(n * 7919 % 50_000);
            let slot = table.last_mut(key);
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
            table.last_mut(key(n));
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
        (0..10_000).for_each(|n| *table.last_mut(key(n)) = last(n as i64));
        round(&mut table);
        assert_eq!(table.len(), 10_000); // used since the start
        (0..100).for_each(|n| assert_eq!(*table.last_mut(key(n)), last(n as i64)));
        round(&mut table);
        assert_eq!(table.len(), 100);
        assert!(table.bytes() < 40_000, "{}", table.bytes());
        (0..100).for_each(|n| assert_eq!(*table.last_mut(key(n)), last(n as i64)));
        assert_eq!(*table.last_mut(key(5000)), Last::NONE);
    }

    #[test]
    fn the_bound_holds_however_many_series_come() {
        let mut table = SeriesTable::new(10_000);
        for n in 0..200_000 {
            *table.last_mut(key(n)) = last(n as i64);
            assert_eq!(table.last_mut(key(n)).timestamp_ms, n as i64);
        }
        assert!(table.len() <= 11_000, "{}", table.len());
        assert!(table.bytes() <= 32 * 11_000 + 8_000, "{}", table.bytes());
    }

    #[test]
    fn restore_puts_back_what_was_and_ignores_the_forgotten() {
        let mut table = SeriesTable::new(1000);
        *table.last_mut(key(1)) = last(5);
        table.restore(key(1), Last::NONE);
        table.restore(key(2), last(9));
        assert_eq!(*table.last_mut(key(1)), Last::NONE);
        assert_eq!(table.len(), 1);
    }
}
