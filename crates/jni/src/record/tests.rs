//! Records: round trips, and what is no record.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use narthex_sink::Labels;
use proptest::prelude::*;

use super::*;

fn series(origin: Origin) -> impl Strategy<Value = TimeSeries> {
    let name = prop::collection::vec(any::<u8>(), 0..12);
    // A pair with an empty value is no label; that it repeated a name is forgotten with it.
    let value = prop::collection::vec(any::<u8>(), 1..12);
    let labels = prop::collection::vec((name, value), 0..6);
    let samples = prop::collection::vec((any::<u64>(), any::<i64>()), 0..5);
    (labels, samples).prop_map(move |(labels, samples)| {
        let samples = samples.into_iter().map(|(bits, at)| Sample::from_bits(bits, at));
        origin.stamp(TimeSeries::new(Labels::from_pairs(labels), samples))
    })
}

fn any_series() -> impl Strategy<Value = TimeSeries> {
    prop_oneof![series(Origin::New), series(Origin::Restored), series(Origin::Rescaled)]
}

fn packed(series: &TimeSeries) -> Vec<u8> {
    let mut out = Vec::new();
    encode(series, &mut out);
    out
}

fn plain() -> TimeSeries {
    let labels = Labels::from_pairs([("__name__", "rpm"), ("vehicle", "V1")]);
    TimeSeries::new(labels, [Sample::new(1.5, 7), Sample::stale(8)])
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(all in prop::collection::vec(any_series(), 0..8)) {
        let mut bytes = Vec::new();
        all.iter().for_each(|series| encode(series, &mut bytes));
        let (mut decoder, mut at) = (Decoder::default(), 0);
        for series in &all {
            let (record, length) = decoder.decode(&bytes[at..]).unwrap();
            let Record::Series(read) = record else { panic!("{record:?}") };
            prop_assert_eq!(&read, series);
            prop_assert_eq!(Origin::of(&read), Origin::of(series));
            prop_assert_eq!(read.labels.faults(), series.labels.faults());
            at += length;
        }
        prop_assert_eq!(at, bytes.len());
    }

    #[test]
    fn a_run_is_what_one_by_one_gives(all in prop::collection::vec(any_series(), 0..100), cut in 0..60usize) {
        let mut bytes = Vec::new();
        // Twice, so that label sets come again within a run and after it.
        all.iter().chain(&all).for_each(|series| encode(series, &mut bytes));
        bytes.truncate(bytes.len().saturating_sub(cut));
        let (mut single, mut decoder, mut run) = (Decoder::default(), Decoder::default(), Run::default());
        let mut at = 0;
        while at < bytes.len() {
            decoder.decode_run(&bytes[at..], &mut run);
            prop_assert!(run.series.len() <= AHEAD && run.series.len() == run.lengths.len());
            for (series, length) in run.series.iter().zip(&run.lengths) {
                let (record, alone) = single.decode(&bytes[at..]).unwrap();
                prop_assert_eq!(&Record::Series(series.clone()), &record);
                prop_assert_eq!((alone, series.samples.is_empty()), (*length, false));
                at += length;
            }
            if run.series.len() < AHEAD && at < bytes.len() {
                // What ends a run early is no series with samples.
                match single.decode(&bytes[at..]) {
                    Ok((Record::Series(series), length)) => {
                        prop_assert!(series.samples.is_empty());
                        at += length;
                    }
                    other => {
                        prop_assert!(matches!(other, Err(RecordError::Truncated { .. })), "{:?}", other);
                        prop_assert!(cut > 0);
                        break;
                    }
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Decoder::default().decode(&bytes);
        Decoder::default().decode_run(&bytes, &mut Run::default());
        // The same behind a length that fits.
        let mut framed = (bytes.len() as u32).to_le_bytes().to_vec();
        framed.extend(&bytes);
        for kind in 0..6 {
            if let Some(at) = framed.get_mut(4) {
                *at = kind;
            }
            let _ = Decoder::default().decode(&framed);
            Decoder::default().decode_run(&framed, &mut Run::default());
        }
    }

    #[test]
    fn a_changed_byte_never_panics_and_the_next_record_is_read_all_the_same(
        series in any_series(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = packed(&series);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let mut decoder = Decoder::default();
        let _ = decoder.decode(&bytes);
        prop_assert_eq!(decoder.decode(&packed(&plain())).unwrap().0, Record::Series(plain()));
    }
}

#[test]
fn every_cut_is_an_error() {
    let bytes = packed(&plain());
    for length in 0..bytes.len() {
        let cut = Decoder::default().decode(&bytes[..length]);
        assert!(matches!(cut, Err(RecordError::Truncated { .. })), "{length}: {cut:?}");
        // The same with the length set to what is there.
        let Some(content) = length.checked_sub(HEAD_BYTES) else { continue };
        let mut cut = bytes[..length].to_vec();
        cut[..HEAD_BYTES].copy_from_slice(&(content as u32).to_le_bytes());
        let cut = Decoder::default().decode(&cut);
        assert!(matches!(cut, Err(RecordError::Truncated { .. })), "{length}: {cut:?}");
    }
}

#[test]
fn bytes_after_the_last_sample_are_an_error() {
    for more in [1, 15, 16, 40] {
        let mut bytes = packed(&plain());
        bytes.extend(vec![0; more]);
        let length = (bytes.len() - HEAD_BYTES) as u32;
        bytes[..HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
        assert_eq!(Decoder::default().decode(&bytes), Err(RecordError::Overlong(more)));
    }
}

#[test]
fn huge_counts_ask_for_no_memory() {
    for content in [
        [&[KIND_SERIES][..], &[0, 0], &u32::MAX.to_le_bytes()].concat(),
        [&[KIND_SERIES][..], &[255, 255], &[0; 4]].concat(),
        [&[KIND_SERIES][..], &[1, 0], &u32::MAX.to_le_bytes()].concat(),
        [&[KIND_UNWRITABLE][..], &[4], b"null", &u32::MAX.to_le_bytes()].concat(),
    ] {
        let mut bytes = (content.len() as u32).to_le_bytes().to_vec();
        bytes.extend(content);
        assert!(matches!(Decoder::default().decode(&bytes), Err(RecordError::Truncated { .. })));
    }
    let bytes = [&u32::MAX.to_le_bytes()[..], &[0; 8]].concat();
    assert!(matches!(Decoder::default().decode(&bytes), Err(RecordError::Truncated { .. })));
}

#[test]
fn no_labels_are_a_record_that_the_sink_judges() {
    let empty = TimeSeries::new(Labels::from_pairs([("", ""); 0]), [Sample::new(1.0, 1)]);
    let (record, _) = Decoder::default().decode(&packed(&empty)).unwrap();
    assert_eq!(record, Record::Series(empty));
}

#[test]
fn an_unwritable_record_has_a_reason_that_is_ours() {
    let unwritable = |reason: &str| {
        let series = &packed(&plain())[HEAD_BYTES + 1..];
        let mut content = vec![KIND_UNWRITABLE, reason.len() as u8];
        content.extend(reason.as_bytes());
        content.extend(3u32.to_le_bytes());
        content.extend(b"why");
        content.extend(series);
        let mut bytes = (content.len() as u32).to_le_bytes().to_vec();
        bytes.extend(content);
        Decoder::default().decode(&bytes).map(|(record, _)| record)
    };
    let message = "why".to_owned();
    assert_eq!(unwritable("null"), Ok(Record::Unwritable { reason: Reason::Null, message, series: plain() }));
    for reason in ["bad_request", "", "whatever"] {
        assert_eq!(unwritable(reason), Err(RecordError::Reason(reason.to_owned())));
    }
}

#[test]
fn an_unknown_kind_is_an_error() {
    let mut bytes = packed(&plain());
    bytes[HEAD_BYTES] = 9;
    assert_eq!(Decoder::default().decode(&bytes), Err(RecordError::Kind(9)));
}
