//! Between days, times of day, timestamps and moments; from numbers to intervals.

use std::sync::Arc;

use arrow::array::types::{Date32Type, Time32MillisecondType};
use arrow::array::{ArrayRef, PrimitiveArray};
use chrono_tz::Tz;
use datafusion_common::Result;
use narthex_sql::DataType;

use super::failed;
use crate::moments;
use crate::time::{DAY_MS, Moment};

/// `cut` takes digits of a second away.
pub(super) fn cast(
    array: &ArrayRef,
    from: &DataType,
    to: &DataType,
    zone: Tz,
    cut: fn(Moment, u8) -> Moment,
) -> Result<ArrayRef> {
    let is_local = !matches!(from, DataType::TimestampLtz(_));
    // What a clock shows, except from moment to moment.
    let read = |moment: Moment| match (is_local, to) {
        (true, DataType::TimestampLtz(_)) => moment.into_utc(zone),
        (false, DataType::TimestampLtz(_)) | (true, _) => moment,
        (false, _) => moment.into_local(zone),
    };
    let times = moments::read(array, from)?;
    Ok(match to {
        DataType::Date => {
            // Only timestamps without a zone are counted toward 1970.
            let day =
                |moment: Moment| if is_local { moment.day() } else { moment.ms.div_euclid(DAY_MS) as i32 };
            let days = times.map(|moment| moment.map(|moment| day(read(moment))));
            Arc::new(days.collect::<PrimitiveArray<Date32Type>>())
        }
        DataType::Time(_) => {
            let clock = |moment: Moment| match is_local {
                true => moment.time_of_day(),
                false => (moment.ms.rem_euclid(DAY_MS) / 1_000 * 1_000) as i32,
            };
            let clocks = times.map(|moment| moment.map(|moment| clock(read(moment))));
            Arc::new(clocks.collect::<PrimitiveArray<Time32MillisecondType>>())
        }
        DataType::Timestamp(digits) | DataType::TimestampLtz(digits) => {
            moments::write(times.map(|moment| Ok(moment.map(|moment| cut(read(moment), *digits)))), to)?
        }
        other => return Err(failed(format!("a time cannot be {other}"))),
    })
}
