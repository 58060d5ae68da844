//! From texts, to texts, and between texts and bytes.

use std::sync::Arc;

use arrow::array::builder::{PrimitiveBuilder, StringBuilder};
use arrow::array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, PrimitiveArray, StringArray};
use arrow::datatypes::{DataType as ArrowType, TimeUnit};
use chrono_tz::Tz;
use datafusion_common::Result;
use narthex_sql::DataType;

use super::failed;
use crate::arrow_types::time_unit;
use crate::printer::Printer;
use crate::time::Moment;
use crate::{decimal, text, time};

/// Every value as text, cut to the type's length, and filled up to it if it is a CHAR.
pub(super) fn print(from: &DataType, array: &ArrayRef, to: &DataType, zone: Tz) -> Result<ArrayRef> {
    let printer = Printer::new(from, array, zone);
    let mut texts = StringBuilder::with_capacity(array.len(), array.len() * 8);
    let mut value = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.append_null();
            continue;
        }
        value.clear();
        printer.print(row, &mut value);
        if let DataType::Char(length) | DataType::Varchar(length) = to {
            let end = text::cut(&value, *length).len();
            value.truncate(end);
        }
        if let DataType::Char(length) = to {
            let missing = (*length as usize).saturating_sub(value.chars().count());
            value.extend(std::iter::repeat_n(' ', missing));
        }
        texts.append_value(&value);
    }
    Ok(Arc::new(texts.finish()))
}

/// Texts or bytes as bytes, cut to the type's length, and filled up to it if it is a BINARY.
pub(super) fn bytes(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let values: Vec<Option<&[u8]>> = match array.data_type() {
        ArrowType::Utf8 => array.as_string::<i32>().iter().map(|value| value.map(str::as_bytes)).collect(),
        _ => array.as_binary::<i32>().iter().collect(),
    };
    let sized = values.into_iter().map(|value| {
        let mut value = value?.to_vec();
        match to {
            DataType::Binary(length) => value.resize(*length as usize, 0),
            DataType::Varbinary(length) => value.truncate(*length as usize),
            _ => {}
        }
        Some(value)
    });
    Ok(Arc::new(sized.collect::<BinaryArray>()))
}

/// Reads every text.
pub(super) fn parse(array: &ArrayRef, to: &DataType, zone: Tz) -> Result<ArrayRef> {
    let texts = array.as_string::<i32>();
    Ok(match to {
        DataType::Boolean => {
            let read = texts.iter().map(|text| text.map(text::parse_boolean).transpose().map_err(failed));
            Arc::new(read.collect::<Result<BooleanArray>>()?)
        }
        DataType::TinyInt => Arc::new(each::<Int8Type>(texts, text::parse_narrow)?),
        DataType::SmallInt => Arc::new(each::<Int16Type>(texts, text::parse_narrow)?),
        DataType::Int => Arc::new(each::<Int32Type>(texts, text::parse_narrow)?),
        DataType::BigInt => Arc::new(each::<Int64Type>(texts, text::parse_integer)?),
        DataType::Float => Arc::new(each::<Float32Type>(texts, text::parse_f32)?),
        DataType::Double => Arc::new(each::<Float64Type>(texts, text::parse_f64)?),
        DataType::Decimal(precision, scale) => {
            let read = each::<Decimal128Type>(texts, |text| {
                decimal::parse(text, *precision, *scale).ok_or_else(|| format!("'{text}' is no {to}"))
            })?;
            Arc::new(read.with_precision_and_scale(*precision, *scale as i8)?)
        }
        DataType::Date => Arc::new(each::<Date32Type>(texts, |text| {
            time::parse_date(text).ok_or_else(|| format!("'{text}' is no DATE: write it as 2024-05-31"))
        })?),
        DataType::Time(_) => Arc::new(each::<Time32MillisecondType>(texts, |text| {
            let read = time::parse_time(text).map(|ms| ms / 1_000 * 1_000);
            read.ok_or_else(|| format!("'{text}' is no TIME: write it as 23:59:59"))
        })?),
        DataType::Timestamp(digits) | DataType::TimestampLtz(digits) => timestamps(texts, to, *digits, zone)?,
        other => return Err(failed(format!("a text cannot be {other}"))),
    })
}

fn timestamps(texts: &StringArray, to: &DataType, digits: u8, zone: Tz) -> Result<ArrayRef> {
    let is_moment = matches!(to, DataType::TimestampLtz(_));
    let unit = time_unit(digits);
    let read = |text: &str| {
        let moment: Option<Moment> = time::parse_timestamp(text);
        let moment = moment.ok_or_else(|| {
            format!("'{text}' is no TIMESTAMP: write it as 2024-05-31 23:59:59.123, or without the time")
        })?;
        let moment = if is_moment { moment.into_utc(zone) } else { moment };
        moment.cut(digits).to_unit(unit).ok_or_else(|| format!("'{text}' is too far away for a {to}"))
    };
    let name = is_moment.then(|| Arc::from("UTC"));
    Ok(match unit {
        TimeUnit::Second | TimeUnit::Millisecond => {
            Arc::new(each::<TimestampMillisecondType>(texts, read)?.with_timezone_opt::<Arc<str>>(name))
        }
        TimeUnit::Microsecond => {
            Arc::new(each::<TimestampMicrosecondType>(texts, read)?.with_timezone_opt::<Arc<str>>(name))
        }
        TimeUnit::Nanosecond => {
            Arc::new(each::<TimestampNanosecondType>(texts, read)?.with_timezone_opt::<Arc<str>>(name))
        }
    })
}

fn each<T: ArrowPrimitiveType>(
    texts: &StringArray,
    read: impl Fn(&str) -> Result<T::Native, String>,
) -> Result<PrimitiveArray<T>> {
    let mut values = PrimitiveBuilder::<T>::with_capacity(texts.len());
    for text in texts {
        match text {
            Some(text) => values.append_value(read(text).map_err(failed)?),
            None => values.append_null(),
        }
    }
    Ok(values.finish())
}
