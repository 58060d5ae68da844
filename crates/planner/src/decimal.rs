//! Decimal numbers as Flink counts them: exact, rounded half up, nothing where they do not fit.
//!
//! A number is its digits as an integer, and how many of them stand behind the point (the scale).

use std::cmp::Ordering;
use std::fmt::Write;

use arrow::datatypes::i256;

/// The most digits that a DECIMAL has.
pub(crate) const MOST_DIGITS: u8 = 38;

/// Ten to the power of `exponent`, which is at most 38.
pub(crate) fn power(exponent: u8) -> i128 {
    10_i128.pow(u32::from(exponent.min(MOST_DIGITS)))
}

/// The number, if it has at most so many digits.
fn fitting(value: i128, precision: u8) -> Option<i128> {
    (value.unsigned_abs() < power(precision).unsigned_abs()).then_some(value)
}

/// Divides and rounds half up, away from zero.
fn divide_rounded(value: i256, by: i256) -> i256 {
    let (quotient, rest) = (value.wrapping_div(by), value.wrapping_rem(by));
    let twice = rest.wrapping_abs().wrapping_mul(i256::from_i128(2));
    if twice < by.wrapping_abs() {
        return quotient;
    }
    let is_negative = value.is_negative() != by.is_negative();
    quotient.wrapping_add(i256::from_i128(if is_negative { -1 } else { 1 }))
}

/// Ten to the power of `exponent`, up to 76.
fn wide_power(exponent: u8) -> i256 {
    let half = exponent / 2;
    i256::from_i128(power(half)).wrapping_mul(i256::from_i128(power(exponent - half)))
}

/// A number of one scale as one of another, if it fits.
pub(crate) fn rescale(value: i128, from: u8, precision: u8, scale: u8) -> Option<i128> {
    match from.cmp(&scale) {
        Ordering::Equal => fitting(value, precision),
        Ordering::Less => fitting(value.checked_mul(power(scale - from))?, precision),
        Ordering::Greater => narrow(i256::from_i128(value), from, precision, scale),
    }
}

fn narrow(value: i256, from: u8, precision: u8, scale: u8) -> Option<i128> {
    let rounded = if from > scale {
        divide_rounded(value, wide_power(from - scale))
    } else {
        value.checked_mul(wide_power(scale - from))?
    };
    fitting(rounded.to_i128()?, precision)
}

/// What a calculation takes and gives: two scales, and the digits of the result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) left: u8,
    pub(crate) right: u8,
    pub(crate) precision: u8,
    pub(crate) scale: u8,
}

impl Shape {
    /// Both numbers with the larger scale, and this scale.
    fn aligned(self, left: i128, right: i128) -> Option<(i256, i256, u8)> {
        let scale = self.left.max(self.right);
        let raise = |value: i128, from: u8| i256::from_i128(value).checked_mul(wide_power(scale - from));
        Some((raise(left, self.left)?, raise(right, self.right)?, scale))
    }

    pub(crate) fn add(self, left: i128, right: i128) -> Option<i128> {
        let (left, right, scale) = self.aligned(left, right)?;
        narrow(left.checked_add(right)?, scale, self.precision, self.scale)
    }

    pub(crate) fn subtract(self, left: i128, right: i128) -> Option<i128> {
        self.add(left, right.checked_neg()?)
    }

    pub(crate) fn multiply(self, left: i128, right: i128) -> Option<i128> {
        let product = i256::from_i128(left).checked_mul(i256::from_i128(right))?;
        narrow(product, self.left + self.right, self.precision, self.scale)
    }

