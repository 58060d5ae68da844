//! Reads a `prometheus.WriteRequest` strictly, borrowing from its bytes.
//!
//! Fields that Remote-Write 1.0 knows only by custom (metadata, exemplars, histograms) are passed over and
//! counted; unknown fields are passed over as protobuf asks. Anything truncated or of a wrong wire type is an
//! error.

/// Why bytes are no `WriteRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end inside a field.
    #[error("unexpected EOF")]
    Truncated,
    /// A varint is longer than ten bytes.
    #[error("proto: integer overflow")]
    Overflow,
    /// A field has another wire type than the schema says, or one that protobuf does not know.
    #[error("proto: wrong wireType = {wire_type} for field {field}")]
    WireType {
        /// The field's number.
        field: u64,
        /// What the bytes say.
        wire_type: u8,
    },
    /// Field number zero.
    #[error("proto: illegal tag 0")]
    IllegalTag,
}

/// One decoded series, borrowing from the request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series<'a> {
    /// Name and value, in the order they came.
    pub labels: Vec<(&'a [u8], &'a [u8])>,
    /// Bits of the value and timestamp in milliseconds, in the order they came.
    pub samples: Vec<(u64, i64)>,
    /// Exemplars that were passed over.
    pub exemplars: usize,
    /// Native histograms that were passed over.
    pub histograms: usize,
}

/// Calls `each` for every series of the request, in order, reusing one [`Series`].
///
/// # Errors
/// At the first malformed byte; series before it have been handed to `each` already, so a caller that keeps
/// all or nothing collects first.
pub fn for_each_series<'a>(request: &'a [u8], mut each: impl FnMut(&Series<'a>)) -> Result<(), DecodeError> {
    let mut series = Series::default();
    let mut fields = Fields(request);
    while let Some((field, value)) = fields.next()? {
        if field != 1 {
            continue;
        }
        read_series(value.bytes(field)?, &mut series)?;
        each(&series);
    }
    Ok(())
}

fn read_series<'a>(bytes: &'a [u8], series: &mut Series<'a>) -> Result<(), DecodeError> {
    series.labels.clear();
    series.samples.clear();
    (series.exemplars, series.histograms) = (0, 0);
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => series.labels.push(read_label(value.bytes(field)?)?),
            2 => series.samples.push(read_sample(value.bytes(field)?)?),
            3 => series.exemplars += 1,
            4 => series.histograms += 1,
            _ => {}
        }
    }
    Ok(())
}

fn read_label(bytes: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let (mut name, mut text): (&[u8], &[u8]) = (b"", b"");
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => name = value.bytes(field)?,
            2 => text = value.bytes(field)?,
            _ => {}
        }
    }
    Ok((name, text))
}

fn read_sample(bytes: &[u8]) -> Result<(u64, i64), DecodeError> {
    let (mut bits, mut timestamp) = (0, 0);
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        match (field, value) {
            (1, Value::Fixed64(v)) => bits = v,
            (2, Value::Varint(v)) => timestamp = v as i64,
            (1 | 2, other) => return Err(other.wrong(field)),
            _ => {}
        }
    }
    Ok((bits, timestamp))
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32,
}

impl<'a> Value<'a> {
    fn bytes(self, field: u64) -> Result<&'a [u8], DecodeError> {
        if let Value::Bytes(bytes) = self { Ok(bytes) } else { Err(self.wrong(field)) }
    }

    fn wrong(self, field: u64) -> DecodeError {
        let wire_type = match self {
            Value::Varint(_) => 0,
            Value::Fixed64(_) => 1,
            Value::Bytes(_) => 2,
            Value::Fixed32 => 5,
        };
        DecodeError::WireType { field, wire_type }
    }
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    #[inline]
    fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, DecodeError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let field = tag >> 3;
        if field == 0 {
            return Err(DecodeError::IllegalTag);
        }
        let value = match (tag & 7) as u8 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| DecodeError::Truncated)?;
                Value::Bytes(self.take(length)?)
            }
            5 => {
                self.fixed::<4>()?;
                Value::Fixed32
            }
            wire_type => return Err(DecodeError::WireType { field, wire_type }),
        };
        Ok(Some((field, value)))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(DecodeError::Truncated)?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(DecodeError::Overflow)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode;
    use narthex_model::{Labels, Sample};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            series in prop::collection::vec(
                (prop::collection::btree_map("[a-z_]{1,8}", ".{1,300}", 0..8),
                 prop::collection::vec((any::<u64>(), any::<i64>()), 0..5)), 0..6)
        ) {
            let series: Vec<(Labels, Vec<Sample>)> = series.into_iter()
                .map(|(labels, samples)| (Labels::from_pairs(labels), samples.into_iter().map(|(b, t)| Sample::from_bits(b, t)).collect()))
                .collect();
            let mut out = Vec::new();
            let mut length = 0;
            for (labels, samples) in &series {
                encode::put_series(&mut out, labels, samples.iter().copied());
                length += encode::series_len(labels, samples.iter().map(|&s| encode::sample_len(s)).sum());
            }
            prop_assert_eq!(out.len(), length);
            let mut at = 0;
            for_each_series(&out, |got| {
                let (labels, samples) = &series[at];
                assert!(labels.iter().eq(got.labels.iter().copied()));
                assert!(samples.iter().map(|s| (s.value_bits(), s.timestamp_ms)).eq(got.samples.iter().copied()));
                at += 1;
            }).unwrap();
            prop_assert_eq!(at, series.len());
        }

        #[test]
        fn any_bytes_are_an_error_or_a_request_but_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = for_each_series(&bytes, |_| {});
        }
    }

    #[test]
    fn truncation_anywhere_is_seen() {
        let mut out = Vec::new();
        encode::put_series(
            &mut out,
            &Labels::from_pairs([("__name__", "m")]),
            [Sample::new(1.0, 1)].into_iter(),
        );
        for end in 1..out.len() {
            assert!(for_each_series(&out[..end], |_| {}).is_err(), "cut at {end}");
        }
    }
}
