//! Packed records: how Java hands series over, and how it gets unsettled ones back (docs/adr/0009).
//!
//! Little-endian, no padding: `u32` length of what follows, `u8` kind, then by kind. Every length is held
//! against what is really there before it is believed, so a broken record costs an error and nothing else.

use narthex_sink::{LabelsBuilder, Origin, Reason, Sample, Samples, Side, TimeSeries};
use smallvec::SmallVec;

use crate::label_cache::LabelCache;

/// Bytes before a record: its length.
const HEAD_BYTES: usize = 4;
/// Bytes of a packed sample.
const SAMPLE_BYTES: usize = 16;
/// Records with more labels cost a piece of the heap each.
const USUAL_LABELS: usize = 32;

const KIND_SERIES: u8 = 0;
const KIND_UNWRITABLE: u8 = 1;
const KIND_RESTORED: u8 = 2;
const KIND_RESCALED: u8 = 3;

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
    #[error("{0} bytes follow its last sample")]
    Overlong(usize),
    /// No such kind.
    #[error("there is no kind {0}")]
    Kind(u8),
    /// No such reason, or one that only a receiver has.
    #[error("{0:?} is no reason for dropping a record")]
    Reason(String),
}

/// Reads records one after another and keeps its memory between them.
#[derive(Debug, Default)]
pub struct Decoder {
    labels: LabelsBuilder,
    known: LabelCache,
}

impl Decoder {
    /// Reads the first record of `bytes`; with it, how many bytes it takes.
    ///
    /// # Errors
    /// When the bytes are no record.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<(Record, usize), RecordError> {
        let mut all = Reader(bytes);
        let length = all.u32("its length")? as usize;
        let content = Reader(all.take(length, "the record")?);
        let record = self.content(content)?;
        Ok((record, HEAD_BYTES + length))
    }

    fn content(&mut self, mut rest: Reader<'_>) -> Result<Record, RecordError> {
        let origin = match rest.u8("its kind")? {
            KIND_SERIES => Origin::New,
            KIND_RESTORED => Origin::Restored,
            KIND_RESCALED => Origin::Rescaled,
            KIND_UNWRITABLE => return self.unwritable(rest),
            other => return Err(RecordError::Kind(other)),
        };
        Ok(Record::Series(origin.stamp(self.series(rest)?)))
    }

    fn unwritable(&mut self, mut rest: Reader<'_>) -> Result<Record, RecordError> {
        let length = rest.u8("the length of the reason")?;
        let name = String::from_utf8_lossy(rest.take(length.into(), "the reason")?);
        let reason = Reason::from_name(&name)
            .filter(|reason| reason.side() == Side::Dropped)
            .ok_or_else(|| RecordError::Reason(name.into_owned()))?;
        let length = rest.u32("the length of the message")? as usize;
        let message = String::from_utf8_lossy(rest.take(length, "the message")?).into_owned();
        Ok(Record::Unwritable { reason, message, series: self.series(rest)? })
    }

    #[inline]
    fn series(&mut self, mut rest: Reader<'_>) -> Result<TimeSeries, RecordError> {
        let mut labels = SmallVec::<[(&[u8], &[u8]); USUAL_LABELS]>::new();
        let count = rest.u16("the number of labels")?;
        let begin = rest.0;
        for _ in 0..count {
            let length = rest.u32("the length of a label's name")? as usize;
            let name = rest.take(length, "a label's name")?;
            let length = rest.u32("the length of a label's value")? as usize;
            let value = rest.take(length, "a label's value")?;
            labels.push((name, value));
        }
        let packed = &begin[..begin.len() - rest.0.len()];
        let count = rest.u32("the number of samples")? as usize;
        let (samples, over) = rest.0.as_chunks::<SAMPLE_BYTES>();
        if count > samples.len() {
            let needed = count.saturating_mul(SAMPLE_BYTES);
            return Err(RecordError::Truncated { what: "its samples", needed, left: rest.0.len() });
        }
        if count < samples.len() || !over.is_empty() {
            return Err(RecordError::Overlong(rest.0.len() - count * SAMPLE_BYTES));
        }
        let samples: Samples = samples.iter().map(sample).collect();
        let Self { labels: builder, known } = self;
        Ok(TimeSeries { labels: known.get(packed, || builder.build(&labels)), samples })
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

#[cfg(test)]
mod tests;
