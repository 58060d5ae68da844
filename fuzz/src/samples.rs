//! Targets for what reads and writes samples: text formats, requests, label sets.
//!
//! Each checks more than "no panic": what is read can be written and read back, and remembering label sets
//! between lines changes nothing.

use narthex_model::{Labels, LabelsBuilder, Sample};
use narthex_protocol::decode::for_each_series;
use narthex_protocol::encode::{put_series, series_len};
use narthex_protocol::snappy::{Compressor, decompress};
use narthex_protocol::text::write::{write_exposition_line, write_ndjson_line};
use narthex_protocol::text::{Format, Item, LineParser};

/// A target's name, which is that of its corpus, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this file.
pub const TARGETS: [Target; 6] = [
    ("exposition", parse_exposition),
    ("openmetrics", parse_openmetrics),
    ("ndjson", parse_ndjson),
    ("write_request", decode_write_request),
    ("snappy", unpack_snappy),
    ("labels", build_labels),
];

/// Reads lines of exposition, writes what they hold and reads that back.
pub fn parse_exposition(data: &[u8]) {
    for item in parse_lines(Format::Exposition, data) {
        let Item::Series(series) = &item else { continue };
        let mut line = Vec::new();
        write_exposition_line(&mut line, &series.labels, series.samples[0]);
        assert_eq!(read_back(Format::Exposition, &line), item);
    }
}

/// Reads lines of OpenMetrics.
pub fn parse_openmetrics(data: &[u8]) {
    parse_lines(Format::OpenMetrics, data);
}

/// Reads lines of NDJSON, writes what they hold and reads that back.
pub fn parse_ndjson(data: &[u8]) {
    for item in parse_lines(Format::NdJson, data) {
        let Item::Series(series) = &item else { continue };
        let mut line = Vec::new();
        write_ndjson_line(&mut line, &series.labels, &series.samples);
        assert_eq!(read_back(Format::NdJson, &line), item);
    }
}

/// Decodes a request; what decodes is encoded anew, and decodes to the same.
pub fn decode_write_request(data: &[u8]) {
    let mut series = Vec::new();
    let read = for_each_series(data, |one| {
        let labels = Labels::from_pairs(one.labels.iter().copied());
        let samples: Vec<_> = one.samples.iter().map(|&(bits, ms)| Sample::from_bits(bits, ms)).collect();
        series.push((labels, samples));
    });
    if read.is_err() {
        return;
    }
    let mut request = Vec::new();
    for (labels, samples) in &series {
        let before = request.len();
        put_series(&mut request, labels, samples.iter().copied());
        let samples_len = samples.iter().map(|&s| narthex_protocol::encode::sample_len(s)).sum();
        assert_eq!(request.len() - before, series_len(labels, samples_len));
    }
    let mut expected = series.iter();
    let again = for_each_series(&request, |one| {
        let (labels, samples) = expected.next().expect("as many series as were encoded");
        assert!(labels.iter().eq(one.labels.iter().copied()));
        assert!(samples.iter().map(|s| (s.value_bits(), s.timestamp_ms)).eq(one.samples.iter().copied()));
    });
    assert_eq!((again, expected.len()), (Ok(()), 0));
}

/// Unpacks a block under a limit, and packs and unpacks the bytes themselves.
pub fn unpack_snappy(data: &[u8]) {
    const LIMIT: usize = 1 << 20;
    if let Ok(unpacked) = decompress(data, LIMIT) {
        assert!(unpacked.len() <= LIMIT);
    }
    let mut compressor = Compressor::default();
    let packed = compressor.compress(data).expect("short enough");
    assert_eq!(decompress(packed, data.len()).expect("our own block"), data);
}

/// Builds a label set of pairs cut out of the bytes, twice, and looks at all of it.
pub fn build_labels(data: &[u8]) {
    let pairs: Vec<_> = data.split(|&b| b == b'\n').filter_map(|line| split_pair(line)).collect();
    let labels = Labels::from_pairs(pairs.iter().copied());
    let mut builder = LabelsBuilder::new();
    pairs.iter().rev().for_each(|(name, value)| builder.push(name, value));
    let reversed = builder.finish();
    assert_eq!(labels.faults(), reversed.faults());
    assert_eq!(labels.encoded().len(), reversed.encoded().len());
    assert!(labels.iter().is_sorted_by(|a, b| a.0 <= b.0));
    assert!(labels.iter().all(|(_, value)| !value.is_empty()));
    assert_eq!(labels, Labels::from_pairs(labels.iter()));
    assert!(labels.to_string().chars().all(|c| !c.is_control()));
}

/// The items of all lines; each line is also read by a parser that saw none before it, with the same outcome.
fn parse_lines(format: Format, data: &[u8]) -> Vec<Item> {
    let mut parser = LineParser::new(format);
    let mut items = Vec::new();
    for line in data.split_inclusive(|&b| b == b'\n') {
        let before = items.len();
        let ended = parser.saw_eof();
        let read = parser.parse_line(line, &mut items);
        if let Err(error) = &read {
            assert!(error.column >= 1 && error.column <= line.len() + 1, "{error}");
            assert!(error.excerpt.is_ascii() && error.excerpt.len() <= 4 * 80);
        }
        if !ended {
            let mut alone = Vec::new();
            assert_eq!(LineParser::new(format).parse_line(line, &mut alone).is_ok(), read.is_ok());
            assert_same(&items[before..], &alone);
        }
    }
    items
}

fn read_back(format: Format, line: &[u8]) -> Item {
    let mut items = Vec::new();
    LineParser::new(format).parse_line(line, &mut items).expect("our own line");
    assert_eq!(items.len(), 1, "one item a line");
    items.remove(0)
}

fn split_pair(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|&b| b == b'=')?;
    Some((&line[..at], &line[at + 1..]))
}

/// Equal, where two values without a timestamp may both be NaN.
fn assert_same(items: &[Item], others: &[Item]) {
    let bits =
        |item: &Item| if let Item::Untimed { value, .. } = item { Some(value.to_bits()) } else { None };
    assert!(items.iter().map(bits).eq(others.iter().map(bits)));
    assert!(items.iter().map(Item::labels).eq(others.iter().map(Item::labels)));
    assert!(items.iter().zip(others).all(|(a, b)| bits(a).is_some() || a == b));
}
