//! Short byte strings compared and copied in place: names, keys and labels have some ten bytes, for which a call costs
//! more than the work.

use std::ops::Range;

/// Whether bytes begin with others.
#[inline]
pub fn begins_with(bytes: &[u8], others: &[u8]) -> bool {
    bytes.get(..others.len()).is_some_and(|bytes| same_bytes(bytes, others))
}

/// Whether bytes are the same.
#[inline]
pub fn same_bytes(bytes: &[u8], others: &[u8]) -> bool {
    if bytes.len() != others.len() {
        return false;
    }
    if bytes.len() > 32 {
        return bytes == others;
    }
    if let (Some(last), Some(last_of_others)) = (bytes.last_chunk::<8>(), others.last_chunk::<8>()) {
        // Words, and at last the eight bytes before the end, of which some were compared already.
        let words = bytes.chunks_exact(8).zip(others.chunks_exact(8));
        return last == last_of_others && words.into_iter().all(|(one, other)| one == other);
    }
    if let (Some(first), Some(first_of_others)) = (bytes.first_chunk::<4>(), others.first_chunk::<4>()) {
        return first == first_of_others && bytes.last_chunk::<4>() == others.last_chunk::<4>();
    }
    bytes.iter().eq(others)
}

/// Appends a part of bytes that may go on behind it; false if they have no such part. One of at most `SHORT` bytes is
/// copied with what follows, which takes no call, and cut to its length.
#[inline]
pub fn append_part<const SHORT: usize>(out: &mut Vec<u8>, bytes: &[u8], part: Range<usize>) -> bool {
    match bytes.get(part.start..).and_then(|rest| rest.first_chunk::<SHORT>()) {
        Some(chunk) if part.len() <= SHORT => {
            let end = out.len() + part.len();
            out.extend_from_slice(chunk);
            out.truncate(end);
            true
        }
        _ => bytes.get(part).map(|part| out.extend_from_slice(part)).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_byte_of_each_length_counts() {
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).collect();
            assert!(same_bytes(&bytes, &bytes.clone()));
            assert!(!same_bytes(&bytes, &[&bytes[..], &[0]].concat()));
            assert!(begins_with(&[&bytes[..], &[0]].concat(), &bytes));
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 0x40;
                assert!(!same_bytes(&bytes, &other), "byte {at} of {length}");
                assert!(!begins_with(&other, &bytes) && !begins_with(&bytes[..at], &bytes));
            }
        }
    }

    proptest! {
        #[test]
        fn as_the_standard_library(one in "[ab]{0,12}", other in "[ab]{0,12}") {
            prop_assert_eq!(same_bytes(one.as_bytes(), other.as_bytes()), one == other);
            prop_assert_eq!(begins_with(one.as_bytes(), other.as_bytes()), one.starts_with(&other));
        }
    }
}
