//! What the receiver holds, as values and as NDJSON.
//!
//! One object a line: `{"labels":{"__name__":"m"},"samples":[[1700000000000,1.5]]}`, lines sorted by labels.
//! Values that JSON cannot hold are the strings of Prometheus' API (`"NaN"`, `"+Inf"`, `"-Inf"`); a stale
//! marker is `{"stale":true}` in place of the value. Bytes that are no UTF-8 (2.42 takes them) show as U+FFFD.

use std::io::{self, Write};

use narthex_model::{Labels, STALE_NAN_BITS};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, SerializeTuple, Serializer};

/// A series and the samples that are held of it, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldSeries {
    /// The labels, sorted.
    pub labels: Labels,
    /// The samples in timestamp order.
    pub samples: Vec<HeldSample>,
}

/// A sample with the exact bits that came over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldSample {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The value's bits.
    pub value_bits: u64,
}

impl HeldSample {
    /// The value; NaN for a stale marker.
    pub fn value(self) -> f64 {
        f64::from_bits(self.value_bits)
    }

    /// Whether this is the stale marker.
    pub fn is_stale(self) -> bool {
        self.value_bits == STALE_NAN_BITS
    }
}

/// Writes one line a series.
pub(crate) fn write_ndjson(series: &[HeldSeries], out: &mut impl Write) -> io::Result<()> {
    for one in series {
        serde_json::to_writer(&mut *out, one)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

impl Serialize for HeldSeries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(2))?;
        object.serialize_entry("labels", &LabelObject(&self.labels))?;
        object.serialize_entry("samples", &SampleArray(&self.samples))?;
        object.end()
    }
}

struct LabelObject<'a>(&'a Labels);

impl Serialize for LabelObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (name, value) in self.0.iter() {
            object.serialize_entry(&String::from_utf8_lossy(name), &String::from_utf8_lossy(value))?;
        }
        object.end()
    }
}

struct SampleArray<'a>(&'a [HeldSample]);

impl Serialize for SampleArray<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(Some(self.0.len()))?;
        for sample in self.0 {
            array.serialize_element(sample)?;
        }
        array.end()
    }
}

impl Serialize for HeldSample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&self.timestamp_ms)?;
        match self.value() {
            _ if self.is_stale() => pair.serialize_element(&Stale { stale: true })?,
            value if value.is_nan() => pair.serialize_element("NaN")?,
            f64::INFINITY => pair.serialize_element("+Inf")?,
            f64::NEG_INFINITY => pair.serialize_element("-Inf")?,
            value => pair.serialize_element(&value)?,
        }
        pair.end()
    }
}

#[derive(serde::Serialize)]
struct Stale {
    stale: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_json_cannot_hold_are_strings() {
        let bits = [1.5, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(f64::to_bits);
        let samples = bits.into_iter().chain([STALE_NAN_BITS]).zip(1i64..);
        let series = HeldSeries {
            labels: Labels::from_pairs([("__name__", "m"), ("a", "x\"y")]),
            samples: samples
                .map(|(value_bits, timestamp_ms)| HeldSample { timestamp_ms, value_bits })
                .collect(),
        };
        let mut out = Vec::new();
        write_ndjson(&[series], &mut out).unwrap();
        let want = r#"{"labels":{"__name__":"m","a":"x\"y"},"samples":[[1,1.5],[2,-0.0],[3,"NaN"],[4,"+Inf"],[5,"-Inf"],[6,{"stale":true}]]}"#;
        assert_eq!(String::from_utf8(out).unwrap().trim_end(), want);
    }
}
