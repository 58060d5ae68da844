//! Days, times and timestamps plus and minus intervals; intervals among themselves and times numbers.

use std::sync::Arc;

use arrow::array::types::{
    ArrowPrimitiveType, Date32Type, DurationMillisecondType, Int64Type, IntervalYearMonthType,
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::binary;
use arrow::datatypes::TimeUnit;
use datafusion_common::{DataFusionError, Result as Computed};
use narthex_sql::{DataType, Mistake, Span};

use super::arithmetic::{Op, is_interval, refuse};
use crate::arrow_types::time_unit;
use crate::bound::Bound;
use crate::cast;
use crate::common::is_integer;
use crate::kernel::Kernel;
use crate::moments;
use crate::time::{self, DAY_MS};

/// `left op right`, where one of them is no number.
pub(super) fn calculate(op: Op, left: Bound, right: Bound, span: Span) -> Result<Bound, Mistake> {
    let is_time = |value: &Bound| {
        use DataType::{Date, Time, Timestamp, TimestampLtz};
        matches!(value.data_type.bare(), Date | Time(_) | Timestamp(_) | TimestampLtz(_))
    };
    let is_interval = |value: &Bound| is_interval(&value.data_type);
    match op {
        Op::Add | Op::Subtract if is_time(&left) && is_interval(&right) => Ok(moved(left, right, op, span)),
        Op::Add if is_interval(&left) && is_time(&right) => Ok(moved(right, left, op, span)),
        Op::Add | Op::Subtract if is_interval(&left) && left.data_type.bare() == right.data_type.bare() => {
            Ok(intervals(left, right, op, span))
        }
        Op::Multiply if is_interval(&left) && is_integer(&right.data_type) => times(left, right, span),
        Op::Multiply if is_integer(&left.data_type) && is_interval(&right) => times(right, left, span),
        Op::Subtract if is_time(&left) && is_time(&right) => Err(refuse("-", &left, &right, span)
            .advise("use TIMESTAMPDIFF(SECOND, earlier, later), or another unit")),
        Op::Add | Op::Subtract if is_time(&left) => Err(refuse(op.sign(), &left, &right, span)
            .advise("write the right side as an interval, such as INTERVAL '1' DAY")),
        _ => Err(refuse(op.sign(), &left, &right, span)),
    }
}

fn nullable(left: &Bound, right: &Bound) -> bool {
    left.is_nullable() || right.is_nullable()
}

/// A time, moved by an interval.
fn moved(when: Bound, by: Bound, op: Op, span: Span) -> Bound {
    let data_type = when.data_type.with_nullable(nullable(&when, &by));
    let bare = data_type.bare().clone();
    let is_months = matches!(by.data_type.bare(), DataType::IntervalMonths);
    let sign = if op == Op::Subtract { -1 } else { 1 };
    Kernel::call(op.sign(), vec![when, by], data_type, span, move |arguments, rows| {
        let (when, by) = (&arguments[0], &arguments[1]);
        if is_months { by_months(when, by, sign, rows, &bare) } else { by_millis(when, by, sign, &bare) }
    })
}

/// On the month's last day where the month is too short.
fn by_months(when: &ArrayRef, by: &ArrayRef, sign: i64, rows: usize, bare: &DataType) -> Computed<ArrayRef> {
    let months = by.as_primitive::<IntervalYearMonthType>();
    let far = || DataFusionError::Execution("a date so far away cannot be counted".to_owned());
    match bare {
        DataType::Date => {
            let days = when.as_primitive::<Date32Type>();
            let moved = (0..rows).map(|row| {
                if days.is_null(row) || months.is_null(row) {
                    return Ok(None);
                }
                let months = sign * i64::from(months.value(row));
                time::add_months(days.value(row), months).map(Some).ok_or_else(far)
            });
            Ok(Arc::new(moved.collect::<Computed<PrimitiveArray<Date32Type>>>()?))
        }
        DataType::Time(_) => Ok(when.clone()),
        _ => {
            let moved = moments::read(when, bare)?.zip(months).map(|(moment, months)| {
                let (Some(moment), Some(months)) = (moment, months) else { return Ok(None) };
                moment.add_months(sign * i64::from(months)).map(Some).ok_or_else(far)
            });
            moments::write(moved, bare)
        }
    }
}

fn by_millis(when: &ArrayRef, by: &ArrayRef, sign: i64, bare: &DataType) -> Computed<ArrayRef> {
    let by = by.as_primitive::<DurationMillisecondType>();
    Ok(match bare {
        DataType::Date => {
            let days: PrimitiveArray<Date32Type> =
                binary(when.as_primitive::<Date32Type>(), by, |day: i32, ms: i64| {
                    day.wrapping_add((sign * (ms / DAY_MS)) as i32)
                })?;
            Arc::new(days)
        }
        DataType::Time(_) => {
            let clocks: PrimitiveArray<Time32MillisecondType> =
                binary(when.as_primitive::<Time32MillisecondType>(), by, |clock: i32, ms: i64| {
                    (i64::from(clock) + sign * (ms % DAY_MS)).rem_euclid(DAY_MS) as i32
                })?;
            Arc::new(clocks)
        }
        DataType::TimestampLtz(digits) | DataType::Timestamp(digits) => match time_unit(*digits) {
            TimeUnit::Second | TimeUnit::Millisecond => shifted::<TimestampMillisecondType>(when, by, sign)?,
            TimeUnit::Microsecond => shifted::<TimestampMicrosecondType>(when, by, sign * 1_000)?,
            TimeUnit::Nanosecond => shifted::<TimestampNanosecondType>(when, by, sign * 1_000_000)?,
        },
        other => return Err(DataFusionError::Execution(format!("{other} is no time"))),
    })
}

fn shifted<T: ArrowPrimitiveType<Native = i64>>(
    when: &ArrayRef,
    by: &PrimitiveArray<DurationMillisecondType>,
    unit: i64,
) -> Computed<ArrayRef> {
    let add = |value: i64, ms: i64| value.wrapping_add(ms.wrapping_mul(unit));
    let moved: PrimitiveArray<T> = binary(when.as_primitive::<T>(), by, add)?;
    Ok(Arc::new(moved.with_data_type(when.data_type().clone())))
}

fn intervals(left: Bound, right: Bound, op: Op, span: Span) -> Bound {
    let data_type = left.data_type.with_nullable(nullable(&left, &right));
    let is_months = matches!(data_type.bare(), DataType::IntervalMonths);
    Kernel::call(op.sign(), vec![left, right], data_type, span, move |arguments, _| {
        let (left, right) = (&arguments[0], &arguments[1]);
        if is_months {
            type Months = IntervalYearMonthType;
            let (left, right) = (left.as_primitive::<Months>(), right.as_primitive::<Months>());
            let combine = if op == Op::Add { i32::wrapping_add } else { i32::wrapping_sub };
            return Ok(Arc::new(binary::<_, _, _, Months>(left, right, combine)?));
        }
        type Millis = DurationMillisecondType;
        let (left, right) = (left.as_primitive::<Millis>(), right.as_primitive::<Millis>());
        let combine = if op == Op::Add { i64::wrapping_add } else { i64::wrapping_sub };
        Ok(Arc::new(binary::<_, _, _, Millis>(left, right, combine)?))
    })
}

fn times(interval: Bound, number: Bound, span: Span) -> Result<Bound, Mistake> {
    let data_type = interval.data_type.with_nullable(nullable(&interval, &number));
    let is_months = matches!(data_type.bare(), DataType::IntervalMonths);
    let at = number.span;
    let number = cast::cast(number, &DataType::BigInt, chrono_tz::UTC, at)?;
    Ok(Kernel::call("*", vec![interval, number], data_type, span, move |arguments, _| {
        let numbers = arguments[1].as_primitive::<Int64Type>();
        if is_months {
            let months = arguments[0].as_primitive::<IntervalYearMonthType>();
            let multiply = |months: i32, by: i64| i64::from(months).wrapping_mul(by) as i32;
            return Ok(Arc::new(binary::<_, _, _, IntervalYearMonthType>(months, numbers, multiply)?));
        }
        let millis = arguments[0].as_primitive::<DurationMillisecondType>();
        Ok(Arc::new(binary::<_, _, _, DurationMillisecondType>(millis, numbers, i64::wrapping_mul)?))
    }))
}
