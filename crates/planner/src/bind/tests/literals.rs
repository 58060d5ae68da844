//! Values that are written out.

use super::*;

#[test]
fn literals_have_flinks_types() {
    check_types(&[
        ("1", "INT NOT NULL"),
        ("-1", "INT NOT NULL"),
        ("2147483648", "BIGINT NOT NULL"),
        ("-2147483648", "INT NOT NULL"),
        ("-9223372036854775808", "BIGINT NOT NULL"),
        ("9223372036854775808", "!is too large"),
        ("1234567890123456789.0", "!is too large"),
        ("1.50", "DECIMAL(3, 2) NOT NULL"),
        (".5", "DECIMAL(1, 1) NOT NULL"),
        ("5.", "INT NOT NULL"),
        ("0.0000001", "DECIMAL(8, 7) NOT NULL"),
        ("0.1234567890123456789", "DECIMAL(20, 19) NOT NULL"),
        ("1e3", "DOUBLE NOT NULL"),
        ("'abc'", "CHAR(3) NOT NULL"),
        ("''", "CHAR(0) NOT NULL"),
        ("'😀é'", "CHAR(3) NOT NULL"),
        ("TRUE", "BOOLEAN NOT NULL"),
        ("UNKNOWN", "BOOLEAN"),
        ("DATE '2024-01-01'", "DATE NOT NULL"),
        ("TIME '01:02:03.456'", "TIME(0) NOT NULL"),
        ("TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP(0) NOT NULL"),
        ("TIMESTAMP '2024-01-01 00:00:00.120'", "TIMESTAMP(3) NOT NULL"),
        ("TIMESTAMP '2024-01-01 00:00:00.123456789'", "TIMESTAMP(9) NOT NULL"),
        ("x'0102'", "BINARY(2) NOT NULL"),
        ("x'0'", "!is not made of pairs"),
        ("x'zz'", "!is not made of pairs"),
    ]);
}

#[test]
fn literals_have_their_values() {
    check(&[
        ("'it''s'", "it's"),
        ("U&'\\00e9\\\\x'", "é\\x"),
        ("X'fF'", "ff"),
        ("1.50", "1.50"),
        ("1E-2", "0.01"),
        ("CAST(-0e0 AS STRING)", "0.0"),
        ("DATE '2024-2-3'", "2024-02-03"),
        ("TIME '1:2:3'", "01:02:03"),
        ("TIMESTAMP '2024-1-1 1:2:3'", "2024-01-01T01:02:03"),
        ("TIMESTAMP '2024-01-01'", "2024-01-01T00:00:00"),
        ("DATE '2024-02-30'", "!'2024-02-30' is no DATE"),
        ("TIME '25:00:00'", "!'25:00:00' is no TIME"),
        ("TIME '10:00'", "!'10:00' is no TIME"),
        ("TIMESTAMP '2024-13-01 00:00:00'", "!'2024-13-01 00:00:00' is no TIMESTAMP"),
        ("TIMESTAMP '2024-01-01 10:00'", "!is no TIMESTAMP"),
        ("TIMESTAMP '2024-01-01T10:00:00'", "!is no TIMESTAMP"),
        ("TIMESTAMP '2024-02-30 10:00:00'", "!is no TIMESTAMP"),
    ]);
}

#[test]
fn intervals_are_read_in_every_unit_and_range() {
    let text = |interval: &str| eval(&format!("CAST({interval} AS STRING)"));
    for (interval, expected) in [
        ("INTERVAL '90' SECOND", "+0 00:01:30.000"),
        ("INTERVAL '1' DAYS", "+1 00:00:00.000"),
        ("INTERVAL '1' YEAR", "+1-00"),
        ("INTERVAL '14' MONTHS", "+1-02"),
        ("INTERVAL '1-2' YEAR TO MONTH", "+1-02"),
        ("INTERVAL '-1-2' YEAR TO MONTH", "-1-02"),
        ("INTERVAL '1 1' DAY TO HOUR", "+1 01:00:00.000"),
        ("INTERVAL '1 01:02' DAY TO MINUTE", "+1 01:02:00.000"),
        ("INTERVAL '-1 02:03:04.005' DAY TO SECOND", "-1 02:03:04.005"),
        ("INTERVAL '01:02' HOUR TO MINUTE", "+0 01:02:00.000"),
        ("INTERVAL '24:00' HOUR TO MINUTE", "+1 00:00:00.000"),
        ("INTERVAL '1:2:3.5' HOUR TO SECOND", "+0 01:02:03.500"),
        ("INTERVAL '1:2.123456' MINUTE TO SECOND", "+0 00:01:02.123"),
        ("INTERVAL '1.1234' SECOND", "+0 00:00:01.123"),
        ("INTERVAL '5' SECOND(3)", "+0 00:00:05.000"),
        ("INTERVAL '100' DAY(3)", "+100 00:00:00.000"),
        ("INTERVAL -'1' DAY", "-1 00:00:00.000"),
        ("INTERVAL '+1' DAY", "+1 00:00:00.000"),
        ("INTERVAL ' 1 ' DAY", "+1 00:00:00.000"),
        ("INTERVAL 1 DAY", "+1 00:00:00.000"),
    ] {
        assert_eq!(text(interval).as_deref(), Ok(expected), "{interval}");
    }
    for (interval, part) in [
        ("INTERVAL 'five' SECOND", "'five' is no interval of the form SECOND"),
        ("INTERVAL '1.5' DAY", "'1.5' is no interval"),
        ("INTERVAL '1.123456789' SECOND", "is no interval"),
        ("INTERVAL '' DAY", "is no interval"),
        ("INTERVAL '1 25:00:00' DAY TO SECOND", "is no interval"),
        ("INTERVAL '1-13' YEAR TO MONTH", "is no interval"),
        ("INTERVAL '1:61' HOUR TO MINUTE", "is no interval"),
        ("INTERVAL '100' DAY", "has more than 2 digits"),
        ("INTERVAL '999' HOUR", "has more than 2 digits"),
        ("INTERVAL '1' MINUTE TO HOUR", "no intervals from MINUTE to HOUR"),
        ("INTERVAL '1' WEEK", "no intervals of WEEK"),
    ] {
        let found = text(interval).unwrap_err();
        assert!(found.contains(part), "{interval}: {found}");
    }
}
