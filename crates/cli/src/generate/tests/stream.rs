//! Tests of streams of samples: the same bytes, errors with the fates that the manifest tells.

use std::collections::{BTreeMap, HashMap};

use narthex_model::{LabelFault, LabelFaults, Labels, Sample};
use narthex_protocol::text::{Format, Item, LineParser};

use super::*;

/// A tenth of the events comes with an error.
const ERRORS: &str = "--out-of-order 0.02 --late 0.02 --duplicate 0.01 --conflict 0.01 --malformed 0.01 \
                      --bad-label 0.01 --nan 0.01 --future 0.01";

/// FNV-1a, so that no crate's version can move the pinned hashes.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

/// What a strict sink with all checks does with each line, as the design words it.
#[derive(Default)]
struct StrictSink {
    newest: HashMap<Labels, Sample>,
}

impl StrictSink {
    fn fate(&mut self, parser: &mut LineParser, line: &[u8]) -> &'static str {
        let mut items = Vec::new();
        if parser.parse_line(line, &mut items).is_err() {
            return "undecodable";
        }
        let [Item::Series(series)] = items.as_slice() else { panic!("one series a line") };
        let sample = series.samples[0];
        match series.labels.faults().worst_in(LabelFaults::LEGACY) {
            Some(LabelFault::InvalidLabelName) => return "invalid_label_name",
            Some(other) => panic!("{other:?}"),
            None => {}
        }
        if sample.timestamp_ms > NOW_MS + 600_000 {
            return "too_far_in_future";
        }
        if let Some(&newest) = self.newest.get(&series.labels) {
            if sample.timestamp_ms < newest.timestamp_ms {
                return "out_of_order";
            }
            if sample.timestamp_ms == newest.timestamp_ms {
                return if sample == newest { "duplicate_same" } else { "duplicate" };
            }
        }
        self.newest.insert(series.labels.clone(), sample);
        "written"
    }
}

#[test]
fn each_line_meets_the_fate_that_the_manifest_tells() {
    for kind in ["--kind series --series 50 --labels 4", "--kind vehicle-series --devices 50"] {
        for seed in 1..=5 {
            let (stream, manifest) = generate(&format!("{kind} --seed {seed} --count 5000 {ERRORS}"));
            let mut told = HashMap::new();
            let mut entries: Vec<serde_json::Value> =
                manifest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let summary = entries.pop().unwrap();
            for entry in &entries {
                let fate = entry["reason"].as_str().or(entry["fate"].as_str()).unwrap();
                told.insert(entry["line"].as_u64().unwrap(), fate);
            }
            let (mut sink, mut parser) = (StrictSink::default(), LineParser::new(Format::NdJson));
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for (line, number) in lines(&stream).zip(1..) {
                let fate = sink.fate(&mut parser, line);
                assert_eq!(fate, *told.get(&number).unwrap_or(&"written"), "{kind} {seed} line {number}");
                *counts.entry(fate).or_default() += 1;
            }
            let expected = &summary["expected"];
            assert_eq!(expected["written"], counts["written"]);
            assert_eq!(expected["undecodable"], counts["undecodable"]);
            for (reason, count) in expected["dropped"].as_object().unwrap() {
                assert_eq!(*count, counts[reason.as_str()], "{reason}");
            }
            assert_eq!(summary["lines"], counts.values().sum::<u64>());
        }
    }
}

#[test]
fn manifest_entries_hold_the_injected_line() {
    let (stream, manifest) = generate(&format!("--series 5 --labels 3 --count 2000 {ERRORS}"));
    let all: Vec<_> = lines(&stream).collect();
    let mut kinds = BTreeMap::new();
    for entry in manifest.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()) {
        let kind = entry["kind"].as_str().unwrap().to_owned();
        *kinds.entry(kind.clone()).or_insert(0) += 1;
        if kind == "summary" {
            continue;
        }
        let line = all[entry["line"].as_u64().unwrap() as usize - 1];
        if kind == "malformed" {
            assert_eq!(entry["raw"].as_str().unwrap().as_bytes(), line);
            continue;
        }
        let line: serde_json::Value = serde_json::from_slice(line).unwrap();
        for member in ["labels", "value", "timestamp"] {
            assert_eq!(entry[member], line[member]);
        }
    }
    assert_eq!(kinds.len(), 9, "{kinds:?}");
    assert!((20..=60).contains(&kinds["late"]), "{kinds:?}");
}

#[test]
fn the_same_flags_give_the_same_bytes() {
    for (flags, pinned) in [
        ("--series 20 --count 500", 2_479_198_167_302_889_449),
        ("--kind vehicles --devices 20 --count 500", 16_373_119_997_892_699_049),
        ("--kind vehicle-series --devices 20 --count 500", 13_023_578_533_905_664_353),
    ] {
        let flags = format!("{flags} --start 1700000000000 --seed 7");
        let (stream, _) = generate(&flags);
        assert_eq!(stream, generate(&flags).0);
        assert_ne!(stream, generate(&format!("{flags}0")).0, "another seed");
        assert_eq!(hash(&stream), pinned, "{flags}");
    }
    let (stream, manifest) = generate(&format!("--series 20 --count 500 --start 1700000000000 {ERRORS}"));
    assert_eq!(
        (hash(&stream), hash(manifest.as_bytes())),
        (4_212_987_384_185_385_521, 7_894_420_137_574_488_943),
        "with errors"
    );
}

#[test]
fn errors_change_nothing_about_the_clean_part() {
    let flags = "--kind vehicle-series --devices 20 --count 3000";
    let (clean, _) = generate(flags);
    let (mixed, manifest) = generate(&format!("{flags} --late 0.2 --malformed 0.1 --conflict 0.1"));
    let injected: Vec<usize> = manifest
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|entry| entry["line"].as_u64().map(|line| line as usize))
        .collect();
    let kept: Vec<_> = lines(&mixed)
        .zip(1..)
        .filter(|(_, n)| injected.binary_search(n).is_err())
        .map(|(line, _)| line)
        .collect();
    assert!(injected.len() > 1000);
    assert!(lines(&clean).eq(kept));
}

#[test]
fn clean_samples_of_a_series_rise_by_its_step() {
    let (stream, _) = generate("--series 7 --labels 2 --step 1ms --count 1000 --start 0");
    let mut newest: HashMap<Labels, i64> = HashMap::new();
    let mut parser = LineParser::new(Format::NdJson);
    let mut items = Vec::new();
    for line in lines(&stream) {
        parser.parse_line(line, &mut items).unwrap();
    }
    for item in items {
        let Item::Series(series) = item else { panic!("timed") };
        let ms = series.samples[0].timestamp_ms;
        if let Some(before) = newest.insert(series.labels, ms) {
            assert_eq!(ms, before + 1);
        }
    }
    assert_eq!(newest.len(), 7);
    assert!(newest.values().all(|ms| (141..=142).contains(ms)), "{newest:?}");
}

#[test]
fn a_series_has_as_many_labels_as_asked_for() {
    for labels in [2, 3, 10, 100] {
        let (stream, _) = generate(&format!("--labels {labels} --count 1"));
        let line: serde_json::Value = serde_json::from_slice(&stream).unwrap();
        assert_eq!(line["labels"].as_object().unwrap().len(), labels);
    }
}
