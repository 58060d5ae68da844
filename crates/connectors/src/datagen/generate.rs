//! Makes the values of a column.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanArray, BooleanBufferBuilder, Date32Array, Decimal128Array, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, ListArray, MapArray, StringBuilder,
    StructArray, Time32MillisecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, make_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType as ArrowType, Field as ArrowField, TimeUnit};
use arrow::error::ArrowError;
use narthex_planner::{arrow_field, arrow_type};
use narthex_sql::DataType;
use rand::RngExt;
use rand::rngs::SmallRng;

use crate::datagen::fields::{Field, Values};

const DAY_MS: i64 = 86_400_000;

/// Which rows are made, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) first: u64,
    pub(crate) count: usize,
    pub(crate) now_ms: i64,
}

/// A column of these rows.
///
/// # Errors
/// When the values do not fit Arrow's form of the type.
pub(crate) fn column(field: &Field, rows: Rows, random: &mut SmallRng) -> Result<ArrayRef, ArrowError> {
    let made = values(field, rows, random)?;
    if field.null_rate <= 0.0 {
        return Ok(made);
    }
    let mut present = BooleanBufferBuilder::new(rows.count);
    (0..rows.count).for_each(|_| present.append(random.random::<f64>() >= field.null_rate));
    let data = made.to_data().into_builder().nulls(Some(NullBuffer::new(present.finish()))).build()?;
    Ok(make_array(data))
}

fn values(field: &Field, rows: Rows, random: &mut SmallRng) -> Result<ArrayRef, ArrowError> {
    let data_type = field.data_type.bare();
    let mut each = |value: &mut dyn FnMut(&mut SmallRng, usize) -> i64| -> Vec<i64> {
        (0..rows.count).map(|row| value(random, row)).collect()
    };
    match &field.values {
        Values::Sequence { start, .. } => {
            let first = start.wrapping_add(rows.first as i64);
            Ok(sequence(data_type, each(&mut |_, row| first.wrapping_add(row as i64)))?)
        }
        Values::Integers { min, max } => {
            integers(data_type, each(&mut |random, _| random.random_range(*min..=*max)))
        }
        Values::Numbers { min, max } => numbers(data_type, (*min, *max), rows.count, random),
        Values::Booleans => {
            Ok(Arc::new((0..rows.count).map(|_| Some(random.random())).collect::<BooleanArray>()))
        }
        Values::Lengths { length, is_variable } => {
            Ok(lengths(data_type, *length, *is_variable, rows.count, random))
        }
        Values::Past { max_past } => {
            let past = i64::try_from(max_past.as_millis()).unwrap_or(i64::MAX);
            let ago = each(&mut |random, _| rows.now_ms.saturating_sub(random.random_range(0..=past)));
            Ok(timestamps(data_type, ago))
        }
        Values::Now => integers(data_type, vec![now(data_type, rows.now_ms); rows.count]),
        Values::Elements { inside, length } => {
            let elements = column(inside, rows.times(*length), random)?;
            let item = Arc::new(arrow_field("item", &inside.data_type));
            Ok(Arc::new(ListArray::try_new(item, rows.offsets(*length), elements, None)?))
        }
        Values::Entries { key, value, length } => entries(data_type, (key, value, *length), rows, random),
        Values::Fields(fields) => {
            let ArrowType::Struct(names) = arrow_type(data_type) else {
                return Err(ArrowError::SchemaError(format!("{data_type} is no row")));
            };
            let columns = fields.iter().map(|field| column(field, rows, random));
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            Ok(Arc::new(StructArray::try_new_with_length(names, columns, None, rows.count)?))
        }
    }
}

impl Rows {
    /// So many for each.
    fn times(self, length: u64) -> Self {
        Self { count: self.count.saturating_mul(length as usize), ..self }
    }

    fn offsets(self, length: u64) -> OffsetBuffer<i32> {
        OffsetBuffer::from_lengths(std::iter::repeat_n(length as usize, self.count))
    }
}

/// The day since 1970, or the millisecond of the day.
fn now(data_type: &DataType, now_ms: i64) -> i64 {
    if matches!(data_type, DataType::Date) { now_ms.div_euclid(DAY_MS) } else { now_ms.rem_euclid(DAY_MS) }
}

fn sequence(data_type: &DataType, values: Vec<i64>) -> Result<ArrayRef, ArrowError> {
    match data_type {
        DataType::Char(_) | DataType::Varchar(_) => {
            let mut texts = StringBuilder::new();
            values.iter().for_each(|value| texts.append_value(value.to_string()));
            Ok(Arc::new(texts.finish()))
        }
        DataType::Binary(_) | DataType::Varbinary(_) => {
            let mut bytes = BinaryBuilder::new();
            values.iter().for_each(|value| bytes.append_value(value.to_be_bytes()));
            Ok(Arc::new(bytes.finish()))
        }
        DataType::Decimal(precision, scale) => {
            let one = 10_i128.pow(u32::from(*scale));
            let values = values.into_iter().map(|value| i128::from(value).saturating_mul(one));
            decimals(values.collect(), *precision, *scale)
        }
        _ => integers(data_type, values),
    }
}

