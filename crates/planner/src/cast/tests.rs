//! Casts as Flink 2.2.1 made them.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, StringArray};

use crate::testing::{check, eval_over, type_over};

#[test]
fn numbers_wrap_and_saturate_as_in_java() {
    let doubles: ArrayRef =
        Arc::new(Float64Array::from(vec![Some(2.9), Some(-2.9), Some(3e9), Some(300.7), Some(-1e30), None]));
    let longs: ArrayRef = Arc::new(Int64Array::from(vec![
        Some(70_000),
        Some(-1),
        Some(3_000_000_000),
        Some(0),
        Some(9_007_199_254_740_993),
        None,
    ]));
    let booleans: ArrayRef =
        Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true), Some(true), None]));
    let columns = [("d", "DOUBLE", doubles), ("l", "BIGINT", longs), ("b", "BOOLEAN", booleans)];
    for (expr, expected) in [
        ("CAST(d AS INT)", ["2", "-2", "2147483647", "300", "-2147483648", "NULL"]),
        ("CAST(d AS BIGINT)", ["2", "-2", "3000000000", "300", "-9223372036854775808", "NULL"]),
        ("CAST(d AS TINYINT)", ["2", "-2", "-1", "44", "0", "NULL"]),
        ("CAST(d AS DECIMAL(5, 1))", ["2.9", "-2.9", "NULL", "300.7", "NULL", "NULL"]),
        ("CAST(l AS INT)", ["70000", "-1", "-1294967296", "0", "1", "NULL"]),
        ("CAST(l AS SMALLINT)", ["4464", "-1", "24064", "0", "1", "NULL"]),
        (
            "CAST(CAST(l AS DOUBLE) AS STRING)",
            ["70000.0", "-1.0", "3.0E9", "0.0", "9.007199254740992E15", "NULL"],
        ),
        ("CAST(CAST(l AS FLOAT) AS STRING)", ["70000.0", "-1.0", "3.0E9", "0.0", "9.0071993E15", "NULL"]),
        ("CAST(l AS BOOLEAN)", ["true", "true", "true", "false", "true", "NULL"]),
        ("CAST(b AS INT)", ["1", "0", "NULL", "1", "1", "NULL"]),
        ("CAST(b AS DECIMAL(3, 1))", ["1.0", "0.0", "NULL", "1.0", "1.0", "NULL"]),
        ("CAST(l AS DECIMAL(5, 1))", ["NULL", "-1.0", "NULL", "0.0", "NULL", "NULL"]),
    ] {
        assert_eq!(eval_over(&columns, expr).unwrap(), expected, "{expr}");
    }
    check(&[
        ("CAST(0e0 / 0 AS INT)", "0"),
        ("CAST(1e0 / 0 AS INT)", "2147483647"),
        ("CAST(300.7 AS TINYINT)", "44"),
        ("CAST(3000000000.5 AS INT)", "-1294967296"),
        ("CAST(-3000000000.5 AS SMALLINT)", "-24064"),
        ("CAST(0.5 AS BOOLEAN)", "true"),
        ("CAST(0e0 / 0 AS DECIMAL(5, 2))", "!NaN cannot be a DECIMAL"),
        ("CAST(1.005e0 AS DECIMAL(5, 2))", "1.01"),
        ("CAST(123.456 AS DECIMAL(5, 1))", "123.5"),
        ("CAST(123.456 AS DECIMAL(3, 1))", "NULL"),
        ("CAST(-0.5 AS DECIMAL(3, 0))", "-1"),
    ]);
}

