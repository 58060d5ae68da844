//! Dead letters: what was lost, with the reason, as NDJSON that `narthex replay` reads.
//!
//! One object a line. A file that cannot be written (a full disk) loses letters, not samples: the failure is
//! counted, logged, and ends the program with exit code 1; a line cut short is taken back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::prelude::{BASE64_STANDARD, Engine};
use narthex_model::{Labels, Sample};
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

use crate::Reason;

/// A file of dead letters, appended to. Clones share it.
#[derive(Debug, Clone)]
pub struct DeadLetters(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    target: Mutex<Target>,
    written: AtomicU64,
    failed: AtomicU64,
    under_way: AtomicU64,
}

/// Where letters go.
#[derive(Debug)]
enum Target {
    File(PathBuf, File),
    /// The first few of each reason.
    Examples(usize, BTreeMap<String, Vec<DeadLetter>>),
}

/// Letters on their way to the file.
#[derive(Debug, Default)]
pub struct Letters {
    lines: Vec<u8>,
    count: u64,
}

impl DeadLetters {
    /// Opens `path` for appending, creating it.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let [written, failed, under_way] = std::array::from_fn(|_| AtomicU64::new(0));
        let target = Mutex::new(Target::File(path, file));
        Ok(Self(Arc::new(Shared { target, written, failed, under_way })))
    }

    /// Keeps the first letters of each reason, up to this many, and writes none.
    pub fn examples(most: usize) -> Self {
        let [written, failed, under_way] = std::array::from_fn(|_| AtomicU64::new(0));
        let target = Mutex::new(Target::Examples(most, BTreeMap::new()));
        Self(Arc::new(Shared { target, written, failed, under_way }))
    }

    /// The letters that were kept, by reason; none where they are written to a file.
    pub fn kept(&self) -> BTreeMap<String, Vec<DeadLetter>> {
        match &*self.target() {
            Target::File(..) => BTreeMap::new(),
            Target::Examples(_, kept) => kept.clone(),
        }
    }

    fn target(&self) -> MutexGuard<'_, Target> {
        self.0.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends the letters and empties them. Blocks on the disk: call it where that may be.
    pub fn write(&self, letters: &mut Letters) {
        if letters.count == 0 {
            return;
        }
        let (lines, count) = (std::mem::take(&mut letters.lines), std::mem::take(&mut letters.count));
        let mut target = self.target();
        let (path, file) = match &mut *target {
            Target::File(path, file) => (path, file),
            Target::Examples(most, kept) => {
                keep(&lines, *most, kept);
                self.0.written.fetch_add(count, Ordering::Relaxed);
                return;
            }
        };
        match append(file, &lines) {
            Ok(()) => {
                self.0.written.fetch_add(count, Ordering::Relaxed);
            }
            Err(error) if self.0.failed.fetch_add(count, Ordering::Relaxed) == 0 => tracing::error!(
                "cannot write dead letters to {}: {error}; the samples in them are counted in the ledger but not \
                 kept; make room or point --dead-letters elsewhere",
                path.display()
            ),
            Err(_) => {}
        }
    }

    /// As [`Self::write`], on a thread where blocking is allowed. It ends even if nobody waits for it.
    pub(crate) fn start_write(&self, mut letters: Letters) -> tokio::task::JoinHandle<()> {
        let this = self.clone();
        this.0.under_way.fetch_add(1, Ordering::SeqCst);
        tokio::task::spawn_blocking(move || {
            this.write(&mut letters);
            this.0.under_way.fetch_sub(1, Ordering::SeqCst);
        })
    }

    /// Waits until every write that was begun has ended.
    pub(crate) async fn drain(&self) {
        while self.0.under_way.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// Letters written.
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// Letters that could not be written.
    pub fn failed(&self) -> u64 {
        self.0.failed.load(Ordering::Relaxed)
    }
}

/// Keeps the letters of reasons of which there are not enough yet.
fn keep(lines: &[u8], most: usize, kept: &mut BTreeMap<String, Vec<DeadLetter>>) {
    for line in lines.split(|&byte| byte == b'\n') {
        let Ok(letter) = serde_json::from_slice::<DeadLetter>(line) else { continue };
        let of_reason = kept.entry(letter.reason.clone()).or_default();
        if of_reason.len() < most {
            of_reason.push(letter);
        }
    }
}

fn append(file: &mut File, lines: &[u8]) -> io::Result<()> {
    // Nothing to take back where there is no position: a pipe or a device.
    let end = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|meta| meta.len());
    file.write_all(lines).inspect_err(|_| {
        if let Some(end) = end {
            let _ = file.set_len(end).and_then(|()| file.seek(io::SeekFrom::End(0)));
        }
    })
}

