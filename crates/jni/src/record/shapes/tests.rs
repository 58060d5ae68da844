//! Shapes: what comes in two parts is what comes in one.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use narthex_sink::{Labels, Sample, TimeSeries};
use proptest::prelude::*;

use super::super::{AHEAD, Decoder, HEAD_BYTES, KIND_NAMES, KIND_SERIES, KIND_SHAPED, Record, Run, encode};
use super::*;

type Text = Vec<u8>;
/// A record: which shape, its values, its samples.
type Told = (usize, Vec<Text>, Vec<Sample>);

fn text(text: &[u8], out: &mut Vec<u8>) {
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text);
}

fn framed(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_le_bytes()[..], content].concat()
}

fn names(id: u16, names: &[Text]) -> Vec<u8> {
    let mut out = vec![KIND_NAMES];
    out.extend(id.to_le_bytes());
    out.extend((names.len() as u16).to_le_bytes());
    names.iter().for_each(|name| text(name, &mut out));
    framed(&out)
}

fn shaped(id: u16, values: &[Text], samples: &[Sample]) -> Vec<u8> {
    let mut out = vec![KIND_SHAPED];
    out.extend(id.to_le_bytes());
    values.iter().for_each(|value| text(value, &mut out));
    out.extend((samples.len() as u32).to_le_bytes());
    for sample in samples {
        out.extend(sample.value_bits().to_le_bytes());
        out.extend(sample.timestamp_ms.to_le_bytes());
    }
    framed(&out)
}