#[test]
fn texts_become_what_they_say() {
    check(&[
        ("CAST(' 42 ' AS INT)", "42"),
        ("CAST('3.99' AS INT)", "3"),
        ("CAST('1e3' AS INT)", "!'1e3' is no number"),
        ("CAST('' AS INT)", "!'' is no number"),
        ("CAST('2147483648' AS INT)", "!too large"),
        ("CAST('-128' AS TINYINT)", "-128"),
        ("CAST('1e3' AS DOUBLE)", "1000.0"),
        ("CAST('1.255' AS DECIMAL(5, 2))", "1.26"),
        ("TRY_CAST('t' AS DECIMAL(5, 2))", "0.00"),
        ("TRY_CAST('12345' AS DECIMAL(5, 2))", "NULL"),
        ("CAST('12345' AS DECIMAL(5, 2))", "!'12345' is no DECIMAL(5, 2)"),
        ("CAST('T' AS BOOLEAN)", "true"),
        ("CAST('no' AS BOOLEAN)", "false"),
        ("CAST(' true ' AS BOOLEAN)", "!' true ' is no BOOLEAN"),
        ("TRY_CAST('x' AS BOOLEAN)", "NULL"),
        ("CAST('2024-5-6' AS DATE)", "2024-05-06"),
        ("CAST('42' AS DATE)", "0042-01-01"),
        ("TRY_CAST('2023-02-29' AS DATE)", "NULL"),
        ("CAST('2023-02-29' AS DATE)", "!'2023-02-29' is no DATE"),
        ("CAST('10:11:12.345' AS TIME(3))", "10:11:12"),
        ("CAST('24:00:00' AS TIME)", "!'24:00:00' is no TIME"),
        ("CAST('2023-02-29' AS TIMESTAMP)", "2023-02-28T00:00:00"),
        ("CAST('2024-05-06 10:11:12.9999' AS TIMESTAMP(3))", "2024-05-06T10:11:12.999"),
        ("CAST('2024-05-06 10:11:12.123456789' AS TIMESTAMP(9))", "2024-05-06T10:11:12.123456789"),
        ("TRY_CAST('2024-05-06T10:11:12' AS TIMESTAMP)", "NULL"),
        ("CAST('2024-05-06 10:11:12.5' AS TIMESTAMP_LTZ(3))", "2024-05-06T10:11:12.500Z"),
        ("CAST('9999-01-01' AS TIMESTAMP(9))", "!too far away"),
        ("CAST('abcdef' AS BINARY(3))", "616263"),
        ("CAST('ab' AS BINARY(3))", "616200"),
        ("CAST('abcdef' AS VARBINARY(3))", "616263"),
    ]);
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("1"), Some("x"), None, Some("3")]));
    let found = eval_over(&[("s", "STRING", texts)], "TRY_CAST(s AS INT)").unwrap();
    assert_eq!(found, ["1", "NULL", "NULL", "3"]);
}

#[test]
fn everything_becomes_text() {
    check(&[
        ("CAST(TRUE AS STRING)", "TRUE"),
        ("CAST(TRUE AS VARCHAR(3))", "TRU"),
        ("CAST(7 AS CHAR(3)) || '|'", "7  |"),
        ("CAST(1000 AS CHAR(3))", "100"),
        ("CAST(1e7 AS STRING)", "1.0E7"),
        ("CAST(1.50 AS STRING)", "1.50"),
        ("CAST(0.00000001 AS STRING)", "0.00000001"),
        ("CAST(x'616263' AS STRING)", "abc"),
        ("CAST(x'616263' AS VARCHAR(2))", "ab"),
        ("CAST(DATE '2024-05-06' AS STRING)", "2024-05-06"),
        ("CAST(TIME '01:02:03.456' AS STRING)", "01:02:03"),
        ("CAST(TIMESTAMP '2024-05-06 07:08:09.12' AS STRING)", "2024-05-06 07:08:09.12"),
        ("CAST(CAST('2024-05-06 07:08:09.12' AS TIMESTAMP(3)) AS STRING)", "2024-05-06 07:08:09.120"),
        ("CAST(CAST('2024-05-06 07:08:09.12' AS TIMESTAMP(0)) AS STRING)", "2024-05-06 07:08:09"),
        ("CAST(CAST('0001-01-01 00:00:00.001' AS TIMESTAMP(3)) AS STRING)", "0001-01-01 00:00:00.001"),
        ("CAST(ARRAY[1, NULL, 3] AS STRING)", "[1, NULL, 3]"),
        ("CAST(ARRAY[1.50, 2] AS STRING)", "[1.50, 2.00]"),
        ("CAST(MAP['a', ARRAY[1, 2]] AS STRING)", "{a=[1, 2]}"),
        ("CAST(ROW(TRUE, DATE '2024-01-01', 1e7, 'a, b') AS STRING)", "(TRUE, 2024-01-01, 1.0E7, a, b)"),
        ("CAST(ARRAY[ROW(1, 'a')] AS STRING)", "[(1, a)]"),
        ("CAST(ARRAY[1] AS VARCHAR(2))", "[1"),
        ("'[' || CAST('abc' AS CHAR(5)) || ']'", "[abc  ]"),
        ("CAST('abc' AS CHAR(2))", "ab"),
    ]);
}

