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
use narthex_sink::{Clock, DeadLetters, Labels, Letters, Reason, Sample, SinkError, TimeSeries};

use crate::lines::{End, Line, LineReader};
use crate::offer::Offer;
use crate::same_file::is_stream;
use crate::throttle::is_said;

/// Longest line. Longer ones are undecodable: counted, their beginning filed.
pub(crate) const MAX_LINE_BYTES: usize = 16 << 20;
/// What a dead letter keeps of a line that is too long.
const KEPT_OF_LONG_LINE: usize = 64 << 10;

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
    pub(crate) lines: LineReader,
    pub(crate) offer: Offer,
    pub(crate) dead_letters: Option<DeadLetters>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Opens every input before anything is sent; `-` or none is standard input.
///
/// # Errors
/// When a file cannot be opened.
pub(crate) fn open(paths: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    let stdin = [PathBuf::from("-")];
    let paths = if paths.is_empty() { &stdin[..] } else { paths };
    paths.iter().map(|path| Source::open(path)).collect()
}

impl Source {
    /// Opens one input; `-` is standard input.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let counts = Arc::default();
        if is_stream(path) {
            return Ok(Source { name: "stdin".into(), reader: Reader::StandardInput, counts });
        }
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        let is_folder = file.metadata().is_ok_and(|meta| meta.is_dir());
        anyhow::ensure!(!is_folder, "cannot read {name}: it is a folder; name the files in it");
        Ok(Source { name, reader: Reader::File(file), counts })
    }

    /// Its bytes.
    pub(crate) fn into_read(self) -> Box<dyn Read + Send> {
        match self.reader {
            Reader::StandardInput => Box::new(io::stdin()),
            Reader::File(file) => Box::new(file),
        }
    }
}

impl Ingest {
    /// Reads all sources, one after the other, until the end, a signal, or a failure of the sink.
    ///
    /// # Errors
    /// When a source cannot be read or the sink has stopped.
    pub(crate) fn run(&self, sources: Vec<Source>) -> anyhow::Result<()> {
        for source in sources {
            let (name, counts) = (source.name.clone(), source.counts.clone());
            self.read(source.into_read(), &name, &counts)?;
        }
        Ok(())
    }

    fn read(&self, reader: impl Read, name: &str, counts: &SourceCounts) -> anyhow::Result<()> {
        let parser = LineParser::new(self.format);
        let mut lines = Lines { ingest: self, name, counts, parser, items: vec![], line: 0, not_whole: 0 };
        match self.lines.read(name, reader, |number, line| lines.take(number, line))? {
            End::OfInput => lines.end(),
            End::Stopped => {}
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
    /// Samples without a time or with a null.
    not_whole: u64,
}

impl Lines<'_> {
    fn take(&mut self, number: u64, line: Line<'_>) -> anyhow::Result<()> {
        self.line = number;
        match line {
            Line::Whole(line) => Ok(self.decode(line)?),
            Line::TooLong(line) => {
                let message = format!("the line is longer than {} MiB", MAX_LINE_BYTES >> 20);
                self.undecodable(&line[..KEPT_OF_LONG_LINE.min(line.len())], &message);
                Ok(())
            }
        }
    }

    fn decode(&mut self, line: &[u8]) -> Result<(), SinkError> {
        match self.parser.parse_line(line, &mut self.items) {
            Ok(()) if self.items.is_empty() => {}
            Ok(()) => {
                self.counts.records.fetch_add(1, Ordering::Relaxed);
                self.counts.rows.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.undecodable(line, &error.to_string()),
        }
        let mut items = std::mem::take(&mut self.items);
        let sent = items.drain(..).try_for_each(|item| self.send(item));
        self.items = items;
        sent
    }

    fn undecodable(&mut self, line: &[u8], message: &str) {
        self.counts.records.fetch_add(1, Ordering::Relaxed);
        let before = self.counts.undecodable.fetch_add(1, Ordering::Relaxed);
        if is_said(before) {
            tracing::warn!("{}:{}: cannot decode: {message} ({} so far)", self.name, self.line, before + 1);
        }
        if let Some(dead_letters) = &self.ingest.dead_letters {
            let mut letters = Letters::default();
            letters.record(line, message, &format!("{}:{}", self.name, self.line));
            dead_letters.write(&mut letters);
        }
    }

    fn send(&mut self, item: Item) -> Result<(), SinkError> {
        let ingest = self.ingest;
        match item {
            Item::Series(series) => ingest.offer.send(series)?,
            Item::Untimed { labels, value } if ingest.stamp_now => {
                let sample = Sample::new(value, ingest.clock.now_ms());
                ingest.offer.send(TimeSeries::single(labels, sample))?;
            }
            Item::Untimed { labels, value } => {
                self.warn_not_whole("a sample without a timestamp", "gives such samples the time of reading");
                self.discard(labels, Some(Sample::new(value, 0)), None, Reason::NoTimestamp);
            }
            Item::Null { labels, timestamp_ms } => {
                let hint = "stands in for a timestamp that is left out, not for null";
                self.warn_not_whole("a sample whose value or timestamp is null", hint);
                self.discard(labels, None, timestamp_ms, Reason::Null);
            }
        }
        Ok(())
    }

    fn warn_not_whole(&mut self, what: &str, hint: &str) {
        if is_said(self.not_whole) {
            let (name, line, so_far) = (self.name, self.line, self.not_whole + 1);
            tracing::warn!("{name}:{line}: dropped {what} ({so_far} so far); --timestamp now {hint}");
        }
        self.not_whole += 1;
    }

    fn discard(&self, labels: Labels, value: Option<Sample>, timestamp_ms: Option<i64>, reason: Reason) {
        let offer = &self.ingest.offer;
        offer.runtime.block_on(offer.sender.discard(labels, value, timestamp_ms, reason));
    }

    fn end(&self) {
        if self.ingest.format == Format::OpenMetrics && !self.parser.saw_eof() {
            tracing::warn!("{}: the input ended without # EOF: it may be cut off", self.name);
        }
        if self.parser.exemplars() > 0 {
            tracing::info!("{}: {} exemplars were passed over", self.name, self.parser.exemplars());
        }
    }
}
