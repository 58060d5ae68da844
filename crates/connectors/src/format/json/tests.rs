//! Tests of the format `json`.

use proptest::prelude::*;

use super::super::testing::{any_value, batch, columns, decode, format, json_lines};
use super::super::{Format, ParseErrors};
use super::decode::JsonDecoder;
use super::options::{JsonOptions, MapNullKey};
use super::*;

/// Decodes a line both ways, which must give the same.
fn both_ways(
    options: &JsonOptions,
    columns: &[(String, DataType)],
    records: &[u8],
) -> narthex_engine::Decoded {
    let mut fast = JsonDecoder::new(options, columns).unwrap();
    let quick = decode(&mut fast, records);
    fast.is_fast = false;
    let plain = decode(&mut fast, records);
    assert_eq!(format!("{quick:?}"), format!("{plain:?}"), "{}", String::from_utf8_lossy(records));
    plain
}

fn options_of(flags: &str) -> JsonOptions {
    let mut pairs = vec![];
    for flag in flags.chars() {
        pairs.push(match flag {
            'i' => ("ignore-parse-errors", "true"),
            'f' => ("fail-on-missing-field", "true"),
            '8' => ("timestamp-format.standard", "ISO-8601"),
            'p' => ("encode.decimal-as-plain-number", "true"),
            _ => continue,
        });
    }
    match format("json", &pairs) {
        Format::Json(json) => json.options().clone(),
        Format::Csv(_) => unreachable!(),
    }
}

#[test]
fn each_line_gives_what_flink_gives() {
    for case in include_str!("cases.tsv").lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = case.splitn(4, '\t').collect();
        let [row_type, flags, expected, line] = parts[..] else { panic!("{case}") };
        let (columns, options) = (columns(row_type), options_of(flags));
        let decoded = both_ways(&options, &columns, line.as_bytes());
        let mut out = Vec::new();
        JsonFormat::new(options).encoder(&columns).unwrap().encode(&decoded.batch, &mut out).unwrap();
        let got = match (decoded.bad.len(), decoded.ignored) {
            (0, 0) => String::from_utf8(out).unwrap().trim_end().to_owned(),
            (0, _) => "NO ROW".to_owned(),
            _ => "ERROR".to_owned(),
        };
        assert_eq!(sorted(&got), sorted(expected), "{case}\n{:?}", decoded.bad);
    }
}

/// A map's entries come in the order of a hash in Flink.
fn sorted(row: &str) -> String {
    match row.split_once("\"m\":{") {
        Some((before, rest)) => {
            let (map, behind) = rest.split_once('}').unwrap();
            let mut entries: Vec<&str> = map.split(',').collect();
            entries.sort_unstable();
            format!("{before}\"m\":{{{}}}{behind}", entries.join(","))
        }
        None => row.to_owned(),
    }
}

#[test]
fn a_bad_record_tells_where_it_is_and_what_is_wrong_and_the_others_go_on() {
    let columns = columns("ROW<id INT, r ROW<v SMALLINT, a ARRAY<DATE>>>");
    let file = b"{\"id\":1}\n{\"id\":\"x\"}\r\n\n{\"id\":2,\"r\":{\"v\":70000}}\n{\"id\":3}\n{\"id\":3,\"r\":{\"a\":[1]}}\n{\"id\":4,\n[]\n \n";
    let decoded = both_ways(&JsonOptions::default(), &columns, file);
    assert_eq!(json_lines(&columns, &decoded.batch), ["{\"id\":1,\"r\":null}", "{\"id\":3,\"r\":null}"]);
    assert_eq!(decoded.records, 8);
    let told: Vec<String> = decoded
        .bad
        .iter()
        .map(|bad| format!("{} {} {}", bad.place, String::from_utf8_lossy(&bad.raw), bad.message))
        .collect();
    assert_eq!(
        told,
        [
            r#"f:2 {"id":"x"} cannot read the field id: "x" is no INT"#,
            r#"f:4 {"id":2,"r":{"v":70000}} cannot read the field r.v: 70000 is no SMALLINT"#,
            r#"f:6 {"id":3,"r":{"a":[1]}} cannot read the field r.a: 1 is no DATE"#,
            r#"f:7 {"id":4, it is no JSON at byte 8, behind "{\"id\":4,": the record ends too early"#,
            r#"f:8 [] it is no JSON at byte 0, behind "": an object is expected"#,
            r#"f:9   it is no JSON at byte 0, behind "": an object is expected"#,
        ]
    );
}

