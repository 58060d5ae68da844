//! The patterns of Java's `SimpleDateFormat`, which Flink's functions of seconds use: they read leniently.

use super::calendar::{DAY, Date, HOUR, MINUTE, SECOND, day_of_week, iso_day_of_week};
use super::java_format::{us_week, week_of_month};
use super::names::{DAYS, MONTHS, short};
use super::zone::{Twice, Zone};
use crate::functions::rows::push;

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SimplePattern {
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Literal(String),
    Field(char, usize),
}

/// Nothing is filled up to more digits.
const LONGEST_FIELD: usize = 100;

impl SimplePattern {
    /// # Errors
    /// What is wrong with the pattern.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let mut items = Vec::new();
        let mut rest = pattern.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                '\'' if rest.next_if_eq(&'\'').is_some() => items.push(Item::Literal("'".to_owned())),
                '\'' => {
                    let mut text = String::new();
                    loop {
                        match rest.next() {
                            Some('\'') if rest.peek() == Some(&'\'') => text.extend(rest.next()),
                            Some('\'') => break,
                            Some(character) => text.push(character),
                            None => {
                                return Err(format!("the pattern {pattern} has no ' at the end of a text"));
                            }
                        }
                    }
                    items.push(Item::Literal(text));
                }
                letter @ ('a'..='z' | 'A'..='Z') => {
                    if !"GyYMLwWDdFEuaHkKhmsSzZX".contains(letter) {
                        return Err(format!("there is no pattern letter {letter}"));
                    }
                    let count = 1 + std::iter::from_fn(|| rest.next_if_eq(&letter)).count();
                    if count > LONGEST_FIELD {
                        return Err(format!("{count} times {letter} is no pattern"));
                    }
                    if letter == 'X' && count > 3 {
                        return Err("XXX is the longest pattern of X".to_owned());
                    }
                    items.push(Item::Field(letter, count));
                }
                _ => items.push(Item::Literal(character.to_string())),
            }
        }
        Ok(Self { items })
    }

    /// A moment by the pattern, as the clock of the zone shows it.
    pub(super) fn write(&self, moment: i64, zone: Zone, out: &mut String) {
        let offset = zone.offset_at(moment);
        let local = moment.saturating_add(offset);
        for item in &self.items {
            match item {
                Item::Literal(text) => out.push_str(text),
                Item::Field(letter, count) => write_field(*letter, *count, local, offset, zone, out),
            }
        }
    }

    /// The moment that the beginning of a text tells, in milliseconds. `now` decides which century two digits mean.
    pub(super) fn read(&self, text: &str, zone: Zone, now: i64) -> Option<i64> {
        let mut found = Found::default();
        let mut rest = text;
        for (at, item) in self.items.iter().enumerate() {
            match item {
                Item::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Item::Field(letter, count) => {
                    // Numbers that follow at once share the digits by their widths.
                    let is_followed = matches!(self.items.get(at + 1), Some(Item::Field(next, width)) if is_number(*next, *width));
                    let width = if is_followed && is_number(*letter, *count) { Some(*count) } else { None };
                    rest = found.read(*letter, *count, width, rest.trim_start_matches([' ', '\t']), now)?;
                }
            }
        }
        let local = found.local()?;
        Some(match found.offset {
            Some(offset) => local.saturating_sub(offset),
            None => found.zone.unwrap_or(zone).moment(local, Twice::Second),
        })
    }
}

fn is_number(letter: char, count: usize) -> bool {
    !("GEazZX".contains(letter) || "ML".contains(letter) && count > 2)
}

