//! What rows become, against series made by hand: the cases of the Java connector's row converter.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int16Array, Int32Array, Int64Array, ListArray, MapBuilder, StringArray, StringBuilder, StructArray,
    Time32MillisecondArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use chrono_tz::Tz;
use narthex_engine::Payload;
use narthex_planner::arrow_field;
use narthex_sink::{Labels, Sample, TimeSeries};

use super::options;
use crate::testing::table_of;
use crate::{Context, sink};

type Made = (Vec<TimeSeries>, Vec<(TimeSeries, String)>);

/// What a batch of these columns becomes; twice, so that what is kept between batches is used.
fn encoded(columns: &str, changes: &[(&str, &str)], zone: Tz, arrays: Vec<ArrayRef>) -> Made {
    let table = table_of(columns, &options(changes));
    let fields: Vec<_> = table.columns.iter().map(|(name, data_type)| arrow_field(name, data_type)).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    let context = Context { zone, ..Context::new("test") };
    let mut encoder = sink(&table, &context).unwrap().encoder().unwrap();
    let mut once = || match encoder.encode(&batch).unwrap() {
        Payload::Series { rows, series, unwritable } => {
            assert_eq!(rows, batch.num_rows() as u64);
            (series, unwritable)
        }
        other => panic!("{other:?}"),
    };
    let (first, second) = (once(), once());
    assert_eq!(first, second);
    first
}

fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn doubles(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn longs(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

fn one(pairs: &[(&str, &str)], value: f64, time: i64) -> TimeSeries {
    TimeSeries::single(labels(pairs), Sample::new(value, time))
}

#[test]
fn remaining_scalars_are_labels_and_nulls_and_empties_are_left_out() {
    let (series, unwritable) = encoded(
        "name STRING, val DOUBLE, ts BIGINT, a STRING, b INT, c STRING, skipped ARRAY<INT>",
        &[],
        Tz::UTC,
        vec![
            strings(&[Some("m"), Some("n")]),
            doubles(&[Some(1.5), Some(2.0)]),
            longs(&[Some(7), Some(8)]),
            strings(&[Some(""), Some("x")]),
            Arc::new(Int32Array::from(vec![Some(3), None])),
            strings(&[None, Some("ü")]),
            Arc::new(ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>(vec![
                Some(vec![Some(1)]),
                None,
            ])),
        ],
    );
    assert_eq!(
        series,
        [
            one(&[("__name__", "m"), ("b", "3")], 1.5, 7),
            one(&[("__name__", "n"), ("a", "x"), ("c", "ü")], 2.0, 8)
        ]
    );
    assert_eq!(unwritable, []);
}

#[test]
fn named_labels_and_a_map() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for (key, value) in [("k", Some("v")), ("empty", Some("")), ("null", None)] {
        map.keys().append_value(key);
        map.values().append_option(value);
    }
    map.append(true).unwrap();
    map.append(false).unwrap();
    let map = map.finish();
    // The builder's names of entries are others than the table's.
    let map: ArrayRef = arrow::compute::cast(
        &map,
        &narthex_planner::arrow_type(&narthex_sql::DataType::parse("MAP<STRING, STRING>").unwrap()),
    )
    .unwrap();
    for keys in ["a;b", "[a,b]", "[ ''a'', \"b\" ]".trim(), " a ; b ;"] {
        let keys = keys.replace("''", "'");
        let (series, _) = encoded(
            "name STRING, val DOUBLE, ts BIGINT, a STRING, b STRING, c STRING, map MAP<STRING, STRING>",
            &[("metric.label.keys", &keys), ("metric.label.map", "map")],
            Tz::UTC,
            vec![
                strings(&[Some("m"), Some("m")]),
                doubles(&[Some(1.0), Some(1.0)]),
                longs(&[Some(1), Some(2)]),
                strings(&[Some("1"), Some("1")]),
                strings(&[Some("2"), Some("2")]),
                strings(&[Some("3"), Some("3")]),
                map.clone(),
            ],
        );
        assert_eq!(
            series,
            [
                one(&[("__name__", "m"), ("a", "1"), ("b", "2"), ("k", "v")], 1.0, 1),
                one(&[("__name__", "m"), ("a", "1"), ("b", "2")], 1.0, 2)
            ]
        );
    }
}

#[test]
fn every_scalar_has_the_text_of_a_cast() {
    let (series, _) = encoded(
        "name STRING, val INT, ts BIGINT, b BOOLEAN, s SMALLINT, f FLOAT, d DOUBLE, x DECIMAL(6, 2), y BYTES, \
         `day` DATE, t TIME(3), t3 TIMESTAMP(3), t9 TIMESTAMP(9), z TIMESTAMP_LTZ(3)",
        &[],
        Tz::America__New_York,
        vec![
            strings(&[Some("m")]),
            Arc::new(Int32Array::from(vec![1])),
            longs(&[Some(1)]),
            Arc::new(BooleanArray::from(vec![true])),
            Arc::new(Int16Array::from(vec![-5])),
            Arc::new(Float32Array::from(vec![1.1])),
            doubles(&[Some(1e20)]),
            Arc::new(Decimal128Array::from(vec![1250]).with_precision_and_scale(6, 2).unwrap()),
            Arc::new(BinaryArray::from(vec![&b"a\xffb"[..]])),
            Arc::new(Date32Array::from(vec![19_849])),
            Arc::new(Time32MillisecondArray::from(vec![25_689_120])),
            Arc::new(TimestampMillisecondArray::from(vec![1_714_979_289_120])),
            Arc::new(TimestampNanosecondArray::from(vec![-1])),
            Arc::new(TimestampMillisecondArray::from(vec![1_714_979_289_120]).with_timezone("UTC")),
        ],
    );
    let expected = [
        ("__name__", "m"),
        ("b", "TRUE"),
        ("s", "-5"),
        ("f", "1.1"),
        ("d", "1.0E20"),
        ("x", "12.50"),
        ("y", "a\u{fffd}b"),
        ("day", "2024-05-06"),
        ("t", "07:08:09.12"),
        ("t3", "2024-05-06 07:08:09.120"),
        ("t9", "1969-12-31 23:59:59.999999999"),
        ("z", "2024-05-06 03:08:09.120"),
    ];
    assert_eq!(series, [one(&expected, 1.0, 1)]);
}

#[test]
fn nulls_are_told_with_their_labels() {
    let nothing = Sample::new(0.0, i64::MIN);
    let (series, unwritable) = encoded(
        "name STRING, val DOUBLE, ts BIGINT, host STRING",
        &[],
        Tz::UTC,
        vec![
            strings(&[Some("m"), Some("m"), None, None, Some("m")]),
            doubles(&[None, Some(1.0), Some(2.0), None, Some(3.0)]),
            longs(&[Some(1), None, Some(5), Some(1), Some(9)]),
            strings(&[Some("a"), Some("b"), Some("c"), None, Some("d")]),
        ],
    );
    assert_eq!(series, [one(&[("__name__", "m"), ("host", "d")], 3.0, 9)]);
    let lost = |pairs: &[(&str, &str)], sample| TimeSeries::single(labels(pairs), sample);
    assert_eq!(
        unwritable,
        [
            (lost(&[("__name__", "m"), ("host", "a")], nothing), "the sample is null".to_owned()),
            (lost(&[("__name__", "m"), ("host", "b")], nothing), "the sample is null".to_owned()),
            (lost(&[("host", "c")], Sample::new(2.0, 5)), "the metric name is null".to_owned()),
            (lost(&[], nothing), "the metric name is null".to_owned()),
        ]
    );
}

#[test]
fn times_are_read_in_the_zone_of_the_session() {
    // 2026-07-01T12:00:00.123456789.
    let local = 1_782_907_200_123_456_789;
    for (zone, offset_s) in [(Tz::UTC, 0), (Tz::Europe__Berlin, -7200), (Tz::America__New_York, 14_400)] {
        let (series, _) = encoded(
            "name STRING, val DOUBLE, ts TIMESTAMP(9)",
            &[],
            zone,
            vec![
                strings(&[Some("m")]),
                doubles(&[Some(1.0)]),
                Arc::new(TimestampNanosecondArray::from(vec![local])),
            ],
        );
        assert_eq!(series[0].samples[0].timestamp_ms, 1_782_907_200_123 + 1000 * offset_s, "{zone}");
        let (series, _) = encoded(
            "name STRING, val DOUBLE, ts TIMESTAMP_LTZ(6)",
            &[],
            zone,
            vec![
                strings(&[Some("m")]),
                doubles(&[Some(1.0)]),
                Arc::new(TimestampMicrosecondArray::from(vec![-100]).with_timezone("UTC")),
            ],
        );
        assert_eq!(series[0].samples[0].timestamp_ms, -1, "rounded down");
    }
}

#[test]
fn a_stale_row_is_a_marker_and_no_other_nan_is() {
    let marker = f64::from_bits(narthex_model::STALE_NAN_BITS);
    let (series, unwritable) = encoded(
        "name STRING, val DOUBLE, ts BIGINT, gone BOOLEAN",
        &[("metric.stale", "gone")],
        Tz::UTC,
        vec![
            strings(&[Some("m"); 5]),
            doubles(&[Some(1.0), None, Some(marker), Some(marker), Some(1.0)]),
            longs(&[Some(1), Some(2), Some(3), Some(4), None]),
            Arc::new(BooleanArray::from(vec![Some(true), Some(true), Some(false), None, Some(true)])),
        ],
    );
    let stale: Vec<_> = series.iter().map(|series| series.samples[0].is_stale()).collect();
    assert_eq!(stale, [true, true, false, false]);
    assert!(series[2].samples[0].value().is_nan());
    assert_eq!(unwritable.len(), 1);
}

#[test]
fn an_array_holds_several_samples() {
    let value: ArrayRef = Arc::new(
        Decimal128Array::from(vec![Some(125), Some(0), None, Some(200), Some(7)])
            .with_precision_and_scale(10, 2)
            .unwrap(),
    );
    let time: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1, 0, 2, 3, 4]).with_timezone("UTC"));
    let data_type = narthex_sql::DataType::parse("ARRAY<ROW<v DECIMAL(10, 2), t TIMESTAMP_LTZ(3)>>").unwrap();
    let arrow::datatypes::DataType::List(item) = narthex_planner::arrow_type(&data_type) else { panic!() };
    let arrow::datatypes::DataType::Struct(fields) = item.data_type() else { panic!() };
    let present = NullBuffer::from(vec![true, false, true, true, true]);
    let rows = StructArray::try_new(fields.clone(), vec![value, time], Some(present)).unwrap();
    let offsets = OffsetBuffer::from_lengths([4, 0, 0, 1]);
    let lists = ListArray::try_new(
        item,
        offsets,
        Arc::new(rows),
        Some(NullBuffer::from(vec![true, false, true, true])),
    )
    .unwrap();
    let (series, unwritable) = encoded(
        "samples ARRAY<ROW<v DECIMAL(10, 2), t TIMESTAMP_LTZ(3)>>, host STRING",
        &[
            ("metric.name", ""),
            ("metric.name.literal", "m"),
            ("metric.sample.key", ""),
            ("metric.sample.timestamp", ""),
            ("metric.samples", "samples"),
        ],
        Tz::UTC,
        vec![Arc::new(lists), strings(&[Some("a"), Some("b"), Some("c"), Some("d")])],
    );
    let host = |host| labels(&[("__name__", "m"), ("host", host)]);
    assert_eq!(
        series,
        [
            TimeSeries::new(host("a"), [Sample::new(1.25, 1), Sample::new(2.0, 3)]),
            TimeSeries::new(host("d"), [Sample::new(0.07, 4)]),
        ]
    );
    let nothing = Sample::new(0.0, i64::MIN);
    assert_eq!(
        unwritable,
        [
            (TimeSeries::new(host("a"), [nothing, nothing]), "these samples are null".to_owned()),
            (TimeSeries::new(host("b"), [nothing]), "the sample is null".to_owned()),
        ]
    );
}

