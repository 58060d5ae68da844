//! Formats of records: what turns bytes into rows, and rows into bytes.
//!
//! A format is made from its options once for a table. Each thread that decodes or encodes has its own decoder or
//! encoder, which keeps its buffers from call to call.

mod base64;
mod batch;
mod column;
mod csv;
mod hash_order;
mod json;
mod number;
mod option;
mod scalar;
#[cfg(test)]
mod testing;
mod time;

use arrow::record_batch::RecordBatch;
use narthex_engine::{Decoded, Error};
use narthex_sql::DataType;

use crate::options::OptionInfo;

pub(crate) use csv::{CsvFormat, CsvOptions};
pub(crate) use json::{JsonFormat, JsonOptions};

/// Turns records into rows.
pub(crate) trait RecordDecoder: Send {
    /// Decodes whole records: from the beginning of one to the end of one, or of the file. `place` tells where the
    /// record is whose first line is the n-th of these bytes, counted from 0.
    fn decode(&mut self, records: &[u8], place: &dyn Fn(u64) -> String) -> Result<Decoded, Error>;
}

/// Turns rows into records.
pub(crate) trait RecordEncoder: Send {
    /// Appends one record for each row, each with its line end. The error says which column cannot be written; `out`
    /// is then as it was.
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), String>;
}

/// What becomes of a record that cannot be decoded: the option `ignore-parse-errors`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ParseErrors {
    /// It is reported; the engine decides. The option is absent.
    #[default]
    Report,
    /// It is reported, and the engine fails the job. The option is `false`.
    Fail,
    /// It is left out and counted; a field that alone is wrong becomes null. The option is `true`.
    Ignore,
}

impl ParseErrors {
    /// What the option says.
    pub(crate) fn of(ignore_parse_errors: Option<bool>) -> Self {
        match ignore_parse_errors {
            None => Self::Report,
            Some(false) => Self::Fail,
            Some(true) => Self::Ignore,
        }
    }
}

/// A format with its options.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    /// One JSON object a line.
    Json(JsonFormat),
    /// Fields between delimiters.
    Csv(CsvFormat),
}

impl Format {
    /// The names of all formats.
    pub(crate) const NAMES: [&'static str; 2] = ["json", "csv"];

    /// The options that a format knows, by their keys without its name. None if there is no such format.
    pub(crate) fn options(name: &str) -> Option<&'static [OptionInfo]> {
        match name {
            "json" => Some(JsonOptions::LIST),
            "csv" => Some(CsvOptions::LIST),
            _ => None,
        }
    }

    /// A format of this name. `option` gives the value of an option by its key without the format's name, where the
    /// table has it; a format reads only its own keys.
    ///
    /// # Errors
    /// All that is wrong with the options: the key without the format's name, and what.
    pub(crate) fn new(
        name: &str,
        option: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<(&'static str, String)>> {
        match name {
            "csv" => CsvOptions::read(option).map(|options| Self::Csv(CsvFormat::new(options))),
            _ => JsonOptions::read(option).map(|options| Self::Json(JsonFormat::new(options))),
        }
    }

    /// A decoder of a table's physical columns. `asked` are the columns that are wanted, in that order, as positions
    /// in `columns`; with none, rows are only counted.
    ///
    /// # Errors
    /// When the format has no such type; it says which column.
    pub(crate) fn decoder(
        &self,
        columns: &[(String, DataType)],
        asked: &[usize],
    ) -> Result<Box<dyn RecordDecoder>, String> {
        match self {
            Self::Json(json) => {
                let asked: Vec<_> = asked.iter().filter_map(|at| columns.get(*at).cloned()).collect();
                json.decoder(&asked)
            }
            Self::Csv(csv) => csv.decoder(columns, asked),
        }
    }

    /// An encoder of rows with these columns.
    ///
    /// # Errors
    /// When the format has no such type; it says which column.
    pub(crate) fn encoder(&self, columns: &[(String, DataType)]) -> Result<Box<dyn RecordEncoder>, String> {
        match self {
            Self::Json(json) => json.encoder(columns),
            Self::Csv(csv) => csv.encoder(columns),
        }
    }

    /// How many bytes from the beginning are whole records, each with its line end; the rest goes before what is read
    /// next. `bytes` begins where a record begins. None when not one record is whole.
    pub(crate) fn whole_records(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Json(_) => memchr::memrchr(b'\n', bytes).map(|at| at + 1),
            Self::Csv(csv) => csv.whole_records(bytes),
        }
    }

    /// What becomes of a record that cannot be decoded.
    pub(crate) fn parse_errors(&self) -> ParseErrors {
        match self {
            Self::Json(json) => json.options().parse_errors,
            Self::Csv(csv) => csv.options().parse_errors,
        }
    }
}

/// A piece of input for a message: its beginning, if it is long.
fn excerpt(bytes: &[u8]) -> String {
    const MOST: usize = 100;
    let text = String::from_utf8_lossy(bytes);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}
