//! The patterns of Java's `DateTimeFormatter`, and times written by them, in English and with weeks from Sunday on.

use super::calendar::{DAY, Date, HOUR, MINUTE, SECOND, day_of_week};
use super::column::Time;
use super::names::{DAYS, MONTHS, part_of_day, short};
use crate::functions::rows::push;

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) items: Vec<Item>,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Literal(String),
    /// A letter, and how often it stands there.
    Field(char, usize),
    /// What comes next is filled up with blanks.
    Pad(usize),
    /// `[` and `]`: matter only for reading.
    Open,
    Close,
}

/// So many optional parts may stand within each other.
const DEEPEST: usize = 50;

impl Pattern {
    /// # Errors
    /// What is wrong with the pattern.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let mut items = Vec::new();
        let mut rest = pattern.chars().peekable();
        let mut depth = 0usize;
        while let Some(character) = rest.next() {
            match character {
                'a'..='z' | 'A'..='Z' => {
                    let count = 1 + std::iter::from_fn(|| rest.next_if_eq(&character)).count();
                    items.push(field(character, count)?);
                }
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
                    items.push(Item::Literal(if text.is_empty() { "'".to_owned() } else { text }));
                }
                '[' if depth == DEEPEST => {
                    return Err(format!("the pattern {pattern} has too many [ within each other"));
                }
                '[' => {
                    depth += 1;
                    items.push(Item::Open);
                }
                ']' => {
                    depth = depth
                        .checked_sub(1)
                        .ok_or_else(|| format!("the pattern {pattern} has a ] too many"))?;
                    items.push(Item::Close);
                }
                '{' | '}' | '#' => {
                    return Err(format!("the pattern {pattern} has a {character} outside of '…'"));
                }
                _ => items.push(Item::Literal(character.to_string())),
            }
        }
        items.extend(std::iter::repeat_n(Item::Close, depth));
        Ok(Self { items })
    }

    /// A time by the pattern.
    pub(super) fn write(&self, time: Time, out: &mut String) -> Result<(), String> {
        let moment = Fields::of(time);
        let mut padded = None;
        for item in &self.items {
            let start = out.len();
            match item {
                Item::Literal(text) => out.push_str(text),
                Item::Field(letter, count) => moment.write(*letter, *count, out)?,
                Item::Pad(width) => {
                    padded = Some(*width);
                    continue;
                }
                Item::Open | Item::Close => {}
            }
            if let Some(width) = padded.take() {
                let blanks = width.saturating_sub(out[start..].chars().count());
                out.insert_str(start, &" ".repeat(blanks));
            }
        }
        Ok(())
    }
}

fn field(letter: char, count: usize) -> Result<Item, String> {
    let most = match letter {
        'p' if count <= 100 => return Ok(Item::Pad(count)),
        'a' | 'F' | 'W' => 1,
        'd' | 'h' | 'H' | 'k' | 'K' | 'm' | 's' | 'w' => 2,
        'D' => 3,
        'M' | 'L' | 'Q' | 'q' | 'E' | 'e' | 'c' | 'G' | 'B' | 'X' | 'x' | 'Z' => 5,
        'z' | 'O' | 'v' => 4,
        'V' => 2,
        'S' => 9,
        'y' | 'u' | 'Y' | 'A' | 'n' | 'N' | 'g' => 19,
        _ => return Err(format!("there is no pattern letter {letter}")),
    };
    let fits = count <= most
        && !(letter == 'c' && count == 2)
        && !(letter == 'B' && (count == 2 || count == 3))
        && !(letter == 'V' && count == 1);
    if fits { Ok(Item::Field(letter, count)) } else { Err(format!("{count} times {letter} is no pattern")) }
}

/// A time, taken apart.
struct Fields {
    date: Date,
    days: i64,
    /// Milliseconds of the day.
    millis: i64,
    /// Nanoseconds of the second.
    nanos: i64,
}

impl Fields {
    fn of(time: Time) -> Self {
        let (days, millis) = (time.millis.div_euclid(DAY), time.millis.rem_euclid(DAY));
        Self { date: Date::of_days(days), days, millis, nanos: millis % SECOND * 1_000_000 + time.nanos }
    }

