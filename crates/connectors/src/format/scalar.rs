//! What the formats share about types.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType as ArrowType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use narthex_planner::arrow_type;
use narthex_sql::DataType;

/// The nanoseconds in what a timestamp of this type is counted in.
pub(super) fn nanos_of_unit(data_type: &DataType) -> i64 {
    match arrow_type(data_type) {
        ArrowType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => 1000,
        _ => 1,
    }
}

/// A type in a message: how its values are spelled is said where it is not plain.
pub(super) fn wanted(data_type: &DataType) -> String {
    match data_type {
        DataType::Binary(_) | DataType::Varbinary(_) => format!("{data_type} in Base64"),
        other => other.to_string(),
    }
}

/// Whether a DECIMAL is in it.
pub(super) fn has_decimal(data_type: &DataType) -> bool {
    match data_type.bare() {
        DataType::Decimal(..) => true,
        DataType::Array(inside) | DataType::Multiset(inside) => has_decimal(inside),
        DataType::Map(key, value) => has_decimal(key) || has_decimal(value),
        DataType::Row(fields) => fields.iter().any(|field| has_decimal(&field.data_type)),
        _ => false,
    }
}

/// The numbers of an array of timestamps.
pub(super) fn timestamps(array: &dyn Array) -> Option<&[i64]> {
    Some(match array.data_type() {
        ArrowType::Timestamp(TimeUnit::Second, _) => {
            array.as_primitive_opt::<TimestampSecondType>()?.values()
        }
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => {
            array.as_primitive_opt::<TimestampMillisecondType>()?.values()
        }
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive_opt::<TimestampMicrosecondType>()?.values()
        }
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => {
            array.as_primitive_opt::<TimestampNanosecondType>()?.values()
        }
        _ => return None,
    })
}
