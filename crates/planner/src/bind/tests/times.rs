//! Times and intervals.

use super::*;

#[test]
fn times_move_by_intervals() {
    check(&[
        ("TIMESTAMP '2024-01-31 10:00:00' + INTERVAL '1' MONTH", "2024-02-29T10:00:00"),
        ("TIMESTAMP '2024-02-29 10:00:00' - INTERVAL '1-00' YEAR TO MONTH", "2023-02-28T10:00:00"),
        ("TIMESTAMP '1969-12-31 23:59:59.999' + INTERVAL '1' MONTH", "1970-01-31T23:59:59.999"),
        ("TIMESTAMP '2024-01-31 10:00:00.123456' + INTERVAL '1' DAY", "2024-02-01T10:00:00.123456"),
        (
            "INTERVAL '1 02:03:04.005' DAY TO SECOND + TIMESTAMP '1970-01-01 00:00:00.000'",
            "1970-01-02T02:03:04.005",
        ),
        ("DATE '2024-02-29' + INTERVAL '1' HOUR", "2024-02-29"),
        ("DATE '2024-02-29' + INTERVAL '25' HOUR", "2024-03-01"),
        ("DATE '2024-02-29' - INTERVAL '1' HOUR", "2024-02-29"),
        ("DATE '1969-12-31' - INTERVAL '1' MONTH", "1969-11-30"),
        ("TIME '01:02:03' + INTERVAL '25' HOUR", "02:02:03"),
        ("TIME '01:02:03' - INTERVAL '2' HOUR", "23:02:03"),
        ("TIME '01:02:03' + INTERVAL '1' MONTH", "01:02:03"),
        ("CAST(INTERVAL '1' DAY - INTERVAL '1' HOUR AS STRING)", "+0 23:00:00.000"),
        ("CAST(INTERVAL '1' DAY * 2 AS STRING)", "+2 00:00:00.000"),
        ("CAST(3 * INTERVAL '1' MONTH AS STRING)", "+0-03"),
        ("CAST(- INTERVAL '1' DAY AS STRING)", "-1 00:00:00.000"),
        ("INTERVAL '1' DAY * 2.5", "!* does not take"),
        ("INTERVAL '1' DAY / 2", "!/ does not take"),
        ("INTERVAL '1' DAY + INTERVAL '1' MONTH", "!+ does not take"),
        ("INTERVAL '1' DAY - DATE '2024-01-01'", "!- does not take"),
        ("TIMESTAMP '2024-01-01 00:00:00' - TIMESTAMP '2024-01-01 00:00:00'", "!- does not take"),
        ("DATE '2024-01-01' + 1", "!+ does not take DATE and INT"),
    ]);
}

#[test]
fn moved_times_keep_their_type() {
    check_types(&[
        ("ts + INTERVAL '1' DAY", "TIMESTAMP(3) NOT NULL"),
        ("TIMESTAMP '2024-01-01 00:00:00' + INTERVAL '0.5' SECOND", "TIMESTAMP(0) NOT NULL"),
        ("lz - INTERVAL '1' MONTH", "TIMESTAMP_LTZ(3) NOT NULL"),
        ("dt + INTERVAL '1' HOUR", "DATE NOT NULL"),
        ("tm + INTERVAL '1' DAY", "TIME(0) NOT NULL"),
    ]);
}

#[test]
fn periods_overlap_where_they_touch() {
    let first = "(TIMESTAMP '2024-02-29 23:59:59.999', INTERVAL '1' DAY)";
    check(&[
        (&format!("{first} OVERLAPS (TIMESTAMP '2024-02-29 00:00:00', INTERVAL '2' HOUR)"), "false"),
        (&format!("{first} OVERLAPS (TIMESTAMP '2024-03-01 23:59:59.999', INTERVAL '2' HOUR)"), "true"),
        (
            &format!("{first} OVERLAPS (TIMESTAMP '2024-03-05 00:00:00', TIMESTAMP '2024-03-01 00:00:00')"),
            "true",
        ),
    ]);
}
