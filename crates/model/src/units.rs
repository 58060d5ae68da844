//! Durations and sizes as Flink writes them: `5 s`, `500 ms`, `PT5S`, `1 mb`.

use std::time::Duration;

/// Reads a duration; a bare number is milliseconds, as in Flink.
///
/// # Errors
/// A sentence that names what is expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if text.trim().starts_with(['p', 'P']) {
        return iso_duration(text.trim()).ok_or_else(|| {
            format!("{text:?} is no duration; write for example \"5 s\", \"10 min\" or \"PT5S\"")
        });
    }
    let (number, unit) = split(text)?;
    let nanos: u64 = match unit.as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
        "us" | "µs" | "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        _ => return Err(format!("{unit:?} is no unit of time; write ms, s, min, h or d, as in \"5 s\"")),
    };
    number.checked_mul(nanos).map(Duration::from_nanos).ok_or_else(|| "is longer than 584 years".to_owned())
}

/// Reads a size in bytes; units are powers of 1024, as in Flink.
///
/// # Errors
/// A sentence that names what is expected.
pub fn parse_bytes(text: &str) -> Result<usize, String> {
    let (number, unit) = split(text)?;
    let factor: u64 = match unit.as_str() {
        "" | "b" | "bytes" => 1,
        "k" | "kb" | "kibibytes" => 1 << 10,
        "m" | "mb" | "mebibytes" => 1 << 20,
        "g" | "gb" | "gibibytes" => 1 << 30,
        "t" | "tb" | "tebibytes" => 1 << 40,
        _ => return Err(format!("{unit:?} is no unit of size; write b, kb, mb or gb, as in \"1 mb\"")),
    };
    number
        .checked_mul(factor)
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| "is larger than this machine can address".to_owned())
}

/// Writes a duration as [`parse_duration`] reads it.
pub fn format_duration(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)] {
        if ms >= length && ms.is_multiple_of(length) {
            return format!("{} {unit}", ms / length);
        }
    }
    format!("{ms} ms")
}

/// Writes a size as [`parse_bytes`] reads it.
pub fn format_bytes(bytes: usize) -> String {
    for (unit, size) in [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10)] {
        if bytes >= size && bytes.is_multiple_of(size) {
            return format!("{} {unit}", bytes / size);
        }
    }
    format!("{bytes} b")
}

/// `P2DT3H4M5.5S`, without a sign.
fn iso_duration(text: &str) -> Option<Duration> {
    let upper = text.to_ascii_uppercase();
    let rest = upper.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').map_or((rest, None), |(days, time)| (days, Some(time)));
    let mut total = Duration::ZERO;
    let parts =
        [(days, &[('D', 86_400)][..]), (time.unwrap_or_default(), &[('H', 3600), ('M', 60), ('S', 1)][..])];
    for (mut rest, units) in parts {
        for &(unit, seconds) in units {
            let Some((number, behind)) = rest.split_once(unit) else { continue };
            rest = behind;
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if whole.is_empty()
                || !is_digits(fraction)
                || fraction.len() > 9
                || (!fraction.is_empty() && unit != 'S')
            {
                return None;
            }
            let nanos = format!("{fraction:0<9}").parse().ok()?;
            let whole = whole.parse::<u64>().ok()?.checked_mul(seconds)?;
            total = total.checked_add(Duration::new(whole, nanos))?;
        }
        if !rest.is_empty() {
            return None;
        }
    }
    (upper.len() > 1 && time != Some("")).then_some(total)
}

fn split(text: &str) -> Result<(u64, String), String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number = number.parse().map_err(|_| format!("{text:?} does not begin with a whole number"))?;
    Ok((number, unit.trim().to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_flinks_way() {
        for (text, ms) in [
            ("5 s", 5000),
            ("500ms", 500),
            ("10 min", 600_000),
            ("1 h", 3_600_000),
            ("7", 7),
            ("0 s", 0),
            ("pt1m2.5s", 62_500),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for (text, bytes) in [("1 mb", 1 << 20), ("64kb", 1 << 16), ("17", 17), ("2 GB", 2 << 30)] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "s", "-1 s", "1.5 s", "1 parsec", "99999999999999 d", "PT"] {
            assert!(parse_duration(text).is_err(), "{text}");
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for ms in [0, 1, 999, 1000, 1500, 60_000, 3_600_000, 86_400_000] {
            let duration = Duration::from_millis(ms);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
        for bytes in [1, 1023, 1024, 1 << 20, 3 << 30] {
            assert_eq!(parse_bytes(&format_bytes(bytes)), Ok(bytes));
        }
    }
}
