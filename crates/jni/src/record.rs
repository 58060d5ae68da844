//! Packed records: how Java hands series over, and how it gets unsettled ones back (docs/adr/0009).
//!
//! Little-endian, no padding: `u32` length of what follows, `u8` kind, then by kind. Every length is held
//! against what is really there before it is believed, so a broken record costs an error and nothing else.
//!
//! The names of labels come once for many records: a list of names has a number, its shape (`record/shapes.rs`), and a record
//! of it has values alone. What goes back to Java always says everything itself.

use narthex_sink::{LabelCache, LabelKey, LabelsBuilder, Origin, Reason, Sample, Samples, Side, TimeSeries};
use smallvec::SmallVec;

use crate::record::shapes::Shapes;

/// Bytes before a record: its length.
const HEAD_BYTES: usize = 4;
/// Bytes of a packed sample.
const SAMPLE_BYTES: usize = 16;
/// Records with more labels cost a piece of the heap each.
const USUAL_LABELS: usize = 32;

/// Records that are looked up together.
const AHEAD: usize = 32;

const KIND_SERIES: u8 = 0;
const KIND_UNWRITABLE: u8 = 1;
const KIND_RESTORED: u8 = 2;
const KIND_RESCALED: u8 = 3;
const KIND_NAMES: u8 = 4;
const KIND_SHAPED: u8 = 5;

/// Bytes of a shape's number.
const ID_BYTES: usize = 2;
/// Makes the key of values another than that of labels with the same bytes. Any bits but the lowest will do.
const SHAPED: u128 = 0x9e37_79b9_7f4a_7c15 << 64;

/// A record that was read.
#[derive(Debug, PartialEq)]
pub enum Record {
    /// To be written; where it comes from is with it ([`Origin::of`]).
    Series(TimeSeries),
    /// To be counted and filed only.
    Unwritable {
        /// The reason to count it under.
        reason: Reason,
        /// What the connector says about it.
        message: String,
        /// What is known of it.
        series: TimeSeries,
    },
    /// Names of labels for records that come later. Nothing is to be done about them.
    Names,
}

/// Why a record could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A length says more than there is.
    #[error("{what} ends early: {needed} bytes are needed, {left} are left")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// How much it takes.
        needed: usize,
        /// How much there is.
        left: usize,
    },
    /// The record's length says more than its content.
    #[error("{0} bytes follow what it says it has")]
    Overlong(usize),
    /// No such kind.
    #[error("there is no kind {0}")]
    Kind(u8),
    /// No such reason, or one that only a receiver has.
    #[error("{0:?} is no reason for dropping a record")]
    Reason(String),
    /// Values of which nobody has said what they are called, or a shape beyond the limit.
    #[error("there is no shape {0}")]
    Shape(u16),
    /// A shape never changes.
    #[error("shape {0} has other names already")]
    ShapeTaken(u16),
}

/// Reads records one after another and keeps its memory between them.
#[derive(Debug, Default)]
pub struct Decoder {
    shapes: Shapes,
    labels: LabelsBuilder,
    known: LabelCache,
}

/// Series that were read together, and what each takes of the bytes.
#[derive(Debug, Default)]
pub struct Run {
    /// The series, each with at least one sample.
    pub series: Vec<TimeSeries>,
    /// Bytes of each record.
    pub lengths: Vec<usize>,
}

/// A series whose lengths were found to be right; its label set is not looked up yet.
#[derive(Clone, Copy)]
struct Packed<'a> {
    origin: Origin,
    /// The pairs, as they lie in the record; or the shape's number and the values.
    labels: &'a [u8],
    is_shaped: bool,
    samples: &'a [[u8; SAMPLE_BYTES]],
    /// Bytes of the whole record.
    length: usize,
    known_as: Option<LabelKey>,
}

