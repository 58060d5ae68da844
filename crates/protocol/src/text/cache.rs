//! Remembers the label sets that lines spelled lately, so that a series that comes again is not built again.
//!
//! The key is the exact text of a line's label part. A reader guesses where that part ends without parsing
//! it; a wrong guess is only a miss, because what is stored was parsed whole, and a text that was once a
//! complete label part is one wherever it stands. One slot for each hash, no chains: input that collides on
//! purpose costs misses, nothing more. A text is stored when it comes a second time before another one of its
//! slot, so that a stream of ever new series neither allocates here nor drives out those that return.

use narthex_model::Labels;
use xxhash_rust::xxh3::xxh3_64;

/// Slots at the first miss.
const FIRST_SLOTS: usize = 1 << 6;
/// Below this many slots for each that is taken there are twice as many next: where a slot has no chain, room
/// is what keeps series from driving each other out.
const SLOTS_PER_ENTRY: usize = 8;
/// Most slots. Each holds at most 384 bytes of text, some 530 of labels and 90 of its own: 16 MiB when all are full.
const MAX_SLOTS: usize = 1 << 14;
/// Longest text that is kept: twice that of a series of ten labels.
const MAX_TEXT_BYTES: usize = 384;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct LabelCache {
    /// Empty until the first miss, then a power of two.
    slots: Vec<Slot>,
    taken: usize,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    /// Hash of the text that missed last; 0 before the first.
    candidate: u64,
    hash: u64,
    entry: Option<(Box<[u8]>, Labels)>,
}

/// The trace of a look-up that found nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Miss {
    length: usize,
    hash: u64,
}

impl LabelCache {
    /// The label set that this text spelled before.
    #[inline]
    pub(super) fn look_up(&self, text: &[u8]) -> Result<Labels, Miss> {
        let hash = xxh3_64(text);
        match self.slots.get(self.index(hash)) {
            Some(Slot { hash: held, entry: Some((known, labels)), .. })
                if *held == hash && **known == *text =>
            {
                Ok(labels.clone())
            }
            _ => Err(Miss { length: text.len(), hash }),
        }
    }

    /// Offers a parsed text. `miss` is what the look-up at the same place of the line gave: where the guess
    /// was right, the hash is known.
    #[inline]
    pub(super) fn offer(&mut self, text: &[u8], labels: &Labels, miss: Miss) {
        if text.len() > MAX_TEXT_BYTES {
            return;
        }
        if self.taken * SLOTS_PER_ENTRY >= self.slots.len() && self.slots.len() < MAX_SLOTS {
            self.grow();
        }
        let hash = if miss.length == text.len() { miss.hash } else { xxh3_64(text) };
        let index = self.index(hash);
        let Some(slot) = self.slots.get_mut(index) else { return };
        if slot.candidate == hash {
            self.taken += usize::from(slot.entry.is_none());
            *slot = Slot { candidate: hash, hash, entry: Some((Box::from(text), labels.detached())) };
        } else {
            slot.candidate = hash;
        }
    }

    #[inline]
    fn index(&self, hash: u64) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
    }

    #[cold]
    fn grow(&mut self) {
        let wider = vec![Slot::default(); FIRST_SLOTS.max(self.slots.len() * 2)];
        let kept = std::mem::replace(&mut self.slots, wider).into_iter().filter(|slot| slot.entry.is_some());
        for slot in kept {
            let index = self.index(slot.hash);
            if let Some(place) = self.slots.get_mut(index) {
                *place = slot; // none is there: its old place became this one and another
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(cache: &mut LabelCache, text: &[u8]) -> Labels {
        let labels = Labels::from_pairs([(&b"__name__"[..], text)]);
        let miss = cache.look_up(text).unwrap_err();
        cache.offer(text, &labels, miss);
        labels
    }

    #[test]
    fn a_text_is_kept_from_its_second_time_on() {
        let mut cache = LabelCache::default();
        offer(&mut cache, b"a");
        assert!(cache.look_up(b"a").is_err());
        let labels = offer(&mut cache, b"a");
        let kept = cache.look_up(b"a").unwrap();
        assert!(kept == labels && kept.ptr_eq(&cache.look_up(b"a").unwrap()));
        assert!(cache.look_up(b"b").is_err());
    }

    #[test]
    fn a_wrong_guess_stores_the_text_that_was_parsed() {
        let mut cache = LabelCache::default();
        let labels = Labels::from_pairs([("__name__", "a")]);
        for _ in 0..2 {
            let miss = cache.look_up(b"a{} 1 {}").unwrap_err();
            cache.offer(b"a{}", &labels, miss);
        }
        assert!(cache.look_up(b"a{}").is_ok());
        assert!(cache.look_up(b"a{} 1 {}").is_err());
    }

    #[test]
    fn growing_forgets_nothing() {
        let mut cache = LabelCache::default();
        let texts: Vec<_> = (0..200).map(|i| format!("series_{i}")).collect();
        let mut kept = Vec::new();
        for text in &texts {
            for _ in 0..2 {
                if cache.look_up(text.as_bytes()).is_err() {
                    offer(&mut cache, text.as_bytes());
                }
            }
            kept.retain(|k: &&String| cache.look_up(k.as_bytes()).is_ok()); // driven out by its slot's next
            kept.push(text);
        }
        assert!(cache.slots.len() >= 1024 && kept.len() > 150, "{} {}", cache.slots.len(), kept.len());
    }

    #[test]
    fn memory_is_bounded_by_slots_and_length() {
        let mut cache = LabelCache::default();
        for i in 0..3 * MAX_SLOTS {
            let text = format!("series_{i}");
            offer(&mut cache, text.as_bytes());
            if cache.look_up(text.as_bytes()).is_err() {
                offer(&mut cache, text.as_bytes());
            }
        }
        assert_eq!(cache.slots.len(), MAX_SLOTS);
        assert!(
            cache.taken <= MAX_SLOTS
                && cache.taken == cache.slots.iter().filter(|s| s.entry.is_some()).count()
        );
        let long = vec![b'x'; MAX_TEXT_BYTES + 1];
        offer(&mut cache, &long);
        offer(&mut cache, &long);
        assert!(cache.look_up(&long).is_err());
    }
}
