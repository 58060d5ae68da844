//! `CAST` and `TRY_CAST`: which types become which, and how, as Flink 2.2 casts.

mod allowed;
mod nested;
mod numbers;
mod texts;
mod times;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::concat;
use chrono_tz::Tz;
use datafusion_common::{DataFusionError, Result};
use narthex_sql::{DataType, Mistake, Span};

pub(crate) use allowed::is_implicit;

use crate::arrow_types::arrow_type;
use crate::bound::Bound;
use crate::kernel::Kernel;
use crate::time::Moment;

/// Turns a column of one type into one of another.
pub(crate) type Convert = Arc<dyn Fn(&ArrayRef) -> Result<ArrayRef> + Send + Sync>;

/// `CAST(value AS to)`: what cannot be read fails.
pub(crate) fn cast(value: Bound, to: &DataType, zone: Tz, span: Span) -> Result<Bound, Mistake> {
    let to = with_flink_times(to);
    let data_type = to.with_nullable(value.is_nullable());
    if matches!(value.data_type, DataType::Null) {
        return Ok(Bound { span, ..Bound::null(&to, span) });
    }
    allowed::check(&value.data_type, &to, span)?;
    if is_free(&value.data_type, &to) {
        return Ok(Bound { data_type, span, ..value });
    }
    if matches!((value.data_type.bare(), to.bare()), (DataType::Timestamp(_), DataType::Timestamp(_)))
        && value.constant().is_some()
    {
        // A constant is cast while it is planned, where nothing is drawn toward 1970.
        let from = value.data_type.clone();
        return Ok(Kernel::call("CAST", vec![value], data_type, span, move |arguments, _| {
            times::cast(&arguments[0], from.bare(), to.bare(), zone, Moment::cut)
        }));
    }
    let convert = converter(&value.data_type, &to, zone);
    Ok(Kernel::call("CAST", vec![value], data_type, span, move |arguments, _| convert(&arguments[0])))
}

/// `TRY_CAST(value AS to)`: what cannot be read is null.
pub(crate) fn try_cast(value: Bound, to: &DataType, zone: Tz, span: Span) -> Result<Bound, Mistake> {
    let to = with_flink_times(to);
    if matches!(value.data_type, DataType::Null) {
        return Ok(Bound::null(&to, span));
    }
    allowed::check(&value.data_type, &to, span)?;
    let data_type = to.bare().clone();
    if is_free(&value.data_type, &to) {
        return Ok(Bound { data_type, span, ..value });
    }
    let convert = converter(&value.data_type, &to, zone);
    Ok(Kernel::call("TRY_CAST", vec![value], data_type, span, move |arguments, rows| {
        convert(&arguments[0]).or_else(|_| row_by_row(&convert, &arguments[0], rows, &to))
    }))
}

/// Rows that fail are null; a value inside of another fails with it.
fn row_by_row(convert: &Convert, array: &ArrayRef, rows: usize, to: &DataType) -> Result<ArrayRef> {
    let null = new_null_array(&arrow_type(to), 1);
    let values: Vec<ArrayRef> =
        (0..rows).map(|row| convert(&array.slice(row, 1)).unwrap_or_else(|_| null.clone())).collect();
    let values: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).collect();
    Ok(concat(&values)?)
}

/// A TIME has whole seconds in Flink, whatever its precision.
fn with_flink_times(to: &DataType) -> DataType {
    match to {
        DataType::Time(_) => DataType::Time(0),
        DataType::NotNull(bare) => with_flink_times(bare),
        other => other.clone(),
    }
}

/// Whether every value stays as it is.
fn is_free(from: &DataType, to: &DataType) -> bool {
    match (from.bare(), to.bare()) {
        (from, to) if from == to => true,
        (DataType::Char(from) | DataType::Varchar(from), DataType::Varchar(to)) => from <= to,
        (DataType::Binary(from) | DataType::Varbinary(from), DataType::Varbinary(to)) => from <= to,
        _ => false,
    }
}

/// What casts columns. The types are known to go together.
pub(crate) fn converter(from: &DataType, to: &DataType, zone: Tz) -> Convert {
    use DataType::{
        Array, BigInt, Binary, Char, Date, Decimal, Double, Float, Int, Map, Multiset, Row, SmallInt, Time,
        Timestamp, TimestampLtz, TinyInt, Varbinary, Varchar,
    };
    let (from, to) = (from.bare().clone(), to.bare().clone());
    if is_free(&from, &to) {
        return Arc::new(|array| Ok(array.clone()));
    }
    match (&from, &to) {
        (DataType::Null, _) => Arc::new(move |array| Ok(new_null_array(&arrow_type(&to), array.len()))),
        (_, Char(_) | Varchar(_)) => Arc::new(move |array| texts::print(&from, array, &to, zone)),
        (_, Binary(_) | Varbinary(_)) => Arc::new(move |array| texts::bytes(array, &to)),
        (Char(_) | Varchar(_), _) => Arc::new(move |array| texts::parse(array, &to, zone)),
        (Array(from), Array(to)) => nested::array(converter(from, to, zone), to),
        (Map(from_key, from_value), Map(key, value)) => {
            nested::map(converter(from_key, key, zone), converter(from_value, value, zone), &to)
        }
        (Multiset(from), Multiset(key)) => {
            nested::map(converter(from, key, zone), Arc::new(|array| Ok(array.clone())), &to)
        }
        (Row(from), Row(fields)) => {
            let pairs = from.iter().zip(fields);
            let converters =
                pairs.map(|(from, to)| converter(&from.data_type, &to.data_type, zone)).collect();
            nested::row(converters, &to)
        }
        (
            Date | Time(_) | Timestamp(_) | TimestampLtz(_),
            Date | Time(_) | Timestamp(_) | TimestampLtz(_),
        ) => Arc::new(move |array| times::cast(array, &from, &to, zone, Moment::cut_toward_1970)),
        (DataType::Boolean | TinyInt | SmallInt | Int | BigInt | Float | Double | Decimal(..), _) => {
            Arc::new(move |array| numbers::cast(array, &from, &to))
        }
        _ => Arc::new(move |_| Err(DataFusionError::Execution(format!("no cast from {from} to {to}")))),
    }
}

/// An error of one value.
fn failed(message: String) -> DataFusionError {
    DataFusionError::Execution(message)
}

#[cfg(test)]
mod tests;