impl Decoder {
    /// Reads the first record of `bytes`; with it, how many bytes it takes.
    ///
    /// # Errors
    /// When the bytes are no record.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<(Record, usize), RecordError> {
        let (mut content, length) = content(bytes)?;
        let record = match content.u8("its kind")? {
            KIND_UNWRITABLE => self.unwritable(content)?,
            KIND_NAMES => self.names(content)?,
            kind => {
                let mut packed = content.series_of(kind, &self.shapes)?;
                packed.known_as = self.key(&packed);
                Record::Series(self.series(packed))
            }
        };
        Ok((record, length))
    }

    /// Reads the series at the beginning of `bytes`, as many as are looked up together, up to the first record
    /// that is something else or has no sample: that one is for [`Self::decode`]. Where to look a label set up,
    /// and the set itself, are on their way into the cache while the others of the run are read.
    pub fn decode_run(&mut self, bytes: &[u8], run: &mut Run) {
        run.series.clear();
        run.lengths.clear();
        let (mut at, mut all) = (0, SmallVec::<[Packed<'_>; AHEAD]>::new());
        while all.len() < AHEAD
            && let Ok(mut packed) = read_series(&bytes[at..], &self.shapes)
            && !packed.samples.is_empty()
        {
            packed.known_as = self.key(&packed);
            at += packed.length;
            all.push(packed);
        }
        all.iter().filter_map(|packed| packed.known_as).for_each(|key| self.known.prefetch(key));
        run.lengths.extend(all.iter().map(|packed| packed.length));
        run.series.extend(all.into_iter().map(|packed| self.series(packed)));
    }

    fn unwritable(&mut self, mut rest: Reader<'_>) -> Result<Record, RecordError> {
        let length = rest.u8("the length of the reason")?;
        let name = String::from_utf8_lossy(rest.take(length.into(), "the reason")?);
        let reason = Reason::from_name(&name)
            .filter(|reason| reason.side() == Side::Dropped)
            .ok_or_else(|| RecordError::Reason(name.into_owned()))?;
        let length = rest.u32("the length of the message")? as usize;
        let message = String::from_utf8_lossy(rest.take(length, "the message")?).into_owned();
        Ok(Record::Unwritable { reason, message, series: self.series(rest.series(Origin::New)?) })
    }

    fn names(&mut self, mut rest: Reader<'_>) -> Result<Record, RecordError> {
        let id = rest.u16("the number of a shape")?;
        let count = rest.u16("the number of names")?;
        let names = rest.texts(count, "a label's name")?;
        rest.is_at_end()?;
        self.shapes.learn(id, count, names)?;
        Ok(Record::Names)
    }

    #[inline]
    fn key(&mut self, packed: &Packed<'_>) -> Option<LabelKey> {
        self.known.key(packed.labels, if packed.is_shaped { SHAPED } else { 0 })
    }

    #[inline]
    fn series(&mut self, packed: Packed<'_>) -> TimeSeries {
        let Self { shapes, labels: builder, known } = self;
        let labels = known.get(packed.known_as, || {
            let pairs: SmallVec<[_; USUAL_LABELS]> = if packed.is_shaped {
                shapes.pairs(Reader(packed.labels)).collect()
            } else {
                Pairs(Reader(packed.labels)).collect()
            };
            builder.build(&pairs)
        });
        let samples: Samples = packed.samples.iter().map(sample).collect();
        packed.origin.stamp(TimeSeries { labels, samples })
    }
}

/// What is inside the first record of `bytes`, and how many bytes it takes.
#[inline]
fn content(bytes: &[u8]) -> Result<(Reader<'_>, usize), RecordError> {
    let mut all = Reader(bytes);
    let length = all.u32("its length")? as usize;
    Ok((Reader(all.take(length, "the record")?), HEAD_BYTES + length))
}

#[inline]
fn read_series<'a>(bytes: &'a [u8], shapes: &Shapes) -> Result<Packed<'a>, RecordError> {
    let (mut content, length) = content(bytes)?;
    let kind = content.u8("its kind")?;
    Ok(Packed { length, ..content.series_of(kind, shapes)? })
}

#[inline]
fn origin_of(kind: u8) -> Result<Origin, RecordError> {
    match kind {
        KIND_SERIES => Ok(Origin::New),
        KIND_RESTORED => Ok(Origin::Restored),
        KIND_RESCALED => Ok(Origin::Rescaled),
        other => Err(RecordError::Kind(other)),
    }
}

#[inline]
fn sample(bytes: &[u8; SAMPLE_BYTES]) -> Sample {
    let [value @ .., _, _, _, _, _, _, _, _] = *bytes;
    let [_, _, _, _, _, _, _, _, timestamp @ ..] = *bytes;
    Sample::from_bits(u64::from_le_bytes(value), i64::from_le_bytes(timestamp))
}

/// Appends a series as a record of the kind that its origin asks for.
///
/// A series with more labels than a record can count (65,535) is left out: no record brought it here.
pub fn encode(series: &TimeSeries, out: &mut Vec<u8>) {
    let Ok(labels) = u16::try_from(series.labels.iter().count()) else { return };
    let begin = out.len();
    out.extend([0; HEAD_BYTES]);
    out.push(match Origin::of(series) {
        Origin::New => KIND_SERIES,
        Origin::Restored => KIND_RESTORED,
        Origin::Rescaled => KIND_RESCALED,
    });
    out.extend(labels.to_le_bytes());
    for text in series.labels.iter().flat_map(|(name, value)| [name, value]) {
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text);
    }
    out.extend((series.samples.len() as u32).to_le_bytes());
    for sample in &series.samples {
        out.extend(sample.value_bits().to_le_bytes());
        out.extend(sample.timestamp_ms.to_le_bytes());
    }
    let length = (out.len() - begin - HEAD_BYTES) as u32;
    out[begin..begin + HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
}

