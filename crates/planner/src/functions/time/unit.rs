//! Units of time, by their names in SQL.

use narthex_sql::{Mistake, nearest};

use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use crate::functions::Arguments;

/// A unit, or what EXTRACT can take from a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    Day,
    DayOfYear,
    DayOfWeek,
    IsoDayOfWeek,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
}

const NAMES: [(&str, Unit); 21] = [
    ("MILLENNIUM", Unit::Millennium),
    ("CENTURY", Unit::Century),
    ("DECADE", Unit::Decade),
    ("YEAR", Unit::Year),
    ("ISOYEAR", Unit::IsoYear),
    ("QUARTER", Unit::Quarter),
    ("MONTH", Unit::Month),
    ("WEEK", Unit::Week),
    ("DAY", Unit::Day),
    ("DAYOFMONTH", Unit::Day),
    ("DOY", Unit::DayOfYear),
    ("DAYOFYEAR", Unit::DayOfYear),
    ("DOW", Unit::DayOfWeek),
    ("ISODOW", Unit::IsoDayOfWeek),
    ("HOUR", Unit::Hour),
    ("MINUTE", Unit::Minute),
    ("SECOND", Unit::Second),
    ("MILLISECOND", Unit::Millisecond),
    ("MICROSECOND", Unit::Microsecond),
    ("NANOSECOND", Unit::Nanosecond),
    ("EPOCH", Unit::Epoch),
];

impl Unit {
    /// The unit that is the call's first word.
    pub(super) fn of(arguments: &Arguments<'_>) -> Result<Self, Mistake> {
        let Some(word) = arguments.words.first() else { return Err(arguments.refuse()) };
        Self::named(arguments, word)
    }

    pub(super) fn named(arguments: &Arguments<'_>, word: &str) -> Result<Self, Mistake> {
        let name = word.strip_prefix("SQL_TSI_").unwrap_or(word);
        if let Some((_, unit)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Ok(*unit);
        }
        let advice = nearest(name, NAMES.iter().map(|(known, _)| *known));
        let advice = advice.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        let message = format!("{}: there is no unit {word}{advice}", arguments.function.name);
        let all: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
        Err(Mistake::new(arguments.span, message).advise(format!("there are: {}", all.join(", "))))
    }

    /// What to say when the function does not know the unit.
    pub(super) fn refuse(self, arguments: &Arguments<'_>) -> Mistake {
        let name = NAMES.iter().find(|(_, unit)| *unit == self).map_or("", |(name, _)| name);
        let types: Vec<String> =
            arguments.values.iter().map(|value| value.data_type.bare().to_string()).collect();
        let message = format!("{} does not take {name} of {}", arguments.function.name, types.join(", "));
        Mistake::new(arguments.span, message)
    }

    /// How many milliseconds it has, if it always has as many.
    pub(super) fn millis(self) -> Option<i64> {
        Some(match self {
            Self::Week => 7 * DAY,
            Self::Day => DAY,
            Self::Hour => HOUR,
            Self::Minute => MINUTE,
            Self::Second => SECOND,
            Self::Millisecond => 1,
            _ => return None,
        })
    }

    /// How many months it has, if it is made of months.
    pub(super) fn months(self) -> Option<i64> {
        Some(match self {
            Self::Millennium => 12_000,
            Self::Century => 1200,
            Self::Decade => 120,
            Self::Year => 12,
            Self::Quarter => 3,
            Self::Month => 1,
            _ => return None,
        })
    }
}
