//! `EXTRACT`, and the functions that are named after a unit.

use arrow::datatypes::Int64Type;
use narthex_sql::{DataType, Mistake};

use super::calendar::{DAY, Date, HOUR, MINUTE, SECOND, day_of_week, iso_day_of_week, iso_week};
use super::column::{Time, reader};
use super::unit::Unit;
use super::zone::Zone;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::rows::numbers;

/// `EXTRACT(unit FROM time)`.
pub(super) fn extract(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let unit = Unit::of(&arguments)?;
    bind(arguments, unit)
}

/// `YEAR(time)` and its like.
pub(super) fn unit(arguments: Arguments<'_>, name: &str) -> Result<Bound, Mistake> {
    let unit = Unit::named(&arguments, name)?;
    bind(arguments, unit)
}

fn bind(arguments: Arguments<'_>, unit: Unit) -> Result<Bound, Mistake> {
    let [value] = &arguments.values[..] else { return Err(arguments.refuse()) };
    let zone = Zone::Named(arguments.environment.zone);
    let compute: fn(Unit, Time) -> i64 = match value.data_type.bare() {
        DataType::Timestamp(_) | DataType::TimestampLtz(_) => of_time,
        DataType::Date => |unit, time| of_date(unit, time.millis),
        DataType::Time(_) if is_of_day(unit) => |unit, time| of_day(unit, time.millis),
        DataType::IntervalMillis if is_of_day(unit) || unit == Unit::Day => {
            |unit, time| of_day(unit, time.millis)
        }
        DataType::IntervalMonths if unit.months().is_some() => |unit, time| of_months(unit, time.millis),
        DataType::Time(_) | DataType::IntervalMillis | DataType::IntervalMonths => {
            return Err(unit.refuse(&arguments));
        }
        _ => return Err(arguments.refuse()),
    };
    let returns = arguments.strict(&DataType::BigInt);
    arguments.call(returns, move |columns, rows| {
        let time = reader(&columns[0], zone);
        numbers::<Int64Type>(columns, rows, |row| Ok(Some(compute(unit, time(row)))))
    })
}

fn is_of_day(unit: Unit) -> bool {
    matches!(unit, Unit::Hour | Unit::Minute | Unit::Second | Unit::Millisecond)
}

/// The parts of a day; negative before 1970, as Flink's.
fn of_day(unit: Unit, millis: i64) -> i64 {
    match unit {
        Unit::Day => millis / DAY,
        Unit::Hour => millis % DAY / HOUR,
        Unit::Minute => millis % HOUR / MINUTE,
        Unit::Second => millis % MINUTE / SECOND,
        _ => millis % SECOND,
    }
}

fn of_time(unit: Unit, time: Time) -> i64 {
    match unit {
        Unit::Hour | Unit::Minute | Unit::Second | Unit::Millisecond => of_day(unit, time.millis),
        Unit::Microsecond => time.millis % SECOND * 1000 + time.nanos / 1000,
        Unit::Nanosecond => time.millis % SECOND * 1_000_000 + time.nanos,
        Unit::Epoch => time.millis / SECOND,
        _ => of_days(unit, time.millis / DAY),
    }
}

fn of_date(unit: Unit, millis: i64) -> i64 {
    match unit {
        Unit::Epoch => millis / SECOND,
        Unit::Hour
        | Unit::Minute
        | Unit::Second
        | Unit::Millisecond
        | Unit::Microsecond
        | Unit::Nanosecond => 0,
        _ => of_days(unit, millis / DAY),
    }
}

fn of_days(unit: Unit, days: i64) -> i64 {
    let date = Date::of_days(days);
    match unit {
        Unit::Millennium => (date.year + 999).div_euclid(1000),
        Unit::Century => (date.year + 99).div_euclid(100),
        Unit::Decade => date.year.div_euclid(10),
        Unit::IsoYear => iso_week(days).0,
        Unit::Quarter => i64::from(date.month - 1) / 3 + 1,
        Unit::Month => date.month.into(),
        Unit::Week => iso_week(days).1,
        Unit::Day => date.day.into(),
        Unit::DayOfYear => date.of_year(),
        Unit::DayOfWeek => day_of_week(days),
        Unit::IsoDayOfWeek => iso_day_of_week(days),
        _ => date.year,
    }
}

fn of_months(unit: Unit, months: i64) -> i64 {
    match unit {
        Unit::Month => months % 12,
        Unit::Quarter => (months % 12 - 1) / 3 + 1,
        _ => months / unit.months().unwrap_or(12),
    }
}
