//! Reads lines from standard input or files, decodes them and hands the samples to the sink.
//!
//! It runs on a thread of its own: reading and decoding block, and the sink's full queues make it wait, which
//! is the back-pressure. What cannot be decoded is counted, filed as a dead letter, and passed over.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use narthex_protocol::text::{Format, Item, LineParser};
use narthex_sink::{Clock, DeadLetters, Letters, Reason, Sample, SeriesSender, SinkError, TimeSeries};
use tokio::runtime::Handle;

use crate::stop::Stop;

/// Longest line. Longer ones are undecodable: counted, their beginning filed.
const MAX_LINE_BYTES: usize = 16 << 20;
/// What a dead letter keeps of a line that is too long.
const KEPT_OF_LONG_LINE: usize = 64 << 10;
const CHUNK_BYTES: usize = 256 << 10;

/// Where lines come from.
#[derive(Debug)]
pub(crate) struct Source {
    /// `stdin` or the file's path: in logs, dead letters, metrics and the ledger.
    pub(crate) name: String,
    reader: Reader,
    pub(crate) counts: Arc<SourceCounts>,
}

#[derive(Debug)]
enum Reader {
    StandardInput,
    File(File),
}

/// What was read: `records = rows + undecodable`.
#[derive(Debug, Default)]
pub(crate) struct SourceCounts {
    /// Lines that carry data.
    pub(crate) records: AtomicU64,
    /// Of them, decoded.
    pub(crate) rows: AtomicU64,
    /// Of them, not.
    pub(crate) undecodable: AtomicU64,
}

/// What to do with what is read.
#[derive(Debug)]
pub(crate) struct Ingest {
    pub(crate) format: Format,
    /// Give samples without a timestamp the current time.
    pub(crate) stamp_now: bool,
    pub(crate) sender: SeriesSender,
    pub(crate) dead_letters: Option<DeadLetters>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: Stop,
    pub(crate) runtime: Handle,
}

/// Opens every input before anything is sent; `-` or none is standard input.
///
/// # Errors
/// When a file cannot be opened.
pub(crate) fn open(paths: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    let stdin = [PathBuf::from("-")];
    let paths = if paths.is_empty() { &stdin[..] } else { paths };
    paths.iter().map(|path| open_one(path)).collect()
}

fn open_one(path: &Path) -> anyhow::Result<Source> {
    let counts = Arc::default();
    if path == Path::new("-") {
        return Ok(Source { name: "stdin".into(), reader: Reader::StandardInput, counts });
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    let is_folder = file.metadata().is_ok_and(|meta| meta.is_dir());
    anyhow::ensure!(!is_folder, "cannot read {name}: it is a folder; name the files in it");
    Ok(Source { name, reader: Reader::File(file), counts })
}

impl Ingest {
    /// Reads all sources, one after the other, until the end, a signal, or a failure of the sink.
    ///
    /// # Errors
    /// When a source cannot be read or the sink has stopped.
    pub(crate) fn run(&self, sources: Vec<Source>) -> anyhow::Result<()> {
        for source in sources {
            match source.reader {
                Reader::StandardInput => self.read(io::stdin(), &source.name, &source.counts)?,
                Reader::File(file) => self.read(file, &source.name, &source.counts)?,
            }
        }
        Ok(())
    }

    fn read(&self, mut reader: impl Read, name: &str, counts: &SourceCounts) -> anyhow::Result<()> {
        let mut lines = Lines {
            ingest: self,
            name,
            counts,
            parser: LineParser::new(self.format),
            items: vec![],
            line: 0,
        };
        let mut buffer: Vec<u8> = Vec::with_capacity(2 * CHUNK_BYTES);
        let mut is_skipping = false;
        while !self.stop.is_set() {
            let filled = buffer.len();
            buffer.resize(filled + CHUNK_BYTES, 0);
            let read = match reader.read(&mut buffer[filled..]) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    buffer.truncate(filled);
                    continue;
                }
                Err(error) => return Err(error).with_context(|| format!("cannot read {name}")),
            };
            buffer.truncate(filled + read);
            if read == 0 {
                if !buffer.is_empty() && !is_skipping {
                    lines.take(&buffer)?;
                }
                return lines.end();
            }
            let (mut begin, mut search) = (0, filled);
            while let Some(at) = memchr::memchr(b'\n', &buffer[search..]) {
                let end = search + at;
                if !std::mem::take(&mut is_skipping) {
                    lines.take(&buffer[begin..end])?;
                }
                (begin, search) = (end + 1, end + 1);
            }
            buffer.drain(..begin);
            if buffer.len() > MAX_LINE_BYTES {
                if !is_skipping {
                    lines.too_long(&buffer)?;
                }
                is_skipping = true;
                buffer.clear();
            } else if is_skipping {
                buffer.clear();
            }
        }
        Ok(())
    }
}

