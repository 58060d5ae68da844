//! Writes integers and values as text without the formatting machinery, which would cost more than the rest.

/// Two digits at a time.
const PAIRS: &[u8; 200] = b"00010203040506070809101112131415161718192021222324252627282930313233343536373839\
40414243444546474849505152535455565758596061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";

/// Appends a number with at least `width` digits (at most 20).
#[inline]
pub(super) fn push_padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number >= 100 {
        let pair = (number % 100) as usize * 2;
        number /= 100;
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if number >= 10 {
        let pair = number as usize * 2;
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        digits[at] = b'0' + number as u8;
    }
    at = at.min(digits.len() - width.min(digits.len()));
    out.extend_from_slice(&digits[at..]);
}

/// Appends a number.
#[inline]
pub(super) fn push_integer(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_padded(out, number.unsigned_abs(), 1);
}

/// Appends a value given in quarters: `3`, `3.25`, `-0.5`.
#[inline]
pub(super) fn push_quarters(out: &mut Vec<u8>, quarters: i64) {
    if quarters < 0 {
        out.push(b'-');
    }
    let magnitude = quarters.unsigned_abs();
    push_padded(out, magnitude / 4, 1);
    let fraction: &[u8] = match magnitude % 4 {
        0 => b"",
        1 => b".25",
        2 => b".5",
        _ => b".75",
    };
    out.extend_from_slice(fraction);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_written_as_the_standard_library_does() {
        for number in [0, 7, -7, 10, 99, 100, 101, 12_345, -1_000_000, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            push_integer(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
        let mut out = Vec::new();
        push_padded(&mut out, 42, 7);
        push_padded(&mut out, 123_456_789, 3);
        assert_eq!(out, b"0000042123456789");
    }

    #[test]
    fn quarters_are_exact_decimals() {
        for (quarters, text) in
            [(0, "0"), (12, "3"), (13, "3.25"), (-2, "-0.5"), (-13, "-3.25"), (15, "3.75")]
        {
            let mut out = Vec::new();
            push_quarters(&mut out, quarters);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
