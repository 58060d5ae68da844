//! Values as Flink's `Row.toString` prints them: Java's own texts of its classes.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType as ArrowType;
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use narthex_sql::DataType;

use crate::text::{self, Moment};

/// `+I[1, abc, null]`.
///
/// # Errors
/// When a column's array is not of its type.
pub(crate) fn put_row(
    out: &mut Vec<u8>,
    types: &[DataType],
    columns: &[ArrayRef],
    row: usize,
) -> Result<(), String> {
    out.extend_from_slice(b"+I[");
    for (at, (data_type, column)) in types.iter().zip(columns).enumerate() {
        comma(out, at);
        put_value(out, data_type, column, row)?;
    }
    out.push(b']');
    Ok(())
}

fn comma(out: &mut Vec<u8>, at: usize) {
    if at > 0 {
        out.extend_from_slice(b", ");
    }
}

fn put_value(out: &mut Vec<u8>, data_type: &DataType, array: &dyn Array, row: usize) -> Result<(), String> {
    if array.is_null(row) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    put_present(out, data_type.bare(), array, row)
        .unwrap_or_else(|| Err(format!("a column of type {data_type} came as Arrow's {}", array.data_type())))
}

/// None where the array is of another type.
fn put_present(
    out: &mut Vec<u8>,
    data_type: &DataType,
    array: &dyn Array,
    row: usize,
) -> Option<Result<(), String>> {
    match data_type {
        DataType::Array(inside) => {
            let items = array.as_list_opt::<i32>()?.value(row);
            out.push(b'[');
            let put = |out: &mut Vec<u8>, at| put_value(out, inside, &items, at);
            let done = put_all(out, items.len(), put);
            out.push(b']');
            Some(done)
        }
        DataType::Map(key, value) => Some(put_map(out, key, value, array, row)?),
        DataType::Multiset(inside) => Some(put_map(out, inside, &DataType::Int, array, row)?),
        DataType::Row(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| field.data_type.clone()).collect();
            Some(put_row(out, &fields, array.as_struct_opt()?.columns(), row))
        }
        _ => put_scalar(out, data_type, array, row).map(Ok),
    }
}

fn put_all(
    out: &mut Vec<u8>,
    count: usize,
    put: impl Fn(&mut Vec<u8>, usize) -> Result<(), String>,
) -> Result<(), String> {
    (0..count).try_for_each(|at| {
        comma(out, at);
        put(out, at)
    })
}

/// `{a=1, b=null}`.
fn put_map(
    out: &mut Vec<u8>,
    key: &DataType,
    value: &DataType,
    array: &dyn Array,
    row: usize,
) -> Option<Result<(), String>> {
    let entries = array.as_map_opt()?.value(row);
    let (keys, values) = (entries.columns().first()?, entries.columns().get(1)?);
    out.push(b'{');
    let done = put_all(out, entries.len(), |out, at| {
        put_value(out, key, keys, at)?;
        out.push(b'=');
        put_value(out, value, values, at)
    });
    out.push(b'}');
    Some(done)
}

fn put_scalar(out: &mut Vec<u8>, data_type: &DataType, array: &dyn Array, row: usize) -> Option<()> {
    match data_type {
        DataType::Char(_) | DataType::Varchar(_) => {
            out.extend_from_slice(array.as_string_opt::<i32>()?.value(row).as_bytes());
        }
        DataType::Boolean => text::put(out, array.as_boolean_opt()?.value(row)),
        DataType::Binary(_) | DataType::Varbinary(_) => {
            put_bytes(out, array.as_binary_opt::<i32>()?.value(row))
        }
        DataType::TinyInt => text::put(out, array.as_primitive_opt::<Int8Type>()?.value(row)),
        DataType::SmallInt => text::put(out, array.as_primitive_opt::<Int16Type>()?.value(row)),
        DataType::Int => text::put(out, array.as_primitive_opt::<Int32Type>()?.value(row)),
        DataType::BigInt => text::put(out, array.as_primitive_opt::<Int64Type>()?.value(row)),
        DataType::Float => text::put_single(out, array.as_primitive_opt::<Float32Type>()?.value(row)),
        DataType::Double => text::put_double(out, array.as_primitive_opt::<Float64Type>()?.value(row)),
        DataType::Decimal(_, scale) => {
            let unscaled = array.as_primitive_opt::<Decimal128Type>()?.value(row);
            text::put_java_decimal(out, unscaled, *scale as i8);
        }
        DataType::Date => {
            text::put_iso_date(out, i64::from(array.as_primitive_opt::<Date32Type>()?.value(row)));
        }
        DataType::Time(_) => {
            let millis = array.as_primitive_opt::<Time32MillisecondType>()?.value(row);
            let moment = Moment::of(i64::from(millis), 1000);
            text::put_iso_time(out, moment.seconds, moment.nanos);
        }
        DataType::Timestamp(_) => text::put_iso_timestamp(out, moment(array, row)?),
        DataType::TimestampLtz(_) => text::put_iso_instant(out, moment(array, row)?),
        _ => return None,
    }
    Some(())
}