struct Lines<'a> {
    ingest: &'a Ingest,
    name: &'a str,
    counts: &'a SourceCounts,
    parser: LineParser,
    items: Vec<Item>,
    line: u64,
}

impl Lines<'_> {
    fn take(&mut self, line: &[u8]) -> Result<(), SinkError> {
        self.line += 1;
        match self.parser.parse_line(line, &mut self.items) {
            Ok(()) if self.items.is_empty() => {}
            Ok(()) => {
                self.counts.records.fetch_add(1, Ordering::Relaxed);
                self.counts.rows.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.undecodable(line, &error.to_string()),
        }
        let mut items = std::mem::take(&mut self.items);
        let sent = items.drain(..).try_for_each(|item| self.ingest.send(item));
        self.items = items;
        sent
    }

    fn too_long(&mut self, line: &[u8]) -> Result<(), SinkError> {
        self.line += 1;
        let message = format!("the line is longer than {} MiB", MAX_LINE_BYTES >> 20);
        self.undecodable(&line[..KEPT_OF_LONG_LINE], &message);
        Ok(())
    }

    fn undecodable(&mut self, line: &[u8], message: &str) {
        self.counts.records.fetch_add(1, Ordering::Relaxed);
        let before = self.counts.undecodable.fetch_add(1, Ordering::Relaxed);
        // The first few by name, then each power of ten: enough to see it, never a flood.
        if before < 3 || (before + 1).ilog10() != before.ilog10() {
            tracing::warn!("{}:{}: cannot decode: {message} ({} so far)", self.name, self.line, before + 1);
        }
        if let Some(dead_letters) = &self.ingest.dead_letters {
            let mut letters = Letters::default();
            letters.record(line, message, &format!("{}:{}", self.name, self.line));
            dead_letters.write(&mut letters);
        }
    }

    fn end(&self) -> anyhow::Result<()> {
        if self.ingest.format == Format::OpenMetrics && !self.parser.saw_eof() {
            tracing::warn!("{}: the input ended without # EOF: it may be cut off", self.name);
        }
        if self.parser.exemplars() > 0 {
            tracing::info!("{}: {} exemplars were passed over", self.name, self.parser.exemplars());
        }
        Ok(())
    }
}

impl Ingest {
    fn send(&self, item: Item) -> Result<(), SinkError> {
        match item {
            Item::Series(series) => self.send_series(series),
            Item::Untimed { labels, value } if self.stamp_now => {
                self.send_series(TimeSeries::single(labels, Sample::new(value, self.clock.now_ms())))
            }
            Item::Untimed { labels, value } => {
                let value = Some(Sample::new(value, 0));
                self.runtime.block_on(self.sender.discard(labels, value, None, Reason::NoTimestamp));
                Ok(())
            }
            Item::Null { labels, timestamp_ms } => {
                self.runtime.block_on(self.sender.discard(labels, None, timestamp_ms, Reason::Null));
                Ok(())
            }
        }
    }

    fn send_series(&self, series: TimeSeries) -> Result<(), SinkError> {
        match self.sender.try_send(series) {
            Ok(()) => Ok(()),
            Err(series) => self.runtime.block_on(self.sender.send(series)),
        }
    }
}
