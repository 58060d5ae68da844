//! `OVERLAPS`: whether two periods touch.

use narthex_sql::{DataType, Mistake};

use super::calendar::{DAY, add_months};
use super::column::{Time, reader};
use super::zone::Zone;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::Any;
use crate::functions::rows::booleans;

/// Each period is a start and an end, or a start and how long it is.
pub(super) fn overlaps(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Any, Any, Any, Any], 4)?;
    let is_time = |data_type: &DataType| {
        use DataType as T;
        matches!(data_type, T::Date | T::Time(_) | T::Timestamp(_) | T::TimestampLtz(_))
    };
    let interval = |at: usize| arguments.bare(at).clone();
    let ends = [interval(1), interval(3)];
    let is_interval =
        |data_type: &DataType| matches!(data_type, DataType::IntervalMillis | DataType::IntervalMonths);
    let fits = is_time(arguments.bare(0))
        && is_time(arguments.bare(2))
        && ends.iter().all(|end| is_time(end) || is_interval(end));
    if !fits {
        return Err(arguments.refuse());
    }
    let returns = arguments.strict(&DataType::Boolean);
    arguments.call(returns, move |columns, rows| {
        let times: Vec<_> = columns.iter().map(|column| reader(column, Zone::Fixed(0))).collect();
        let period = |at: usize, row: usize, end: &DataType| {
            let (start, other) = (order(times[at](row)), times[at + 1](row));
            let end = match end {
                DataType::IntervalMillis => (start.0.saturating_add(other.millis), start.1),
                DataType::IntervalMonths => {
                    let days = add_months(start.0.div_euclid(DAY), other.millis);
                    let day = days.unwrap_or(i64::MAX / DAY).saturating_mul(DAY);
                    (day.saturating_add(start.0.rem_euclid(DAY)), start.1)
                }
                _ => order(other),
            };
            (start.min(end), start.max(end))
        };
        booleans(columns, rows, |row| {
            let (one, other) = (period(0, row, &ends[0]), period(2, row, &ends[1]));
            Ok(Some(one.1 >= other.0 && other.1 >= one.0))
        })
    })
}

fn order(time: Time) -> (i64, i64) {
    (time.millis, time.nanos)
}
