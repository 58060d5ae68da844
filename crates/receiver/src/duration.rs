//! Durations as they are typed: `40ms`, `5 s`, `10min`, `1h`.

use std::time::Duration;

/// The text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no duration; write a whole number and ms, s, min, h or d, such as 40ms or 5 s")]
pub struct BadDuration(String);

/// Reads a whole number and its unit (`ms`, `s`, `min` or `m`, `h`, `d`), with or without a space between.
///
/// # Errors
/// When the number or the unit is missing or unknown, or the whole is above 2^64 ms.
pub fn parse_duration(text: &str) -> Result<Duration, BadDuration> {
    let bad = || BadDuration(text.to_owned());
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let number: u64 = number.parse().map_err(|_| bad())?;
    let unit_ms = match unit.trim_start() {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(bad()),
    };
    number.checked_mul(unit_ms).map(Duration::from_millis).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_unit() {
        for (text, ms) in
            [("40ms", 40), ("5 s", 5000), ("2s", 2000), ("1min", 60_000), ("3m", 180_000), ("1h", 3_600_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn names_what_is_no_duration() {
        for text in
            ["", "5", "s", "-1s", "1.5s", "5 parsecs", "99999999999999999999s", "18446744073709551615d"]
        {
            assert!(parse_duration(text).unwrap_err().to_string().contains(text), "{text}");
        }
    }
}
