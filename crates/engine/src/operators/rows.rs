//! Rows as bytes: what an operator keeps of them, and the keys by which it does.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, SchemaRef, TimestampMillisecondType};
use arrow::row::{RowConverter, Rows, SortField};
use narthex_planner::SortKey;

use crate::error::Error;

/// All columns of rows as bytes, and back.
pub(crate) fn all_of(schema: &SchemaRef) -> Result<RowConverter, Error> {
    let fields = schema.fields().iter().map(|field| SortField::new(field.data_type().clone()));
    RowConverter::new(fields.collect())
        .map_err(|error| Error::Row(format!("rows of this type cannot be kept: {error}")))
}

/// The columns that are the key of a row; there may be none.
pub(crate) struct Keys {
    columns: Vec<usize>,
    converter: Converter,
}

/// How keys become bytes.
enum Converter {
    /// All keys are the same.
    None,
    /// A text is its own bytes.
    Text,
    Rows(RowConverter),
}

/// The keys of the rows of a batch.
pub(crate) enum KeyRows {
    None,
    Text(StringArray),
    Rows(Rows),
}

/// A null among texts: no text has this byte.
const NULL_TEXT: &[u8] = &[0xff];

impl Keys {
    pub(crate) fn new(schema: &SchemaRef, columns: &[usize]) -> Result<Self, Error> {
        let converter = match columns {
            [] => Converter::None,
            [one] if *schema.field(*one).data_type() == DataType::Utf8 => Converter::Text,
            columns => Converter::Rows(converter(schema, columns)?),
        };
        Ok(Self { columns: columns.to_vec(), converter })
    }

    /// The keys of rows as bytes, equal where the keys are.
    pub(crate) fn of(&self, batch: &RecordBatch) -> Result<KeyRows, Error> {
        let mut columns = self.columns.iter().map(|&at| batch.column(at).clone());
        match &self.converter {
            Converter::None => Ok(KeyRows::None),
            Converter::Text => {
                let texts = columns.next().and_then(|column| column.as_string_opt::<i32>().cloned());
                texts.map(KeyRows::Text).ok_or_else(|| Error::Row("a key is no text".to_owned()))
            }
            Converter::Rows(converter) => {
                converter.convert_columns(&columns.collect::<Vec<_>>()).map(KeyRows::Rows).map_err(told)
            }
        }
    }

    /// The columns of keys that were bytes.
    pub(crate) fn columns<'a>(&self, keys: impl Iterator<Item = &'a [u8]>) -> Result<Vec<ArrayRef>, Error> {
        match &self.converter {
            Converter::None => Ok(Vec::new()),
            Converter::Text => {
                let texts = keys.map(|key| std::str::from_utf8(key).ok());
                Ok(vec![Arc::new(texts.collect::<StringArray>())])
            }
            Converter::Rows(converter) => {
                let parser = converter.parser();
                converter.convert_rows(keys.map(|key| parser.parse(key))).map_err(told)
            }
        }
    }
}

impl KeyRows {
    /// The key of a row; the same for all where there are no key columns.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        match self {
            Self::None => &[],
            Self::Text(texts) if texts.is_null(row) => NULL_TEXT,
            Self::Text(texts) => texts.value(row).as_bytes(),
            Self::Rows(rows) => rows.row(row).data(),
        }
    }
}

fn converter(schema: &SchemaRef, columns: &[usize]) -> Result<RowConverter, Error> {
    let fields = columns.iter().map(|&column| SortField::new(schema.field(column).data_type().clone()));
    RowConverter::new(fields.collect()).map_err(|error| {
        let names: Vec<&str> = columns.iter().map(|&column| schema.field(column).name().as_str()).collect();
        Error::Row(format!("rows cannot be grouped by {}: {error}", names.join(", ")))
    })
}

/// Columns that rows are sorted by; there may be none.
pub(crate) struct Order {
    columns: Vec<usize>,
    converter: Option<RowConverter>,
}

/// The places of rows in an order.
pub(crate) struct OrderRows(Option<Rows>);

impl Order {
    pub(crate) fn new(schema: &SchemaRef, keys: &[SortKey]) -> Result<Self, Error> {
        let fields = keys.iter().map(|key| {
            let options = SortOptions { descending: key.is_descending, nulls_first: key.nulls_first };
            SortField::new_with_options(schema.field(key.column).data_type().clone(), options)
        });
        let fields: Vec<SortField> = fields.collect();
        let converter = (!fields.is_empty()).then(|| RowConverter::new(fields)).transpose().map_err(told)?;
        Ok(Self { columns: keys.iter().map(|key| key.column).collect(), converter })
    }

    /// The places of rows; `seen` is what of a column decides.
    pub(crate) fn of(
        &self,
        batch: &RecordBatch,
        seen: fn(&ArrayRef) -> ArrayRef,
    ) -> Result<OrderRows, Error> {
        let Some(converter) = &self.converter else { return Ok(OrderRows(None)) };
        let columns: Vec<ArrayRef> = self.columns.iter().map(|&at| seen(batch.column(at))).collect();
        converter.convert_columns(&columns).map(|rows| OrderRows(Some(rows))).map_err(told)
    }
}

impl OrderRows {
    /// Bytes that are in the order of the rows; the same for all where nothing is sorted by.
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        self.0.as_ref().map_or(&[], |rows| rows.row(row).data())
    }
}

/// The values of a time column; `what` it is, for the message.
pub(crate) fn times<'a>(batch: &'a RecordBatch, at: usize, what: &str) -> Result<&'a [i64], Error> {
    let column = batch.column(at).as_primitive_opt::<TimestampMillisecondType>();
    let column = column.ok_or_else(|| Error::Row(format!("{what} is no time")))?;
    Ok(column.values())
}

/// What Arrow says.
pub(crate) fn told(error: arrow::error::ArrowError) -> Error {
    Error::Row(error.to_string())
}
