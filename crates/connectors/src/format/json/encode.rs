//! Rows as lines of JSON, spelled as Flink's sink spells them.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType,
};
use arrow::record_batch::RecordBatch;
use narthex_sql::DataType;

use super::super::RecordEncoder;
use super::super::base64;
use super::super::number::{push, write_decimal, write_f32, write_f64, write_plain_decimal};
use super::super::scalar::{nanos_of_unit, timestamps};
use super::super::time::{DateTime, write_date, write_time, write_timestamp};
use super::options::{JsonOptions, MapNullKey};
use super::quote::{Beyond, write_string};

/// Encodes rows.
pub(super) struct JsonEncoder {
    options: JsonOptions,
    fields: Vec<Field>,
}

/// A field of the record or of a row in it.
struct Field {
    name: String,
    /// `"name":`
    key: Vec<u8>,
    data_type: DataType,
    /// The fields of a row; of an array its element, of a map its value.
    inside: Vec<Field>,
}

impl Field {
    fn new(name: &str, data_type: &DataType) -> Result<Self, String> {
        let mut key = Vec::new();
        write_string(name.as_bytes(), Beyond::Escaped, &mut key);
        key.push(b':');
        let inside = match data_type.bare() {
            DataType::Array(item) => vec![Self::new("", item)?],
            DataType::Map(keys, value) => vec![Self::new("", key_checked(keys, value, data_type)?)?],
            DataType::Multiset(keys) => vec![Self::new("", key_checked(keys, &DataType::Int, data_type)?)?],
            DataType::Row(fields) => fields
                .iter()
                .map(|field| Self::new(&field.name, &field.data_type))
                .collect::<Result<_, _>>()?,
            DataType::IntervalMonths | DataType::IntervalMillis => {
                return Err(format!("the format json has no type {data_type}"));
            }
            _ => Vec::new(),
        };
        Ok(Self { name: name.to_owned(), key, data_type: data_type.bare().clone(), inside })
    }
}

fn key_checked<'a>(
    keys: &DataType,
    value: &'a DataType,
    data_type: &DataType,
) -> Result<&'a DataType, String> {
    match keys.bare() {
        DataType::Char(_) | DataType::Varchar(_) => Ok(value),
        _ => Err(format!("the format json needs texts as keys of a map, and the type is {data_type}")),
    }
}

impl JsonEncoder {
    /// Of these columns.
    pub(super) fn new(options: &JsonOptions, columns: &[(String, DataType)]) -> Result<Self, String> {
        let field = |(name, data_type): &(String, DataType)| {
            Field::new(name, data_type).map_err(|why| format!("the column {name}: {why}"))
        };
        Ok(Self { options: options.clone(), fields: columns.iter().map(field).collect::<Result<_, _>>()? })
    }
}

impl RecordEncoder for JsonEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), String> {
        let before = out.len();
        let columns: Vec<Cells<'_>> =
            self.fields.iter().zip(batch.columns()).map(|(field, array)| Cells::new(field, array)).collect();
        for row in 0..batch.num_rows() {
            if let Err(why) = write_object(&columns, row, &self.options, out) {
                out.truncate(before);
                return Err(why);
            }
            out.push(b'\n');
        }
        Ok(())
    }
}

/// The values of a field, with their type known.
struct Cells<'a> {
    field: &'a Field,
    array: &'a dyn Array,
    inside: Vec<Cells<'a>>,
}

