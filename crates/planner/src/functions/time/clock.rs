//! What time it is.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use narthex_sql::{DataType, Mistake};

use super::calendar::{DAY, SECOND};
use super::column::{Time, times};
use super::zone::Zone;
use crate::bound::Bound;
use crate::functions::Arguments;

pub(super) fn current_timestamp(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    clock(arguments, DataType::TimestampLtz(3), |now, _| now)
}

pub(super) fn local_timestamp(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    clock(arguments, DataType::Timestamp(3), |now, zone| zone.local(now))
}

pub(super) fn current_date(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    clock(arguments, DataType::Date, |now, zone| zone.local(now))
}

/// In whole seconds.
pub(super) fn local_time(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    clock(arguments, DataType::Time(0), |now, zone| zone.local(now).rem_euclid(DAY) / SECOND * SECOND)
}

fn clock(
    arguments: Arguments<'_>,
    data_type: DataType,
    time: fn(i64, Zone) -> i64,
) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[], 0)?;
    let (zone, now) = (Zone::Named(arguments.environment.zone), Arc::clone(&arguments.environment.now_ms));
    let returns = data_type.with_nullable(false);
    arguments.volatile(returns, move |_: &[ArrayRef], rows| {
        let time = Time::of_millis(time(now(), zone));
        times(&data_type, &[], rows, |_| Ok(Some(time)))
    })
}

/// Seconds since 1970.
pub(super) fn unix_timestamp(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let now = Arc::clone(&arguments.environment.now_ms);
    arguments.volatile(DataType::BigInt.with_nullable(false), move |_: &[ArrayRef], rows| {
        let seconds = now().div_euclid(SECOND);
        Ok(Arc::new(Int64Array::from_value(seconds, rows)))
    })
}
