//! Tests of the format `csv`.

use proptest::prelude::*;

use super::super::testing::{any_value, batch, columns, decode, format, json_lines};

/// The words of the file of cases for what cannot stand in it.
fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t").replace("\\\\", "\\")
}

fn options_of(text: &str) -> Vec<(&str, &str)> {
    text.split('¦').filter_map(|pair| pair.split_once('=')).collect()
}

#[test]
fn each_file_gives_what_flink_gives() {
    for case in include_str!("cases.tsv").lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = case.split('\t').collect();
        let [row_type, options, file, asked, expected, encoded] = parts[..] else { panic!("{case}") };
        let (format, columns) = (format("csv", &options_of(options)), columns(row_type));
        let asked: Vec<usize> = match asked {
            "*" => (0..columns.len()).collect(),
            list => list.split(',').filter_map(|at| at.parse().ok()).collect(),
        };
        let Ok(mut decoder) = format.decoder(&columns, &asked) else {
            assert_eq!(expected, "REFUSED", "{case}");
            continue;
        };
        let file = unescaped(file);
        let decoded = decode(&mut *decoder, file.as_bytes());
        let shown: Vec<_> = asked.iter().map(|at| columns[*at].clone()).collect();
        let rows = json_lines(&shown, &decoded.batch).join(" ");
        // Flink ends at the first broken record.
        match expected.strip_suffix("ERROR") {
            Some(before) => {
                // It also ends where errors are ignored and a quote is not closed; here that is one record ignored.
                assert!(!decoded.bad.is_empty() || decoded.ignored > 0, "{case}");
                assert!(rows.starts_with(before.trim_end()), "{case}: {rows}");
            }
            None => {
                assert_eq!(rows, expected.trim_start_matches('-'), "{case}: {:?}", decoded.bad);
                assert!(decoded.bad.is_empty(), "{case}: {:?}", decoded.bad);
            }
        }
        if encoded != "-" {
            let mut out = Vec::new();
            format.encoder(&columns).unwrap().encode(&decoded.batch, &mut out).unwrap();
            let out = String::from_utf8(out)
                .unwrap()
                .replace('\n', "\\n")
                .replace('\r', "\\r")
                .replace('\t', "\\t");
            assert_eq!(out, encoded.replace('\t', "\\t"), "{case}");
        }
    }
}

