//! Reads a file in chunks that end where a record ends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use narthex_engine::{BadRecord, Error, Next, Split};
use tokio::time::Instant;

use crate::filesystem::chunk::{CHUNK_BYTES, Records, Rows, TooLong, place};
use crate::filesystem::input::{Got, Input};
use crate::filesystem::listing::Found;
use crate::filesystem::metadata::FileFacts;
use crate::filesystem::source::{Position, Reading};

/// How long a record of a stream waits for others.
const LINGER: Duration = Duration::from_millis(50);
/// Longest record; a file without line ends must not fill the memory. A longer one cannot be decoded.
const MAX_RECORD_BYTES: usize = 64 << 20;
/// What a dead letter keeps of it.
const KEPT_OF_LONG_RECORD: usize = 64 << 10;

/// A file, and where to begin.
pub(crate) struct Start {
    pub(crate) file: Found,
    pub(crate) position: Position,
    /// Whether what has no line end at the end of the file is a record: it is not while the file may grow.
    pub(crate) is_last: bool,
}

/// A file that is read.
pub(crate) struct FileSplit {
    rows: Arc<Rows>,
    facts: Arc<FileFacts>,
    source: Source,
    reading: Arc<Reading>,
    is_last: bool,
    /// What was read and not cut off.
    buffer: Vec<u8>,
    /// Of the buffer's first byte.
    position: Position,
    /// Since when whole records may be in the buffer.
    waiting_since: Option<Instant>,
    max_record_bytes: usize,
    /// How much was known to hold no whole record.
    searched: usize,
}

/// A file is opened when its turn comes: there may be many.
enum Source {
    Closed(Box<Found>),
    Open(Input),
    Over,
}

impl FileSplit {
    pub(crate) fn new(rows: Arc<Rows>, start: Start, reading: Arc<Reading>) -> Self {
        let Start { file, position, is_last } = start;
        let facts = Arc::new(FileFacts::of(&file.path, &file.metadata));
        Self { is_last, position, ..Self::of(rows, facts, Source::Closed(Box::new(file)), reading) }
    }

    /// Standard input.
    pub(crate) fn stdin(rows: Arc<Rows>) -> Self {
        Self::stream(rows, Input::stdin())
    }

    /// A stream that is open.
    pub(crate) fn stream(rows: Arc<Rows>, input: Input) -> Self {
        Self::of(rows, Arc::new(FileFacts::of_stdin()), Source::Open(input), Arc::default())
    }

    fn of(rows: Arc<Rows>, facts: Arc<FileFacts>, source: Source, reading: Arc<Reading>) -> Self {
        Self {
            rows,
            facts,
            source,
            reading,
            is_last: true,
            buffer: Vec::new(),
            position: Position::default(),
            waiting_since: None,
            max_record_bytes: MAX_RECORD_BYTES,
            searched: 0,
        }
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::Source { table: self.rows.table.clone(), cause: format!("{}: {error}", self.facts.shown()) }
    }

