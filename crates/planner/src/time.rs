//! Days, times of day and timestamps as Flink reads, writes and counts them.
//!
//! A day is counted from 1970-01-01, a time of day in milliseconds, a timestamp as a [`Moment`]: milliseconds since
//! 1970 and nanoseconds within the millisecond.

use std::fmt::Write;

use arrow::datatypes::TimeUnit;
use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A point in time, or a timestamp without a zone, to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    /// Milliseconds since 1970, rounded down.
    pub(crate) ms: i64,
    /// Nanoseconds within the millisecond.
    pub(crate) nanos: u32,
}

impl Moment {
    /// From a number of a unit.
    pub(crate) fn from_unit(value: i64, unit: TimeUnit) -> Self {
        match unit {
            TimeUnit::Second => Self { ms: value.saturating_mul(1_000), nanos: 0 },
            TimeUnit::Millisecond => Self { ms: value, nanos: 0 },
            TimeUnit::Microsecond => {
                Self { ms: value.div_euclid(1_000), nanos: value.rem_euclid(1_000) as u32 * 1_000 }
            }
            TimeUnit::Nanosecond => {
                Self { ms: value.div_euclid(1_000_000), nanos: value.rem_euclid(1_000_000) as u32 }
            }
        }
    }

    /// As a number of a unit, if it is within that number's reach.
    pub(crate) fn to_unit(self, unit: TimeUnit) -> Option<i64> {
        match unit {
            TimeUnit::Second => Some(self.ms.div_euclid(1_000)),
            TimeUnit::Millisecond => Some(self.ms),
            TimeUnit::Microsecond => self.ms.checked_mul(1_000)?.checked_add(i64::from(self.nanos / 1_000)),
            TimeUnit::Nanosecond => self.ms.checked_mul(1_000_000)?.checked_add(i64::from(self.nanos)),
        }
    }

    /// As [`Self::cut`], but before 1970 tenths and hundredths are dropped toward it: so Flink casts what it computes.
    pub(crate) fn cut_toward_1970(self, digits: u8) -> Self {
        let unit = 10_i64.pow(u32::from(3_u8.saturating_sub(digits)));
        Self { ms: self.ms / unit * unit, ..self }.cut(digits)
    }

    /// With so many digits of a second; what is behind them is dropped.
    pub(crate) fn cut(self, digits: u8) -> Self {
        if digits > 3 {
            let unit = 10_u32.pow(u32::from(9 - digits.min(9)));
            return Self { nanos: self.nanos / unit * unit, ..self };
        }
        let unit = 10_i64.pow(u32::from(3 - digits));
        Self { ms: self.ms.div_euclid(unit) * unit, nanos: 0 }
    }

    /// The same clock reading, taken in the zone, as a moment. One that the zone skips is moved on by the gap; of one
    /// that it has twice, the first.
    pub(crate) fn into_utc(self, zone: Tz) -> Self {
        let Some(local) = naive(self.ms) else { return self };
        let offset = match zone.offset_from_local_datetime(&local) {
            MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => offset,
            MappedLocalTime::None => match naive(self.ms.saturating_sub(DAY_MS)) {
                Some(before) => zone.offset_from_utc_datetime(&before),
                None => return self,
            },
        };
        Self { ms: self.ms - offset_ms(&offset), ..self }
    }

    /// What a clock of the zone shows at this moment.
    pub(crate) fn into_local(self, zone: Tz) -> Self {
        match naive(self.ms) {
            Some(utc) => Self { ms: self.ms + offset_ms(&zone.offset_from_utc_datetime(&utc)), ..self },
            None => self,
        }
    }

    /// The day, counted toward 1970 as Flink does: `1969-12-31 23:59:59` is on day 0.
    pub(crate) fn day(self) -> i32 {
        (self.ms / DAY_MS) as i32
    }

    /// The time of day in whole seconds, in milliseconds; before 1970 cut as Flink cuts it.
    pub(crate) fn time_of_day(self) -> i32 {
        (self.ms % DAY_MS / 1_000 * 1_000).rem_euclid(DAY_MS) as i32
    }

    /// So many months later; on the month's last day where the month is too short.
    pub(crate) fn add_months(self, months: i64) -> Option<Self> {
        let day = i32::try_from(self.ms.div_euclid(DAY_MS)).ok()?;
        let day = i64::from(add_months(day, months)?);
        Some(Self { ms: day.checked_mul(DAY_MS)? + self.ms.rem_euclid(DAY_MS), ..self })
    }
}

fn offset_ms(offset: &impl Offset) -> i64 {
    i64::from(offset.fix().local_minus_utc()) * 1_000
}

fn naive(ms: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_millis(ms).map(|time| time.naive_utc())
}

/// The date of a day.
pub(crate) fn date(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(day)
}

