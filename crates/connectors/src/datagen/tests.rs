use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float64Type, Int8Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType,
};
use narthex_sink::ManualClock;

use super::*;
use crate::testing::{messages, table_of};

const NOW_MS: i64 = 1_714_979_289_123;

fn read_table(columns: &str, options: &[(&str, &str)]) -> Result<Datagen, Vec<String>> {
    let options: Vec<_> = [("connector", "datagen")].iter().chain(options).copied().collect();
    let table = table_of(columns, &options);
    let mut options = Options::new(&table);
    let read = read(&mut options);
    if !options.mistakes.is_empty() {
        return Err(messages(&options.mistakes));
    }
    let mut context = Context::new("test");
    context.clock = Arc::new(ManualClock::at(NOW_MS));
    let all: Vec<_> = (0..table.columns.len()).collect();
    Ok(Datagen::seeded(&table, read, &all, &context, 7))
}

/// All rows of a bounded table, or the first 20,000.
fn rows(columns: &str, options: &[(&str, &str)]) -> Vec<RecordBatch> {
    let options: Vec<_> = [("rows-per-second", "1000000000")].iter().chain(options).copied().collect();
    let source = read_table(columns, &options).unwrap();
    let mut splits = source.open().unwrap();
    let NextSplit::Split(mut split) = splits.next(Duration::ZERO).unwrap() else { panic!("no split") };
    assert!(matches!(splits.next(Duration::ZERO).unwrap(), NextSplit::End));
    let (mut batches, mut count) = (Vec::new(), 0);
    while count < 20_000 {
        match split.next(Duration::from_millis(100)).unwrap() {
            Next::Chunk(chunk) => {
                assert!(chunk.bytes() <= 2 << 20);
                let decoded = chunk.decode().unwrap();
                assert_eq!((decoded.records, decoded.ignored), (decoded.batch.num_rows() as u64, 0));
                count += decoded.batch.num_rows();
                batches.push(decoded.batch);
            }
            Next::Later => {}
            Next::End => break,
        }
    }
    batches
}

fn all(batches: &[RecordBatch]) -> RecordBatch {
    arrow::compute::concat_batches(&batches[0].schema(), batches).unwrap()
}

#[test]
fn sequences_run_from_start_to_end_and_the_shortest_ends_all() {
    let batch = all(&rows(
        "n BIGINT, s STRING, d DECIMAL(6, 2), b TINYINT",
        &[
            ("fields.n.kind", "sequence"),
            ("fields.n.start", "-3"),
            ("fields.n.end", "16"),
            ("fields.s.kind", "sequence"),
            ("fields.s.start", "1"),
            ("fields.s.end", "100"),
            ("fields.d.kind", "sequence"),
            ("fields.d.start", "1"),
            ("fields.d.end", "9999"),
            ("fields.b.min", "5"),
            ("fields.b.max", "5"),
        ],
    ));
    assert_eq!(batch.num_rows(), 20);
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &(-3..=16).collect::<Vec<i64>>()[..]);
    assert_eq!(batch.column(1).as_string::<i32>().value(19), "20");
    assert_eq!(batch.column(2).as_primitive::<Decimal128Type>().value_as_string(2), "3.00");
    assert!(batch.column(3).as_primitive::<Int8Type>().values().iter().all(|&value| value == 5));
}

#[test]
fn random_numbers_fill_their_range() {
    let batch = all(&rows(
        "i INT, d DOUBLE, x DECIMAL(4, 1), `full` BIGINT",
        &[
            ("number-of-rows", "20000"),
            ("fields.i.min", "-2"),
            ("fields.i.max", "3"),
            ("fields.d.min", "10"),
            ("fields.d.max", "20"),
        ],
    ));
    assert_eq!(batch.num_rows(), 20_000);
    let ints: HashSet<_> = batch.column(0).as_primitive::<Int32Type>().values().iter().copied().collect();
    assert_eq!(ints, (-2..=3).collect());
    let doubles = batch.column(1).as_primitive::<Float64Type>().values();
    assert!(doubles.iter().all(|value| (10.0..=20.0).contains(value)));
    let mean = doubles.iter().sum::<f64>() / 20_000.0;
    assert!((14.8..15.2).contains(&mean), "{mean}");
    assert!(
        batch.column(2).as_primitive::<Decimal128Type>().values().iter().all(|value| value.abs() <= 9999)
    );
    let negative =
        batch.column(3).as_primitive::<Int64Type>().values().iter().filter(|value| **value < 0).count();
    assert!((9000..11_000).contains(&negative), "{negative}");
}

#[test]
fn texts_have_their_length_and_nulls_their_rate() {
    let batch = all(&rows(
        "s STRING, c CHAR(5), v VARCHAR(7), w STRING, b BYTES",
        &[
            ("number-of-rows", "5000"),
            ("fields.s.null-rate", "0.25"),
            ("fields.w.length", "9"),
            ("fields.w.var-len", "true"),
            ("fields.b.length", "3"),
        ],
    ));
    let texts = batch.column(0).as_string::<i32>();
    assert!((1100..1400).contains(&texts.null_count()), "{}", texts.null_count());
    assert!(
        texts.iter().flatten().all(|text| text.len() == 100 && text.bytes().all(|b| b.is_ascii_hexdigit()))
    );
    assert!(batch.column(1).as_string::<i32>().iter().flatten().all(|text| text.len() == 5));
    assert!(batch.column(2).as_string::<i32>().iter().flatten().all(|text| text.len() == 7));
    let lengths: HashSet<_> = batch.column(3).as_string::<i32>().iter().flatten().map(str::len).collect();
    assert_eq!(lengths, (1..9).collect());
    assert!(batch.column(4).as_binary::<i32>().iter().flatten().all(|bytes| bytes.len() == 3));
}

