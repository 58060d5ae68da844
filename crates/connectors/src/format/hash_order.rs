//! The order in which Flink has the entries of a map that it has read: that of a Java `HashMap` of its own texts.
//!
//! Nobody should rely on it, but `MAP_KEYS`, `UNNEST` and `CAST(map AS STRING)` show it.

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};

/// How large a `HashMap` begins; it doubles when it is three quarters full.
const BUCKETS: usize = 16;

/// The places of the entries, map by map; none where they lie in order, or the keys are no texts.
pub(super) fn hash_order(keys: &ArrayRef, ends: &[i32]) -> Option<UInt32Array> {
    let keys = keys.as_string_opt::<i32>()?;
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    for bounds in ends.windows(2) {
        let entries = order.get_mut(bounds[0] as usize..bounds[1] as usize)?;
        let mut buckets = BUCKETS;
        while entries.len() > buckets / 4 * 3 {
            buckets *= 2;
        }
        entries.sort_by_key(|&at| bucket(keys.value(at as usize).as_bytes(), buckets));
    }
    let is_in_order = order.iter().zip(0..).all(|(&at, place)| at == place);
    (!is_in_order).then(|| UInt32Array::from(order))
}

fn bucket(key: &[u8], buckets: usize) -> usize {
    let hash = hash(key);
    (hash ^ hash >> 16) as usize & (buckets - 1)
}

/// Murmur3 in 32 bits with the seed 42, but that each byte behind the last whole word is mixed in as a word of its own.
fn hash(bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<4>();
    let words = words.iter().map(|word| u32::from_le_bytes(*word));
    let rest = rest.iter().map(|byte| i32::from(byte.cast_signed()).cast_unsigned());
    let mixed = words.chain(rest).fold(42_u32, |hash, word| {
        let word = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    });
    let hash = mixed ^ bytes.len() as u32;
    let hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringArray;
    use std::sync::Arc;

    #[test]
    fn entries_lie_as_flink_showed_them() {
        for (keys, expected) in [
            (vec!["a", "c", "b", ""], ["", "a", "c", "b"].as_slice()),
            (vec!["k", "b", "ü", "a"], &["ü", "a", "k", "b"]),
            (vec!["b", "a"], &["a", "b"]),
        ] {
            let array: ArrayRef = Arc::new(StringArray::from(keys.clone()));
            let order = hash_order(&array, &[0, keys.len() as i32]).unwrap();
            let found: Vec<&str> = order.values().iter().map(|&at| keys[at as usize]).collect();
            assert_eq!(found, expected);
        }
        let in_order: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
        assert_eq!(hash_order(&in_order, &[0, 2, 3]), None);
    }
}
