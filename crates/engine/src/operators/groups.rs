//! Keys of groups: each gets a number, in the order in which they come.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::aggregate::bytes_at;

/// The keys of groups as bytes in one block, found by a table of their numbers.
#[derive(Default)]
pub(crate) struct Groups {
    bytes: Vec<u8>,
    /// Where each key ends.
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Groups {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All keys, in the order of their numbers.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|number| bytes_at(&self.bytes, &self.ends, number))
    }

    /// The number of a key's group, a new one if need be.
    pub(crate) fn number(&mut self, key: &[u8]) -> usize {
        let Self { bytes, ends, table, hasher } = self;
        let hash = hasher.hash_one(key);
        let is_it = |&number: &u32| bytes_at(bytes, ends, number as usize) == key;
        if let Some(&number) = table.find(hash, is_it) {
            return number as usize;
        }
        let number = ends.len();
        bytes.extend_from_slice(key);
        ends.push(bytes.len());
        let again = |&number: &u32| hasher.hash_one(bytes_at(bytes, ends, number as usize));
        table.insert_unique(hash, number as u32, again);
        number
    }
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
