//! Numbers as Java reads and writes them.

use std::io::Write;

use narthex_planner::{print_f32, print_f64};

/// A text without the blanks around it, as Java trims: everything up to U+0020.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// A `double` from its text, as `Double.parseDouble` reads it but for hexadecimal digits. None if it is no number.
pub(super) fn parse_f64(text: &str) -> Option<f64> {
    match special(text) {
        Some(Special::Value(value)) => Some(value),
        Some(Special::Digits(digits)) => digits.parse().ok(),
        None => None,
    }
}

/// A `float` from its text; rounded once, not by way of a `double`.
pub(super) fn parse_f32(text: &str) -> Option<f32> {
    match special(text) {
        Some(Special::Value(value)) => Some(value as f32),
        Some(Special::Digits(digits)) => digits.parse().ok(),
        None => None,
    }
}

enum Special<'a> {
    Value(f64),
    Digits(&'a str),
}

/// What Rust's own reader does not share with Java's: the words, blanks, and a letter behind the number.
fn special(text: &str) -> Option<Special<'_>> {
    let text = trim(text);
    match text {
        "NaN" | "+NaN" | "-NaN" => return Some(Special::Value(f64::NAN)),
        "Infinity" | "+Infinity" => return Some(Special::Value(f64::INFINITY)),
        "-Infinity" => return Some(Special::Value(f64::NEG_INFINITY)),
        _ => {}
    }
    let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let plain = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    plain.then_some(Special::Digits(digits))
}

/// A decimal number of any length: its sign, its digits without leading zeros, and how many of them stand behind the
/// point (negative: how many zeros are missing before it).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BigDecimal {
    negative: bool,
    digits: Vec<u8>,
    scale: i64,
}

impl BigDecimal {
    /// Reads what Java's `BigDecimal` reads. None if it is no number, or its exponent is beyond 32 bits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let exponent_at = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = match exponent_at {
            Some(at) => (&unsigned[..at], exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let point = mantissa.iter().position(|byte| *byte == b'.');
        let (whole, fraction) = match point {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &[][..]),
        };
        let all_digits = whole.iter().chain(fraction).all(u8::is_ascii_digit);
        if !all_digits || whole.len() + fraction.len() == 0 {
            return None;
        }
        let digits = whole.iter().chain(fraction).skip_while(|digit| **digit == b'0').copied().collect();
        Some(Self { negative, digits, scale: fraction.len() as i64 - exponent })
    }

    /// The value times 10 to the `scale`, rounded half up, away from zero. None if it has more than `precision`
    /// digits then.
    pub(super) fn rounded(&self, precision: u8, scale: u8) -> Option<i128> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let dropped = self.scale - i64::from(scale);
        let kept = self.digits.len() as i64 - dropped.max(0);
        let zeros = (-dropped).max(0);
        if kept < 0 {
            return Some(0);
        }
        if kept + zeros > 38 {
            return None;
        }
        let (kept, rest) = self.digits.split_at(kept as usize);
        let mut value = kept.iter().fold(0i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        value *= power_of_ten(zeros as u32);
        if rest.first().is_some_and(|digit| *digit >= b'5') {
            value += 1;
        }
        let fits = value < power_of_ten(u32::from(precision.min(38)));
        fits.then_some(if self.negative { -value } else { value })
    }

    /// As Java prints it once trailing zeros are gone.
    pub(super) fn write_stripped(mut self, out: &mut Vec<u8>) {
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
            self.scale -= 1;
        }
        if self.digits.is_empty() {
            out.push(b'0');
            return;
        }
        if self.negative {
            out.push(b'-');
        }
        write_scaled(&self.digits, self.scale, out);
    }
}

/// The digits of an exponent, with its sign.
fn exponent(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse::<i32>().ok().map(i64::from)
}

fn power_of_ten(exponent: u32) -> i128 {
    10i128.checked_pow(exponent).unwrap_or(i128::MAX)
}

/// A decimal as Java's `BigDecimal.toString` prints it, without trailing zeros: `1E+2` for 100.00.
pub(super) fn write_decimal(value: i128, scale: i8, out: &mut Vec<u8>) {
    let digits = value.unsigned_abs().to_string().into_bytes();
    let digits = if value == 0 { Vec::new() } else { digits };
    BigDecimal { negative: value < 0, digits, scale: i64::from(scale) }.write_stripped(out);
}

/// A decimal with all the digits of its scale: `100.00`.
pub(super) fn write_plain_decimal(value: i128, scale: i8, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let digits = value.unsigned_abs().to_string();
    let scale = usize::try_from(scale).unwrap_or(0);
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    out.extend_from_slice(whole.as_bytes());
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
    }
}

