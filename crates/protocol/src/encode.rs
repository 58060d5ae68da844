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

/// Longest bytes of a sample: of one before 1970, or in the far future.
const SAMPLE_MAX: usize = SAMPLE_OVERHEAD + 10;
/// Longest tag and length of a series.
const HEAD_MAX: usize = 11;

/// Appends one `TimeSeries` with one sample, as [`put_series`] would, with fewer steps.
#[inline]
pub fn put_single(out: &mut Vec<u8>, labels: &Labels, sample: Sample) {
    let labels = labels.encoded();
    let inner = labels.len() + sample_len(sample);
    out.reserve(labels.len() + HEAD_MAX + SAMPLE_MAX);
    out.push(TAG_TIMESERIES);
    put_varint(out, inner as u64);
    out.extend_from_slice(labels);
    put_sample(out, sample);
}

/// Arrays of fixed size are written piece by piece: to gather them in one place first means to read what was just
/// written in other pieces, which a processor waits for.
#[inline]
fn put_sample(out: &mut Vec<u8>, sample: Sample) {
    let timestamp = sample.timestamp_ms as u64;
    let length = varint_len(timestamp);
    out.reserve(SAMPLE_MAX);
    out.extend_from_slice(&[TAG_SAMPLE, (SAMPLE_OVERHEAD - 2 + length) as u8, TAG_VALUE]);
    out.extend_from_slice(&sample.value_bits().to_le_bytes());
    out.push(TAG_TIMESTAMP);
    put_varint(out, timestamp);
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
            for sample in [sample, Sample::new(1.0, timestamp), Sample::new(-0.0, 0)] {
                put_single(&mut one, &labels, sample);
                put_series(&mut other, &labels, [sample].into_iter());
            }
            prop_assert_eq!(one, other);
        }

        #[test]
        fn timestamps_of_all_lengths_are_varints(timestamp in any::<i64>(), shift in 0..64u32) {
            let sample = Sample::new(1.5, timestamp >> shift);
            let (mut written, mut varint) = (Vec::new(), Vec::new());
            put_sample(&mut written, sample);
            put_varint(&mut varint, sample.timestamp_ms as u64);
            prop_assert_eq!(&written[SAMPLE_OVERHEAD..], varint);
            prop_assert_eq!(written.len(), sample_len(sample));
        }
    }
}
