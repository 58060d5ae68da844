//! Texts as times, where no pattern says how they are written.

use super::calendar::{DAY, Date, HOUR, MINUTE, SECOND, days_in_month};
use super::column::Time;

/// A number of one or two digits.
fn short_number(text: &str) -> Option<u32> {
    let fits = (1..=2).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// Hours, minutes, seconds, and the nanoseconds of a fraction.
fn time_of_day(text: &str) -> Option<(u32, u32, u32, i64)> {
    let mut parts = text.splitn(3, ':');
    let (hour, minute) = (short_number(parts.next()?)?, short_number(parts.next()?)?);
    let rest = parts.next()?;
    let (second, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").parse().ok()?;
    Some((hour, minute, short_number(second)?, nanos))
}

/// `2024-02-29`, with one digit where one is enough: year, month, day.
fn date(text: &str) -> Option<(i64, u32, u32)> {
    let mut parts = text.splitn(3, '-');
    let year =
        parts.next().filter(|year| year.len() == 4 && year.bytes().all(|digit| digit.is_ascii_digit()))?;
    let (month, day) = (short_number(parts.next()?)?, short_number(parts.next()?)?);
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day);
    if fits { Some((year.parse().ok()?, month, day)) } else { None }
}

/// `2024-02-29` or `2024-02-29 10:11:12.123`. A day beyond the month's end is the last one.
pub(super) fn timestamp(text: &str) -> Option<Time> {
    let (day, time) = match text.split_once(' ') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let (year, month, day) = date(day)?;
    let days = Date { year, month, day: day.min(days_in_month(year, month)) }.days();
    let (hour, minute, second, nanos) = match time {
        Some(time) => time_of_day(time)?,
        None => (0, 0, 0, 0),
    };
    let is_midnight = (hour, minute, second, nanos) == (24, 0, 0, 0);
    if (hour > 23 && !is_midnight) || minute > 59 || second > 59 {
        return None;
    }
    Some(of_parts(days, (hour, minute, second, nanos)))
}

/// As `java.sql.Timestamp.valueOf` and `java.sql.Date.valueOf`, where a text does not follow its pattern: blanks
/// around it do not matter, and with a time it needs all of it.
pub(super) fn fallback(text: &str) -> Option<Time> {
    let text = text.trim_matches(|character| character <= ' ');
    let Some((day, time)) = text.split_once(' ') else {
        let (year, month, day) = date(text)?;
        let fits = day <= days_in_month(year, month);
        return fits.then(|| of_parts(Date { year, month, day }.days(), (0, 0, 0, 0)));
    };
    let (year, month, day) = date(day)?;
    Some(of_parts(Date { year, month, day }.days(), time_of_day(time.trim_start())?))
}

fn of_parts(days: i64, (hour, minute, second, nanos): (u32, u32, u32, i64)) -> Time {
    let of_day = i64::from(hour) * HOUR + i64::from(minute) * MINUTE + i64::from(second) * SECOND;
    Time { millis: days * DAY + of_day + nanos / 1_000_000, nanos: nanos % 1_000_000 }
}

/// What TO_DATE reads: `2024-02-29`, `2024-2`, `2024`, and whatever behind a blank. In days since 1970.
pub(super) fn days(text: &str) -> Option<i64> {
    let text = text.trim_matches(|character| character <= ' ');
    let text = text.split(' ').next().unwrap_or(text);
    let mut parts = text.splitn(3, '-');
    let year = parts.next().filter(|year| (1..=4).contains(&year.len()))?;
    let year =
        if year.bytes().all(|digit| digit.is_ascii_digit()) { year.parse().ok()? } else { return None };
    let mut part = || parts.next().map_or(Some(1), short_number);
    let (month, day) = (part()?, part()?);
    let fits = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    fits.then(|| Date { year, month, day }.days())
}
