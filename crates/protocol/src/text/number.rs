//! Numbers of the text formats: float values as Go reads them, and times as exact decimals.

/// Digits that a decimal keeps; 10^30 fits a 128-bit integer with room to scale, and `i64` needs 19.
const KEPT_DIGITS: u128 = 10u128.pow(30);

/// A value as Prometheus' parsers read it: decimal with optional exponent, `NaN`, `Inf`, `Infinity` in any
/// case and with a sign. Hexadecimal and `_` are refused as they do (pre-1.13 Go), and so is a number beyond
/// the range of a double, which must not silently become an infinity.
#[inline]
pub(super) fn parse_value(token: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(token).ok()?.parse().ok()?;
    if value.is_infinite() && !token.iter().any(|b| matches!(b, b'i' | b'I')) {
        return None;
    }
    Some(value)
}

/// An integer with an optional sign, as timestamps of exposition are.
#[inline]
pub(super) fn parse_integer(token: &[u8]) -> Option<i64> {
    let (negative, digits) = match token.split_first()? {
        (b'-', digits) => (true, digits),
        (b'+', digits) => (false, digits),
        _ => (false, token),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for digit in digits {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        if digit > 9 {
            return None;
        }
        // Counting downwards reaches i64::MIN too.
        value = value.checked_mul(10)?.checked_sub(digit)?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

/// A decimal number times a power of ten, as an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scaled {
    /// Rounded to the nearest, halves away from zero.
    pub(super) integer: i64,
    /// Whether nothing was rounded.
    pub(super) exact: bool,
}

/// `token` times 10^`scale`, by integer arithmetic: `1.520879607789e+09` seconds are exactly 1520879607789
/// milliseconds, where a product of doubles can end one below. `None` for what is no finite decimal number or
/// leaves the range of `i64`.
pub(super) fn parse_scaled(token: &[u8], scale: i32) -> Option<Scaled> {
    let (negative, unsigned) = match token.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, token),
    };
    let exponent_at = unsigned.iter().position(|b| matches!(b, b'e' | b'E'));
    let (digits, exponent) = match exponent_at {
        Some(at) => (&unsigned[..at], parse_exponent(&unsigned[at + 1..])?),
        None => (unsigned, 0),
    };
    let mut mantissa = Mantissa::default();
    for &byte in digits {
        mantissa.push(byte)?;
    }
    if mantissa.digits == 0 {
        return None;
    }
    let power = exponent.saturating_add(scale).saturating_add(mantissa.power);
    let (magnitude, exact) = scale_by(mantissa.value, power)?;
    let magnitude = i128::try_from(magnitude).ok()?;
    let integer = i64::try_from(if negative { -magnitude } else { magnitude }).ok()?;
    Some(Scaled { integer, exact: exact && !mantissa.cut })
}

/// The digits before the exponent, without their point.
#[derive(Debug, Default)]
struct Mantissa {
    value: u128,
    /// Power of ten that `value` still has to be multiplied by.
    power: i32,
    digits: usize,
    point: bool,
    /// Whether a digit other than 0 was left out.
    cut: bool,
}

impl Mantissa {
    #[inline]
    fn push(&mut self, byte: u8) -> Option<()> {
        match byte {
            b'0'..=b'9' => {
                self.digits += 1;
                let digit = byte - b'0';
                if self.value < KEPT_DIGITS {
                    self.value = self.value * 10 + u128::from(digit);
                    self.power -= i32::from(self.point);
                } else {
                    self.cut |= digit != 0;
                    self.power = self.power.checked_add(i32::from(!self.point))?;
                }
            }
            b'.' if !self.point => self.point = true,
            _ => return None,
        }
        Some(())
    }
}

/// Exponents beyond the range of `i32` are as good as its ends.
fn parse_exponent(token: &[u8]) -> Option<i32> {
    let (negative, digits) = match token.split_first()? {
        (b'-', digits) => (true, digits),
        (b'+', digits) => (false, digits),
        _ => (false, token),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0i32, |v, d| v.saturating_mul(10).saturating_add(i32::from(d - b'0')));
    Some(if negative { -value } else { value })
}