/// A day so many months later; the month's last where the month is too short.
pub(crate) fn add_months(day: i32, months: i64) -> Option<i32> {
    let from = date(day)?;
    let month = i64::from(from.year()) * 12 + i64::from(from.month0()) + months;
    let (year, month) = (i32::try_from(month.div_euclid(12)).ok()?, month.rem_euclid(12) as u32 + 1);
    day_number(year, month, from.day().min(days_of(year, month)?))
}

/// The number of a date's day.
pub(crate) fn day_number(year: i32, month: u32, day: u32) -> Option<i32> {
    NaiveDate::from_ymd_opt(year, month, day).map(|date| date.to_epoch_days())
}

/// How many days a month has.
pub(crate) fn days_of(year: i32, month: u32) -> Option<u32> {
    NaiveDate::from_ymd_opt(year, month, 1).map(|first| u32::from(first.num_days_in_month()))
}

/// `2024-05-06`.
pub(crate) fn print_date(day: i32, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = match date(day) {
        Some(date) => write!(out, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day()),
        None => write!(out, "{day} days from 1970-01-01"),
    };
}

/// `07:08:09`, and so many digits of the second.
pub(crate) fn print_time(ms: i32, digits: u8, out: &mut String) {
    let seconds = ms / 1_000;
    let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    print_fraction(ms.rem_euclid(1_000) as u32 * 1_000_000, digits, out);
}

/// `2024-05-06 07:08:09.120`, with so many digits of the second; more if they are not zero.
pub(crate) fn print_timestamp(moment: Moment, digits: u8, out: &mut String) {
    let day = moment.ms.div_euclid(DAY_MS) as i32;
    let ms = moment.ms.rem_euclid(DAY_MS) as i32;
    print_date(day, out);
    out.push(' ');
    print_time(ms, 0, out);
    let nanos = (ms % 1_000) as u32 * 1_000_000 + moment.nanos;
    let mut shown = 9;
    while shown > digits && nanos.is_multiple_of(10_u32.pow(u32::from(10 - shown))) {
        shown -= 1;
    }
    print_fraction(nanos, shown, out);
}

fn print_fraction(nanos: u32, digits: u8, out: &mut String) {
    if digits > 0 {
        let width = usize::from(digits.min(9));
        let _ = write!(out, ".{:0width$}", nanos / 10_u32.pow(u32::from(9 - digits.min(9))));
    }
}

/// `+1 02:03:04.005`: an interval of milliseconds.
pub(crate) fn print_interval_ms(ms: i64, out: &mut String) {
    let sign = if ms < 0 { '-' } else { '+' };
    let size = ms.unsigned_abs();
    let day = DAY_MS.unsigned_abs();
    let _ = write!(out, "{sign}{} ", size / day);
    print_time((size % day) as i32, 3, out);
}

/// `+1-02`: an interval of months.
pub(crate) fn print_interval_months(months: i32, out: &mut String) {
    let sign = if months < 0 { '-' } else { '+' };
    let size = months.unsigned_abs();
    let _ = write!(out, "{sign}{}-{:02}", size / 12, size % 12);
}

/// Digits alone, up to nine.
fn number(text: &str) -> Option<u32> {
    let is_number = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Reads a day as Flink's casts do: `2024-5-6`, `2024-05`, `2024`; what follows a blank is ignored.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let text = match text.find(' ') {
        Some(at) if at > 0 => text.get(..at)?,
        _ => text,
    };
    let mut parts = text.splitn(3, '-').map(|part| number(part.trim()));
    let year = parts.next()??;
    let month = parts.next().unwrap_or(Some(1))?;
    let day = parts.next().unwrap_or(Some(1))?;
    if year > 9999 {
        return None;
    }
    day_number(year as i32, month, day)
}

/// Reads a time of day as Flink's casts do: `10:11:12.345`, `10:11`, `10`. In milliseconds.
pub(crate) fn parse_time(text: &str) -> Option<i32> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) if clock.matches(':').count() == 2 => (clock, fraction.trim()),
        Some(_) => return None,
        None => (text, ""),
    };
    let mut parts = clock.splitn(3, ':').map(|part| number(part.trim()));
    let hour = parts.next()??;
    let minute = parts.next().unwrap_or(Some(0))?;
    let second = parts.next().unwrap_or(Some(0))?;
    if hour > 23 || minute > 59 || second > 59 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut ms = 0;
    for (digit, unit) in fraction.bytes().zip([100, 10, 1]) {
        ms += u32::from(digit - b'0') * unit;
    }
    Some((((hour * 60 + minute) * 60 + second) * 1_000 + ms) as i32)
}