fn write_field(letter: char, count: usize, local: i64, offset: i64, zone: Zone, out: &mut String) {
    let (days, millis) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let (date, hour) = (Date::of_days(days), millis / HOUR);
    let month = date.month as usize;
    let mut number = |value: i64| push(out, format_args!("{value:0count$}"));
    match letter {
        'y' | 'Y' => {
            let year = if letter == 'Y' { us_week(days).0 } else { date.year };
            let year = if year > 0 { year } else { 1 - year };
            number(if count == 2 { year % 100 } else { year });
        }
        'M' | 'L' if count <= 2 => number(month as i64),
        'w' => number(us_week(days).1),
        'W' => number(week_of_month(days, date)),
        'D' => number(date.of_year()),
        'd' => number(date.day.into()),
        'F' => number((i64::from(date.day) - 1) / 7 + 1),
        'u' => number(iso_day_of_week(days)),
        'H' => number(hour),
        'k' => number(if hour == 0 { 24 } else { hour }),
        'K' => number(hour % 12),
        'h' => number((hour + 11) % 12 + 1),
        'm' => number(millis % HOUR / MINUTE),
        's' => number(millis % MINUTE / SECOND),
        'S' => number(millis % SECOND),
        'G' => out.push_str(if date.year > 0 { "AD" } else { "BC" }),
        'M' | 'L' => out.push_str(if count == 3 { short(MONTHS[month - 1]) } else { MONTHS[month - 1] }),
        'E' => {
            let name = DAYS[(day_of_week(days) - 1) as usize];
            out.push_str(if count < 4 { short(name) } else { name });
        }
        'a' => out.push_str(if hour < 12 { "AM" } else { "PM" }),
        'z' => out.push_str(&zone_name(zone, local - offset, offset, count)),
        'Z' => push_offset(out, offset, "", true),
        _ if offset == 0 => out.push('Z'),
        _ => push_offset(out, offset, if count == 3 { ":" } else { "" }, count > 1),
    }
}

fn push_offset(out: &mut String, offset: i64, colon: &str, has_minutes: bool) {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / MINUTE;
    push(out, format_args!("{sign}{:02}", minutes / 60));
    if has_minutes {
        push(out, format_args!("{colon}{:02}", minutes % 60));
    }
}

/// The short name of a zone; of the long ones only that of UTC is known.
fn zone_name(zone: Zone, moment: i64, offset: i64, count: usize) -> String {
    use chrono::TimeZone;
    match zone {
        Zone::Named(chrono_tz::UTC) if count >= 4 => "Coordinated Universal Time".to_owned(),
        Zone::Named(zone) => match zone.timestamp_millis_opt(moment).single() {
            Some(moment) => moment.format("%Z").to_string(),
            None => zone.name().to_owned(),
        },
        Zone::Fixed(_) => {
            let mut name = "GMT".to_owned();
            push_offset(&mut name, offset, ":", true);
            name
        }
    }
}

/// What was read; the rest is that of 1970-01-01 00:00:00.
#[derive(Debug, Default)]
struct Found {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    is_before_christ: bool,
    hour: Option<i64>,
    half_hour: Option<i64>,
    is_pm: bool,
    minute: i64,
    second: i64,
    milli: i64,
    offset: Option<i64>,
    zone: Option<Zone>,
}

/// More digits than these are none of a time's.
const LONGEST: usize = 9;

fn take_number(text: &str, width: Option<usize>) -> Option<(i64, &str)> {
    let (sign, unsigned) = match (text.strip_prefix('-'), width) {
        (Some(unsigned), None) => (-1, unsigned),
        _ => (1, text),
    };
    let count = unsigned.bytes().take(width.unwrap_or(usize::MAX)).take_while(u8::is_ascii_digit).count();
    if count == 0 || count > LONGEST {
        return None;
    }
    Some((sign * unsigned[..count].parse::<i64>().ok()?, &unsigned[count..]))
}

/// The longest name that the text begins with, in any case.
fn take_name<'t>(names: &[&str], text: &'t str) -> Option<(usize, &'t str)> {
    let is_prefix = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    [false, true].into_iter().find_map(|is_short| {
        names.iter().enumerate().find_map(|(at, name)| {
            let name = if is_short { short(name) } else { name };
            is_prefix(name).then(|| (at, &text[name.len()..]))
        })
    })
}

