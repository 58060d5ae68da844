//! What a file says about its records: `file.path`, `file.name`, `file.size`, `file.modification-time`.

use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMillisecondArray};
use arrow::compute::cast;
use arrow::error::ArrowError;
use narthex_planner::arrow_type;
use narthex_sql::DataType;

use crate::definition::TableDefinition;
use crate::options::{Options, one_of};

/// Keys and types.
pub const METADATA: [(&str, &str); 4] = [
    ("file.path", "STRING"),
    ("file.name", "STRING"),
    ("file.size", "BIGINT"),
    ("file.modification-time", "TIMESTAMP_LTZ(3)"),
];

/// What a column says about its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileFact {
    Path,
    Name,
    Size,
    ModificationTime,
}

/// The facts of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileFacts {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) size: Option<i64>,
    pub(crate) modified_ms: Option<i64>,
}

impl FileFacts {
    pub(crate) fn of(path: &Path, metadata: &std::fs::Metadata) -> Self {
        let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            path: full.to_string_lossy().into_owned(),
            name: full.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            size: i64::try_from(metadata.len()).ok(),
            modified_ms: since.and_then(|since| i64::try_from(since.as_millis()).ok()),
        }
    }

    /// The file as messages name it.
    pub(crate) fn shown(&self) -> &str {
        if self.path == "-" { "standard input" } else { &self.path }
    }

    /// What standard input says.
    pub(crate) fn of_stdin() -> Self {
        Self { path: "-".to_owned(), name: "-".to_owned(), ..Self::default() }
    }
}

impl FileFact {
    /// The fact of this name.
    pub(crate) fn of(key: &str) -> Option<Self> {
        Some(match key {
            "file.path" => Self::Path,
            "file.name" => Self::Name,
            "file.size" => Self::Size,
            "file.modification-time" => Self::ModificationTime,
            _ => return None,
        })
    }

    /// What the column's type must be, when it is not.
    fn problem_with(self, data_type: &DataType) -> Option<&'static str> {
        match (self, data_type.bare()) {
            (Self::Path | Self::Name, DataType::Varchar(_))
            | (Self::Size, DataType::BigInt)
            | (Self::ModificationTime, DataType::TimestampLtz(_)) => None,
            (Self::Path | Self::Name, _) => Some("STRING"),
            (Self::Size, _) => Some("BIGINT"),
            (Self::ModificationTime, _) => Some("TIMESTAMP_LTZ(3)"),
        }
    }

    /// A column of it.
    ///
    /// # Errors
    /// When Arrow cannot make it of the type.
    pub(crate) fn column(
        self,
        facts: &FileFacts,
        rows: usize,
        data_type: &DataType,
    ) -> Result<ArrayRef, ArrowError> {
        let texts =
            |text: &str| Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows))) as ArrayRef;
        match self {
            Self::Path => Ok(texts(&facts.path)),
            Self::Name => Ok(texts(&facts.name)),
            Self::Size => Ok(Arc::new(Int64Array::from(vec![facts.size; rows]))),
            Self::ModificationTime => {
                let times =
                    TimestampMillisecondArray::from(vec![facts.modified_ms; rows]).with_timezone("UTC");
                cast(&times, &arrow_type(data_type))
            }
        }
    }
}

/// Notes metadata columns that there are not, or that are of another type.
pub(crate) fn check(options: &mut Options<'_>) {
    for metadata in &options.table.metadata {
        let Some(fact) = FileFact::of(&metadata.key) else {
            let problem = format!("metadata: {}", one_of(&metadata.key, &METADATA.map(|(key, _)| key)));
            options.of_table(metadata.span, problem);
            continue;
        };
        let Some((name, data_type)) = options.table.columns.get(metadata.column) else { continue };
        if let Some(expected) = fact.problem_with(data_type) {
            let problem =
                format!("the column {name} is {data_type}; as {} it must be {expected}", metadata.key);
            options.of_table(metadata.span, problem);
        }
    }
}

/// The columns that are in the file's records.
pub(crate) fn physical_columns(table: &TableDefinition) -> Vec<(String, DataType)> {
    let columns = table.columns.iter().enumerate();
    columns.filter(|(at, _)| table.metadata_of(*at).is_none()).map(|(_, column)| column.clone()).collect()
}
