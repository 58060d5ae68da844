//! The format `csv`: fields between delimiters, one record a line; in quotes a record may reach over lines.
//!
//! Behaviour is that of Flink's file format (its `CsvToRowDataConverters` on Jackson's reader), which reads a file as
//! one stream. Differences on purpose: `ignore-parse-errors = false` does fail (Flink only looks whether the option is
//! there), `write-bigdecimal-in-scientific-notation` also holds for files, and a line that is no UTF-8 is one broken
//! record.

mod decode;
mod encode;
mod options;
mod reader;
#[cfg(test)]
mod tests;

use narthex_sql::DataType;

use super::{RecordDecoder, RecordEncoder};
pub(crate) use options::CsvOptions;

/// The format with its options.
#[derive(Debug, Clone)]
pub(crate) struct CsvFormat {
    options: CsvOptions,
}

impl CsvFormat {
    /// With these options.
    pub(crate) fn new(options: CsvOptions) -> Self {
        Self { options }
    }

    /// Its options.
    pub(crate) fn options(&self) -> &CsvOptions {
        &self.options
    }

    /// A decoder of lines with these columns. `asked` are the columns that are wanted, in that order.
    ///
    /// # Errors
    /// When a column's type cannot be read from CSV.
    pub(crate) fn decoder(
        &self,
        columns: &[(String, DataType)],
        asked: &[usize],
    ) -> Result<Box<dyn RecordDecoder>, String> {
        Ok(Box::new(decode::CsvDecoder::new(&self.options, columns, asked)?))
    }

    /// An encoder of rows with these columns.
    ///
    /// # Errors
    /// When a column's type cannot be written as CSV.
    pub(crate) fn encoder(&self, columns: &[(String, DataType)]) -> Result<Box<dyn RecordEncoder>, String> {
        Ok(Box::new(encode::CsvEncoder::new(&self.options, columns)?))
    }

    /// How many bytes from the beginning are whole records. A line end inside quotes ends none, so where quotes occur
    /// all is read from the beginning.
    pub(crate) fn whole_records(&self, bytes: &[u8]) -> Option<usize> {
        reader::whole_records(bytes, &self.options)
    }
}

/// Refuses what CSV has no place for: only arrays and rows nest, and only once.
fn check_type(name: &str, data_type: &DataType) -> Result<(), String> {
    let plain = |inside: &DataType| match inside.bare() {
        DataType::Array(_) | DataType::Row(_) => {
            Err(format!("the column {name}: the format csv nests only once, and the type is {data_type}"))
        }
        other => check_plain(name, other),
    };
    match data_type.bare() {
        DataType::Array(item) => plain(item),
        DataType::Row(fields) => fields.iter().try_for_each(|field| plain(&field.data_type)),
        other => check_plain(name, other),
    }
}

fn check_plain(name: &str, data_type: &DataType) -> Result<(), String> {
    match data_type {
        DataType::Map(..) | DataType::Multiset(_) | DataType::IntervalMonths | DataType::IntervalMillis => {
            Err(format!("the column {name}: the format csv has no type {data_type}"))
        }
        DataType::Time(digits) if *digits > 3 => Err(format!(
            "the column {name}: the format csv has times of at most TIME(3), and the type is {data_type}"
        )),
        _ => Ok(()),
    }
}
