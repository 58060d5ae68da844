//! Texts read by the patterns of Java's `DateTimeFormatter`.

use super::calendar::{DAY, Date, HOUR, MINUTE, SECOND, day_of_week, days_in_month, is_leap};
use super::column::Time;
use super::java_format::{Item, Pattern};
use super::names::{DAYS, MONTHS, short};

/// What was read.
#[derive(Debug, Clone, Default)]
struct Found {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    /// From Sunday = 1.
    day_of_week: Option<i64>,
    is_before_christ: bool,
    hour: Option<i64>,
    /// From 0 to 11.
    half_hour: Option<i64>,
    is_pm: Option<bool>,
    minute: i64,
    second: i64,
    nanos: i64,
}

impl Pattern {
    /// The time that a text tells, if it is written by the pattern. What the pattern does not have is that of
    /// 1970-01-01 00:00:00; zones are read and make no difference.
    pub(super) fn read(&self, text: &str) -> Option<Time> {
        let mut found = Found::default();
        let rest = items(&self.items, text, &mut found)?;
        if rest.is_empty() { found.time() } else { None }
    }
}

/// Reads the items; gives what is left of the text.
fn items<'t>(all: &[Item], text: &'t str, found: &mut Found) -> Option<&'t str> {
    let mut rest = text;
    let mut at = 0;
    while let Some(item) = all.get(at) {
        at += 1;
        match item {
            Item::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
            Item::Field(letter, count) => rest = field(*letter, *count, reserved(&all[at..]), rest, found)?,
            Item::Pad(_) => rest = rest.trim_start_matches(' '),
            Item::Open => {
                let end = close_of(all, at);
                let mut tried = found.clone();
                if let Some(behind) = items(&all[at..end], rest, &mut tried) {
                    (*found, rest) = (tried, behind);
                }
                at = end + 1;
            }
            Item::Close => {}
        }
    }
    Some(rest)
}

/// Where the section that begins here ends.
fn close_of(all: &[Item], start: usize) -> usize {
    let mut depth = 0usize;
    for (at, item) in all.iter().enumerate().skip(start) {
        match item {
            Item::Open => depth += 1,
            Item::Close if depth == 0 => return at,
            Item::Close => depth -= 1,
            _ => {}
        }
    }
    all.len()
}

/// How many digits the fields of fixed width that follow at once need.
fn reserved(following: &[Item]) -> usize {
    following
        .iter()
        .map_while(|item| match item {
            Item::Field('M' | 'L' | 'd' | 'H' | 'h' | 'k' | 'K' | 'm' | 's', 2) => Some(2),
            Item::Field('D', 3) => Some(3),
            Item::Field('S', count) => Some(*count),
            Item::Field('y' | 'u', 2) => Some(2),
            _ => None,
        })
        .sum()
}

/// A number of so many digits.
fn digits(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    Some((text[..count].parse().ok()?, &text[count..]))
}

fn year(text: &str, count: usize, reserved: usize) -> Option<(i64, &str)> {
    if count == 2 {
        let (year, rest) = digits(text, 2, 2)?;
        return Some((2000 + year, rest));
    }
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let there = unsigned.bytes().take(18).take_while(u8::is_ascii_digit).count();
    let most = there.saturating_sub(reserved).max(count.min(there));
    // A year of four letters is longer only behind a sign.
    let most = if count >= 4 && unsigned.len() == text.len() { most.min(count) } else { most };
    let (year, rest) = digits(unsigned, count.min(18), most)?;
    Some((sign * year, rest))
}

/// The first of the names that the text begins with, and what is behind it.
fn one_of(names: impl Iterator<Item = &'static str>, text: &str) -> Option<(i64, &str)> {
    names.enumerate().find_map(|(at, name)| Some((at as i64 + 1, text.strip_prefix(name)?)))
}

