//! Dates and times of day as Java reads and writes them.

use super::number::push;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// How a date that is no day of its month is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resolve {
    /// It is an error, and so is the hour 24.
    Strict,
    /// It is the month's last day (up to the 31st), and 24:00:00 is the next day's beginning.
    Smart,
}

/// How a timestamp is written and read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum TimestampFormat {
    /// `2024-05-06 07:08:09.12`.
    #[default]
    Sql,
    /// `2024-05-06T07:08:09.12`.
    Iso8601,
}

/// A day and a time of day, or a time of day alone (then of day 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DateTime {
    /// Days since 1970.
    pub(super) days: i64,
    /// Nanoseconds of the day.
    pub(super) nanos: i64,
}

/// What is left of a text that is read from its front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// Exactly so many digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let value = digits.iter().try_fold(0i64, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
        })?;
        self.0 = rest;
        Some(value)
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (*first == byte).then_some(())
    }

    fn starts_with(&self, byte: u8) -> bool {
        self.0.first() == Some(&byte)
    }

    /// Four digits; with a sign, up to ten: `+12024`, `-0044`.
    fn year(&mut self) -> Option<i64> {
        let sign = self.0.first().copied().filter(|byte| matches!(byte, b'+' | b'-'));
        if sign.is_some() {
            self.0 = &self.0[1..];
        }
        let count = self.0.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
        let is_fine = match sign {
            None => count == 4,
            Some(b'+') => (5..=10).contains(&count),
            Some(_) => (4..=10).contains(&count),
        };
        let year = is_fine.then(|| self.digits(count)).flatten()?;
        match sign {
            Some(b'-') if year == 0 => None,
            Some(b'-') => Some(-year),
            _ => Some(year),
        }
    }

    fn date(&mut self, resolve: Resolve) -> Option<i64> {
        let year = self.year()?;
        self.skip(b'-')?;
        let month = self.digits(2)?;
        self.skip(b'-')?;
        let day = self.digits(2)?;
        days_of(year, month, day, resolve)
    }

    /// `HH:mm:ss` and up to nine digits behind a point; ISO may leave the seconds out.
    fn time(&mut self, may_lack_seconds: bool, resolve: Resolve) -> Option<i64> {
        let hour = self.digits(2)?;
        self.skip(b':')?;
        let minute = self.digits(2)?;
        let (mut second, mut nanos) = (0, 0);
        if !may_lack_seconds || self.starts_with(b':') {
            self.skip(b':')?;
            second = self.digits(2)?;
            nanos = self.fraction()?;
        }
        let is_next_day = resolve == Resolve::Smart && (hour, minute, second, nanos) == (24, 0, 0, 0);
        let is_fine = (hour <= 23 || is_next_day) && minute <= 59 && second <= 59;
        is_fine.then_some(((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanos)
    }

    fn fraction(&mut self) -> Option<i64> {
        if !self.starts_with(b'.') {
            return Some(0);
        }
        self.0 = &self.0[1..];
        let count = self.0.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
        let value = self.digits(count)?;
        Some(value * 10i64.pow(9 - count as u32))
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// The days since 1970 of a date. None if there is no such day.
fn days_of(year: i64, month: i64, day: i64, resolve: Resolve) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let last = days_in_month(year, month);
    match resolve {
        Resolve::Strict if day > last => None,
        _ => Some(days_from_civil(year, month, day.min(last))),
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Counts in eras of 400 years that begin in March, so that the leap day is a year's last.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// A date `2024-02-29`, as days since 1970.
pub(super) fn parse_date(text: &str) -> Option<i32> {
    let mut reader = Reader(text.as_bytes());
    let days = reader.date(Resolve::Strict)?;
    reader.end()?;
    i32::try_from(days).ok()
}

/// A date as `java.sql.Date.valueOf` reads it: month and day may have one digit, and a day that the month does not have
/// is one of the next.
pub(super) fn parse_sql_date(text: &str) -> Option<i32> {
    let mut parts = text.trim_matches(|c| c <= ' ').split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str, most: usize| -> Option<i64> {
        let is_fine = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_fine.then(|| text.parse().ok()).flatten()
    };
    let (month, day) = (digits(month, 2)?, digits(day, 2)?);
    let is_fine = parts.next().is_none() && year.len() == 4 && text.len() == text.trim().len();
    if !is_fine || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    i32::try_from(days_from_civil(digits(year, 4)?, month, 1) + day - 1).ok()
}

/// A time of day `07:08:09.12`, as milliseconds; 24:00:00 is midnight.
pub(super) fn parse_time(text: &str) -> Option<i32> {
    let mut reader = Reader(text.as_bytes());
    let nanos = reader.time(false, Resolve::Smart)?;
    reader.end()?;
    i32::try_from(nanos / 1_000_000 % DAY_MS).ok()
}

/// A time of day `07:08` or `07:08:09.12`, as milliseconds.
pub(super) fn parse_iso_time(text: &str) -> Option<i32> {
    let mut reader = Reader(text.as_bytes());
    let nanos = reader.time(true, Resolve::Strict)?;
    reader.end()?;
    i32::try_from(nanos / 1_000_000).ok()
}

/// A timestamp; `is_moment` if a `Z` must stand at its end.
pub(super) fn parse_timestamp(text: &str, format: TimestampFormat, is_moment: bool) -> Option<DateTime> {
    let mut reader = Reader(text.as_bytes());
    let is_iso = format == TimestampFormat::Iso8601;
    let resolve = if is_iso && !is_moment { Resolve::Strict } else { Resolve::Smart };
    let days = reader.date(resolve)?;
    match format {
        TimestampFormat::Sql => reader.skip(b' ')?,
        TimestampFormat::Iso8601 if !is_moment && reader.starts_with(b't') => reader.skip(b't')?,
        TimestampFormat::Iso8601 => reader.skip(b'T')?,
    }
    let nanos = reader.time(is_iso, resolve)?;
    if is_moment {
        reader.skip(b'Z')?;
    }
    reader.end()?;
    let is_next_day = nanos >= DAY_MS * 1_000_000;
    Some(if is_next_day { DateTime { days: days + 1, nanos: 0 } } else { DateTime { days, nanos } })
}

impl DateTime {
    /// Counted in units of so many nanoseconds from 1970, cut off. None beyond 64 bits.
    pub(super) fn in_units(self, nanos_of_unit: i64) -> Option<i64> {
        let units_of_day = DAY_MS * 1_000_000 / nanos_of_unit;
        self.days.checked_mul(units_of_day)?.checked_add(self.nanos / nanos_of_unit)
    }

    /// The reverse.
    pub(super) fn of_units(value: i64, nanos_of_unit: i64) -> Self {
        let units_of_day = DAY_MS * 1_000_000 / nanos_of_unit;
        Self { days: value.div_euclid(units_of_day), nanos: value.rem_euclid(units_of_day) * nanos_of_unit }
    }
}

/// A date: `2024-02-29`, `+12024-01-01`, `-0044-03-15`.
pub(super) fn write_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil_from_days(days);
    if (0..=9999).contains(&year) && (1..=12).contains(&month) {
        let pair = |value: i64| [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8];
        out.extend_from_slice(&pair(year / 100));
        out.extend_from_slice(&pair(year % 100));
        out.push(b'-');
        out.extend_from_slice(&pair(month));
        out.push(b'-');
        out.extend_from_slice(&pair(day));
        return;
    }
    let sign = if year < 0 { '-' } else { '+' };
    push(out, format_args!("{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs()));
}

/// A time of day: `07:08:09`, and its fraction without trailing zeros.
pub(super) fn write_time(nanos: i64, out: &mut Vec<u8>) {
    let seconds = nanos / 1_000_000_000;
    let pair = |value: i64| [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8];
    out.extend_from_slice(&pair(seconds / 3600 % 100));
    out.push(b':');
    out.extend_from_slice(&pair(seconds / 60 % 60));
    out.push(b':');
    out.extend_from_slice(&pair(seconds % 60));
    let fraction = nanos % 1_000_000_000;
    if fraction != 0 {
        push(out, format_args!(".{fraction:09}"));
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

/// A timestamp; with a `Z` at its end if it is a moment.
pub(super) fn write_timestamp(value: DateTime, format: TimestampFormat, is_moment: bool, out: &mut Vec<u8>) {
    write_date(value.days, out);
    out.push(if format == TimestampFormat::Sql { b' ' } else { b'T' });
    write_time(value.nanos, out);
    if is_moment {
        out.push(b'Z');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(parsed: Option<DateTime>, format: TimestampFormat) -> String {
        let mut out = Vec::new();
        match parsed {
            Some(value) => write_timestamp(value, format, false, &mut out),
            None => out.extend_from_slice(b"none"),
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn timestamps_are_read_as_flink_reads_them() {
        let sql = TimestampFormat::Sql;
        let table = [
            ("2024-02-29 01:02:03.120", "2024-02-29 01:02:03.12"),
            ("2024-02-29 01:02:03.", "2024-02-29 01:02:03"),
            ("2024-02-30 01:02:03", "2024-02-29 01:02:03"),
            ("2024-02-32 01:02:03", "none"),
            ("2024-02-29 24:00:00", "2024-03-01 00:00:00"),
            ("2024-02-29 24:00:01", "none"),
            ("2024-02-29 01:02", "none"),
            ("2024-02-29T01:02:03", "none"),
            ("2024-02-29 01:02:03Z", "none"),
            ("2024-02-29 01:02:03.1234567890", "none"),
            ("12024-01-01 00:00:00", "none"),
            ("+12024-01-01 00:00:00", "+12024-01-01 00:00:00"),
            ("+2024-01-01 00:00:00", "none"),
            ("-0044-03-15 12:00:00.000001", "-0044-03-15 12:00:00.000001"),
            ("-0000-03-15 12:00:00", "none"),
            ("0001-01-01 00:00:00", "0001-01-01 00:00:00"),
            ("1969-12-31 23:59:59.999", "1969-12-31 23:59:59.999"),
            ("", "none"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(parse_timestamp(text, sql, false), sql), expected, "{text}");
        }
    }

    #[test]
    fn iso_timestamps_may_lack_seconds_and_moments_end_in_z() {
        let iso = TimestampFormat::Iso8601;
        let table = [
            ("2024-02-29T01:02", false, "2024-02-29T01:02:00"),
            ("2024-02-29t01:02:03.5", false, "2024-02-29T01:02:03.5"),
            ("2024-02-30T01:02:03", false, "none"),
            ("2024-02-29T24:00:00", false, "none"),
            ("2024-02-29T01:02Z", false, "none"),
            ("2024-02-29T01:02Z", true, "2024-02-29T01:02:00"),
            ("2024-02-29T01:02:03.120+01:00", true, "none"),
            ("2024-02-29T01:02:03z", true, "none"),
        ];
        for (text, is_moment, expected) in table {
            assert_eq!(shown(parse_timestamp(text, iso, is_moment), iso), expected, "{text}");
        }
    }

    #[test]
    fn dates_and_times_of_day_are_read_as_java_reads_them() {
        assert_eq!(parse_date("2024-02-29"), Some(19_782));
        for text in ["2023-02-29", "2024-2-3", " 2024-02-03", "2024-02-03 ", "20240203", ""] {
            assert_eq!(parse_date(text), None, "{text}");
        }
        assert_eq!(parse_sql_date("2024-2-9"), parse_date("2024-02-09"));
        assert_eq!(parse_sql_date("2023-02-29"), parse_date("2023-03-01"));
        for text in
            ["24-1-1", "2024-13-01", " 2024-02-29", "2024-02-29 ", "2024-02", "-2024-01-01", "2024-1-+1"]
        {
            assert_eq!(parse_sql_date(text), None, "{text}");
        }
        assert_eq!(parse_time("01:02:03.456789"), Some(3_723_456));
        assert_eq!(parse_time("24:00:00"), Some(0));
        assert_eq!(parse_time("1:02:03"), None);
        assert_eq!(parse_iso_time("01:02"), Some(3_720_000));
        assert_eq!(parse_iso_time("24:00:00"), None);
    }

    proptest! {
        #[test]
        fn any_timestamp_comes_back_from_its_text(value in -60_000_000_000_000_000i64..200_000_000_000_000_000) {
            let moment = DateTime::of_units(value, 1000);
            for format in [TimestampFormat::Sql, TimestampFormat::Iso8601] {
                let mut out = Vec::new();
                write_timestamp(moment, format, true, &mut out);
                let text = String::from_utf8(out).unwrap();
                let read = parse_timestamp(&text, format, true).and_then(|read| read.in_units(1000));
                prop_assert_eq!(read, Some(value), "{}", text);
            }
        }
    }
}