    fn write(&self, letter: char, count: usize, out: &mut String) -> Result<(), String> {
        let hour = self.millis / HOUR;
        let month = self.date.month as usize;
        let name_of_day = DAYS[(day_of_week(self.days) - 1) as usize];
        match (letter, count) {
            ('y', _) => {
                year(out, if self.date.year > 0 { self.date.year } else { 1 - self.date.year }, count)
            }
            ('u', _) => year(out, self.date.year, count),
            ('Y', _) => year(out, us_week(self.days).0, count),
            ('M' | 'L', 1 | 2) => number(out, month as i64, count),
            ('M' | 'L', _) => name(out, MONTHS[month - 1], count),
            ('Q' | 'q', _) => quarter(out, (month as i64 - 1) / 3 + 1, count),
            ('d', _) => number(out, self.date.day.into(), count),
            ('D', _) => number(out, self.date.of_year(), count),
            ('E', 1..=3) => name(out, name_of_day, 3),
            ('e' | 'c', 1 | 2) => number(out, day_of_week(self.days), count),
            ('E' | 'e' | 'c', _) => name(out, name_of_day, count),
            ('w', _) => number(out, us_week(self.days).1, count),
            ('W', _) => number(out, week_of_month(self.days, self.date), count),
            ('F', _) => number(out, (i64::from(self.date.day) - 1) % 7 + 1, count),
            ('G', 4) => out.push_str(if self.date.year > 0 { "Anno Domini" } else { "Before Christ" }),
            ('G', 5) => out.push_str(if self.date.year > 0 { "A" } else { "B" }),
            ('G', _) => out.push_str(if self.date.year > 0 { "AD" } else { "BC" }),
            ('g', _) => number(out, self.days + 40_587, count),
            ('a', _) => out.push_str(if hour < 12 { "AM" } else { "PM" }),
            ('B', _) => out.push_str(part_of_day(hour, self.millis % HOUR / MINUTE)),
            ('H', _) => number(out, hour, count),
            ('k', _) => number(out, if hour == 0 { 24 } else { hour }, count),
            ('K', _) => number(out, hour % 12, count),
            ('h', _) => number(out, (hour + 11) % 12 + 1, count),
            ('m', _) => number(out, self.millis % HOUR / MINUTE, count),
            ('s', _) => number(out, self.millis % MINUTE / SECOND, count),
            ('S', _) => push(out, format_args!("{}", &format!("{:09}", self.nanos)[..count.min(9)])),
            ('n', _) => number(out, self.nanos, count),
            ('N', _) => number(out, self.millis / SECOND * 1_000_000_000 + self.nanos, count),
            ('A', _) => number(out, self.millis, count),
            _ => return Err(format!("the pattern letter {letter} needs a zone, and a time has none")),
        }
        Ok(())
    }
}

fn number(out: &mut String, value: i64, width: usize) {
    push(out, format_args!("{value:0width$}"));
}

/// Two letters are the last two digits; four and more want a sign before a longer year.
fn year(out: &mut String, year: i64, count: usize) {
    if count == 2 {
        return number(out, year.rem_euclid(100), 2);
    }
    if count >= 4 && year >= 10i64.saturating_pow(count.min(18) as u32) {
        out.push('+');
    }
    if year < 0 {
        out.push('-');
    }
    number(out, year.abs(), count);
}

fn name(out: &mut String, name: &str, count: usize) {
    out.push_str(match count {
        3 => short(name),
        5 => &name[..1],
        _ => name,
    });
}

fn quarter(out: &mut String, quarter: i64, count: usize) {
    match count {
        3 => push(out, format_args!("Q{quarter}")),
        4 => out.push_str(
            ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"][(quarter as usize - 1) % 4],
        ),
        5 => number(out, quarter, 1),
        _ => number(out, quarter, count),
    }
}

/// Year and number of a week that goes from Sunday to Saturday; the first one has January 1st.
pub(super) fn us_week(days: i64) -> (i64, i64) {
    let saturday = days + 7 - day_of_week(days);
    let year = Date::of_days(saturday).year;
    let first = Date { year, month: 1, day: 1 }.days();
    (year, (saturday - first) / 7 + 1)
}

/// The number of such a week within its month.
pub(super) fn week_of_month(days: i64, date: Date) -> i64 {
    let first = days - i64::from(date.day) + 1;
    (i64::from(date.day) - 1 + day_of_week(first) - 1) / 7 + 1
}
