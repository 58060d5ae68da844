//! What is written is read back equal, and no bytes make a reader panic.

use narthex_model::Labels;
use proptest::prelude::*;

use super::*;
use crate::text::write::{write_exposition_line, write_ndjson_line};

/// Label sets of any bytes, repeated and empty names among them; line feeds too, as both formats escape them.
fn any_labels() -> impl Strategy<Value = Labels> {
    let text = prop_oneof![
        3 => "[a-z_]{1,8}".prop_map(String::into_bytes),
        1 => Just(b"__name__".to_vec()),
        1 => any::<String>().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..12),
        1 => "[\\\\\"\n\t {},=#]{0,6}".prop_map(String::into_bytes),
    ];
    prop::collection::vec((text.clone(), text), 0..8).prop_map(Labels::from_pairs)
}

fn any_sample() -> impl Strategy<Value = Sample> {
    (any::<u64>(), any::<i64>()).prop_map(|(bits, ms)| Sample::from_bits(bits, ms))
}

proptest! {
    #[test]
    fn exposition_is_read_back_equal(labels in any_labels(), bits in any::<u64>(), ms in any::<i64>()) {
        let sample = Sample::new(f64::from_bits(bits), ms);
        let mut line = Vec::new();
        write_exposition_line(&mut line, &labels, sample);
        prop_assert_eq!(item(Format::Exposition, &line), Item::Series(TimeSeries::single(labels, sample)));
    }

    #[test]
    fn ndjson_is_read_back_equal(labels in any_labels(), samples in prop::collection::vec(any_sample(), 1..4)) {
        let mut line = Vec::new();
        write_ndjson_line(&mut line, &labels, &samples);
        prop_assert_eq!(item(Format::NdJson, &line), Item::Series(TimeSeries::new(labels, samples)));
    }

    #[test]
    fn ndjson_is_json_when_labels_are_utf8(text in any::<String>(), samples in prop::collection::vec(any_sample(), 0..4)) {
        let mut line = Vec::new();
        write_ndjson_line(&mut line, &Labels::from_pairs([("__name__", &text)]), &samples);
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        prop_assert_eq!(value["labels"]["__name__"].as_str().unwrap_or_default(), text);
    }

    #[test]
    fn any_bytes_are_an_error_or_items_but_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in Format::ALL {
            let _ = LineParser::new(format).parse_line(&bytes, &mut Vec::new());
        }
    }

    #[test]
    fn almost_good_lines_never_panic(
        labels in any_labels(), sample in any_sample(), at in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        for (format, write) in [
            (Format::Exposition, write_exposition_line as fn(&mut Vec<u8>, &Labels, Sample)),
            (Format::NdJson, |out, labels, sample| write_ndjson_line(out, labels, &[sample])),
        ] {
            let mut line = Vec::new();
            write(&mut line, &labels, sample);
            let at = at.index(line.len());
            line[at] = byte;
            let mut parser = LineParser::new(format);
            let first = parser.parse_line(&line, &mut Vec::new());
            // The same line again, now that its labels may be remembered, means the same.
            for _ in 0..2 {
                let again = parser.parse_line(&line, &mut Vec::new());
                prop_assert_eq!(again.is_ok(), first.is_ok());
            }
            let _ = LineParser::new(format).parse_line(&line[..at], &mut Vec::new());
        }
    }
}

#[test]
fn values_that_json_cannot_hold_are_strings() {
    let labels = Labels::from_pairs([("__name__", "m")]);
    let mut out = Vec::new();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -0.0, 100.0] {
        write_ndjson_line(&mut out, &labels, &[Sample::new(value, 1)]);
    }
    write_ndjson_line(&mut out, &labels, &[Sample::stale(1)]);
    write_ndjson_line(&mut out, &labels, &[Sample::stale(1), Sample::new(2.5, 2)]);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"labels":{"__name__":"m"},"value":"NaN","timestamp":1}
{"labels":{"__name__":"m"},"value":"+Inf","timestamp":1}
{"labels":{"__name__":"m"},"value":"-Inf","timestamp":1}
{"labels":{"__name__":"m"},"value":1e300,"timestamp":1}
{"labels":{"__name__":"m"},"value":-0.0,"timestamp":1}
{"labels":{"__name__":"m"},"value":100.0,"timestamp":1}
{"labels":{"__name__":"m"},"stale":true,"timestamp":1}
{"labels":{"__name__":"m"},"samples":[[1,{"stale":true}],[2,2.5]]}
"#
    );
}

#[test]
fn exposition_quotes_only_what_needs_it() {
    let write = |pairs: &[(&str, &str)]| {
        let mut out = Vec::new();
        write_exposition_line(&mut out, &Labels::from_pairs(pairs.iter().copied()), Sample::new(1.0, 7));
        String::from_utf8(out).unwrap()
    };
    assert_eq!(write(&[("__name__", "m:n"), ("a", "x\"\\\n")]), "m:n{a=\"x\\\"\\\\\\n\"} 1.0 7\n");
    assert_eq!(write(&[("__name__", "m")]), "m 1.0 7\n");
    assert_eq!(write(&[("__name__", "m.n"), ("a.b", "1")]), "{\"m.n\",\"a.b\"=\"1\"} 1.0 7\n");
    assert_eq!(write(&[("a", "1")]), "{a=\"1\"} 1.0 7\n");
    assert_eq!(write(&[]), "{} 1.0 7\n");
}
