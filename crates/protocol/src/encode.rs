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

/// Appends one `TimeSeries` with one sample: what [`put_series`] writes for it, with fewer steps.
#[inline]
pub fn put_single(out: &mut Vec<u8>, labels: &Labels, sample: Sample) {
    let labels = labels.encoded();
    let mut tail = [0u8; SAMPLE_OVERHEAD + 10];
    let tail_len = fill_sample(&mut tail, sample);
    let mut head = [TAG_TIMESERIES; 6];
    let mut rest = (labels.len() + tail_len) as u64;
    let mut head_len = 1;
    while rest >= 0x80 && head_len < 5 {
        head[head_len] = rest as u8 | 0x80;
        rest >>= 7;
        head_len += 1;
    }
    head[head_len] = rest as u8;
    out.reserve(head_len + 1 + labels.len() + tail_len);
    out.extend_from_slice(&head[..=head_len]);
    out.extend_from_slice(labels);
    out.extend_from_slice(&tail[..tail_len]);
}

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
            put_single(&mut one, &labels, sample);
            put_series(&mut other, &labels, [sample].into_iter());
            prop_assert_eq!(one, other);
        }
    }
}
