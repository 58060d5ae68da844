//! Where narthex gives something else than Flink, on purpose.

use crate::entry::Entry;
use crate::entry::Verdict::{Differs, Fails, Refused};

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        what: "A record that cannot be decoded",
        sql: "CREATE TABLE j (id INT) WITH ('connector' = 'filesystem', 'path' = '${IN}/mixed.json', 'format' = 'json'); \
              INSERT INTO o SELECT id FROM j",
        verdict: Differs {
            columns: "id INT",
            flink: "the job fails",
            rows: &[r#"{"id":1}"#, r#"{"id":2}"#],
            how: "it is counted, told, and a dead letter, and the job goes on; `SET 'narthex.on-bad-record' = 'fail'` is Flink's way",
        },
    },
    Entry {
        what: "The same in CSV, with `csv.ignore-parse-errors` = `false`",
        sql: "CREATE TABLE j (id INT, v INT) WITH ('connector' = 'filesystem', 'path' = '${IN}/mixed.csv', 'format' = 'csv', \
              'csv.ignore-parse-errors' = 'false'); INSERT INTO o SELECT id, v FROM j",
        verdict: Fails {
            columns: "id INT, v INT",
            flink: "broken records are left out: Flink only looks whether the option is there",
            says: "cannot read the field v: \"x\" is no INT",
        },
    },
    Entry {
        what: "`TIMESTAMP(3)` from JSON with more digits",
        sql: "CREATE TABLE j (ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${IN}/digits.json', 'format' = 'json'); \
              INSERT INTO o SELECT ts FROM j",
        verdict: Differs {
            columns: "ts TIMESTAMP(3)",
            flink: r#"`{"ts":"2024-05-06 07:08:09.123456"}`"#,
            rows: &[r#"{"ts":"2024-05-06 07:08:09.123"}"#],
            how: "a value has the digits of its type",
        },
    },
    Entry {
        what: "Texts in JSON that are no UTF-8",
        sql: "CREATE TABLE j (k STRING) WITH ('connector' = 'filesystem', 'path' = '${IN}/latin.json', 'format' = 'json', \
              'json.ignore-parse-errors' = 'true'); INSERT INTO o SELECT k FROM j",
        verdict: Differs {
            columns: "k STRING",
            flink: "passes over some of them, and gives what its reader makes of the bytes",
            rows: &[r#"{"k":"ä"}"#],
            how: "the record is broken",
        },
    },
    Entry {
        what: "Hexadecimal numbers and digits of other scripts in texts of JSON",
        sql: "CREATE TABLE j (v DOUBLE) WITH ('connector' = 'filesystem', 'path' = '${IN}/hex.json', 'format' = 'json', \
              'json.ignore-parse-errors' = 'true'); INSERT INTO o SELECT v FROM j",
        verdict: Differs {
            columns: "v DOUBLE",
            flink: r#"`{"v":1.0}`"#,
            rows: &[r#"{"v":null}"#],
            how: "they are no numbers",
        },
    },
    Entry {
        what: "`csv.write-bigdecimal-in-scientific-notation` = `false`",
        sql: "CREATE TABLE c (v DECIMAL(10, 0)) WITH ('connector' = 'filesystem', 'path' = '${OUT}/o', 'format' = 'csv', \
              'csv.write-bigdecimal-in-scientific-notation' = 'false'); INSERT INTO c VALUES (CAST(100000 AS DECIMAL(10, 0)))",
        verdict: Differs {
            columns: "",
            flink: "`1E+5`: files are written so in any case",
            rows: &["100000"],
            how: "the option holds for files too",
        },
    },
    Entry {
        what: "A match at the end of a text",
        sql: "INSERT INTO o SELECT REGEXP(U&'a\\000A', 'a$')",
        verdict: Differs {
            columns: "found BOOLEAN",
            flink: r#"`{"found":true}`"#,
            rows: &[r#"{"found":false}"#],
            how: "`$` and `\\Z` match at the very end alone; see [sql-functions.md](sql-functions.md)",
        },
    },
    Entry {
        what: "Years of `TIMESTAMP(7)` to `TIMESTAMP(9)`",
        sql: "INSERT INTO o SELECT CAST('2300-01-01 00:00:00' AS TIMESTAMP(9))",
        verdict: Fails {
            columns: "ts TIMESTAMP(9)",
            flink: r#"`{"ts":"2300-01-01 00:00:00"}`"#,
            says: "2300",
        },
    },
    Entry {
        what: "Order of rows",
        sql: "INSERT INTO o SELECT id FROM t",
        verdict: Differs {
            columns: "id INT",
            flink: "in any order where there are several tasks",
            rows: &[r#"{"id":1}"#, r#"{"id":2}"#],
            how: "in the order of the input, however many threads compute",
        },
    },
    Entry {
        what: "Tables with partitions",
        sql: "CREATE TABLE p (id INT, d STRING) PARTITIONED BY (d) WITH ('connector' = 'filesystem', 'path' = '/x', 'format' = 'json'); \
              INSERT INTO p SELECT id, k FROM t",
        verdict: Refused("the connector filesystem has no partitions here"),
    },
    Entry {
        what: "Files on other machines: `s3:`, `hdfs:`",
        sql: "CREATE TABLE p (id INT) WITH ('connector' = 'filesystem', 'path' = 's3://bucket/x', 'format' = 'json'); \
              INSERT INTO o SELECT id FROM p",
        verdict: Refused("is not on this machine; only paths and file:// are read and written"),
    },
    Entry {
        what: "Other connectors: `kafka`, `jdbc`, …",
        sql: "CREATE TABLE p (id INT) WITH ('connector' = 'kafka'); INSERT INTO o SELECT id FROM p",
        verdict: Refused("there is no connector \"kafka\""),
    },
    Entry {
        what: "Other formats: `avro`, `parquet`, …",
        sql: "CREATE TABLE p (id INT) WITH ('connector' = 'filesystem', 'path' = '/x', 'format' = 'avro'); \
              INSERT INTO o SELECT id FROM p",
        verdict: Refused("\"avro\" is not one of json, csv"),
    },
];