/// What a lost sample is filed under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'a> {
    pub(crate) reason: Reason,
    pub(crate) status: Option<u16>,
    pub(crate) message: &'a str,
}

impl Letters {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a lost sample. A sample without a timestamp has `None`; one without a value too.
    pub(crate) fn sample(
        &mut self,
        labels: &Labels,
        value: Option<Sample>,
        timestamp: Option<i64>,
        cause: Cause<'_>,
    ) {
        self.push(&SampleLine {
            kind: "sample",
            reason: cause.reason.name(),
            status: cause.status,
            message: Some(cause.message).filter(|message| !message.is_empty()),
            labels: Pairs(labels),
            value: value.filter(|v| !v.is_stale()).map(|v| Number(v.value())),
            stale: value.is_some_and(Sample::is_stale).then_some(true),
            timestamp,
        });
    }

    /// Adds a record that could not be decoded.
    pub fn record(&mut self, raw: &[u8], message: &str, source: &str) {
        let (raw, raw_encoding) = match std::str::from_utf8(raw) {
            Ok(text) => (Cow::Borrowed(text), None),
            Err(_) => (BASE64_STANDARD.encode(raw).into(), Some("base64")),
        };
        self.push(&RecordLine {
            kind: "record",
            reason: "undecodable",
            message,
            raw: &raw,
            raw_encoding,
            source,
        });
    }

    /// Adds a row that came to nothing: names and values of its columns, why, and the table that it was for or the
    /// operator that it came to.
    pub fn row(
        &mut self,
        columns: &[(String, Option<String>)],
        reason: &'static str,
        message: &str,
        source: &str,
    ) {
        self.push(&RowLine { kind: "row", reason, message, row: Columns(columns), source });
    }

    fn push(&mut self, line: &impl Serialize) {
        // Writing to memory fails only for types that JSON cannot hold, and these hold.
        if serde_json::to_writer(&mut self.lines, line).is_ok() {
            self.lines.push(b'\n');
            self.count += 1;
        }
    }
}

#[derive(Serialize)]
struct SampleLine<'a> {
    kind: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    labels: Pairs<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale: Option<bool>,
    timestamp: Option<i64>,
}

#[derive(Serialize)]
struct RecordLine<'a> {
    kind: &'static str,
    reason: &'static str,
    message: &'a str,
    raw: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_encoding: Option<&'static str>,
    source: &'a str,
}

#[derive(Serialize)]
struct RowLine<'a> {
    kind: &'static str,
    reason: &'static str,
    message: &'a str,
    row: Columns<'a>,
    source: &'a str,
}

/// Columns in order, by name.
struct Columns<'a>(&'a [(String, Option<String>)]);

impl Serialize for Columns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Pairs in name order; repeated names stay visible. Broken UTF-8 is an object with its base64.
struct Pairs<'a>(&'a Labels);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pairs = serializer.serialize_seq(None)?;
        for (name, value) in self.0.iter() {
            pairs.serialize_element(&(Text(name), Text(value)))?;
        }
        pairs.end()
    }
}

struct Text<'a>(&'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &BASE64_STANDARD.encode(self.0))?;
                map.end()
            }
        }
    }
}

/// A float as JSON, or as Prometheus' API writes what JSON cannot hold.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            v if v.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("+Inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-Inf"),
            v => serializer.serialize_f64(v),
        }
    }
}

/// A dead letter as it is read back.
#[derive(Debug, Clone, Deserialize)]
pub struct DeadLetter {
    /// `sample`, `row` or `record`.
    pub kind: String,
    /// The reason's name.
    pub reason: String,
    /// The receiver's status, if it refused the sample.
    #[serde(default)]
    pub status: Option<u16>,
    /// The receiver's words, or what could not be decoded.
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    labels: Vec<(LetterText, LetterText)>,
    #[serde(default)]
    value: Option<LetterNumber>,
    #[serde(default)]
    stale: bool,
    #[serde(default)]
    timestamp: Option<i64>,
    /// What could not be decoded.
    #[serde(default)]
    pub raw: Option<String>,
    /// The columns of a row, in the order of their names.
    #[serde(default)]
    pub row: BTreeMap<String, Option<String>>,
    /// Where the record or row was, or was for.
    #[serde(default)]
    pub source: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum LetterText {
    Utf8(String),
    Broken { base64: String },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum LetterNumber {
    Finite(f64),
    Named(String),
}

impl LetterText {
    fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            LetterText::Utf8(text) => Some(text.clone().into_bytes()),
            LetterText::Broken { base64 } => BASE64_STANDARD.decode(base64).ok(),
        }
    }
}

