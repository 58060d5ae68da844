//! Label sets that were seen lately, by a hash of their bytes in a record or a row: a device sends the same labels again
//! and again, and looking them up costs less than half of building them.
//!
//! A set is known by 77 bits, keyed with a secret of its own: nobody can look for two that agree, and by chance
//! two of a million do once in 10^11 times. Their bytes are not compared: reading them again costs more than all the
//! rest of the look-up. Bounded; and where most records are of series that it does not know, as with a million of
//! them, it is left alone for a while.

use std::hash::{BuildHasher, RandomState};

use narthex_model::Labels;
use prefetch_index::prefetch_index;
use xxhash_rust::xxh3::xxh3_128_with_secret;

/// Places in a row; a label set may lie in any of those of its row.
const WAYS: usize = 5;
/// Rows of places: 81,920 label sets in all. Of 31,000 sets, one in a hundred finds its row full.
const ROWS: usize = 16 * 1024;
/// Words of 8 bytes in a secret: as many as XXH3's own has.
const SECRET_WORDS: u64 = 24;
/// Longest bytes in a record that are looked up.
const MOST_BYTES: usize = 1024;
/// Bytes of the label sets that are kept. Then it begins anew.
const MOST_BYTES_IN_ALL: usize = 16 << 20;
/// Records after which it is asked whether the cache is of use.
const WINDOW: u32 = 8 * 1024;
/// Records that pass it by when it was not.
const PAUSE: u32 = 16 * WINDOW;

/// What a label set's bytes are known by.
#[derive(Debug, Clone, Copy)]
pub struct LabelKey {
    /// Never that of an empty place.
    hash: u64,
    row: u32,
}

/// Hashes of the label sets of a row, 0 where there is none, and where the sets are; in one line of the processor's
/// cache.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Row {
    hashes: [u64; WAYS],
    places: [u32; WAYS],
}

const EMPTY_ROW: Row = Row { hashes: [0; WAYS], places: [0; WAYS] };

/// A label set, in one line too.
#[derive(Debug)]
#[repr(align(64))]
struct Place(Labels);

/// Label sets that were seen lately, by their bytes wherever these come from.
#[derive(Debug)]
pub struct LabelCache {
    /// Drawn for each cache: hashes are told to nobody.
    secret: Box<[u8]>,
    /// No rows before the first use.
    rows: Vec<Row>,
    labels: Vec<Place>,
    bytes: usize,
    seen: u32,
    hits: u32,
    paused: u32,
    kept: usize,
}

impl Default for LabelCache {
    fn default() -> Self {
        let random = RandomState::new();
        let secret = (0..SECRET_WORDS).flat_map(|word| random.hash_one(word).to_le_bytes()).collect();
        Self { secret, rows: Vec::new(), labels: Vec::new(), bytes: 0, seen: 0, hits: 0, paused: 0, kept: 0 }
    }
}

impl LabelCache {
    /// What these bytes are known by, or nothing when they are not looked up. Where to look is brought into the
    /// processor's cache. The same bytes of another sort are another key.
    #[inline]
    pub fn key(&mut self, bytes: &[u8], sort: u128) -> Option<LabelKey> {
        if self.paused > 0 || bytes.len() > MOST_BYTES {
            self.paused = self.paused.saturating_sub(1);
            return None;
        }
        self.count();
        let hash = xxh3_128_with_secret(bytes, &self.secret) ^ sort;
        let key = LabelKey { hash: hash as u64 | 1, row: (hash >> 64) as u32 % ROWS as u32 };
        prefetch_index(self.rows.as_slice(), key.row as usize);
        Some(key)
    }

    /// Has the label set itself brought into the processor's cache, if it is here.
    #[inline]
    pub fn prefetch(&self, key: LabelKey) {
        if let Some(place) = self.place(key) {
            prefetch_index(self.labels.as_slice(), place);
        }
    }

    /// The label set: as it was built before, or as `build` makes it.
    #[inline]
    pub fn get(&mut self, key: Option<LabelKey>, build: impl FnOnce() -> Labels) -> Labels {
        let Some(key) = key else { return build() };
        if let Some(place) = self.place(key)
            && let Some(Place(labels)) = self.labels.get(place)
        {
            self.hits += 1;
            return labels.clone();
        }
        let labels = build();
        self.keep(key, &labels);
        labels
    }

