//! `FLOOR` and `CEIL`, of times to a unit and of numbers.

use narthex_sql::{DataType, Mistake};

use super::calendar::{DAY, Date, day_of_week};
use super::column::{Time, reader, times};
use super::unit::Unit;
use super::zone::{Twice, Zone};
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::numbers;

pub(super) fn floor(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    if arguments.words.is_empty() { numbers::floor(arguments) } else { to_unit(arguments, false) }
}

pub(super) fn ceil(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    if arguments.words.is_empty() { numbers::ceil(arguments) } else { to_unit(arguments, true) }
}

fn to_unit(arguments: Arguments<'_>, is_up: bool) -> Result<Bound, Mistake> {
    let unit = Unit::of(&arguments)?;
    let [value] = &arguments.values[..] else { return Err(arguments.refuse()) };
    let returns = value.data_type.clone();
    let is_of_day = matches!(unit, Unit::Hour | Unit::Minute | Unit::Second | Unit::Millisecond);
    let round: fn(Unit, Time, bool) -> Time = match returns.bare() {
        _ if !is_of_day && unit.months().is_none() && !matches!(unit, Unit::Week | Unit::Day) => {
            return Err(unit.refuse(&arguments));
        }
        DataType::Timestamp(_) | DataType::TimestampLtz(_) => of_time,
        DataType::Date => {
            |unit, time, is_up| Time::of_millis(of_days(unit, time.millis / DAY, is_up).saturating_mul(DAY))
        }
        // A day and more are no part of a time of day.
        DataType::Time(_) if !is_of_day => |_, time, _| time,
        DataType::Time(_) => of_time,
        _ => return Err(arguments.refuse()),
    };
    let zone = Zone::Named(arguments.environment.zone);
    let is_moment = matches!(returns.bare(), DataType::TimestampLtz(_));
    let data_type = returns.clone();
    arguments.call(returns, move |columns, rows| {
        let time = reader(&columns[0], zone);
        times(&data_type, columns, rows, |row| {
            let rounded = round(unit, time(row), is_up);
            let millis = if is_moment { zone.moment(rounded.millis, Twice::First) } else { rounded.millis };
            Ok(Some(Time { millis, ..rounded }))
        })
    })
}

fn of_time(unit: Unit, time: Time, is_up: bool) -> Time {
    let millis = match unit.millis() {
        Some(size) if unit != Unit::Week => {
            let floor = time.millis.saturating_sub(time.millis.rem_euclid(size));
            let is_between = floor != time.millis || time.nanos > 0;
            floor.saturating_add(if is_up && is_between { size } else { 0 })
        }
        // From a week on it is the day that counts, and before 1970 the next one.
        _ => of_days(unit, time.millis / DAY, is_up).saturating_mul(DAY),
    };
    Time::of_millis(millis)
}

fn of_days(unit: Unit, days: i64, is_up: bool) -> i64 {
    let date = Date::of_days(days);
    let floor = match unit {
        Unit::Week => days - (day_of_week(days) - 1),
        Unit::Month | Unit::Quarter | Unit::Year | Unit::Decade => {
            let months = unit.months().unwrap_or(1);
            let month = date.year * 12 + i64::from(date.month) - 1;
            first_of(month.div_euclid(months) * months)
        }
        // Centuries and millenniums begin with the year that ends in 1.
        Unit::Century | Unit::Millennium => {
            let months = unit.months().unwrap_or(12);
            let month = (date.year - 1) * 12;
            first_of(month.div_euclid(months) * months + 12)
        }
        _ => return days,
    };
    // Flink moves a decade's first day on to the next decade, too.
    if !is_up || floor == days && unit != Unit::Decade {
        return floor;
    }
    match unit {
        Unit::Week => floor + 7,
        _ => {
            let start = Date::of_days(floor);
            first_of(start.year * 12 + i64::from(start.month) - 1 + unit.months().unwrap_or(1))
        }
    }
}

/// The first day of a month that is counted from year 0.
fn first_of(month: i64) -> i64 {
    Date { year: month.div_euclid(12), month: month.rem_euclid(12) as u32 + 1, day: 1 }.days()
}
