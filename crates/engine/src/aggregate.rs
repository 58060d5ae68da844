//! Aggregate functions: accumulators that hold many groups at once and compute as Flink does.
//!
//! They are ours and not DataFusion's, since Flink wraps sums around, keeps the types of averages, goes by arrival and
//! has its own mind about NaN. Each keeps its groups in plain vectors; what it knows of a group can be taken out as a
//! row of Arrow columns (its state) and merged into another accumulator of the same call: a snapshot, or a slice of a
//! window. States are merged in the order of their rows.

mod average;
mod booleans;
mod count;
mod counted;
mod decimal;
mod distinct;
mod distinct_keys;
mod extreme;
mod flags;
mod held;
mod lists;
mod pick;
mod pick_bytes;
mod slots;
mod sum;
#[cfg(test)]
mod tests;
mod text_extreme;
mod total;
mod whole_moments;

use arrow::array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow::datatypes::{DataType as ArrowType, TimeUnit};
use datafusion_common::DataFusionError;
use datafusion_expr::GroupsAccumulator;
use narthex_planner::{AggregateCall, AggregateFunction as F, arrow_type};

use self::extreme::Extreme;
use self::lists::Lists;
use crate::Error;

pub(crate) use distinct::bytes_at;

/// What computes a call. It is updated with the columns of the call's arguments, in their order; the filter's column is
/// given beside them.
pub(crate) fn accumulator(call: &AggregateCall) -> Result<Box<dyn GroupsAccumulator>, Error> {
    let plain = plain(call)?;
    // Of these a value that comes again changes nothing.
    let is_idempotent = matches!(call.function, F::Min | F::Max | F::FirstValue | F::ApproxCountDistinct);
    if !call.is_distinct || is_idempotent {
        return Ok(plain);
    }
    distinct(call, plain)
}

/// The same for a call with OVER; `is_bounded`: of a frame that rows leave.
pub(crate) fn accumulator_over(
    call: &AggregateCall,
    is_bounded: bool,
) -> Result<Box<dyn GroupsAccumulator>, Error> {
    if !matches!(argument(call), Ok(ArrowType::Float32 | ArrowType::Float64)) {
        return accumulator(call);
    }
    let (returns, argument) = (arrow_type(&call.data_type), argument(call)?);
    let plain: Box<dyn GroupsAccumulator> = match (&call.function, &argument) {
        // Sums begin at 0.0 there: one of nothing but -0.0 is 0.0.
        (F::Sum, ArrowType::Float32) => Box::new(sum::Sum::<Float32Type>::from(0.0, returns)),
        (F::Sum, _) => Box::new(sum::Sum::<Float64Type>::from(0.0, returns)),
        // What can be taken back is kept in an order: NaN is the largest, and -0.0 less than 0.0.
        (F::Min, ArrowType::Float32) if is_bounded => {
            return Ok(Box::new(Extreme::<Float32Type, false, true>::ordered(argument)));
        }
        (F::Max, ArrowType::Float32) if is_bounded => {
            return Ok(Box::new(Extreme::<Float32Type, true, true>::ordered(argument)));
        }
        (F::Min, _) if is_bounded => {
            return Ok(Box::new(Extreme::<Float64Type, false, true>::ordered(argument)));
        }
        (F::Max, _) if is_bounded => {
            return Ok(Box::new(Extreme::<Float64Type, true, true>::ordered(argument)));
        }
        _ => return accumulator(call),
    };
    if call.is_distinct { distinct(call, plain) } else { Ok(plain) }
}

/// Passes each value on once.
fn distinct(
    call: &AggregateCall,
    inner: Box<dyn GroupsAccumulator>,
) -> Result<Box<dyn GroupsAccumulator>, Error> {
    let takes_nulls = matches!(call.function, F::ArrayAgg);
    let distinct = distinct::Distinct::new(&argument(call)?, takes_nulls, inner);
    Ok(Box::new(distinct.map_err(|error| Error::Row(error.to_string()))?))
}