    /// `right` is not zero.
    pub(crate) fn divide(self, left: i128, right: i128) -> Option<i128> {
        let by = i256::from_i128(right);
        let raise = i16::from(self.scale) + i16::from(self.right) - i16::from(self.left);
        if raise < 0 {
            let by = by.checked_mul(wide_power(raise.unsigned_abs() as u8))?;
            return fitting(divide_rounded(i256::from_i128(left), by).to_i128()?, self.precision);
        }
        if let Some(raised) = i256::from_i128(left).checked_mul(wide_power(raise.min(76) as u8)) {
            return fitting(divide_rounded(raised, by).to_i128()?, self.precision);
        }
        // More digits than 256 bits hold: one after the other.
        let ten = i256::from_i128(10);
        let mut rest = i256::from_i128(left);
        let mut quotient = rest.wrapping_div(by);
        rest = rest.wrapping_rem(by);
        for _ in 0..raise {
            rest = rest.wrapping_mul(ten);
            quotient = quotient.checked_mul(ten)?.checked_add(rest.wrapping_div(by))?;
            rest = rest.wrapping_rem(by);
        }
        let up = divide_rounded(rest, by);
        fitting(quotient.checked_add(up)?.to_i128()?, self.precision)
    }

    /// `right` is not zero. The sign is the left one's.
    pub(crate) fn remainder(self, left: i128, right: i128) -> Option<i128> {
        let (left, right, scale) = self.aligned(left, right)?;
        narrow(left.wrapping_rem(right), scale, self.precision, self.scale)
    }

    pub(crate) fn compare(self, left: i128, right: i128) -> Ordering {
        if self.left == self.right {
            return left.cmp(&right);
        }
        self.aligned(left, right).map_or(Ordering::Equal, |(left, right, _)| left.cmp(&right))
    }
}

/// The plain decimal text: `-0.050`, never with an exponent.
pub(crate) fn print(value: i128, scale: u8, out: &mut String) {
    // Writing to a String cannot fail.
    let sign = if value < 0 { "-" } else { "" };
    let digits = value.unsigned_abs();
    if scale == 0 {
        let _ = write!(out, "{sign}{digits}");
        return;
    }
    let unit = power(scale).unsigned_abs();
    let _ = write!(out, "{sign}{}.{:0width$}", digits / unit, digits % unit, width = usize::from(scale));
}

/// The nearest 64-bit float.
pub(crate) fn to_f64(value: i128, scale: u8) -> f64 {
    const EXACT: u128 = 1 << 53;
    if value.unsigned_abs() <= EXACT && scale <= 22 {
        return value as f64 / 10_f64.powi(i32::from(scale));
    }
    format!("{value}e-{scale}").parse().unwrap_or(f64::NAN)
}

/// The nearest decimal of a float, by its shortest text. Nothing where it does not fit; an error for NaN and
/// infinities.
pub(crate) fn from_f64(value: f64, precision: u8, scale: u8) -> Result<Option<i128>, String> {
    if !value.is_finite() {
        return Err(format!("{value} cannot be a DECIMAL"));
    }
    Ok(Digits::read(&format!("{value:e}")).and_then(|digits| digits.to_decimal(precision, scale)))
}

/// A number's text, taken apart: `digits` times ten to the power of `exponent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digits {
    is_negative: bool,
    /// ASCII, without zeros in front.
    digits: Vec<u8>,
    exponent: i64,
}

impl Digits {
    /// Reads `[+-]digits[.digits][e[+-]digits]`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = [whole.as_bytes(), fraction.as_bytes()].concat();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let exponent = i64::from(exponent) - fraction.len() as i64;
        let digits = all.into_iter().skip_while(|&digit| digit == b'0').collect();
        Some(Self { is_negative: mantissa.starts_with('-'), digits, exponent })
    }

    /// The number rounded half up to so many digits behind the point, if it fits.
    pub(crate) fn to_decimal(&self, precision: u8, scale: u8) -> Option<i128> {
        let kept = self.digits.len() as i64 + self.exponent + i64::from(scale);
        if self.digits.is_empty() || kept < 0 {
            return Some(0);
        }
        if kept > i64::from(MOST_DIGITS) {
            return None;
        }
        let digit = |at: i64| usize::try_from(at).ok().and_then(|at| self.digits.get(at));
        let value = (0..kept).try_fold(0_i128, |value, at| {
            let digit = i128::from(digit(at).map_or(0, |digit| digit - b'0'));
            value.checked_mul(10)?.checked_add(digit)
        })?;
        let value = value + i128::from(digit(kept).is_some_and(|&digit| digit >= b'5'));
        fitting(if self.is_negative { -value } else { value }, precision)
    }
}