/// Reads a timestamp as Flink's casts do: `2024-05-06`, or `2024-5-6 7:8:9.12`. A day that the month does not have is
/// its last day, up to the 31st; `24:00:00` is the next day.
pub(crate) fn parse_timestamp(text: &str) -> Option<Moment> {
    let (date, clock) = match text.split_once(' ') {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let (year, month, day) = (number(year)? as i32, number(month)?, number(day)?);
    if year == 0 || !(1..=31).contains(&day) {
        return None;
    }
    let day = day_number(year, month, day.min(days_of(year, month)?))?;
    let (seconds, nanos) = clock.map_or(Some((0, 0)), parse_clock)?;
    let ms = i64::from(day) * DAY_MS + i64::from(seconds) * 1_000 + i64::from(nanos / 1_000_000);
    Some(Moment { ms, nanos: nanos % 1_000_000 })
}

/// Seconds of the day and nanoseconds of the second.
fn parse_clock(text: &str) -> Option<(u32, u32)> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let is_short = [hour, minute, second].iter().all(|part| part.len() <= 2);
    if !is_short || parts.next().is_some() || fraction.len() > 9 {
        return None;
    }
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    let nanos = if fraction.is_empty() { 0 } else { number(&format!("{fraction:0<9}"))? };
    let is_midnight = hour == 24 && minute == 0 && second == 0 && nanos == 0;
    if (hour > 23 && !is_midnight) || minute > 59 || second > 59 {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(moment: Moment, digits: u8) -> String {
        let mut text = String::new();
        print_timestamp(moment, digits, &mut text);
        text
    }

    #[test]
    fn timestamps_are_read_as_flink_reads_them() {
        for (text, expected) in [
            ("2024-05-06 10:11:12.123456789", Some("2024-05-06 10:11:12.123456789")),
            ("2024-05-06", Some("2024-05-06 00:00:00")),
            ("2024-5-6 1:2:3", Some("2024-05-06 01:02:03")),
            ("2023-02-29 10:00:00", Some("2023-02-28 10:00:00")),
            ("2024-05-06 24:00:00", Some("2024-05-07 00:00:00")),
            ("1969-12-31 23:59:59.999", Some("1969-12-31 23:59:59.999")),
            ("0042-01-01 00:00:00", Some("0042-01-01 00:00:00")),
            ("2024-05-06T10:11:12", None),
            ("2024-05-06 10:11", None),
            ("2024-05-06 10:11:60", None),
            (" 2024-05-06 10:11:12", None),
            ("2024-05-06 10:11:12.1234567891", None),
            ("42-01-01 00:00:00", None),
            ("2024-13-01", None),
            ("2024", None),
            ("", None),
        ] {
            assert_eq!(parse_timestamp(text).map(|moment| shown(moment, 0)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn days_and_times_are_read_as_flink_reads_them() {
        for (text, expected) in [
            ("2024-05-06", Some("2024-05-06")),
            ("2024-5-6", Some("2024-05-06")),
            (" 2024-05-06 ", Some("2024-05-06")),
            ("2024-05-06 10:00:00", Some("2024-05-06")),
            ("42", Some("0042-01-01")),
            ("2024-05", Some("2024-05-01")),
            ("2023-02-29", None),
            ("20240506", None),
            ("2024-05-06x", None),
            ("", None),
        ] {
            let read = parse_date(text).map(|day| {
                let mut text = String::new();
                print_date(day, &mut text);
                text
            });
            assert_eq!(read.as_deref(), expected, "{text}");
        }
        for (text, expected) in [
            ("10:11:12", Some(36_672_000)),
            ("10:11:12.345", Some(36_672_345)),
            ("1:2:3", Some(3_723_000)),
            (" 10:11:12 ", Some(36_672_000)),
            ("10", Some(36_000_000)),
            ("25:00:00", None),
            ("24:00:00", None),
            ("10:61:00", None),
            ("x", None),
        ] {
            assert_eq!(parse_time(text), expected, "{text}");
        }
    }

    #[test]
    fn days_before_1970_are_counted_toward_it() {
        let before = parse_timestamp("1969-12-31 23:59:59.999").unwrap();
        assert_eq!((before.day(), before.time_of_day()), (0, 0));
        let old = parse_timestamp("0001-01-01 00:00:00.001").unwrap();
        assert_eq!((old.day(), old.time_of_day()), (day_number(1, 1, 2).unwrap(), 1_000));
    }

    #[test]
    fn clocks_that_jump_are_read_as_java_reads_them() {
        let zone = chrono_tz::Europe::Berlin;
        for (local, utc) in [
            ("2024-03-31 02:30:00", "2024-03-31 01:30:00"),
            ("2024-10-27 02:30:00", "2024-10-27 00:30:00"),
            ("2024-07-01 12:00:00", "2024-07-01 10:00:00"),
        ] {
            assert_eq!(shown(parse_timestamp(local).unwrap().into_utc(zone), 0), utc);
        }
        let utc = parse_timestamp("2024-03-31 01:30:00").unwrap();
        assert_eq!(shown(utc.into_local(zone), 3), "2024-03-31 03:30:00.000");
    }

    #[test]
    fn months_end_where_the_month_does() {
        let day = |text| parse_date(text).unwrap();
        assert_eq!(add_months(day("2024-01-31"), 1), Some(day("2024-02-29")));
        assert_eq!(add_months(day("2024-02-29"), -12), Some(day("2023-02-28")));
        assert_eq!(add_months(day("1970-01-31"), -13), Some(day("1968-12-31")));
    }
}