    /// Where the set lies.
    #[inline]
    fn place(&self, key: LabelKey) -> Option<usize> {
        let row = self.rows.get(key.row as usize)?;
        let way = row.hashes.iter().position(|&hash| hash == key.hash)?;
        Some(row.places[way] as usize)
    }

    /// Leaves the cache alone for a while when less than half of a window's records were in it. While it fills up
    /// for the first time, few can be.
    #[inline]
    fn count(&mut self) {
        self.seen += 1;
        if self.seen == WINDOW {
            if self.hits < WINDOW / 2 && self.kept >= ROWS * WAYS {
                self.paused = PAUSE;
            }
            (self.seen, self.hits) = (0, 0);
        }
    }

    #[cold]
    fn keep(&mut self, key: LabelKey, labels: &Labels) {
        if self.rows.is_empty() || self.bytes > MOST_BYTES_IN_ALL {
            self.rows = vec![EMPTY_ROW; ROWS];
            self.labels.clear();
            self.bytes = 0;
        }
        self.kept += 1;
        let Some(row) = self.rows.get_mut(key.row as usize) else { return };
        // In memory of its own: one set must not hold a block that it shared with others.
        let place = Place(labels.detached());
        self.bytes += labels.encoded().len();
        let way = if let Some(free) = row.hashes.iter().position(|&hash| hash == 0) {
            row.places[free] = self.labels.len() as u32;
            self.labels.push(place);
            free
        } else {
            let taken = self.kept % WAYS;
            let old = std::mem::replace(&mut self.labels[row.places[taken] as usize], place);
            self.bytes -= old.0.encoded().len();
            taken
        };
        row.hashes[way] = key.hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(n: usize) -> Labels {
        Labels::from_pairs([("__name__", "m".to_owned()), ("n", n.to_string())])
    }

    /// Asks for series n; whether it had to be built.
    fn ask(cache: &mut LabelCache, n: usize) -> bool {
        let mut is_built = false;
        let key = cache.key(format!("the bytes of series {n}").as_bytes(), 0);
        let found = cache.get(key, || {
            is_built = true;
            labels(n)
        });
        assert_eq!(found, labels(n));
        is_built
    }

    #[test]
    fn what_was_seen_is_not_built_again_and_never_another() {
        let mut cache = LabelCache::default();
        assert_eq!((0..10_000).filter(|&n| ask(&mut cache, n)).count(), 10_000);
        let again = (0..10_000).filter(|&n| ask(&mut cache, n)).count();
        assert!(again < 20, "{again} of 10,000 were built again");
    }

    #[test]
    fn it_is_left_alone_where_it_is_of_no_use_and_tried_again() {
        let mut cache = LabelCache::default();
        let mut n = 0;
        while cache.paused == 0 {
            ask(&mut cache, n);
            n += 1;
            assert!(n < 400_000);
        }
        ask(&mut cache, 7);
        assert!(ask(&mut cache, 7), "it is passed by");
        while cache.paused > 0 {
            ask(&mut cache, 7);
        }
        ask(&mut cache, 7);
        assert!(!ask(&mut cache, 7));
    }

    #[test]
    fn its_memory_is_bounded() {
        let mut cache = LabelCache::default();
        let long = "x".repeat(900);
        for n in 0..40_000 {
            let large = Labels::from_pairs([("n", format!("{n}{long}"))]);
            let key = cache.key(format!("{n}").as_bytes(), 0);
            cache.get(key, || large.clone());
            assert!(cache.bytes <= MOST_BYTES_IN_ALL + large.encoded().len());
            cache.paused = 0;
        }
        let kept: usize = cache.labels.iter().map(|place| place.0.encoded().len()).sum();
        assert_eq!(kept, cache.bytes);
        for is_known in [false, true] {
            let mut is_built = false;
            let longest = vec![b'x'; MOST_BYTES + usize::from(!is_known)];
            for _ in 0..2 {
                is_built = false;
                let key = cache.key(&longest, 0);
                cache.get(key, || {
                    is_built = true;
                    labels(1)
                });
            }
            assert_eq!(is_built, !is_known, "{} bytes", longest.len());
        }
    }
}