#[test]
fn a_bad_record_tells_where_it_is_and_what_is_wrong_and_the_others_go_on() {
    let columns = columns("ROW<id INT, v STRING>");
    let file = b"1,\"a\nb\"\nx,c\n2,d\n3\n4,e,f\n5,\"g\"h\n6,\xff\n7,i\n";
    let mut decoder = format("csv", &[]).decoder(&columns, &[0, 1]).unwrap();
    let decoded = decode(&mut *decoder, file);
    assert_eq!(
        json_lines(&columns, &decoded.batch),
        [r#"{"id":1,"v":"a\nb"}"#, r#"{"id":2,"v":"d"}"#, r#"{"id":7,"v":"i"}"#]
    );
    let told: Vec<String> = decoded
        .bad
        .iter()
        .map(|bad| format!("{} {} {}", bad.place, String::from_utf8_lossy(&bad.raw), bad.message))
        .collect();
    assert_eq!(
        told,
        [
            "f:3 x,c cannot read the field id: \"x\" is no INT",
            "f:5 3 it has 1 of the table's 2 columns",
            "f:6 4,e,f it has 3 fields, and the table has 2 columns",
            "f:7 5,\"g\"h something stands between a closing quote and the delimiter",
            "f:8 6,\u{fffd} it is no UTF-8",
        ]
    );
}

#[test]
fn the_golden_case_gives_its_expected_rows() {
    let case = "../../tests/flink/golden/cases/045-csv-delimiter";
    let file = std::fs::read(format!("{case}/in/t.csv")).unwrap();
    let columns = columns("ROW<id INT, tags ARRAY<STRING>, d DATE, de DECIMAL(6, 2)>");
    let csv = format("csv", &[("field-delimiter", "|"), ("array-element-delimiter", ";")]);
    let decoded = decode(&mut *csv.decoder(&columns, &[0, 1, 2, 3]).unwrap(), &file);
    let expected = std::fs::read_to_string(format!("{case}/expected/o.jsonl")).unwrap();
    assert_eq!(json_lines(&columns, &decoded.batch), expected.lines().collect::<Vec<_>>());
}

#[test]
fn decimals_are_written_plainly_on_demand() {
    let columns = columns("ROW<a DECIMAL(10, 2), b DECIMAL(20, 0)>");
    let format = format("csv", &[("write-bigdecimal-in-scientific-notation", "false")]);
    let decoded = decode(&mut *format.decoder(&columns, &[0, 1]).unwrap(), b"100,1e3\n0.00,-1.50\n1.50,7");
    let mut out = Vec::new();
    format.encoder(&columns).unwrap().encode(&decoded.batch, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "100,1000\n0,-2\n1.5,7\n");
}

#[test]
fn a_chunk_is_cut_where_no_quotes_are_open() {
    let csv = format("csv", &[]);
    let table: [(&[u8], Option<usize>); 9] = [
        (b"a,b\nc", Some(4)),
        (b"a,b", None),
        (b"a,\"b\nc", None),
        (b"x\na,\"b\nc", Some(2)),
        (b"a,\"b\nc\"\nd", Some(8)),
        (b"a\"b\nc", Some(4)),
        (b"\"a\"\"b\n\"\nc", Some(8)),
        (b"\"a\"x\nc", Some(5)),
        (b"\"a\"\r", None),
    ];
    for (bytes, expected) in table {
        assert_eq!(csv.whole_records(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
    }
    let escaping = format("csv", &[("escape-character", "\\")]);
    assert_eq!(escaping.whole_records(b"\"a\\\"\n\"\nb"), Some(7));
    let without = format("csv", &[("disable-quote-character", "true")]);
    assert_eq!(without.whole_records(b"\"a\nb"), Some(3));
    let commented = format("csv", &[("allow-comments", "true")]);
    assert_eq!(commented.whole_records(b"#\"\n\"a\"\nb"), Some(7));
}

#[test]
fn without_columns_records_are_only_counted() {
    let columns = columns("ROW<id INT, v STRING>");
    let decoded = decode(&mut *format("csv", &[]).decoder(&columns, &[]).unwrap(), b"x,1\ny\nz,1,2\n");
    assert_eq!((decoded.batch.num_rows(), decoded.records, decoded.bad.len()), (2, 3, 1));
}

const ALL_TYPES: &str = "ROW<a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, g DECIMAL(20, 4), h BOOLEAN, \
    i STRING, j DATE, k TIME(3), l TIMESTAMP(3), m TIMESTAMP_LTZ(6), n BYTES, z STRING>";

proptest! {
    #[test]
    fn what_is_encoded_comes_back(
        rows in proptest::collection::vec(
            columns(ALL_TYPES).iter().map(|(_, data_type)| any_value(data_type)).collect::<Vec<_>>(),
            0..4,
        ),
        delimiter in "[,|\t;§]",
        quote in "[\"']",
        escapes in any::<bool>(),
    ) {
        let mut options = vec![("field-delimiter", delimiter.as_str()), ("quote-character", &quote)];
        // No text of the test is as long as this.
        options.push(("null-literal", "A-TEXT-THAT-NO-VALUE-OF-THIS-TEST-HAS"));
        if escapes {
            options.push(("escape-character", "\\"));
        }
        let (csv, columns) = (format("csv", &options), columns(ALL_TYPES));
        let years_are_of_four_digits = |row: &Vec<super::super::testing::Value>| match &row[9] {
            super::super::testing::Value::Number(days) => (-719_162..2_932_896).contains(days),
            _ => true,
        };
        let rows: Vec<_> = rows.into_iter().filter(years_are_of_four_digits).collect();
        let batch = batch(&columns, &rows);
        let mut out = Vec::new();
        csv.encoder(&columns).unwrap().encode(&batch, &mut out).unwrap();
        prop_assert_eq!(csv.whole_records(&out), (!out.is_empty()).then_some(out.len()));
        let asked: Vec<usize> = (0..columns.len()).collect();
        let decoded = decode(&mut *csv.decoder(&columns, &asked).unwrap(), &out);
        prop_assert!(decoded.bad.is_empty(), "{:?}", decoded.bad);
        prop_assert_eq!(
            format!("{:?}", decoded.batch.columns()),
            format!("{:?}", batch.columns()),
            "{}",
            String::from_utf8_lossy(&out)
        );
    }

    #[test]
    fn cutting_changes_nothing(text in "([a-c,;\"#\\\\ \r\n]|\"\"|\"\n){0,40}", at in 0usize..40, flags in 0..8) {
        let mut options = vec![];
        if flags & 1 > 0 { options.push(("escape-character", "\\")); }
        if flags & 2 > 0 { options.push(("allow-comments", "true")); }
        if flags & 4 > 0 { options.push(("ignore-parse-errors", "true")); }
        let (csv, columns) = (format("csv", &options), columns("ROW<a STRING, b ARRAY<STRING>>"));
        let mut decoder = csv.decoder(&columns, &[0, 1]).unwrap();
        let shown = |decoded: &narthex_engine::Decoded| {
            (json_lines(&columns, &decoded.batch), decoded.bad.iter().map(|bad| bad.message.clone()).collect::<Vec<_>>())
        };
        let bytes = text.as_bytes();
        let whole = shown(&decode(&mut *decoder, bytes));
        let end = csv.whole_records(&bytes[..at.min(bytes.len())]).unwrap_or(0);
        let (first, second) = bytes.split_at(end);
        let (first, second) = (shown(&decode(&mut *decoder, first)), shown(&decode(&mut *decoder, second)));
        let parts = ([first.0, second.0].concat(), [first.1, second.1].concat());
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for options in [&[][..], &[("escape-character", "a"), ("ignore-parse-errors", "true")]] {
            let csv = format("csv", options);
            let columns = columns("ROW<a INT, b STRING, c ARRAY<INT>>");
            decode(&mut *csv.decoder(&columns, &[2, 0]).unwrap(), &bytes);
            csv.whole_records(&bytes);
        }
    }
}
