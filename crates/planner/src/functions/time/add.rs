//! `TIMESTAMPADD`.

use narthex_sql::{DataType, Mistake};

use super::calendar::{DAY, add_months};
use super::column::{Time, reader, times};
use super::unit::Unit;
use super::zone::Zone;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Any, Long};
use crate::functions::numbers::longs;
use crate::functions::rows::fail;

/// A DATE plus hours, or less, is a TIMESTAMP(6).
pub(super) fn timestamp_add(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let unit = Unit::of(&arguments)?;
    if arguments.values.first().is_some_and(|count| count.data_type == DataType::Null) {
        return Err(arguments.refuse());
    }
    let arguments = arguments.take(&[Long, Any], 2)?;
    let returned = match arguments.bare(1) {
        DataType::Date if unit.millis().is_some_and(|size| size < DAY) => DataType::Timestamp(6),
        other @ (DataType::Date | DataType::Time(_) | DataType::Timestamp(_) | DataType::TimestampLtz(_)) => {
            other.clone()
        }
        _ => return Err(arguments.refuse()),
    };
    if unit.millis().is_none() && unit.months().is_none() {
        return Err(unit.refuse(&arguments));
    }
    let returns = arguments.strict(&returned);
    arguments.call(returns, move |columns, rows| {
        // Moments are moved in UTC, as Flink does.
        let (counts, time) = (longs(&columns[0]), reader(&columns[1], Zone::Fixed(0)));
        times(&returned, columns, rows, |row| match moved(unit, counts.value(row), time(row)) {
            Some(time) => Ok(Some(time)),
            None => fail(format!("TIMESTAMPADD: {} units are too many", counts.value(row))),
        })
    })
}

fn moved(unit: Unit, count: i64, time: Time) -> Option<Time> {
    let millis = match (unit.millis(), unit.months()) {
        (Some(size), _) => time.millis.checked_add(size.checked_mul(count)?)?,
        (None, months) => {
            let days = add_months(time.millis.div_euclid(DAY), months?.checked_mul(count)?)?;
            days.checked_mul(DAY)?.checked_add(time.millis.rem_euclid(DAY))?
        }
    };
    Some(Time { millis, ..time })
}