/// `[1, -2]`: Java's bytes have a sign.
fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'[');
    for (at, byte) in bytes.iter().enumerate() {
        comma(out, at);
        text::put(out, *byte as i8);
    }
    out.push(b']');
}

/// A timestamp of any unit.
pub(crate) fn moment(array: &dyn Array, row: usize) -> Option<Moment> {
    let ArrowType::Timestamp(unit, _) = array.data_type() else { return None };
    Some(match unit {
        TimeUnit::Second => return None,
        TimeUnit::Millisecond => {
            Moment::of(array.as_primitive_opt::<TimestampMillisecondType>()?.value(row), 1000)
        }
        TimeUnit::Microsecond => {
            Moment::of(array.as_primitive_opt::<TimestampMicrosecondType>()?.value(row), 1_000_000)
        }
        TimeUnit::Nanosecond => {
            Moment::of(array.as_primitive_opt::<TimestampNanosecondType>()?.value(row), 1_000_000_000)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int32Builder;
    use arrow::array::{
        BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, ListArray,
        MapBuilder, StringArray, StringBuilder, StructArray, Time32MillisecondArray,
        TimestampMicrosecondArray, TimestampMillisecondArray,
    };

    use super::*;

    fn printed(columns: Vec<(&str, ArrayRef)>) -> Vec<String> {
        let types: Vec<_> = columns.iter().map(|(text, _)| DataType::parse(text).unwrap()).collect();
        let arrays: Vec<_> = columns.into_iter().map(|(_, array)| array).collect();
        (0..arrays[0].len())
            .map(|row| {
                let mut out = Vec::new();
                put_row(&mut out, &types, &arrays, row).unwrap();
                String::from_utf8(out).unwrap()
            })
            .collect()
    }

    #[test]
    fn scalars_are_javas_texts() {
        // As `Row.of(…).toString()` of Flink 2.2.1 prints the same values.
        let rows = printed(vec![
            ("INT", Arc::new(Int32Array::from(vec![Some(1), None]))),
            ("STRING", Arc::new(StringArray::from(vec![Some("a b"), None]))),
            ("BYTES NOT NULL", Arc::new(BinaryArray::from(vec![&[1, 254][..], &[]]))),
            ("DOUBLE", Arc::new(Float64Array::from(vec![1e20, 1.5]))),
            ("BOOLEAN", Arc::new(BooleanArray::from(vec![true, false]))),
            (
                "DECIMAL(20, 10)",
                Arc::new(
                    Decimal128Array::from(vec![0, 125_000_000_000]).with_precision_and_scale(20, 10).unwrap(),
                ),
            ),
            ("DATE", Arc::new(Date32Array::from(vec![19_849, 0]))),
            ("TIME", Arc::new(Time32MillisecondArray::from(vec![25_680_000, 25_689_123]))),
            (
                "TIMESTAMP(3)",
                Arc::new(TimestampMillisecondArray::from(vec![1_714_979_280_000, 1_714_979_289_120])),
            ),
            (
                "TIMESTAMP_LTZ(6)",
                Arc::new(
                    TimestampMicrosecondArray::from(vec![0, 1_714_979_289_120_001]).with_timezone("UTC"),
                ),
            ),
        ]);
        assert_eq!(
            rows,
            [
                "+I[1, a b, [1, -2], 1.0E20, true, 0E-10, 2024-05-06, 07:08, 2024-05-06T07:08, 1970-01-01T00:00:00Z]",
                "+I[null, null, [], 1.5, false, 12.5000000000, 1970-01-01, 07:08:09.123, 2024-05-06T07:08:09.120, \
                 2024-05-06T07:08:09.120001Z]",
            ]
        );
    }

    #[test]
    fn what_is_nested_is_printed_with_its_brackets() {
        let ints = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None])]);
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        map.keys().append_value("a");
        map.values().append_value(1);
        map.keys().append_value("b");
        map.values().append_null();
        map.append(true).unwrap();
        let inside: ArrayRef = Arc::new(StringArray::from(vec![Some("x")]));
        let field = Arc::new(arrow::datatypes::Field::new("q", ArrowType::Utf8, true));
        let rows = printed(vec![
            ("ARRAY<INT>", Arc::new(ints)),
            ("MAP<STRING, INT>", Arc::new(map.finish())),
            ("ROW<q STRING>", Arc::new(StructArray::from(vec![(field, inside)]))),
        ]);
        assert_eq!(rows, ["+I[[1, null], {a=1, b=null}, +I[x]]"]);
    }

    #[test]
    fn a_wrong_array_is_an_error() {
        let mut out = Vec::new();
        let array: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        assert!(put_row(&mut out, &[DataType::STRING], &[array], 0).unwrap_err().contains("STRING"));
    }
}
