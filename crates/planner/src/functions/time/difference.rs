//! `TIMESTAMPDIFF`.

use arrow::datatypes::Int32Type;
use narthex_sql::{DataType, Mistake};

use super::calendar::{DAY, add_months};
use super::column::reader;
use super::unit::Unit;
use super::zone::Zone;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::Any;
use crate::functions::rows::numbers;

/// Whole units from one time to another, toward zero; more than an INT holds wraps around. Flink counts milliseconds
/// in whole seconds; here they are counted as they are.
pub(super) fn timestamp_diff(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let unit = Unit::of(&arguments)?;
    let arguments = arguments.take(&[Any, Any], 2)?;
    let is_local = |at: usize| matches!(arguments.bare(at), DataType::Date | DataType::Timestamp(_));
    let is_moment = |at: usize| matches!(arguments.bare(at), DataType::TimestampLtz(_));
    if !(is_local(0) && is_local(1) || is_moment(0) && is_moment(1)) {
        return Err(arguments.refuse());
    }
    if unit.millis().is_none() && unit.months().is_none() && unit != Unit::Microsecond {
        return Err(unit.refuse(&arguments));
    }
    let returns = arguments.strict(&DataType::Int);
    arguments.call(returns, move |columns, rows| {
        let (from, to) = (reader(&columns[0], Zone::Fixed(0)), reader(&columns[1], Zone::Fixed(0)));
        numbers::<Int32Type>(columns, rows, |row| {
            let (from, to) = (from(row).millis, to(row).millis);
            let millis = to.wrapping_sub(from);
            Ok(Some(match (unit.millis(), unit.months()) {
                (Some(size), _) => millis / size,
                (None, Some(size)) => months(to, from) / size,
                (None, None) => millis.wrapping_mul(1000),
            } as i32))
        })
    })
}

/// Whole months from `from` to `to`, in milliseconds both.
fn months(to: i64, from: i64) -> i64 {
    let (to_day, to_rest) = (to.div_euclid(DAY), to.rem_euclid(DAY));
    let (from_day, from_rest) = (from.div_euclid(DAY), from.rem_euclid(DAY));
    let months = months_of_days(to_day, from_day);
    let is_same_day = add_months(from_day, months) == Some(to_day);
    // Flink looks at the time of day in this one direction alone.
    months - i64::from(is_same_day && to_rest < from_rest)
}

fn months_of_days(to: i64, from: i64) -> i64 {
    if to < from {
        return -months_of_days(from, to);
    }
    // No month has more than 31 days: the guess is never too high.
    let mut months = (to - from) / 31;
    while add_months(from, months + 1).is_some_and(|later| later <= to)
        && add_months(from, months).is_some_and(|now| now < to)
    {
        months += 1;
    }
    months
}
