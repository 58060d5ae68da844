//! Keys of groups: each gets a number, in the order in which they come.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use narthex_model::same_bytes;

/// Keys that are kept together. A full block is never moved: one list that grows would be copied again and again, and hold
/// room for twice what is in it.
const BLOCK_KEYS: usize = 4 * 1024;

/// The keys of groups, found by a table of their numbers.
#[derive(Default)]
pub(crate) struct Groups {
    blocks: Vec<Block>,
    len: usize,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// How many were left when some were let go of.
    left: usize,
}

/// Keys one behind the other, and where each ends.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Groups {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All keys, in the order of their numbers.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len).map(|number| key(&self.blocks, number))
    }

    /// Memory that it has.
    pub(crate) fn bytes(&self) -> usize {
        let keys = self.blocks.iter().map(|block| block.bytes.capacity() + block.ends.capacity() * 8);
        keys.sum::<usize>() + self.table.allocation_size()
    }

    /// Whether there are so many more than were left the last time that it is worth to look which are needed.
    pub(crate) fn have_grown(&self) -> bool {
        self.len >= 2 * self.left + BLOCK_KEYS
    }

    /// Lets go of keys; the others move up, in their order. By the old number of each, the new one.
    pub(crate) fn retain(&mut self, stays: impl Fn(usize) -> bool) -> Vec<Option<usize>> {
        let all = std::mem::take(self);
        let moved = all.keys().enumerate().map(|(number, key)| stays(number).then(|| self.number(key)));
        let moved = moved.collect();
        self.left = self.len;
        moved
    }

    /// The number of a key's group, a new one if need be.
    pub(crate) fn number(&mut self, wanted: &[u8]) -> usize {
        let Self { blocks, len, table, hasher, .. } = self;
        let hash = hasher.hash_one(wanted);
        if let Some(&number) = table.find(hash, |&number| same_bytes(key(blocks, number as usize), wanted)) {
            return number as usize;
        }
        let number = *len;
        if number.is_multiple_of(BLOCK_KEYS) {
            if let Some(full) = blocks.last_mut() {
                full.bytes.shrink_to_fit();
            }
            blocks.push(Block::default());
        }
        if let Some(block) = blocks.last_mut() {
            block.bytes.extend_from_slice(wanted);
            block.ends.push(block.bytes.len());
        }
        *len += 1;
        let again = |&number: &u32| hasher.hash_one(key(blocks, number as usize));
        table.insert_unique(hash, number as u32, again);
        number
    }
}

/// What there is of each group, without those that are let go of.
pub(crate) fn compacted<T>(of_groups: Vec<T>, moved: &[Option<usize>]) -> Vec<T> {
    of_groups.into_iter().zip(moved).filter_map(|(of_group, moved)| moved.map(|_| of_group)).collect()
}

/// The key of a group.
fn key(blocks: &[Block], number: usize) -> &[u8] {
    let Some(block) = blocks.get(number / BLOCK_KEYS) else { return &[] };
    let at = number % BLOCK_KEYS;
    let end = |at: usize| block.ends.get(at).copied().unwrap_or(0);
    let start = at.checked_sub(1).map_or(0, end);
    block.bytes.get(start..end(at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_number() {
        let mut groups = Groups::default();
        let mut numbers = std::collections::HashMap::new();
        for n in 0..30_000_u32 {
            let key = (n * 7919 % 10_000).to_le_bytes();
            let number = groups.number(&key);
            assert_eq!(*numbers.entry(key.to_vec()).or_insert(number), number);
        }
        assert!(
            groups.keys().enumerate().all(|(number, key)| numbers[key] == number),
            "a key has another's place"
        );
        assert_eq!((groups.len(), groups.number(b""), groups.number(b"")), (10_000, 10_000, 10_000));
        assert!(groups.have_grown());
        let moved = groups.retain(|number| number.is_multiple_of(3));
        assert_eq!((groups.len(), &moved[..4]), (3_334, &[Some(0), None, None, Some(1)][..]));
        assert_eq!(compacted((0..10_001).collect(), &moved)[..3], [0, 3, 6]);
        for (key, number) in numbers {
            let again = moved[number];
            assert!(
                again.is_none_or(|again| groups.number(&key) == again),
                "a key was moved to another's place"
            );
        }
        assert_eq!((groups.len(), groups.have_grown()), (3_334, false));
    }
}
