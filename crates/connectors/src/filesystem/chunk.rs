//! Records as they were read, and how rows are made of them.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::ArrayRef;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use narthex_engine::{BadRecord, Chunk, Decoded, Error};
use narthex_planner::arrow_field;
use narthex_sql::DataType;

use crate::definition::TableDefinition;
use crate::filesystem::metadata::{FileFact, FileFacts, physical_columns};
use crate::format::{Format, ParseErrors, RecordDecoder};

/// Bytes of a chunk, where records are not longer.
pub(crate) const CHUNK_BYTES: usize = 256 << 10;
/// Buffers that are kept for chunks to come.
const MOST_BUFFERS: usize = 64;

/// Makes rows of chunks: for all files of a table.
pub(crate) struct Rows {
    pub(crate) table: String,
    pub(crate) format: Format,
    schema: SchemaRef,
    /// For each column that was asked for.
    origins: Vec<Origin>,
    physical: Vec<(String, DataType)>,
    /// Positions of those that were asked for among the physical ones.
    asked: Vec<usize>,
    /// Decoders that nobody uses now: each keeps its memory.
    idle: Mutex<Vec<Box<dyn RecordDecoder>>>,
    /// Memory of chunks that were decoded: new pages from the system cost as much as a third of decoding.
    buffers: Mutex<Vec<Vec<u8>>>,
}

/// Where a column that was asked for comes from.
enum Origin {
    /// The n-th column that the decoder makes.
    Record(usize),
    /// The file.
    File(FileFact, DataType),
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("table", &self.table)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Rows {
    /// # Errors
    /// When the format has no such types.
    pub(crate) fn new(table: &TableDefinition, format: Format, asked: &[usize]) -> Result<Self, String> {
        let (mut origins, mut physical_asked) = (Vec::new(), Vec::new());
        for &at in asked {
            let Some((_, data_type)) = table.columns.get(at) else { continue };
            match table.metadata_of(at).and_then(|metadata| FileFact::of(&metadata.key)) {
                Some(fact) => origins.push(Origin::File(fact, data_type.clone())),
                None => {
                    origins.push(Origin::Record(physical_asked.len()));
                    physical_asked.push((0..at).filter(|at| table.metadata_of(*at).is_none()).count());
                }
            }
        }
        let columns = asked.iter().filter_map(|at| table.columns.get(*at));
        let fields: Vec<_> = columns.map(|(name, data_type)| arrow_field(name, data_type)).collect();
        let physical = physical_columns(table);
        let first = format.decoder(&physical, &physical_asked)?;
        Ok(Self {
            table: table.name.clone(),
            format,
            schema: Arc::new(Schema::new(fields)),
            origins,
            physical,
            asked: physical_asked,
            idle: Mutex::new(vec![first]),
            buffers: Mutex::default(),
        })
    }

    fn failed(&self, cause: impl ToString) -> Error {
        Error::Source { table: self.table.clone(), cause: cause.to_string() }
    }

    /// An empty buffer with room for a chunk.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        let kept = self.buffers().pop();
        kept.unwrap_or_else(|| Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8))
    }

    /// Keeps a buffer's memory for another chunk, unless there are many or it is large.
    fn keep(&self, mut buffer: Vec<u8>) {
        let mut kept = self.buffers();
        if kept.len() < MOST_BUFFERS && buffer.capacity() <= 2 * CHUNK_BYTES {
            buffer.clear();
            kept.push(buffer);
        }
    }

    fn buffers(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Box<dyn RecordDecoder>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decode(&self, bytes: &[u8], file: &FileFacts, first_line: u64) -> Result<Decoded, Error> {
        let idle = self.idle().pop();
        let mut decoder = match idle {
            Some(decoder) => decoder,
            None => {
                self.format.decoder(&self.physical, &self.asked).map_err(|problem| self.failed(problem))?
            }
        };
        let place = |line: u64| place(file, first_line.saturating_add(line));
        let decoded = decoder.decode(bytes, &place)?;
        self.idle().push(decoder);
        if let (ParseErrors::Fail, Some(bad)) = (self.format.parse_errors(), decoded.bad.first()) {
            return Err(Error::Record { place: bad.place.clone(), message: bad.message.clone() });
        }
        let batch = self.with_facts(&decoded.batch, file).map_err(|error| self.failed(error))?;
        Ok(Decoded { batch, ..decoded })
    }

    /// What a record that is too long comes to.
    fn too_long(&self, record: BadRecord) -> Result<Decoded, Error> {
        let batch = RecordBatch::new_empty(self.schema.clone());
        let decoded = Decoded { batch, records: 1, ignored: 0, bad: Vec::new() };
        match self.format.parse_errors() {
            ParseErrors::Fail => Err(Error::Record { place: record.place, message: record.message }),
            ParseErrors::Ignore => Ok(Decoded { ignored: 1, ..decoded }),
            ParseErrors::Report => Ok(Decoded { bad: vec![record], ..decoded }),
        }
    }

    /// The columns that were asked for, in their order.
    fn with_facts(
        &self,
        records: &RecordBatch,
        file: &FileFacts,
    ) -> Result<RecordBatch, arrow::error::ArrowError> {
        let rows = records.num_rows();
        let column = |origin: &Origin| -> Result<ArrayRef, arrow::error::ArrowError> {
            match origin {
                Origin::Record(at) => Ok(records.column(*at).clone()),
                Origin::File(fact, data_type) => fact.column(file, rows, data_type),
            }
        };
        let columns = self.origins.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
    }
}

/// Where a record is, for messages.
pub(crate) fn place(file: &FileFacts, line: u64) -> String {
    format!("{}:{line}", file.shown())
}

/// Whole records of one file.
pub(crate) struct Records {
    pub(crate) rows: Arc<Rows>,
    pub(crate) file: Arc<FileFacts>,
    pub(crate) bytes: Vec<u8>,
    /// Counted from 1.
    pub(crate) first_line: u64,
    /// Kept until the chunk is decoded: only then the file may be read on by another split.
    pub(crate) guard: Arc<super::source::Reading>,
}

impl Chunk for Records {
    fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn decode(self: Box<Self>) -> Result<Decoded, Error> {
        let decoded = self.rows.decode(&self.bytes, &self.file, self.first_line);
        drop(self.guard);
        self.rows.keep(self.bytes);
        decoded
    }
}

/// A record that was passed over for its length.
pub(crate) struct TooLong {
    pub(crate) rows: Arc<Rows>,
    pub(crate) record: BadRecord,
    /// See [`Records`].
    pub(crate) guard: Arc<super::source::Reading>,
}

impl Chunk for TooLong {
    fn bytes(&self) -> usize {
        self.record.raw.len()
    }

    fn decode(self: Box<Self>) -> Result<Decoded, Error> {
        let decoded = self.rows.too_long(self.record);
        drop(self.guard);
        decoded
    }
}
