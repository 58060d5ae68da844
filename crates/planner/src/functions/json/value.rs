//! A JSON value, and how it is written: without blanks, keys in order, numbers as Java's `BigDecimal` writes them.

use crate::functions::rows::push;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Boolean(bool),
    /// Without a point or an exponent, as its digits.
    Integer(String),
    Decimal(Decimal),
    Text(String),
    Array(Vec<Json>),
    /// Each key once, as they came.
    Object(Vec<(String, Json)>),
    /// JSON that is written already.
    Written(String),
}

/// `digits * 10^-scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) is_negative: bool,
    /// Without zeros at the beginning.
    pub(super) digits: String,
    pub(super) scale: i64,
}

/// No number that fits into memory has so many digits.
const FAR: i64 = 1 << 40;

impl Decimal {
    /// Reads what JSON or Java takes for a number.
    pub(super) fn parse(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let is_negative = mantissa.starts_with('-');
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
        let digits = digits.trim_start_matches('0');
        // An exponent beyond all bounds is as good as any other one.
        let far = if exponent.starts_with('-') { -FAR } else { FAR };
        let exponent =
            exponent.trim_start_matches('+').parse::<i64>().map_or(far, |given| given.clamp(-FAR, FAR));
        let digits = if digits.is_empty() { "0" } else { digits };
        Self {
            is_negative,
            digits: digits.to_owned(),
            scale: (fraction.len() as i64).saturating_sub(exponent),
        }
    }

    pub(super) fn write(&self, out: &mut String) {
        let Self { is_negative, digits, scale } = self;
        if *is_negative && digits != "0" {
            out.push('-');
        }
        let exponent = (digits.len() as i64 - 1).saturating_sub(*scale);
        if *scale == 0 {
            out.push_str(digits);
        } else if *scale > 0 && exponent >= -6 {
            let scale = *scale as usize;
            let filled = "0".repeat((scale + 1).saturating_sub(digits.len())) + digits;
            let (whole, fraction) = filled.split_at(filled.len() - scale);
            push(out, format_args!("{whole}.{fraction}"));
        } else {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            push(out, format_args!("{first}{point}{rest}E{exponent:+}"));
        }
    }

    pub(super) fn to_f64(&self) -> f64 {
        let sign = if self.is_negative { "-" } else { "" };
        format!("{sign}{}e{}", self.digits, -self.scale).parse().unwrap_or(f64::NAN)
    }
}

impl Json {
    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    pub(super) fn to_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(digits) => digits.parse().ok(),
            Self::Decimal(decimal) => Some(decimal.to_f64()),
            _ => None,
        }
    }

    /// A scalar as text, without quotes; anything else as JSON.
    pub(super) fn write_bare(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            other => other.write(out),
        }
    }

    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(digits) => out.push_str(digits),
            Self::Decimal(decimal) => decimal.write(out),
            Self::Text(text) => write_text(text, out),
            Self::Written(json) => out.push_str(json),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
                out.push('{');
                for (at, (key, value)) in fields.into_iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// A text with its quotes.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\x1f' => push(out, format_args!("\\u{:04X}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_java_writes_decimals() {
        for (text, expected) in [
            ("1e3", "1E+3"),
            ("1.50", "1.50"),
            ("0.00001", "0.00001"),
            ("0.0000001", "1E-7"),
            ("-12.5e-9", "-1.25E-8"),
            ("1.0E20", "1.0E+20"),
            ("1.23456785E7", "12345678.5"),
            ("0e5", "0E+5"),
            ("-0.0", "0.0"),
        ] {
            let mut out = String::new();
            Decimal::parse(text).write(&mut out);
            assert_eq!(out, expected, "{text}");
        }
    }
}
