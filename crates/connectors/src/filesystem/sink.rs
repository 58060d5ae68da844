//! Writes rows into part files of a folder.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use narthex_engine::{Encoder, Error, Payload, TableSink, Teller, Writer};
use narthex_sql::DataType;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::Instant;

use crate::blocking::{blocking, sink_error};
use crate::definition::TableDefinition;
use crate::filesystem::part::Part;
use crate::format::{Format, RecordEncoder};

/// When a part is complete and the next one begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rolling {
    pub(crate) bytes: u64,
    /// Since it was begun.
    pub(crate) age: Duration,
    /// Since it was written to.
    pub(crate) idle: Duration,
}

/// A table that is written as files.
#[derive(Debug)]
pub(crate) struct FileSink {
    table: String,
    folder: PathBuf,
    format: Format,
    columns: Vec<(String, DataType)>,
    rolling: Rolling,
}

impl FileSink {
    /// # Errors
    /// When the format has no such types.
    pub(crate) fn new(
        table: &TableDefinition,
        folder: PathBuf,
        format: Format,
        rolling: Rolling,
    ) -> Result<Self, String> {
        let columns = table.written_columns();
        format.encoder(&columns)?;
        Ok(Self { table: table.name.clone(), folder, format, columns, rolling })
    }
}

#[async_trait]
impl TableSink for FileSink {
    fn encoder(&self) -> Result<Box<dyn Encoder>, Error> {
        let records =
            self.format.encoder(&self.columns).map_err(|problem| sink_error(&self.table, problem))?;
        Ok(Box::new(FileEncoder { table: self.table.clone(), records }))
    }

    async fn open(&self) -> Result<Box<dyn Writer>, Error> {
        let (table, folder) = (self.table.clone(), self.folder.clone());
        blocking(&self.table, move || make_folder(&table, &folder)).await?;
        let parts = Parts {
            table: self.table.clone(),
            folder: self.folder.clone(),
            rolling: self.rolling,
            // Unlike those of every job before.
            id: RandomState::new().hash_one("part"),
            part: None,
            counts: Arc::default(),
        };
        let counts = parts.counts.clone();
        Ok(Box::new(FileWriter { table: self.table.clone(), parts: Some(parts), counts }))
    }
}

fn make_folder(table: &str, folder: &Path) -> Result<(), Error> {
    if fs::metadata(folder).is_ok_and(|metadata| !metadata.is_dir()) {
        let cause = format!("{} is a file; a table is written to a folder", folder.display());
        return Err(sink_error(table, cause));
    }
    fs::create_dir_all(folder).map_err(|error| failed(table, folder, &error))
}

/// What happened to a folder, and what to do about it.
fn failed(table: &str, folder: &Path, error: &io::Error) -> Error {
    let what = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room and run the job again",
        io::ErrorKind::PermissionDenied => "; the user that runs narthex must be allowed to write there",
        _ => "",
    };
    sink_error(table, format!("{}: {error}{what}", folder.display()))
}

struct FileEncoder {
    table: String,
    records: Box<dyn RecordEncoder>,
}

impl Encoder for FileEncoder {
    fn encode(&mut self, batch: &RecordBatch) -> Result<Payload, Error> {
        let mut bytes = Vec::new();
        self.records.encode(batch, &mut bytes).map_err(|problem| sink_error(&self.table, problem))?;
        Ok(Payload::Bytes { rows: batch.num_rows() as u64, bytes })
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Counts {
    rows: u64,
    /// Parts that are complete.
    files: u64,
    bytes: u64,
}

/// The parts of a job, one after the other.
struct Parts {
    table: String,
    folder: PathBuf,
    rolling: Rolling,
    id: u64,
    part: Option<OpenPart>,
    counts: Arc<Mutex<Counts>>,
}

struct OpenPart {
    part: Part,
    begun: Instant,
    written: Instant,
}

impl Parts {
    fn write(&mut self, rows: u64, records: &[u8]) -> Result<(), Error> {
        self.roll_if_due()?;
        if records.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        let mut open = match self.part.take() {
            Some(open) => open,
            None => {
                let name = format!("part-{:016x}-{}", self.id, self.counts.lock().files);
                let part = Part::create(&self.folder, &name).map_err(|error| self.failed(&error))?;
                OpenPart { part, begun: now, written: now }
            }
        };
        // On an error the part is gone: it would end within a record.
        open.part.write(records).map_err(|error| self.failed(&error))?;
        open.written = now;
        let mut counts = self.counts.lock();
        counts.rows += rows;
        counts.bytes += records.len() as u64;
        drop(counts);
        let is_full = open.part.bytes() >= self.rolling.bytes;
        self.part = Some(open);
        if is_full { self.roll() } else { Ok(()) }
    }

    fn roll_if_due(&mut self) -> Result<(), Error> {
        let is_due = self.part.as_ref().is_some_and(|open| {
            open.begun.elapsed() >= self.rolling.age || open.written.elapsed() >= self.rolling.idle
        });
        if is_due { self.roll() } else { Ok(()) }
    }

    /// Makes the part visible, if there is one.
    fn roll(&mut self) -> Result<(), Error> {
        let Some(open) = self.part.take() else { return Ok(()) };
        open.part.commit().map_err(|error| self.failed(&error))?;
        self.counts.lock().files += 1;
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> Error {
        failed(&self.table, &self.folder, error)
    }
}

struct FileWriter {
    table: String,
    /// Gone only while it writes, and after an error.
    parts: Option<Parts>,
    counts: Arc<Mutex<Counts>>,
}

impl FileWriter {
    /// Has the parts do something, on a thread where that may wait for the disk.
    async fn run(
        &mut self,
        run: impl FnOnce(&mut Parts) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let Some(mut parts) = self.parts.take() else {
            return Err(sink_error(&self.table, "it failed before"));
        };
        self.parts = Some(blocking(&self.table, move || run(&mut parts).map(|()| parts)).await?);
        Ok(())
    }
}

#[async_trait]
impl Writer for FileWriter {
    async fn write(&mut self, payload: Payload, left: &mut u64) -> Result<(), Error> {
        *left = 0;
        let Payload::Bytes { rows, bytes } = payload else {
            return Err(sink_error(&self.table, "rows came that are not encoded"));
        };
        self.run(move |parts| parts.write(rows, &bytes)).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.run(Parts::roll_if_due).await
    }

    fn teller(&self) -> Option<Teller> {
        let counts = self.counts.clone();
        Some(Box::new(move || serde_json::to_value(*counts.lock()).unwrap_or_default()))
    }

    async fn finish(&mut self) -> Result<(), Error> {
        self.run(Parts::roll).await
    }
}