fn plain(call: &AggregateCall) -> Result<Box<dyn GroupsAccumulator>, Error> {
    let returns = arrow_type(&call.data_type);
    Ok(match &call.function {
        F::CountStar | F::Count => Box::new(count::Count::new()),
        F::ApproxCountDistinct => return distinct(call, Box::new(count::Count::new())),
        F::Sum => sum(&argument(call)?, returns)?,
        F::Avg => average(&argument(call)?, returns)?,
        F::Min => extreme::<false>(&argument(call)?)?,
        F::Max => extreme::<true>(&argument(call)?)?,
        F::FirstValue => pick::<false>(&argument(call)?)?,
        F::LastValue => pick::<true>(&argument(call)?)?,
        F::ListAgg { separator } => Box::new(Lists::new(ArrowType::Utf8, lists::ListAgg(separator.clone()))),
        F::ArrayAgg => Box::new(Lists::new(argument(call)?, lists::ArrayAgg(returns))),
        F::Collect => {
            let element = argument(call)?;
            let collect = lists::Collect::new(&element, returns)?;
            Box::new(Lists::new(element, collect))
        }
        F::JsonArrayAgg { keeps_nulls } => {
            let keeps_nulls = *keeps_nulls;
            Box::new(Lists::new(ArrowType::Utf8, lists::JsonArrayAgg { keeps_nulls }))
        }
        F::JsonObjectAgg { keeps_nulls } => {
            let keeps_nulls = *keeps_nulls;
            Box::new(Lists::new(lists::JsonObjectAgg::element(), lists::JsonObjectAgg { keeps_nulls }))
        }
        F::StddevPop => moments(true, true, returns)?,
        F::StddevSamp => moments(true, false, returns)?,
        F::VarPop => moments(false, true, returns)?,
        F::VarSamp => moments(false, false, returns)?,
        F::Percentile { fractions, is_list } => {
            let has_frequency = call.arguments.len() > 1;
            let percentile = lists::Percentile::new(fractions.clone(), *is_list, has_frequency);
            Box::new(Lists::new(percentile.element(), percentile))
        }
    })
}

/// Of whole numbers; others are planned as sums and counts.
fn moments(
    is_root: bool,
    is_population: bool,
    returns: ArrowType,
) -> Result<Box<dyn GroupsAccumulator>, Error> {
    if !returns.is_integer() {
        return Err(unfit("STDDEV or VAR", &returns));
    }
    Ok(Box::new(whole_moments::WholeMoments::new(is_root, is_population, returns)))
}

/// The type of the first argument.
fn argument(call: &AggregateCall) -> Result<ArrowType, Error> {
    let first = call.argument_types.first().map(arrow_type);
    first.ok_or_else(|| Error::Row(format!("{:?} has no argument", call.function)))
}

fn unfit(function: &str, data_type: &ArrowType) -> Error {
    Error::Row(format!("there is no {function} of {data_type}"))
}

/// What no operator here asks for: rows as states of their own.
fn unconverted<T>() -> datafusion_common::Result<T> {
    Err(DataFusionError::NotImplemented("rows as states of an aggregate".to_owned()))
}

fn sum(argument: &ArrowType, returns: ArrowType) -> Result<Box<dyn GroupsAccumulator>, Error> {
    Ok(match argument {
        ArrowType::Int8 => Box::new(sum::Sum::<Int8Type>::new(returns)),
        ArrowType::Int16 => Box::new(sum::Sum::<Int16Type>::new(returns)),
        ArrowType::Int32 => Box::new(sum::Sum::<Int32Type>::new(returns)),
        ArrowType::Int64 => Box::new(sum::Sum::<Int64Type>::new(returns)),
        ArrowType::Float32 => Box::new(sum::Sum::<Float32Type>::new(returns)),
        ArrowType::Float64 => Box::new(sum::Sum::<Float64Type>::new(returns)),
        ArrowType::Decimal128(..) => Box::new(sum::Sum::<Decimal128Type>::new(returns)),
        other => return Err(unfit("SUM", other)),
    })
}

