//! Days as years, months and days, in the calendar that Flink uses: the Gregorian one, also before it was made.

pub(super) const SECOND: i64 = 1000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: u32,
    /// From 1.
    pub(super) day: u32,
}

/// Days in 400 years.
const ERA: i64 = 146_097;

impl Date {
    /// The day so many days after 1970-01-01. Years are counted from March, so that the leap day is the last.
    pub(super) fn of_days(days: i64) -> Self {
        let shifted = days + 719_468;
        let (era, of_era) = (shifted.div_euclid(ERA), shifted.rem_euclid(ERA));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = (of_year - (153 * from_march + 2) / 5 + 1) as u32;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = era * 400 + year + i64::from(month <= 2);
        Self { year, month: month as u32, day }
    }

    /// How many days it is after 1970-01-01. A day beyond its month's end counts on into the next.
    pub(super) fn days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let month = i64::from(self.month);
        let from_march = if month > 2 { month - 3 } else { month + 9 };
        let of_year = (153 * from_march + 2) / 5 + i64::from(self.day) - 1;
        era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    pub(super) fn of_year(self) -> i64 {
        self.days() - Self { month: 1, day: 1, ..self }.days() + 1
    }
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A day, months later: at the end of a shorter month at the latest. None beyond what can be counted.
pub(super) fn add_months(days: i64, months: i64) -> Option<i64> {
    let date = Date::of_days(days);
    let month = date.year.checked_mul(12)?.checked_add(i64::from(date.month) - 1)?.checked_add(months)?;
    let (year, month) = (month.div_euclid(12), month.rem_euclid(12) as u32 + 1);
    if year.abs() > 1_000_000_000 {
        return None;
    }
    Some(Date { year, month, day: date.day.min(days_in_month(year, month)) }.days())
}

/// From Sunday = 1 to Saturday = 7.
pub(super) fn day_of_week(days: i64) -> i64 {
    (days + 4).rem_euclid(7) + 1
}

/// From Monday = 1 to Sunday = 7.
pub(super) fn iso_day_of_week(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// Year and number of the ISO week: the first one has the year's first Thursday.
pub(super) fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - iso_day_of_week(days) + 4;
    let date = Date::of_days(thursday);
    (date.year, (date.of_year() - 1) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_the_same_in_both_directions() {
        for (days, year, month, day) in [
            (0, 1970, 1, 1),
            (-1, 1969, 12, 31),
            (19_782, 2024, 2, 29),
            (-719_528, 0, 1, 1),
            (-719_529, -1, 12, 31),
        ] {
            let date = Date { year, month, day };
            assert_eq!(Date::of_days(days), date);
            assert_eq!(date.days(), days);
        }
        for days in (-800_000..3_000_000).step_by(97) {
            assert_eq!(Date::of_days(days).days(), days);
        }
    }

    #[test]
    fn weeks_follow_iso() {
        let week = |year, month, day| iso_week(Date { year, month, day }.days());
        assert_eq!(week(2021, 1, 1), (2020, 53));
        assert_eq!(week(2024, 12, 30), (2025, 1));
        assert_eq!(week(2024, 5, 6), (2024, 19));
    }

    #[test]
    fn months_end_where_they_end() {
        let days = |year, month, day| Date { year, month, day }.days();
        assert_eq!(add_months(days(2024, 1, 31), 1), Some(days(2024, 2, 29)));
        assert_eq!(add_months(days(2024, 2, 29), -12), Some(days(2023, 2, 28)));
        assert_eq!(add_months(0, i64::MAX), None);
    }
}
