//! Rows as records of CSV, quoted as Jackson quotes.

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
use super::super::time::{DateTime, TimestampFormat, write_date, write_time, write_timestamp};
use super::check_type;
use super::options::CsvOptions;

/// Longer texts are quoted without a look at them.
const MOST_UNQUOTED: usize = 24;

/// Encodes rows.
pub(super) struct CsvEncoder {
    options: CsvOptions,
    columns: Vec<(String, DataType)>,
    /// Texts with a character below this one are quoted.
    safe_from: u32,
    /// Room for one field.
    field: Vec<u8>,
}

impl CsvEncoder {
    /// Of these columns.
    pub(super) fn new(options: &CsvOptions, columns: &[(String, DataType)]) -> Result<Self, String> {
        columns.iter().try_for_each(|(name, data_type)| check_type(name, data_type))?;
        let quote = options.quote.map_or(0, |quote| u32::from(quote.0));
        let safe_from = u32::from(options.delimiter.0).max(quote).max(u32::from('\n')) + 1;
        Ok(Self { options: options.clone(), columns: columns.to_vec(), safe_from, field: Vec::new() })
    }

    fn write_row(&mut self, batch: &RecordBatch, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let mut field = std::mem::take(&mut self.field);
        for (at, ((name, data_type), array)) in self.columns.iter().zip(batch.columns()).enumerate() {
            if at > 0 {
                self.options.delimiter.write(out);
            }
            field.clear();
            let is_null = array.is_null(row);
            self.write_value(&**array, data_type, row, &mut field).ok_or_else(|| {
                format!("the column {name} is {}, and {data_type} is expected", array.data_type())
            })?;
            if !is_null && is_text(data_type) && self.needs_quotes(&field) {
                self.write_quoted(&field, out);
            } else {
                out.extend_from_slice(&field);
            }
        }
        self.field = field;
        out.push(b'\n');
        Ok(())
    }

    /// Writes a value without quotes. None if its array is not of the type.
    fn write_value(
        &self,
        array: &dyn Array,
        data_type: &DataType,
        row: usize,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        if array.is_null(row) {
            out.extend_from_slice(self.options.null_literal.as_deref().unwrap_or_default().as_bytes());
            return Some(());
        }
        match data_type.bare() {
            DataType::Array(item) => {
                let values = array.as_list_opt::<i32>()?.value(row);
                for at in 0..values.len() {
                    self.write_element_delimiter(at, out);
                    self.write_value(&*values, item, at, out)?;
                }
            }
            DataType::Row(fields) => {
                for (at, (field, column)) in fields.iter().zip(array.as_struct_opt()?.columns()).enumerate() {
                    self.write_element_delimiter(at, out);
                    self.write_value(&**column, &field.data_type, row, out)?;
                }
            }
            bare => self.write_scalar(array, bare, row, out)?,
        }
        Some(())
    }

    fn write_element_delimiter(&self, at: usize, out: &mut Vec<u8>) {
        if at > 0 {
            out.extend_from_slice(self.options.array_delimiter.as_bytes());
        }
    }

    fn write_scalar(
        &self,
        array: &dyn Array,
        data_type: &DataType,
        row: usize,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        match data_type {
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
            DataType::Float => write_f32(array.as_primitive_opt::<Float32Type>()?.value(row), out),
            DataType::Double => write_f64(array.as_primitive_opt::<Float64Type>()?.value(row), out),
            DataType::Decimal(_, scale) => {
                let value = array.as_primitive_opt::<Decimal128Type>()?.value(row);
                match self.options.scientific_decimals {
                    true => write_decimal(value, *scale as i8, out),
                    false => write_stripped_plain(value, *scale as i8, out),
                }
            }
            DataType::Char(_) | DataType::Varchar(_) => {
                out.extend_from_slice(array.as_string_opt::<i32>()?.value(row).as_bytes());
            }
            DataType::Binary(_) | DataType::Varbinary(_) => {
                base64::encode(array.as_binary_opt::<i32>()?.value(row), out);
            }
            DataType::Date => write_date(i64::from(array.as_primitive_opt::<Date32Type>()?.value(row)), out),
            DataType::Time(_) => {
                let millis = i64::from(array.as_primitive_opt::<Time32MillisecondType>()?.value(row));
                write_time(millis * 1_000_000, out);
            }
            DataType::Timestamp(_) | DataType::TimestampLtz(_) => {
                let value = *timestamps(array)?.get(row)?;
                let moment = DateTime::of_units(value, nanos_of_unit(data_type));
                let is_moment = matches!(data_type, DataType::TimestampLtz(_));
                write_timestamp(moment, TimestampFormat::Sql, is_moment, out);
            }
            _ => {}
        }
        Some(())
    }

    fn needs_quotes(&self, field: &[u8]) -> bool {
        if self.options.quote.is_none() {
            return false;
        }
        let text = String::from_utf8_lossy(field);
        let is_odd = |character: char| {
            u32::from(character) < self.safe_from
                || character < ' '
                || matches!(character, '"' | '\\')
                || self.options.escape.is_some_and(|escape| escape.0 == character)
        };
        text.encode_utf16().count() > MOST_UNQUOTED || text.chars().any(is_odd)
    }

    fn write_quoted(&self, field: &[u8], out: &mut Vec<u8>) {
        let Some(quote) = self.options.quote else { return out.extend_from_slice(field) };
        quote.write(out);
        let mut at = 0;
        while let Some(byte) = field.get(at).copied() {
            let escape = self.options.escape.filter(|escape| escape.found_at(field, at) > 0);
            if quote.found_at(field, at) > 0 {
                quote.write(out);
            } else if let Some(escape) = escape {
                escape.write(out);
            }
            out.push(byte);
            at += 1;
        }
        quote.write(out);
    }
}

impl RecordEncoder for CsvEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), String> {
        let before = out.len();
        for row in 0..batch.num_rows() {
            if let Err(why) = self.write_row(batch, row, out) {
                out.truncate(before);
                return Err(why);
            }
        }
        Ok(())
    }
}

/// Whether Jackson looks if a value needs quotes: it does not for numbers and booleans.
fn is_text(data_type: &DataType) -> bool {
    !matches!(
        data_type.bare(),
        DataType::Boolean
            | DataType::TinyInt
            | DataType::SmallInt
            | DataType::Int
            | DataType::BigInt
            | DataType::Float
            | DataType::Double
            | DataType::Decimal(..)
    )
}

/// A decimal without trailing zeros and without an exponent.
fn write_stripped_plain(value: i128, scale: i8, out: &mut Vec<u8>) {
    write_plain_decimal(value, scale, out);
    if scale > 0 {
        while out.last() == Some(&b'0') {
            out.pop();
        }
        if out.last() == Some(&b'.') {
            out.pop();
        }
    }
}
