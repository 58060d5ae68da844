//! Keys of groups: each gets a number, in the order in which they come.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Bytes of keys that are kept together. Blocks are never moved: a list that grows would have to be copied, and would hold
/// room for twice what is in it.
const BLOCK_BYTES: usize = 64 * 1024;

/// The keys of groups, found by a table of their numbers.
#[derive(Default)]
pub(crate) struct Groups {
    blocks: Vec<Vec<u8>>,
    /// Where each key begins: its block, and the place in it. It ends where the next one of its block begins.
    places: Vec<(u32, u32)>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Groups {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// All keys, in the order of their numbers.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|number| key(&self.blocks, &self.places, number))
    }

    /// The number of a key's group, a new one if need be.
    pub(crate) fn number(&mut self, wanted: &[u8]) -> usize {
        let Self { blocks, places, table, hasher } = self;
        let hash = hasher.hash_one(wanted);
        let is_it = |&number: &u32| key(blocks, places, number as usize) == wanted;
        if let Some(&number) = table.find(hash, is_it) {
            return number as usize;
        }
        let has_room = blocks.last().is_some_and(|block| block.len() + wanted.len() <= block.capacity());
        if !has_room {
            // The first block grows: most groups are few.
            let first = if blocks.is_empty() { wanted.len().max(64) } else { BLOCK_BYTES.max(wanted.len()) };
            match blocks.as_mut_slice() {
                [block] if block.len() + wanted.len() <= BLOCK_BYTES => block.reserve(wanted.len()),
                _ => blocks.push(Vec::with_capacity(first)),
            }
        }
        let number = places.len();
        let at = blocks.len().saturating_sub(1);
        if let Some(block) = blocks.last_mut() {
            places.push((at as u32, block.len() as u32));
            block.extend_from_slice(wanted);
        }
        let again = |&number: &u32| hasher.hash_one(key(blocks, places, number as usize));
        table.insert_unique(hash, number as u32, again);
        number
    }
}

/// The key of a group.
fn key<'a>(blocks: &'a [Vec<u8>], places: &[(u32, u32)], number: usize) -> &'a [u8] {
    let Some(&(block, start)) = places.get(number) else { return &[] };
    let Some(bytes) = blocks.get(block as usize) else { return &[] };
    let end = match places.get(number + 1) {
        Some(&(next, end)) if next == block => end as usize,
        _ => bytes.len(),
    };
    bytes.get(start as usize..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_number() {
        let mut groups = Groups::default();
        let mut numbers = std::collections::HashMap::new();
        for n in 0..10_000_u32 {
            let key = (n * 7919 % 1_000).to_le_bytes();
            let number = groups.number(&key);
            assert_eq!(*numbers.entry(key).or_insert(number), number);
        }
        assert_eq!((groups.len(), groups.number(b""), groups.number(b"")), (1_000, 1_000, 1_000));
    }
}