fn scale_by(value: u128, power: i32) -> Option<(u128, bool)> {
    if value == 0 {
        return Some((0, true));
    }
    if let Ok(power) = u32::try_from(power) {
        return Some((10u128.checked_pow(power)?.checked_mul(value)?, true));
    }
    let Some(divisor) = 10u128.checked_pow(power.unsigned_abs()) else {
        return Some((0, false)); // less than 10^31 / 10^39
    };
    let (quotient, rest) = (value / divisor, value % divisor);
    Some((quotient + u128::from(rest >= divisor - rest), rest == 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_read_as_go_reads_them() {
        for (text, value) in
            [("1", 1.0), ("-0.5", -0.5), ("+1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("1E-2", 0.01)]
        {
            assert_eq!(parse_value(text.as_bytes()), Some(value), "{text}");
        }
        for text in ["+Inf", "inf", "INF", "Infinity", "+infinity"] {
            assert_eq!(parse_value(text.as_bytes()), Some(f64::INFINITY), "{text}");
        }
        assert_eq!(parse_value(b"-Inf"), Some(f64::NEG_INFINITY));
        assert!(parse_value(b"NaN").unwrap().is_nan() && parse_value(b"nan").unwrap().is_nan());
        for text in ["", ".", "e5", "0x1p3", "1_000", "1e999", "-1e999", "1,5", "one", "--1", "1 "] {
            assert_eq!(parse_value(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn integers_reach_both_ends_and_not_beyond() {
        assert_eq!(parse_integer(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(parse_integer(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_integer(b"+7"), Some(7));
        for text in ["", "-", "9223372036854775808", "-9223372036854775809", "1.0", "1e3", " 1"] {
            assert_eq!(parse_integer(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn seconds_become_milliseconds_exactly() {
        for (text, ms) in [
            ("1520879607.789", 1_520_879_607_789),
            ("1.520879607789e+09", 1_520_879_607_789),
            ("1700000000", 1_700_000_000_000),
            ("0.0005", 1),
            ("-0.0005", -1),
            ("0.00049999999999999999999999999999999999999999999999", 0),
            ("-1.5", -1500),
            ("0e99999999999", 0),
            ("1e-99999999999", 0),
            ("000000000000000000000000000000000000000000000001", 1000),
            ("1000000000000000000000000000000000000e-36", 1000),
        ] {
            assert_eq!(parse_scaled(text.as_bytes(), 3).map(|s| s.integer), Some(ms), "{text}");
        }
        for text in ["", "-", ".", "NaN", "Inf", "1e", "1e+", "1..2", "1e400", "1e17", "1e1.5", "0x10"] {
            assert_eq!(parse_scaled(text.as_bytes(), 3), None, "{text}");
        }
    }

    #[test]
    fn rounding_is_told() {
        assert_eq!(parse_scaled(b"1.7e12", 0), Some(Scaled { integer: 1_700_000_000_000, exact: true }));
        assert_eq!(parse_scaled(b"1.5", 0), Some(Scaled { integer: 2, exact: false }));
        assert_eq!(parse_scaled(b"1e-50", 0), Some(Scaled { integer: 0, exact: false }));
        assert_eq!(
            parse_scaled(b"1.0000000000000000000000000000000000000001", 0).map(|s| s.exact),
            Some(false)
        );
    }

    proptest! {
        #[test]
        fn every_millisecond_survives_as_shortest_seconds(ms in -4_000_000_000_000i64..4_000_000_000_000) {
            let text = format!("{}", ms as f64 / 1000.0);
            prop_assert_eq!(parse_scaled(text.as_bytes(), 3), Some(Scaled { integer: ms, exact: true }));
            let text = format!("{:e}", ms as f64 / 1000.0);
            prop_assert_eq!(parse_scaled(text.as_bytes(), 3), Some(Scaled { integer: ms, exact: true }));
        }

        #[test]
        fn integers_agree_with_the_standard_library(text in "[-+]?[0-9]{0,20}") {
            prop_assert_eq!(parse_integer(text.as_bytes()), text.parse().ok());
        }
    }
}