/// Reads a text as Flink does. One of up to 18 bytes for up to 18 digits is taken leniently: one character that does
/// not belong there ends the number.
pub(crate) fn parse(text: &str, precision: u8, scale: u8) -> Option<i128> {
    if precision <= 18 && text.len() <= 18 {
        return parse_short(text, precision, scale);
    }
    Digits::read(text.trim_matches([' ', '\n', '\t']))?.to_decimal(precision, scale)
}

fn parse_short(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let rest = text.trim_start_matches([' ', '\n', '\t']);
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    if unsigned.is_empty() {
        return None;
    }
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let mantissa = unsigned.get(..end)?;
    if mantissa.matches('.').count() > 1 {
        return None;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut tail = unsigned.get(end..)?.chars();
    let mut exponent = 0_i64;
    // Flink passes over one byte, whatever it is; the others of a longer character are no blanks.
    let first = tail.next();
    if first.is_some_and(|first| !first.is_ascii()) {
        return None;
    }
    if matches!(first, Some('e' | 'E')) && !tail.as_str().is_empty() {
        let text = tail.as_str();
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if digits.is_empty() {
            return None;
        }
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let size = digits
            .get(..end)?
            .bytes()
            .fold(0_i64, |size, digit| if size < 40 { size * 10 + i64::from(digit - b'0') } else { size });
        exponent = if text.starts_with('-') { -size } else { size };
        tail = digits.get(end..)?.chars();
        if tail.next().is_some_and(|next| !next.is_ascii()) {
            return None;
        }
    }
    if tail.any(|c| !matches!(c, ' ' | '\n' | '\t')) {
        return None;
    }
    // Zeros in front count as digits here.
    let written = (whole.len() + fraction.len()) as i64;
    let change = exponent - fraction.len() as i64 + i64::from(scale);
    if written + change > i64::from(precision) {
        return None;
    }
    let digits = Digits::read(&format!("0{whole}{fraction}e{}", exponent - fraction.len() as i64))?;
    let value = digits.to_decimal(precision, scale)?;
    Some(if rest.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(value: i128, scale: u8) -> String {
        let mut text = String::new();
        print(value, scale, &mut text);
        text
    }

    #[test]
    fn texts_are_read_as_flink_reads_them() {
        for (text, precision, scale, expected) in [
            ("1.255", 5, 2, Some("1.26")),
            ("-1.255", 5, 2, Some("-1.26")),
            ("1e2", 5, 2, Some("100.00")),
            (" 12 ", 5, 2, Some("12.00")),
            ("t", 5, 2, Some("0.00")),
            (".", 5, 2, Some("0.00")),
            ("1.2x", 5, 2, Some("1.20")),
            ("1.2xy", 5, 2, None),
            ("12345", 5, 2, None),
            ("", 5, 2, None),
            ("1.2.3", 5, 2, None),
            ("12345678901234567890.5", 38, 1, Some("12345678901234567890.5")),
            ("1.2x", 38, 1, None),
        ] {
            let read = parse(text, precision, scale).map(|value| printed(value, scale));
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn floats_go_by_their_shortest_text() {
        for (value, expected) in [(1.005, "1.01"), (2.675, "2.68"), (-0.004, "0.00"), (999.994, "999.99")] {
            let read = from_f64(value, 5, 2).unwrap().unwrap();
            assert_eq!(printed(read, 2), expected, "{value}");
        }
        assert_eq!(from_f64(1e10, 5, 2), Ok(None));
        assert!(from_f64(f64::NAN, 5, 2).is_err());
    }

    #[test]
    fn a_division_of_any_scales_is_exact_to_its_last_digit() {
        let shape = Shape { left: 0, right: 38, precision: 38, scale: 6 };
        assert_eq!(shape.divide(1, power(38) - 1), Some(1_000_000));
        let shape = Shape { left: 3, right: 2, precision: 23, scale: 14 };
        assert_eq!(printed(shape.divide(-2_675, 7).unwrap(), 14), "-38.21428571428571");
        let shape = Shape { left: 38, right: 0, precision: 38, scale: 6 };
        assert_eq!(shape.divide(power(38) - 1, 3), Some(333_333));
    }
}
