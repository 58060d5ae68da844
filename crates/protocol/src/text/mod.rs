//! The text formats that carry samples: Prometheus exposition, OpenMetrics, NDJSON; one line in, items out.
//!
//! [`LineParser`] reads, [mod@write] writes. There is no I/O here and no clock: the caller cuts its input into
//! lines, counts and keeps what is undecodable, and decides what becomes of a sample without a timestamp.
//! What each format may hold, and where we are more lenient than others, stands in `docs/formats.md`.
//!
//! Design: a line is read from left to right by a cursor over its bytes, straight into a
//! [`LabelsBuilder`]; nothing else is allocated. Label names and values stay bytes. Where the structure of a
//! line is clear, a broken name or value becomes an [`Item`] whose [`Labels`] know their fault, so that the
//! sink can drop it with a reason; only a line whose structure is unclear is a [`LineError`].
//!
//! ```
//! use narthex_protocol::text::{Format, Item, LineParser};
//!
//! let mut parser = LineParser::new(Format::Exposition);
//! let mut items = Vec::new();
//! parser.parse_line(br#"rpm{vehicle="V1"} 3000 1700000000000"#, &mut items).unwrap();
//! let Item::Series(series) = &items[0] else { panic!("it has a timestamp") };
//! assert_eq!(series.labels.to_string(), r#"rpm{vehicle="V1"}"#);
//! assert_eq!(series.samples[0].value(), 3000.0);
//! ```

mod cache;
mod cursor;
mod error;
mod exposition;
mod json;
mod ndjson;
mod number;
pub mod write;

use std::fmt;
use std::str::FromStr;

use narthex_model::{Labels, LabelsBuilder, TimeSeries};

use cache::LabelCache;
pub use error::LineError;

/// A text format that carries samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus text exposition, version 0.0.4 and the quoted names of Prometheus 3. Timestamps are
    /// integer milliseconds. Source: prometheus.io, "Exposition formats".
    Exposition,
    /// OpenMetrics 1.0 text. Timestamps are seconds, with decimals.
    OpenMetrics,
    /// One JSON object a line: `{"labels":{…},"value":1.5,"timestamp":1700000000000}`.
    NdJson,
}

impl Format {
    /// All formats, in the order of the docs.
    pub const ALL: [Format; 3] = [Format::Exposition, Format::OpenMetrics, Format::NdJson];

    /// The name in flags and docs.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Exposition => "exposition",
            Format::OpenMetrics => "openmetrics",
            Format::NdJson => "ndjson",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of [`Format::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {0:?}; valid: exposition, openmetrics, ndjson")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Format::ALL.into_iter().find(|f| f.name() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// What a line holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A label set with one or more samples, in the order of the line.
    Series(TimeSeries),
    /// A sample without a timestamp. It is never a stale marker.
    Untimed {
        /// The label set.
        labels: Labels,
        /// The value.
        value: f64,
    },
    /// A sample whose value or timestamp is JSON's `null`.
    Null {
        /// The label set.
        labels: Labels,
        /// Milliseconds since the Unix epoch, where the line gives them.
        timestamp_ms: Option<i64>,
    },
}

impl Item {
    /// The label set, whatever else there is.
    pub fn labels(&self) -> &Labels {
        match self {
            Item::Series(series) => &series.labels,
            Item::Untimed { labels, .. } | Item::Null { labels, .. } => labels,
        }
    }

    /// How many samples the item stands for in a ledger.
    pub fn samples(&self) -> usize {
        if let Item::Series(series) = self { series.samples.len() } else { 1 }
    }
}

/// Reads lines of one format. Keeps its memory between lines, and the label sets that it met lately: a series
/// that comes again costs a look-up, not a new label set. The cache takes at most 16 MiB (16,384 series of up
/// to 384 bytes of text each); what does not fit is built anew each time.
#[derive(Debug)]
pub struct LineParser {
    format: Format,
    scratch: Scratch,
    exemplars: u64,
    eof: bool,
}

/// Memory that the readers of all formats share.
#[derive(Debug, Default)]
struct Scratch {
    builder: LabelsBuilder,
    cache: LabelCache,
    name: Vec<u8>,
    value: Vec<u8>,
    samples: Vec<ndjson::Reading>,
}

impl LineParser {
    /// A parser at the start of its input.
    pub fn new(format: Format) -> Self {
        Self { format, scratch: Scratch::default(), exemplars: 0, eof: false }
    }

    /// The format that it reads.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Appends what `line` holds to `out`: nothing for an empty line or a comment. A line feed at the end,
    /// and a carriage return before it, may be there or not.
    ///
    /// # Errors
    /// When the line is no line of the format. `out` is then as it was, and the next line can be read.
    pub fn parse_line(&mut self, line: &[u8], out: &mut Vec<Item>) -> Result<(), LineError> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Each pushes once the whole line is read, never before an error.
        let result = match self.format {
            Format::Exposition => exposition::parse(line, &mut self.scratch, out),
            Format::OpenMetrics => exposition::parse_openmetrics(
                line,
                &mut self.scratch,
                &mut self.eof,
                &mut self.exemplars,
                out,
            ),
            Format::NdJson => ndjson::parse(line, &mut self.scratch, out),
        };
        result.map_err(|fault| {
            self.scratch.builder.clear();
            LineError::new(line, fault)
        })
    }

    /// Exemplars of OpenMetrics that were passed over so far.
    pub fn exemplars(&self) -> u64 {
        self.exemplars
    }

    /// Whether OpenMetrics' `# EOF` was seen. Without it at the end, the input was cut off.
    pub fn saw_eof(&self) -> bool {
        self.eof
    }
}

#[cfg(test)]
mod tests;