#[test]
fn times_become_other_times() {
    check(&[
        ("CAST(TIMESTAMP '2024-02-29 01:02:03.123' AS DATE)", "2024-02-29"),
        ("CAST(TIMESTAMP '2024-02-29 01:02:03.123' AS TIME)", "01:02:03"),
        ("CAST(TIMESTAMP '1969-12-31 23:59:59.999' AS DATE)", "1970-01-01"),
        ("CAST(TIMESTAMP '1969-12-31 23:59:59.999' AS TIME)", "00:00:00"),
        ("CAST(CAST(TIMESTAMP '1969-12-31 23:59:59.999' AS TIMESTAMP_LTZ(3)) AS DATE)", "1969-12-31"),
        ("CAST(CAST(TIMESTAMP '1969-12-31 23:59:59.999' AS TIMESTAMP_LTZ(3)) AS TIME)", "23:59:59"),
        ("CAST(TIMESTAMP '1969-12-31 23:59:59.999' AS TIMESTAMP(0))", "1969-12-31T23:59:59"),
        ("CAST(TIMESTAMP '2024-02-29 01:02:03.123' AS TIMESTAMP(1))", "2024-02-29T01:02:03.100"),
        ("CAST(TIMESTAMP '2024-02-29 01:02:03.123' AS TIMESTAMP(6))", "2024-02-29T01:02:03.123"),
        ("CAST(DATE '2024-02-29' AS TIMESTAMP)", "2024-02-29T00:00:00"),
        ("CAST(TIME '01:02:03' AS TIMESTAMP)", "1970-01-01T01:02:03"),
        ("CAST(DATE '2024-02-29' AS TIMESTAMP_LTZ(3))", "2024-02-29T00:00:00Z"),
    ]);
}

#[test]
fn nested_values_are_cast_inside() {
    check(&[
        ("CAST(ARRAY['1', NULL] AS ARRAY<INT>)", "[1, NULL]"),
        ("CAST(ARRAY['1', 'x'] AS ARRAY<INT>)", "!'x' is no number"),
        ("TRY_CAST(ARRAY['1', 'x'] AS ARRAY<INT>)", "NULL"),
        ("TRY_CAST(ROW('1', 'x') AS ROW<a INT, b INT>)", "NULL"),
        ("CAST(CAST(MAP['a', 1] AS MAP<STRING, DOUBLE>) AS STRING)", "{a=1.0}"),
        ("CAST(CAST(ROW(1, 2) AS ROW<a BIGINT, b STRING>) AS STRING)", "(1, 2)"),
        ("CAST(NULL AS ROW<a INT>)", "NULL"),
    ]);
}