/// What is left of a record.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads a series of any kind.
    #[inline]
    fn series_of(self, kind: u8, shapes: &Shapes) -> Result<Packed<'a>, RecordError> {
        if kind == KIND_SHAPED { self.shaped(shapes) } else { self.series(origin_of(kind)?) }
    }

    /// Reads values and samples.
    #[inline]
    fn shaped(mut self, shapes: &Shapes) -> Result<Packed<'a>, RecordError> {
        let begin = self.0;
        let id = self.u16("the number of its shape")?;
        let values = self.texts(shapes.count(id)?, "a label's value")?;
        let labels = &begin[..ID_BYTES + values.len()];
        Ok(Packed { is_shaped: true, ..self.samples(Origin::New, labels)? })
    }

    /// Reads labels and samples.
    #[inline]
    fn series(mut self, origin: Origin) -> Result<Packed<'a>, RecordError> {
        let count = self.u16("the number of labels")?;
        let begin = self.0;
        for _ in 0..count {
            self.pair()?;
        }
        let labels = &begin[..begin.len() - self.0.len()];
        self.samples(origin, labels)
    }

    /// Reads samples, which nothing follows.
    #[inline]
    fn samples(mut self, origin: Origin, labels: &'a [u8]) -> Result<Packed<'a>, RecordError> {
        let count = self.u32("the number of samples")? as usize;
        let (samples, over) = self.0.as_chunks::<SAMPLE_BYTES>();
        if count > samples.len() {
            let needed = count.saturating_mul(SAMPLE_BYTES);
            return Err(RecordError::Truncated { what: "its samples", needed, left: self.0.len() });
        }
        if count < samples.len() || !over.is_empty() {
            return Err(RecordError::Overlong(self.0.len() - count * SAMPLE_BYTES));
        }
        Ok(Packed { origin, labels, is_shaped: false, samples, length: 0, known_as: None })
    }

    /// So many strings, each behind its length, as they lie there.
    #[inline]
    fn texts(&mut self, count: u16, what: &'static str) -> Result<&'a [u8], RecordError> {
        let begin = self.0;
        for _ in 0..count {
            self.text(what)?;
        }
        Ok(&begin[..begin.len() - self.0.len()])
    }

    #[inline]
    fn text(&mut self, what: &'static str) -> Result<&'a [u8], RecordError> {
        let length = self.u32(what)? as usize;
        self.take(length, what)
    }

    fn is_at_end(&self) -> Result<(), RecordError> {
        if self.0.is_empty() { Ok(()) } else { Err(RecordError::Overlong(self.0.len())) }
    }

    #[inline]
    fn pair(&mut self) -> Result<(&'a [u8], &'a [u8]), RecordError> {
        let length = self.u32("the length of a label's name")? as usize;
        let name = self.take(length, "a label's name")?;
        let length = self.u32("the length of a label's value")? as usize;
        Ok((name, self.take(length, "a label's value")?))
    }

    #[inline]
    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], RecordError> {
        let Some((taken, rest)) = self.0.split_at_checked(length) else {
            return Err(RecordError::Truncated { what, needed: length, left: self.0.len() });
        };
        self.0 = rest;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], RecordError> {
        let Some((taken, rest)) = self.0.split_first_chunk::<N>() else {
            return Err(RecordError::Truncated { what, needed: N, left: self.0.len() });
        };
        self.0 = rest;
        Ok(*taken)
    }

    #[inline]
    fn u8(&mut self, what: &'static str) -> Result<u8, RecordError> {
        self.array(what).map(u8::from_le_bytes)
    }

    #[inline]
    fn u16(&mut self, what: &'static str) -> Result<u16, RecordError> {
        self.array(what).map(u16::from_le_bytes)
    }

    #[inline]
    fn u32(&mut self, what: &'static str) -> Result<u32, RecordError> {
        self.array(what).map(u32::from_le_bytes)
    }
}

/// The pairs of labels that were read before.
struct Pairs<'a>(Reader<'a>);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.pair().ok()
    }
}

mod shapes;
#[cfg(test)]
mod tests;
