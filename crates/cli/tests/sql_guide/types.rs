//! Types: an expression of each, and what it is in JSON.

use crate::entry::Entry;
use crate::entry::Verdict::Refused;

/// The words that a type begins with, the type, an expression that has it, and what the JSON format writes.
pub(crate) type Type = (&'static [&'static str], &'static str, &'static str, &'static str);

pub(crate) const TYPES: &[Type] = &[
    (&["CHAR"], "CHAR(3)", "CAST('ab' AS CHAR(3))", "\"ab \""),
    (&["VARCHAR"], "VARCHAR(3)", "CAST('abcd' AS VARCHAR(3))", "\"abc\""),
    (&["STRING"], "STRING", "'grüße'", "\"grüße\""),
    (&["BOOLEAN"], "BOOLEAN", "TRUE", "true"),
    (&["BINARY"], "BINARY(2)", "CAST(X'4869' AS BINARY(2))", "\"SGk=\""),
    (&["VARBINARY"], "VARBINARY(3)", "CAST(X'4869' AS VARBINARY(3))", "\"SGk=\""),
    (&["BYTES"], "BYTES", "X'4869'", "\"SGk=\""),
    (&["DECIMAL", "DEC", "NUMERIC"], "DECIMAL(10, 2)", "CAST(1.50 AS DECIMAL(10, 2))", "1.5"),
    (&["TINYINT"], "TINYINT", "CAST(-128 AS TINYINT)", "-128"),
    (&["SMALLINT"], "SMALLINT", "CAST(32767 AS SMALLINT)", "32767"),
    (&["INT", "INTEGER"], "INT", "7", "7"),
    (&["BIGINT"], "BIGINT", "9223372036854775807", "9223372036854775807"),
    (&["FLOAT"], "FLOAT", "CAST(1.1 AS FLOAT)", "1.1"),
    (&["DOUBLE"], "DOUBLE", "1e20", "1.0E20"),
    (&["DATE"], "DATE", "DATE '2024-05-06'", "\"2024-05-06\""),
    (&["TIME"], "TIME", "TIME '07:08:09'", "\"07:08:09\""),
    (&["TIMESTAMP"], "TIMESTAMP(3)", "TIMESTAMP '2024-05-06 07:08:09.120'", "\"2024-05-06 07:08:09.12\""),
    (&["TIMESTAMP_LTZ"], "TIMESTAMP_LTZ(3)", "TO_TIMESTAMP_LTZ(0, 3)", "\"1970-01-01 00:00:00Z\""),
    (&["ARRAY"], "ARRAY<INT>", "ARRAY[1, 2]", "[1,2]"),
    (&["MAP"], "MAP<STRING, INT>", "MAP['a', 1]", "{\"a\":1}"),
    (&["ROW"], "ROW<a INT, b STRING>", "ROW(1, 'x')", "{\"a\":1,\"b\":\"x\"}"),
];

/// Words that begin a type, and whose entries are in the list of what is refused or in a sentence of the page.
pub(crate) const ELSEWHERE: [&str; 4] = ["MULTISET", "INTERVAL", "RAW", "VARIANT"];

pub(crate) const REFUSED: &[Entry] = &[
    Entry {
        what: "`INTERVAL` as a column's type",
        sql: "CREATE TABLE x (a INTERVAL DAY) WITH ('connector' = 'blackhole')",
        verdict: Refused("INTERVAL is no type for a column here"),
    },
    Entry {
        what: "`RAW`",
        sql: "CREATE TABLE x (a RAW('c', 's')) WITH ('connector' = 'blackhole')",
        verdict: Refused("RAW is no type for a column here"),
    },
    Entry {
        what: "`VARIANT`",
        sql: "CREATE TABLE x (a VARIANT) WITH ('connector' = 'blackhole')",
        verdict: Refused("VARIANT is no type for a column here"),
    },
    Entry {
        what: "`TIMESTAMP WITH TIME ZONE`",
        sql: "CREATE TABLE x (a TIMESTAMP(3) WITH TIME ZONE) WITH ('connector' = 'blackhole')",
        verdict: Refused("Flink SQL has no TIMESTAMP WITH TIME ZONE; write TIMESTAMP_LTZ"),
    },
];
