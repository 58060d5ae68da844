//! What the engine asks of a table that is read or written. Connectors implement it.
//!
//! Reading is in two steps, so that one file can keep several cores busy and its rows still come in order: a [`Split`]
//! is read by one thread, in pieces that are cheap to cut off ([`Chunk`]); chunks are decoded and computed side by
//! side, and put back into order before they are written. Writing is in two steps for the same reason: an [`Encoder`]
//! for each worker, and one [`Writer`].

use std::fmt;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use narthex_model::TimeSeries;

use crate::error::Error;

/// A table that is read.
pub trait TableSource: fmt::Debug + Send + Sync {
    /// Begins to read.
    ///
    /// # Errors
    /// When there is nothing to read, or it is not allowed.
    fn open(&self) -> Result<Box<dyn Splits>, Error>;

    /// Whether it ends by itself.
    fn is_bounded(&self) -> bool;

    /// How it tells its time.
    fn watermarks(&self) -> Watermarks {
        Watermarks::default()
    }
}

/// How a table tells its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watermarks {
    /// Without rows for so long, it does not hold back the time of others.
    pub idle_timeout: Option<Duration>,
    /// It tells it now and then, not behind each row: rows that came meanwhile are not late.
    pub is_periodic: bool,
}

/// The parts of a source, as they are found.
pub trait Splits: Send {
    /// The next one, waited for at most so long.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn next(&mut self, wait: Duration) -> Result<NextSplit, Error>;
}

/// What there is to read.
pub enum NextSplit {
    /// A part.
    Split(Box<dyn Split>),
    /// Nothing new yet.
    Later,
    /// There will be no more.
    End,
}

/// A part of a source that is read in order, by one thread: a file, a partition, a range of numbers.
pub trait Split: Send {
    /// For messages: a file's path.
    fn name(&self) -> &str;

    /// The next records, waited for at most so long. What is there is given early: a record waits at most 100 ms for
    /// others.
    ///
    /// # Errors
    /// When it cannot be read on.
    fn next(&mut self, wait: Duration) -> Result<Next, Error>;
}

/// What was read.
pub enum Next {
    /// Records.
    Chunk(Box<dyn Chunk>),
    /// None within the time.
    Later,
    /// There will be no more.
    End,
}

/// Records that were read and not decoded.
pub trait Chunk: Send {
    /// Memory that it holds.
    fn bytes(&self) -> usize;

    /// Decodes it, on any thread.
    ///
    /// # Errors
    /// When it is not a matter of single records.
    fn decode(self: Box<Self>) -> Result<Decoded, Error>;
}

/// Rows of a chunk, and what became of the rest: `records = rows + ignored + bad`.
#[derive(Debug)]
pub struct Decoded {
    /// The columns that were asked for, in that order.
    pub batch: RecordBatch,
    /// Records that there were.
    pub records: u64,
    /// Records that the format was told to leave out.
    pub ignored: u64,
    /// Records that could not be decoded.
    pub bad: Vec<BadRecord>,
}

/// A record that could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// Where it was: a file and a line.
    pub place: String,
    /// The record itself.
    pub raw: Vec<u8>,
    /// What is wrong with it.
    pub message: String,
}

/// A table that is written.
#[async_trait]
pub trait TableSink: fmt::Debug + Send + Sync {
    /// What turns rows into what is written; each worker has its own.
    ///
    /// # Errors
    /// When the table cannot be written at all.
    fn encoder(&self) -> Result<Box<dyn Encoder>, Error>;

    /// Begins to write.
    ///
    /// # Errors
    /// When the table cannot be written.
    async fn open(&self) -> Result<Box<dyn Writer>, Error>;
}

/// Turns rows into what is written.
pub trait Encoder: Send {
    /// Encodes rows. The batch has the table's columns, in their order.
    ///
    /// # Errors
    /// When a row cannot be written and its fate is to fail the job.
    fn encode(&mut self, batch: &RecordBatch) -> Result<Payload, Error>;
}

/// Rows as they are written.
#[derive(Debug)]
pub enum Payload {
    /// As text or bytes of a format.
    Bytes {
        /// How many rows.
        rows: u64,
        /// The bytes, each row with its end.
        bytes: Vec<u8>,
    },
    /// As series, one for each row that can be written.
    Series {
        /// How many rows.
        rows: u64,
        /// The series, in the order of the rows.
        series: Vec<TimeSeries>,
        /// Rows that have no value or no time: their labels and why.
        unwritable: Vec<(TimeSeries, String)>,
    },
    /// Only counted.
    Rows(u64),
}

impl Payload {
    /// Memory that it holds, roughly.
    pub(crate) fn bytes(&self) -> usize {
        /// A series with its labels, a sample, and its place in a list.
        const SERIES_BYTES: usize = 256;
        match self {
            Self::Bytes { bytes, .. } => bytes.len(),
            Self::Series { series, .. } => series.len() * SERIES_BYTES,
            Self::Rows(_) => 0,
        }
    }

    /// How many rows it holds.
    pub fn rows(&self) -> u64 {
        match self {
            Self::Bytes { rows, .. } | Self::Series { rows, .. } | Self::Rows(rows) => *rows,
        }
    }
}

/// Tells what has become of a table's rows so far; asked at any time, from any thread, also after the end.
pub type Teller = Box<dyn Fn() -> serde_json::Value + Send + Sync>;

/// Writes what was encoded, in order. Each call may be given up half-way, when the job has failed.
#[async_trait]
pub trait Writer: Send {
    /// Writes; waits while the other side takes no more. `left` is how many of the rows have not been taken yet, and
    /// says so whenever the call waits.
    ///
    /// # Errors
    /// When it cannot be written.
    async fn write(&mut self, payload: Payload, left: &mut u64) -> Result<(), Error>;

    /// Makes sure that nothing of what was written waits here for more.
    ///
    /// # Errors
    /// When it cannot be written.
    async fn flush(&mut self) -> Result<(), Error>;

    /// What tells of its rows, for the job's ledger.
    fn teller(&self) -> Option<Teller> {
        None
    }

    /// Ends: everything is written for good, or the error says what is not. Nothing is written afterwards.
    ///
    /// # Errors
    /// When something could not be written.
    async fn finish(&mut self) -> Result<(), Error>;

    /// Ends after the job has failed: what is not written for good within the limit is given up.
    async fn abort(&mut self, limit: Duration) {
        let _ = limit;
    }
}
