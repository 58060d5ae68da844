//! Writes a `prometheus.WriteRequest` (Remote-Write 1.0) straight into the request's buffer.
//!
//! A label set arrives already encoded ([`Labels::encoded`]), so a series costs one copy and a few bytes.
//! Value and timestamp are always written, also where proto3 would skip a zero: skipping loses -0.0.

use narthex_model::{Labels, Sample, put_varint, varint_len};

const TAG_TIMESERIES: u8 = 0x0a;
const TAG_SAMPLE: u8 = 0x12;
const TAG_VALUE: u8 = 0x09;
const TAG_TIMESTAMP: u8 = 0x10;

/// Bytes of a sample besides its timestamp: tag, length, value's tag and 8 bytes, timestamp's tag.
const SAMPLE_OVERHEAD: usize = 12;

/// Bytes that a sample adds to its series.
#[inline]
pub fn sample_len(sample: Sample) -> usize {
    SAMPLE_OVERHEAD + varint_len(sample.timestamp_ms as u64)
}

/// Bytes that a series of `labels` with `samples_len` bytes of samples adds to a request.
#[inline]
pub fn series_len(labels: &Labels, samples_len: usize) -> usize {
    let inner = labels.encoded().len() + samples_len;
    1 + varint_len(inner as u64) + inner
}

/// Appends one `TimeSeries` with these samples, in the order given.
#[inline]
pub fn put_series(out: &mut Vec<u8>, labels: &Labels, samples: impl Iterator<Item = Sample> + Clone) {
    let samples_len: usize = samples.clone().map(sample_len).sum();
    out.push(TAG_TIMESERIES);
    put_varint(out, (labels.encoded().len() + samples_len) as u64);
    out.extend_from_slice(labels.encoded());
    for sample in samples {
        put_sample(out, sample);
    }
}

/// Writes series of one sample each, as [`put_series`] would, with fewer steps: most samples of a request have
/// the timestamp of the one before.
#[derive(Debug, Clone)]
pub struct SingleEncoder {
    /// The sample before, encoded.
    sample: [u8; SAMPLE_OVERHEAD + 10],
    len: usize,
    timestamp_ms: i64,
}

impl Default for SingleEncoder {
    fn default() -> Self {
        let mut sample = [0; SAMPLE_OVERHEAD + 10];
        let len = fill_sample(&mut sample, Sample::new(0.0, 0));
        Self { sample, len, timestamp_ms: 0 }
    }
}

impl SingleEncoder {
    /// Appends one `TimeSeries` with one sample.
    #[inline]
    pub fn put(&mut self, out: &mut Vec<u8>, labels: &Labels, sample: Sample) {
        if sample.timestamp_ms == self.timestamp_ms {
            self.sample[3..11].copy_from_slice(&sample.value_bits().to_le_bytes());
        } else {
            self.len = fill_sample(&mut self.sample, sample);
            self.timestamp_ms = sample.timestamp_ms;
        }
        let labels = labels.encoded();
        let inner = labels.len() + self.len;
        out.reserve(labels.len() + HEAD_MAX + self.sample.len());
        // Arrays of fixed size are copied without a call; what is too much is cut off again.
        let begin = out.len();
        if let 0x80..0x4000 = inner {
            out.extend_from_slice(&[TAG_TIMESERIES, inner as u8 | 0x80, (inner >> 7) as u8]);
        } else {
            out.push(TAG_TIMESERIES);
            put_varint(out, inner as u64);
        }
        let head = out.len() - begin;
        out.extend_from_slice(labels);
        out.extend_from_slice(&self.sample);
        out.truncate(begin + head + inner);
    }
}

/// Longest tag and length of a series.
const HEAD_MAX: usize = 11;

#[inline]
fn put_sample(out: &mut Vec<u8>, sample: Sample) {
    // Built on the stack and appended at once: one bounds check and one copy a sample.
    let mut bytes = [0u8; SAMPLE_OVERHEAD + 10];
    let length = fill_sample(&mut bytes, sample);
    out.extend_from_slice(&bytes[..length]);
}

#[inline]
fn fill_sample(bytes: &mut [u8; SAMPLE_OVERHEAD + 10], sample: Sample) -> usize {
    let timestamp = sample.timestamp_ms as u64;
    let timestamp_len = varint_len(timestamp);
    bytes[0] = TAG_SAMPLE;
    bytes[1] = (SAMPLE_OVERHEAD - 2 + timestamp_len) as u8;
    bytes[2] = TAG_VALUE;
    bytes[3..11].copy_from_slice(&sample.value_bits().to_le_bytes());
    bytes[11] = TAG_TIMESTAMP;
    let mut rest = timestamp;
    for byte in &mut bytes[12..12 + timestamp_len] {
        *byte = rest as u8 | 0x80;
        rest >>= 7;
    }
    bytes[11 + timestamp_len] &= 0x7f;
    12 + timestamp_len
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_sample_is_written_alike_both_ways(value in ".{1,20000}", bits in any::<u64>(), timestamp in any::<i64>()) {
            let labels = Labels::from_pairs([("__name__", value)]);
            let sample = Sample::from_bits(bits, timestamp);
            let (mut one, mut other) = (Vec::new(), Vec::new());
            let mut encoder = SingleEncoder::default();
            for sample in [sample, Sample::new(1.0, timestamp), Sample::new(-0.0, 0)] {
                encoder.put(&mut one, &labels, sample);
                put_series(&mut other, &labels, [sample].into_iter());
            }
            prop_assert_eq!(one, other);
        }
    }
}