#[test]
fn impossible_casts_are_mistakes() {
    let columns = [
        ("ar", "ARRAY<INT>"),
        ("r", "ROW<x INT, y STRING>"),
        ("i", "INT"),
        ("ts", "TIMESTAMP(3)"),
        ("lz", "TIMESTAMP_LTZ(3)"),
        ("dt", "DATE"),
        ("tm", "TIME(0)"),
        ("b", "BOOLEAN"),
        ("bn", "BYTES"),
        ("s", "STRING"),
    ];
    for cast in [
        "ar AS INT",
        "ar AS MAP<INT, INT>",
        "r AS ARRAY<INT>",
        "r AS ROW<a BIGINT>",
        "s AS ARRAY<INT>",
        "s AS ROW<a INT>",
        "i AS DATE",
        "i AS TIME",
        "i AS TIMESTAMP",
        "i AS TIMESTAMP_LTZ(3)",
        "i AS BYTES",
        "ts AS BIGINT",
        "ts AS BOOLEAN",
        "lz AS DOUBLE",
        "dt AS INT",
        "dt AS TIME",
        "dt AS BOOLEAN",
        "tm AS INT",
        "tm AS DATE",
        "b AS DATE",
        "b AS BYTES",
        "b AS TIMESTAMP",
        "bn AS INT",
    ] {
        let found = type_over(&columns, &format!("CAST({cast})")).unwrap_err();
        assert!(found.contains("cannot be cast to"), "{cast}: {found}");
    }
    assert_eq!(
        type_over(&columns, "CAST(ar AS INT)").unwrap_err(),
        "a value of type ARRAY<INT> cannot be cast to INT"
    );
}

#[test]
fn casts_have_the_type_that_they_name() {
    let columns = [("i", "INT NOT NULL"), ("n", "INT"), ("ar", "ARRAY<INT> NOT NULL")];
    for (expr, expected) in [
        ("CAST(i AS STRING)", "STRING NOT NULL"),
        ("CAST(n AS STRING)", "STRING"),
        ("TRY_CAST(i AS BIGINT)", "BIGINT"),
        ("CAST('a' AS TIME(3))", "TIME(0) NOT NULL"),
        ("CAST(NULL AS INT)", "INT"),
        ("CAST(ar AS ARRAY<STRING>)", "ARRAY<STRING> NOT NULL"),
        ("CAST(i AS DECIMAL)", "DECIMAL(10, 0) NOT NULL"),
        ("CAST(ROW(1, 2) AS ROW<a BIGINT NOT NULL, b INT>)", "ROW<`a` BIGINT NOT NULL, `b` INT> NOT NULL"),
    ] {
        assert_eq!(type_over(&columns, expr).as_deref(), Ok(expected), "{expr}");
    }
}

#[test]
fn decimals_keep_their_scale_in_text() {
    let decimals: ArrayRef = Arc::new(
        Decimal128Array::from(vec![Some(1_500), Some(-1), Some(0), None])
            .with_precision_and_scale(8, 3)
            .unwrap(),
    );
    let found = eval_over(&[("de", "DECIMAL(8, 3)", decimals)], "CAST(de AS STRING)").unwrap();
    assert_eq!(found, ["1.500", "-0.001", "0.000", "NULL"]);
}

#[test]
fn fractions_are_cut_toward_1970() {
    let times: ArrayRef =
        Arc::new(arrow::array::TimestampMillisecondArray::from(vec![-1_900, -1_811, 1_999]));
    for (expr, expected) in [
        ("CAST(ts AS TIMESTAMP(0))", ["1969-12-31T23:59:59", "1969-12-31T23:59:59", "1970-01-01T00:00:01"]),
        (
            "CAST(ts AS TIMESTAMP(1))",
            ["1969-12-31T23:59:58.100", "1969-12-31T23:59:58.200", "1970-01-01T00:00:01.900"],
        ),
    ] {
        assert_eq!(eval_over(&[("ts", "TIMESTAMP(3)", times.clone())], expr).unwrap(), expected, "{expr}");
    }
}

#[test]
fn an_array_that_cannot_be_cast_costs_itself_alone() {
    let mut lists = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
    lists.append_value([Some("x")]);
    lists.append_value([Some("1"), None]);
    lists.append_value([Option::<&str>::None; 0]);
    let columns = [("a", "ARRAY<STRING>", Arc::new(lists.finish()) as ArrayRef)];
    assert_eq!(eval_over(&columns, "TRY_CAST(a AS ARRAY<INT>)").unwrap(), ["NULL", "[1, NULL]", "[]"]);
}
