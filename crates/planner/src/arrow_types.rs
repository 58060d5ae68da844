//! Flink's types as Arrow's: the one table that decoders, expressions and sinks agree on.

use std::sync::Arc;

use arrow::datatypes::{DataType as ArrowType, Field, Fields, IntervalUnit, TimeUnit};
use narthex_sql::DataType;

/// The Arrow type that holds values of this type.
///
/// Times are counted from 1970 in the coarsest unit that holds their digits: milliseconds to nanoseconds. With more
/// than six digits a timestamp reaches from 1677 to 2262, as 64 bits of nanoseconds do; with six or fewer, all years
/// that Flink knows. Moments (`TIMESTAMP_LTZ`) are in UTC.
pub fn arrow_type(data_type: &DataType) -> ArrowType {
    match data_type {
        DataType::Char(_) | DataType::Varchar(_) => ArrowType::Utf8,
        DataType::Boolean => ArrowType::Boolean,
        DataType::Binary(_) | DataType::Varbinary(_) => ArrowType::Binary,
        DataType::Decimal(precision, scale) => ArrowType::Decimal128(*precision, *scale as i8),
        DataType::TinyInt => ArrowType::Int8,
        DataType::SmallInt => ArrowType::Int16,
        DataType::Int => ArrowType::Int32,
        DataType::BigInt => ArrowType::Int64,
        DataType::Float => ArrowType::Float32,
        DataType::Double => ArrowType::Float64,
        DataType::Date => ArrowType::Date32,
        DataType::Time(_) => ArrowType::Time32(TimeUnit::Millisecond),
        DataType::Timestamp(digits) => ArrowType::Timestamp(time_unit(*digits), None),
        DataType::TimestampLtz(digits) => ArrowType::Timestamp(time_unit(*digits), Some("UTC".into())),
        DataType::Array(inside) => ArrowType::List(Arc::new(arrow_field("item", inside))),
        DataType::Multiset(inside) => map_type(inside, &DataType::NotNull(Box::new(DataType::Int))),
        DataType::Map(key, value) => map_type(key, value),
        DataType::Row(fields) => {
            ArrowType::Struct(fields.iter().map(|field| arrow_field(&field.name, &field.data_type)).collect())
        }
        DataType::IntervalMonths => ArrowType::Interval(IntervalUnit::YearMonth),
        DataType::IntervalMillis => ArrowType::Duration(TimeUnit::Millisecond),
        DataType::Null => ArrowType::Null,
        DataType::NotNull(bare) => arrow_type(bare),
    }
}

/// A column or field of this type. Every field may be null for Arrow, also where SQL says NOT NULL: rows that break
/// it must come as far as the place that tells of them.
pub fn arrow_field(name: &str, data_type: &DataType) -> Field {
    Field::new(name, arrow_type(data_type), true)
}

/// Keys are never null for Arrow; Flink's may be, and a decoder drops such an entry.
fn map_type(key: &DataType, value: &DataType) -> ArrowType {
    let key = Field::new("key", arrow_type(key), false);
    let entries = ArrowType::Struct(Fields::from(vec![key, arrow_field("value", value)]));
    ArrowType::Map(Arc::new(Field::new("entries", entries, false)), false)
}

/// The coarsest unit that holds so many digits of a second.
pub(crate) fn time_unit(digits: u8) -> TimeUnit {
    match digits {
        0..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}
