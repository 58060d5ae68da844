//! Values of a column as text, as Flink's casts to STRING write them.

use std::fmt::Write;

use arrow::array::types::{
    Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, PrimitiveArray, StringArray};
use arrow::datatypes::TimeUnit;
use chrono_tz::Tz;
use narthex_sql::DataType;

use crate::arrow_types::time_unit;
use crate::{decimal, text, time};

/// Writes the values of one column.
pub(crate) struct Printer<'a> {
    array: &'a dyn Array,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Text(&'a StringArray, Option<u32>),
    Bytes(&'a BinaryArray),
    Boolean(&'a BooleanArray),
    TinyInt(&'a PrimitiveArray<Int8Type>),
    SmallInt(&'a PrimitiveArray<Int16Type>),
    Int(&'a PrimitiveArray<Int32Type>),
    BigInt(&'a PrimitiveArray<Int64Type>),
    Float(&'a PrimitiveArray<Float32Type>),
    Double(&'a PrimitiveArray<Float64Type>),
    Decimal(&'a PrimitiveArray<Decimal128Type>, u8),
    Date(&'a PrimitiveArray<Date32Type>),
    Time(&'a PrimitiveArray<Time32MillisecondType>, u8),
    /// Numbers of a unit, digits, and the zone whose clock is shown.
    Timestamp(&'a [i64], TimeUnit, u8, Option<Tz>),
    Months(&'a PrimitiveArray<IntervalYearMonthType>),
    Millis(&'a PrimitiveArray<DurationMillisecondType>),
    /// Where each row's elements begin and end.
    Array(&'a [i32], Box<Printer<'a>>),
    Map(&'a [i32], Box<(Printer<'a>, Printer<'a>)>),
    Row(Vec<Printer<'a>>),
    Null,
}

impl<'a> Printer<'a> {
    /// For a column of this type. Moments are shown in `zone`.
    pub(crate) fn new(data_type: &DataType, array: &'a ArrayRef, zone: Tz) -> Self {
        let inside = |data_type: &DataType, array: &'a ArrayRef| Printer::new(data_type, array, zone);
        let kind = match data_type.bare() {
            DataType::Char(length) => Kind::Text(array.as_string(), Some(*length)),
            DataType::Varchar(_) => Kind::Text(array.as_string(), None),
            DataType::Binary(_) | DataType::Varbinary(_) => Kind::Bytes(array.as_binary()),
            DataType::Boolean => Kind::Boolean(array.as_boolean()),
            DataType::TinyInt => Kind::TinyInt(array.as_primitive()),
            DataType::SmallInt => Kind::SmallInt(array.as_primitive()),
            DataType::Int => Kind::Int(array.as_primitive()),
            DataType::BigInt => Kind::BigInt(array.as_primitive()),
            DataType::Float => Kind::Float(array.as_primitive()),
            DataType::Double => Kind::Double(array.as_primitive()),
            DataType::Decimal(_, scale) => Kind::Decimal(array.as_primitive(), *scale),
            DataType::Date => Kind::Date(array.as_primitive()),
            DataType::Time(digits) => Kind::Time(array.as_primitive(), *digits),
            DataType::Timestamp(digits) => {
                Kind::Timestamp(timestamps(array, *digits), time_unit(*digits), *digits, None)
            }
            DataType::TimestampLtz(digits) => {
                Kind::Timestamp(timestamps(array, *digits), time_unit(*digits), *digits, Some(zone))
            }
            DataType::IntervalMonths => Kind::Months(array.as_primitive()),
            DataType::IntervalMillis => Kind::Millis(array.as_primitive()),
            DataType::Array(element) => {
                let lists = array.as_list::<i32>();
                Kind::Array(lists.value_offsets(), Box::new(inside(element, lists.values())))
            }
            DataType::Map(key, value) => {
                let maps = array.as_map();
                let entries = (inside(key, maps.keys()), inside(value, maps.values()));
                Kind::Map(maps.value_offsets(), Box::new(entries))
            }
            DataType::Multiset(key) => {
                let maps = array.as_map();
                let entries = (inside(key, maps.keys()), inside(&DataType::Int, maps.values()));
                Kind::Map(maps.value_offsets(), Box::new(entries))
            }
            DataType::Row(fields) => {
                let columns = array.as_struct().columns();
                let printers = fields.iter().zip(columns);
                Kind::Row(printers.map(|(field, column)| inside(&field.data_type, column)).collect())
            }
            DataType::Null | DataType::NotNull(_) => Kind::Null,
        };
        Self { array, kind }
    }

    /// Writes the value of a row that is not null.
    pub(crate) fn print(&self, row: usize, out: &mut String) {
        // Writing to a String cannot fail.
        match &self.kind {
            Kind::Text(array, length) => {
                let value = array.value(row);
                out.push_str(value);
                let missing =
                    length.map_or(0, |length| (length as usize).saturating_sub(value.chars().count()));
                out.extend(std::iter::repeat_n(' ', missing));
            }
            Kind::Bytes(array) => out.push_str(&String::from_utf8_lossy(array.value(row))),
            Kind::Boolean(array) => out.push_str(if array.value(row) { "TRUE" } else { "FALSE" }),
            Kind::TinyInt(array) => drop(write!(out, "{}", array.value(row))),
            Kind::SmallInt(array) => drop(write!(out, "{}", array.value(row))),
            Kind::Int(array) => drop(write!(out, "{}", array.value(row))),
            Kind::BigInt(array) => drop(write!(out, "{}", array.value(row))),
            Kind::Float(array) => text::print_f32(array.value(row), out),
            Kind::Double(array) => text::print_f64(array.value(row), out),
            Kind::Decimal(array, scale) => decimal::print(array.value(row), *scale, out),
            Kind::Date(array) => time::print_date(array.value(row), out),
            Kind::Time(array, digits) => time::print_time(array.value(row), *digits, out),
            Kind::Timestamp(values, unit, digits, zone) => {
                let Some(value) = values.get(row) else { return };
                let moment = time::Moment::from_unit(*value, *unit);
                let shown = zone.map_or(moment, |zone| moment.into_local(zone));
                time::print_timestamp(shown, *digits, out);
            }
            Kind::Months(array) => time::print_interval_months(array.value(row), out),
            Kind::Millis(array) => time::print_interval_ms(array.value(row), out),
            Kind::Array(offsets, values) => {
                out.push('[');
                each(offsets, row, out, |at, out| values.print_or_null(at, out));
                out.push(']');
            }
            Kind::Map(offsets, entries) => {
                out.push('{');
                each(offsets, row, out, |at, out| {
                    entries.0.print_or_null(at, out);
                    out.push('=');
                    entries.1.print_or_null(at, out);
                });
                out.push('}');
            }
            Kind::Row(fields) => {
                out.push('(');
                for (at, field) in fields.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    field.print_or_null(row, out);
                }
                out.push(')');
            }
            Kind::Null => out.push_str("NULL"),
        }
    }

    fn print_or_null(&self, row: usize, out: &mut String) {
        if self.array.is_null(row) { out.push_str("NULL") } else { self.print(row, out) }
    }
}

/// The elements of a row, with commas.
fn each(offsets: &[i32], row: usize, out: &mut String, print: impl Fn(usize, &mut String)) {
    let (begin, end) = match (offsets.get(row), offsets.get(row + 1)) {
        (Some(&begin), Some(&end)) => (begin as usize, end as usize),
        _ => return,
    };
    for at in begin..end {
        out.push_str(if at > begin { ", " } else { "" });
        print(at, out);
    }
}

fn timestamps(array: &ArrayRef, digits: u8) -> &[i64] {
    match time_unit(digits) {
        TimeUnit::Second | TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
    }
}
