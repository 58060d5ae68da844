//! Numbers as Java writes them.

/// The decimal digits of a finite number other than zero, without its sign, and where the point stands: the value is
/// `0.DIGITS * 10^exponent`.
pub(super) struct Digits {
    pub(super) digits: String,
    pub(super) exponent: i32,
}

impl Digits {
    /// The fewest digits that tell this number from all others, of a DOUBLE or, written as one, a FLOAT.
    pub(super) fn of(scientific: &str) -> Self {
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        Self { digits, exponent: exponent.parse::<i32>().unwrap_or(0) + 1 }
    }

    /// The number with so many digits behind the point, halves away from zero.
    pub(super) fn fixed(&self, precision: usize) -> String {
        let wanted = i64::from(self.exponent) + precision as i64;
        let (mut digits, mut exponent) = (self.digits.clone().into_bytes(), self.exponent);
        if wanted < 0 {
            digits.clear();
        } else if (wanted as usize) < digits.len() {
            let is_up = digits[wanted as usize] >= b'5';
            digits.truncate(wanted as usize);
            if is_up && add_one(&mut digits) {
                exponent += 1;
            }
        }
        let at = |place: i64| {
            usize::try_from(place).ok().and_then(|place| digits.get(place)).map_or('0', |&d| char::from(d))
        };
        let mut text: String = (0..i64::from(exponent.max(0))).map(at).collect();
        if text.is_empty() {
            text.push('0');
        }
        if precision > 0 {
            text.push('.');
            text.extend((0..precision as i64).map(|place| at(i64::from(exponent) + place)));
        }
        text
    }

    /// Rounded to so many digits.
    pub(super) fn rounded(&self, count: usize) -> Self {
        let mut digits = self.digits.clone().into_bytes();
        let mut exponent = self.exponent;
        if count < digits.len() {
            let is_up = digits[count] >= b'5';
            digits.truncate(count);
            if is_up && add_one(&mut digits) {
                exponent += 1;
                digits.truncate(count);
            }
        }
        digits.resize(count, b'0');
        Self { digits: String::from_utf8(digits).unwrap_or_default(), exponent }
    }
}

/// Adds one in the last place; whether there is one more digit now.
fn add_one(digits: &mut Vec<u8>) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return false;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
    true
}

/// As `Double.toString`: `1.0`, `1.0E10`, `NaN`.
pub(super) fn double(value: f64) -> String {
    shown(value.is_nan(), value.is_infinite(), value.is_sign_negative(), value == 0.0, || {
        format!("{value:e}")
    })
}

/// As `Float.toString`.
pub(super) fn float(value: f32) -> String {
    shown(value.is_nan(), value.is_infinite(), value.is_sign_negative(), value == 0.0, || {
        format!("{value:e}")
    })
}

fn shown(
    is_nan: bool,
    is_infinite: bool,
    is_negative: bool,
    is_zero: bool,
    e: impl Fn() -> String,
) -> String {
    if is_nan {
        return "NaN".to_owned();
    }
    let sign = if is_negative { "-" } else { "" };
    if is_infinite {
        return format!("{sign}Infinity");
    }
    if is_zero {
        return format!("{sign}0.0");
    }
    let Digits { digits, exponent } = Digits::of(&e());
    match exponent {
        -2..=0 => format!("{sign}0.{}{digits}", "0".repeat(exponent.unsigned_abs() as usize)),
        1..=7 => {
            let whole = exponent as usize;
            let filled = format!("{digits:0<width$}", width = whole + 1);
            format!("{sign}{}.{}", &filled[..whole], &filled[whole..])
        }
        _ => {
            let rest = if digits.len() > 1 { &digits[1..] } else { "0" };
            format!("{sign}{}.{rest}E{}", &digits[..1], exponent - 1)
        }
    }
}

/// A DECIMAL with all digits of its scale.
pub(super) fn plain(unscaled: i128, scale: i8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = unscaled.unsigned_abs().to_string();
    let scale = usize::try_from(scale).unwrap_or(0);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let filled = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = filled.split_at(filled.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_java_writes_them() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (1.25e-5, "1.25E-5"),
            (-2.5, "-2.5"),
            (1e300, "1.0E300"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(value), expected);
        }
        assert_eq!(float(0.1), "0.1");
    }

    #[test]
    fn digits_are_cut_with_halves_away_from_zero() {
        let fixed = |value: f64, precision| Digits::of(&format!("{value:e}")).fixed(precision);
        assert_eq!(fixed(0.25, 1), "0.3");
        assert_eq!(fixed(2.5, 0), "3");
        assert_eq!(fixed(0.05, 0), "0");
        assert_eq!(fixed(0.5, 0), "1");
        assert_eq!(fixed(99.99, 1), "100.0");
        assert_eq!(fixed(1.23456, 2), "1.23");
        assert_eq!(fixed(1e20, 1), "100000000000000000000.0");
        assert_eq!(fixed(1e-9, 3), "0.000");
    }
}
