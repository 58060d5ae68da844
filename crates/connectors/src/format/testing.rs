//! Helps the tests of the formats: columns from the text of a row type, files from text, values for them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use narthex_engine::Decoded;
use narthex_planner::arrow_field;
use narthex_sql::DataType;
use proptest::prelude::*;

use super::column::Column;
use super::time::days_from_civil;
use super::{Format, JsonFormat, JsonOptions, RecordDecoder};

/// The fields of `ROW<…>`.
pub(super) fn columns(row_type: &str) -> Vec<(String, DataType)> {
    match DataType::parse(row_type).unwrap().bare() {
        DataType::Row(fields) => {
            fields.iter().map(|field| (field.name.clone(), field.data_type.clone())).collect()
        }
        other => panic!("{other} is no row"),
    }
}

/// A format with options.
pub(super) fn format(name: &str, options: &[(&str, &str)]) -> Format {
    Format::new(name, &|key| {
        options.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
    })
    .unwrap()
}

/// What a decoder makes of a file `f`.
pub(super) fn decode(decoder: &mut dyn RecordDecoder, records: &[u8]) -> Decoded {
    let decoded = decoder.decode(records, &|line| format!("f:{}", line + 1)).unwrap();
    let rows = decoded.batch.num_rows() as u64;
    assert_eq!(decoded.records, rows + decoded.ignored + decoded.bad.len() as u64);
    decoded
}

/// Rows as lines of JSON.
pub(super) fn json_lines(columns: &[(String, DataType)], batch: &RecordBatch) -> Vec<String> {
    let mut out = Vec::new();
    JsonFormat::new(JsonOptions::default()).encoder(columns).unwrap().encode(batch, &mut out).unwrap();
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

/// A value of a column, as proptest makes them.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(i64),
    Wide(i128),
    Double(f64),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
    Row(Vec<Value>),
}

/// Any value that columns of a type can hold and a format can write.
pub(super) fn any_value(data_type: &DataType) -> BoxedStrategy<Value> {
    let value = match data_type.bare() {
        DataType::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        DataType::TinyInt => any::<i8>().prop_map(|value| Value::Number(value.into())).boxed(),
        DataType::SmallInt => any::<i16>().prop_map(|value| Value::Number(value.into())).boxed(),
        DataType::Int => any::<i32>().prop_map(|value| Value::Number(value.into())).boxed(),
        DataType::BigInt => any::<i64>().prop_map(Value::Number).boxed(),
        DataType::Float => any::<f32>().prop_map(|value| Value::Double(value.into())).boxed(),
        DataType::Double => any::<f64>().prop_map(Value::Double).boxed(),
        DataType::Decimal(precision, _) => {
            let most = 10i128.pow(u32::from(*precision)) - 1;
            (-most..=most).prop_map(Value::Wide).boxed()
        }
        DataType::Date => (date(-9999)..date(9999)).prop_map(Value::Number).boxed(),
        DataType::Time(0) => (0..86_400i64).prop_map(|second| Value::Number(second * 1000)).boxed(),
        DataType::Time(_) => (0..86_400_000i64).prop_map(Value::Number).boxed(),
        DataType::Timestamp(digits) | DataType::TimestampLtz(digits) if *digits <= 6 => {
            let per_day = if *digits <= 3 { 86_400_000 } else { 86_400_000_000 };
            (date(0) * per_day..date(9999) * per_day).prop_map(Value::Number).boxed()
        }
        DataType::Timestamp(_) | DataType::TimestampLtz(_) => any::<i64>().prop_map(Value::Number).boxed(),
        DataType::Array(item) => {
            proptest::collection::vec(any_value(item), 0..4).prop_map(Value::List).boxed()
        }
        DataType::Map(_, value) => proptest::collection::btree_map(".{0,3}", any_value(value), 0..4)
            .prop_map(|map| Value::Map(map.into_iter().collect()))
            .boxed(),
        DataType::Row(fields) => fields
            .iter()
            .map(|field| any_value(&field.data_type))
            .collect::<Vec<_>>()
            .prop_map(Value::Row)
            .boxed(),
        _ => prop_oneof![".{0,30}", "[a-z,;'\"\\\\ \t\r\n#]{0,8}"].prop_map(Value::Text).boxed(),
    };
    prop_oneof![1 => Just(Value::Null), 6 => value].boxed()
}

fn date(year: i64) -> i64 {
    days_from_civil(year, 1, 1)
}

/// Rows with these values, each of which has one for each column.
pub(super) fn batch(columns: &[(String, DataType)], rows: &[Vec<Value>]) -> RecordBatch {
    let fields: Vec<_> = columns.iter().map(|(name, data_type)| arrow_field(name, data_type)).collect();
    let arrays: Vec<ArrayRef> = fields
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let mut column = Column::new(field.data_type()).unwrap();
            rows.iter().for_each(|row| push(&mut column, &row[at], &columns[at].1));
            column.finish().unwrap()
        })
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn push(column: &mut Column, value: &Value, data_type: &DataType) {
    match (value, data_type.bare()) {
        (Value::Null, _) => column.push_null(),
        (Value::Bool(value), _) => column.push_bool(*value),
        (Value::Number(value), DataType::TinyInt) => column.push(*value as i8),
        (Value::Number(value), DataType::SmallInt) => column.push(*value as i16),
        (Value::Number(value), DataType::Int | DataType::Date | DataType::Time(_)) => {
            column.push(*value as i32);
        }
        (Value::Number(value), _) => column.push(*value),
        (Value::Wide(value), _) => column.push(*value),
        (Value::Double(value), DataType::Float) => column.push(*value as f32),
        (Value::Double(value), _) => column.push(*value),
        (Value::Text(text), _) => assert!(column.push_bytes(text.as_bytes())),
        (Value::List(items), DataType::Array(item)) => {
            items.iter().for_each(|value| push(column.item().unwrap(), value, item));
            column.end_list();
        }
        (Value::Map(entries), DataType::Map(_, inside)) => {
            for (key, value) in entries {
                let (keys, values) = column.entry().unwrap();
                assert!(keys.push_bytes(key.as_bytes()));
                push(values, value, inside);
            }
            column.end_list();
        }
        (Value::Row(values), DataType::Row(fields)) => {
            for ((inside, value), field) in column.fields().iter_mut().zip(values).zip(fields) {
                push(inside, value, &field.data_type);
            }
            column.end_row();
        }
        (value, data_type) => panic!("{value:?} is no {data_type}"),
    }
}
