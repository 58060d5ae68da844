//! Between numbers, and between numbers and BOOLEAN.

use std::sync::Arc;

use arrow::array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow::array::{ArrayRef, AsArray, BooleanArray, PrimitiveArray};
use datafusion_common::Result;
use narthex_sql::DataType;

use super::failed;
use crate::decimal;

/// A column's numbers, in a form that holds them all.
enum Numbers<'a> {
    Whole(PrimitiveArray<Int64Type>),
    Single(&'a PrimitiveArray<Float32Type>),
    Float(&'a PrimitiveArray<Float64Type>),
    Decimal(&'a PrimitiveArray<Decimal128Type>, u8),
}

fn widened<T>(array: &ArrayRef) -> PrimitiveArray<Int64Type>
where
    T: ArrowPrimitiveType,
    T::Native: Into<i64>,
{
    array.as_primitive::<T>().unary(Into::into)
}

fn numbers<'a>(array: &'a ArrayRef, from: &DataType) -> Result<Numbers<'a>> {
    Ok(match from {
        DataType::Boolean => {
            Numbers::Whole(array.as_boolean().iter().map(|value| value.map(i64::from)).collect())
        }
        DataType::TinyInt => Numbers::Whole(widened::<Int8Type>(array)),
        DataType::SmallInt => Numbers::Whole(widened::<Int16Type>(array)),
        DataType::Int => Numbers::Whole(widened::<Int32Type>(array)),
        DataType::BigInt => Numbers::Whole(array.as_primitive::<Int64Type>().clone()),
        DataType::Float => Numbers::Single(array.as_primitive()),
        DataType::Double => Numbers::Float(array.as_primitive()),
        DataType::Decimal(_, scale) => Numbers::Decimal(array.as_primitive(), *scale),
        other => return Err(failed(format!("{other} is no number"))),
    })
}

/// Whole numbers of a type. Java's way: floats are cut and kept within 32 or 64 bits, and what is too long for the
/// type loses its upper bits.
fn whole<T: ArrowPrimitiveType>(
    numbers: &Numbers<'_>,
    is_wide: bool,
    cut: impl Fn(i64) -> T::Native,
) -> PrimitiveArray<T> {
    let from_float = |value: f64| if is_wide { value as i64 } else { i64::from(value as i32) };
    match numbers {
        Numbers::Whole(values) => values.unary(cut),
        Numbers::Single(values) => values.unary(|value| cut(from_float(f64::from(value)))),
        Numbers::Float(values) => values.unary(|value| cut(from_float(value))),
        Numbers::Decimal(values, scale) => {
            let unit = decimal::power(*scale);
            values.unary(|value| cut((value / unit) as i64))
        }
    }
}

fn floats(numbers: Numbers<'_>) -> PrimitiveArray<Float64Type> {
    match numbers {
        Numbers::Whole(values) => values.unary(|value| value as f64),
        Numbers::Single(values) => values.unary(f64::from),
        Numbers::Float(values) => values.clone(),
        Numbers::Decimal(values, scale) => values.unary(|value| decimal::to_f64(value, scale)),
    }
}

fn decimals(numbers: Numbers<'_>, precision: u8, scale: u8) -> Result<PrimitiveArray<Decimal128Type>> {
    let from_float = |value: f64| decimal::from_f64(value, precision, scale).map_err(failed);
    let values = match numbers {
        Numbers::Whole(values) => {
            values.unary_opt(|value| decimal::rescale(i128::from(value), 0, precision, scale))
        }
        Numbers::Single(values) => {
            let cast =
                values.iter().map(|value| value.map_or(Ok(None), |value| from_float(f64::from(value))));
            cast.collect::<Result<_>>()?
        }
        Numbers::Float(values) => {
            let cast = values.iter().map(|value| value.map_or(Ok(None), from_float));
            cast.collect::<Result<_>>()?
        }
        Numbers::Decimal(values, from) => {
            values.unary_opt(|value| decimal::rescale(value, from, precision, scale))
        }
    };
    Ok(values.with_precision_and_scale(precision, scale as i8)?)
}

fn booleans(numbers: Numbers<'_>) -> BooleanArray {
    match numbers {
        Numbers::Whole(values) => BooleanArray::from_unary(&values, |value| value != 0),
        Numbers::Single(values) => BooleanArray::from_unary(values, |value| value != 0.0),
        Numbers::Float(values) => BooleanArray::from_unary(values, |value| value != 0.0),
        Numbers::Decimal(values, _) => BooleanArray::from_unary(values, |value| value != 0),
    }
}

pub(super) fn cast(array: &ArrayRef, from: &DataType, to: &DataType) -> Result<ArrayRef> {
    let numbers = numbers(array, from)?;
    Ok(match to {
        DataType::Boolean => Arc::new(booleans(numbers)),
        DataType::TinyInt => Arc::new(whole::<Int8Type>(&numbers, false, |value| value as i8)),
        DataType::SmallInt => Arc::new(whole::<Int16Type>(&numbers, false, |value| value as i16)),
        DataType::Int => Arc::new(whole::<Int32Type>(&numbers, false, |value| value as i32)),
        DataType::BigInt => Arc::new(whole::<Int64Type>(&numbers, true, |value| value)),
        DataType::Float => Arc::new(match numbers {
            Numbers::Whole(values) => values.unary::<_, Float32Type>(|value| value as f32),
            other => floats(other).unary::<_, Float32Type>(|value| value as f32),
        }),
        DataType::Double => Arc::new(floats(numbers)),
        DataType::Decimal(precision, scale) => Arc::new(decimals(numbers, *precision, *scale)?),
        other => return Err(failed(format!("a number cannot be {other}"))),
    })
}
