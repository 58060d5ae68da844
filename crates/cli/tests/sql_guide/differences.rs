//! Where narthex gives something else than Flink, on purpose.

use crate::entry::Entry;
use crate::entry::Verdict::{Differs, Fails, Refused};

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        what: "A window by processing time that is open when its table ends",
        sql: "CREATE TABLE p (id INT, pt AS PROCTIME()) WITH ('connector' = 'filesystem', 'path' = '${IN}/t.json', \
              'format' = 'json'); INSERT INTO o SELECT SUM(id), COUNT(*) FROM TABLE(TUMBLE(TABLE p, DESCRIPTOR(pt), \
              INTERVAL '99' DAY)) GROUP BY window_start, window_end",
        verdict: Differs {
            columns: "s INT, n BIGINT",
            flink: "no row",
            rows: &[r#"{"s":3,"n":2}"#],
            how: "a window ends with its rows, whatever its time; Flink forgets it",
        },
    },
    Entry {
        what: "`RANK` and `DENSE_RANK` of rows of one time",
        sql: "CREATE TABLE p (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'filesystem', \
              'path' = '${IN}/ties.json', 'format' = 'json'); \
              INSERT INTO o SELECT id, RANK() OVER (ORDER BY ts), DENSE_RANK() OVER (ORDER BY ts) FROM p",
        verdict: Differs {
            columns: "id INT, r BIGINT, d BIGINT",
            flink: "the number of rows up to their time for both: 1, 3, 3, 4",
            rows: &[
                r#"{"id":1,"r":1,"d":1}"#,
                r#"{"id":2,"r":2,"d":2}"#,
                r#"{"id":3,"r":2,"d":2}"#,
                r#"{"id":4,"r":4,"d":3}"#,
            ],
            how: "as in the SQL standard; where no two rows have the same time, RANK is alike",
        },
    },
    Entry {
        what: "`JSON_ARRAYAGG` and `JSON_OBJECTAGG` in HOP and CUMULATE",
        sql: "INSERT INTO o SELECT JSON_ARRAYAGG(id), JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE v) FROM TABLE(HOP(TABLE t, \
              DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' MINUTE)) GROUP BY window_start, window_end",
        verdict: Differs {
            columns: "a STRING, b STRING",
            flink: "the job is refused: they cannot be merged",
            rows: &[r#"{"a":"[1,2]","b":"{\"1\":1.5,\"2\":-3.0}"}"#],
            how: "they are computed there too",
        },
    },
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
