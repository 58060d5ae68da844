//! Zones: between moments and the times that clocks show.

use chrono::{DateTime, Duration, FixedOffset, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::calendar::{HOUR, MINUTE};

/// A zone of the table, or a fixed distance from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Named(Tz),
    /// In milliseconds.
    Fixed(i64),
}

/// Which moment a time is that a clock shows twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twice {
    /// As `java.time`.
    First,
    /// As Java's old calendar.
    Second,
}

/// Old names of three letters that Java knows, and the table does not.
const OLD: [(&str, &str); 20] = [
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("NST", "Pacific/Auckland"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

impl Zone {
    /// As `TimeZone.getTimeZone`: what is no zone is UTC.
    pub(super) fn or_utc(name: &str) -> Self {
        Self::table(name).unwrap_or_else(|| {
            let offset = name.strip_prefix("GMT").and_then(offset);
            Self::Fixed(offset.unwrap_or(0))
        })
    }

    /// As `ZoneId.of`.
    pub(super) fn find(name: &str) -> Option<Self> {
        if name == "Z" {
            return Some(Self::Fixed(0));
        }
        let distance = name.strip_prefix("UTC").or(name.strip_prefix("GMT")).or(name.strip_prefix("UT"));
        match distance.unwrap_or(name) {
            "" => Some(Self::Fixed(0)),
            signed if signed.starts_with(['+', '-']) => offset(signed).map(Self::Fixed),
            _ => Self::table(name),
        }
    }

    fn table(name: &str) -> Option<Self> {
        let old = OLD.iter().find(|(old, _)| *old == name).map(|(_, name)| *name);
        old.unwrap_or(name).parse().ok().map(Self::Named)
    }

    /// What the clock of the zone shows, in milliseconds, at a moment.
    pub(super) fn local(self, moment: i64) -> i64 {
        moment.saturating_add(self.offset_at(moment))
    }

    /// How far its clock is ahead of UTC at a moment, in milliseconds.
    pub(super) fn offset_at(self, moment: i64) -> i64 {
        match self {
            Self::Fixed(offset) => offset,
            Self::Named(Tz::UTC) => 0,
            Self::Named(zone) => {
                let moment = DateTime::from_timestamp_millis(moment).unwrap_or_default();
                millis(zone.offset_from_utc_datetime(&moment.naive_utc()).fix())
            }
        }
    }

    /// The moment at which its clock shows a time. A time that it skips is as much later as it skips.
    pub(super) fn moment(self, local: i64, twice: Twice) -> i64 {
        let zone = match self {
            Self::Fixed(offset) => return local.saturating_sub(offset),
            Self::Named(Tz::UTC) => return local,
            Self::Named(zone) => zone,
        };
        let Some(shown) = DateTime::from_timestamp_millis(local).map(|shown| shown.naive_utc()) else {
            return local;
        };
        let offset = |shown: &NaiveDateTime| {
            let found = zone.offset_from_local_datetime(shown);
            let found = if twice == Twice::First { found.earliest() } else { found.latest() };
            found.map(|found| millis(found.fix()))
        };
        let before = || offset(&shown.checked_sub_signed(Duration::hours(4))?);
        local.saturating_sub(offset(&shown).or_else(before).unwrap_or(0))
    }
}

fn millis(offset: FixedOffset) -> i64 {
    i64::from(offset.local_minus_utc()) * 1000
}

/// `+H`, `+HH`, `+HHMM`, `+HH:MM`, in milliseconds.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |digits: &str| {
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * HOUR + minutes * MINUTE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;
    /// 2024-03-31 02:30:00, which Berlin skips, and 2024-10-27 02:30:00, which it shows twice.
    const SKIPPED: i64 = 1_711_852_200_000;
    const TWICE: i64 = 1_729_996_200_000;

    #[test]
    fn zones_are_found_as_java_finds_them() {
        assert_eq!(Zone::or_utc("GMT+02:00"), Zone::Fixed(2 * HOUR_MS));
        assert_eq!(Zone::or_utc("GMT-8"), Zone::Fixed(-8 * HOUR_MS));
        assert_eq!(Zone::or_utc("+02:00"), Zone::Fixed(0));
        assert_eq!(Zone::or_utc("bogus"), Zone::Fixed(0));
        assert_eq!(Zone::or_utc("PST"), Zone::Named(Tz::America__Los_Angeles));
        assert_eq!(Zone::find("+02:00"), Some(Zone::Fixed(2 * HOUR_MS)));
        assert_eq!(Zone::find("GMT+2"), Some(Zone::Fixed(2 * HOUR_MS)));
        assert_eq!(Zone::find("Asia/Shanghai"), Some(Zone::Named(Tz::Asia__Shanghai)));
        assert_eq!(Zone::find("bogus"), None);
    }

    #[test]
    fn a_time_that_is_skipped_comes_later_and_one_shown_twice_is_either() {
        let berlin = Zone::Named(Tz::Europe__Berlin);
        assert_eq!(berlin.moment(SKIPPED, Twice::First), SKIPPED - HOUR_MS);
        assert_eq!(berlin.moment(TWICE, Twice::First), TWICE - 2 * HOUR_MS);
        assert_eq!(berlin.moment(TWICE, Twice::Second), TWICE - HOUR_MS);
        assert_eq!(berlin.local(0), HOUR_MS);
    }
}