fn texts(all: &[&str]) -> Vec<Text> {
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn one() -> Vec<Sample> {
    vec![Sample::new(1.5, 7)]
}

/// A series of labels in this order.
fn series(names: &[Text], values: &[Text], samples: &[Sample]) -> TimeSeries {
    let pairs = names.iter().cloned().zip(values.iter().cloned());
    TimeSeries::new(Labels::from_pairs(pairs), samples.iter().copied())
}

fn read(decoder: &mut Decoder, bytes: &[u8]) -> Result<TimeSeries, RecordError> {
    match decoder.decode(bytes)? {
        (Record::Series(series), length) if length == bytes.len() => Ok(series),
        other => panic!("{other:?}"),
    }
}

fn some_text() -> impl Strategy<Value = Text> {
    prop::collection::vec(any::<u8>(), 0..6)
}

/// Shapes, and records of them.
fn stream() -> impl Strategy<Value = (Vec<Vec<Text>>, Vec<Told>)> {
    let shapes = prop::collection::vec(prop::collection::vec(some_text(), 0..5), 1..6);
    let samples = prop::collection::vec((any::<u64>(), any::<i64>()), 0..3)
        .prop_map(|all| all.into_iter().map(|(bits, at)| Sample::from_bits(bits, at)).collect());
    // Few values, so that label sets come again.
    let value = prop_oneof![Just(b"a".to_vec()), Just(b"b".to_vec()), some_text()];
    let record = (any::<usize>(), prop::collection::vec(value, 5), samples);
    (shapes, prop::collection::vec(record, 0..90)).prop_map(|(shapes, mut records)| {
        for (which, values, _) in &mut records {
            *which %= shapes.len();
            values.truncate(shapes[*which].len());
        }
        (shapes, records)
    })
}

proptest! {
    #[test]
    fn values_and_names_that_were_told_are_the_series_itself((shapes, records) in stream()) {
        let mut decoder = Decoder::default();
        for (id, shape) in shapes.iter().enumerate() {
            let told = names(id as u16, shape);
            prop_assert_eq!(decoder.decode(&told), Ok((Record::Names, told.len())));
        }
        for (which, values, samples) in &records {
            let expected = series(&shapes[*which], values, samples);
            let found = read(&mut decoder, &shaped(*which as u16, values, samples)).unwrap();
            prop_assert_eq!(found.labels.faults(), expected.labels.faults());
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_run_with_names_in_it_is_what_one_by_one_gives((shapes, records) in stream(), cut in 0..40usize) {
        let (mut bytes, mut told) = (Vec::new(), vec![false; shapes.len()]);
        for (number, (which, values, samples)) in records.iter().enumerate() {
            if !told[*which] || number % 37 == 36 {
                bytes.extend(names(*which as u16, &shapes[*which]));
                told[*which] = true;
            }
            if number % 7 == 3 {
                encode(&series(&shapes[*which], values, samples), &mut bytes);
            } else {
                bytes.extend(shaped(*which as u16, values, samples));
            }
        }
        bytes.truncate(bytes.len().saturating_sub(cut));
        let (mut single, mut decoder, mut run) = (Decoder::default(), Decoder::default(), Run::default());
        let mut at = 0;
        while at < bytes.len() {
            decoder.decode_run(&bytes[at..], &mut run);
            for (series, length) in run.series.iter().zip(&run.lengths) {
                let (record, alone) = single.decode(&bytes[at..]).unwrap();
                prop_assert_eq!((&Record::Series(series.clone()), *length), (&record, alone));
                at += length;
            }
            if run.series.len() == AHEAD || at == bytes.len() {
                continue;
            }
            let (next, same) = (decoder.decode(&bytes[at..]), single.decode(&bytes[at..]));
            prop_assert_eq!(&next, &same);
            match next {
                Ok((Record::Names, length)) => at += length,
                Ok((Record::Series(series), length)) if series.samples.is_empty() => at += length,
                Err(RecordError::Truncated { .. }) if cut > 0 => break,
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn changed_bytes_never_panic_and_the_next_record_is_read_all_the_same(
        bytes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        is_names in any::<bool>(),
    ) {
        let shape = texts(&["__name__", "l"]);
        let values = texts(&["m", "v"]);
        let mut decoder = Decoder::default();
        decoder.decode(&names(3, &shape)).unwrap();
        let mut broken = if is_names { names(3, &shape) } else { shaped(3, &values, &one()) };
        for (at, byte) in bytes {
            let at = at.index(broken.len());
            broken[at] = byte;
        }
        decoder.decode_run(&broken, &mut Run::default());
        let _ = decoder.decode(&broken);
        let next = read(&mut decoder, &shaped(3, &values, &one()));
        prop_assert_eq!(next, Ok(series(&shape, &values, &one())));
    }

    #[test]
    fn arbitrary_content_never_panics(mut content in prop::collection::vec(any::<u8>(), 1..200), id in 0..3u8) {
        let mut decoder = Decoder::default();
        decoder.decode(&names(0, &texts(&["a", "b"]))).unwrap();
        for kind in [KIND_NAMES, KIND_SHAPED] {
            content[0] = kind;
            for is_near in [false, true] {
                if is_near {
                    content.iter_mut().zip([kind, id, 0]).for_each(|(byte, new)| *byte = new);
                }
                decoder.decode_run(&framed(&content), &mut Run::default());
                let _ = decoder.decode(&framed(&content));
            }
        }
    }
}

#[test]
fn every_cut_is_an_error() {
    let shape = texts(&["__name__", "l"]);
    for bytes in [names(3, &shape), shaped(3, &texts(&["m", "v"]), &one())] {
        let mut decoder = Decoder::default();
        decoder.decode(&names(3, &shape)).unwrap();
        for length in 0..bytes.len() {
            let cut = decoder.decode(&bytes[..length]);
            assert!(matches!(cut, Err(RecordError::Truncated { .. })), "{length}: {cut:?}");
            // The same with the length set to what is there.
            let Some(content) = bytes[..length].get(HEAD_BYTES..) else { continue };
            let cut = decoder.decode(&framed(content));
            assert!(matches!(cut, Err(RecordError::Truncated { .. })), "{length}: {cut:?}");
        }
        let longer = [&bytes[HEAD_BYTES..], &[0; 3]].concat();
        assert_eq!(decoder.decode(&framed(&longer)), Err(RecordError::Overlong(3)));
    }
}

#[test]
fn a_shape_that_nobody_told_is_an_error() {
    let mut decoder = Decoder::default();
    decoder.decode(&names(2, &texts(&["a"]))).unwrap();
    for id in [0, 1, 3, MOST_SHAPES, u16::MAX] {
        let record = shaped(id, &texts(&["v"]), &one());
        assert_eq!(decoder.decode(&record), Err(RecordError::Shape(id)));
        let mut run = Run::default();
        decoder.decode_run(&record, &mut run);
        assert!(run.series.is_empty());
    }
}

#[test]
fn there_are_so_many_shapes_and_none_changes() {
    let mut decoder = Decoder::default();
    let name = |id: u16| texts(&["__name__", &format!("l{id}")]);
    for id in 0..MOST_SHAPES {
        decoder.decode(&names(id, &name(id))).unwrap();
    }
    assert_eq!(decoder.decode(&names(MOST_SHAPES, &name(0))), Err(RecordError::Shape(MOST_SHAPES)));
    for id in (0..MOST_SHAPES).rev() {
        decoder.decode(&names(id, &name(id))).unwrap();
        assert_eq!(decoder.decode(&names(id, &name(id + 1))), Err(RecordError::ShapeTaken(id)));
        assert_eq!(decoder.decode(&names(id, &name(id)[..1])), Err(RecordError::ShapeTaken(id)));
        let values = texts(&["m", "v"]);
        let found = read(&mut decoder, &shaped(id, &values, &one()));
        assert_eq!(found, Ok(series(&name(id), &values, &one())));
    }
}

#[test]
fn huge_counts_ask_for_no_memory() {
    let content = [&[KIND_NAMES][..], &[0, 0], &[255, 255], &[0; 4]].concat();
    let mut decoder = Decoder::default();
    assert!(matches!(decoder.decode(&framed(&content)), Err(RecordError::Truncated { .. })));
    assert!(decoder.shapes.0.is_empty());
    decoder.decode(&names(0, &texts(&["a"]))).unwrap();
    for content in [[0, 0, 255, 255, 255, 255], [0, 0, 0, 0, 0, 0]] {
        let content = [&[KIND_SHAPED][..], &content, &u32::MAX.to_le_bytes()].concat();
        assert!(matches!(decoder.decode(&framed(&content)), Err(RecordError::Truncated { .. })));
    }
}

#[test]
fn values_are_never_taken_for_labels_with_the_same_bytes() {
    // A name of 8 bytes with an empty value; or shape 8 with the values "", "xy" and "".
    let key = [&[8, 0, 0, 0, 0, 0, 2, 0, 0, 0][..], b"xy", &[0; 4]].concat();
    let samples = [&1u32.to_le_bytes()[..], &[0; 16]].concat();
    let plain = framed(&[&[KIND_SERIES, 1, 0], &key[..], &samples].concat());
    let values = framed(&[&[KIND_SHAPED], &key[..], &samples].concat());
    let shape = texts(&["a", "b", "c"]);
    for is_plain_first in [false, true] {
        let mut decoder = Decoder::default();
        decoder.decode(&names(8, &shape)).unwrap();
        if is_plain_first {
            read(&mut decoder, &plain).unwrap();
        }
        let expected = series(&shape, &texts(&["", "xy", ""]), &[Sample::from_bits(0, 0)]);
        assert_eq!(read(&mut decoder, &values), Ok(expected));
        let nothing = series(&[], &[], &[Sample::from_bits(0, 0)]);
        assert_eq!(read(&mut decoder, &plain), Ok(nothing));
    }
}
