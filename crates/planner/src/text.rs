//! Values as Flink writes them, and texts as it reads them: what casts, formats and labels share.

use std::fmt::{LowerExp, Write};

/// A float as Java writes it: `1.0`, `1.0E7`, `1.0E-5`, `NaN`, `Infinity`.
pub fn print_f64(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{value:?}");
    } else if value.abs() < WHOLE && value.fract() == 0.0 {
        whole(value < 0.0, value.abs() as u64, f64::MANTISSA_DIGITS, out);
    } else {
        scientific(value, out);
    }
}

/// As [`print_f64`].
pub fn print_f32(value: f32, out: &mut String) {
    if value.is_nan() || value.is_infinite() {
        print_f64(f64::from(value), out);
    } else if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        let _ = write!(out, "{value:?}");
    } else if f64::from(value).abs() < WHOLE && value.fract() == 0.0 {
        whole(value < 0.0, value.abs() as u64, f32::MANTISSA_DIGITS, out);
    } else {
        scientific(value, out);
    }
}

/// Up to here, 2 to the power of 63, Java (before 19) writes whole floats in its own way.
const WHOLE: f64 = 9_223_372_036_854_775_808.0;

/// A whole float: its exact digits, but for as many as its type cannot hold, which are rounded away. That is not
/// always the shortest text of the float.
fn whole(is_negative: bool, value: u64, bits: u32, out: &mut String) {
    let beyond = (u64::BITS - 1 - value.leading_zeros().min(63)).saturating_sub(bits + 1);
    // So many decimal digits are certainly below what the bits beyond stand for: log10(2) is 0.30103.
    let unit = 10_u64.pow(beyond * 30_103 / 100_000);
    let kept = value / unit + u64::from(unit > 1 && value % unit >= unit / 2);
    let digits = kept.to_string();
    let exponent = digits.len() - 1 + (beyond * 30_103 / 100_000) as usize;
    let (first, rest) = digits.split_at(1);
    let rest = rest.trim_end_matches('0');
    let sign = if is_negative { "-" } else { "" };
    let rest = if rest.is_empty() { "0" } else { rest };
    let _ = write!(out, "{sign}{first}.{rest}E{exponent}");
}

/// Rust writes `1e-7` where Java writes `1.0E-7`; of a single digit Java takes the two that are nearest (`4.9E-324`).
fn scientific(value: impl LowerExp, out: &mut String) {
    let shortest = format!("{value:e}");
    let text = if shortest.contains('.') { shortest } else { format!("{value:.1e}") };
    out.push_str(&text.replace('e', "E"));
}

/// Reads a whole number: blanks around it and digits behind a point are dropped.
pub(crate) fn parse_integer(text: &str) -> Result<i64, String> {
    let wrong = |why: &str| Err(format!("'{text}' is no number: {why}"));
    let number = text.trim_matches(' ');
    let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
    if unsigned.is_empty() {
        return wrong("it has no digits");
    }
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return wrong("it has other characters than digits");
    }
    let is_negative = number.starts_with('-');
    let value = whole.bytes().try_fold(0_i64, |value, digit| {
        let digit = i64::from(digit - b'0');
        value.checked_mul(10)?.checked_add(if is_negative { -digit } else { digit })
    });
    value.map_or_else(|| wrong("it is too large"), Ok)
}

/// Reads a whole number of a narrower type.
pub(crate) fn parse_narrow<T: TryFrom<i64>>(text: &str) -> Result<T, String> {
    T::try_from(parse_integer(text)?).map_err(|_| format!("'{text}' is no number: it is too large"))
}

/// Reads a float as Java does: `1e3`, `NaN`, `-Infinity`, also `1.5f`.
pub(crate) fn parse_f64(text: &str) -> Result<f64, String> {
    let number = text.trim_matches(|c: char| c <= ' ');
    let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
    let read = match unsigned {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(if number.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        // Rust also takes inf and nan.
        _ if unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            number.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(number).parse().ok()
        }
        _ => None,
    };
    read.ok_or_else(|| format!("'{text}' is no number"))
}

/// As [`parse_f64`], rounded once.
pub(crate) fn parse_f32(text: &str) -> Result<f32, String> {
    let wide = parse_f64(text)?;
    let number = text.trim_matches(|c: char| c <= ' ');
    let number = number.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(number);
    Ok(if wide.is_finite() { number.parse().unwrap_or(wide as f32) } else { wide as f32 })
}

/// Reads `t`, `true`, `y`, `yes`, `1` and their opposites, in any case.
pub(crate) fn parse_boolean(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Ok(true),
        "f" | "false" | "n" | "no" | "0" => Ok(false),
        _ => Err(format!("'{text}' is no BOOLEAN")),
    }
}

/// The first so many characters.
pub(crate) fn cut(text: &str, length: u32) -> &str {
    match text.char_indices().nth(length as usize) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_java_does() {
        for (value, expected) in [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (123_456.789, "123456.789"),
            (0.001, "0.001"),
            (1e-5, "1.0E-5"),
            (-1.25e-7, "-1.25E-7"),
            (1e20, "1.0E20"),
            (-3e9, "-3.0E9"),
            (9_007_199_254_740_992.0, "9.007199254740992E15"),
            (4_611_686_018_427_387_904.0, "4.6116860184273879E18"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut text = String::new();
            print_f64(value, &mut text);
            assert_eq!(text, expected);
        }
        for (value, expected) in [
            (0.1, "0.1"),
            (1e10, "1.0E10"),
            (3.4e38, "3.4E38"),
            (16_777_216.0, "1.6777216E7"),
            (9_007_199_254_740_992.0, "9.0071993E15"),
        ] {
            let mut text = String::new();
            print_f32(value, &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn whole_numbers_are_read_as_flink_reads_them() {
        for (text, expected) in [
            (" 42 ", Some(42)),
            ("3.99", Some(3)),
            ("-3.99", Some(-3)),
            (".5", Some(0)),
            ("5.", Some(5)),
            ("+5", Some(5)),
            (".", Some(0)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("", None),
            ("-", None),
            ("1e3", None),
            ("1.5.5", None),
            ("1 2", None),
        ] {
            assert_eq!(parse_integer(text).ok(), expected, "{text}");
        }
        assert!(parse_narrow::<i8>("128").is_err());
    }

    #[test]
    fn floats_are_read_as_java_reads_them() {
        for (text, expected) in [
            ("1e3", Some(1000.0)),
            (" 1.5 ", Some(1.5)),
            ("1.5f", Some(1.5)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("1e400", Some(f64::INFINITY)),
            ("inf", None),
            ("nan", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(parse_f64(text).ok(), expected, "{text}");
        }
        assert!(parse_f64("NaN").unwrap().is_nan());
    }
}