fn field<'t>(
    letter: char,
    count: usize,
    reserved: usize,
    text: &'t str,
    found: &mut Found,
) -> Option<&'t str> {
    let plain = |text: &'t str| {
        if count == 1 {
            let there = text.bytes().take(18).take_while(u8::is_ascii_digit).count();
            digits(text, 1, there.saturating_sub(reserved).max(1))
        } else {
            digits(text, count, count)
        }
    };
    let within = |(value, rest): (i64, &'t str), least: i64, most: i64| {
        (least..=most).contains(&value).then_some((value, rest))
    };
    Some(match (letter, count) {
        ('y' | 'u', _) => {
            let (value, rest) = year(text, count, reserved)?;
            found.year = Some(value);
            rest
        }
        ('M' | 'L', 1 | 2) => {
            let (value, rest) = within(plain(text)?, 1, 12)?;
            found.month = Some(value);
            rest
        }
        ('M' | 'L', _) => {
            let (value, rest) = match count {
                3 => one_of(MONTHS.iter().map(|name| short(name)), text)?,
                _ => one_of(MONTHS.into_iter(), text)?,
            };
            found.month = Some(value);
            rest
        }
        ('d', _) => {
            let (value, rest) = within(plain(text)?, 1, 31)?;
            found.day = Some(value);
            rest
        }
        ('D', _) => {
            let (value, rest) = within(digits(text, count, 3)?, 1, 366)?;
            found.day_of_year = Some(value);
            rest
        }
        ('E', _) => {
            let (value, rest) = match count {
                1..=3 => one_of(DAYS.iter().map(|name| short(name)), text)?,
                _ => one_of(DAYS.into_iter(), text)?,
            };
            found.day_of_week = Some(value);
            rest
        }
        ('G', _) => {
            let (value, rest) = one_of(["AD", "BC"].into_iter(), text)?;
            found.is_before_christ = value == 2;
            rest
        }
        ('a', _) => {
            let (value, rest) = one_of(["AM", "PM"].into_iter(), text)?;
            found.is_pm = Some(value == 2);
            rest
        }
        ('H', _) => {
            let (value, rest) = within(plain(text)?, 0, 24)?;
            found.hour = Some(value);
            rest
        }
        ('k', _) => {
            let (value, rest) = within(plain(text)?, 1, 24)?;
            found.hour = Some(value % 24);
            rest
        }
        ('h', _) => {
            let (value, rest) = within(plain(text)?, 1, 12)?;
            found.half_hour = Some(value % 12);
            rest
        }
        ('K', _) => {
            let (value, rest) = within(plain(text)?, 0, 11)?;
            found.half_hour = Some(value);
            rest
        }
        ('m', _) => {
            let rest;
            (found.minute, rest) = within(plain(text)?, 0, 59)?;
            rest
        }
        ('s', _) => {
            let rest;
            (found.second, rest) = within(plain(text)?, 0, 59)?;
            rest
        }
        ('S', _) => {
            let (value, rest) = digits(text, count, count)?;
            found.nanos = value * 10i64.pow(9 - count.min(9) as u32);
            rest
        }
        ('n', _) => {
            let rest;
            (found.nanos, rest) = within(digits(text, count, 18)?, 0, 999_999_999)?;
            rest
        }
        ('X' | 'x' | 'Z' | 'O', _) => offset(text)?,
        ('z' | 'V' | 'v', _) => zone(text)?,
        _ => return None,
    })
}

/// `Z`, or a sign, two digits, and maybe two more, with or without a colon.
fn offset(text: &str) -> Option<&str> {
    let text = text.strip_prefix("GMT").unwrap_or(text);
    if let Some(rest) = text.strip_prefix('Z') {
        return Some(rest);
    }
    let (_, rest) = digits(text.strip_prefix(['+', '-'])?, 2, 2)?;
    let minutes = rest.strip_prefix(':').unwrap_or(rest);
    Some(digits(minutes, 2, 2).map_or(rest, |(_, rest)| rest))
}

/// The name of a zone.
fn zone(text: &str) -> Option<&str> {
    let is_end = |character: char| !character.is_ascii_alphanumeric() && !"/_+-:".contains(character);
    let end = text.find(is_end).unwrap_or(text.len());
    super::zone::Zone::find(&text[..end]).map(|_| &text[end..])
}

impl Found {
    fn time(&self) -> Option<Time> {
        // Java's calendar ends there too.
        let year = self.year.unwrap_or(1970);
        if year.abs() > 999_999_999 {
            return None;
        }
        let year = if self.is_before_christ { 1 - year } else { year };
        let days = match self.day_of_year {
            Some(of_year) if self.month.is_none() => {
                if of_year > 365 + i64::from(is_leap(year)) {
                    return None;
                }
                Date { year, month: 1, day: 1 }.days() + of_year - 1
            }
            _ => {
                let month = self.month.unwrap_or(1) as u32;
                // A day beyond the month's end is the last one.
                let day = (self.day.unwrap_or(1) as u32).min(days_in_month(year, month));
                Date { year, month, day }.days()
            }
        };
        let is_whole = self.year.is_some() && self.month.is_some() && self.day.is_some();
        if is_whole && self.day_of_week.is_some_and(|expected| expected != day_of_week(days)) {
            return None;
        }
        let hour = match (self.hour, self.half_hour, self.is_pm) {
            (Some(24), ..) if self.minute == 0 && self.second == 0 && self.nanos == 0 => 24,
            (Some(24), ..) => return None,
            (Some(hour), ..) => hour,
            (None, Some(hour), Some(is_pm)) => hour + if is_pm { 12 } else { 0 },
            (None, ..) => 0,
        };
        let of_day = hour * HOUR + self.minute * MINUTE + self.second * SECOND + self.nanos / 1_000_000;
        let millis = days.checked_mul(DAY)?.checked_add(of_day)?;
        Some(Time { millis, nanos: self.nanos % 1_000_000 })
    }
}
