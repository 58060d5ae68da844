//! Protobuf's base-128 varint, the one piece of the wire format that a label set needs to know.

/// Bytes that `value` takes as a varint: 1 to 10.
#[inline]
pub const fn varint_len(value: u64) -> usize {
    // Seven payload bits a byte; `| 1` gives zero its one byte.
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Appends `value` as a varint.
#[inline]
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    let length = varint_len(value);
    if length <= 8 {
        // Seven bits in each byte, and the eighth bit in all but the last; what is too much is cut off again.
        let halves = value & 0x0fff_ffff | (value & 0x00ff_ffff_f000_0000) << 4;
        let quarters = halves & 0x0000_3fff_0000_3fff | (halves & 0x0fff_c000_0fff_c000) << 2;
        let bytes = quarters & 0x007f_007f_007f_007f | (quarters & 0x3f80_3f80_3f80_3f80) << 1;
        let more = 0x8080_8080_8080_8080 & ((1 << (8 * (length - 1))) - 1);
        let end = out.len() + length;
        out.extend_from_slice(&(bytes | more).to_le_bytes());
        return out.truncate(end);
    }
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_matches_what_is_written() {
        for shift in 0..64 {
            for value in [1u64 << shift, (1u64 << shift) - 1, u64::MAX >> shift] {
                let mut out = Vec::new();
                put_varint(&mut out, value);
                assert_eq!(out.len(), varint_len(value), "{value}");
                let last = out.len() - 1;
                let read = out.iter().rev().fold(0u64, |read, byte| read << 7 | u64::from(byte & 0x7f));
                assert_eq!(read, value);
                assert!(
                    out.iter().enumerate().all(|(at, byte)| (byte & 0x80 != 0) == (at < last)),
                    "{value}"
                );
            }
        }
    }
}