impl DeadLetter {
    /// The labels of a sample's letter.
    pub fn labels(&self) -> Option<Labels> {
        let pairs = self.labels.iter().map(|(name, value)| Some((name.bytes()?, value.bytes()?)));
        pairs.collect::<Option<Vec<_>>>().map(Labels::from_pairs)
    }

    /// The sample, if the letter holds a whole one.
    pub fn sample(&self) -> Option<Sample> {
        let timestamp = self.timestamp.filter(|_| self.kind == "sample")?;
        if self.stale {
            return Some(Sample::stale(timestamp));
        }
        let value = match self.value.as_ref()? {
            LetterNumber::Finite(value) => *value,
            LetterNumber::Named(name) => match name.as_str() {
                "NaN" => f64::NAN,
                "+Inf" => f64::INFINITY,
                "-Inf" => f64::NEG_INFINITY,
                _ => return None,
            },
        };
        Some(Sample::new(value, timestamp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cause() -> Cause<'static> {
        Cause { reason: Reason::BadRequest, status: Some(400), message: "out of order sample" }
    }

    #[test]
    fn a_sample_is_one_line_with_its_reason() {
        let mut letters = Letters::default();
        let labels = Labels::from_pairs([("__name__", "m"), ("a", "1"), ("a", "2")]);
        letters.sample(&labels, Some(Sample::new(1.5, 7)), Some(7), cause());
        assert_eq!(
            String::from_utf8(letters.lines).unwrap(),
            "{\"kind\":\"sample\",\"reason\":\"bad_request\",\"status\":400,\"message\":\"out of order sample\",\
             \"labels\":[[\"__name__\",\"m\"],[\"a\",\"1\"],[\"a\",\"2\"]],\"value\":1.5,\"timestamp\":7}\n"
        );
    }

    #[test]
    fn a_record_keeps_its_bytes() {
        let mut letters = Letters::default();
        letters.record(b"\xff{", "no JSON", "stdin:3");
        assert_eq!(
            String::from_utf8(letters.lines).unwrap(),
            "{\"kind\":\"record\",\"reason\":\"undecodable\",\"message\":\"no JSON\",\"raw\":\"/3s=\",\"raw_encoding\":\"base64\",\"source\":\"stdin:3\"}\n"
        );
    }

    #[test]
    fn a_full_disk_is_counted_and_takes_nothing_else_down() {
        let full = DeadLetters::open("/dev/full").unwrap();
        let mut letters = Letters::default();
        letters.record(b"x", "no JSON", "stdin:1");
        full.write(&mut letters);
        assert_eq!((full.written(), full.failed()), (0, 1));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            pairs in prop::collection::vec(("[a-z]{1,5}", prop::collection::vec(any::<u8>(), 1..9)), 1..5),
            bits in any::<u64>(), timestamp in any::<i64>()
        ) {
            let labels = Labels::from_pairs(pairs);
            let sample = Sample::from_bits(bits, timestamp);
            let mut letters = Letters::default();
            letters.sample(&labels, Some(sample), Some(timestamp), cause());
            let letter: DeadLetter = serde_json::from_slice(&letters.lines).unwrap();
            prop_assert_eq!(letter.labels().unwrap(), labels);
            prop_assert_eq!(letter.sample().unwrap(), sample);
        }
    }

    #[test]
    fn examples_are_the_first_of_each_reason() {
        let kept = DeadLetters::examples(2);
        for number in 0..5 {
            let mut letters = Letters::default();
            letters.record(format!("line {number}").as_bytes(), "no JSON", "stdin:1");
            letters.row(
                &[("k".to_owned(), Some(number.to_string())), ("v".to_owned(), None)],
                "late",
                "why",
                "op",
            );
            kept.write(&mut letters);
        }
        let found = kept.kept();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["late", "undecodable"]);
        let raw: Vec<_> = found["undecodable"].iter().map(|letter| letter.raw.as_deref()).collect();
        assert_eq!(raw, [Some("line 0"), Some("line 1")]);
        assert_eq!(found["late"][1].row["k"].as_deref(), Some("1"));
        assert_eq!(
            (found["late"][1].row["v"].as_deref(), found["late"][1].source.as_deref()),
            (None, Some("op"))
        );
        assert_eq!((kept.written(), kept.failed()), (10, 0));
    }
}