#[test]
fn times_are_now_or_not_long_ago() {
    let batch = all(&rows(
        "t TIMESTAMP(3), z TIMESTAMP_LTZ(6), d DATE, c TIME",
        &[("number-of-rows", "500"), ("fields.z.max-past", "10 s")],
    ));
    assert!(
        batch.column(0).as_primitive::<TimestampMillisecondType>().values().iter().all(|&ms| ms == NOW_MS)
    );
    let past = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
    assert!(past.iter().all(|us| (NOW_MS - 10_000..=NOW_MS).contains(&(us / 1000))));
    assert!(past.iter().any(|us| us / 1000 < NOW_MS - 5000));
    assert!(batch.column(2).as_primitive::<Date32Type>().values().iter().all(|&day| day == 19_849));
    assert_eq!(
        batch.column(3).as_primitive::<arrow::datatypes::Time32MillisecondType>().value(0),
        25_689_123
    );
}

#[test]
fn nested_types_have_options_of_their_own() {
    let batch = all(&rows(
        "a ARRAY<INT>, m MAP<STRING, DOUBLE>, r ROW<x INT, y ARRAY<STRING>>, k MULTISET<STRING>, f BOOLEAN",
        &[
            ("number-of-rows", "300"),
            ("fields.a.length", "4"),
            ("fields.a.element.min", "1"),
            ("fields.a.element.max", "2"),
            ("fields.m.key.length", "8"),
            ("fields.m.value.null-rate", "1"),
            ("fields.r.x.max", "0"),
            ("fields.r.null-rate", "0.5"),
        ],
    ));
    let array = batch.column(0).as_list::<i32>();
    assert_eq!(array.value_length(7), 4);
    assert!(array.values().as_primitive::<Int32Type>().values().iter().all(|value| (1..=2).contains(value)));
    let map = batch.column(1).as_map();
    assert_eq!(map.value_length(0), 3);
    assert_eq!(map.keys().as_string::<i32>().value(0).len(), 8);
    assert_eq!(map.values().null_count(), 900);
    let row = batch.column(2).as_struct();
    assert!((100..200).contains(&row.null_count()));
    assert!(row.column(0).as_primitive::<Int32Type>().values().iter().all(|value| *value <= 0));
    assert_eq!(batch.column(3).as_map().value_length(0), 3);
    assert!((100..200).contains(&batch.column(4).as_boolean().true_count()));
}

#[test]
fn only_what_was_asked_for_is_made_and_the_sequence_still_ends_it() {
    let table = table_of(
        "a STRING, n INT",
        &[
            ("connector", "datagen"),
            ("fields.n.kind", "sequence"),
            ("fields.n.start", "1"),
            ("fields.n.end", "5"),
        ],
    );
    let mut options = Options::new(&table);
    let read = read(&mut options);
    let source = Datagen::seeded(&table, read, &[], &Context::new("test"), 1);
    assert!(source.is_bounded());
    let NextSplit::Split(mut split) = source.open().unwrap().next(Duration::ZERO).unwrap() else { panic!() };
    let mut rows = 0;
    loop {
        match split.next(Duration::from_secs(1)).unwrap() {
            Next::Chunk(chunk) => {
                let batch = chunk.decode().unwrap().batch;
                assert_eq!(batch.num_columns(), 0);
                rows += batch.num_rows();
            }
            Next::Later => {}
            Next::End => break,
        }
    }
    assert_eq!(rows, 5);
}

#[test]
fn mistakes_name_the_field_and_what_would_be_right() {
    let told =
        |columns: &str, options: &[(&str, &str)]| read_table(columns, options).map(|_| ()).unwrap_err();
    for (columns, options, expected) in [
        (
            "a INT",
            &[("fields.a.kind", "squence")][..],
            "fields.a.kind: \"squence\" is not one of random, sequence; did you mean sequence?",
        ),
        (
            "a INT",
            &[("fields.a.kind", "sequence"), ("fields.a.start", "1")],
            "fields.a.end: is missing; a sequence has a start and an end",
        ),
        (
            "a TINYINT",
            &[("fields.a.max", "300")],
            "fields.a.max: 300 is out of range; allowed are -128 to 127",
        ),
        (
            "a INT",
            &[("fields.a.min", "3"), ("fields.a.max", "2")],
            "fields.a.min: the least, 3, is more than the most, 2",
        ),
        ("a CHAR(3)", &[("fields.a.length", "2")], "fields.a.length: the type says that the length is 3"),
        (
            "a VARCHAR(3)",
            &[("fields.a.length", "4")],
            "fields.a.length: 4 is out of range; allowed are 1 to 3",
        ),
        (
            "a ARRAY<INT>",
            &[("fields.a.kind", "sequence")],
            "fields.a.kind: there is no sequence of ARRAY<INT>; leave it out for random values",
        ),
        (
            "a INT",
            &[("fields.b.min", "3")],
            "fields.b.min: the connector datagen has no such option; did you mean fields.a.min?",
        ),
        (
            "a INT",
            &[("rows-per-second", "0")],
            "rows-per-second: 0 is out of range; allowed are 1 to 9223372036854775807",
        ),
        (
            "a STRING",
            &[("fields.a.null-rate", "2")],
            "fields.a.null-rate: 2 is out of range; allowed are 0 to 1",
        ),
    ] {
        assert_eq!(told(columns, options), [expected]);
    }
}
