//! Operators: an expression, its type, and its value in JSON, as a real Flink answered (crates/planner/src/bind/tests).

use crate::entry::Entry;
use crate::entry::Verdict::Refused;

/// An operator, an expression with it, the type and the value.
pub(crate) type Expression = (&'static str, &'static str, &'static str, &'static str);

pub(crate) const EXPRESSIONS: &[Expression] = &[
    ("`+` `-` `*`", "2147483647 + 1", "INT", "-2147483648"),
    ("`/`: whole numbers give a whole number, toward zero", "-7 / 2", "INT", "-3"),
    ("`/` of doubles: never an error", "1e0 / 0", "DOUBLE", "\"Infinity\""),
    ("`%`: the sign of the first", "-7 % 2", "INT", "-1"),
    ("`=` `<>` `<` `<=` `>` `>=`", "1 = 1.0", "BOOLEAN", "true"),
    ("`IS NULL`, `IS NOT NULL`", "CAST(NULL AS INT) IS NULL", "BOOLEAN", "true"),
    ("`IS DISTINCT FROM`, `IS NOT DISTINCT FROM`", "CAST(NULL AS INT) IS DISTINCT FROM 1", "BOOLEAN", "true"),
    (
        "`IS TRUE`, `IS NOT TRUE`, `IS FALSE`, `IS UNKNOWN`",
        "(1 = CAST(NULL AS INT)) IS NOT TRUE",
        "BOOLEAN",
        "true",
    ),
    ("`AND` `OR` `NOT`, with unknown", "CAST(NULL AS BOOLEAN) AND FALSE", "BOOLEAN", "false"),
    ("`BETWEEN`, `NOT BETWEEN`", "7 BETWEEN '1' AND '8'", "BOOLEAN", "true"),
    ("`BETWEEN SYMMETRIC`: the borders in any order", "5 BETWEEN SYMMETRIC 10 AND 1", "BOOLEAN", "true"),
    ("`IN`, `NOT IN`", "7 IN (1, 7)", "BOOLEAN", "true"),
    ("`LIKE`, `NOT LIKE`, `ESCAPE`", "'50%_x' LIKE '50!%!_%' ESCAPE '!'", "BOOLEAN", "true"),
    ("`TRIM(LEADING FROM x)`", "TRIM(LEADING FROM '  a ') || '|'", "STRING", "\"a |\""),
    ("`SIMILAR TO`", "'Hello' SIMILAR TO '[A-Za-z]+'", "BOOLEAN", "true"),
    ("`||`: null on any null", "'a' || 'b'", "STRING", "\"ab\""),
    ("`CASE`", "CASE WHEN 1 > 2 THEN 'a' ELSE 'bcd' END", "STRING", "\"bcd\""),
    ("`CASE x WHEN`", "CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'bb' END", "STRING", "\"bb\""),
    ("`CAST`", "CAST('3.99' AS INT)", "INT", "3"),
    ("`TRY_CAST`", "TRY_CAST('1e3' AS INT)", "INT", "null"),
    ("`ARRAY[…]`, elements from 1", "ARRAY[1, 2][1]", "INT", "1"),
    ("`MAP[…]`, values by key", "MAP['a', 1, 'b', 2]['b']", "INT", "2"),
    ("`ROW(…)`, or without the word", "ROW(1, 'q')", "ROW<a INT, b STRING>", "{\"a\":1,\"b\":\"q\"}"),
    (
        "`DATE`, `TIME`, `TIMESTAMP` literals",
        "TIMESTAMP '2024-05-06 07:08:09.12'",
        "TIMESTAMP(3)",
        "\"2024-05-06 07:08:09.12\"",
    ),
    (
        "`INTERVAL`",
        "TIMESTAMP '2024-01-31 00:00:00' + INTERVAL '1' MONTH",
        "TIMESTAMP(3)",
        "\"2024-02-29 00:00:00\"",
    ),
    (
        "… of several units",
        "TIMESTAMP '2024-01-01 00:00:00' - INTERVAL '1 02:03' DAY TO MINUTE",
        "TIMESTAMP(3)",
        "\"2023-12-30 21:57:00\"",
    ),
    ("`X'…'`", "X'4869'", "BYTES", "\"SGk=\""),
    ("`U&'…'`", "U&'\\00e4'", "STRING", "\"ä\""),
];

pub(crate) const REFUSED: &[Entry] = &[
    Entry {
        what: "Intervals of `WEEK`: Flink counts an hour",
        sql: "INSERT INTO o SELECT id FROM t WHERE ts > ts - INTERVAL '1' WEEK",
        verdict: Refused("WEEK"),
    },
    Entry {
        what: "Intervals of `QUARTER`: Flink counts a month",
        sql: "INSERT INTO o SELECT id FROM t WHERE ts > ts - INTERVAL '1' QUARTER",
        verdict: Refused("QUARTER"),
    },
    Entry {
        what: "A text compared with a number",
        sql: "INSERT INTO o SELECT id FROM t WHERE k = 1",
        verdict: Refused("= does not take STRING and INT"),
    },
    Entry {
        what: "Double quotes",
        sql: "INSERT INTO o SELECT \"id\" FROM t",
        verdict: Refused("double quotes have no meaning in Flink SQL"),
    },
];
