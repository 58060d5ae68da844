//! Columns of times, whatever unit they are counted in.

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType as ArrowType, Date32Type, DurationMillisecondType, Int64Type,
    IntervalYearMonthType, Time32MillisecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use datafusion_common::Result;
use narthex_sql::DataType;

use super::calendar::DAY;
use super::zone::Zone;
use crate::arrow_types::{arrow_type, time_unit};
use crate::functions::rows::{fail, numbers};

/// A time: milliseconds since 1970, rounded down, and the nanoseconds behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) millis: i64,
    pub(super) nanos: i64,
}

impl Time {
    pub(super) fn of_millis(millis: i64) -> Self {
        Self { millis, nanos: 0 }
    }
}

/// Reads a DATE, TIME, TIMESTAMP or TIMESTAMP_LTZ: a moment as what the clock of the zone shows. Of an interval it
/// reads the number, of milliseconds or months.
pub(super) fn reader<'a>(column: &'a ArrayRef, zone: Zone) -> Box<dyn Fn(usize) -> Time + 'a> {
    fn values<T: ArrowPrimitiveType>(column: &ArrayRef) -> &PrimitiveArray<T> {
        column.as_primitive::<T>()
    }
    let is_moment = matches!(column.data_type(), ArrowType::Timestamp(_, Some(_)));
    let shown =
        move |time: Time| if is_moment { Time { millis: zone.local(time.millis), ..time } } else { time };
    match column.data_type() {
        ArrowType::Date32 => {
            let days = values::<Date32Type>(column);
            Box::new(move |row| Time::of_millis(i64::from(days.value(row)) * DAY))
        }
        ArrowType::Time32(_) => {
            let millis = values::<Time32MillisecondType>(column);
            Box::new(move |row| Time::of_millis(millis.value(row).into()))
        }
        ArrowType::Duration(_) => {
            let millis = values::<DurationMillisecondType>(column);
            Box::new(move |row| Time::of_millis(millis.value(row)))
        }
        ArrowType::Interval(_) => {
            let months = values::<IntervalYearMonthType>(column);
            Box::new(move |row| Time::of_millis(months.value(row).into()))
        }
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
            let micros = values::<TimestampMicrosecondType>(column);
            Box::new(move |row| {
                let value = micros.value(row);
                shown(Time { millis: value.div_euclid(1000), nanos: value.rem_euclid(1000) * 1000 })
            })
        }
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => {
            let nanos = values::<TimestampNanosecondType>(column);
            Box::new(move |row| {
                let value = nanos.value(row);
                shown(Time { millis: value.div_euclid(1_000_000), nanos: value.rem_euclid(1_000_000) })
            })
        }
        _ => {
            let millis = values::<TimestampMillisecondType>(column);
            Box::new(move |row| shown(Time::of_millis(millis.value(row))))
        }
    }
}

/// A column of a DATE, TIME, TIMESTAMP or TIMESTAMP_LTZ type from what `compute` gives, null where an input is.
/// Moments must come as moments.
pub(super) fn times(
    data_type: &DataType,
    columns: &[ArrayRef],
    rows: usize,
    mut compute: impl FnMut(usize) -> Result<Option<Time>>,
) -> Result<ArrayRef> {
    let counts = numbers::<Int64Type>(columns, rows, |row| match compute(row)? {
        None => Ok(None),
        Some(time) => match count(data_type.bare(), time) {
            Some(value) => Ok(Some(value)),
            None => fail(format!("a time is out of the range of {}", data_type.bare())),
        },
    })?;
    let arrow = arrow_type(data_type);
    match arrow {
        // DATE and TIME are counted in 32 bits.
        ArrowType::Date32 | ArrowType::Time32(_) => {
            Ok(arrow::compute::cast(&arrow::compute::cast(&counts, &ArrowType::Int32)?, &arrow)?)
        }
        _ => Ok(arrow::compute::cast(&counts, &arrow)?),
    }
}

/// A time in the unit that its type is counted in.
fn count(data_type: &DataType, time: Time) -> Option<i64> {
    match data_type {
        DataType::Date => i32::try_from(time.millis.div_euclid(DAY)).ok().map(i64::from),
        DataType::Time(_) => Some(time.millis.rem_euclid(DAY)),
        DataType::Timestamp(digits) | DataType::TimestampLtz(digits) => match time_unit(*digits) {
            TimeUnit::Microsecond => time.millis.checked_mul(1000)?.checked_add(time.nanos / 1000),
            TimeUnit::Nanosecond => time.millis.checked_mul(1_000_000)?.checked_add(time.nanos),
            _ => Some(time.millis),
        },
        _ => None,
    }
}