fn average(argument: &ArrowType, returns: ArrowType) -> Result<Box<dyn GroupsAccumulator>, Error> {
    use average::Average;
    Ok(match argument {
        ArrowType::Int8 => Box::new(Average::<Int8Type, Int64Type>::new(argument, returns)),
        ArrowType::Int16 => Box::new(Average::<Int16Type, Int64Type>::new(argument, returns)),
        ArrowType::Int32 => Box::new(Average::<Int32Type, Int64Type>::new(argument, returns)),
        ArrowType::Int64 => Box::new(Average::<Int64Type, Int64Type>::new(argument, returns)),
        ArrowType::Float32 => Box::new(Average::<Float32Type, Float64Type>::new(argument, returns)),
        ArrowType::Float64 => Box::new(Average::<Float64Type, Float64Type>::new(argument, returns)),
        ArrowType::Decimal128(..) => {
            Box::new(Average::<Decimal128Type, Decimal128Type>::new(argument, returns))
        }
        other => return Err(unfit("AVG", other)),
    })
}

fn extreme<const MAX: bool>(argument: &ArrowType) -> Result<Box<dyn GroupsAccumulator>, Error> {
    let own = argument.clone();
    Ok(match argument {
        ArrowType::Int8 => Box::new(Extreme::<Int8Type, MAX>::new(own)),
        ArrowType::Int16 => Box::new(Extreme::<Int16Type, MAX>::new(own)),
        ArrowType::Int32 => Box::new(Extreme::<Int32Type, MAX>::new(own)),
        ArrowType::Int64 => Box::new(Extreme::<Int64Type, MAX>::new(own)),
        ArrowType::Float32 => Box::new(Extreme::<Float32Type, MAX>::new(own)),
        ArrowType::Float64 => Box::new(Extreme::<Float64Type, MAX>::new(own)),
        ArrowType::Decimal128(..) => Box::new(Extreme::<Decimal128Type, MAX>::new(own)),
        ArrowType::Date32 => Box::new(Extreme::<Date32Type, MAX>::new(own)),
        ArrowType::Time32(TimeUnit::Millisecond) => Box::new(Extreme::<Time32MillisecondType, MAX>::new(own)),
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => {
            Box::new(Extreme::<TimestampMillisecondType, MAX>::new(own))
        }
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
            Box::new(Extreme::<TimestampMicrosecondType, MAX>::new(own))
        }
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => {
            Box::new(Extreme::<TimestampNanosecondType, MAX>::new(own))
        }
        ArrowType::Boolean => {
            Box::new(booleans::Booleans(Box::new(Extreme::<Int8Type, MAX>::new(ArrowType::Int8))))
        }
        ArrowType::Utf8 => Box::new(text_extreme::TextExtreme::<MAX>::new()),
        other => return Err(unfit(if MAX { "MAX" } else { "MIN" }, other)),
    })
}

fn pick<const LAST: bool>(argument: &ArrowType) -> Result<Box<dyn GroupsAccumulator>, Error> {
    use pick::Pick;
    let own = argument.clone();
    Ok(match argument.primitive_width() {
        Some(1) => Box::new(Pick::<i8, LAST>::new(own)),
        Some(2) => Box::new(Pick::<i16, LAST>::new(own)),
        Some(4) => Box::new(Pick::<i32, LAST>::new(own)),
        Some(8) => Box::new(Pick::<i64, LAST>::new(own)),
        Some(16) => Box::new(Pick::<i128, LAST>::new(own)),
        _ if *argument == ArrowType::Boolean => {
            Box::new(booleans::Booleans(Box::new(Pick::<i8, LAST>::new(ArrowType::Int8))))
        }
        _ => {
            let picked = pick_bytes::PickBytes::<LAST>::new(argument);
            Box::new(picked.map_err(|error| Error::Row(error.to_string()))?)
        }
    })
}
