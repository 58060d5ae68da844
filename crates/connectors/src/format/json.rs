//! The format `json`: one object a line.
//!
//! Behaviour is Flink's (its `JsonParserToRowDataConverters` on Jackson's reader), with three differences on purpose:
//! a text that is no UTF-8 is broken also where Jackson passes over it, digits of other scripts and hexadecimal
//! numbers in strings are no numbers, and a timestamp keeps what its Arrow type holds: milliseconds for TIMESTAMP(3),
//! where Flink keeps all digits that it read, and years from 1677 to 2262 for more than six digits.
//!
//! Also Flink's, and surprising: once as many fields were taken as columns are asked for, the rest of the object is
//! passed over. So of a repeated key the last wins only while another column is still missing.

mod compact;
mod convert;
mod decode;
mod encode;
mod fast;
mod options;
mod quote;
#[cfg(test)]
mod tests;
mod tokens;

use narthex_sql::DataType;

use super::{RecordDecoder, RecordEncoder};
pub(crate) use options::JsonOptions;

/// The format with its options.
#[derive(Debug, Clone)]
pub(crate) struct JsonFormat {
    options: JsonOptions,
}

impl JsonFormat {
    /// With these options.
    pub(crate) fn new(options: JsonOptions) -> Self {
        Self { options }
    }

    /// Its options.
    pub(crate) fn options(&self) -> &JsonOptions {
        &self.options
    }

    /// A decoder that gives these columns, in that order; with none, rows are only counted.
    ///
    /// # Errors
    /// When a column's type cannot be read from JSON.
    pub(crate) fn decoder(&self, columns: &[(String, DataType)]) -> Result<Box<dyn RecordDecoder>, String> {
        Ok(Box::new(decode::JsonDecoder::new(&self.options, columns)?))
    }

    /// An encoder of rows with these columns.
    ///
    /// # Errors
    /// When a column's type cannot be written as JSON.
    pub(crate) fn encoder(&self, columns: &[(String, DataType)]) -> Result<Box<dyn RecordEncoder>, String> {
        Ok(Box::new(encode::JsonEncoder::new(&self.options, columns)?))
    }
}