/// Digits that are not all zero, of which `scale` stand behind the point: plain, unless that takes many zeros.
fn write_scaled(digits: &[u8], scale: i64, out: &mut Vec<u8>) {
    let exponent = digits.len() as i64 - 1 - scale;
    if scale == 0 {
        out.extend_from_slice(digits);
    } else if scale > 0 && exponent >= -6 {
        write_with_point(digits, digits.len() as i64 - scale, out);
    } else {
        write_scientific(digits, out);
        let sign = if exponent < 0 { '-' } else { '+' };
        push(out, format_args!("E{sign}{}", exponent.unsigned_abs()));
    }
}

/// Digits with a point behind so many of them.
fn write_with_point(digits: &[u8], whole: i64, out: &mut Vec<u8>) {
    if whole <= 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', whole.unsigned_abs() as usize));
        out.extend_from_slice(digits);
        return;
    }
    let at = (whole as usize).min(digits.len());
    out.extend_from_slice(&digits[..at]);
    out.extend(std::iter::repeat_n(b'0', whole as usize - at));
    out.push(b'.');
    out.extend_from_slice(if at == digits.len() { b"0" } else { &digits[at..] });
}

/// The first digit, and the others behind the point.
fn write_scientific(digits: &[u8], out: &mut Vec<u8>) {
    let (first, rest) = digits.split_at(1.min(digits.len()));
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
}

/// A `double` as `Double.toString` prints it: `1.0E20`, `0.1`, `NaN`.
pub(super) fn write_f64(value: f64, out: &mut Vec<u8>) {
    let mut text = String::new();
    print_f64(value, &mut text);
    out.extend_from_slice(text.as_bytes());
}

/// A `float` as `Float.toString` prints it.
pub(super) fn write_f32(value: f32, out: &mut Vec<u8>) {
    let mut text = String::new();
    print_f32(value, &mut text);
    out.extend_from_slice(text.as_bytes());
}

/// Appends what is formatted; a `Vec` takes everything.
pub(super) fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _never_fails = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_are_spelled_as_java_spells_them() {
        let table = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.001, "0.001"),
            (0.00099, "9.9E-4"),
            (1e-5, "1.0E-5"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (1e100, "1.0E100"),
            (-1.5e-300, "-1.5E-300"),
            (123.456, "123.456"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
        ];
        for (value, expected) in table {
            assert_eq!(written(|out| write_f64(value, out)), expected);
        }
        assert_eq!(written(|out| write_f32(0.1, out)), "0.1");
        assert_eq!(written(|out| write_f32(16_777_216.0, out)), "1.6777216E7");
    }

    #[test]
    fn decimals_lose_their_trailing_zeros() {
        let table = [
            (0, 2, "0", "0.00"),
            (100, 2, "1", "1.00"),
            (10_000, 2, "1E+2", "100.00"),
            (150, 2, "1.5", "1.50"),
            (-101, 2, "-1.01", "-1.01"),
            (1, 2, "0.01", "0.01"),
            (1, 9, "1E-9", "0.000000001"),
            (1, 6, "0.000001", "0.000001"),
            (12, 8, "1.2E-7", "0.00000012"),
            (100_000, 0, "1E+5", "100000"),
            (7, 0, "7", "7"),
        ];
        for (value, scale, stripped, plain) in table {
            assert_eq!(written(|out| write_decimal(value, scale, out)), stripped);
            assert_eq!(written(|out| write_plain_decimal(value, scale, out)), plain);
        }
    }

    #[test]
    fn decimals_are_rounded_half_up_and_too_many_digits_give_none() {
        let table = [
            ("1.005", 5, 2, Some(101)),
            ("-1.005", 5, 2, Some(-101)),
            ("1.00499999", 5, 2, Some(100)),
            ("999.995", 5, 2, None),
            ("1000", 5, 2, None),
            ("1e2", 38, 0, Some(100)),
            ("1e38", 38, 0, None),
            ("99999999999999999999999999999999999999", 38, 0, Some(10i128.pow(38) - 1)),
            ("1e-400", 5, 2, Some(0)),
            ("0.005", 5, 2, Some(1)),
            ("0.0049", 5, 2, Some(0)),
            ("0e99999999", 5, 2, Some(0)),
            ("+.5", 5, 0, Some(1)),
            ("5.", 5, 0, Some(5)),
        ];
        for (text, precision, scale, expected) in table {
            assert_eq!(BigDecimal::parse(text).unwrap().rounded(precision, scale), expected, "{text}");
        }
        for text in ["", ".", "-", "x", "1x", " 1", "1e", "1e+", "1.2.3", "NaN", "1e9999999999"] {
            assert_eq!(BigDecimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn doubles_are_read_as_java_reads_them() {
        let table = [
            (" 1.5 ", Some(1.5)),
            ("1d", Some(1.0)),
            ("2F", Some(2.0)),
            ("1.", Some(1.0)),
            (".5", Some(0.5)),
            ("+2e2", Some(200.0)),
            ("1e400", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("inf", None),
            ("nan", None),
            ("infinity", None),
            ("", None),
            ("d", None),
            ("1_0", None),
            ("1 2", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_f64(text), expected, "{text}");
        }
        assert!(parse_f64("NaN").is_some_and(f64::is_nan));
    }
}