#[test]
fn ignored_records_are_counted_and_wrong_fields_are_null() {
    let columns = columns("ROW<id INT, v STRING>");
    let options = options_of("i");
    let decoded = both_ways(&options, &columns, b"{\"id\":\"x\",\"v\":1}\nnonsense\n{\"id\":2}\n");
    assert_eq!(json_lines(&columns, &decoded.batch), [r#"{"id":null,"v":"1"}"#, r#"{"id":2,"v":null}"#]);
    assert_eq!((decoded.records, decoded.ignored), (3, 1));
}

#[test]
fn a_missing_field_is_named_when_it_must_not_be_missing() {
    let decoded = both_ways(&options_of("f"), &columns("ROW<a INT, b INT>"), b"{\"a\":1}");
    assert_eq!(decoded.bad[0].message, "cannot read the field b: it is missing");
}

#[test]
fn without_columns_records_are_only_counted() {
    let decoded = both_ways(&JsonOptions::default(), &[], b"{}\n{\"a\":[{}]}\n{\"a\":x}\n\n{\"a\":1} \n");
    assert_eq!((decoded.batch.num_rows(), decoded.records, decoded.bad.len()), (3, 4, 1));
}

#[test]
fn what_is_no_utf8_breaks_a_record_unless_it_stands_behind_it() {
    let columns = columns("ROW<id STRING>");
    let file = b"{\"id\":\"a\xffb\"}\n{\"id\":\"\xc3\xbc\"}\n{\"id\":5,\"x\":\"\xff\"}\n{\"id\":5}\xff\n{\"id\":\"\xed\xa0\x80\"}\n";
    let decoded = both_ways(&JsonOptions::default(), &columns, file);
    assert_eq!(json_lines(&columns, &decoded.batch), ["{\"id\":\"ü\"}", "{\"id\":\"5\"}"]);
    assert_eq!(decoded.bad.len(), 3);
    assert!(decoded.bad[0].message.ends_with("what follows is no UTF-8"), "{}", decoded.bad[0].message);
}

#[test]
fn half_a_surrogate_pair_is_a_question_mark() {
    let decoded = both_ways(
        &JsonOptions::default(),
        &columns("ROW<id STRING>"),
        br#"{"id":"\ud83d\ude00 \ud83d \ude00"}"#,
    );
    assert_eq!(json_lines(&columns("ROW<id STRING>"), &decoded.batch), [r#"{"id":"\uD83D\uDE00 ? ?"}"#]);
}

#[test]
fn deep_nesting_is_refused_and_costs_no_stack() {
    let columns = columns("ROW<id STRING>");
    for (depth, is_fine) in [(998, true), (1100, false), (1_000_000, false)] {
        for key in ["id", "x"] {
            let line = format!("{{\"{key}\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            let decoded = both_ways(&JsonOptions::default(), &columns, line.as_bytes());
            assert_eq!(decoded.bad.is_empty(), is_fine, "{depth}");
        }
    }
}

#[test]
fn a_line_may_be_very_long() {
    let columns = columns("ROW<id STRING, v DECIMAL(38, 2)>");
    let line = format!("{{\"id\":\"{}\",\"v\":{}}}", "x".repeat(3_000_000), "9".repeat(100_000));
    let decoded = both_ways(&JsonOptions::default(), &columns, line.as_bytes());
    assert_eq!(decoded.batch.column(0).get_array_memory_size() / 1_000_000, 3);
    assert!(decoded.batch.column(1).is_null(0));
}

#[test]
fn null_fields_are_left_out_on_demand_and_map_values_stay() {
    let columns = columns("ROW<a INT, r ROW<b INT, c INT>, m MAP<STRING, INT>, l ARRAY<INT>>");
    let mut decoder = JsonDecoder::new(&JsonOptions::default(), &columns).unwrap();
    let decoded = decode(&mut decoder, br#"{"r":{"b":1},"m":{"k":null},"l":[null]}"#);
    let options = JsonOptions { ignore_null_fields: true, ..JsonOptions::default() };
    let mut out = b"before\n".to_vec();
    JsonFormat::new(options).encoder(&columns).unwrap().encode(&decoded.batch, &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "before\n{\"r\":{\"b\":1},\"m\":{\"k\":null},\"l\":[null]}\n"
    );
}

#[test]
fn maps_need_texts_as_keys() {
    let columns = columns("ROW<m MAP<INT, INT>>");
    let json = JsonFormat::new(JsonOptions { map_null_key: MapNullKey::Drop, ..JsonOptions::default() });
    assert!(json.decoder(&columns).is_err_and(|why| why.starts_with("the column m: ")));
    assert!(json.encoder(&columns).is_err_and(|why| why.starts_with("the column m: ")));
}

#[test]
fn a_chunk_is_cut_behind_its_last_line() {
    let json = format("json", &[]);
    assert_eq!(json.whole_records(b"{}\n{}\n{"), Some(6));
    assert_eq!(json.whole_records(b"{}"), None);
    assert_eq!(json.parse_errors(), ParseErrors::Report);
}

/// A file of a golden case.
fn golden(path: &str) -> String {
    let cases = "../../tests/flink/golden/cases";
    std::fs::read_to_string(format!("{cases}/{path}")).unwrap()
}

/// The rows of an input file as the sink writes them, in the order of their bytes.
fn golden_rows(row_type: &str, path: &str) -> Vec<String> {
    let columns = columns(row_type);
    let decoded = both_ways(&JsonOptions::default(), &columns, golden(path).as_bytes());
    assert!(decoded.bad.is_empty(), "{path}: {:?}", decoded.bad);
    let mut rows = json_lines(&columns, &decoded.batch);
    rows.sort_unstable();
    rows
}

#[test]
fn golden_cases_that_only_copy_give_their_expected_rows() {
    let scalars = "ROW<a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, g DECIMAL(20, 4), h BOOLEAN, \
        i STRING, j DATE, k TIME, l TIMESTAMP(3), m TIMESTAMP_LTZ(3), n BYTES, o ARRAY<INT>, \
        p MAP<STRING, DOUBLE>, q ROW<x INT, y ARRAY<STRING>>>";
    let names = "ROW<id INT, vName STRING, `ümlaut` INT, `with space` STRING, `a.b` INT>";
    for (case, row_type) in [("031-json-types", scalars), ("033-json-missing-extra", names)] {
        let expected = golden(&format!("{case}/expected/o.jsonl"));
        let got = golden_rows(row_type, &format!("{case}/in/t.json"));
        assert_eq!(got, expected.lines().collect::<Vec<_>>(), "{case}");
    }
}

#[test]
fn golden_inputs_are_read_and_broken_ones_are_told() {
    let sensors = "ROW<plant STRING, line INT, sensor STRING, ts TIMESTAMP(3), \
        reading ROW<`value` DOUBLE, unit STRING>, tags ARRAY<STRING>, attrs MAP<STRING, STRING>, \
        samples ARRAY<ROW<k STRING, v INT>>, ok BOOLEAN>";
    for (path, row_type) in [
        ("039-json-sink-options/in/sensors.json", sensors),
        ("041-array-functions/in/t.json", "ROW<id INT, a ARRAY<INT>, b ARRAY<INT>, s ARRAY<STRING>>"),
        ("131-unnest-array/in/sensors.json", sensors),
        ("133-unnest-map/in/sensors.json", sensors),
        ("135-unnest-with-ordinality/in/t.json", "ROW<id INT, a ARRAY<INT>>"),
        ("171-json-value/in/t.json", "ROW<id INT, j STRING>"),
    ] {
        let lines = golden(path).lines().count();
        assert_eq!(golden_rows(row_type, path).len(), lines, "{path}");
    }
    for (path, row_type, why) in [
        ("035-json-malformed-fails/in/vehicles.json", "ROW<vehicleId STRING>", "the record ends too early"),
        ("037-json-type-mismatch-fails/in/t.json", "ROW<id INT, v INT>", "the field v: \"two\" is no INT"),
    ] {
        let decoded = both_ways(&JsonOptions::default(), &columns(row_type), golden(path).as_bytes());
        assert_eq!(decoded.bad.len(), 1, "{path}");
        assert!(decoded.bad[0].message.ends_with(why), "{}", decoded.bad[0].message);
    }
}

/// Prints how long a record of the vehicles takes.
#[test]
#[ignore = "a measurement: cargo test --release -p narthex-connectors measure -- --ignored --nocapture"]
#[allow(clippy::disallowed_types)]
fn measure_records_of_vehicles() {
    const RECORDS: u64 = 20_000;
    let mut file = String::new();
    for at in 0..RECORDS {
        let (vehicle, time) = (at % 5000, 1_700_000_000_123 + at);
        file += &format!(
            "{{\"eventType\":\"IC_RPM\",\"vehicleId\":\"V{vehicle:07}\",\"region\":\"eu-west\",\"timestamp\":{time},\"measurement\":2350}}\n"
        );
    }
    for row_type in [
        "ROW<eventType STRING, vehicleId STRING, region STRING, `timestamp` BIGINT, measurement INT>",
        "ROW<vehicleId STRING, measurement INT>",
        "ROW<eventType STRING, vehicleId STRING, region STRING, `timestamp` BIGINT, measurement DOUBLE>",
        "ROW<x INT>",
    ] {
        for is_fast in [true, false] {
            let mut decoder = JsonDecoder::new(&JsonOptions::default(), &columns(row_type)).unwrap();
            decoder.is_fast = is_fast;
            decode(&mut decoder, file.as_bytes());
            let best = (0..30).map(|_| {
                let start = std::time::Instant::now();
                decode(&mut decoder, file.as_bytes());
                start.elapsed().as_nanos() as f64 / RECORDS as f64
            });
            let best = best.fold(f64::INFINITY, f64::min);
            let way = if is_fast { "quick" } else { "ordinary" };
            println!(
                "{best:.0} ns a record of {} bytes, the {way} way: {row_type}",
                file.len() as u64 / RECORDS
            );
        }
    }
}

const ALL_TYPES: &str = "ROW<a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, g DECIMAL(20, 4), h BOOLEAN, \
    i STRING, j DATE, k TIME, l TIMESTAMP(3), m TIMESTAMP_LTZ(6), n BYTES, o ARRAY<INT>, \
    p MAP<STRING, DOUBLE>, q ROW<x DECIMAL(38, 38), y ARRAY<ROW<z TIMESTAMP(9)>>>>";

fn any_rows() -> impl Strategy<Value = Vec<Vec<super::super::testing::Value>>> {
    let row: Vec<_> = columns(ALL_TYPES).iter().map(|(_, data_type)| any_value(data_type)).collect();
    proptest::collection::vec(row, 0..4)
}

/// A value of JSON, now and then broken, with blanks.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "-?[0-9]{1,20}",
        "-?[0-9]{1,3}\\.[0-9]{0,3}([eE][+-]?[0-9]{0,3})?",
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("null".to_owned()),
        "\"[a-z0-9 :T.-]{0,12}\"",
        "\"([a-zü😀]|\\\\[\"\\\\/bfnrtu]|\\\\u[0-9a-fA-F]{4}|\\\\ud83d\\\\ude00){0,5}\"",
        "[^\n]{0,3}",
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(" ,"))),
            proptest::collection::vec(("\"[a-dxyz]\"", inner), 0..4).prop_map(|fields| object(&fields)),
        ]
    })
}

fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

/// Lines that are nearly all records with the fields a to d, x and y, in any order, repeated, missing.
fn any_lines() -> impl Strategy<Value = String> {
    let field = ("( |\t)?\"([abcdxy]|\\\\u0061)\" ?", any_json());
    let line = proptest::collection::vec(field, 0..7).prop_map(|fields| object(&fields));
    let line = prop_oneof![9 => line, 1 => any_json()];
    proptest::collection::vec(line, 1..6).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back(rows in any_rows(), is_iso in any::<bool>(), is_plain in any::<bool>()) {
        let flags = format!("{}{}", if is_iso { "8" } else { "" }, if is_plain { "p" } else { "" });
        let (columns, options) = (columns(ALL_TYPES), options_of(&flags));
        let batch = batch(&columns, &rows);
        let mut out = Vec::new();
        JsonFormat::new(options.clone()).encoder(&columns).unwrap().encode(&batch, &mut out).unwrap();
        let decoded = both_ways(&options, &columns, &out);
        prop_assert!(decoded.bad.is_empty(), "{:?}", decoded.bad);
        prop_assert_eq!(format!("{:?}", decoded.batch.columns()), format!("{:?}", batch.columns()));
    }

    #[test]
    fn both_ways_give_the_same(lines in any_lines(), flags in "i?f?8?") {
        if flags != "if" && !flags.starts_with("if") {
            for row_type in [
                "ROW<a INT, b STRING, c BIGINT, d DOUBLE>",
                "ROW<d STRING, a ARRAY<STRING>, b ROW<x INT, y STRING>, c MAP<STRING, BIGINT>>",
                "ROW<b DECIMAL(10, 2), c TIMESTAMP(3), d BOOLEAN>",
                "ROW<x BIGINT>",
            ] {
                both_ways(&options_of(&flags), &columns(row_type), lines.as_bytes());
            }
            both_ways(&options_of(&flags), &[], lines.as_bytes());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), noise in "[{}\\[\\],:\"\\\\a0-9\n-]{0,60}") {
        for flags in ["", "i"] {
            both_ways(&options_of(flags), &columns("ROW<a INT, b STRING, `0` MAP<STRING, STRING>>"), &bytes);
            both_ways(&options_of(flags), &columns("ROW<a INT, b STRING, `0` MAP<STRING, STRING>>"), noise.as_bytes());
        }
    }
}