impl Found {
    fn read<'t>(
        &mut self,
        letter: char,
        count: usize,
        width: Option<usize>,
        text: &'t str,
        now: i64,
    ) -> Option<&'t str> {
        let number = || take_number(text, width);
        let rest;
        match letter {
            'y' | 'Y' => {
                let (year, behind) = number()?;
                let digits = text.len() - behind.len();
                let is_short = count <= 2 && digits == 2 && year >= 0;
                (self.year, rest) = (Some(if is_short { of_century(year, now) } else { year }), behind);
            }
            'M' | 'L' if count > 2 => {
                let (month, behind) = take_name(&MONTHS, text)?;
                (self.month, rest) = (Some(month as i64 + 1), behind);
            }
            'M' | 'L' => {
                let (value, behind) = number()?;
                (self.month, rest) = (Some(value), behind);
            }
            'd' => {
                let (value, behind) = number()?;
                (self.day, rest) = (Some(value), behind);
            }
            'D' => {
                let (value, behind) = number()?;
                (self.day_of_year, rest) = (Some(value), behind);
            }
            'H' => {
                let (value, behind) = number()?;
                (self.hour, rest) = (Some(value), behind);
            }
            'k' => {
                let (hour, behind) = number()?;
                (self.hour, rest) = (Some(if hour == 24 { 0 } else { hour }), behind);
            }
            'K' => {
                let (value, behind) = number()?;
                (self.half_hour, rest) = (Some(value), behind);
            }
            'h' => {
                let (hour, behind) = number()?;
                (self.half_hour, rest) = (Some(if hour == 12 { 0 } else { hour }), behind);
            }
            'm' => (self.minute, rest) = number()?,
            's' => (self.second, rest) = number()?,
            'S' => (self.milli, rest) = number()?,
            'w' | 'W' | 'F' | 'u' => rest = number()?.1,
            'E' => rest = take_name(&DAYS, text)?.1,
            'a' => {
                let (at, behind) = take_name(&["AM", "PM"], text)?;
                (self.is_pm, rest) = (at == 1, behind);
            }
            'G' => {
                let (at, behind) = take_name(&["AD", "BC"], text)?;
                (self.is_before_christ, rest) = (at == 1, behind);
            }
            _ => rest = self.read_zone(text)?,
        }
        Some(rest)
    }

    fn read_zone<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        if let Some(signed) =
            text.strip_prefix("GMT").filter(|rest| rest.starts_with(['+', '-'])).or(Some(text))
            && signed.starts_with(['+', '-'])
        {
            let (hours, rest) = take_number(&signed[1..], Some(2))?;
            let (minutes, rest) =
                take_number(rest.strip_prefix(':').unwrap_or(rest), Some(2)).unwrap_or((0, rest));
            let sign = if signed.starts_with('-') { -1 } else { 1 };
            self.offset = Some(sign * (hours * HOUR + minutes * MINUTE));
            return Some(rest);
        }
        let end =
            text.find(|character: char| !character.is_ascii_alphanumeric() && !"/_".contains(character));
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        self.zone = Some(Zone::find(name)?);
        Some(rest)
    }

    fn local(&self) -> Option<i64> {
        let year = self.year.unwrap_or(1970);
        let year = if self.is_before_christ { 1 - year } else { year };
        let month = self.month.unwrap_or(1) - 1;
        let first =
            Date { year: year + month.div_euclid(12), month: month.rem_euclid(12) as u32 + 1, day: 1 }.days();
        let days = match (self.day, self.day_of_year) {
            (None, Some(of_year)) => Date { year, month: 1, day: 1 }.days() + of_year - 1,
            (day, _) => first + day.unwrap_or(1) - 1,
        };
        let hour = self.hour.unwrap_or(self.half_hour.unwrap_or(0) + if self.is_pm { 12 } else { 0 });
        let of_day = hour * HOUR + self.minute * MINUTE + self.second * SECOND + self.milli;
        days.checked_mul(DAY)?.checked_add(of_day)
    }
}

/// Two digits mean the year that is at most 80 years before now and less than 20 after.
fn of_century(year: i64, now: i64) -> i64 {
    let first = Date::of_days(now.div_euclid(DAY)).year - 80;
    first + (year - first).rem_euclid(100)
}
