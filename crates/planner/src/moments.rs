//! Columns of days, times of day and timestamps as [`Moment`]s, and back.

use std::sync::Arc;

use arrow::array::types::{
    Date32Type, Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::TimeUnit;
use datafusion_common::{DataFusionError, Result};
use narthex_sql::DataType;

use crate::arrow_types::time_unit;
use crate::time::{DAY_MS, Moment};

/// The values of a column of a type of time. Times of day are on the first day.
pub(crate) fn read<'a>(
    array: &'a ArrayRef,
    data_type: &DataType,
) -> Result<Box<dyn Iterator<Item = Option<Moment>> + 'a>> {
    let from_ms = |ms: i64| Moment { ms, nanos: 0 };
    Ok(match data_type.bare() {
        DataType::Date => {
            let days = array.as_primitive::<Date32Type>().iter();
            Box::new(days.map(move |day| day.map(|day| from_ms(i64::from(day) * DAY_MS))))
        }
        DataType::Time(_) => {
            let clocks = array.as_primitive::<Time32MillisecondType>().iter();
            Box::new(clocks.map(move |clock| clock.map(|ms| from_ms(i64::from(ms)))))
        }
        DataType::Timestamp(digits) | DataType::TimestampLtz(digits) => {
            let unit = time_unit(*digits);
            let values = match unit {
                TimeUnit::Second | TimeUnit::Millisecond => {
                    array.as_primitive::<TimestampMillisecondType>().values()
                }
                TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
                TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
            };
            let rows = values.iter().enumerate();
            Box::new(
                rows.map(move |(row, value)| array.is_valid(row).then(|| Moment::from_unit(*value, unit))),
            )
        }
        other => return Err(DataFusionError::Execution(format!("{other} is no time"))),
    })
}

/// A column of timestamps or moments.
pub(crate) fn write(
    values: impl Iterator<Item = Result<Option<Moment>>>,
    data_type: &DataType,
) -> Result<ArrayRef> {
    let (digits, zone) = match data_type.bare() {
        DataType::TimestampLtz(digits) => (*digits, Some(Arc::from("UTC"))),
        DataType::Timestamp(digits) => (*digits, None),
        other => return Err(DataFusionError::Execution(format!("{other} is no timestamp"))),
    };
    let unit = time_unit(digits);
    let numbers = values.map(|value| {
        let Some(moment) = value? else { return Ok(None) };
        let number = moment.to_unit(unit).map(Some);
        number.ok_or_else(|| DataFusionError::Execution(format!("a time is too far away for a {data_type}")))
    });
    Ok(match unit {
        TimeUnit::Second | TimeUnit::Millisecond => {
            let array = numbers.collect::<Result<PrimitiveArray<TimestampMillisecondType>>>()?;
            Arc::new(array.with_timezone_opt::<Arc<str>>(zone))
        }
        TimeUnit::Microsecond => {
            let array = numbers.collect::<Result<PrimitiveArray<TimestampMicrosecondType>>>()?;
            Arc::new(array.with_timezone_opt::<Arc<str>>(zone))
        }
        TimeUnit::Nanosecond => {
            let array = numbers.collect::<Result<PrimitiveArray<TimestampNanosecondType>>>()?;
            Arc::new(array.with_timezone_opt::<Arc<str>>(zone))
        }
    })
}