impl<'a> Cells<'a> {
    fn new(field: &'a Field, array: &'a dyn Array) -> Self {
        let children: Vec<&'a dyn Array> = match &field.data_type {
            DataType::Array(_) => {
                array.as_list_opt::<i32>().map(|list| &**list.values()).into_iter().collect()
            }
            DataType::Map(..) | DataType::Multiset(_) => {
                array.as_map_opt().map(|map| &**map.values()).into_iter().collect()
            }
            DataType::Row(_) => array
                .as_struct_opt()
                .map(|row| row.columns().iter().map(|column| &**column).collect())
                .unwrap_or_default(),
            _ => Vec::new(),
        };
        let inside =
            field.inside.iter().zip(children).map(|(field, array)| Self::new(field, array)).collect();
        Self { field, array, inside }
    }

    /// Writes a value. None if its array is not of the field's type.
    fn write(&self, row: usize, options: &JsonOptions, out: &mut Vec<u8>) -> Result<(), String> {
        if self.array.is_null(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match &self.field.data_type {
            DataType::Array(_) => self.write_array(row, options, out),
            DataType::Map(..) | DataType::Multiset(_) => self.write_map(row, options, out),
            DataType::Row(_) => write_object(&self.inside, row, options, out),
            _ => self.write_scalar(row, options, out).ok_or_else(|| self.mismatch()),
        }
    }

    fn mismatch(&self) -> String {
        format!(
            "the column {} is {}, and {} is expected",
            self.field.name,
            self.array.data_type(),
            self.field.data_type
        )
    }

    fn write_scalar(&self, row: usize, options: &JsonOptions, out: &mut Vec<u8>) -> Option<()> {
        let array = self.array;
        match &self.field.data_type {
            DataType::Boolean => {
                let value = array.as_boolean_opt()?.value(row);
                out.extend_from_slice(if value { b"true" } else { b"false" });
            }
            DataType::TinyInt => {
                push(out, format_args!("{}", array.as_primitive_opt::<Int8Type>()?.value(row)))
            }
            DataType::SmallInt => {
                push(out, format_args!("{}", array.as_primitive_opt::<Int16Type>()?.value(row)))
            }
            DataType::Int => push(out, format_args!("{}", array.as_primitive_opt::<Int32Type>()?.value(row))),
            DataType::BigInt => {
                push(out, format_args!("{}", array.as_primitive_opt::<Int64Type>()?.value(row)))
            }
            DataType::Float => {
                let value = array.as_primitive_opt::<Float32Type>()?.value(row);
                quoted_unless(value.is_finite(), out, |out| write_f32(value, out));
            }
            DataType::Double => {
                let value = array.as_primitive_opt::<Float64Type>()?.value(row);
                quoted_unless(value.is_finite(), out, |out| write_f64(value, out));
            }
            DataType::Decimal(_, scale) => {
                let value = array.as_primitive_opt::<Decimal128Type>()?.value(row);
                let write = if options.decimal_as_plain_number { write_plain_decimal } else { write_decimal };
                write(value, *scale as i8, out);
            }
            DataType::Char(_) | DataType::Varchar(_) => {
                write_string(array.as_string_opt::<i32>()?.value(row).as_bytes(), Beyond::Escaped, out);
            }
            DataType::Binary(_) | DataType::Varbinary(_) => {
                let value = array.as_binary_opt::<i32>()?.value(row);
                quoted_unless(false, out, |out| base64::encode(value, out));
            }
            DataType::Date => {
                let days = i64::from(array.as_primitive_opt::<Date32Type>()?.value(row));
                quoted_unless(false, out, |out| write_date(days, out));
            }
            DataType::Time(_) => {
                let seconds = i64::from(array.as_primitive_opt::<Time32MillisecondType>()?.value(row)) / 1000;
                quoted_unless(false, out, |out| write_time(seconds * 1_000_000_000, out));
            }
            DataType::Timestamp(_) | DataType::TimestampLtz(_) => {
                let value = *timestamps(array)?.get(row)?;
                let moment = DateTime::of_units(value, nanos_of_unit(&self.field.data_type));
                let is_moment = matches!(self.field.data_type, DataType::TimestampLtz(_));
                quoted_unless(false, out, |out| {
                    write_timestamp(moment, options.timestamp_format, is_moment, out);
                });
            }
            _ => out.extend_from_slice(b"null"),
        }
        Some(())
    }

    fn write_array(&self, row: usize, options: &JsonOptions, out: &mut Vec<u8>) -> Result<(), String> {
        let (Some(list), Some(item)) = (self.array.as_list_opt::<i32>(), self.inside.first()) else {
            return Err(self.mismatch());
        };
        let (start, end) = range(list.value_offsets(), row);
        out.push(b'[');
        for at in start..end {
            if at > start {
                out.push(b',');
            }
            item.write(at, options, out)?;
        }
        out.push(b']');
        Ok(())
    }

    fn write_map(&self, row: usize, options: &JsonOptions, out: &mut Vec<u8>) -> Result<(), String> {
        let (Some(map), Some(value)) = (self.array.as_map_opt(), self.inside.first()) else {
            return Err(self.mismatch());
        };
        let Some(keys) = map.keys().as_string_opt::<i32>() else { return Err(self.mismatch()) };
        let (start, end) = range(map.value_offsets(), row);
        out.push(b'{');
        let mut is_first = true;
        for at in start..end {
            let key = match &options.map_null_key {
                _ if keys.is_valid(at) => keys.value(at),
                MapNullKey::Literal(literal) => literal,
                MapNullKey::Drop => continue,
                MapNullKey::Fail => {
                    return Err(format!(
                        "the map {} has a null key; set json.map-null-key.mode to DROP or LITERAL",
                        self.field.name
                    ));
                }
            };
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            write_string(key.as_bytes(), Beyond::Escaped, out);
            out.push(b':');
            value.write(at, options, out)?;
        }
        out.push(b'}');
        Ok(())
    }
}

fn write_object(
    fields: &[Cells<'_>],
    row: usize,
    options: &JsonOptions,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    out.push(b'{');
    let mut is_first = true;
    for cells in fields {
        if options.ignore_null_fields && cells.array.is_null(row) {
            continue;
        }
        if !is_first {
            out.push(b',');
        }
        is_first = false;
        out.extend_from_slice(&cells.field.key);
        cells.write(row, options, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn quoted_unless(is_bare: bool, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    if is_bare {
        return write(out);
    }
    out.push(b'"');
    write(out);
    out.push(b'"');
}

/// Where the elements of a row stand.
fn range(offsets: &[i32], row: usize) -> (usize, usize) {
    let offset = |at: usize| offsets.get(at).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
    (offset(row), offset(row + 1))
}