#[test]
fn many_devices_keep_their_own_labels() {
    let count = 5000;
    let hosts: Vec<_> = (0..count).map(|n| format!("host-{}", n % 700)).collect();
    let hosts = StringArray::from_iter_values(&hosts);
    let (series, _) = encoded(
        "name STRING, val DOUBLE, ts BIGINT, host STRING, n INT",
        &[],
        Tz::UTC,
        vec![
            strings(&vec![Some("m"); count]),
            doubles(&vec![Some(1.0); count]),
            longs(&(0..count as i64).map(Some).collect::<Vec<_>>()),
            Arc::new(hosts),
            Arc::new(Int32Array::from((0..count as i32).map(|n| n % 3).collect::<Vec<_>>())),
        ],
    );
    for (n, series) in series.iter().enumerate() {
        let (host, n) = (format!("host-{}", n % 700), (n % 3).to_string());
        assert_eq!(series.labels, labels(&[("__name__", "m"), ("host", &host), ("n", &n)]));
    }
}

#[test]
fn a_batch_of_other_columns_is_an_error() {
    let table = table_of(super::PLAIN, &options(&[]));
    let mut encoder = sink(&table, &Context::new("test")).unwrap().encoder().unwrap();
    let array: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let batch = RecordBatch::try_from_iter([("x", array)]).unwrap();
    assert!(encoder.encode(&batch).unwrap_err().to_string().starts_with("cannot write the table t: "));
}
