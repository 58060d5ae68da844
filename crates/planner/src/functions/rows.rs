//! Columns row by row: a row with a null argument is null, any other is computed.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryBuilder, BooleanBuilder, Int32Array, ListBuilder,
    PrimitiveBuilder, StringArray, StringBuilder,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Decimal128Type, Int32Type};
use datafusion_common::{DataFusionError, Result};

/// An error that costs the row.
pub(super) fn fail<T>(message: impl Into<String>) -> Result<T> {
    Err(DataFusionError::Execution(message.into()))
}

/// A column of texts.
pub(super) fn text(column: &ArrayRef) -> &StringArray {
    column.as_string::<i32>()
}

/// A column of INTs.
pub(super) fn ints(column: &ArrayRef) -> &Int32Array {
    column.as_primitive::<Int32Type>()
}

/// Where any of the columns is null.
pub(super) fn nulls(columns: &[ArrayRef]) -> Option<NullBuffer> {
    columns
        .iter()
        .fold(None, |nulls, column| NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref()))
}

/// A column of texts has room for so many bytes.
fn check_room(builder: &StringBuilder, more: usize) -> Result<()> {
    if builder.values_slice().len() + more > i32::MAX as usize {
        return fail("the texts of one batch are longer than 2 GB");
    }
    Ok(())
}

fn is_null(nulls: Option<&NullBuffer>, row: usize) -> bool {
    nulls.is_some_and(|nulls| nulls.is_null(row))
}

/// Texts: `write` appends the row's to what it is given; `false` for null.
pub(super) fn texts(
    columns: &[ArrayRef],
    rows: usize,
    mut write: impl FnMut(usize, &mut String) -> Result<bool>,
) -> Result<ArrayRef> {
    let nulls = nulls(columns);
    let mut builder = StringBuilder::with_capacity(rows, bytes_of(columns));
    let mut value = String::new();
    for row in 0..rows {
        value.clear();
        if !is_null(nulls.as_ref(), row) && write(row, &mut value)? {
            check_room(&builder, value.len())?;
            builder.append_value(&value);
        } else {
            builder.append_null();
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// Texts that are parts of others, or made by them, without a copy in between.
pub(super) fn slices<'a>(
    columns: &[ArrayRef],
    rows: usize,
    mut slice: impl FnMut(usize) -> Result<Option<&'a str>>,
) -> Result<ArrayRef> {
    let nulls = nulls(columns);
    let mut builder = StringBuilder::with_capacity(rows, bytes_of(columns));
    for row in 0..rows {
        let value = if is_null(nulls.as_ref(), row) { None } else { slice(row)? };
        check_room(&builder, value.map_or(0, str::len))?;
        builder.append_option(value);
    }
    Ok(Arc::new(builder.finish()))
}

/// Texts that are written piece by piece into the column itself; never null but for a null argument.
pub(super) fn written(
    columns: &[ArrayRef],
    rows: usize,
    mut write: impl FnMut(usize, &mut StringBuilder) -> std::fmt::Result,
) -> Result<ArrayRef> {
    let nulls = nulls(columns);
    let mut builder = StringBuilder::with_capacity(rows, bytes_of(columns));
    for row in 0..rows {
        if is_null(nulls.as_ref(), row) {
            builder.append_null();
        } else {
            write(row, &mut builder).map_err(|error| DataFusionError::Execution(error.to_string()))?;
            check_room(&builder, 0)?;
            builder.append_value("");
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// About as many bytes as the texts of the columns have.
fn bytes_of(columns: &[ArrayRef]) -> usize {
    let texts = columns.iter().filter_map(|column| column.as_string_opt::<i32>());
    texts
        .map(|texts| texts.value_offsets().last().zip(texts.value_offsets().first()))
        .map(|offsets| offsets.map_or(0, |(last, first)| (last - first) as usize))
        .sum()
}

/// Numbers and times.
pub(super) fn numbers<T: ArrowPrimitiveType>(
    columns: &[ArrayRef],
    rows: usize,
    mut compute: impl FnMut(usize) -> Result<Option<T::Native>>,
) -> Result<ArrayRef> {
    let nulls = nulls(columns);
    let mut builder = PrimitiveBuilder::<T>::with_capacity(rows);
    for row in 0..rows {
        let value = if is_null(nulls.as_ref(), row) { None } else { compute(row)? };
        builder.append_option(value);
    }
    Ok(Arc::new(builder.finish()))
}

/// Booleans.
pub(super) fn booleans(
    columns: &[ArrayRef],
    rows: usize,
    mut compute: impl FnMut(usize) -> Result<Option<bool>>,
) -> Result<ArrayRef> {
    let nulls = nulls(columns);
    let mut builder = BooleanBuilder::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(if is_null(nulls.as_ref(), row) { None } else { compute(row)? });
    }
    Ok(Arc::new(builder.finish()))
}

/// Byte strings.
pub(super) fn bytes(
    columns: &[ArrayRef],
    rows: usize,
    mut compute: impl FnMut(usize) -> Result<Option<Vec<u8>>>,
) -> Result<ArrayRef> {
    let nulls = nulls(columns);
    let mut builder = BinaryBuilder::new();
    for row in 0..rows {
        builder.append_option(if is_null(nulls.as_ref(), row) { None } else { compute(row)? });
    }
    Ok(Arc::new(builder.finish()))
}

/// Arrays of texts: `fill` appends the elements; `false` for null.
pub(super) fn text_lists(
    columns: &[ArrayRef],
    rows: usize,
    mut fill: impl FnMut(usize, &mut StringBuilder) -> Result<bool>,
) -> Result<ArrayRef> {
    let nulls = nulls(columns);
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in 0..rows {
        let is_there = !is_null(nulls.as_ref(), row) && fill(row, builder.values())?;
        builder.append(is_there);
    }
    Ok(Arc::new(builder.finish()))
}

/// Appends what displays, such as a number, to a text.
pub(super) fn push(text: &mut String, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(text, "{value}");
}

/// A text from UTF-16 as Java keeps it: half a character becomes `?`, as when Java writes it.
pub(super) fn push_utf16(text: &mut String, units: impl IntoIterator<Item = u16>) {
    text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or('?')));
}

/// DECIMALs of a precision and scale; what does not fit becomes null.
pub(super) fn decimals(
    columns: &[ArrayRef],
    rows: usize,
    (precision, scale): (u8, u8),
    mut compute: impl FnMut(usize) -> Result<Option<i128>>,
) -> Result<ArrayRef> {
    let nulls = nulls(columns);
    let limit = 10u128.pow(u32::from(precision.min(38)));
    let mut builder = PrimitiveBuilder::<Decimal128Type>::with_capacity(rows);
    for row in 0..rows {
        let value = if is_null(nulls.as_ref(), row) { None } else { compute(row)? };
        builder.append_option(value.filter(|value| value.unsigned_abs() < limit));
    }
    Ok(Arc::new(builder.finish().with_precision_and_scale(precision, scale as i8)?))
}
