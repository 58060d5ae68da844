//! Times and spans as they are typed and printed: RFC 3339 or epoch milliseconds, `10 s` or `500ms`.

const DAY_MS: i64 = 86_400_000;

/// Reads epoch milliseconds or an RFC 3339 time.
pub(super) fn parse_time(text: &str) -> Result<i64, String> {
    let text = text.trim();
    text.parse().ok().or_else(|| parse_rfc3339(text)).ok_or_else(|| {
        format!(
            "{text:?} is no time; write milliseconds since 1970 or RFC 3339, such as 2026-01-31T12:00:00Z"
        )
    })
}

/// Reads a span in microseconds: a whole number and `ms`, `s`, `min`, `h` or `d`; without a unit, ms.
pub(super) fn parse_span_us(text: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let unit_us = match unit.trim() {
        "" | "ms" => Some(1000),
        "s" => Some(1_000_000),
        "m" | "min" => Some(60_000_000),
        "h" => Some(3_600_000_000),
        "d" => Some(86_400_000_000),
        _ => None,
    };
    let number = number.parse::<u64>().ok().filter(|&n| n > 0);
    number
        .zip(unit_us)
        .and_then(|(number, unit): (u64, u64)| number.checked_mul(unit))
        .ok_or_else(|| format!("{text:?} is no span of time; write a whole number above 0 and ms, s, min, h or d, such as \"10 s\""))
}

/// Writes a time as RFC 3339 in UTC with milliseconds.
pub(super) fn format_time(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let (year, month, day) = civil_from_days(days);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{millis:03}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)`; digits beyond the third of a second are cut.
fn parse_rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize, low: i64, high: i64| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        let value =
            digits.iter().try_fold(0, |v, d| d.is_ascii_digit().then(|| v * 10 + i64::from(d - b'0')))?;
        (low..=high).contains(&value).then_some(value)
    };
    let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|b| wanted.contains(b));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4, 0, 9999)?, number(5, 7, 1, 12)?, number(8, 10, 1, 31)?);
    let days = days_from_civil(year, month, day);
    if civil_from_days(days) != (year, month, day) {
        return None; // 31 June
    }
    let (hour, minute, second) = (number(11, 13, 0, 23)?, number(14, 16, 0, 59)?, number(17, 19, 0, 59)?);
    let mut at = 19;
    let mut millis = 0;
    if is(at, b".") {
        let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        millis =
            (0..3).fold(0, |v, i| v * 10 + if i < digits { i64::from(bytes[at + 1 + i] - b'0') } else { 0 });
        at += 1 + digits;
    }
    let offset_minutes = match *bytes.get(at..)? {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let minutes = number(at + 1, at + 3, 0, 23)? * 60 + number(at + 4, at + 6, 0, 59)?;
            if sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let minutes = hour * 60 + minute - offset_minutes;
    Some(days * DAY_MS + (minutes * 60 + second) * 1000 + millis)
}

/// Days since 1970 of a date of the Gregorian calendar. The year is taken to begin in March, so that the day
/// that comes and goes is the last one.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let from_march = (month + 9) % 12;
    let year = year - i64::from(month <= 2);
    let (cycle, of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    cycle * 146_097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719_468
}

/// The date of a day since 1970.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (cycle, of_cycle) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (year * 365 + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    (cycle * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms() {
        for (text, ms) in [
            ("0", 0),
            ("1700000000000", 1_700_000_000_000),
            ("-5", -5),
            ("1970-01-01T00:00:00Z", 0),
            ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14t23:13:20.1239+01:00", 1_700_000_000_123),
            ("2023-11-14 17:13:20.5-05:00", 1_700_000_000_500),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ] {
            assert_eq!(parse_time(text), Ok(ms), "{text}");
        }
        for text in [
            "",
            "now",
            "2023-11-14",
            "2023-02-29T00:00:00Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20+1:00",
        ] {
            assert!(parse_time(text).unwrap_err().contains("is no time"), "{text}");
        }
    }

    #[test]
    fn what_is_printed_can_be_typed() {
        for day in (-800_000..800_000).step_by(97) {
            let ms = day * DAY_MS + 12_345_678;
            let text = format_time(ms);
            if (0..=9999).contains(&civil_from_days(day).0) {
                assert_eq!(parse_time(&text), Ok(ms), "{text}");
            }
        }
        assert_eq!(format_time(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(format_time(-1), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn spans_have_a_unit() {
        for (text, us) in [
            ("10 s", 10_000_000),
            ("500ms", 500_000),
            ("7", 7000),
            (" 2 min ", 120_000_000),
            ("1d", 86_400_000_000),
        ] {
            assert_eq!(parse_span_us(text), Ok(us), "{text}");
        }
        for text in ["", "s", "0 s", "1.5 s", "-1 s", "1 week", "99999999999999999999 s", "9999999999999 d"] {
            assert!(parse_span_us(text).is_err(), "{text}");
        }
    }
}