    fn open(&mut self) -> Result<(), Error> {
        let Source::Closed(file) = &self.source else { return Ok(()) };
        match Input::open(&file.path, self.position.byte) {
            Ok(input) => self.source = Source::Open(input),
            // It was there when it was listed; a file that may come and go is no failure.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_last => {
                self.source = Source::Over
            }
            Err(error) => return Err(self.failed(&error)),
        }
        Ok(())
    }

    /// Cuts off whole records, if there are any.
    fn cut(&mut self) -> Option<Next> {
        let end = self.rows.format.whole_records(&self.buffer).filter(|end| *end > 0)?;
        Some(self.cut_at(end))
    }

    fn cut_at(&mut self, end: usize) -> Next {
        // Room for a whole chunk only where one is to be expected: there may be many small files.
        let mut rest = if end >= CHUNK_BYTES / 2 { self.rows.buffer() } else { Vec::new() };
        rest.extend_from_slice(self.buffer.get(end..).unwrap_or_default());
        let mut bytes = std::mem::replace(&mut self.buffer, rest);
        bytes.truncate(end);
        let first_line = self.position.lines + 1;
        self.position.byte += bytes.len() as u64;
        self.position.lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        self.reading.set(self.position);
        self.waiting_since = None;
        self.searched = 0;
        Next::Chunk(Box::new(Records {
            rows: self.rows.clone(),
            file: self.facts.clone(),
            bytes,
            first_line,
            guard: self.reading.clone(),
        }))
    }

    fn end(&mut self) -> Next {
        self.source = Source::Over;
        if let Some(chunk) = self.cut() {
            return chunk;
        }
        // While the file may grow, its last line waits for its end.
        if self.is_last && !self.buffer.is_empty() { self.cut_at(self.buffer.len()) } else { Next::End }
    }

    /// Gives up a record that is too long: what is behind it is read on.
    fn give_up_record(&mut self) -> Next {
        let mut raw = std::mem::take(&mut self.buffer);
        self.position.byte += raw.len() as u64;
        self.position.is_in_long_record = true;
        self.reading.set(self.position);
        self.searched = 0;
        raw.truncate(KEPT_OF_LONG_RECORD);
        raw.shrink_to_fit();
        let most = narthex_sink::format_bytes(self.max_record_bytes);
        let message = format!("it is longer than {most}; does each record end with a line end?");
        let record = BadRecord { place: place(&self.facts, self.position.lines + 1), raw, message };
        let (rows, guard) = (self.rows.clone(), self.reading.clone());
        Next::Chunk(Box::new(TooLong { rows, record, guard }))
    }

    /// Passes over what is left of a record that was given up.
    fn pass_over(&mut self) {
        if !self.position.is_in_long_record {
            return;
        }
        let end = memchr::memchr(b'\n', &self.buffer);
        let passed = end.map_or(self.buffer.len(), |end| end + 1);
        self.buffer.drain(..passed);
        self.position.byte += passed as u64;
        if end.is_some() {
            self.position.lines += 1;
            self.position.is_in_long_record = false;
        }
        self.reading.set(self.position);
    }

    /// How many bytes are wanted in the buffer before it is searched for records: twice as many each time that there
    /// was not one, so that a long record is not searched again and again.
    fn wanted(&self) -> usize {
        CHUNK_BYTES.max(self.searched.saturating_mul(2))
    }
}

impl Split for FileSplit {
    fn name(&self) -> &str {
        self.facts.shown()
    }

    fn next(&mut self, wait: Duration) -> Result<Next, Error> {
        let until = Instant::now() + wait;
        self.open()?;
        loop {
            let wanted = self.wanted();
            let Source::Open(input) = &mut self.source else {
                return Ok(self.end());
            };
            let now = Instant::now();
            let is_due = self.waiting_since.is_some_and(|since| now.duration_since(since) >= LINGER);
            if self.buffer.len() >= wanted || is_due {
                if let Some(chunk) = self.cut() {
                    return Ok(chunk);
                }
                self.searched = self.buffer.len();
                self.waiting_since = None;
                if self.searched >= self.max_record_bytes {
                    return Ok(self.give_up_record());
                }
                continue;
            }
            let linger = self.waiting_since.map(|since| LINGER.saturating_sub(now.duration_since(since)));
            let left = until.saturating_duration_since(now);
            let time = linger.map_or(left, |linger| linger.min(left));
            let most = wanted - self.buffer.len();
            let is_stream = input.is_stream();
            let got = input.read(&mut self.buffer, most, time);
            let got = got.map_err(|error| self.failed(&error))?;
            self.pass_over();
            match got {
                Got::Bytes if self.position.is_in_long_record && left.is_zero() => return Ok(Next::Later),
                Got::Bytes if is_stream => {
                    self.waiting_since.get_or_insert_with(Instant::now);
                }
                Got::Bytes => {}
                Got::End => return Ok(self.end()),
                Got::Nothing if left.is_zero() => return Ok(Next::Later),
                Got::Nothing => {}
            }
        }
    }
}