fn integers(data_type: &DataType, values: Vec<i64>) -> Result<ArrayRef, ArrowError> {
    let values = values.into_iter();
    // The values were held against the type's bounds.
    Ok(match data_type {
        DataType::TinyInt => {
            Arc::new(values.map(|value| value as i8).collect::<Vec<_>>().into_array::<Int8Array>())
        }
        DataType::SmallInt => {
            Arc::new(values.map(|value| value as i16).collect::<Vec<_>>().into_array::<Int16Array>())
        }
        DataType::Int => {
            Arc::new(values.map(|value| value as i32).collect::<Vec<_>>().into_array::<Int32Array>())
        }
        DataType::Float => {
            Arc::new(values.map(|value| value as f32).collect::<Vec<_>>().into_array::<Float32Array>())
        }
        DataType::Double => {
            Arc::new(values.map(|value| value as f64).collect::<Vec<_>>().into_array::<Float64Array>())
        }
        DataType::Date => {
            Arc::new(values.map(|value| value as i32).collect::<Vec<_>>().into_array::<Date32Array>())
        }
        DataType::Time(_) => Arc::new(
            values.map(|value| value as i32).collect::<Vec<_>>().into_array::<Time32MillisecondArray>(),
        ),
        _ => Arc::new(values.collect::<Vec<_>>().into_array::<Int64Array>()),
    })
}

/// Arrow's arrays are made of vectors, each by its own `From`.
trait IntoArray {
    fn into_array<A: From<Self>>(self) -> A
    where
        Self: Sized,
    {
        A::from(self)
    }
}

impl<T> IntoArray for Vec<T> {}

fn numbers(
    data_type: &DataType,
    (min, max): (f64, f64),
    count: usize,
    random: &mut SmallRng,
) -> Result<ArrayRef, ArrowError> {
    // Between the ends also where their distance is more than a number can be.
    let mut between = |min: f64, max: f64| {
        let part: f64 = random.random();
        (min * (1.0 - part) + max * part).clamp(min, max)
    };
    Ok(match data_type {
        DataType::Float => {
            let limit = f64::from(f32::MAX);
            let (min, max) = (min.clamp(-limit, limit), max.clamp(-limit, limit));
            Arc::new(Float32Array::from((0..count).map(|_| between(min, max) as f32).collect::<Vec<_>>()))
        }
        DataType::Decimal(precision, scale) => {
            let most = 10_i128.pow(u32::from(*precision)) - 1;
            let one = 10_f64.powi(i32::from(*scale));
            let limit = most as f64 / one;
            let (min, max) = (min.clamp(-limit, limit), max.clamp(-limit, limit));
            let cut = |value: f64| ((value * one).trunc() as i128).clamp(-most, most);
            decimals((0..count).map(|_| cut(between(min, max))).collect(), *precision, *scale)?
        }
        _ => Arc::new(Float64Array::from((0..count).map(|_| between(min, max)).collect::<Vec<_>>())),
    })
}

fn decimals(values: Vec<i128>, precision: u8, scale: u8) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale as i8)?))
}

/// Texts of hexadecimal digits, or bytes; of any length from 1 to one less where it varies.
fn lengths(
    data_type: &DataType,
    length: u64,
    is_variable: bool,
    count: usize,
    random: &mut SmallRng,
) -> ArrayRef {
    let length_of = |random: &mut SmallRng| match is_variable && length > 1 {
        true => random.random_range(1..length) as usize,
        false => length as usize,
    };
    if matches!(data_type, DataType::Char(_) | DataType::Varchar(_)) {
        let mut texts = StringBuilder::with_capacity(count, count.saturating_mul(length as usize));
        let mut text = String::new();
        for _ in 0..count {
            text.clear();
            let digits = length_of(random);
            text.extend((0..digits).map(|_| char::from(b"0123456789abcdef"[random.random_range(0..16)])));
            texts.append_value(&text);
        }
        return Arc::new(texts.finish());
    }
    let mut all = BinaryBuilder::with_capacity(count, count.saturating_mul(length as usize));
    for _ in 0..count {
        let bytes: Vec<u8> = (0..length_of(random)).map(|_| random.random()).collect();
        all.append_value(bytes);
    }
    Arc::new(all.finish())
}

fn timestamps(data_type: &DataType, millis: Vec<i64>) -> ArrayRef {
    let ArrowType::Timestamp(unit, zone) = arrow_type(data_type) else {
        return Arc::new(Int64Array::from(millis));
    };
    let times = |factor: i64| millis.iter().map(|ms| ms.saturating_mul(factor)).collect::<Vec<_>>();
    match unit {
        TimeUnit::Microsecond => {
            Arc::new(TimestampMicrosecondArray::from(times(1000)).with_timezone_opt(zone))
        }
        TimeUnit::Nanosecond => {
            Arc::new(TimestampNanosecondArray::from(times(1_000_000)).with_timezone_opt(zone))
        }
        _ => Arc::new(TimestampMillisecondArray::from(times(1)).with_timezone_opt(zone)),
    }
}

fn entries(
    data_type: &DataType,
    (key, value, length): (&Field, &Field, u64),
    rows: Rows,
    random: &mut SmallRng,
) -> Result<ArrayRef, ArrowError> {
    let ArrowType::Map(entry, is_sorted) = arrow_type(data_type) else {
        return Err(ArrowError::SchemaError(format!("{data_type} is no map")));
    };
    let ArrowType::Struct(fields) = entry.data_type() else {
        return Err(ArrowError::SchemaError(format!("{data_type} has no entries")));
    };
    // A key is never null, whatever the rate.
    let key = Field { null_rate: 0.0, ..key.clone() };
    let columns = vec![column(&key, rows.times(length), random)?, column(value, rows.times(length), random)?];
    let inside = StructArray::try_new(fields.clone(), columns, None)?;
    let entry = Arc::new(ArrowField::clone(&entry));
    Ok(Arc::new(MapArray::try_new(entry, rows.offsets(length), inside, None, is_sorted)?))
}
